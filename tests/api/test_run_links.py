"""What a run came from and what was made from it, over HTTP."""

import uuid

from contract.run import Visibility
from storage import visibility

CODE = "def run(inputs):\n    return {'summary': {'Total': inputs['age'] * 2}}\n"
AGE = {"age": {"type": "number", "label": "Age", "min": 0, "max": 120, "default": 45, "unit": "years"}}


def run(client, age, source=None):
    app_id = client.get("/apps").json()[0]["id"]
    body = {"inputs": {"age": age}, "source": source}
    answer = client.post(f"/apps/{app_id}/run", json=body)
    assert answer.status_code in {200, 202}
    return answer.json()["run_id"]


def test_a_run_whose_request_names_its_source_was_edited_from_it(client, add_model):
    add_model(CODE, AGE)
    first = run(client, 45)
    second = run(client, 48, first)
    found = client.get(f"/runs/{second}/links").json()
    nodes = {node["key"]: node for node in found["nodes"]}
    [link] = found["links"]
    assert (link["kind"], nodes[link["source"]]["id"], nodes[link["target"]]["id"]) == ("edited", first, second)
    assert nodes[found["focus"]]["changes"] == ["Age 45 years → 48 years"]
    assert nodes[link["source"]]["url"] == f"/run?id={first}"
    assert (found["shown"], found["total"], found["capped"]) == (2, 2, False)
    alone = client.get(f"/runs/{second}/links", params={"before": 0, "after": 0}).json()
    assert ([node["id"] for node in alone["nodes"]], alone["links"]) == ([second], [])
    assert alone["nodes"][0]["more_before"] == 1


def test_too_many_links_and_unknown_runs_are_refused(client, add_model):
    add_model(CODE, AGE)
    first = run(client, 45)
    for query in ({"before": 11}, {"after": 4}, {"before": -1}):
        assert client.get(f"/runs/{first}/links", params=query).status_code == 422
    assert client.get(f"/runs/{uuid.uuid4()}/links").status_code == 404


def test_no_answer_about_a_run_names_the_run_it_was_edited_from_but_that_of_its_links(client, add_model, context):
    add_model(CODE, AGE)
    first = run(client, 45)
    second = run(client, 48, first)
    with context.database.begin() as conn:
        visibility.set_visibility(conn, first, Visibility.PRIVATE)
    assert first not in client.get(f"/runs/{second}").text
