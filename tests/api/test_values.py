"""One figure of a model as text, for cells of spreadsheets."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api import values
from contract.errors import InputError
from contract.manifest import parse
from contract.query_inputs import format_query, parse_query

CODE = """
def run(inputs):
    if inputs["age"] == 13:
        raise ValueError("inputs.age: 13 is not insured. Give another age.")
    rows = sum(row["paid"] for row in inputs["rows"])
    return {"summary": {"Twice": inputs["age"] * 2, "Paid": {"value": rows, "unit": "EUR"}, "Word": inputs["figure"]}}
"""
FIELDS = {
    "age": {"type": "integer", "label": "Age", "max": 100, "default": 45},
    "figure": {"type": "text", "label": "Figure", "default": "none"},
    "rows": {"type": "table", "label": "Rows", "columns": {"paid": {"type": "number"}}, "default": [{"paid": 0.1}]},
    "sex": {"type": "select", "label": "Sex", "options": ["f", "m"], "default": "f"},
    "on": {"type": "boolean", "label": "On", "default": False},
    "span": {"type": "range", "label": "Span", "max": 10, "step": 0.5, "default": [0, 10]},
}
SLOW = "import time\ndef run(inputs):\n    time.sleep(600)\n"


@pytest.fixture(autouse=True)
def one_period(monkeypatch):
    """No test runs into the end of the time in which a cell is the same run."""
    monkeypatch.setattr(values, "SAME_RUN", 10**12)


@pytest.fixture
def value(client, add_model, workers):
    """Ask for a figure of the model; returns the answer."""
    add_model(CODE, FIELDS, headline=["Paid"])
    workers(1)
    return lambda **query: client.get("/apps/probe/value", params={"wait": 60, **query})


@pytest.mark.processes
def test_a_figure_is_answered_as_plain_text_with_a_decimal_point(value, client):
    answer = value(figure="Twice", age="46")
    assert (answer.status_code, answer.text) == (200, "92")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert value().text == "0.1"  # the headline figure
    rows = json.dumps([{"paid": 1.5}, {"paid": 2}])
    assert value(rows=rows, figure="Paid", **{"in.figure": "mine"}).text == "3.5"
    assert value(rows=rows, figure="Word", **{"in.figure": "mine & yours"}).text == "mine & yours"
    app_id = client.get("/apps").json()[0]["id"]
    assert client.get(f"/apps/{app_id}/value", params={"wait": 60, "figure": "Twice", "age": 46}).text == "92"


@pytest.mark.processes
def test_the_same_cell_asked_twice_is_one_run_and_other_inputs_another(value, client):
    assert [value(figure="Twice", age="50").text for _ in range(3)] == ["100"] * 3
    assert value(figure="Twice", age="51").text == "102"
    assert len(client.get("/runs").json()) == 2


@pytest.mark.processes
def test_what_does_not_fit_is_said_at_once_in_the_form_that_was_asked_for(value):
    answer = value(age="old", span="1", agge="2", errors="text")
    assert answer.status_code == 200
    assert answer.text.startswith("Error: inputs.age: 'old' is not a whole number. ")
    assert "inputs.span" in answer.text
    assert [p["where"] for p in value(age="old").json()["problems"]] == ["inputs.age"]
    assert value(age="old").status_code == 422
    assert "inputs.age: 300 is outside" in value(age="300", errors="text").text
    assert "inputs.agge" in value(agge="2", errors="text").text
    assert (
        "the result has no figure 'Thrice'. Choose one of Twice, Paid, Word."
        in value(figure="Thrice", errors="text").text
    )
    assert value(figure="Thrice").status_code == 404
    assert "inputs.age: 13 is not insured. Give another age." in value(age="13", errors="text").text
    assert value(age="13").status_code == 422
    assert value(errors="loud").status_code == 422


def test_an_input_given_twice_is_refused(client, add_model):
    add_model(CODE, FIELDS)
    answer = client.get("/apps/probe/value?age=1&age=2")
    assert answer.json()["problems"] == [
        {"where": "inputs.age", "found": "it is given twice", "remedy": "Give it once."}
    ]


def test_a_run_that_has_not_ended_is_said_so_and_waited_for_again(client, add_model):
    add_model(SLOW, deterministic=True)  # and no worker
    answers = [client.get("/apps/probe/value?wait=0") for _ in range(2)]
    assert [a.status_code for a in answers] == [409, 409]
    assert "has not ended yet" in answers[0].json()["problems"][0]["found"]
    assert answers[0].json() == answers[1].json()  # which names the run
    assert len(client.get("/runs").json()) == 1


def test_a_model_whose_results_are_random_is_refused(client, add_model):
    add_model(CODE, FIELDS, deterministic=False)
    answer = client.get("/apps/probe/value?errors=text")
    assert "gives another result at each run" in answer.text
    assert client.get("/runs").json() == []


def test_a_page_of_another_site_starts_no_run(client, add_model):
    add_model(CODE, FIELDS)
    for site in ("cross-site", "same-site"):
        answer = client.get("/apps/probe/value?wait=0", headers={"Sec-Fetch-Site": site})
        assert answer.status_code == 403
    assert client.get("/runs").json() == []
    assert client.get("/apps/probe/value?wait=0", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 409


MANIFEST = parse({"name": "M", "inputs": FIELDS}, {})
VALUES = st.fixed_dictionaries(
    {
        "age": st.integers(0, 100),
        "figure": st.text(),
        "rows": st.lists(st.fixed_dictionaries({"paid": st.floats(allow_nan=False, allow_infinity=False)})),
        "sex": st.sampled_from(["f", "m"]),
        "on": st.booleans(),
        "span": st.lists(st.floats(0, 10), min_size=2, max_size=2).map(sorted),
    }
)


@given(VALUES)
@settings(deadline=None, suppress_health_check=list(HealthCheck))
def test_inputs_written_into_a_query_are_read_back_unchanged(inputs):
    query = format_query(MANIFEST, inputs)
    assert "in.figure" in query
    assert parse_query(MANIFEST, query.items()) == inputs


def test_unknown_models_and_versions_are_not_found(client, add_model):
    add_model(CODE, FIELDS)
    assert client.get("/apps/nothing/value").status_code == 404
    assert client.get("/apps/999/value").status_code == 404
    assert client.get("/apps/probe/value?version=00").status_code == 404


def test_all_texts_that_cannot_be_read_are_reported_together():
    with pytest.raises(InputError) as caught:
        parse_query(MANIFEST, [("age", "x"), ("on", "perhaps"), ("span", "1")])
    assert [p.where for p in caught.value.problems] == ["inputs.age", "inputs.on", "inputs.span"]
