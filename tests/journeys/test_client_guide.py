"""The examples of the client's guide, run as they stand there against a real server with a worker."""

import os
import re
import shutil
import subprocess

import pytest

import tontine
from engine.commands import __main__ as command_line
from tests.journeys.test_main_job import ROOT, Server
from tontine.cli import Code

pytestmark = [pytest.mark.journey, pytest.mark.timeout(900)]
GUIDE = (ROOT / "docs" / "10-python-and-command-line.md").read_text()
ADDRESS = "http://localhost:8501"


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    home = tmp_path_factory.mktemp("server")
    shutil.copytree(ROOT / "functions" / "mortality", home / "functions" / "mortality")
    running = Server(home).start()
    yield running
    assert running.stop() == []


def test_the_python_examples_run_one_after_the_other(server, capsys):
    scope = {}
    found = blocks("python")
    assert len(found) >= 8
    for block in found:
        exec(block.replace(ADDRESS, server.url), scope)
    assert [run.info.inputs["age"] for run in scope["runs"]] == [40, 50, 60]
    assert "inputs.agge" in capsys.readouterr().out


def test_the_examples_for_a_shell_succeed(server, tmp_path):
    found = blocks("bash")
    assert len(found) >= 2
    for block in found:
        script = "set -e -o pipefail\n" + block.replace("./tontine", str(ROOT / "tontine"))
        environment = {**os.environ, "TONTINE_URL": server.url}
        command = ["bash", "-c", script]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (block, done.stderr)
        assert done.stdout
    assert {path.name for path in tmp_path.iterdir()} == {"mortality.csv", "mortality.pdf"}


def test_the_guide_names_every_exception_exit_code_and_command():
    for name in tontine.__all__:
        if name.endswith("Error") and name != "TontineError":
            assert f"| `{name}` |" in GUIDE, name
    assert re.findall(r"^\| (\d+) \|", GUIDE, re.MULTILINE) == [str(int(code)) for code in Code]
    names = {command.name or command.callback.__name__ for command in command_line.app.registered_commands}
    for name in names:
        assert re.search(rf"^\| .*`{name}[ `]", GUIDE, re.MULTILINE), name
