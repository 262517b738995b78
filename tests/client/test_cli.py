"""The command line, as its own process, against a real server with a worker."""

import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import zipfile

import pytest

from tests.journeys.test_main_job import ROOT

pytestmark = [pytest.mark.processes, pytest.mark.timeout(900)]
COMMAND = [sys.executable, "-m", "engine.commands"]
UNKNOWN = "0197c1f0-0000-7000-8000-000000000000"


@pytest.fixture
def environment(server):
    return {**os.environ, "TONTINE_URL": server.url, "NO_COLOR": "1", "TERM": "dumb"}


@pytest.fixture
def tontine(environment):
    def run(*arguments, given=None):
        return subprocess.run(
            [*COMMAND, *map(str, arguments)],
            cwd=ROOT,
            env=environment,
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def rows(done):
    return dict(line.split("\t", 1) for line in done.stdout.splitlines())


def test_models_are_listed_as_lines_and_as_json(tontine):
    lines = [line.split("\t") for line in tontine("list").stdout.splitlines()]
    assert ["mortality", "Mortality Simulator"] in [line[:2] for line in lines]
    listed = json.loads(tontine("list", "--json").stdout)
    assert [model["slug"] for model in listed] == [line[0] for line in lines]


def test_a_run_prints_its_summary_and_is_found_again(tontine):
    done = tontine("run", "large", "rows=20", "--fresh")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""  # no bar where no terminal is
    found = rows(done)
    assert (found["status"], found["Rows"]) == ("SUCCESS", "20")
    shown = rows(tontine("show", found["run"]))
    assert (shown["inputs.rows"], shown["Rows"], shown["status"]) == ("20", "20", "SUCCESS")
    assert json.loads(tontine("show", found["run"], "--json").stdout)["result"]["summary"] == {"Rows": 20}
    listed = [line.split("\t")[:3] for line in tontine("history", "--model", "large").stdout.splitlines()]
    assert [found["run"], "Large", "SUCCESS"] in listed
    assert {line[1] for line in listed} == {"Large"}
    assert len(json.loads(tontine("history", "--json", "--limit", "1").stdout)) == 1


def test_runs_are_tagged_searched_and_compared(tontine):
    one, two = (rows(tontine("run", "large", f"rows={n}"))["run"] for n in (21, 24))
    for command in (("tag", one, "From a shell"), ("star", one), ("note", one, "checked"), ("pin", two)):
        assert tontine(*command).returncode == 0
    listed = tontine("history", "--query", 'tag:"from a shell" starred note~checked').stdout.splitlines()
    assert [line.split("\t")[0] for line in listed] == [one]
    assert rows(tontine("compare", one, two)) == {
        "run": f"{two}\t{one}",
        "inputs.rows": "24\t21",
        "Rows": "24\t21 (-3, -12.50%)",
    }
    assert json.loads(tontine("compare", one, two, "--baseline", one, "--json").stdout)["baseline"] == one
    wrong = tontine("history", "--query", "params.rows > many")
    assert wrong.returncode == 1
    assert "query, column 15" in wrong.stderr
    assert tontine("tag", one, "From a shell", "--remove").returncode == 0
    assert tontine("history", "--query", 'tag:"from a shell"').stdout == ""


def test_inputs_come_from_a_file_from_standard_input_and_from_words(tontine, tmp_path):
    (tmp_path / "inputs.json").write_text('{"rows": 7}')
    assert rows(tontine("run", "large", "--inputs", tmp_path / "inputs.json"))["Rows"] == "7"
    assert rows(tontine("run", "large", "--inputs", "-", given='{"rows": 8}'))["Rows"] == "8"
    assert rows(tontine("run", "large", "rows=9", "--inputs", "-", given='{"rows": 8}'))["Rows"] == "9"
    (tmp_path / "claims.csv").write_text("a\nb\n")
    done = tontine("run", "counts", f"claims=@{tmp_path / 'claims.csv'}", 'rows=[{"year": 2025, "paid": 1.5}]')
    assert (rows(done)["Lines"], rows(done)["Paid"]) == ("2", "1.5")


def test_a_run_is_exported_as_csv_as_pdf_and_by_its_files(tontine, tmp_path):
    (tmp_path / "claims.csv").write_text("a\n")
    counted = rows(tontine("run", "counts", f"claims=@{tmp_path / 'claims.csv'}"))["run"]
    done = tontine("export", counted, "--file", "counted.txt", "-o", tmp_path)
    assert done.stdout.strip() == str(tmp_path / "counted.txt")
    assert (tmp_path / "counted.txt").read_text() == "1 lines"
    large = rows(tontine("run", "large", "rows=20"))["run"]
    assert tontine("export", large, "-o", tmp_path / "t.csv").returncode == 0
    assert len((tmp_path / "t.csv").read_text().splitlines()) == 21
    saved = json.loads(tontine("export", large, "--table", "Small", "-o", tmp_path / "s.csv", "--json").stdout)
    assert saved == {"file": str(tmp_path / "s.csv")}
    assert tontine("export", large, "--pdf", "-o", tmp_path / "run.pdf").returncode == 0
    assert (tmp_path / "run.pdf").read_bytes().startswith(b"%PDF")
    assert tontine("export", large, "--as", "bundle", "-o", tmp_path / "run.zip").returncode == 0
    assert zipfile.is_zipfile(tmp_path / "run.zip")


def test_a_run_is_verified(tontine):
    large = rows(tontine("run", "large", "rows=20"))["run"]
    done = tontine("verify", large)
    assert (done.returncode, done.stdout) == (0, "Identical: every value of the result was computed again.\n")
    assert json.loads(tontine("verify", large, "--json").stdout)["identical"] is True


def test_what_came_from_a_run_is_printed_below_it(tontine):
    large = rows(tontine("run", "large", "rows=31"))["run"]  # run by no other test: nothing is reused
    again = json.loads(tontine("verify", large, "--json").stdout)["replay"]
    lines = [line.split("\t") for line in tontine("links", large).stdout.splitlines()]
    assert [line[0] for line in lines] == [large, again]
    assert lines[1][1:4] == ["run", "SUCCESS", f"replay {large}"]
    found = json.loads(tontine("links", again, "--json").stdout)
    assert [(node["id"], node["depth"]) for node in found["nodes"]] == [(large, -1), (again, 0)]


def test_what_is_refused_ends_with_1_and_lists_every_problem(tontine):
    done = tontine("run", "mortality", "age=300", "agge=1")
    assert done.returncode == 1
    assert "inputs.age: " in done.stderr
    assert "inputs.agge: " in done.stderr
    assert done.stdout == ""
    problems = json.loads(tontine("run", "mortality", "age=300", "--json").stderr)["problems"]
    assert problems[0]["where"] == "inputs.age"
    assert tontine("show", UNKNOWN).returncode == 1
    assert "no model 'mortalty'" in tontine("run", "mortalty").stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("run",),
        ("run", "mortality", "45"),
        ("run", "counts", "claims=@no-such-file.csv"),
        ("run", "mortality", "--inputs", "no-such-file.json"),
        ("export", UNKNOWN, "--pdf", "--table", "Small"),
        ("export", UNKNOWN, "--as", "docx"),
        ("export", UNKNOWN, "--as", "xlsx", "--table", "Small"),
        ("list", "--url", "localhost:8501"),
        ("lists",),
    ],
)
def test_a_command_that_is_not_asked_for_properly_ends_with_2(tontine, arguments):
    done = tontine(*arguments)
    assert done.returncode == 2
    assert "Error" in done.stderr


def test_a_run_without_success_ends_with_3_and_says_why(tontine):
    done = tontine("run", "fails")
    assert done.returncode == 3
    assert "ZeroDivisionError" in done.stderr
    assert json.loads(tontine("run", "fails", "--json").stdout)["status"] == "FAILED"


def test_a_server_that_cannot_be_reached_ends_with_4(tontine):
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # not listening
        done = tontine("list", "--url", f"http://127.0.0.1:{bound.getsockname()[1]}")
    assert done.returncode == 4
    assert "cannot be reached" in done.stderr


def test_an_interrupted_wait_ends_with_130_and_the_run_goes_on_until_it_is_cancelled(tontine, environment):
    waiting = subprocess.Popen(
        [*COMMAND, "run", "slow", "--log", "--fresh"],
        cwd=ROOT,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        # A shell that starts the tests in the background has them ignore Ctrl-C, and they hand that on.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    assert waiting.stderr.readline() == "begun\n"
    waiting.send_signal(signal.SIGINT)
    _, said = waiting.communicate()
    assert waiting.returncode == 130
    run_id = re.search(r"tontine cancel ([0-9a-f-]+)", said)[1]
    assert json.loads(tontine("show", run_id, "--json").stdout)["finished_at"] is None
    assert rows(tontine("cancel", run_id))["run"] == run_id
    ended = tontine("wait", run_id)
    assert ended.returncode == 3
    assert "CANCELLED" in ended.stderr


def test_a_run_can_be_left_to_itself(tontine):
    done = tontine("run", "slow", "--no-wait", "--key", "one")
    assert done.returncode == 0
    again = tontine("run", "slow", "--no-wait", "--key", "one", "--json")
    assert json.loads(again.stdout)["run_id"] == rows(done)["run"]
    late = tontine("wait", rows(done)["run"], "--timeout", "0.2")
    assert late.returncode == 1
    assert "it goes on" in late.stderr
    tontine("cancel", rows(done)["run"])


def test_a_terminal_shows_a_bar(environment):
    ours, theirs = pty.openpty()
    command = [*COMMAND, "run", "large", "rows=21", "--fresh"]
    terminal = {**environment, "TERM": "xterm", "COLUMNS": "100"}
    waiting = subprocess.Popen(command, cwd=ROOT, env=terminal, stderr=theirs, stdout=subprocess.PIPE)
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 4096):
            shown += piece
    except OSError:
        pass  # how Linux ends a terminal
    os.close(ours)
    output, _ = waiting.communicate()
    assert waiting.returncode == 0
    assert b"PENDING" in shown
    assert "━".encode() in shown
    assert b"SUCCESS" in output


def test_what_a_server_says_cannot_steer_the_terminal():
    from tontine.cli import _plain

    assert _plain("a\x1b[31mb\nc") == "a [31mb c"


def test_the_commands_of_the_servers_host_are_passed_on_with_their_exit_codes(tontine, tmp_path):
    done = tontine("new", "lapse_study", "--in", tmp_path)
    assert done.returncode == 0
    assert (tmp_path / "lapse_study" / "manifest.json").is_file()
    assert tontine("new", "lapse_study", "--in", tmp_path).returncode == 1
    checked = tontine("check", tmp_path / "lapse_study", "--json")
    assert checked.returncode == 0
    assert {json.loads(line)["level"] for line in checked.stdout.splitlines()} <= {"pass", "warning"}
    assert tontine("check", tmp_path).returncode == 1
    assert tontine("backup", "--no-such-option").returncode == 2
    for name in ("register", "grants", "report", "backup", "restore"):
        shown = tontine(name, "--help")
        assert shown.returncode == 0
        assert f"python -m engine.commands.{name}" in shown.stdout


def test_it_is_started_from_any_folder(server, tmp_path):
    command = [ROOT / "tontine", "list", "--url", server.url]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "mortality\t" in done.stdout
