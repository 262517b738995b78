"""A run is computed again on its version, inputs and seed, and two results are compared value by value."""

import json
import uuid

import pytest

from engine.runs.execute import execute

CHANCE = """
import random

def run(inputs):
    rows = int(inputs["rows"])
    return {"summary": {"Drawn": random.random()}, "table": [{"i": i, "u": random.random()} for i in range(rows)]}
"""
OTHER = CHANCE.replace('"u": random.random()', '"u": random.random() + (i == 1)')
ROWS = {"rows": {"type": "integer", "label": "Rows", "min": 1, "max": 5_000, "default": 3}}


@pytest.fixture
def finish(client, worker_context):
    def run_to_its_end(inputs):
        app_id = client.get("/apps").json()[0]["id"]
        run_id = client.post(f"/apps/{app_id}/run", json={"inputs": inputs}).json()["run_id"]
        execute(worker_context, uuid.UUID(run_id))
        return run_id

    return run_to_its_end


@pytest.mark.parametrize("rows", [3, 4_000], ids=["small", "stored apart"])
def test_a_replay_is_identical_and_a_run_of_another_seed_is_not(client, add_model, worker_context, finish, rows):
    add_model(CHANCE, ROWS, deterministic=False)
    first = finish({"rows": rows})
    answer = client.post(f"/runs/{first}/replay")
    assert answer.status_code == 200
    again = answer.json()["run_id"]
    assert again != first
    execute(worker_context, uuid.UUID(again))
    one, other = client.get(f"/runs/{first}").json(), client.get(f"/runs/{again}").json()
    assert (one["seed"], one["version"], one["inputs"]) == (other["seed"], other["version"], other["inputs"])
    assert client.get(f"/runs/{first}/differences/{again}").json()["identical"] is True
    third = finish({"rows": rows})
    found = client.get(f"/runs/{first}/differences/{third}").json()
    assert (found["identical"], found["where"]) == (False, "result.summary.Drawn")
    assert found["was"] == one["result"]["summary"]["Drawn"]


def test_a_replay_runs_on_the_runs_own_version(client, add_model, worker_context, finish):
    add_model(CHANCE, ROWS)
    first = finish({"rows": 3})
    add_model(OTHER, ROWS)
    again = client.post(f"/runs/{first}/replay").json()["run_id"]
    execute(worker_context, uuid.UUID(again))
    assert client.get(f"/runs/{again}").json()["version"] == client.get(f"/runs/{first}").json()["version"]
    assert client.get(f"/runs/{first}/differences/{again}").json()["identical"] is True


def test_a_stored_result_is_not_taken_for_the_replay_of_a_deterministic_model(
    client, add_model, worker_context, finish
):
    add_model(CHANCE, ROWS, deterministic=True)
    first = finish({"rows": 3})
    again = client.post(f"/runs/{first}/replay").json()
    assert again["status"] == "PENDING"
    execute(worker_context, uuid.UUID(again["run_id"]))
    assert client.get(f"/runs/{first}/differences/{again['run_id']}").json()["identical"] is True


def test_a_run_without_a_result_is_not_replayed_or_compared(client, add_model):
    add_model(CHANCE, ROWS)
    app_id = client.get("/apps").json()[0]["id"]
    waiting = client.post(f"/apps/{app_id}/run", json={"inputs": {}}).json()["run_id"]
    for answer in (client.post(f"/runs/{waiting}/replay"), client.get(f"/runs/{waiting}/differences/{waiting}")):
        assert answer.status_code == 409
        assert "has no result to compare with" in json.dumps(answer.json())
    assert client.post(f"/runs/{uuid.uuid4()}/replay").status_code == 404
