"""A run as workbook, Parquet, JSON and bundle over HTTP: what is in them is the run, whole and typed."""

import io
import json
import subprocess
import sys
import uuid
import xml.etree.ElementTree as ET
import zipfile

import openpyxl
import pyarrow.parquet as pq
import pytest
from PIL import Image

from engine.runs.execute import execute

CODE = """
import random
import numpy as np

WHEEL = {"type": "sunburst", "labels": ["a"], "parents": [""]}

def run(inputs):
    rows = int(inputs["rows"])
    yield {"progress": 0.5, "summary": {"Start": 1}}
    yield {
        "summary": {
            "Loss": {"value": 1234567.891, "unit": "EUR", "format": ",.2f"},
            "Share": {"value": 0.125, "format": ".1%"},
            "Year": 2026,
            "=1+1": "=HYPERLINK(1)",
            "Drawn": random.random() + float(np.random.rand()),
        },
        "tables": {
            "By year": {"year": list(range(2000, 2000 + rows)), "paid": [i / 4 for i in range(rows)]},
            "A/B: [mixed]*?": [{"name": "=1+1", "value": 1}, {"name": "b", "value": "text"}, {"name": None, "value": 2.5}],
        },
        "series": [
            {"name": "Base", "x": list(range(rows)), "y": [i * 0.5 for i in range(rows)]},
            {"name": "Stress", "x": list(range(rows)), "y": [i * 2.0 for i in range(rows)]},
        ],
        "notes": "Two lines.\\nOf notes.",
        "charts": [
            {"kind": "bar", "title": "Paid & open", "data": {"x": ["a", "b"], "y": [1.5, 2.5]}},
            {"title": "Wheel", "data": [WHEEL], "layout": {}},
        ],
    }
"""
INPUTS = {
    "rows": {"type": "integer", "label": "Rows", "min": 1, "max": 5000, "default": 3},
    "day": {"type": "date", "label": "Valuation date", "default": "2026-06-30"},
    "cash": {
        "type": "table",
        "label": "Cash flows",
        "columns": {"t": {"type": "number", "label": "Time"}, "on": {"type": "date", "label": "On"}},
        "default": [{"t": 1.5, "on": "2026-12-31"}],
    },
}


@pytest.fixture
def finished(client, add_model, worker_context):
    def finish(**inputs):
        add_model(CODE, INPUTS)
        app_id = client.get("/apps").json()[0]["id"]
        run_id = client.post(f"/apps/{app_id}/run", json={"inputs": inputs}).json()["run_id"]
        execute(worker_context, uuid.UUID(run_id))
        return run_id

    return finish


def workbook(client, run_id):
    answer = client.get(f"/runs/{run_id}/export/xlsx")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == f'attachment; filename="probe-{run_id[-8:]}.xlsx"'
    return openpyxl.load_workbook(io.BytesIO(answer.content))


def values(sheet):
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def test_a_workbook_has_inputs_figures_tables_series_and_provenance_with_numbers_that_are_numbers(client, finished):
    run_id = finished()
    book = workbook(client, run_id)
    assert book.sheetnames == [
        "Inputs", "Results", "Input Cash flows", "By year", "A B   mixed", "Series", "Provenance",
    ]  # fmt: skip
    head, row = values(book["Inputs"])
    assert head == ["rows", "day", "cash"]
    assert (row[0], f"{row[1]:%Y-%m-%d}") == (3, "2026-06-30")
    assert row[2] == "sheet: Input Cash flows"
    figures = {r[0].value: r[1] for r in book["Results"].iter_rows(min_row=2)}
    assert (figures["Loss"].value, figures["Loss"].number_format) == (1234567.891, "#,##0.00")
    assert (figures["Share"].value, figures["Share"].number_format) == (0.125, "0.0%")
    assert (figures["Year"].value, figures["Year"].number_format) == (2026, "General")
    assert figures["Notes"].value == "Two lines.\nOf notes."
    assert values(book["By year"]) == [["year", "paid"], [2000, 0], [2001, 0.25], [2002, 0.5]]
    assert values(book["Series"])[1:] == [[0, 0, 0], [1, 0.5, 2], [2, 1, 4]]
    assert values(book["Input Cash flows"])[0] == ["Time", "On"]
    assert values(book["Input Cash flows"])[1][1].year == 2026
    provenance = {row[0]: row[1] for row in values(book["Provenance"])}
    assert provenance["Run"] == run_id


def test_a_text_is_never_a_formula_in_a_workbook(client, finished):
    book = workbook(client, finished())
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if str(cell.value).startswith("=")]
    assert len(cells) == 3
    assert {cell.data_type for cell in cells} == {"s"}


def test_tables_stored_apart_come_whole_in_every_form(client, finished):
    run_id = finished(rows=4_000)
    sheet = workbook(client, run_id)["By year"]
    assert sheet.max_row == 4_001
    assert sheet.cell(4_001, 2).value == 3_999 / 4
    table = pq.read_table(io.BytesIO(client.get(f"/runs/{run_id}/export/parquet?table=By year").content))
    assert (table.num_rows, table.column_names) == (4_000, ["year", "paid"])
    assert str(table.schema.field("paid").type) == "double"
    assert table.column("paid")[3_999].as_py() == 3_999 / 4
    found = client.get(f"/runs/{run_id}/export/json").json()
    assert len(found["tables"]["By year"]) == 4_000
    assert found["tables"]["Series"][3_999] == {"x": 3_999, "Base": 1_999.5, "Stress": 7_998.0}


def test_a_parquet_file_says_which_run_it_comes_from_and_writes_mixed_columns_as_text(client, finished):
    run_id = finished()
    content = client.get(f"/runs/{run_id}/export/parquet", params={"table": "A/B: [mixed]*?"}).content
    table = pq.read_table(io.BytesIO(content))
    metadata = json.loads(table.schema.metadata[b"tontine"])
    assert (metadata["run"], metadata["model"], metadata["inputs"]["rows"]) == (run_id, "probe", 3)
    assert table.column("value").to_pylist() == ["1", "text", "2.5"]
    assert table.column("name").to_pylist() == ["=1+1", "b", None]
    assert client.get(f"/runs/{run_id}/export/parquet?table=nothing").status_code == 404


def test_json_has_figures_with_units_and_the_run(client, finished):
    run_id = finished()
    found = client.get(f"/runs/{run_id}/export/json").json()
    assert found["summary"][1] == {"label": "Loss", "value": 1234567.891, "unit": "EUR"}
    assert found["run"]["run"] == run_id
    assert found["tables"]["A/B: [mixed]*?"][1] == {"name": "b", "value": "text"}


@pytest.fixture
def unpacked(client, finished, tmp_path):
    def unpack(**inputs):
        run_id = finished(**inputs)
        answer = client.get(f"/runs/{run_id}/export/bundle")
        assert answer.status_code == 200
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            archive.extractall(tmp_path)
        return tmp_path / f"probe-{run_id[-8:]}"

    return unpack


def rerun(folder, *options):
    done = subprocess.run(
        [sys.executable, "-I", "rerun.py", *options], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("rows", [3, 4_000], ids=["small", "stored apart"])
def test_a_bundle_computes_the_same_again_and_notices_a_changed_figure(unpacked, rows):
    folder = unpacked(rows=rows)
    assert rerun(folder) == (0, "Identical: every value of the stored result was computed again.\n")
    code = folder / "model" / "function.py"
    code.write_text(code.read_text().replace("i / 4 for", "(i + (i == 2) * 1e-9) / 4 for"))
    found = rerun(folder)
    assert found[0] == 1
    assert ".By year.paid[2] was 0.5 and is 0.50000000025" in found[1]
    assert rerun(folder, "--rtol", "1e-6")[0] == 0
    code.write_text("def run(inputs):\n    raise ValueError('broken')\n")
    assert rerun(folder) == (2, "The model failed: ValueError: broken\n")


def test_a_bundle_names_the_packages_of_the_run(unpacked):
    folder = unpacked()
    assert any(line.startswith("numpy==") for line in (folder / "requirements.txt").read_text().splitlines())
    assert json.loads((folder / "inputs.json").read_text())["rows"] == 3


@pytest.mark.parametrize("form", ["xlsx", "parquet", "json", "bundle"])
def test_a_run_that_waits_has_no_files_yet_and_one_that_is_not_there_none_at_all(client, add_model, form):
    add_model(CODE, INPUTS)
    app_id = client.get("/apps").json()[0]["id"]
    waiting = client.post(f"/apps/{app_id}/run", json={"inputs": {}}).json()["run_id"]
    assert client.get(f"/runs/{waiting}/export/{form}").status_code == 409
    assert client.get(f"/runs/{uuid.uuid4()}/export/{form}").status_code == 404


def test_the_charts_come_as_images_and_those_that_only_a_browser_draws_are_named(client, finished):
    run_id = finished()
    answer = client.get(f"/runs/{run_id}/export/svg?language=de-DE")
    assert answer.headers["content-disposition"] == f'attachment; filename="probe-{run_id[-8:]}-charts-svg.zip"'
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.namelist() == ["01-series.svg", "02-paid-open.svg", "not-drawn.txt"]
    root = ET.fromstring(archive.read("02-paid-open.svg"))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert not list(root.iter("{http://www.w3.org/2000/svg}text"))  # outlines: the typeface need not be installed
    assert b"Wheel" in archive.read("not-drawn.txt")
    picture = client.get(f"/runs/{run_id}/export/png", params={"chart": "Paid & open"})
    assert picture.headers["content-type"] == "image/png"
    assert picture.headers["content-disposition"].endswith(f'probe-{run_id[-8:]}-paid-open.png"')
    with Image.open(io.BytesIO(picture.content)) as opened:
        assert opened.width > 1_400
        assert opened.convert("L").getpixel((3, 3)) == 255  # on white
        assert len(opened.convert("L").getcolors()) > 10  # and something is drawn


@pytest.mark.parametrize("chart", ["nothing", "Wheel"])
def test_a_chart_that_is_not_there_or_not_drawn_is_refused_with_words(client, finished, chart):
    answer = client.get(f"/runs/{finished()}/export/png", params={"chart": chart})
    assert answer.status_code == 404
    assert ("Paid & open" if chart == "nothing" else "sunburst") in answer.text


def test_a_run_without_charts_has_no_images(client, add_model, worker_context):
    add_model("def run(inputs):\n    return {'summary': {'A': 1}}", {})
    app_id = client.get("/apps").json()[0]["id"]
    run_id = client.post(f"/apps/{app_id}/run", json={"inputs": {}}).json()["run_id"]
    assert client.get(f"/runs/{run_id}/export/svg").status_code == 409
    execute(worker_context, uuid.UUID(run_id))
    answer = client.get(f"/runs/{run_id}/export/svg")
    assert answer.status_code == 404
    assert "no charts" in answer.text
