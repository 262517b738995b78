"""Sweeps and the other groups of runs from the Python client and the command line, against a real server."""

import csv
import json
import subprocess

import pandas as pd
import pytest

from tests.client.conftest import LARGE
from tests.client.test_cli import COMMAND
from tests.journeys.test_main_job import ROOT, SLOW, Server, model
from tontine import InputsRefusedError, NotFoundError, Tontine

pytestmark = [pytest.mark.processes, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    home = tmp_path_factory.mktemp("server")
    rows = {"rows": {"type": "integer", "label": "Rows", "min": 1, "max": 50_000, "default": 5}}
    model(home / "functions", "large", LARGE, rows, deterministic=True)
    # Quick with its starting input: the run of that takes the slot that sweeps have.
    seconds = {"seconds": {"type": "number", "label": "Seconds", "min": 0, "max": 600, "default": 0}}
    model(home / "functions", "slow", SLOW, seconds, limits={"seconds": 600})
    running = Server(home).start()
    yield running
    running.stop()


@pytest.fixture
def tontine(server):
    with Tontine(server.url) as client:
        yield client


def test_a_sweep_is_waited_for_and_read_as_a_table(tontine):
    axes = [{"input": "rows", "from": 1, "to": 5, "step": 2}]
    group = tontine.model("large").sweep(axes=axes).wait(200)
    assert (group.status, group.info.done, group.info.failed) == ("FINISHED", 3, 0)
    frame = group.pandas()
    assert list(frame["rows"]) == list(frame["Rows"]) == [1, 3, 5]
    run = tontine.run(frame["run_id"][1])
    assert run.summary == {"Rows": 3}
    assert tontine.group(group.id).info == group.info
    scenarios = tontine.model("large").sweep(scenarios=pd.DataFrame({"rows": [2, 4]})).wait(200)
    assert list(scenarios.pandas()["Rows"]) == [2, 4]


def test_scenarios_are_saved_changed_shared_swept_and_deleted(tontine):
    large = tontine.model("large")
    low, high = (large.save_scenario(name, rows=rows) for name, rows in (("Low", 2), ("High", 9)))
    assert (low.name, low.inputs, low.info.visibility) == ("Low", {"rows": 2}, "private")
    with pytest.raises(InputsRefusedError, match="called LOW already"):
        large.save_scenario("LOW", rows=3)
    with pytest.raises(InputsRefusedError):
        large.save_scenario("Bad", rows=10**6)
    assert [(s.name, s.id) for s in large.scenarios()] == [("High", high.id), ("Low", low.id)]
    assert high.update(rows=8).rename("Higher").share("team").inputs == {"rows": 8}
    assert tontine.scenario(high.id).info.visibility == "team"
    frame = large.sweep(saved=[low.id, high.id]).wait(200).pandas()
    assert [list(frame[column]) for column in ("scenario", "rows", "Rows")] == [["Low", "Higher"], [2, 8], [2, 8]]
    low.delete()
    assert [s.name for s in large.scenarios()] == ["Higher"]
    with pytest.raises(NotFoundError, match="may have been deleted"):
        tontine.scenario(low.id)
    high.delete()


def test_the_command_saves_shows_changes_sweeps_and_deletes_scenarios(server, tmp_path):
    def tontine(*words, code=0):
        command = [*COMMAND, *words, "--url", server.url]
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert ended.returncode == code, ended.stderr
        return ended.stdout + ended.stderr

    tontine("scenario", "save", "large", "Small book", "rows=2", "--share", "team")
    tontine("scenario", "save", "large", "Large book", "rows=5")
    assert [line.split("\t")[1] for line in tontine("scenario", "list", "large").splitlines()] == [
        "Large book",
        "Small book",
    ]
    assert "inputs.rows\t7" in tontine("scenario", "change", "large", "small BOOK", "rows=7", "--rename", "Middle")
    assert "visibility\tteam" in tontine("scenario", "show", "large", "Middle")
    file = tmp_path / "points.csv"
    tontine("sweep", "large", "--scenario", "Middle", "--scenario", "Large book", "--out", str(file))
    with file.open() as lines:
        assert [(row["scenario"], row["Rows"]) for row in csv.DictReader(lines)] == [
            ("Middle", "7"),
            ("Large book", "5"),
        ]
    for name in ("Middle", "Large book"):
        tontine("scenario", "delete", "large", name)
    assert "tontine scenario list large" in tontine("scenario", "show", "large", "Middle", code=1)


def test_a_sensitivity_a_seek_and_a_change(tontine):
    large = tontine.model("large")
    assert large.sensitivity(percent=50, rows=100).wait(200).info.raw["definition"]["bounds"] == {"rows": [50, 150]}
    assert large.seek("rows", "Rows", 321, high=1000).wait(200).info.outcome["value"] == 321
    first, second = large.run(rows=10), large.run(rows=12)
    change = tontine.change(first.id, second.id).wait(200)
    assert [(s["label"], s["amount"]) for s in change.steps("Rows")["steps"]] == [("Rows", 2)]


def test_the_commands_of_a_sensitivity_a_seek_and_a_change(server, tontine):
    def command(*words, code=0):
        ended = subprocess.run(
            [*COMMAND, *words, "--url", server.url], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert ended.returncode == code, ended.stderr
        return [line.split("\t") for line in ended.stdout.splitlines()]

    assert {line[0] for line in command("sensitivity", "large", "rows=100", "--percent", "50")} >= {"50", "150"}
    outcome = command("seek", "large", "rows", "Rows", "321", "--to", "1000")
    found = {line[0]: line[1] for line in outcome if len(line) == 2}
    assert (float(found["value"]), found["ending"]) == (321, "reached")
    missed = command("seek", "large", "rows", "Rows", "5000", "--from", "1", "--to", "1000", code=3)
    assert ["ending", "missed"] in missed
    first, second = tontine.model("large").run(rows=10), tontine.model("large").run(rows=12)
    steps = command("change", first.id, second.id, "Rows")
    assert [(name, float(amount)) for name, amount in steps] == [("Before", 10), ("Rows", 2), ("After", 12)]


def test_a_sweep_is_cancelled_and_resumed(tontine):
    group = tontine.model("slow").sweep(axes=[{"input": "seconds", "values": [300, 301]}])
    assert group.cancel().status == "CANCELLED"
    assert group.resume().status == "RUNNING"
    group.cancel()


def test_a_sweep_that_does_not_fit_lists_its_problems(tontine):
    with pytest.raises(InputsRefusedError) as refused:
        tontine.model("large").sweep(axes=[{"input": "rows", "to": 10**6}], q=1)
    assert {p.where for p in refused.value.problems} == {"axes[0].rows", "inputs.q"}


def test_the_command_writes_the_points(server, tmp_path):
    file = tmp_path / "points.csv"
    command = [*COMMAND, "sweep", "large", "--over", "rows=1:3:1", "--out", str(file), "--url", server.url]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    with file.open() as lines:
        assert [row["Rows"] for row in csv.DictReader(lines)] == ["1", "2", "3"]


def test_an_analysis_is_saved_as_files_and_its_workbook_is_run_again(server, tontine, tmp_path):
    large = tontine.model("large")
    group = large.sweep(axes=[{"input": "rows", "values": [4, 6]}]).wait(200)
    book = group.save_as("xlsx", tmp_path)
    assert book.name == f"large-sweep-{group.id[-8:]}.xlsx"
    assert large.read_inputs(book) == [{"rows": 4}, {"rows": 6}]
    assert group.save_as("pdf", tmp_path / "sweep.pdf", figure="Rows").read_bytes().startswith(b"%PDF")
    with pytest.raises(ValueError, match="none of"):
        group.save_as("docx", tmp_path)
    runs = [point["run_id"] for point in group.points()]
    assert (
        tontine.save_comparison(runs, "csv", tmp_path / "runs.csv", baseline=runs[1]).read_text().startswith("Figure")
    )

    def command(*words):
        ended = subprocess.run(
            [*COMMAND, *words, "--url", server.url], cwd=ROOT, capture_output=True, text=True, check=False
        )
        return ended.returncode, ended.stdout

    assert command("sweep", "large", "--table", str(book), "--out", str(tmp_path / "again.csv"))[0] == 0
    assert list(pd.read_csv(tmp_path / "again.csv")["Rows"]) == [4, 6]
    assert command("run", "large", "--inputs", str(book))[0] == 2  # it has two runs
    one = tontine.run(runs[0]).save_as("xlsx", tmp_path / "one.xlsx")
    code, printed = command("run", "large", "--inputs", str(one), "--json")
    assert (code, json.loads(printed)["inputs"]) == (0, {"rows": 4})
    code, printed = command("export-group", group.id, "--as", "json", "--output", str(tmp_path / "sweep.json"))
    assert code == 0
    assert [run["inputs"] for run in json.loads((tmp_path / "sweep.json").read_text())["runs"]] == [
        {"rows": 4},
        {"rows": 6},
    ]


def test_an_upgrade_impact_from_the_client_and_the_command_line(server, tontine):
    folder = server.home / "functions" / "grown"
    rows = {"rows": {"type": "integer", "label": "Rows", "min": 1, "max": 50_000, "default": 5}}
    model(server.home / "functions", "grown", LARGE, rows, deterministic=True)
    server.stop()
    server.start()
    old = tontine.model("grown").info().version
    made = [tontine.model("grown").run(rows=n) for n in (2, 3)]
    (folder / "function.py").write_text(f"{LARGE}\n\nGROWN = True\n")
    server.stop()
    server.start()
    grown = tontine.model("grown")
    new = grown.info().version
    assert new != old
    impact = grown.upgrade(new, before=old).wait(200).impact("Rows")
    assert (impact["outcomes"]["identical"], impact["equal"]) == (2, 2)
    assert {run["run_id"] for run in impact["runs"]} == {run.id for run in made}
    with pytest.raises(InputsRefusedError, match="replayed on"):
        grown.upgrade(new, before=new)
    words = ["upgrade", "grown", new, "Rows", "--runs", "1", "--before", old, "--url", server.url]
    ended = subprocess.run([*COMMAND, *words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert ["identical", "1"] in [line.split("\t") for line in ended.stdout.splitlines()]
