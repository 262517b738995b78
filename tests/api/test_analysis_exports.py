"""Groups of runs and comparisons as files over HTTP: every form says the same, and the workbook is read back."""

import csv
import io
import json
import uuid
import zipfile

import openpyxl
import pyarrow.parquet as pq
import pytest

from engine.analysis.lanes import run_lane
from engine.runs.execute import execute
from tests.engine.report import reading

FORMS = ("csv", "xlsx", "parquet", "json", "svg", "png", "pdf")
ADDS = (
    "def run(inputs):\n"
    "    n, m = inputs['n'], inputs['m']\n"
    "    return {'summary': {'Sum': {'value': n + 10 * m, 'unit': 'EUR'}, 'Half': n / 2},\n"
    "        'series': [{'name': 'Path', 'x': [1, 2, 3], 'y': [n, m, n + m]}]}\n"
)
NM = {
    "n": {"type": "number", "label": "Number", "min": 0, "max": 50, "default": 7},
    "m": {"type": "number", "label": "Other", "min": 0, "max": 50, "default": 2},
}


@pytest.fixture
def app_id(client, add_model):
    add_model(ADDS, NM, deterministic=True)
    return client.get("/apps").json()[0]["id"]


@pytest.fixture
def finish(client, worker_context):
    """Start a group and work on it until it has ended; return its id."""

    def go(path, body):
        group_id = client.post(path, json=body).json()["group_id"]
        for turn in range(80):
            run_lane(worker_context, uuid.UUID(group_id), turn % 8)
            if client.get(f"/groups/{group_id}").json()["status"] != "RUNNING":
                break
        return group_id

    return go


@pytest.fixture
def runs(client, app_id, worker_context):
    made = []
    for inputs in ({"n": 4, "m": 1}, {"n": 9, "m": 5}):
        made.append(client.post(f"/apps/{app_id}/run", json={"inputs": inputs}).json()["run_id"])
        execute(worker_context, uuid.UUID(made[-1]))
    return made


def text_of(pdf):
    return reading.whole_text(reading.open_pdf(pdf))


def read_all(client, path, **asked):
    """Return the content of every form at an address."""
    found = {}
    for form in FORMS:
        answer = client.get(f"{path}/{form}", params=asked)
        assert answer.status_code == 200, (form, answer.text)
        assert "attachment" in answer.headers["content-disposition"]
        found[form] = answer.content
    return found


def check_forms(found, rows):
    table = list(csv.reader(io.StringIO(found["csv"].decode())))
    assert len(table) == rows + 1
    assert pq.read_table(io.BytesIO(found["parquet"])).num_rows == rows
    for form in ("svg", "png"):
        assert zipfile.ZipFile(io.BytesIO(found[form])).namelist()[0].endswith(form)
    return table, json.loads(found["json"]), openpyxl.load_workbook(io.BytesIO(found["xlsx"])), text_of(found["pdf"])


def test_a_sweep_in_every_form_says_the_same_and_its_inputs_are_read_back(client, app_id, finish):
    body = {"inputs": {"m": 3}, "axes": [{"input": "n", "from": 1, "to": "3", "step": 1}]}
    group_id = finish(f"/apps/{app_id}/sweeps", body)
    found = read_all(client, f"/groups/{group_id}/export")
    table, document, book, text = check_forms(found, 3)
    assert table[0] == ["Point", "Status", "Number", "Sum (EUR)", "Half", "Run"]
    assert [row[3] for row in table[1:]] == ["31", "32", "33"]
    assert [row["Sum (EUR)"] for row in document["tables"]["Runs"]] == [31, 32, 33]
    assert [row["inputs"] for row in document["runs"]] == [{"n": n, "m": 3} for n in (1, 2, 3)]
    assert book.sheetnames == ["Inputs", "Results", "Provenance"]
    assert [[cell.value for cell in row] for row in book["Inputs"]] == [["n", "m"], [1, 3], [2, 3], [3, 3]]
    for words in ("Sweep", "3 of 3", group_id, "Sum", "31", "Versions"):
        assert words in text
    answer = client.post(f"/apps/{app_id}/inputs/read", content=found["xlsx"])
    assert answer.json()["rows"] == [{"n": n, "m": 3} for n in (1, 2, 3)]
    again = finish(f"/apps/{app_id}/sweeps", {"scenarios": answer.json()["rows"]})
    assert client.get(f"/groups/{again}").json()["reused"] == 3
    german = client.get(f"/groups/{group_id}/export/csv", params={"excel": True, "language": "de-DE"}).content
    assert german.decode("utf-8-sig").splitlines()[0].count(";") == 5
    other = client.get(f"/groups/{group_id}/export/pdf", params={"figure": "Half"}).content
    assert "Half" in text_of(other)


def test_a_sensitivity_a_seek_and_an_upgrade_have_their_tables(client, app_id, add_model, finish, runs):
    tornado = finish(f"/apps/{app_id}/sensitivities", {"percent": 50})
    _, document, book, text = check_forms(read_all(client, f"/groups/{tornado}/export"), 5)
    assert [row["Input"] for row in document["tables"]["By input"]] == ["Other", "Number"]
    assert "By input" in book.sheetnames
    assert "50 % down and up" in text
    seek = finish(f"/apps/{app_id}/seeks", {"input": "n", "figure": "Sum", "target": 40, "to": 30})
    assert "reached" in text_of(client.get(f"/groups/{seek}/export/pdf").content)
    assert client.get(f"/groups/{seek}/export/svg").status_code == 404
    old = client.get(f"/apps/{app_id}").json()["version"]
    add_model(ADDS.replace("10 * m", "10 * m + (n > 5)"), {**NM, "m": {**NM["m"], "max": 4}}, deterministic=True)
    body = {"version": client.get(f"/apps/{app_id}").json()["version"], "before": old}
    upgrade = finish(f"/apps/{app_id}/upgrades", body)
    document = client.get(f"/groups/{upgrade}/export/json").json()
    assert [row["Run"] for row in document["tables"]["Runs that do not fit"]] == [runs[1]]
    assert document["tables"]["Runs, the largest difference first"][0]["Difference"] == 0
    assert "1 identical" in text_of(client.get(f"/groups/{upgrade}/export/pdf").content)


def test_an_analysis_of_change_has_its_waterfalls_and_steps(client, app_id, finish, runs):
    change = finish("/changes", {"before": runs[0], "after": runs[1], "average": True})
    _, document, book, text = check_forms(read_all(client, f"/groups/{change}/export"), 4)
    for name in ("In order", "Average over orders"):
        steps = document["tables"][name]
        assert [(row["Step"], row["Adds"]) for row in steps] == [("First run", None), ("Number", 5), ("Other", 40)]
        assert name in text
    assert {"In order", "Average over orders"} <= set(book.sheetnames)


def test_a_comparison_in_every_form(client, app_id, runs):
    asked = {"runs": ",".join(runs), "baseline": runs[1]}
    found = read_all(client, "/compare/export", **asked)
    table, document, book, text = check_forms(found, 2)
    assert table[1][:3] == ["Sum (EUR)", "59", "14"]
    assert document["baseline"] == runs[1]
    assert [row["inputs"] for row in document["runs"]] == [{"n": 9, "m": 5}, {"n": 4, "m": 1}]
    assert [row["Differs"] for row in document["tables"]["Inputs of the runs"]] == ["yes", "yes"]
    assert [cell.value for cell in book["Inputs"][2]] == [9, 5]
    assert "Comparison" in text
    assert "(baseline)" in text.replace("\n", " ")
    read = client.post(f"/apps/{app_id}/inputs/read", content=found["xlsx"]).json()["rows"]
    assert read == [{"n": 9, "m": 5}, {"n": 4, "m": 1}]


def test_what_cannot_be_exported_is_refused_in_words(client, app_id, runs):
    body = {"axes": [{"input": "n", "values": [1, 2]}]}
    group_id = client.post(f"/apps/{app_id}/sweeps", json=body).json()["group_id"]
    assert client.get(f"/groups/{group_id}/export/pdf").status_code == 409
    client.delete(f"/groups/{group_id}")
    assert client.get(f"/groups/{group_id}/export/csv").status_code == 200
    wrong = client.get(f"/groups/{group_id}/export/csv", params={"figure": "None"})
    assert (wrong.status_code, wrong.json()["problems"][0]["where"]) == (404, "figure")
    assert client.get(f"/groups/{uuid.uuid4()}/export/xlsx").status_code == 404
    assert client.get(f"/groups/{group_id}/export/docx").status_code in {404, 422}
    assert client.get("/compare/export/pdf", params={"runs": runs[0]}).status_code in {400, 422}
    table = client.get("/compare/export/parquet", params={"runs": ",".join(runs), "table": "None"})
    assert table.status_code == 404
