"""Scenarios over HTTP: saved, listed, opened, changed, deleted and swept."""

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


def save(client, app_id, name, **inputs):
    answer = client.post(f"/apps/{app_id}/scenarios", json={"name": name, "inputs": inputs})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_scenario_is_saved_listed_opened_changed_and_deleted(client, app_id):
    made = save(client, app_id, "Base", n=3)
    assert (made["name"], made["user"], made["visibility"], made["app_name"]) == ("Base", "ada", "private", "probe")
    assert made["url"] == f"/model?app=probe&saved={made['scenario_id']}"
    listed = client.get(f"/apps/{app_id}/scenarios").json()
    assert listed == [made]
    path = f"/scenarios/{made['scenario_id']}"
    opened = client.get(path).json()
    assert (opened["inputs"], opened["values"], opened["warnings"]) == ({"n": 3, "m": 2}, {"n": 3, "m": 2}, [])
    changed = client.patch(path, json={"name": "Stress", "inputs": {"n": 9}, "visibility": "team"}).json()
    assert (changed["name"], changed["visibility"]) == ("Stress", "team")
    assert client.get(path).json()["values"] == {"n": 9, "m": 2}
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    assert client.delete(path).status_code == 404


def test_what_is_wrong_with_a_scenario_is_listed(client, app_id):
    save(client, app_id, "Base")
    path = f"/apps/{app_id}/scenarios"
    taken = client.post(path, json={"name": "BASE"})
    assert (taken.status_code, taken.json()["error"]) == (422, "the scenario cannot be saved")
    assert taken.json()["problems"][0]["where"] == "name"
    bad = client.post(path, json={"name": "Bad", "inputs": {"n": 99, "q": 1}})
    assert {p["where"] for p in bad.json()["problems"]} == {"inputs.n", "inputs.q"}
    assert client.post(path, json={"name": "Bad", "visibility": "everybody"}).status_code == 422
    assert client.post(path, json={"inputs": {}}).status_code == 422
    assert client.post("/apps/999/scenarios", json={"name": "x"}).status_code == 404
    assert client.get("/apps/999/scenarios").status_code == 404


def test_a_scenario_opened_on_a_newer_version_says_what_became_of_its_inputs(client, app_id, add_model):
    made = save(client, app_id, "Base", n=3, m=4)
    add_model(ADDS, {"count": {**NM["n"], "former_keys": ["n"]}})
    opened = client.get(f"/scenarios/{made['scenario_id']}").json()
    assert (opened["values"], opened["renamed"], opened["dropped"]) == ({"count": 3}, {"n": "count"}, {"m": 4})
    assert len(opened["warnings"]) == 2
    assert opened["opened_on"] != opened["version"]
    own = client.get(f"/scenarios/{made['scenario_id']}", params={"version": opened["version"]}).json()
    assert own["values"] == {"n": 3, "m": 4}


def test_scenarios_are_swept_and_compared_by_their_names(client, app_id, worker_context):
    saved = [save(client, app_id, name, n=n)["scenario_id"] for name, n in (("Low", 1), ("High", 5))]
    body = {"saved": saved}
    assert client.post(f"/apps/{app_id}/sweeps/plan", json=body).json()["runs"] == 2
    group = client.post(f"/apps/{app_id}/sweeps", json=body).json()
    for lane in range(8):
        run_lane(worker_context, uuid.UUID(group["group_id"]), lane)
    points = client.get(f"/groups/{group['group_id']}/points").json()
    assert [(p["name"], p["summary"]["Sum"]) for p in points] == [("Low", 21), ("High", 25)]
    csv = client.get(f"/groups/{group['group_id']}/csv").text.splitlines()
    assert csv[0] == "point,run,status,scenario,n,Sum"
    assert csv[1].endswith("Low,1,21")
    refused = client.post(f"/apps/{app_id}/sweeps", json={**body, "axes": [{"input": "n", "values": [1]}]})
    assert refused.status_code == 422
