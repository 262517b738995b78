"""Requests beyond the limit are refused with when to come again; what pages ask all the time does not count."""

import pytest
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from api.app import create_app
from engine.processes import context as contexts


@pytest.fixture
def limited(context):
    contexts.set_current(context)
    with TestClient(create_app(requests_per_minute=3)) as opened:
        yield opened
    contexts.set_current(None)


def test_the_request_after_the_last_allowed_one_is_429_with_seconds_to_wait(limited):
    assert [limited.get("/apps").status_code for _ in range(3)] == [200, 200, 200]
    refused = limited.get("/apps")
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert "3 requests in a minute" in refused.json()["error"]


def test_both_apis_and_the_websocket_share_the_count(limited):
    assert [limited.get(path).status_code for path in ("/apps", "/mclavier/apps", "/runs")] == [200, 200, 200]
    assert "requests in a minute" in limited.get("/mclavier/apps").json()["detail"]
    with pytest.raises(WebSocketDisconnect) as closed, limited.websocket_connect("/ws/runs/x") as socket:
        socket.receive_json()
    assert closed.value.code == 1013


def test_what_every_open_page_asks_does_not_count(limited):
    for path in ("/health", "/monitor/queue", "/mclavier/health"):
        assert {limited.get(path).status_code for _ in range(5)} == {200}


def test_without_a_limit_nothing_is_counted(client):
    assert {client.get("/favourites").status_code for _ in range(50)} == {200}
