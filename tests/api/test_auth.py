"""Every route and WebSocket goes through the one function that names the caller."""

import pytest
from fastapi.routing import APIRoute, APIWebSocketRoute
from starlette.websockets import WebSocketDisconnect

from api.app import create_app
from api.auth import current_actor
from tests.api.test_api import app_id

__all__ = ["app_id"]


def _calls(dependant):
    yield dependant.call
    for inner in dependant.dependencies:
        yield from _calls(inner)


def _routes(routes):
    for route in routes:
        if isinstance(route, APIRoute | APIWebSocketRoute):
            yield route
        yield from _routes(getattr(getattr(route, "original_router", None), "routes", []))


def test_every_route_and_websocket_depends_on_the_function_that_names_the_caller():
    app = create_app()
    found = {r.path for r in _routes(app.routes) if r.dependant is not None}
    assert {"/apps", "/apps/{app_id}/run", "/runs", "/ws/runs/{run_id}", "/health", "/runs/export/csv"} <= found
    for route in _routes(app.routes):
        if route.path not in {"/docs", "/docs/oauth2-redirect"}:  # the documentation reads for nobody
            assert current_actor in _calls(route.dependant), route.path


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://testserver.evil.example", "http://[", ""])
def test_another_sites_page_can_neither_read_nor_start_nor_listen(client, app_id, origin):
    evil = {"Origin": origin}
    assert client.get("/apps", headers=evil).status_code == 403
    answer = client.post(f"/apps/{app_id}/run", json={"inputs": {}}, headers=evil)
    assert answer.status_code == 403
    assert set(answer.json()) == {"error", "problems"}
    run_id = client.post(f"/apps/{app_id}/run", json={"inputs": {}}).json()["run_id"]
    with (
        pytest.raises(WebSocketDisconnect) as closed,
        client.websocket_connect(f"/ws/runs/{run_id}", headers=evil) as socket,
    ):
        socket.receive_json()
    assert closed.value.code == 1008


@pytest.mark.parametrize("origin", ["http://testserver", "http://testserver:80", "http://TESTSERVER"])
def test_our_own_pages_may_start_and_listen(client, app_id, origin):
    own = {"Origin": origin}
    run_id = client.post(f"/apps/{app_id}/run", json={"inputs": {}}, headers=own).json()["run_id"]
    with client.websocket_connect(f"/ws/runs/{run_id}", headers=own) as socket:
        assert socket.receive_json()["run_id"] == run_id
