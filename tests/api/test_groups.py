"""Groups of runs over HTTP, and their WebSocket."""

import csv
import io
import uuid

import pytest

from engine.analysis.lanes import run_lane

ADDS = "def run(inputs):\n    return {'summary': {'Sum': inputs['n'] + 10 * inputs['m']}}\n"
NM = {
    "n": {"type": "number", "label": "N", "min": 0, "max": 50, "default": 7},
    "m": {"type": "number", "label": "M", "min": 0, "max": 50, "default": 2},
}


@pytest.fixture
def app_id(client, add_model):
    add_model(ADDS, NM, deterministic=True)
    return client.get("/apps").json()[0]["id"]


@pytest.fixture
def drain(client, worker_context):
    def go(group_id, turns=80):
        for turn in range(turns):
            run_lane(worker_context, uuid.UUID(group_id), turn % 8)
            found = client.get(f"/groups/{group_id}").json()
            if found["status"] != "RUNNING":
                break
        return found

    return go


def test_a_sweep_is_planned_started_followed_and_read(client, app_id, drain):
    body = {"inputs": {"m": 3}, "axes": [{"input": "n", "from": 1, "to": "3", "step": 1}]}
    assert client.post(f"/apps/{app_id}/sweeps/plan", json=body).json()["runs"] == 3
    answer = client.post(f"/apps/{app_id}/sweeps", json=body)
    assert answer.status_code == 202
    started = answer.json()
    with client.websocket_connect(f"/ws/groups/{started['group_id']}") as socket:
        assert socket.receive_json()["progress"] == 0
        found = drain(started["group_id"])
        seen = socket.receive_json()
        while not seen["final"]:
            seen = socket.receive_json()
    assert (found["status"], found["done"], seen["message"]) == ("FINISHED", 3, "3 of 3 runs")
    points = client.get(f"/groups/{started['group_id']}/points").json()
    assert [p["summary"]["Sum"] for p in points] == [31, 32, 33]
    assert client.get(f"/runs/{points[0]['run_id']}").json()["inputs"] == {"n": 1, "m": 3}
    text = client.get(f"/groups/{started['group_id']}/csv").text
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["point", "run", "status", "n", "Sum"]
    assert [row[3:] for row in rows[1:]] == [["1", "31"], ["2", "32"], ["3", "33"]]
    assert client.get("/runs").json() == []
    assert [g["group_id"] for g in client.get("/groups", params={"app": "probe"}).json()] == [started["group_id"]]


def test_scenarios_cancelling_and_resuming(client, app_id, drain):
    started = client.post(f"/apps/{app_id}/sweeps", json={"scenarios": [{"n": 1}, {"n": 2, "m": 9}]}).json()
    cancelled = client.delete(f"/groups/{started['group_id']}").json()
    assert cancelled["status"] == "CANCELLED"
    assert client.post(f"/groups/{started['group_id']}/resume").json()["status"] == "RUNNING"
    drain(started["group_id"])
    points = client.get(f"/groups/{started['group_id']}/points").json()
    assert [p["summary"]["Sum"] for p in points] == [21, 92]


def test_sensitivities_and_goal_seeks_are_started(client, app_id, drain):
    tornado = client.post(f"/apps/{app_id}/sensitivities", json={"percent": 100}).json()
    assert drain(tornado["group_id"])["definition"]["bounds"] == {"n": [0, 14], "m": [0, 4]}
    seek = client.post(f"/apps/{app_id}/seeks", json={"input": "n", "figure": "Sum", "target": 40, "to": 30}).json()
    assert drain(seek["group_id"])["outcome"]["value"] == 20


def test_an_analysis_of_change_gives_its_steps(client, app_id, drain, worker_context):
    from engine.runs.execute import execute

    runs = [client.post(f"/apps/{app_id}/run", json={"inputs": i}).json()["run_id"] for i in ({}, {"n": 9, "m": 5})]
    for run_id in runs:
        execute(worker_context, uuid.UUID(run_id))
    started = client.post("/changes", json={"before": runs[0], "after": runs[1], "average": True}).json()
    early = client.get(f"/groups/{started['group_id']}/steps", params={"figure": "Sum"})
    assert early.status_code == 409
    drain(started["group_id"])
    for average in (False, True):
        way = client.get(f"/groups/{started['group_id']}/steps", params={"figure": "Sum", "average": average}).json()
        assert [(s["label"], s["amount"]) for s in way["steps"]] == [("N", 2), ("M", 30)]
        assert (way["start"], way["end"]) == (27, 59)


def test_what_is_wrong_with_a_sweep_is_one_answer(client, app_id):
    body = {"inputs": {"q": 1}, "axes": [{"input": "n", "to": 99}]}
    answer = client.post(f"/apps/{app_id}/sweeps", json=body)
    assert answer.status_code == 422
    assert {p["where"] for p in answer.json()["problems"]} == {"axes[0].n", "inputs.q"}
    assert client.get(f"/groups/{uuid.uuid4()}").status_code == 404


def test_an_upgrade_impact_is_planned_started_and_measured(client, app_id, add_model, drain, worker_context):
    from engine.runs.execute import execute

    for n in (1, 2):
        execute(
            worker_context, uuid.UUID(client.post(f"/apps/{app_id}/run", json={"inputs": {"n": n}}).json()["run_id"])
        )
    old = client.get(f"/apps/{app_id}").json()["version"]
    add_model(ADDS.replace("10 *", "9 *"), {**NM, "n": {**NM["n"], "min": 2}}, deterministic=True)
    new = client.get(f"/apps/{app_id}").json()["version"]
    body = {"version": new, "runs": 5, "before": old}
    plan = client.post(f"/apps/{app_id}/upgrades/plan", json=body).json()
    assert plan["runs"] == 1
    assert any("does not fit the version: inputs.n: 1 is outside 2 to 50" in note for note in plan["notes"])
    started = client.post(f"/apps/{app_id}/upgrades", json=body).json()
    assert (started["kind"], started["url"]) == ("upgrade", f"/sweep?id={started['group_id']}")
    drain(started["group_id"])
    found = client.get(f"/groups/{started['group_id']}/impact", params={"figure": "Sum"}).json()
    assert (found["outcomes"]["different"], found["changed"], len(found["misfits"])) == (1, 1, 1)
    [run] = found["runs"]
    assert (run["before"], run["after"], run["difference"], run["version"]) == (22, 20, -2, old)
    assert {q["difference"] for q in found["quantiles"]} == {-2}
    again = client.post(f"/apps/{app_id}/upgrades", json={**body, "before": new})
    assert (again.status_code, again.json()["problems"][0]["where"]) == (422, "before")


def test_an_exported_workbook_is_read_back_as_inputs(client, app_id, worker_context):
    from engine.runs.execute import execute

    run_id = client.post(f"/apps/{app_id}/run", json={"inputs": {"n": 3, "m": 4}}).json()["run_id"]
    execute(worker_context, uuid.UUID(run_id))
    content = client.get(f"/runs/{run_id}/export/xlsx").content
    assert client.post(f"/apps/{app_id}/inputs/read", content=content).json()["rows"] == [{"n": 3, "m": 4}]
    rows = client.post(f"/apps/{app_id}/inputs/read", params={"language": "de-DE"}, content=b"n;m\n1,0;2\n")
    assert rows.json()["rows"] == [{"n": 1, "m": 2}]
    refused = client.post(f"/apps/{app_id}/inputs/read", content=b"n,m\n99,x\n")
    assert refused.status_code == 422
    assert {p["where"] for p in refused.json()["problems"]} == {"line 2, column 'N'", "line 2, column 'M'"}
