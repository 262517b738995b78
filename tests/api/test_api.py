import csv
import io
import json
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from contract.errors import SearchTooSlow
from engine.observability import telemetry
from engine.observability.otel import Exporter
from engine.runs.execute import execute

ECHO = """
def run(inputs):
    return {"summary": {"n": inputs["n"]}, "columns": ["Year", "Label"],
            "table": [{"y": 2001, "t": "=1+1"}, {"y": -5, "t": "a,b"}],
            "series": [{"name": "best", "x": [0, 1], "y": [0.1, 0.2]}]}
"""


@pytest.fixture
def app_id(client, add_model):
    add_model(ECHO, description="Echoes", tags=["x"], category="Life")
    return client.get("/apps").json()[0]["id"]


@pytest.fixture
def finished(client, app_id, worker_context):
    run_id = client.post(f"/apps/{app_id}/run", json={"inputs": {"n": 7}}).json()["run_id"]
    execute(worker_context, uuid.UUID(run_id))
    return run_id


def test_an_app_has_the_fields_that_mclaviers_clients_read(client, app_id):
    app = client.get(f"/apps/{app_id}").json()
    wanted = {"id", "name", "description", "function_name", "repo_url", "function_path", "input_schema"}
    assert wanted <= set(app)
    assert isinstance(app["id"], int)
    assert app["input_schema"]["properties"]["n"]["default"] == 1
    assert client.get(f"/apps/{app_id}/schema").json() == app["input_schema"]


def test_a_run_is_accepted_as_pending_and_its_result_is_what_the_model_returned(client, finished):
    run = client.get(f"/runs/{finished}").json()
    assert {"run_id", "status", "started_at", "finished_at", "result"} <= set(run)
    assert run["status"] == "SUCCESS"
    assert run["result"]["summary"] == {"n": 7}
    assert run["result"]["columns"] == ["Year", "Label"]
    assert run["result"]["table"][0] == {"y": 2001, "t": "=1+1"}


def test_posting_a_run_answers_with_its_id_and_pending(client, app_id):
    answer = client.post(f"/apps/{app_id}/run", json={"inputs": {"n": 3}})
    assert answer.status_code == 200
    assert answer.json()["status"] == "PENDING"
    assert uuid.UUID(answer.json()["run_id"])


def test_waiting_answers_with_the_finished_run(client, app_id, workers):
    workers(1)
    run = client.post(f"/apps/{app_id}/run?wait=60", json={"inputs": {"n": 9}}).json()
    assert (run["status"], run["result"]["summary"]) == ("SUCCESS", {"n": 9})


def test_sixty_clients_that_wait_for_a_run_leave_the_api_free(client, app_id):
    def wait(n):
        return client.post(f"/apps/{app_id}/run?wait=60", json={"inputs": {"n": n}}).json()["status"]

    with ThreadPoolExecutor(60) as threads:
        waiting = [threads.submit(wait, n) for n in range(60)]
        # The threads that answer are fewer than the waiters: were they held, this would be answered after the minute.
        while len(listed := client.get("/runs?limit=100").json()) < 60:
            assert not any(task.done() for task in waiting)
        assert client.get("/health").status_code == 200
        assert not any(task.done() for task in waiting)
        for run in listed:
            client.delete(f"/runs/{run['run_id']}")
        assert [task.result() for task in waiting] == ["CANCELLED"] * 60


def test_waiting_ends_after_its_seconds_with_the_run_as_it_is(client, app_id):
    run = client.post(f"/apps/{app_id}/run?wait=0.2", json={"inputs": {}}).json()
    assert (run["status"], run["result"]) == ("PENDING", None)


@pytest.mark.parametrize("limit", ["0", "-1", "x", "-99999999999999999999"])
def test_a_limit_that_is_no_count_is_422_wherever_there_is_one(client, app_id, limit):
    for path in ("/monitor/history", "/runs"):
        assert client.get(f"{path}?limit={limit}").status_code == 422


def test_the_monitors_history_gives_at_most_as_many_as_are_asked_for(client, app_id):
    for n in range(3):
        client.post(f"/apps/{app_id}/run", json={"inputs": {"n": n}})
    assert [len(client.get(f"/monitor/history?limit={limit}").json()) for limit in (1, 2, 10**20)] == [1, 2, 3]


def test_a_search_that_takes_too_long_is_told_as_that_and_not_as_a_database_that_is_away(client, app_id, monkeypatch):
    def slow(*_args, **_kwargs):
        raise SearchTooSlow("the search takes longer than 5 seconds")

    monkeypatch.setattr("storage.search.search_runs", slow)
    monkeypatch.setattr("storage.search.usage_stats", slow)
    for path in ("/runs?text=x", "/monitor/stats"):
        answer = client.get(path)
        assert (answer.status_code, answer.json()["error"]) == (422, "the search takes too long")
        assert "Narrow it" in answer.json()["problems"][0]["remedy"]


def test_the_list_of_runs_is_streamed_as_csv_with_the_filters_of_the_list(client, app_id):
    ids = [client.post(f"/apps/{app_id}/run", json={"inputs": {"n": n}}).json()["run_id"] for n in range(3)]
    client.delete(f"/runs/{ids[1]}")
    head, *rows = read_csv(client.get("/runs/export/csv"))
    assert head[:3] == ["run_id", "model", "status"]
    assert [row[0] for row in rows] == ids[::-1]
    assert [row[0] for row in read_csv(client.get("/runs/export/csv?status=CANCELLED"))[1:]] == [ids[1]]
    assert client.get("/runs/export/csv?excel=true").content.startswith(b"\xef\xbb\xbf")


def test_an_idempotency_key_makes_two_posts_one_run(client, app_id):
    post = lambda: client.post(f"/apps/{app_id}/run", json={"inputs": {}}, headers={"Idempotency-Key": "k1"}).json()
    assert post()["run_id"] == post()["run_id"]


def test_bad_inputs_are_422_with_every_problem(client, app_id):
    answer = client.post(f"/apps/{app_id}/run", json={"inputs": {"n": "x", "m": 1}})
    assert answer.status_code == 422
    assert {p["where"] for p in answer.json()["problems"]} == {"inputs.n", "inputs.m"}
    assert all(set(p) == {"where", "found", "remedy"} for p in answer.json()["problems"])


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/apps/999"),
        ("GET", "/apps/none"),
        ("GET", "/apps/99999999999999999999"),
        ("POST", "/apps/999/run"),
        ("GET", "/runs/none"),
        ("GET", "/runs/" + "0" * 32),
        ("DELETE", "/runs/6f9619ff-8b86-4d01-b42d-00cf4fc964ff"),
        ("GET", "/runs/6f9619ff-8b86-4d01-b42d-00cf4fc964ff/export/csv"),
        ("GET", "/apps/999/schema"),
    ],
)
def test_an_id_that_is_unknown_or_no_id_at_all_is_404_in_the_one_shape(client, app_id, method, path):
    answer = client.request(method, path, json={"inputs": {}} if method == "POST" else None)
    assert answer.status_code == 404
    assert set(answer.json()) == {"error", "problems"}


@pytest.mark.parametrize("body", ["", "[]", "5", '{"inputs": 5}', '{"inputs": {}, "extra": 1}', "{nope"])
def test_a_body_that_cannot_be_read_is_422_in_the_one_shape(client, app_id, body):
    answer = client.post(f"/apps/{app_id}/run", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["problems"]


def test_runs_are_listed_newest_first_in_pages_that_link_to_each_other(client, app_id):
    ids = [client.post(f"/apps/{app_id}/run", json={"inputs": {"n": n}}).json()["run_id"] for n in range(5)]
    seen, url = [], "/runs?limit=2"
    while url:
        answer = client.get(url)
        assert answer.headers["X-Total-Count"] == "5"
        seen += [r["run_id"] for r in answer.json()]
        url = answer.links.get("next", {}).get("url")
    assert seen == ids[::-1]
    assert {"run_id", "app_id", "app_name", "status", "started_at", "finished_at"} <= set(client.get("/runs").json()[0])
    assert client.get("/runs?cursor=nope").status_code == 422
    assert client.get("/runs?limit=0").status_code == 422
    assert client.get("/runs?status=SUCCESS").json() == []


def test_cancelling_a_waiting_run_ends_it(client, app_id):
    run_id = client.post(f"/apps/{app_id}/run", json={"inputs": {}}).json()["run_id"]
    assert client.delete(f"/runs/{run_id}").json()["status"] == "CANCELLED"
    assert client.get(f"/runs/{run_id}").json()["reason"] == "Cancelled before it started, by ada."


def read_csv(answer):
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_csv_has_the_right_cells_under_the_right_labels_and_guards_text_but_not_numbers(client, finished):
    answer = client.get(f"/runs/{finished}/export/csv")
    assert read_csv(answer) == [["Year", "Label"], ["2001", "'=1+1"], ["-5", "a,b"]]
    assert answer.headers["content-disposition"].startswith('attachment; filename="probe-table-')


def test_csv_of_a_series_by_name_and_a_form_for_excel(client, finished):
    rows = read_csv(client.get(f"/runs/{finished}/export/csv?table=best"))
    assert rows[1:] == [["0", "0.1"], ["1", "0.2"]]
    excel = client.get(f"/runs/{finished}/export/csv?table=best&excel=true").content
    assert excel.startswith(b"\xef\xbb\xbf")
    assert b"0;0,1" in excel
    assert client.get(f"/runs/{finished}/export/csv?table=none").status_code == 404


def test_the_labels_of_a_csv_are_in_the_currency_that_is_asked_for(client, add_model, worker_context):
    code = "def run(inputs):\n    return {'table': [{'loss': 1.5}]}\n"
    add_model(code, slug="losses", outputs={"columns": {"loss": {"label": "Loss", "unit": "currency"}}})
    app_id = client.get("/apps").json()[0]["id"]
    run_id = client.post(f"/apps/{app_id}/run", json={"inputs": {}}).json()["run_id"]
    execute(worker_context, uuid.UUID(run_id))

    def head(query):
        return read_csv(client.get(f"/runs/{run_id}/export/csv{query}"))[0]

    assert head("") == ["Loss (currency)"]
    assert head("?currency=EUR") == ["Loss (EUR)"]
    assert head("?currency=") == ["Loss"]
    assert head("?currency=%3Cb%3E") == ["Loss"]


def test_the_socket_pushes_every_change_and_closes_after_the_final_one(client, app_id, worker_context):
    run_id = client.post(f"/apps/{app_id}/run", json={"inputs": {}}).json()["run_id"]
    with client.websocket_connect(f"/ws/runs/{run_id}") as socket:
        first = socket.receive_json()
        assert (first["status"], first["run_id"]) == ("PENDING", run_id)
        execute(worker_context, uuid.UUID(run_id))
        statuses = []
        while (message := socket.receive_json())["status"] != "SUCCESS":
            statuses.append(message["status"])
        assert set(statuses) <= {"RUNNING"}
        assert message["result"]["summary"] == {"n": 1}
        assert socket.receive()["type"] == "websocket.close"


def test_the_socket_leaves_the_result_out_where_asked_to_be_brief_and_marks_what_is_new(client, app_id, worker_context):
    run_id = client.post(f"/apps/{app_id}/run", json={"inputs": {}}).json()["run_id"]
    with client.websocket_connect(f"/ws/runs/{run_id}?brief=1") as socket:
        first = socket.receive_json()
        assert (first["status"], first["final"]) == ("PENDING", False)
        execute(worker_context, uuid.UUID(run_id))
        while not (message := socket.receive_json())["final"]:
            pass
        assert message["status"] == "SUCCESS"
        assert "result" not in message
        assert message["mark"] != first["mark"]
        assert socket.receive()["type"] == "websocket.close"


def test_a_socket_that_waited_for_the_end_is_in_the_runs_trace(client, app_id, worker_context):
    spans = InMemorySpanExporter()
    telemetry.set_exporter(Exporter(spans, InMemoryMetricReader(), service="test", instance="one", batch=False))
    try:
        run_id = client.post(f"/apps/{app_id}/run", json={"inputs": {}}).json()["run_id"]
        with client.websocket_connect(f"/ws/runs/{run_id}") as socket:
            socket.receive_json()
            execute(worker_context, uuid.UUID(run_id))
            while socket.receive()["type"] != "websocket.close":
                pass
        with client.websocket_connect(f"/ws/runs/{run_id}") as late:
            assert late.receive_json()["status"] == "SUCCESS"
    finally:
        telemetry.stop()
    [notified] = [span for span in spans.get_finished_spans() if span.name == "notify"]
    assert notified.context.trace_id == uuid.UUID(run_id).int


def test_the_socket_of_an_unknown_run_says_so_and_closes(client, app_id):
    for run_id in (str(uuid.uuid4()), "nonsense"):
        with client.websocket_connect(f"/ws/runs/{run_id}") as socket:
            assert socket.receive_json() == {"status": "NOT_FOUND", "run_id": run_id, "result": None}
            assert socket.receive()["type"] == "websocket.close"


def test_another_sites_page_cannot_start_a_run_or_listen(client, app_id):
    evil = {"Origin": "https://evil.example"}
    assert client.post(f"/apps/{app_id}/run", json={"inputs": {}}, headers=evil).status_code == 403
    own = {"Origin": "http://testserver"}
    assert client.post(f"/apps/{app_id}/run", json={"inputs": {}}, headers=own).status_code == 200


def test_health_names_database_workers_and_tiers(client, app_id, workers):
    assert client.get("/health").json()["status"] == "no workers"
    workers(1)
    import time

    until = time.monotonic() + 30
    while client.get("/health").json()["workers"] == 0 and time.monotonic() < until:
        time.sleep(0.1)
    health = client.get("/health").json()
    assert (health["status"], health["database"], health["workers"]) == ("ok", "ok", 1)
    assert set(health["tiers"]) <= {"A", "B", "C", "D"}


def test_the_monitor_counts_what_ran(client, finished):
    stats = client.get("/monitor/stats").json()
    assert (stats["total"], stats["success_rate"]) == (1, 1.0)
    assert client.get("/monitor/live").json() == []
    assert client.get("/monitor/history").json()[0]["run_id"] == finished


def test_the_documentation_describes_every_route(client):
    paths = client.get("/openapi.json").json()["paths"]
    assert {
        "/apps",
        "/apps/{app_id}",
        "/apps/{app_id}/run",
        "/apps/{app_id}/schema",
        "/runs",
        "/runs/{run_id}",
        "/runs/{run_id}/export/csv",
        "/health",
    } <= set(paths)
    json.dumps(paths)


def test_the_documentation_page_is_served_without_the_internet(client):
    page = client.get("/docs").text
    assert "http" not in page.replace("http://testserver", "")
    for path in __import__("re").findall(r'(?:src|href)="([^"]+)"', page):
        assert client.get(path).status_code == 200


CLAIMS = {
    "claims": {
        "type": "triangle",
        "label": "Claims",
        "min_origins": 2,
        "measures": {"paid": {"label": "Paid", "unit": "EUR"}},
        "former_inputs": {"amounts": "cumulative"},
    }
}


def test_a_triangle_is_one_object_in_the_schema_and_its_problems_are_named_by_cell(client, add_model):
    add_model("def run(inputs):\n    return {'summary': {'a': 1}}\n", CLAIMS)
    number = client.get("/apps").json()[0]["id"]
    schema = client.get(f"/apps/{number}/schema").json()["properties"]["claims"]
    assert list(schema["properties"]) == ["origins", "developments", "measures", "grain", "cumulative"]
    wrong = {
        "origins": ["2019", "2020"],
        "developments": [12, 24, 36],
        "measures": {"paid": [[1, None, 3], ["x"]], "d1": []},
        "grain": "year",
        "cumulative": True,
    }
    answer = client.post(f"/apps/{number}/run", json={"inputs": {"claims": wrong}})
    assert answer.status_code == 422
    assert {p["where"]: p["found"] for p in answer.json()["problems"]} == {
        "inputs.claims.measures.d1": "there is no such measure",
        "inputs.claims.measures.paid[0][1]": "the cell is empty between filled ones",
        "inputs.claims.measures.paid[1][0]": "'x' is not a number",
    }
    missing = client.post(f"/apps/{number}/run", json={"inputs": {}}).json()["problems"]
    assert missing[0]["remedy"] == "Give a triangle of at least 2 by 1 with Paid."


def test_a_request_of_an_earlier_version_is_still_read(client, add_model):
    add_model("def run(inputs):\n    return {'summary': {'a': 1}}\n", CLAIMS)
    number = client.get("/apps").json()[0]["id"]
    rows = [{"origin": "2019", "d1": 1, "d2": 2}, {"origin": "2020", "d1": 3}]
    body = {"inputs": {"claims": rows, "amounts": "incremental"}}
    run = client.post(f"/apps/{number}/run", json=body).json()
    inputs = client.get(f"/runs/{run['run_id']}").json()["inputs"]
    assert inputs["claims"]["measures"] == {"paid": [[1.0, 2.0], [3.0, None]]}
    assert inputs["claims"]["cumulative"] is False
    assert list(inputs) == ["claims"]
