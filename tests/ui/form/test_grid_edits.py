"""Edits of a grid: what arrives together is read together, what cannot be read leaves the old value."""

from functools import partial

import pytest

from contract.number_format import NumberFormat
from tests.ui.form.fields import make_field
from ui.form.inputs.grid_edits import apply_edits, cell_text, remaining_refusals

ENGLISH, GERMAN = NumberFormat.from_languages("en-US"), NumberFormat.from_languages("de-DE")


field = partial(make_field, "t")
TABLE = field(
    type="table",
    label="T",
    columns={
        "year": {"type": "integer", "label": "Year", "min": 1990, "max": 2030},
        "paid": {"type": "number", "label": "Paid", "unit": "EUR"},
        "on": {"type": "date", "label": "On", "required": False},
    },
)
ROWS = [{"year": 2020, "paid": 1.5, "on": None}, {"year": 2021, "paid": 7.0, "on": None}]


def edited(*cells, added=(), deleted=()):
    rows = {}
    for row, key, text in cells:
        rows.setdefault(row, {})[key] = text
    return {"edited_rows": rows, "added_rows": list(added), "deleted_rows": list(deleted)}


def paid(read):
    return [row["paid"] for row in read.rows]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("123,45", 123.45), ("1.234,5", 1234.5), ("1 234,5", 1234.5), ("1\u00a0234,5", 1234.5), ("12,5", 12.5)],
)
@pytest.mark.parametrize("number_format", [ENGLISH, GERMAN], ids=lambda f: f.language)
def test_a_cell_is_what_was_written_whatever_the_language(number_format, text, expected):
    assert paid(apply_edits(TABLE, ROWS, edited((0, "paid", text)), number_format)) == [expected, 7.0]


def test_cells_that_arrive_together_decide_for_each_other():
    read = apply_edits(TABLE, ROWS, edited((0, "paid", "1.234"), (1, "paid", "12,5")), ENGLISH)
    assert paid(read) == [1234, 12.5]
    assert read.restart
    assert "because '12,5' in row 2, Paid has a decimal comma" in read.notes[0]


def test_cells_that_came_before_keep_what_they_were_read_as():
    first = apply_edits(TABLE, ROWS, edited((0, "paid", "1.234"), (1, "paid", "12,5")), ENGLISH)
    both = edited((0, "paid", "1.234"), (1, "paid", "12,5"), (0, "year", "2019"))
    second = apply_edits(TABLE, ROWS, both, ENGLISH, memory=first.memory, old_rows=first.rows)
    assert paid(second) == [1234, 12.5]
    assert second.rows[0]["year"] == 2019
    assert second.notes == []


def test_a_later_cell_is_not_read_with_earlier_ones():
    first = apply_edits(TABLE, ROWS, edited((0, "paid", "2.5")), ENGLISH)
    second = apply_edits(
        TABLE, ROWS, edited((0, "paid", "2.5"), (1, "paid", "3,5")), ENGLISH, memory=first.memory, old_rows=first.rows
    )
    assert paid(second) == [2.5, 3.5]
    assert not second.refused


def test_a_cell_that_cannot_be_read_keeps_its_old_value_and_is_named():
    first = apply_edits(TABLE, ROWS, edited((0, "paid", "2")), GERMAN)
    read = apply_edits(TABLE, ROWS, edited((0, "paid", "x")), GERMAN, memory=first.memory, old_rows=first.rows)
    assert paid(read) == [2.0, 7.0]
    assert read.restart
    (refused,) = read.refused.values()
    assert refused.text == "x"
    assert refused.problem.where == "inputs.t[0].paid"


def test_a_block_with_both_decimal_marks_is_refused_in_each_cell_and_the_rest_is_taken():
    read = apply_edits(TABLE, ROWS, edited((0, "paid", "2.5"), (1, "paid", "3,5"), (1, "year", "2019")), GERMAN)
    assert paid(read) == [1.5, 7.0]
    assert read.rows[1]["year"] == 2019
    assert set(read.refused) == {(0, "paid"), (1, "paid")}


def test_a_figure_as_the_session_writes_it_leaves_the_grid_as_it_is():
    assert not apply_edits(TABLE, ROWS, edited((0, "paid", "2,5"), (1, "year", "2019")), GERMAN).restart


@pytest.mark.parametrize("text", ["1 234,5", "=2*3", "12 EUR", "(5)"])
def test_a_figure_written_in_another_way_makes_the_grid_show_it_anew(text):
    assert apply_edits(TABLE, ROWS, edited((0, "paid", text)), GERMAN).restart


def test_a_calculation_is_worked_out_in_a_cell_of_its_own_and_refused_in_a_block():
    alone = apply_edits(TABLE, ROWS, edited((0, "paid", "=1000*1.02")), ENGLISH)
    assert paid(alone) == [1020, 7.0]
    block = apply_edits(TABLE, ROWS, edited((0, "paid", "=1000*1.02"), (1, "paid", "5")), ENGLISH)
    assert paid(block) == [1.5, 5]
    assert set(block.refused) == {(0, "paid")}


def test_dates_of_a_block_are_read_in_the_one_order_that_suits_all():
    read = apply_edits(TABLE, ROWS, edited((0, "on", "01.02.2024"), (1, "on", "2024-03-31")), GERMAN)
    assert [row["on"] for row in read.rows] == ["2024-02-01", "2024-03-31"]
    slashes = apply_edits(TABLE, ROWS, edited((0, "on", "01/02/2024"), (1, "on", "31/03/2024")), ENGLISH)
    assert [row["on"] for row in slashes.rows] == ["2024-02-01", "2024-03-31"]


def test_an_emptied_cell_is_empty_and_no_problem_of_reading():
    read = apply_edits(TABLE, ROWS, edited((0, "paid", None), (1, "paid", " ")), GERMAN)
    assert paid(read) == [None, None]
    assert not read.refused


def test_added_rows_are_read_with_the_cells_that_arrive_with_them():
    added = [{"year": "2022", "paid": "1.234"}, {"year": "2023", "paid": "12,5"}]
    assert paid(apply_edits(TABLE, ROWS, edited(added=added), ENGLISH)) == [1.5, 7.0, 1234, 12.5]


def test_deleting_an_added_row_leaves_the_values_of_those_after_it():
    added = [{"paid": "5"}, {"paid": "1.25"}]
    first = apply_edits(TABLE, ROWS, edited(added=added), ENGLISH)
    second = apply_edits(TABLE, ROWS, edited(added=added[1:]), ENGLISH, memory=first.memory, old_rows=first.rows)
    assert paid(second) == [1.5, 7.0, 1.25]


def test_a_refusal_moves_with_its_row_and_goes_with_it_or_with_the_next_text():
    read = apply_edits(TABLE, ROWS, edited((1, "paid", "x")), GERMAN)
    moved = apply_edits(TABLE, read.rows, edited(deleted=[0]), GERMAN)
    ((part, refused),) = remaining_refusals(read.refused, moved).items()
    assert (part, refused.problem.where) == ((0, "paid"), "inputs.t[0].paid")
    gone = apply_edits(TABLE, read.rows, edited(deleted=[1]), GERMAN)
    assert remaining_refusals(read.refused, gone) == {}
    better = apply_edits(TABLE, read.rows, edited((1, "paid", "5")), GERMAN)
    assert remaining_refusals(read.refused, better) == {}


def test_the_grid_shows_figures_as_the_session_writes_them():
    columns = TABLE.columns
    assert cell_text(columns["paid"], 1234567.25, GERMAN) == "1.234.567,25"
    assert cell_text(columns["paid"], 1234567.25, ENGLISH) == "1,234,567.25"
    assert cell_text(columns["year"], 2020, GERMAN) == "2020"
    assert cell_text(columns["on"], "2024-02-01", GERMAN) == "2024-02-01"
    assert cell_text(columns["paid"], None, GERMAN) is None
