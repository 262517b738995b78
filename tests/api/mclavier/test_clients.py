"""What the MCLAVIER Marketplace's own tests, script and front end ask of its API, asked of ours."""

import csv
import io
import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from starlette.websockets import WebSocketDisconnect

from api.app import create_app
from api.auth import current_actor
from engine.models.register import register_folders
from engine.runs.execute import execute
from storage import runs
from tests.actors import ADA
from tests.api.mclavier.conftest import FRONT_END
from tests.api.test_auth import _calls, _routes
from tests.engine.conftest import ROOT
from tests.engine.report import reading

KEYS = {"type", "label", "min", "max", "step", "default", "unit"}


@pytest.fixture
def run(client, worker_context):
    """Run a model to its end as a client does; returns the body of GET /runs/{id}."""

    def go(app_id, inputs, execute_it=True):
        answer = client.post(f"/apps/{app_id}/run", json={"inputs": inputs})
        assert (answer.status_code, answer.json()["status"]) == (200, "PENDING"), answer.text
        run_id = answer.json()["run_id"]
        if execute_it:
            execute(worker_context, uuid.UUID(run_id))
        return client.get(f"/runs/{run_id}").json()

    return go


# In the shape of its eight backend tests.


def test_the_list_of_apps_has_both_of_its_models(client, demo):
    answer = client.get("/apps")
    assert answer.status_code == 200
    assert {"Mortality Simulator", "Portfolio Pricer"} <= {app["name"] for app in answer.json()}


def test_an_app_has_exactly_the_fields_of_its_schema_and_the_manifests_inputs(client, demo):
    app = client.get(f"/apps/{demo['mortality']}").json()
    assert {"id", "name", "description", "function_name", "repo_url", "function_path", "input_schema"} <= set(app)
    manifest = json.loads((ROOT / "tests/models/mclavier/mortality/manifest.json").read_text())
    assert app["input_schema"] == manifest["inputs"]
    assert isinstance(app["function_path"], str)


def test_an_app_that_is_not_there_is_404_with_a_detail(client):
    answer = client.get("/apps/9999")
    assert answer.status_code == 404
    assert "9999" in answer.json()["detail"]


@pytest.mark.parametrize("url", ["", "   "])
def test_registering_without_an_address_is_422_with_a_detail(client, url):
    answer = client.post("/apps/register", json={"repo_url": url})
    assert answer.status_code == 422
    assert "repo_url" in answer.json()["detail"]


def test_a_run_is_accepted_as_pending(client, demo):
    answer = client.post(f"/apps/{demo['mortality']}/run", json={"inputs": {"age": 45, "shock_rate": 10}})
    assert (answer.status_code, answer.json()["status"]) == (200, "PENDING")


def test_a_runs_status_is_one_of_four(client, demo):
    run_id = client.post(f"/apps/{demo['mortality']}/run", json={"inputs": {"age": 50}}).json()["run_id"]
    found = client.get(f"/runs/{run_id}").json()
    assert (found["run_id"], found["status"]) == (run_id, "PENDING")


@pytest.mark.parametrize("run_id", ["99999", "none", "00000000-0000-7000-8000-000000000000"])
def test_a_run_that_is_not_there_is_404_with_a_detail(client, run_id):
    answer = client.get(f"/runs/{run_id}")
    assert answer.status_code == 404
    assert "there is no run" in answer.json()["detail"].lower()


def test_the_list_of_runs_is_a_list(client, demo):
    client.post(f"/apps/{demo['mortality']}/run", json={"inputs": {}})
    (listed,) = client.get("/runs").json()
    assert {"run_id", "app_id", "app_name", "status", "started_at", "finished_at"} <= set(listed)


# A fresh installation, and its models.
GATEWAY = {"ai_text", "ai_image", "ai_video"}


def test_on_a_fresh_installation_its_two_models_are_apps_one_and_two(client, context):
    register_folders(context, ROOT / "functions", actor=ADA)
    assert client.get("/apps/1").json()["name"] == "Mortality Simulator"
    assert client.get("/apps/2").json()["name"] == "Portfolio Pricer"
    assert [app["id"] for app in client.get("/apps").json()][:2] == [1, 2]


def test_every_model_of_the_catalogue_runs_with_what_a_form_of_sliders_sends_untouched(client, context, run):
    register_folders(context, ROOT / "functions", actor=ADA)
    for app in client.get("/apps").json():
        for field in app["input_schema"].values():
            assert set(field) == KEYS
            assert field["min"] <= field["default"] <= field["max"]
        values = {key: field["default"] for key, field in app["input_schema"].items()}
        answer = client.post(f"/apps/{app['id']}/run", json={"inputs": values})
        if app["function_name"] in GATEWAY:  # what is missing is granted by an administrator, and may cost money
            assert answer.status_code == 403, (app["name"], answer.text)
            assert "engine.commands.grants grant" in answer.text
            continue
        assert answer.status_code == 200, (app["name"], answer.text)
        assert client.get(f"/runs/{answer.json()['run_id']}").json()["warnings"] == [], app["name"]


def test_a_random_model_written_for_it_is_run_each_time(client, demo, run):
    first, again = run(demo["pricer"], {}), run(demo["pricer"], {})
    assert first["reused_from"] is again["reused_from"] is None
    assert first["result"]["series"] != again["result"]["series"]


def test_a_model_written_for_it_has_more_time_than_others(worker_context, context, demo, add_model):
    from engine.models.catalogue import find_app, find_version
    from engine.runs.execute import run_limits

    add_model("def run(inputs):\n    return {}", category="Life")
    seconds = {
        slug: run_limits(
            context.limits, find_version(context, find_app(context, slug, actor=ADA), actor=ADA).manifest
        ).seconds
        for slug in ("mortality", "probe")
    }
    assert seconds == {"mortality": context.limits.seconds_core, "probe": context.limits.seconds}


# Inputs.


SENT = """
def run(inputs):
    return {"summary": {k: str(v) for k, v in inputs.items()}}
"""


def test_unknown_inputs_and_values_between_steps_are_taken_with_a_warning(client, demo, run):
    found = run(demo["mortality"], {"age": 45.5, "shock_rate": 0.15, "scenario": "x"})
    assert found["status"] == "SUCCESS"
    age, shock, unknown = sorted(found["warnings"])
    assert "45.5" in age
    assert "0.15" in shock
    assert "scenario" in unknown


def test_the_model_gets_the_very_value_between_two_steps(client, add_model, run):
    add_model(SENT, {"age": {"type": "number", "min": 18, "max": 100}})
    app_id = client.get("/apps").json()[0]["id"]
    assert run(app_id, {"age": 45.5})["result"]["summary"] == {"age": "45.5"}
    assert client.post(f"/apps/{app_id}/run", json={"inputs": {"age": 130}}).status_code == 422


FIELDS = {
    "on": {"type": "boolean", "label": "On", "default": True},
    "basis": {"type": "select", "label": "Basis", "options": ["a", {"value": "b", "label": "B"}], "default": "b"},
    "steps": {"type": "select", "label": "Steps", "options": [1, 4, 12], "default": 4},
    "name": {"type": "text", "label": "Name", "default": "x"},
    "data": {"type": "file", "label": "Data", "required": False},
    "span": {"type": "range", "label": "Span", "min": 0, "max": 9, "default": [1, 2]},
}


def test_what_a_slider_can_express_becomes_one_and_the_rest_keeps_its_default(client, add_model, run):
    add_model(SENT, FIELDS)
    app = client.get("/apps").json()[0]
    sliders = app["input_schema"]
    assert set(sliders) == {"on", "basis", "steps"}
    assert set(app["inputs"]) == set(FIELDS)
    assert {key: (f["min"], f["max"], f["default"]) for key, f in sliders.items()} == {
        "on": (0, 1, 1),
        "basis": (0, 1, 1),
        "steps": (1, 12, 4),
    }
    assert sliders["basis"]["label"] == "Basis (0 a, 1 B)"
    found = run(app["id"], {"on": 0, "basis": 0, "steps": 11, "data": 0, "name": 3})
    assert found["result"]["summary"] == {"on": "False", "basis": "a", "steps": "12", "name": "x", "span": "[1, 2]"}
    assert len(found["warnings"]) == 2  # the steps that were rounded, the name that is no number
    sent = {"on": True, "basis": "a", "steps": 12, "name": "y", "span": [3, 4]}
    assert run(app["id"], sent)["result"]["summary"]["name"] == "y"


# Results.


def shaped(client, add_model, run, returned, **manifest):
    add_model(f"def run(inputs):\n    return {returned!r}", **manifest)
    return run(client.get("/apps").json()[0]["id"], {})["result"]


def test_a_result_without_table_and_series_has_them_all_the_same(client, add_model, run):
    found = shaped(client, add_model, run, {"summary": {"a": 1}})
    assert (found["columns"], found["table"], found["series"], found["summary"]) == ([], [], [], {"a": 1})


def test_a_result_has_rows_and_points_and_our_own_form_beside_them(client, add_model, run):
    returned = {
        "summary": {"Reserve": {"value": 5.0, "unit": "EUR"}},
        "tables": {"By year": {"year": [1, 2], "claims": [3, 4]}},
        "series": [{"name": "a", "x": [0, 1], "y": [2, 3]}, {"name": "b", "x": [0], "y": [9]}],
    }
    found = shaped(
        client, add_model, run, returned, outputs={"columns": {"claims": {"label": "Claims", "unit": "EUR"}}}
    )
    assert found["columns"] == ["year", "Claims (EUR)"]
    assert found["table"] == [{"year": 1, "claims": 3}, {"year": 2, "claims": 4}]
    assert found["series"] == [{"x": 0, "y": 2}, {"x": 1, "y": 3}]
    assert found["summary"] == {"Reserve (EUR)": 5.0}
    assert found["full"] == returned


CHARTS = [
    ({"kind": "fan", "data": {"x": [0, 1], "bands": [], "median": [1, 2]}}, [(0, 1), (1, 2)]),
    ({"kind": "histogram", "data": {"edges": [0, 2, 4], "counts": [5, 6]}}, [(1, 5), (3, 6)]),
    ({"kind": "bar", "data": {"x": ["a"], "series": [{"name": "s", "y": [7]}]}}, [("a", 7)]),
    ({"kind": "waterfall", "data": [{"label": "a", "value": 1, "kind": "total"}]}, [("a", 1)]),
    ({"kind": "tornado", "data": [{"label": "a", "low": 1, "high": 4}]}, [("a", 3)]),
    ({"kind": "heatmap", "data": {"x": [1, 2], "y": [0], "z": [[3, 4]]}}, [(1, 3), (2, 4)]),
    ({"kind": "triangle", "data": {"rows": [1], "columns": [1, 2], "values": [[3, None]]}}, [(1, 3)]),
    ({"kind": "box", "data": [{"name": "a", "median": 2}]}, [("a", 2)]),
    ({"data": [{"type": "pie"}, {"x": [1], "y": [2]}], "layout": {}}, [(1, 2)]),
    ({"kind": "bar", "data": {"unlike": "a chart"}}, []),
]


@pytest.mark.parametrize(("chart", "points"), CHARTS)
def test_a_model_with_charts_alone_has_a_line(client, add_model, run, chart, points):
    found = shaped(client, add_model, run, {"charts": [{"title": "T", **chart}]})
    assert [(p["x"], p["y"]) for p in found["series"]] == points


def test_long_tables_and_series_are_cut_to_what_a_page_draws(client, add_model, run):
    code = (
        "def run(inputs):\n    n = list(range(5000))\n"
        "    return {'table': {'n': n}, 'series': [{'name': 's', 'x': n, 'y': n}]}"
    )
    add_model(code)
    found = run(client.get("/apps").json()[0]["id"], {})["result"]
    assert [row["n"] for row in found["table"]] == list(range(1000))
    assert (len(found["series"]), found["series"][0]["x"], found["series"][-1]["x"]) == (1000, 0, 4999)


# Runs.


def test_a_run_that_failed_or_was_cancelled_or_ran_out_of_time_is_failed_with_the_real_status_beside(
    client, add_model, run, context
):
    add_model("def run(inputs):\n    raise ValueError('no')")
    app_id = client.get("/apps").json()[0]["id"]
    failed = run(app_id, {})
    assert (failed["status"], failed["real_status"], failed["result"]) == ("FAILED", "FAILED", None)
    waiting = run(app_id, {}, execute_it=False)
    with context.database.begin() as conn:
        runs.request_cancel(conn, uuid.UUID(waiting["run_id"]))
    cancelled = client.get(f"/runs/{waiting['run_id']}").json()
    assert (cancelled["status"], cancelled["real_status"]) == ("FAILED", "CANCELLED")
    assert cancelled["started_at"] is not None
    assert cancelled["reason"]


def test_a_run_has_started_at_the_latest_when_it_was_asked_for(client, demo, run):
    found = run(demo["mortality"], {}, execute_it=False)
    assert datetime.fromisoformat(found["started_at"]) <= datetime.now(UTC)
    assert found["finished_at"] is None


def test_a_reused_run_is_accepted_as_pending_and_has_times_of_its_own(client, add_model, run):
    add_model(SENT, category="Life")
    app_id = client.get("/apps").json()[0]["id"]
    first = run(app_id, {"n": 3})
    again = run(app_id, {"n": 3}, execute_it=False)
    assert (again["status"], again["reused_from"]) == ("SUCCESS", first["run_id"])
    assert again["started_at"] == again["finished_at"] > first["finished_at"]


def test_the_list_of_runs_is_in_one_piece_and_the_newest_first(client, demo):
    ids = [client.post(f"/apps/{demo['mortality']}/run", json={"inputs": {}}).json()["run_id"] for _ in range(120)]
    assert [listed["run_id"] for listed in client.get("/runs").json()] == ids[::-1]


def test_the_csv_has_each_column_under_its_label_by_position(client, demo, run):
    found = run(demo["mortality"], {})
    answer = client.get(f"/runs/{found['run_id']}/export/csv")
    head, first, *_ = csv.reader(io.StringIO(answer.text))
    assert head == found["result"]["columns"]
    assert first == [str(v) for v in found["result"]["table"][0].values()]
    assert f"mortality_simulator_run_{found['run_id']}.csv" in answer.headers["content-disposition"]


def test_exports_of_a_run_without_a_result_are_404(client, demo, run):
    found = run(demo["mortality"], {}, execute_it=False)
    for kind in ("csv", "pdf"):
        assert client.get(f"/runs/{found['run_id']}/export/{kind}").status_code == 404


# In the shape of its websocket script.


def test_the_socket_pushes_until_the_run_has_ended_and_closes(client, demo, workers):
    run_id = client.post(f"/apps/{demo['mortality']}/run", json={"inputs": {"age": 45}}).json()["run_id"]
    seen = []
    with client.websocket_connect(f"/mclavier/ws/runs/{run_id}") as socket:
        seen.append(socket.receive_json())
        assert (seen[0]["status"], seen[0]["run_id"], seen[0]["result"]) == ("PENDING", run_id, None)
        workers(1)
        while seen[-1]["status"] not in ("SUCCESS", "FAILED"):
            seen.append(socket.receive_json())
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_json()
    assert seen[-1]["status"] == "SUCCESS"
    assert {"columns", "table", "series", "summary"} <= set(seen[-1]["result"])
    assert closed.value.code == 1000


@pytest.mark.parametrize("run_id", ["99999", "00000000-0000-7000-8000-000000000000"])
def test_the_socket_of_a_run_that_is_not_there_says_so_and_closes(client, run_id):
    with client.websocket_connect(f"/mclavier/ws/runs/{run_id}") as socket:
        assert socket.receive_json() == {"status": "NOT_FOUND"}
        with pytest.raises(WebSocketDisconnect):
            socket.receive_json()


# What its front end's pages ask for.


def test_the_monitor_has_figures_live_runs_and_days(client, demo, run):
    run(demo["mortality"], {})
    waiting = run(demo["mortality"], {}, execute_it=False)
    stats = client.get("/monitor/stats").json()
    assert (stats["total_runs"], stats["success_rate"], stats["runs_today"]) == (2, 50.0, 2)
    assert stats["avg_duration_seconds"] >= 0
    (app,) = stats["per_app"]
    assert (app["app_name"], app["total"], app["success_rate"]) == ("Mortality Simulator", 2, 50.0)
    (live,) = client.get("/monitor/live").json()["live"]
    assert live == {
        "run_id": waiting["run_id"],
        "started_at": live["started_at"],
        "app_name": "Mortality Simulator",
        "status": "PENDING",
    }
    assert datetime.now(UTC) - datetime.fromisoformat(live["started_at"]) < timedelta(hours=1)
    assert client.get("/monitor/history").json() == {"history": [{"day": str(datetime.now(UTC).date()), "count": 2}]}
    assert client.get("/health").json() == {"status": "ok"}


def test_the_explorer_lists_tables_columns_rows_and_answers_selects(client, demo, run):
    found = run(demo["mortality"], {"age": 50})
    assert client.get("/explorer/tables").json() == {"tables": ["apps", "job_results", "job_runs", "users"]}
    schema = client.get("/explorer/tables/job_runs/schema").json()
    assert schema["columns"][0] == {"name": "id", "type": "text", "nullable": False, "primary_key": True}
    page = client.get("/explorer/tables/job_runs/rows?limit=50&offset=0").json()
    assert (page["total"], page["page"], page["per_page"]) == (1, 1, 50)
    assert page["rows"][0]["id"] == found["run_id"]
    assert page["rows"][0]["inputs"]["age"] == 50
    sql = "with r as (select * from job_runs) select a.name, count(*) as n from r join apps a on a.id = r.app_id group by 1"
    answer = client.post("/explorer/query", json={"sql": f"{sql};"}).json()
    assert answer == {"columns": ["name", "n"], "rows": [{"name": "Mortality Simulator", "n": 1}], "count": 1}
    assert client.get("/explorer/tables/nope/rows").status_code == 404
    assert client.get("/explorer/tables/nope/schema").json()["detail"]


@pytest.mark.parametrize(
    "sql",
    [
        "delete from job_runs",
        "select 1; select 2",
        "create table x (y)",
        "attach database 'x' as y",
        "pragma database_list",
        "select load_extension('x')",
        "select * from pg_user",
        "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n",
        "select randomblob(1000000000)",
        "",
        "\0",
    ],
)
def test_a_statement_that_is_no_short_select_is_400_with_a_detail(client, demo, sql):
    answer = client.post("/explorer/query", json={"sql": sql})
    assert answer.status_code == 400
    assert answer.json()["detail"]


# Other sites.


def test_a_page_of_an_allowed_site_may_ask_and_listen_and_another_may_not(client, demo):
    preflight = {
        "Origin": FRONT_END,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    allowed = client.options(f"/apps/{demo['mortality']}/run", headers=preflight)
    assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (200, FRONT_END)
    answer = client.post(f"/apps/{demo['mortality']}/run", json={"inputs": {}}, headers={"Origin": FRONT_END})
    assert answer.headers["access-control-allow-origin"] == FRONT_END
    run_id = answer.json()["run_id"]
    with client.websocket_connect(f"/mclavier/ws/runs/{run_id}", headers={"Origin": FRONT_END}) as socket:
        assert socket.receive_json()["run_id"] == run_id
    evil = {"Origin": "https://evil.example"}
    refused = client.get("/apps", headers=evil)
    assert refused.status_code == 403
    assert "evil.example" in refused.json()["detail"]
    assert "access-control-allow-origin" not in refused.headers
    with (
        pytest.raises(WebSocketDisconnect) as closed,
        client.websocket_connect(f"/mclavier/ws/runs/{run_id}", headers=evil) as socket,
    ):
        socket.receive_json()
    assert closed.value.code == 1008


def test_every_route_and_websocket_depends_on_the_function_that_names_the_caller():
    (mounted,) = [r.app for r in create_app().routes if getattr(r, "path", "") == "/mclavier"]
    found = list(_routes(mounted.routes))
    assert {"/apps", "/ws/runs/{run_id}", "/explorer/query"} <= {r.path for r in found}
    for route in found:
        if route.path not in {"/docs", "/docs/oauth2-redirect"}:
            assert current_actor in _calls(route.dependant), route.path


def test_a_body_that_cannot_be_read_is_422_with_a_detail_in_words(client, demo):
    for body in ("", "[]", "{", '{"inputs": 3}'):
        answer = client.post(f"/apps/{demo['mortality']}/run", content=body)
        assert answer.status_code == 422
        assert isinstance(answer.json()["detail"], str)


def test_a_success_is_exported_as_pdf_and_anything_else_is_not_found(client, demo, run):
    done = run(demo["mortality"], {})
    answer = client.get(f"/runs/{done['run_id']}/export/pdf")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    reader = reading.open_pdf(answer.content)
    assert "Mortality Simulator" in reading.whole_text(reader)
    assert f"http://testserver/run?id={done['run_id']}" in reading.links(reader)
    waiting = run(demo["mortality"], {}, execute_it=False)
    assert client.get(f"/runs/{waiting['run_id']}/export/pdf").status_code == 404
