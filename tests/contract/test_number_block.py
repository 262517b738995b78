"""A block of numbers is read as a whole: one decimal mark holds for all of its cells."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.number_block import read_block
from contract.number_format import NumberFormat, format_number
from contract.problems import Problem
from contract.reading import Reading

EN, DE, CH = (NumberFormat.from_languages(t) for t in ("en-US", "de-DE", "de-CH"))


def column(*texts, session=EN, **more):
    return [line[0] for line in read_block([[t] for t in texts], session, **more)]


def values(*texts, **more):
    return [cell and cell.value for cell in column(*texts, **more)]


@pytest.mark.parametrize("session", [EN, DE, CH], ids=lambda f: f.language)
def test_one_decimal_comma_decides_for_its_neighbours(session):
    assert values("1.234", "12,5", "7.000", session=session) == [1234, 12.5, 7000]
    assert values("1,234", "12.5", "7,000", session=session) == [1234, 12.5, 7000]


def test_a_neighbour_in_another_row_and_column_decides_too():
    found = read_block([["1.234", "2"], ["3", "0,5"]], EN)
    assert [[cell.value for cell in line] for line in found] == [[1234, 2], [3, 0.5]]


def test_repeated_thousands_separators_decide_as_well():
    assert values("1.234.567", "1.234") == [1234567, 1234]
    assert values("12,34,567", "1,234", session=DE) == [1234567, 1234]


def test_a_cell_that_was_decided_says_by_which():
    found = column("1.234", "12,5")[0]
    assert found.note == "1.234 read as 1234, because '12,5' in row 2, column 1 has a decimal comma"
    assert not found.ambiguous


def test_a_block_that_nothing_decides_is_read_by_the_session_and_flagged():
    english, german = column("1,234", "5"), column("1,234", "5", session=DE)
    assert [(c.value, c.ambiguous) for c in english] == [(1234, True), (5, False)]
    assert [(c.value, c.ambiguous) for c in german] == [(1.234, True), (5, False)]


def test_a_block_with_both_decimal_marks_is_refused_by_cell_with_both_named():
    comma, either, point, whole = column("12,5", "1.234", "12.5", "7")
    assert str(comma) == (
        "row 1, column 1: '12,5' has a decimal comma, but '12.5' in row 3, column 1 has a decimal point. "
        "Give all cells the same decimal mark."
    )
    assert str(point).startswith("row 3, column 1: '12.5' has a decimal point, but '12,5' in row 1, column 1")
    assert "'1.234' may be two numbers" in either.message
    assert "'12,5' in row 1" in either.message
    assert "'12.5' in row 3" in either.message
    assert whole.value == 7


def test_a_cell_that_cannot_be_read_is_refused_alone():
    good, bad, other = column("12,5", "1,2,3", "1.234")
    assert (good.value, other.value) == (12.5, 1234)
    assert isinstance(bad, Problem)
    assert bad.where == "row 2, column 1"


def test_empty_cells_are_none():
    assert column("", "  ", None, "\u00a0", float("nan")) == [None] * 5


def test_numbers_of_a_spreadsheet_file_are_taken_as_they_are_and_decide_nothing():
    assert values(1.234, 5, "1,234") == [1.234, 5, 1234]


def test_truth_values_and_infinities_are_refused():
    assert [str(c) for c in column(True, math.inf)] == [
        "row 1, column 1: True is not a number. Give a finite number, or leave the cell empty.",
        "row 2, column 1: inf is not a number. Give a finite number, or leave the cell empty.",
    ]


def test_each_column_has_its_own_unit():
    found = read_block([["12 %", "12 %", "12 %"]], EN, units=["%", "years"])[0]
    assert (found[0].value, found[2].value) == (12, 0.12)
    assert found[1].where == "row 1, column 2"


def test_calculations_are_worked_out_only_where_asked():
    assert isinstance(column("=1000*1,02")[0], Problem)
    assert values("=1000*1,02", "1.234", arithmetic=True) == [1020, 1234]


def test_cells_are_named_as_the_caller_names_them():
    found = column("x", place=lambda row, column: f"line {row + 2}, column {'ab'[column]!r}")[0]
    assert found.where == "line 2, column 'a'"


def test_rows_may_have_any_length():
    assert [len(line) for line in read_block([[], ["1"], ["1", "2"]], EN)] == [0, 1, 2]


NUMBERS = st.one_of(st.integers(-(10**9), 10**9), st.floats(-1e9, 1e9).map(lambda x: round(x, 3)))


@settings(deadline=None)
@given(
    numbers=st.lists(NUMBERS, min_size=1, max_size=20),
    written=st.sampled_from([EN, DE, CH]),
    session=st.sampled_from([EN, DE, CH]),
    grouping=st.booleans(),
)
def test_a_block_with_one_deciding_cell_means_the_same_in_every_session(numbers, written, session, grouping):
    texts = [format_number(n, written, grouping=grouping) for n in [*numbers, 0.5]]
    assert values(*texts, session=session) == [*numbers, 0.5]


@settings(deadline=None)
@given(st.lists(st.lists(st.text("0123456789.,-% ", max_size=8), max_size=4), max_size=6))
def test_a_block_never_mixes_decimal_marks(cells):
    found = read_block(cells, EN)
    assert [len(line) for line in found] == [len(line) for line in cells]
    pairs = [(t, c) for line, out in zip(cells, found, strict=True) for t, c in zip(line, out, strict=True)]
    read = [(t, c.value) for t, c in pairs if isinstance(c, Reading)]
    fractions = [t for t, v in read if not float(v).is_integer() and "%" not in t]
    assert not (any("," in t and "." not in t for t in fractions) and any("." in t and "," not in t for t in fractions))
