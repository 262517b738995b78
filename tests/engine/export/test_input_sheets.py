"""Inputs in a workbook: what is written is read back equal, and what does not fit is refused at its cell."""

import io
import json
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from contract import inputs as contract_inputs
from contract.errors import InputError
from contract.input_sheets import LONGEST_CELL
from contract.input_workbook import has_inputs_sheet, read_input_workbook
from contract.manifest import parse
from contract.number_format import NumberFormat
from engine.analysis.sweep import read_scenarios
from engine.export.workbook import Book

ROOT = Path(__file__).resolve().parents[3]
FORMATS = (NumberFormat(), NumberFormat.from_languages("de-CH"), NumberFormat.from_languages("fr-FR"))
MANIFEST = parse(
    {
        "name": "Probe",
        "inputs": {
            "age": {"type": "integer", "label": "Age", "min": -(10**15), "max": 10**15, "default": 40},
            "rate": {"type": "number", "label": "Rate", "unit": "%", "min": -1e300, "max": 1e300, "step": 0.1, "default": 0.55},
            "span": {"type": "range", "label": "Span", "min": -1e6, "max": 1e6, "step": 0.1, "default": [0.55, 1.55]},
            "smoker": {"type": "boolean", "label": "Smoker", "default": False},
            "kind": {"type": "select", "label": "Kind", "options": ["1", 2, {"value": "a b ", "label": "1"}, "null"], "default": "1"},
            "some": {"type": "multiselect", "label": "Some", "options": ["x", "y, z", "[", 3], "default": []},
            "note": {"type": "text", "label": "Note", "max_length": 100_000, "required": False},
            "day": {"type": "date", "label": "Day", "min": "1700-01-01", "max": "9000-12-31", "default": "2026-06-30"},
            "flows": {
                "type": "table",
                "label": "Cash/flows: *yearly* and with a very long name indeed",
                "columns": {
                    "t": {"type": "number", "label": "Time", "min": -1e9, "max": 1e9, "required": False},
                    "name": {"type": "text", "label": "name of it", "required": False},
                    "on": {"type": "date", "label": "On", "required": False},
                    "paid": {"type": "boolean", "label": "T", "required": False},
                    "of": {"type": "select", "label": "Of", "options": ["a", "1", 1.5], "required": False},
                },
                "default": [],
                "required": False,
            },
            "claims": {
                "type": "triangle",
                "label": "Claims",
                "measures": {
                    "paid": {"label": "Paid", "min": -1e12, "max": 1e12},
                    "premium": {"label": "Premium", "per": "origin", "required": False, "max": 1e12},
                },
                "required": False,
            },
        },
    }
)  # fmt: skip
TEXTS = st.text(max_size=30).filter(lambda t: "\0" not in t) | st.sampled_from(
    [
        "null",
        '"',
        '"x"',
        "sheet: Input",
        " x",
        "x ",
        "=1+1",
        "'1",
        "1,5",
        "12 %",
        "_x0041_",
        "a\r\nb",
        "a\nb",
        "#N/A",
        "true",
    ]
)
FLOATS = st.floats(-1e9, 1e9, allow_nan=False)
DAYS = st.dates().filter(lambda d: 1700 <= d.year <= 9000).map(str)


@st.composite
def triangles(draw):
    m, n = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    amounts = st.floats(0, 1e9, allow_nan=False)
    reach = sorted((draw(st.integers(1, n)) for _ in range(m)), reverse=True)
    reach[0] = n
    measures = {"paid": [[draw(amounts) for _ in range(k)] + [None] * (n - k) for k in reach]}
    if draw(st.booleans()):
        measures["premium"] = [[draw(amounts)] for _ in range(m)]
    labels = st.text(st.characters(codec="utf-8", categories=("L", "N", "P")), min_size=1, max_size=8)
    origins = [str(2000 + i) for i in range(m)]
    if draw(st.booleans()):
        origins = draw(st.lists(labels, min_size=m, max_size=m, unique=True))
    return {
        "origins": origins,
        "developments": [12 * (j + 1) for j in range(n)],
        "measures": measures,
        "grain": {"origin": "year", "development": "year"},
        "cumulative": draw(st.booleans()),
    }


@st.composite
def sets(draw):
    number = st.floats(-1e300, 1e300, allow_nan=False)
    cells = {
        "t": FLOATS,
        "name": TEXTS,
        "on": DAYS,
        "paid": st.booleans(),
        "of": st.sampled_from(["a", "1", 1.5]),
    }
    rows = st.lists(st.fixed_dictionaries({k: st.none() | v for k, v in cells.items()}), max_size=4)
    given_ = {
        "age": st.integers(-(10**15), 10**15),
        "rate": number,
        "span": st.lists(FLOATS.map(lambda v: v / 1e3), min_size=2, max_size=2).map(sorted),
        "smoker": st.booleans(),
        "kind": st.sampled_from(["1", 2, "a b ", "null"]),
        "some": st.lists(st.sampled_from(["x", "y, z", "[", 3]), unique=True),
        "note": TEXTS,
        "day": DAYS,
        "flows": rows,
        "claims": triangles(),
    }
    return draw(st.fixed_dictionaries({}, optional=given_))


def workbook(manifest, runs):
    book = Book()
    tables = book.add_inputs(manifest.inputs, runs)
    book.add_sheet("Results", [["Input", "Value"], ["age", 1]])
    book.add_input_tables(tables)
    out = io.BytesIO()
    book.workbook.save(out)
    return out.getvalue()


def fitting(manifest, values):
    try:
        return contract_inputs.validate(manifest, values)
    except InputError:
        return None


LONG = {"note": "x" * 70_000, "flows": [{"t": None, "name": None, "on": None, "paid": None, "of": None}] * 2}


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(sets(), min_size=1, max_size=3), st.sampled_from(FORMATS))
@example([LONG, {"note": "\x01 \U0001f600 ," * 9_000}, {}], FORMATS[1])
@example([{"rate": 0.1 + 0.2, "day": "1899-12-31"}, {"age": 1234, "rate": 1.234, "note": "1.234"}], FORMATS[1])
def test_what_is_written_is_read_back_equal(given_, number_format):
    runs = [contract_inputs.validate(MANIFEST, values) for values in given_]
    content = workbook(MANIFEST, runs)
    assert has_inputs_sheet(content)
    found = read_input_workbook(MANIFEST, content, number_format)
    assert (found.problems, found.notes) == ([], [])
    for run, row in zip(runs, found.rows, strict=True):
        # None is what is not given; nothing may be left to the form that opens it.
        assert {key: value for key, value in row.items() if value is not None} == run
        assert set(row) == set(MANIFEST.inputs)
        assert repr(contract_inputs.validate(MANIFEST, row)) == repr(run)


@pytest.mark.parametrize("folder", sorted((ROOT / "functions").iterdir()), ids=lambda f: f.name)
def test_the_presets_of_every_model_are_read_back_equal(folder):
    if not (folder / "manifest.json").exists():
        pytest.skip("no model")
    from registry.model_files import read_folder
    from registry.validation import validate_model

    checked = validate_model(read_folder(folder))
    manifest = checked.manifest
    runs = [run for values in [manifest.initial_values, *(case.inputs for case in checked.cases)]
            if (run := fitting(manifest, values)) is not None][:6]  # fmt: skip
    assert runs
    found = read_input_workbook(manifest, workbook(manifest, runs), NumberFormat())
    assert found.problems == []
    assert [contract_inputs.validate(manifest, row) for row in found.rows] == runs


def edited(change, runs=({},)):
    """Return the workbook of runs as a person saved it after a change."""
    made = [contract_inputs.validate(MANIFEST, values) for values in runs]
    book = openpyxl.load_workbook(io.BytesIO(workbook(MANIFEST, made)))
    change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


FLOWS = [{"t": 1.5, "name": "a", "on": "2026-12-31", "paid": True, "of": "a"}]


def test_what_a_person_changed_is_read_as_a_pasted_table_is():
    def change(book):
        sheet = book["Inputs"]
        sheet["A2"], sheet["B2"], sheet["D2"], sheet["E2"] = "1 234", 0.025, "yes", "a b "
        sheet["B2"].number_format = "0.0%"
        sheet["G2"], sheet["H2"], sheet["C2"] = 12, "31.12.2026", "1.5, 2"
        sheet.append([41])
        book[sheet["I2"].value.removeprefix("sheet: ")].append([2, "b"])

    rows, _ = read_scenarios(MANIFEST, edited(change, [{"flows": FLOWS}]), NumberFormat.from_languages("de-CH"))
    assert rows[0]["age"] == 1234
    assert rows[0]["rate"] == 2.5
    assert (rows[0]["smoker"], rows[0]["kind"], rows[0]["note"], rows[0]["day"]) == (True, "a b ", "12", "2026-12-31")
    assert rows[0]["span"] == [1.5, 2]
    assert [row["t"] for row in rows[0]["flows"]] == [1.5, 2]
    assert rows[1] == {"age": 41}


def test_everything_that_does_not_fit_is_refused_at_its_cell():
    def change(book):
        sheet = book["Inputs"]
        sheet["A2"], sheet["B2"], sheet["C2"], sheet["D2"], sheet["E2"] = "old", 2e300, "1", "maybe", "z"
        sheet["F2"], sheet["H2"], sheet["K1"], sheet["L2"] = "[", "31.31.2026", "colour", 5
        sheet["J2"] = "sheet: Nowhere"
        table = book[sheet["I2"].value.removeprefix("sheet: ")]
        table["A2"], table["C2"], table["E3"], table["H2"] = "x", "never", "q", 1

    with pytest.raises(InputError) as refused:
        read_scenarios(MANIFEST, edited(change, [{"flows": FLOWS}]), NumberFormat())
    places = {p.where for p in refused.value.problems}
    own = {f"sheet 'Inputs', cell {cell}" for cell in ("A2", "B2", "C2", "D2", "E2", "F2", "H2", "J2", "K1", "L2")}
    assert own <= places
    others = {where.split("cell ")[-1] for where in places - own}
    assert others == {"A2", "C2", "E3", "H2"}


def test_a_triangle_that_was_changed_is_read_or_refused_at_its_cell():
    triangle = {
        "origins": ["2024", "2025"],
        "developments": [12, 24],
        "measures": {"paid": [[1.0, 2.0], [3.0, None]], "premium": [[10.0], [11.0]]},
        "grain": {"origin": "year", "development": "year"},
        "cumulative": True,
    }

    def change(book):
        book["Input Claims"]["D3"] = 4.5

    rows, _ = read_scenarios(MANIFEST, edited(change, [{"claims": triangle}]), NumberFormat())
    assert rows[0]["claims"]["measures"]["paid"] == [[1.0, 2.0], [3.0, 4.5]]

    def spoil(book):
        sheet = book["Input Claims"]
        sheet["C2"], sheet["A3"], sheet["D1"], sheet["D4"], sheet["B5"] = "much", "Lost", "late", 5, None

    with pytest.raises(InputError) as refused:
        read_scenarios(MANIFEST, edited(spoil, [{"claims": triangle}]), NumberFormat())
    places = [p.where.split(", ")[-1] for p in refused.value.problems]
    assert set(places) >= {"cell C2", "cell A3", "cell D1", "cell D4", "cell B5"}


def test_a_long_value_needs_no_cell_that_is_longer_than_excel_takes():
    content = workbook(MANIFEST, [contract_inputs.validate(MANIFEST, {"note": "ä" * 99_000})])
    book = openpyxl.load_workbook(io.BytesIO(content))
    lengths = [len(cell.value) for sheet in book for row in sheet for cell in row if isinstance(cell.value, str)]
    assert max(lengths) <= LONGEST_CELL
    assert (
        json.loads(json.dumps(read_input_workbook(MANIFEST, content, NumberFormat()).rows[0]["note"])) == "ä" * 99_000
    )


def test_another_workbook_is_a_table_and_a_damaged_one_is_refused():
    book = openpyxl.Workbook()
    book.active.append(["Age", "Rate"])
    book.active.append([50, 2])
    out = io.BytesIO()
    book.save(out)
    assert not has_inputs_sheet(out.getvalue())
    assert read_scenarios(MANIFEST, out.getvalue(), NumberFormat())[0] == [{"age": 50, "rate": 2.0}]
    damaged = workbook(MANIFEST, [contract_inputs.validate(MANIFEST, {})])[:-200]
    assert not has_inputs_sheet(damaged)
    with pytest.raises(InputError, match="damaged"):
        read_scenarios(MANIFEST, damaged, NumberFormat())
