"""Tables that are pasted or loaded: every cell that does not fit is named, all at once, with what to do."""

import pytest

from contract import inputs, manifest, schema
from contract.clipboard import parse_rows
from contract.errors import InputError, ManifestError
from contract.field_parser import parse_field
from contract.number_format import NumberFormat

COLUMNS = {
    "age": {"type": "integer", "label": "Age", "min": 0, "max": 120, "increasing": True},
    "qx": {"type": "number", "label": "q(x)", "min": 0, "max": 1},
    "note": {"type": "text", "required": False},
}
TRIANGLE = {
    "origin": {"type": "integer", "label": "Origin"},
    **{f"d{j}": {"type": "number", "label": f"Year {j}", "required": False} for j in (1, 2, 3)},
}


def table(**raw):
    problems, warnings = [], []
    built = parse_field("t", {"type": "table", "columns": COLUMNS, **raw}, "inputs.t", problems, warnings)
    assert (problems, warnings) == ([], [])
    return built


def told(text, **raw):
    return [str(p) for p in parse_rows(table(**raw), text, NumberFormat()).problems]


def test_every_fault_of_a_file_is_named_by_line_and_column_at_once():
    text = "age,qx,odd\n60,0.1,x\n60,-0.1,\n\n59,abc,y,9\n130,,\n"
    assert told(text) == [
        "line 1: the table has no column 'odd'. Use age, qx, note.",
        "line 3, column 'q(x)': -0.1 is outside 0 to 1. Give a number from 0 to 1.",
        "line 3, column 'Age': 60 repeats an earlier row. Give each value once.",
        "line 5, column 'q(x)': 'abc' is not a number. Give a number such as 1234.5.",
        "line 5: '9' is beyond the last column. Give 3 cells, one for each column.",
        "line 5, column 'Age': 59 comes after 60. Put the rows in increasing order.",
        "line 6, column 'Age': 130 is outside 0 to 120. Give a whole number from 0 to 120.",
        "line 6, column 'q(x)': the cell is empty. Give a number from 0 to 1.",
    ]


def test_a_head_of_other_names_is_not_taken_for_data():
    assert told("x,y,z\n60,0.1,a\n") == [
        "line 1: it has 3 cells and names no column of the table. Start with a line of column names: age, qx, note."
    ]


def test_cells_without_a_head_are_read_as_rows():
    found = parse_rows(table(), "60\t0.1\ta\n61\t0.2\t\n", NumberFormat())
    assert found.problems == []
    assert [r["age"] for r in found.rows] == [60, 61]


def test_a_missing_column_is_told_once_and_not_for_each_row():
    assert told("age,note\n60,a\n61,b\n") == ["line 1: the column 'q(x)' is missing. Add a column headed qx."]


def test_a_duplicated_column_is_refused():
    assert told("age,qx,Age\n60,0.1,61\n") == ["line 1: the column 'Age' is duplicated. Give it once."]


def test_too_few_rows_are_told_of_the_table():
    assert told("age,qx\n60,0.1\n", min_rows=2)[0].startswith("the table: it has 1 rows.")


def test_one_slip_of_an_increasing_column_is_told_once():
    assert told("age,qx\n60,0\n16,0\n62,0\n63,0\n") == [
        "line 3, column 'Age': 16 comes after 60. Put the rows in increasing order."
    ]


def test_dates_increase_too():
    columns = {"on": {"type": "date", "increasing": True}}
    found = told("on\n2024-01-31\n2023-12-31\n", columns=columns)
    assert found == ["line 3, column 'On': '2023-12-31' comes after '2024-01-31'. Put the rows in increasing order."]


def test_rows_that_agree_in_their_keys_are_named_by_the_row_they_repeat():
    columns = {"age": {"type": "integer", "label": "Age"}, "year": {"type": "integer", "label": "Year"}}
    text = "age,year\n60,2001\n60,2002\n61,2001\n60,2001\n"
    assert told(text, columns=columns, unique=["age", "year"]) == [
        "line 5, column 'Year': row 1 of the table has the same Age and Year. Give one row for each."
    ]


def test_a_triangle_has_no_holes_and_steps_upwards():
    hole, long = told("origin,d1,d2,d3\n2001,1,,3\n2002,1,2,\n2003,1,2,3\n", columns=TRIANGLE, triangle="d1")
    assert hole == "line 2, column 'Year 2': the cell is empty between filled ones. Give the amount."
    assert long.startswith("line 4, column 'Year 3': the row reaches further than the one above.")


def test_order_and_repeats_are_checked_before_a_run_too():
    model = manifest.parse({"name": "m", "inputs": {"t": {"type": "table", "columns": COLUMNS}}})
    with pytest.raises(InputError) as caught:
        inputs.validate(model, {"t": [{"age": 60, "qx": 0}, {"age": 60, "qx": 0}]})
    assert [p.where for p in caught.value.problems] == ["inputs.t[1].age"]


def test_the_schema_carries_what_rows_owe_each_other():
    found = schema.property_schema(table(columns=TRIANGLE, unique=["origin"], triangle="d2"))
    assert found["x-unique"] == ["origin"]
    assert found["x-triangle"] == ["d2", "d3"]
    assert schema.property_schema(table())["x-increasing"] == ["age"]


def test_a_key_column_that_is_not_there_is_a_fault_of_the_manifest():
    with pytest.raises(ManifestError, match="there is no column 'agee'"):
        manifest.parse({"name": "m", "inputs": {"t": {"type": "table", "columns": COLUMNS, "unique": ["agee"]}}})


def test_a_default_out_of_order_is_a_fault_of_the_manifest():
    rows_ = [{"age": 61, "qx": 0}, {"age": 60, "qx": 0}]
    with pytest.raises(ManifestError, match="60 comes after 61"):
        manifest.parse({"name": "m", "inputs": {"t": {"type": "table", "columns": COLUMNS, "default": rows_}}})


def test_a_text_column_cannot_be_declared_increasing():
    columns = {"name": {"type": "text", "increasing": True}}
    warnings = []
    parse_field("t", {"type": "table", "columns": columns}, "inputs.t", [], warnings)
    assert warnings == ["inputs.t.columns.name.increasing is not known for a text and is ignored."]


def test_a_built_in_table_is_read_from_its_file_and_checked_like_any_rows():
    raw = {"type": "table", "columns": COLUMNS, "choices": [{"label": "A", "rows": "a.csv", "source": "S"}]}
    model = manifest.parse({"name": "m", "inputs": {"t": raw}}, {"a.csv": b"age,qx\n60,0.1\n"})
    choice = model.inputs["t"].choices[0]
    assert (choice.label, choice.source, choice.rows[0]["age"]) == ("A", "S", 60)
    assert manifest.parse(model.raw).inputs["t"].choices == model.inputs["t"].choices
    with pytest.raises(ManifestError, match=r"inputs\.t\.choices\[0\]\[1\]\.age: 59 comes after 60"):
        manifest.parse({"name": "m", "inputs": {"t": raw}}, {"a.csv": b"age,qx\n60,0.1\n59,0.1\n"})
    with pytest.raises(ManifestError, match=r"choices\[0\]: the folder has no file 'a.csv'"):
        manifest.parse({"name": "m", "inputs": {"t": raw}}, {})
