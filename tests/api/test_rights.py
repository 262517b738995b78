"""Who may ask what, for every route of both APIs: made from their OpenAPI documents and their lists of routes.

A new route has to be added to `RIGHTS` with the least role that may use it; the test that names it fails until it is.
"""

import dataclasses
import json
import time
import uuid
from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient
from starlette.routing import Mount, WebSocketRoute
from starlette.websockets import WebSocketDisconnect

from api.app import create_app
from contract.actor import Actor, Role
from contract.person import Scope
from contract.run import Status, Visibility
from engine.analysis.sweep import start_sweep
from engine.models.register import register
from engine.people.rules import PeopleRules
from engine.people.sign_in import actor_from_claims
from engine.people.tokens import create_token
from engine.processes import context as contexts
from engine.runs.submit import submit
from engine.scenarios.save import save_scenario
from engine.webhooks.manage import create_webhook
from storage import runs

VIEWER, ANALYST, AUTHOR, ADMINISTRATOR = Role
NOBODY = None  # needed: answered to whoever asks

RIGHTS = {
    "GET /apps": VIEWER,
    "GET /favourites": VIEWER,
    "POST /generate/{kind}": ANALYST,
    "GET /apps/{app_id}": VIEWER,
    "PUT /apps/{app_id}/favourite": VIEWER,
    "DELETE /apps/{app_id}/favourite": VIEWER,
    "GET /apps/{app_id}/starting-run": VIEWER,
    "GET /apps/{app_id}/schema": VIEWER,
    "POST /apps/{app_id}/run": ANALYST,
    "GET /apps/{app_id}/versions": VIEWER,
    "GET /apps/{app_id}/source": VIEWER,
    "GET /apps/{app_id}/diff": VIEWER,
    "PUT /apps/{app_id}/version": AUTHOR,
    "PATCH /apps/{app_id}/listing": AUTHOR,
    "GET /apps/{app_id}/update": AUTHOR,
    "POST /apps/register": AUTHOR,
    "POST /registrations": AUTHOR,
    "POST /registrations/archive": AUTHOR,
    "GET /registrations": AUTHOR,
    "GET /registrations/{registration_id}": AUTHOR,
    "POST /registrations/{registration_id}/publish": AUTHOR,
    "DELETE /registrations/{registration_id}": AUTHOR,
    "POST /uploads": ANALYST,
    "GET /runs": VIEWER,
    "GET /runs/export/csv": VIEWER,
    "GET /runs/{run_id}": VIEWER,
    "DELETE /runs/{run_id}": ANALYST,
    "GET /runs/{run_id}/events": VIEWER,
    "GET /runs/{run_id}/parts/{name}": VIEWER,
    "GET /runs/{run_id}/files/{name}": VIEWER,
    "GET /runs/{run_id}/export/csv": VIEWER,
    "GET /runs/{run_id}/export/pdf": VIEWER,
    "GET /runs/{run_id}/export/xlsx": VIEWER,
    "GET /runs/{run_id}/export/svg": VIEWER,
    "GET /runs/{run_id}/export/png": VIEWER,
    "GET /runs/{run_id}/export/parquet": VIEWER,
    "GET /runs/{run_id}/export/json": VIEWER,
    "GET /runs/{run_id}/export/bundle": VIEWER,
    "POST /runs/{run_id}/replay": ANALYST,
    "GET /runs/{run_id}/differences/{other_id}": VIEWER,
    "GET /runs/{run_id}/links": VIEWER,
    "PUT /runs/{run_id}/visibility": ANALYST,
    "GET /runs/{run_id}/sign-off": VIEWER,
    "POST /runs/{run_id}/sign-off": ANALYST,
    "WS /ws/runs/{run_id}": VIEWER,
    "POST /webhooks": ANALYST,
    "GET /webhooks": ANALYST,
    "DELETE /webhooks/{webhook_id}": ANALYST,
    "POST /webhooks/{webhook_id}/test": ANALYST,
    "GET /webhooks/{webhook_id}/deliveries": ANALYST,
    "POST /webhooks/{webhook_id}/deliveries/{delivery_id}/retry": ANALYST,
    "GET /health": NOBODY,
    "GET /workers": VIEWER,
    "GET /monitor/stats": VIEWER,
    "GET /monitor/queue": VIEWER,
    "GET /monitor/live": VIEWER,
    "GET /monitor/history": VIEWER,
    "GET /me": VIEWER,
    "GET /tokens": VIEWER,
    "POST /tokens": VIEWER,
    "DELETE /tokens/{token_id}": VIEWER,
    "GET /people": ADMINISTRATOR,
    "PATCH /people/{name}": ADMINISTRATOR,
    "GET /audit": ADMINISTRATOR,
    "GET /audit/verify": ADMINISTRATOR,
    "GET /apps/{app}/value": ANALYST,
    "GET /runs/{run_id}/annotations": VIEWER,
    "PUT /runs/{run_id}/tags/{tag}": ANALYST,
    "DELETE /runs/{run_id}/tags/{tag}": ANALYST,
    "PUT /runs/{run_id}/star": ANALYST,
    "DELETE /runs/{run_id}/star": ANALYST,
    "POST /runs/{run_id}/notes": ANALYST,
    "PUT /runs/{run_id}/notes/{note_id}": ANALYST,
    "DELETE /runs/{run_id}/notes/{note_id}": ANALYST,
    "PUT /runs/{run_id}/baseline": ANALYST,
    "DELETE /runs/{run_id}/baseline": ANALYST,
    "GET /searches": VIEWER,
    "PUT /searches/{name}": ANALYST,
    "DELETE /searches/{search_id}": ANALYST,
    "GET /search-keys": VIEWER,
    "GET /apps/{app_id}/scenarios": VIEWER,
    "POST /apps/{app_id}/scenarios": ANALYST,
    "GET /scenarios/{scenario_id}": VIEWER,
    "PATCH /scenarios/{scenario_id}": ANALYST,
    "DELETE /scenarios/{scenario_id}": ANALYST,
    "GET /compare": VIEWER,
    "GET /compare/table": VIEWER,
    "GET /compare/export/{form}": VIEWER,
    "GET /groups/{group_id}/export/{form}": VIEWER,
    "GET /groups/{group_id}/impact": VIEWER,
    "POST /apps/{app_id}/upgrades": ANALYST,
    "POST /apps/{app_id}/upgrades/plan": ANALYST,
    "POST /apps/{app_id}/inputs/read": VIEWER,
    "POST /apps/{app_id}/sweeps": ANALYST,
    "POST /apps/{app_id}/sweeps/plan": ANALYST,
    "POST /apps/{app_id}/sensitivities": ANALYST,
    "POST /apps/{app_id}/seeks": ANALYST,
    "POST /changes": ANALYST,
    "GET /groups": VIEWER,
    "GET /groups/{group_id}": VIEWER,
    "GET /groups/{group_id}/points": VIEWER,
    "GET /groups/{group_id}/steps": VIEWER,
    "GET /groups/{group_id}/csv": VIEWER,
    "DELETE /groups/{group_id}": ANALYST,
    "POST /groups/{group_id}/resume": ANALYST,
    "WS /ws/groups/{group_id}": VIEWER,
    "GET /secrets": ADMINISTRATOR,
    "PUT /secrets/{name}": ADMINISTRATOR,
    "DELETE /secrets/{name}": ADMINISTRATOR,
    "GET /explorer/tables": ADMINISTRATOR,
    "POST /explorer/query": ADMINISTRATOR,
    "POST /explorer/queries/{query_id}/cancel": ADMINISTRATOR,
    "GET /explorer/csv": ADMINISTRATOR,
    "GET /explorer/saved": ADMINISTRATOR,
    "POST /explorer/saved": ADMINISTRATOR,
    "DELETE /explorer/saved/{query_id}": ADMINISTRATOR,
    "GET /explorer/saved/{query_id}/csv": ADMINISTRATOR,
    "GET /portfolio/sessions": ANALYST,
    "POST /portfolio/sessions": ANALYST,
    "GET /portfolio/sessions/{session_id}": ANALYST,
    "PUT /portfolio/sessions/{session_id}/holdings": ANALYST,
    "DELETE /portfolio/sessions/{session_id}": ANALYST,
    "GET /portfolio/sessions/{session_id}/analyses": ANALYST,
    "POST /portfolio/sessions/{session_id}/analyses": ANALYST,
    "DELETE /portfolio/sessions/{session_id}/analyses/current": ANALYST,
    "GET /portfolio/sessions/{session_id}/analyses/{analysis_id}/snapshot": ANALYST,
    "GET /portfolio/sessions/{session_id}/messages": ANALYST,
    "WS /ws/portfolio/{session_id}": ANALYST,
    "GET /monitor/gateway": VIEWER,
    "GET /mclavier/apps": VIEWER,
    "GET /mclavier/apps/{app_id}": VIEWER,
    "POST /mclavier/apps/{app_id}/run": ANALYST,
    "POST /mclavier/apps/register": AUTHOR,
    "GET /mclavier/runs": VIEWER,
    "GET /mclavier/runs/{run_id}": VIEWER,
    "GET /mclavier/runs/{run_id}/export/csv": VIEWER,
    "GET /mclavier/runs/{run_id}/export/pdf": VIEWER,
    "WS /mclavier/ws/runs/{run_id}": VIEWER,
    "GET /mclavier/health": NOBODY,
    "GET /mclavier/monitor/stats": VIEWER,
    "GET /mclavier/monitor/live": VIEWER,
    "GET /mclavier/monitor/history": VIEWER,
    "GET /mclavier/explorer/tables": VIEWER,
    "GET /mclavier/explorer/tables/{table}/schema": VIEWER,
    "GET /mclavier/explorer/tables/{table}/rows": VIEWER,
    "POST /mclavier/explorer/query": VIEWER,
}
# What is sent with a request that would otherwise be refused for its form.
BODIES = {
    "POST /apps/{app_id}/run": {"inputs": {}},
    "PUT /apps/{app_id}/version": {"version": "{version}"},
    "PATCH /apps/{app_id}/listing": {"hidden": False},
    "POST /apps/register": {"repo_url": ""},
    "POST /registrations": {"repo_url": ""},
    "POST /registrations/archive": b"no archive",
    "POST /uploads": b"content",
    "PUT /runs/{run_id}/visibility": {"visibility": "team"},
    "POST /runs/{run_id}/sign-off": {"comment": "fine"},
    "POST /webhooks": {"url": "https://1.1.1.1/hook"},
    "POST /tokens": {"name": "t", "scope": "read", "days": 1},
    "PATCH /people/{name}": {"role": "viewer"},
    "POST /runs/{run_id}/notes": {"text": "seen"},
    "PUT /runs/{run_id}/notes/{note_id}": {"text": "seen"},
    "PUT /searches/{name}": {"query": "tag:q3"},
    "POST /apps/{app_id}/scenarios": {"name": "Base"},
    "PATCH /scenarios/{scenario_id}": {"name": "Base"},
    "POST /apps/{app_id}/sweeps": {"inputs": {}, "axes": [{"input": "n", "values": [1, 2]}]},
    "POST /apps/{app_id}/upgrades": {"version": "{version}"},
    "POST /apps/{app_id}/upgrades/plan": {"version": "{version}"},
    "POST /apps/{app_id}/sweeps/plan": {"inputs": {}, "axes": [{"input": "n", "values": [1, 2]}]},
    "POST /apps/{app_id}/sensitivities": {"inputs": {}},
    "POST /apps/{app_id}/seeks": {"inputs": {}, "input": "n", "figure": "a", "target": 1},
    "POST /changes": {"before": "{run_id}", "after": "{other_id}"},
    "PUT /secrets/{name}": {"value": "x"},
    "POST /generate/{kind}": {"prompt": "A reserve"},
    "POST /explorer/query": {"sql": "select 1"},
    "POST /explorer/saved": {"name": "One", "sql": "select 1"},
    "POST /portfolio/sessions": {"holdings": [{"ticker": "AAPL", "quantity": 1}]},
    "PUT /portfolio/sessions/{session_id}/holdings": {"holdings": []},
    "POST /portfolio/sessions/{session_id}/analyses": {"ticker": "AAPL"},
    "POST /mclavier/apps/{app_id}/run": {"inputs": {}},
    "POST /mclavier/apps/register": {"repo_url": ""},
    "POST /mclavier/explorer/query": {"sql": "select id from job_runs"},
}
QUERIES = {
    "POST /uploads": "?name=x.csv",
    "GET /apps/{app_id}/diff": "?old={version}",
    "GET /apps/{app}/value": "?wait=0",
    "GET /compare": "?runs={run_id},{other_id}",
    "GET /compare/table": "?before={run_id}&now={other_id}",
    "GET /groups/{group_id}/steps": "?figure=a",
    "GET /groups/{group_id}/impact": "?figure=a",
    "GET /compare/export/{form}": "?runs={run_id},{other_id}",
    "GET /explorer/csv": "?sql=select+1",
}
WITH_RUN = (
    "GET /compare",
    "GET /compare/table",
    "GET /compare/export/{form}",
    "POST /changes",
)  # take a run's id, though not in their path
# Ids of nothing.
UNKNOWN = (
    "registration_id",
    "delivery_id",
    "token_id",
    "note_id",
    "search_id",
    "group_id",
    "query_id",
    "scenario_id",
    "session_id",
    "analysis_id",
)
OTHERS_RUN = {"POST /runs/{run_id}/sign-off"}  # of a run that is not one's own

SIGNED_IN = int(time.time())
CODE = "def run(inputs):\n    return {}\n"
MANIFEST = json.dumps({"name": "Probe", "inputs": {"n": {"type": "number", "default": 1}}}).encode()


def routes():
    """Return every route of both APIs as method and path, WebSockets too."""
    app = create_app()
    found = set()
    for document, prefix in ((app, ""), (_mclavier(app), "/mclavier")):
        for path, operations in document.openapi()["paths"].items():
            found |= {f"{method.upper()} {prefix}{path}" for method in operations}
        found |= {f"WS {prefix}{path}" for path in _sockets(document.routes)}
    return sorted(found)


def _mclavier(app):
    return next(r.app for r in app.routes if isinstance(r, Mount) and r.path == "/mclavier")


def _sockets(listed):
    for route in listed:
        if isinstance(route, WebSocketRoute):
            yield route.path
        yield from _sockets(getattr(getattr(route, "original_router", None), "routes", []))


ROUTES = routes()


def test_every_route_is_found():
    assert {"GET /runs", "WS /ws/runs/{run_id}", "WS /mclavier/ws/runs/{run_id}", "GET /mclavier/apps"} <= set(ROUTES)
    assert len(ROUTES) > 60


@pytest.mark.parametrize("route", ROUTES)
def test_a_route_says_who_may_use_it(route):
    assert route in RIGHTS, f"{route} is new: add it to RIGHTS with the least role that may use it"


def test_no_right_is_of_a_route_that_is_not_there():
    assert set(RIGHTS) <= set(ROUTES)


@pytest.fixture
def installation(context):
    """An installation where people sign in, with a run of each of them, a model of the author's, and a private run."""
    rules = PeopleRules(sign_in=True, role_claim="role", roles={str(r): r for r in Role})
    opened = dataclasses.replace(context, people=rules)
    contexts.set_current(opened)
    people = {str(role): actor_from_claims(opened, claims_of({"who": str(role)})) for role in Role}
    files = {"manifest.json": MANIFEST, "function.py": CODE.encode()}
    version = register(opened, "probe", files, source={"kind": "upload"}, actor=people["author"]).hash
    held = {}
    for name, actor in {**people, "owner": Actor("owner"), "viewer": Actor("viewer")}.items():  # viewers run nothing
        run = submit(opened, "probe", {}, actor=actor, fresh=True, visibility=Visibility.PUBLIC)
        with opened.database.begin() as conn:
            attempt = runs.claim_run(conn, run.id, "w").attempt
            runs.finish_run(conn, run.id, attempt, status=Status.SUCCESS, doc={"table": [{"x": 1}]})
        held[name] = run
    secret = submit(opened, "probe", {"n": 77}, actor=Actor("owner"), fresh=True, visibility=Visibility.PRIVATE)
    with opened.database.begin() as conn:
        attempt = runs.claim_run(conn, secret.id, "w").attempt
        doc = {"table": [{"x": 1}], "summary": {"secret": 4711}}
        runs.finish_run(conn, secret.id, attempt, status=Status.SUCCESS, doc=doc)
    webhook, _ = create_webhook(opened, "https://1.1.1.1/hook", actor=people["analyst"])
    with TestClient(create_app(read_claims=claims_of), base_url="http://testserver") as client:
        yield SimpleNamespace(
            client=client, context=opened, runs=held, private=secret, version=version, webhook=webhook
        )
    contexts.set_current(None)


def claims_of(cookies):
    """Stand in for the verified cookie: it names the role of who has signed in, who is called as the role is."""
    who = cookies.get("who")
    return {"iss": "https://login.example", "sub": who, "iat": SIGNED_IN, "name": who, "role": who} if who else None


def ask(installation, route, who, run=None):
    """Send a request for a route as somebody; return the status that answers it, and its text."""
    method, path = route.split(" ")
    known = installation.runs.get(who) if route not in OTHERS_RUN else installation.runs["owner"]
    values = {
        "app_id": installation.private.app_id,
        "app": "probe",
        "form": "json",
        "tag": "q3",
        "kind": "text",
        "run_id": run or (known.id if known else uuid.uuid4()),
        "other_id": installation.runs["owner"].id,
        "version": installation.version,
        "name": "viewer" if "people" in path else "none",
        "table": "job_runs",
        "webhook_id": installation.webhook.id,
        **dict.fromkeys(UNKNOWN, uuid.uuid4()),
    }
    url = (path + QUERIES.get(route, "")).format(**values)
    headers = {"Cookie": f"who={who}"} if who else {}
    if method == "WS":
        try:
            with installation.client.websocket_connect(url, headers=headers) as socket:
                said = socket.receive_json()
                return (403 if "NOT_ALLOWED" in said.values() else 200), json.dumps(said)
        except WebSocketDisconnect as closed:
            assert closed.code == 1008, closed
            return 401, str(closed.reason)
    body = BODIES.get(route)
    if isinstance(body, dict):
        body = {k: v.format(**values) if isinstance(v, str) else v for k, v in body.items()}
        answer = installation.client.request(method, url, json=body, headers=headers)
    else:
        answer = installation.client.request(method, url, content=body, headers=headers)
    return answer.status_code, answer.text


@pytest.mark.parametrize("route", ROUTES)
def test_a_route_is_for_those_who_have_the_right_and_nobody_else(installation, route):
    least = RIGHTS[route]
    if least is NOBODY:
        assert ask(installation, route, None)[0] == 200
        return
    status, text = ask(installation, route, None)
    assert status == 401, text
    for role in Role:
        status, text = ask(installation, route, str(role))
        if role.includes(least):
            assert status not in {401, 403, 500}, (role, status, text)
        else:
            assert status == 403, (role, status, text)
            assert f"that takes the role {least}" in text


@pytest.mark.parametrize("route", [r for r in ROUTES if "{run_id}" in r or r in WITH_RUN])
def test_a_private_run_is_refused_with_its_owners_name_by_every_route_that_takes_its_id(installation, route):
    status, text = ask(installation, route, "author", run=installation.private.id)
    assert "4711" not in text
    # The MCLAVIER Marketplace's WebSocket has a word of its own for a run that is not to be had.
    assert status == 403, text
    assert "Ask owner" in text
    assert ask(installation, route, "administrator", run=installation.private.id)[0] not in {401, 403, 500}


def test_a_private_scenario_is_refused_with_its_owners_name_by_every_route_and_is_in_no_list(installation):
    one = save_scenario(installation.context, "probe", "Base", {"n": 77}, actor=Actor("owner"))
    as_author = {"headers": {"Cookie": "who=author"}}
    for method, body in (("GET", None), ("PATCH", {"name": "Mine"}), ("DELETE", None)):
        answer = installation.client.request(method, f"/scenarios/{one.id}", json=body, **as_author)
        assert answer.status_code == 403, method
        assert "Ask owner" in answer.text
        assert "77" not in answer.json()["problems"][0]["found"].replace(str(one.id), "")
    listed = f"/apps/{installation.private.app_id}/scenarios"
    assert installation.client.get(listed, **as_author).json() == []
    shared = {"json": {"visibility": "team"}, "headers": {"Cookie": "who=administrator"}}
    assert installation.client.patch(f"/scenarios/{one.id}", **shared).status_code == 200
    assert [s["name"] for s in installation.client.get(listed, **as_author).json()] == ["Base"]


def test_a_private_group_is_refused_with_its_owners_name_by_its_websocket(installation):
    group = start_sweep(
        installation.context, "probe", {}, scenarios=[{"n": 5}], actor=Actor("owner"), source=installation.private.id
    )
    with installation.client.websocket_connect(f"/ws/groups/{group.id}", headers={"Cookie": "who=author"}) as socket:
        said = socket.receive_json()
        assert (said["status"], said["final"]) == ("NOT_ALLOWED", True)
        assert "Ask owner" in said["reason"]
    assert installation.client.get(f"/groups/{group.id}", headers={"Cookie": "who=author"}).status_code == 403


@pytest.mark.parametrize("route", [r for r in ROUTES if r.startswith("GET") and "{run_id}" not in r])
def test_no_list_and_no_figure_shows_a_private_run_to_others(installation, route):
    text = ask(installation, route, "author")[1]
    assert str(installation.private.id) not in text
    assert "4711" not in text


def test_the_owner_finds_their_private_run_where_others_do_not(installation):
    private = str(installation.private.id)
    for route in ("GET /runs", "GET /monitor/history", "GET /mclavier/runs", "GET /runs/export/csv"):
        claimed = ask(installation, route, "administrator")[1]
        assert private in claimed, route
    total = {
        who: json.loads(ask(installation, "GET /monitor/stats", who)[1])["total"] for who in ("viewer", "administrator")
    }
    assert total["administrator"] == total["viewer"] + 1
    text = ask(installation, "POST /mclavier/explorer/query", "author")[1]
    assert private not in text
    assert private in ask(installation, "POST /mclavier/explorer/query", "administrator")[1]


@pytest.mark.parametrize(
    "path", ["/docs", "/openapi.json", "/mclavier/docs", "/mclavier/openapi.json", "/nothing", "/"]
)
def test_without_a_sign_in_neither_documentation_nor_an_address_that_leads_nowhere_is_answered(installation, path):
    answer = installation.client.get(path)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert ("detail" in answer.json()) is path.startswith("/mclavier")
    signed_in = installation.client.get(path, headers={"Cookie": "who=viewer"})
    assert signed_in.status_code == (200 if "docs" in path or "openapi" in path else 404)


@pytest.mark.parametrize("scope", Scope)
def test_a_token_may_do_what_its_scope_says_and_no_more(installation, scope):
    owner = actor_from_claims(installation.context, claims_of({"who": "administrator"}))
    _, token = create_token(installation.context, "t", scope, 1, actor=owner)
    bearer = {"Authorization": f"Bearer {token}"}
    for least, method, path in (
        (VIEWER, "GET", "/runs"),
        (ANALYST, "GET", "/webhooks"),
        (AUTHOR, "GET", "/registrations"),
        (ADMINISTRATOR, "GET", "/people"),
    ):
        expected = 200 if scope.role.includes(least) else 403
        assert installation.client.request(method, path, headers=bearer).status_code == expected, path
    assert installation.client.get("/me", headers=bearer).json()["role"] == scope.role
    answer = installation.client.post("/tokens", json={"name": "more"}, headers=bearer)
    assert answer.status_code == 403
    assert "a token can make no other token" in answer.text


@pytest.mark.parametrize("value", ["Bearer nonsense", "Bearer tontine_" + "x" * 43, "Bearer ", b"Bearer \xff"])
def test_a_token_that_is_not_valid_is_refused_even_where_a_cookie_is(installation, value):
    answer = installation.client.get("/runs", headers={"Authorization": value, "Cookie": "who=administrator"})
    assert answer.status_code == 401
    assert set(answer.json()) == {"error", "problems"}


def test_people_from_the_provider_are_known_by_its_id_of_them_and_not_by_a_name(installation):
    claims = {**claims_of({"who": "viewer"}), "sub": "another", "name": "administrator"}
    actor = actor_from_claims(installation.context, claims)
    assert actor.name == "administrator (2)"
    assert actor.role is Role.VIEWER
