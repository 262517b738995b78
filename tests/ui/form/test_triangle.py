"""A triangle on the form: switches, paste, edits of the grid, links, and inputs of earlier versions."""

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from contract.manifest import parse
from contract.number_format import NumberFormat
from contract.problems import Problem
from tests.ui.form.triangle_script import CSV, INPUTS
from ui.form import links
from ui.form.form_state import RefusedText
from ui.form.inputs import cell_place_text, grid_edits, triangle_rows
from ui.form.inputs.triangle import size_text

SCRIPT = str(Path(__file__).with_name("triangle_script.py"))
MANIFEST = parse({"name": "Triangle", "inputs": INPUTS}, {"claims.csv": CSV})
FIELD = MANIFEST.inputs["claims"]
DEFAULT = FIELD.default
ENGLISH = NumberFormat()


def at_link(**params):
    at = AppTest.from_file(SCRIPT, default_timeout=200)
    for key, text in params.items():
        at.query_params[key] = text
    return shown(at.run())


def shown(at):
    assert not at.exception, [e.value for e in at.exception]
    return at


def key(name):
    return f"form.claims.{name}"


def claims(at):
    return at.session_state["draft"].values["claims"]


def switch(at, name, value):
    return shown(at.segmented_control(key(name)).set_value(value).run())


def test_a_fresh_form_holds_the_default_and_has_no_problems():
    at = at_link()
    assert claims(at) == DEFAULT
    assert at.session_state["draft"].problems == []
    assert "claims" not in at.session_state["draft"].query
    assert any("3 origins by 3 developments, ages in months, by year, cumulative" in c.value for c in at.caption)


def test_the_switch_turns_the_amounts_over_and_back_to_the_default():
    at = switch(at_link(), "form", "Incremental")
    assert claims(at)["measures"]["paid"][0] == [100.0, 50.0, 10.0]
    assert claims(at)["measures"]["incurred"][0] == [140.0, 25.0, 0.0]
    assert claims(at)["measures"]["premium"] == DEFAULT["measures"]["premium"]
    assert claims(at)["cumulative"] is False
    assert "claims" in at.session_state["draft"].query
    at = switch(at, "form", "Cumulative")
    assert claims(at) == DEFAULT
    assert "claims" not in at.session_state["draft"].query


def test_the_switch_is_off_where_an_increment_is_not_known():
    late = {**DEFAULT, "measures": {"paid": [[None, 150, 160], [110, 170, None], [120, None, None]]}}
    at = at_link(claims=json.dumps(late))
    assert at.segmented_control(key("form")).disabled
    assert any("2019 has an empty cell before an amount" in m.value for m in at.markdown)
    assert at.session_state["draft"].problems == []


def test_the_heat_map_and_the_other_measure_are_shown_without_changing_a_value():
    at = switch(at_link(), "view", "Heat map")
    at = switch(at, "measure", "incurred")
    assert claims(at) == DEFAULT
    at = switch(at, "view", "Grid")
    assert claims(at) == DEFAULT


def paste(at, text, **choices):
    for name, value in choices.items():
        at.segmented_control(key(name.replace("_", "."))).set_value(value)
    return shown(at.text_area(key("paste")).set_value(text).run())


def test_a_pasted_triangle_replaces_the_measure_that_is_shown_and_keeps_what_still_fits():
    at = paste(at_link(), "\t12\t24\t36\n2019\t1\t2\t3\n2020\t4\t5\n2021\t6")
    at = shown(at.button(key("use")).click().run())
    assert claims(at)["measures"]["paid"] == [[1.0, 2.0, 3.0], [4.0, 5.0, None], [6.0, None, None]]
    assert claims(at)["measures"]["incurred"] == DEFAULT["measures"]["incurred"]
    assert claims(at)["measures"]["premium"] == DEFAULT["measures"]["premium"]
    assert not at.text_area(key("paste")).value


def test_measures_of_other_origins_are_left_out_and_named():
    at = paste(at_link(), "origin,development,amount\n2018Q1,3,5\n2018Q1,6,7\n2018Q2,3,4")
    at = shown(at.button(key("use")).click().run())
    assert claims(at)["grain"] == {"origin": "quarter", "development": "quarter"}
    assert list(claims(at)["measures"]) == ["paid"]
    assert any("Left out, because origins or developments differ: Incurred, Premium" in m.value for m in at.markdown)
    labels = [b.label for b in at.get("download_button")]
    assert labels == ["CSV", "CSV, wide", "CSV for Excel"]  # in the form in which it came first


def test_pasted_increments_are_kept_as_increments_and_the_other_measure_follows():
    at = paste(at_link(), "\t12\t24\t36\n2019\t1\t2\t3\n2020\t4\t5\n2021\t6", paste_form="Incremental")
    at = shown(at.button(key("use")).click().run())
    assert claims(at)["cumulative"] is False
    assert claims(at)["measures"]["paid"][0] == [1.0, 2.0, 3.0]
    assert claims(at)["measures"]["incurred"][0] == [140.0, 25.0, 0.0]


def test_a_text_that_does_not_fit_names_its_cells_and_replaces_nothing():
    at = paste(at_link(), "\t12\t24\n2019\tx\t2\n2020\t4\t5\t6")
    assert at.button(key("use")).disabled
    told = " ".join(m.value for m in at.markdown)
    assert "line 2, column '12': 'x' is not a number" in told
    assert "line 3: '6' is in a column without a head" in told
    assert claims(at) == DEFAULT


def test_periods_and_developments_can_be_changed():
    at = shown(at_link().number_input(key("developments")).set_value(5).run())
    assert claims(at)["developments"] == [12, 24, 36, 48, 60]
    assert claims(at)["measures"]["paid"][0] == [100.0, 150.0, 160.0, None, None]
    at = shown(at.number_input(key("developments")).set_value(3).run())
    assert claims(at)["developments"] == [12, 24, 36]
    at = shown(at.selectbox(key("grain.development")).set_value(1).run())
    assert claims(at)["grain"] == {"origin": "year", "development": "half-year"}


def test_a_link_opens_the_form_with_its_triangle():
    changed = {**DEFAULT, "origins": ["A", "B", "C"]}
    text = links.encode(MANIFEST, {"claims": changed})["claims"]
    at = at_link(claims=text)
    assert claims(at) == changed
    assert at.session_state["draft"].query["claims"] == text


OLD = [{"origin": "2019", "d1": 100, "d2": 150}, {"origin": "2020", "d1": 110}]


def test_a_link_of_an_earlier_version_opens_with_its_rows_and_what_its_amounts_were():
    at = at_link(claims=json.dumps(OLD), amounts="incremental")
    assert claims(at)["measures"] == {"paid": [[100, 150], [110, None]]}
    assert claims(at)["cumulative"] is False
    assert at.session_state["draft"].problems == []
    assert not at.warning


def test_a_link_that_names_a_former_input_beside_todays_triangle_says_so():
    at = at_link(claims=json.dumps({**DEFAULT, "origins": ["A", "B", "C"]}), amounts="incremental")
    assert claims(at)["cumulative"] is True
    assert "The link names amounts: the model has no such input" in at.warning[0].value


def test_the_inputs_of_a_stored_run_of_an_earlier_version_open():
    at = AppTest.from_file(SCRIPT, default_timeout=200)
    at.session_state["start"] = {"claims": OLD, "amounts": "incremental", "age": 50}
    at = shown(at.run())
    assert claims(at)["origins"] == ["2019", "2020"]
    assert claims(at)["cumulative"] is False
    assert at.session_state["draft"].values["age"] == 50
    assert not at.warning


def test_a_triangle_that_does_not_fit_is_named_by_its_labels():
    wrong = {**DEFAULT, "measures": {"paid": [[100, None, 160], [110, "x", None], [120, None, None]]}}
    at = at_link(claims=json.dumps(wrong))
    told = " ".join(m.value for m in at.markdown)
    assert "2019, development 24, Paid: the cell is empty between filled ones" in told
    assert "2020, development 24, Paid: 'x' is not a number" in told


def test_a_value_that_is_no_triangle_leaves_the_form_usable():
    at = at_link(claims='"abc"')
    assert [p.message for p in at.session_state["draft"].problems] == ["'abc' is not a triangle"]
    at = paste(at, "\t1\t2\n2019\t1\t2\n2020\t4")
    at = shown(at.button(key("use")).click().run())
    assert at.session_state["draft"].problems == []
    assert claims(at)["origins"] == ["2019", "2020"]


def test_the_json_view_shows_a_row_of_amounts_a_line_and_takes_them_back():
    at = at_link()
    at = shown(at.segmented_control("form:view").set_value("JSON").run())
    text = at.code[0].value
    assert "        [100.0, 150.0, 160.0],\n" in text
    assert json.loads(text)["claims"] == DEFAULT
    at = shown(at.toggle("form:json.edit").set_value(True).run())
    at = shown(at.text_area("form:json.text").set_value(json.dumps({"claims": OLD, "amounts": "incremental"})).run())
    at = shown(at.button("form:json.apply").click().run())
    assert claims(at)["cumulative"] is False
    assert claims(at)["origins"] == ["2019", "2020"]


# The grid's rows.


def edited(*cells, added=(), deleted=()):
    rows = {}
    for row, column, text in cells:
        rows.setdefault(row, {})[column] = text
    return {"edited_rows": rows, "added_rows": list(added), "deleted_rows": list(deleted)}


def apply(edits, measure="paid"):
    triangle = triangle_rows.shown_triangle(FIELD, DEFAULT)
    table = triangle_rows.grid_table(FIELD, triangle, measure)
    read = grid_edits.apply_edits(table, triangle_rows.to_rows(triangle), edits, ENGLISH)
    rows = [triangle_rows.complete_row(FIELD, triangle, row) for row in read.rows]
    return triangle_rows.from_rows(FIELD, triangle, rows), triangle_rows.refused_by_path(FIELD, read.refused)


def test_rows_of_a_grid_are_the_triangle_again():
    assert apply(edited())[0] == DEFAULT


def test_an_edited_cell_changes_its_measure_alone():
    found, refused = apply(edited((1, "paid.1", "1,234.5"), (0, "premium.0", "901"), (2, "origin", " 2022 ")))
    assert found["measures"]["paid"][1] == [110.0, 1234.5, None]
    assert found["measures"]["premium"] == [[901.0], [950.0], [980.0]]
    assert found["measures"]["incurred"] == DEFAULT["measures"]["incurred"]
    assert found["origins"] == ["2019", "2020", "2022"]
    assert not refused


def test_rows_that_are_deleted_and_added_keep_the_other_measures_with_theirs():
    found, _ = apply(edited(added=[{"origin": "2022", "paid.0": "5"}], deleted=[0]))
    assert found["origins"] == ["2020", "2021", "2022"]
    assert found["measures"]["paid"] == [[110.0, 170.0, None], [120.0, None, None], [5.0, None, None]]
    assert found["measures"]["incurred"] == [[160.0, 180.0, None], [150.0, None, None], [None, None, None]]


def test_a_text_that_is_no_number_is_refused_at_its_cell():
    found, refused = apply(edited((0, "incurred.2", "about 5")), measure="incurred")
    assert found == DEFAULT
    (text,) = refused.values()
    assert isinstance(text, RefusedText)
    assert text.problem.where == "inputs.claims.measures.incurred[0][2]"
    assert triangle_rows.cell_at(DEFAULT, (0, "incurred.2")) == 165.0
    assert triangle_rows.cell_at(DEFAULT, (0, "origin")) == "2019"
    assert cell_place_text(FIELD, text.problem, DEFAULT) == "2019, development 36, Incurred: "
    assert cell_place_text(FIELD, Problem("inputs.claims", "x", "y"), DEFAULT) == ""


def test_developments_are_added_at_the_same_distance():
    assert triangle_rows.with_developments(FIELD, DEFAULT, 4)["developments"] == [12, 24, 36, 48]
    single = {**DEFAULT, "developments": [3]}
    assert triangle_rows.with_developments(FIELD, single, 3)["developments"] == [3, 6, 9]


@pytest.mark.parametrize(
    ("grain", "developments", "expected"),
    [
        ({"origin": "year", "development": "quarter"}, [3, 6], "ages in months, by year and quarter, cumulative"),
        ({"origin": "month", "development": "month"}, [1, 2], "1 origin by 2 developments, by month, cumulative"),
        ({"origin": "year", "development": "year"}, [1], "1 origin by 1 development, by year, cumulative"),
    ],
)
def test_the_size_is_said_in_words(grain, developments, expected):
    value = {**DEFAULT, "origins": ["x"], "developments": developments, "grain": grain}
    assert size_text(value).endswith(expected)
