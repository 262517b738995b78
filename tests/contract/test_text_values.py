import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract import field_parser
from contract.errors import TextError
from contract.table_rows import rows_from_csv
from contract.text_values import format_value, parse_value


def field(**raw):
    problems = []
    built = field_parser.parse_field("x", raw, "inputs.x", problems, [])
    assert not problems
    return built


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_written_into_a_link_is_read_back_to_the_last_bit(value):
    f = field(type="number", min=0, max=1, step=0.1)
    assert parse_value(f, format_value(f, value)) == value


def test_a_link_comes_back_as_it_was_where_a_whole_figure_is_held_as_a_float():
    f = field(type="number", min=0, max=9, step=0.5, default=1)
    assert format_value(f, parse_value(f, "1")) == "1"


@given(st.lists(st.sampled_from(["a", "b,c", 1, 2.5, True]), unique_by=repr, max_size=5))
def test_a_multiselect_comes_back_with_values_of_their_own_type(chosen):
    f = field(type="multiselect", options=["a", "b,c", 2, 2.5])
    chosen = [c for c in chosen if c in ["a", "b,c", 2.5]]
    assert parse_value(f, format_value(f, chosen)) == chosen


@given(st.text(max_size=50))
def test_text_stays_as_it_is(text):
    f = field(type="text")
    assert parse_value(f, format_value(f, text)) == text


@pytest.mark.parametrize("text", ["2,5", "1,234,567", "1 234", "12'500", "1_000", "0,125", "٤٥", "0x10", "1.2.3", ""])
def test_a_number_in_a_link_has_one_form_and_any_other_is_refused(text):
    with pytest.raises(TextError, match="number"):
        parse_value(field(type="number", max=10**9), text)


@pytest.mark.parametrize(("text", "value"), [("45", 45), ("+4.5", 4.5), (".5", 0.5), ("1e-05", 1e-05), ("2E3", 2000)])
def test_a_number_in_a_link_is_read_as_json_and_python_write_it(text, value):
    assert parse_value(field(type="number", max=10**9, default=0.5), text) == value


@pytest.mark.parametrize(
    ("raw", "text", "words"),
    [
        ({"type": "number"}, "old", "a whole number"),
        ({"type": "number"}, "nan", "a finite number"),
        ({"type": "integer"}, "1.5", "a whole number"),
        ({"type": "boolean"}, "maybe", "true or false"),
        ({"type": "select", "options": ["a", "b"]}, "c", "one of a, b"),
        ({"type": "range"}, "5", "two numbers"),
    ],
)
def test_what_does_not_fit_says_what_was_expected_and_is_never_a_default(raw, text, words):
    with pytest.raises(TextError, match=words):
        parse_value(field(**raw), text)


TABLE = {
    "type": "table",
    "columns": {
        "year": {"type": "integer", "label": "Accident year"},
        "paid": {"type": "number", "unit": "EUR", "required": False},
    },
}


def test_a_pasted_range_is_read_by_its_headings_in_any_order():
    rows, problems = rows_from_csv(field(**TABLE), "Paid (EUR)\tAccident year\n1,200.5\t2001\n\t2002\n")
    assert rows == [{"year": 2001, "paid": 1200.5}, {"year": 2002, "paid": None}]
    assert not problems


def test_cells_without_headings_are_taken_by_position():
    rows, problems = rows_from_csv(field(**TABLE), "2001;5.5\n2002;6")
    assert rows == [{"year": 2001, "paid": 5.5}, {"year": 2002, "paid": 6.0}]
    assert not problems


def test_each_cell_that_does_not_fit_is_named_by_line_and_column():
    _, problems = rows_from_csv(field(**TABLE), "year,paid\n2001,x\nlast,5\n")
    assert [p.where for p in problems] == [
        "line 2, column 'paid'".replace("'paid'", "'Paid'"),
        "line 3, column 'Accident year'",
    ]
