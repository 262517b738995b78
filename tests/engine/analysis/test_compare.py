"""What a comparison says of inputs, figures and tables; nothing here needs a database."""

import uuid
from datetime import UTC, datetime

import pytest

from contract.manifest import parse
from contract.result import Column, parse_result
from contract.run import Run, Status
from engine.analysis.compare import ComparedRun, compare, named_series
from engine.analysis.table_difference import compare_tables

MANIFEST = {
    "name": "M",
    "inputs": {
        "age": {"type": "number", "label": "Age", "unit": "years", "max": 120},
        "law": {"type": "select", "label": "Law", "options": ["A", "B"]},
        "rows": {"type": "table", "label": "Rows", "columns": {"paid": {"type": "number"}}, "default": []},
    },
}


def run(inputs, doc, manifest=MANIFEST, version="v1", status=Status.SUCCESS):
    found = Run(
        uuid.uuid4(), 1, "m", manifest["name"], version, status, inputs, 1, "ada", datetime(2026, 1, 1, tzinfo=UTC)
    )
    return ComparedRun(found, parse(manifest), parse_result(doc))


def test_inputs_that_differ_come_first_and_a_table_says_how_it_differs():
    one = run({"age": 45, "law": "A", "rows": [{"paid": 1}, {"paid": 2}]}, {})
    two = run({"age": 45.0, "law": "A", "rows": [{"paid": 1}, {"paid": 3}]}, {})
    found = compare([one, two], 0)
    assert [(row.key, row.differs) for row in found.inputs] == [("rows", True), ("age", False), ("law", False)]
    assert found.inputs[0].texts == ("2 rows", "1 of 2 rows changed")
    assert [row.texts for row in found.equal] == [("45 years", "45 years"), ("A", "A")]


def test_an_input_that_another_version_lacks_differs_and_has_no_text_there():
    newer = {**MANIFEST, "inputs": {**MANIFEST["inputs"], "shock": {"type": "number", "label": "Shock"}}}
    one, two = (
        run({"age": 1, "law": "A", "rows": []}, {}),
        run({"age": 1, "law": "A", "rows": [], "shock": 5}, {}, newer, "v2"),
    )
    [row] = compare([one, two], 0).differing
    assert (row.key, row.texts) == ("shock", (None, "5"))
    assert "2 versions" in compare([one, two], 0).notes[0]


def test_figures_have_differences_from_the_baseline_absolute_and_relative():
    docs = [{"Total": 100, "Basis": "x", "Zero": 0}, {"Total": {"value": 150, "unit": "EUR"}, "Basis": "y", "Zero": 2}]
    found = compare([run({}, {"summary": doc}) for doc in [*docs, {"Other": 1}]], 0)
    rows = {row.label: row for row in found.figures}
    assert rows["Total"].differences == (0, 50, None)
    assert rows["Total"].relative == (0, 0.5, None)
    assert rows["Basis"].differences == (None, None, None)
    assert rows["Basis"].differs
    assert rows["Zero"].differences == (0, 2, None)
    assert rows["Zero"].relative == (None, None, None)
    assert rows["Other"].values == (None, None, 1)
    reverse = compare([run({}, {"summary": doc}) for doc in docs], 1)
    assert {row.label: row.relative for row in reverse.figures}["Total"] == pytest.approx((-1 / 3, 0))


def test_series_of_one_name_are_put_together_the_baselines_first():
    docs = [{"series": {"Paid": [{"x": 1, "y": n}]}} for n in (1, 2)] + [{"series": {"Other": [{"x": 1, "y": 9}]}}]
    found = compare([run({}, doc) for doc in docs], 1)
    assert [(group.name, [place for place, _ in group.lines]) for group in found.series] == [
        ("Paid", [1, 0]),
        ("Other", [2]),
    ]
    lines = named_series(found.series[0], ["a", "b", "c"], 1)
    assert [(line.name, list(line.y)) for line in lines] == [("b", [2])]


def test_a_run_without_success_is_said():
    found = compare([run({}, {}), run({}, {}, status=Status.FAILED)], 0)
    assert found.runs[1].name in found.notes[0]


def difference(before, now, rows=0):
    def columns(data):
        return [Column(key, key.title()) for key in data]

    return compare_tables("Table", columns(before), before, columns(now), now, rows)


def test_rows_are_matched_by_the_column_that_names_them():
    found = difference({"year": [2001, 2002, 2003], "paid": [1, 2, 3]}, {"year": [2002, 2003, 2004], "paid": [2, 5, 6]})
    assert found.key.key == "year"
    assert found.names == ("2001", "2002", "2003", "2004")
    assert [row[0].difference for row in found.cells] == [None, 0, 2, None]
    assert (found.changed, found.added, found.removed) == (3, 1, 1)


def test_rows_without_names_are_matched_by_place():
    found = difference({"law": ["A", "A"], "paid": [1, 2.0]}, {"law": ["A", "B"], "paid": [1, 2], "new": [0, 0]})
    assert found.key is None
    assert [cell.differs for row in found.cells for cell in row] == [False, False, True, False]
    assert found.only_now == ("New",)


def test_a_text_and_a_missing_cell_have_no_difference_in_numbers():
    found = difference({"paid": [1, None, True]}, {"paid": ["x", 0, 1]})
    assert [(c.differs, c.difference) for row in found.cells for c in row] == [(True, None)] * 3


def test_a_table_that_was_cut_says_how_many_rows_there_are():
    assert difference({"a": [1, 1]}, {"a": [1, 1]}, 5_000).rows == 5_000
    assert difference({"a": []}, {"a": []}).cells == ()
