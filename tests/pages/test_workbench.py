"""Search, annotations and comparisons on their pages."""

import pytest

from contract.actor import Actor
from engine.runs import annotate, saved_searches
from engine.runs.submit import submit
from tests.actors import ADA, GRACE

TWO = """
def run(inputs):
    n = inputs["n"]
    rows = [{"year": y, "paid": y * n, "note": "a" if n < 9 else "b"} for y in range(3)]
    series = {"Paid": [{"x": y, "y": y * n} for y in range(4)]}
    return {"summary": {"Total": n * 1000, "Basis": "x", "SCR": {"value": n / 2, "unit": "EUR"}}, "table": rows, "series": series}
"""
N = {
    "n": {"type": "number", "label": "Number", "min": 0, "max": 50, "default": 7, "unit": "pcs"},
    "m": {"type": "number", "label": "Other", "min": 0, "max": 50, "default": 7},
}


def words(app):
    groups = (app.title, app.subheader, app.markdown, app.caption, app.info, app.warning, app.error, app.code)
    return " ".join(str(item.value) for group in groups for item in group)


@pytest.fixture
def three(add_model, context, run_now):
    """Three runs of a model with n of 5, 9 and 12, the last one by another user."""
    add_model(TWO, N)
    made = [submit(context, "probe", {"n": n}, actor=actor) for n, actor in ((5, ADA), (9, ADA), (12, GRACE))]
    for run in made:
        run_now(run)
    return made


def test_the_history_is_searched_in_its_language(visit, three):
    app = visit("history")
    app.text_input(key="q").input("params.n > 6 and summary.scr < 6").run()
    assert list(app.dataframe[0].value["Inputs"]) == ["Number 9 pcs"]
    labels = [b.label for b in app.button if (b.key or "").startswith("condition-")]
    assert labels == ["params.n \\> 6", "summary.scr \\< 6", "Clear"]
    app.button(key="condition-1").click().run()
    assert app.text_input(key="q").value == "params.n > 6"
    assert len(app.dataframe[0].value) == 2
    app.text_input(key="q").input("user:me total").run()
    assert "No run fits" in words(app)
    app.text_input(key="q").input("user:me probe").run()
    assert len(app.dataframe[0].value) == 2


def test_what_cannot_be_read_is_marked_and_no_runs_are_shown(visit, three):
    app = visit("history", q="params.n > > 6")
    assert "'\\>' stands where" in words(app) or "'>' stands where" in words(app)
    assert app.code[0].value.splitlines()[1] == " " * 11 + "^"
    assert not app.dataframe
    assert app.text_input(key="q").value == "params.n > > 6"


def test_a_name_that_no_model_has_is_reported(visit, three):
    app = visit("history", q="params.nn > 6")
    assert "called 'nn'" in words(app)


def test_the_box_is_in_the_sessions_format_and_the_address_in_that_of_links(visit, three):
    app = visit("history")
    app.session_state["number_format"] = "de-DE"
    app.text_input(key="q").input("summary.SCR > 4,6").run()
    assert len(app.dataframe[0].value) == 1
    [link] = [found.proto.url for found in app.get("link_button")]
    assert "4.6" in link


def test_inputs_and_figures_are_columns_that_the_address_keeps(visit, three):
    app = visit("history", columns="summary.SCR", q="params.n > 6")
    assert list(app.dataframe[0].value["summary.SCR"]) == [6.0, 4.5]
    app.multiselect(key="columns").set_value(["summary.SCR", "params.n"]).run()
    assert list(app.dataframe[0].value["params.n"]) == [12.0, 9.0]


def test_searches_are_saved_shared_and_opened(visit, three, context):
    saved_searches.save_search(context, "Mine", "params.n > 6 user:me", actor=ADA)
    theirs = saved_searches.save_search(context, "Theirs", "user:me", actor=GRACE, shared=True)
    saved_searches.save_search(context, "Hidden", "user:me", actor=GRACE)
    app = visit("history")
    saved = [b for b in app.button if (b.key or "").startswith("saved-") and "remove" not in b.key and b.label]
    assert [b.label.split(" ")[0] for b in saved] == ["Mine", "Theirs", "Save"][: len(saved)]
    app.button(key=f"saved-{theirs.id}").click().run()
    assert app.text_input(key="q").value == "user:me"
    assert len(app.dataframe[0].value) == 2


def test_a_condition_is_put_together_from_what_the_model_has(visit, three):
    app = visit("history", app="probe")
    options = app.selectbox(key="condition-field").options
    assert any(option.startswith("params.n") and "Number" in option for option in options)
    assert any(option.startswith("summary.SCR") for option in options)
    app.selectbox(key="condition-field").set_value("params.n").run()
    app.selectbox(key="condition-operator-any").set_value(">").run()
    app.text_input(key="condition-value").input("10").run()
    app.button(key="condition-add").click().run()
    assert app.text_input(key="q").value == "params.n > 10"
    assert len(app.dataframe[0].value) == 1


def test_a_condition_joins_alternatives_as_a_whole_and_a_search_that_cannot_be_read_stays(visit, three):
    for before, after in (
        ("params.n:5 or params.n:9", "(params.n:5 or params.n:9) starred"),
        ("params.n >", "params.n > starred"),
    ):
        app = visit("history", q=before)
        box = app.text_input(key="q").value
        app.selectbox(key="condition-field").set_value("starred").run()
        app.button(key="condition-add").click().run()
        assert app.text_input(key="q").value == after.replace(before, box)
        assert not app.exception


def test_a_run_is_starred_tagged_noted_and_pinned_on_its_page(visit, three, context):
    app = visit("run", id=str(three[1].id))
    app.button(key="star-run").click().run()
    app.text_area(key="note-text").input("Checked by **me** ![x](https://example.com/x.png)")
    [submit_note] = [b for b in app.button if b.label == "Add note"]
    submit_note.click().run()
    app.button(key="pin-run").click().run()
    annotate.add_tag(context, three[1].id, " Q3  Close ", actor=GRACE)
    said = annotate.read_annotations(context, [three[1].id], actor=ADA)[three[1].id]
    assert [star.user for star in said.stars] == ["ada"]
    assert said.baseline.user == "ada"
    assert [note.text for note in said.notes] == ["Checked by **me** ![x](https://example.com/x.png)"]
    app = visit("run", id=str(three[1].id))
    assert "Checked by **me** [x](https://example.com/x.png)" in words(app)
    assert "![x]" not in words(app)
    assert "q3 close" in [b.label for b in app.button]
    table = visit("history", q='tag:"q3 close" starred baseline note~checked').dataframe[0].value
    assert list(table["Tags"]) == ["★ Baseline, q3 close"]


def test_a_note_of_somebody_else_cannot_be_changed(visit, three, context):
    note = annotate.add_note(context, three[0].id, "hers", actor=Actor("grace"))
    app = visit("run", id=str(three[0].id))
    assert "hers" in words(app)
    assert f"note-remove-{note}" not in [b.key for b in app.button]


def test_runs_are_compared_with_a_baseline(visit, three):
    app = visit("compare", runs=",".join(str(run.id) for run in three))
    inputs, figures = app.dataframe[0].value, app.dataframe[2].value
    first = f"{str(three[0].id)[-8:]} (baseline)"
    others = [str(run.id)[-8:] for run in three[1:]]
    assert list(inputs.columns) == ["Input", first, *others]
    assert inputs.to_numpy().tolist() == [["Number", "5 pcs", "9 pcs", "12 pcs"]]
    assert [e.label for e in app.expander if "equal" in e.label] == ["1 equal inputs"]
    assert figures["Figure"].tolist()[:2] == ["Total", "SCR (EUR)"]
    assert "1 of 3 figures are equal" in words(app)
    app.selectbox(key="baseline").set_value(str(three[1].id)).run()
    assert f"{others[0]} (baseline)" in list(app.dataframe[0].value.columns)


def test_two_runs_of_one_model_lead_to_their_analysis_of_change(visit, three):
    first, second, third = (str(run.id) for run in three)

    def change_links(runs, **more):
        found = visit("compare", runs=",".join(runs), **more).get("page_link")
        return [link.proto.query_string for link in found if link.proto.label == "Analysis of change"]

    assert change_links([first, second]) == [f"before={first}&after={second}"]
    assert change_links([first, second], baseline=second) == [f"before={second}&after={first}"]
    assert change_links([first, second, third]) == []


def test_a_comparison_says_what_its_link_lacks(visit, three):
    assert "does not name runs" in words(visit("compare", runs="a,b"))
    assert "1 run to compare" in words(visit("compare", runs=str(three[0].id)))
    missing = "00000000-0000-7000-8000-000000000000"
    assert "There is no run" in words(visit("compare", runs=f"{three[0].id},{missing}"))


def test_a_runs_page_leads_to_its_comparisons(visit, three, context):
    annotate.pin_baseline(context, three[2].id, actor=ADA)
    app = visit("run", id=str(three[1].id))
    links = {
        link.proto.label: link.proto.query_string for link in app.get("page_link") if "Compare" in link.proto.label
    }
    assert set(links) == {"Compare with baseline", "Compare with previous run"}
    assert str(three[0].id) in links["Compare with previous run"]
    assert str(three[2].id) in links["Compare with baseline"]
