"""What the widgets rest on: slider positions, grid edits, the grid as CSV, words told apart."""

from functools import partial

import pytest

from contract.number_format import NumberFormat
from contract.table_rows import rows_from_csv
from tests.ui.form.fields import make_field
from ui.form.inputs import choices, numbers, table
from ui.form.inputs.binding import escape_markdown, format_value
from ui.form.inputs.grid_edits import apply_edits

field = partial(make_field, "x")
TABLE = field(
    type="table",
    label="T",
    columns={
        "year": {"type": "integer", "min": 1990, "max": 2030},
        "paid": {"type": "number"},
        "text": {"type": "text", "required": False},
        "on": {"type": "date", "required": False},
    },
)
ENGLISH, GERMAN = NumberFormat.from_languages("en-US"), NumberFormat.from_languages("de-DE")
ROWS = [
    {"year": 2020, "paid": 0.1, "text": "a", "on": "2020-01-31"},
    {"year": 2021, "paid": -2.0, "text": None, "on": None},
    {"year": 2022, "paid": 3.0, "text": "c", "on": None},
]


@pytest.mark.parametrize(
    ("raw", "value", "place"),
    [
        ({"max": 1, "step": 0.1}, 0.30000000000000004, 0.3),
        ({"max": 1, "step": 0.1}, 0.25, 0.3),
        ({"min": 5, "max": 95, "step": 10}, 24, 25),
        ({"min": 5, "max": 95, "step": 10}, 1e9, 95),
        ({"min": 0, "max": 10, "step": 3}, 10, 10),
        ({"min": 0, "max": 10, "step": 3}, 9.4, 9),
        ({"min": -1, "max": 1, "step": 0.25}, -0.9, -1.0),
    ],
)
def test_a_slider_position_is_the_nearest_on_its_steps_in_decimal_arithmetic(raw, value, place):
    assert numbers.snap_to_step(field(type="number", **raw), value) == place


def test_a_slider_whose_default_lies_between_its_steps_moves_more_finely():
    fine = field(type="number", min=0, max=1, default=0.25)
    assert float(numbers.slider_step(fine)) == 0.01
    assert numbers.snap_to_step(fine, 0.25) == 0.25


def test_a_number_with_equal_ends_or_a_box_of_its_own_has_no_slider():
    assert not numbers.has_slider(field(type="number", min=3, max=3))
    assert not numbers.has_slider(field(type="number", widget="number"))
    assert not numbers.has_slider(field(type="integer", min=0, max=2**60))
    assert numbers.has_slider(field(type="number"))


def test_log_positions_run_from_end_to_end_on_the_grid():
    places = numbers.log_positions(field(type="integer", min=1, max=5000, scale="log", default=7))
    assert (places[0], places[-1]) == (1, 5000)
    assert 7 in places
    assert all(type(p) is int for p in places)
    assert list(places) == sorted(set(places))
    assert numbers.nearest_position(places, 10**9) == 5000


def test_years_take_no_thousands_separator_and_amounts_do():
    assert format_value(2020, ENGLISH, TABLE.columns["year"]) == "2020"
    assert format_value(2020, ENGLISH, field(type="integer", max=5000)) == "2,020"
    assert format_value(1234567.25, ENGLISH) == "1,234,567.25"


def test_grid_edits_change_cells_then_delete_then_add():
    edits = {
        "edited_rows": {"0": {"paid": 9}, "1": {"text": "b"}},
        "deleted_rows": [1],
        "added_rows": [{"year": 2023}],
    }
    assert apply_edits(TABLE, ROWS, edits, ENGLISH).rows == [
        {**ROWS[0], "paid": 9},
        ROWS[2],
        {"year": 2023, "paid": None, "text": None, "on": None},
    ]
    assert ROWS[0]["paid"] == 0.1


def test_grid_edits_of_rows_and_columns_that_are_not_there_are_passed_over():
    edits = {"edited_rows": {"7": {"paid": 9}, "0": {"_index": 3, "more": 1}}, "added_rows": [{"more": 1}]}
    narrow = field(type="table", label="T", columns={"year": {"type": "integer"}})
    assert apply_edits(narrow, [{"year": 1}], edits, ENGLISH).rows == [{"year": 1}, {"year": None}]


def test_the_grid_as_csv_reads_back_as_the_same_rows():
    rows, problems = rows_from_csv(TABLE, table.to_csv(TABLE, ROWS).decode())
    assert (rows, problems) == (ROWS, [])


def test_a_text_that_is_a_formula_is_guarded_in_csv_and_a_negative_number_is_not():
    text = table.to_csv(TABLE, [{"year": 2020, "paid": -2.0, "text": "=1+1"}]).decode()
    assert text.splitlines()[1] == "2020,-2.0,'=1+1,"


def test_cells_that_do_not_fit_are_shown_as_they_are():
    shown = table.to_dataframe(TABLE, [{"year": "x", "paid": True, "text": 3, "on": "soon"}], ENGLISH)
    assert shown.to_numpy().tolist() == [["x", "True", "3", "soon"]]


def test_options_that_are_equal_to_python_are_told_apart():
    mixed = field(type="select", label="S", options=[1, True, "1"])
    assert [choices.option_index(mixed, v) for v in (1, True, "1", 2)] == [0, 1, 2, None]
    assert len(set(choices.option_labels(mixed))) == 3


def test_a_long_table_is_checked_again_only_when_its_rows_change(monkeypatch):
    from contract.manifest import parse as check_manifest
    from ui.form import form

    columns = {"year": {"type": "integer", "min": 1990, "max": 2030}}
    model = check_manifest({"name": "M", "inputs": {"t": {"type": "table", "columns": columns}, "age": {}}})
    rows = [{"year": 2000} for _ in range(form.LONG_TABLE)] + [{"year": 1066}]
    lengths, real = [], form.checks.find_problems
    monkeypatch.setattr(
        form.checks,
        "find_problems",
        lambda m, v, **more: lengths.append(len(v["t"])) or real(m, v, **more),
    )
    memory = {}
    for values in ({"t": rows, "age": 1}, {"t": rows, "age": 2}, {"t": list(rows), "age": 999}):
        found = form.find_form_problems(model, values, {}, memory)
        assert f"inputs.t[{form.LONG_TABLE}].year" in [p.where for p in found]
    assert "inputs.age" in [p.where for p in found]
    assert lengths == [len(rows), 0, 0, len(rows), 0]


def test_a_label_with_signs_of_markdown_stands_as_it_was_written():
    assert escape_markdown("l_x [$] *a*") == r"l\_x \[\$\] \*a\*"
