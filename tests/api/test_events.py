"""A run's events as server-sent events: in order, from any of them on, to the end."""

import json
import uuid

import pytest

from contract.run import Status
from engine.runs.execute import execute
from engine.runs.submit import submit
from storage import runs
from tests.actors import ADA

STEPS = """
def run(inputs):
    print("begun")
    yield {"progress": 0.5, "message": "half"}
    yield {"summary": {"n": inputs["n"]}}
"""


def read(client, run_id, after=None, **headers):
    """Return the events that the stream has until it ends, each as (event, id, data)."""
    found, lines = [], {}
    query = "" if after is None else f"?after={after}"
    with client.stream("GET", f"/runs/{run_id}/events{query}", headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        for line in answer.iter_lines():
            if not line:
                if "data" in lines:
                    found.append((lines["event"], int(lines["id"]), json.loads(lines["data"])))
                lines = {}
            else:
                key, _, value = line.partition(": ")
                lines[key] = value
    return found


@pytest.fixture
def probe(client, add_model):
    add_model(STEPS, category="Life")
    return client.get("/apps").json()[0]["id"]


def test_a_run_is_followed_from_its_acceptance_to_its_end_while_it_goes(client, probe, workers):
    run_id = client.post(f"/apps/{probe}/run", json={"inputs": {"n": 3}}).json()["run_id"]
    workers(1)
    found = read(client, run_id)
    kinds = [event for event, _, _ in found]
    assert [data["status"] for event, _, data in found if event == "status"] == ["PENDING", "RUNNING", "SUCCESS"]
    assert (kinds[0], kinds[-1]) == ("status", "status")
    numbers = [number for _, number, _ in found]
    assert numbers == sorted(set(numbers))
    assert all(data["run_id"] == run_id and data["seq"] == number for _, number, data in found)


def test_what_was_missed_is_sent_again_from_the_number_given_on(client, context, probe):
    run = submit(context, "probe", {}, actor=ADA)
    with context.database.begin() as conn:
        claimed = runs.claim_run(conn, run.id, "test-worker")
    for step in (1, 2, 3):
        with context.database.begin() as conn:
            runs.record_progress(
                conn, run.id, claimed.attempt, progress=step / 3, message=f"step {step}", log=f"{step}\n"
            )
    with context.database.begin() as conn:
        runs.request_cancel(conn, run.id, user=(context.user_id(ADA), "ada"))
    # What it has said by now is read while it goes on: the stream has no end yet.
    missed = []
    with client.stream("GET", f"/runs/{run.id}/events", headers={"Last-Event-ID": "2"}) as answer:
        for line in answer.iter_lines():
            if line.startswith("data: "):
                missed.append(json.loads(line.removeprefix("data: ")))
            if len(missed) == 3:
                with context.database.begin() as conn:
                    runs.finish_run(conn, run.id, claimed.attempt, status=Status.CANCELLED, reason="Cancelled.")
            if missed and missed[-1].get("status") == "CANCELLED":
                break
    assert [m["seq"] for m in missed] == [3, 4, 5, 6]
    assert [m.get("message") for m in missed[:2]] == ["step 2", "step 3"]
    assert missed[0]["log"] == "2\n"


def test_the_events_of_a_run_that_has_ended_are_its_changes_of_status(client, probe, context, worker_context):
    run = submit(context, "probe", {}, actor=ADA)
    execute(worker_context, run.id)
    assert [data["status"] for _, _, data in read(client, run.id)] == ["PENDING", "RUNNING", "SUCCESS"]


def test_whoever_has_the_last_event_is_told_that_there_is_no_more(client, probe, context, worker_context):
    run = submit(context, "probe", {}, actor=ADA)
    execute(worker_context, run.id)
    last = read(client, run.id)[-1][1]
    assert client.get(f"/runs/{run.id}/events", headers={"Last-Event-ID": str(last)}).status_code == 204
    assert client.get(f"/runs/{run.id}/events?after={last}").status_code == 204


def test_a_run_that_reuses_a_result_or_is_cancelled_in_the_queue_has_its_end(client, probe, context, worker_context):
    first = submit(context, "probe", {}, actor=ADA)
    execute(worker_context, first.id)
    reused = submit(context, "probe", {}, actor=ADA)
    assert [(event, data["status"]) for event, _, data in read(client, reused.id)] == [("status", "SUCCESS")]
    waiting = submit(context, "probe", {"n": 9}, actor=ADA)
    client.delete(f"/runs/{waiting.id}")
    assert [data["status"] for _, _, data in read(client, waiting.id)] == ["PENDING", "CANCELLED"]


@pytest.mark.parametrize("header", ["", "x", "-5", "9" * 40])
def test_an_id_that_is_no_number_of_an_event_begins_at_the_start(client, probe, context, worker_context, header):
    run = submit(context, "probe", {}, actor=ADA)
    execute(worker_context, run.id)
    assert len(read(client, run.id, **{"Last-Event-ID": header})) == 3


def test_events_of_a_run_that_is_not_there_are_404(client):
    assert client.get(f"/runs/{uuid.uuid4()}/events").status_code == 404
