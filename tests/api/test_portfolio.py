"""Portfolio sessions over HTTP, and their WebSocket: what is asked, what comes, and what a client that was away gets."""

import hashlib
import json
import uuid

import pytest

from api.portfolio_schemas import MessageBody
from engine.portfolio.sessions import EXAMPLE
from tests.engine.portfolio.conftest import clock, metrics_model, updater

__all__ = ["clock", "metrics_model", "updater"]


@pytest.fixture
def session(client, updater):
    """A session of five holdings at the market's first prices."""
    answer = client.post("/portfolio/sessions", json={"name": "Five", "holdings": list(EXAMPLE), "cash": 1000})
    assert answer.status_code == 201, answer.text
    updater.update()
    return answer.json()["id"]


@pytest.fixture
def talk(client, session):
    """Open the session's WebSocket; returns it."""

    def go(after=None, session_id=session):
        suffix = "" if after is None else f"?after={after}"
        return client.websocket_connect(f"/ws/portfolio/{session_id}{suffix}")

    return go


def receive(socket):
    """Return the next message, checked against its documented shape."""
    message = socket.receive_json()
    MessageBody.model_validate(message)
    assert message["version"] == 1
    return message


def until(socket, kind):
    """Return the messages up to the next of a kind."""
    found = [receive(socket)]
    while found[-1]["type"] != kind:
        found.append(receive(socket))
    return found


def test_a_client_is_told_what_the_session_holds_and_every_market_update(talk, updater, clock):
    with talk() as socket:
        first = receive(socket)
        assert (first["type"], first["reply"]) == ("portfolio", True)
        assert first["body"]["total"] == pytest.approx(
            sum(h["value"] for h in first["body"]["holdings"]) + first["body"]["cash"]
        )
        assert len(first["body"]["history"]["AAPL"]) == 60
        clock.move(30)
        updater.update()
        update = receive(socket)
        assert (update["type"], update["number"]) == ("market_update", first["number"] + 1)
        assert update["body"]["market"]["step"] == first["body"]["market"]["step"] + 1


def test_an_analysis_is_asked_for_and_its_results_stream_in(talk, workers, metrics_model):
    workers(2)
    with talk() as socket:
        receive(socket)
        socket.send_json({"action": "analyze", "ticker": "AAPL"})
        said = [m for m in until(socket, "analysis_complete") if m["type"] != "market_update"]
        assert [m["type"] for m in said] == ["analysis_started", *["analysis_result"] * 5, "analysis_complete"]
        assert said[0]["body"]["snapshot_id"] == said[0]["body"]["analysis_id"]
        assert {m["body"]["metric"] for m in said[1:6]} == set(said[0]["body"]["metrics"])
        assert {m["body"]["status"] for m in said[1:6]} == {"SUCCESS"}
        numbers = [m["number"] for m in said]
        assert numbers == sorted(set(numbers))


def test_a_client_that_names_its_last_number_gets_the_rest(talk, client, session, updater, clock):
    with talk() as socket:
        last = receive(socket)["number"]
    for quantity in (1, 2):
        body = {"holdings": [{"ticker": "IBM", "quantity": quantity}]}
        assert client.put(f"/portfolio/sessions/{session}/holdings", json=body).status_code == 200
    clock.move(30)
    updater.update()
    with talk(after=last) as socket:
        said = [receive(socket) for _ in range(3)]
    assert [(m["type"], m["number"]) for m in said] == [
        ("portfolio", last + 1),
        ("portfolio", last + 2),
        ("market_update", last + 3),
    ]
    assert [m["body"]["holdings"][0]["quantity"] for m in said] == [1, 2, 2]
    assert client.get(f"/portfolio/sessions/{session}/messages?after={last}").json() == [
        {**m, "at": m["at"].replace("+00:00", "Z"), "reply": False, "code": None} for m in said
    ]


def test_a_client_that_names_a_number_that_has_not_been_given_yet_begins_anew(talk):
    with talk(after=10**9) as socket:
        assert receive(socket)["type"] == "portfolio"


def test_two_clients_of_a_session_are_told_the_same(talk):
    with talk() as one, talk() as other:
        receive(one), receive(other)
        one.send_json({"action": "set_holdings", "holdings": [{"ticker": "MSFT", "quantity": 3}], "cash": 7})
        assert (said := receive(one)) == receive(other)
        assert (said["type"], said["body"]["cash"], len(said["body"]["holdings"])) == ("portfolio", 7, 1)


@pytest.mark.parametrize(
    ("text", "where", "words"),
    [
        ("", "message", "no JSON"),
        ("[]", "message", "valid"),
        ("{}", "action", "no action"),
        ('{"action": "sell"}', "action", "no action 'sell'"),
        ('{"action": "analyze"}', "ticker", "missing"),
        ('{"action": "analyze", "ticker": "TSLA"}', "ticker", "not held"),
        ('{"action": "ping", "loud": true}', "loud", "no such key"),
        ('{"action": "ping", "version": 2}', "version", "version 1"),
        (
            '{"action": "set_holdings", "holdings": [{"ticker": "IBM", "quantity": NaN}]}',
            "holdings[0].quantity",
            "number",
        ),
        ('{"action": "cancel"}', "cancel", "no analysis"),
        ("{" * 60_000, "message", "no JSON"),
        (" " * 200_000, "message", "characters"),
    ],
)
def test_a_message_that_is_not_understood_is_answered_and_the_connection_lives(talk, metrics_model, text, where, words):
    with talk() as socket:
        number = receive(socket)["number"]
        socket.send_text(text)
        error = receive(socket)
        assert (error["type"], error["reply"], error["number"], error["code"]) == ("error", True, number, "INVALID")
        problem = error["body"]["problems"][0]
        assert (problem["where"], words in problem["found"], bool(problem["remedy"])) == (where, True, True), problem
        socket.send_bytes(b"\x00\xff")
        assert receive(socket)["type"] == "error"
        socket.send_json({"action": "ping"})
        assert receive(socket)["type"] == "pong"


def test_a_session_that_is_not_there_is_refused_with_words(talk):
    for session_id in (uuid.uuid4(), "nonsense"):
        with talk(session_id=session_id) as socket:
            error = receive(socket)
            assert (error["type"], error["code"]) == ("error", "NOT_FOUND")
            assert "no portfolio session" in error["body"]["problems"][0]["found"]


def test_a_session_that_is_closed_while_a_client_is_there_says_so(talk, client, session):
    with talk() as socket:
        receive(socket)
        assert client.delete(f"/portfolio/sessions/{session}").status_code == 204
        socket.send_json({"action": "ping"})
        assert receive(socket)["code"] == "NOT_FOUND"


def test_the_snapshot_of_an_analysis_has_the_hash_that_is_shown(client, session, metrics_model):
    answer = client.post(f"/portfolio/sessions/{session}/analyses", json={"ticker": "IBM"})
    assert answer.status_code == 202
    analysis = answer.json()
    address = f"/portfolio/sessions/{session}/analyses"
    snapshot = client.get(f"{address}/{analysis['id']}/snapshot")
    assert hashlib.sha256(snapshot.content).hexdigest() == analysis["snapshot_hash"]
    assert json.loads(snapshot.content)["ticker"] == "IBM"
    assert client.get(f"{address}/{uuid.uuid4()}/snapshot").status_code == 404
    assert [a["id"] for a in client.get(address).json()] == [analysis["id"]]
    assert client.delete(f"{address}/current").status_code == 204
    assert client.get(address).json()[0]["status"] == "CANCELLED"
    assert [s["id"] for s in client.get("/portfolio/sessions").json()] == [session]
