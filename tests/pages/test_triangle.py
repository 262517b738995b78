"""A model whose triangle was a table in an earlier version: its runs and links open in today's form."""

import json

from contract.manifest import parse
from engine.runs.submit import submit
from tests.actors import ADA
from ui.result.provenance import input_rows

CODE = "def run(inputs):\n    return {'summary': {'Held': str(inputs['claims'])[:40]}}\n"
CELL = {"type": "number", "min": -1e15, "max": 1e15, "required": False}
BEFORE = {
    "claims": {
        "type": "table",
        "label": "Claims",
        "unique": ["origin"],
        "max_rows": 200,
        "columns": {
            "origin": {"type": "text", "label": "Origin", "required": False},
            "premium": {"type": "number", "label": "Premium", "min": 0, "required": False},
            **{f"d{n}": {**CELL, "label": str(n)} for n in range(1, 61)},
        },
        "default": [{"origin": "1", "d1": 5, "d2": 7}, {"origin": "2", "d1": 6}],
    },
    "amounts": {"type": "select", "label": "Amounts are", "options": ["cumulative", "incremental"]},
}
NOW = {
    "claims": {
        "type": "triangle",
        "label": "Claims",
        "measures": {"paid": {"label": "Paid"}, "premium": {"label": "Premium", "per": "origin", "required": False}},
        "default": {"origins": ["1", "2"], "developments": [1, 2], "measures": {"paid": [[5, 7], [6]]}},
        "former_inputs": {"amounts": "cumulative"},
    }
}
ROWS = [{"origin": "2019", "premium": 90, "d1": 100, "d2": 50}, {"origin": "2020", "d1": 110}]
TRIANGLE = {
    "origins": ["2019", "2020"],
    "developments": [1, 2],
    "measures": {"paid": [[100.0, 50.0], [110.0, None]], "premium": [[90.0], [None]]},
    "grain": {"origin": "year", "development": "year"},
    "cumulative": False,
}


def words(app):
    return " ".join(str(item.value) for group in (app.title, app.markdown, app.caption) for item in group)


def test_a_run_of_an_earlier_version_is_shown_as_it_was_and_opens_and_runs_in_todays(
    visit, add_model, context, run_now
):
    add_model(CODE, BEFORE)
    old = submit(context, "probe", {"claims": ROWS, "amounts": "incremental"}, actor=ADA)
    run_now(old)
    assert old.inputs["claims"][0]["d60"] is None
    add_model(CODE, NOW)
    shown = visit("run", id=str(old.id))
    assert "2 of 2 rows changed" in words(shown)
    assert "Amounts are incremental" in words(shown)
    form = visit("model", app="probe", **{"from": str(old.id)})
    (held,) = [json.loads(code.value) for code in json_view(form).code if '"claims"' in code.value]
    assert held["claims"] == TRIANGLE
    assert not form.warning
    again = submit(context, "probe", dict(old.inputs), actor=ADA)
    assert again.inputs == {"claims": TRIANGLE}
    assert again.version != old.version


def json_view(app):
    (view,) = [control for control in app.segmented_control if control.label == "View"]
    app = view.set_value("JSON").run()
    assert not app.exception, app.exception
    return app


def test_a_link_of_an_earlier_version_opens_todays_form(visit, add_model):
    add_model(CODE, NOW)
    form = visit("model", app="probe", claims=json.dumps(ROWS), amounts="incremental")
    (held,) = [json.loads(code.value) for code in json_view(form).code if '"claims"' in code.value]
    assert held["claims"] == TRIANGLE
    assert not form.warning


def test_the_history_and_the_run_say_how_a_triangle_differs(visit, add_model, context, run_now):
    add_model(CODE, NOW)
    run = submit(context, "probe", {"claims": TRIANGLE}, actor=ADA)
    run_now(run)
    assert list(visit("history").dataframe[0].value["Inputs"]) == ["Claims: 2 by 2, incremental, other labels"]
    app = visit("run", id=str(run.id))
    assert "Claims: 2 by 2, incremental, other labels" in words(app)
    assert input_rows(run.inputs, parse({"name": "m", "inputs": NOW}).inputs)[0]["Value"] == "2 by 2, incremental"
