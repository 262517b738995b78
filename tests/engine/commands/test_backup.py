"""The two commands, on an embedded server that another process uses, into an empty folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from contract.actor import SYSTEM
from engine.models.register import register_folders
from engine.processes import context as contexts
from engine.runs.submit import submit
from storage.database import Database
from storage.embedded_postgres import EmbeddedServer
from storage.migrate import migrate
from tests.actors import ADA
from tests.engine.conftest import ROOT

pytestmark = pytest.mark.processes


def command(name, data, *arguments):
    return subprocess.run(
        [sys.executable, "-m", f"engine.commands.{name}", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "TONTINE_DATA": str(data), "DATABASE_URL": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture
def installation(tmp_path):
    """An installation with a model and a run, its server in use; return its folder."""
    folder = tmp_path / "models" / "curves"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text('{"name": "Curves"}')
    (folder / "function.py").write_text("def run(inputs):\n    return {}\n")
    data = tmp_path / "data"
    with EmbeddedServer(data / "postgres", fsync=False) as url:
        database = Database(url, pool=1)
        migrate(database)
        database.close()
        context = contexts.open_context(url, data=data)
        assert register_folders(context, folder.parent, actor=SYSTEM) == {}
        submit(context, "curves", {}, actor=ADA)
        yield data
        context.close()


def test_an_installation_in_use_is_backed_up_and_another_one_made_from_it(installation, tmp_path):
    done = command("backup", installation, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    (file,) = Path(tmp_path).glob("tontine-*.dump")
    assert done.stdout.startswith(f"{file}: ")
    assert "about 1 model and 2 runs" in done.stdout  # the run of its starting inputs too
    assert file.stat().st_mode & 0o077 == 0
    new = tmp_path / "new"
    done = command("restore", new, file)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "Restored 1 model in 1 version and 2 runs.\n"
    again = command("restore", new, file)
    assert again.returncode == 1
    assert "is not empty" in again.stderr
    with EmbeddedServer(new / "postgres", fsync=False) as url:
        context = contexts.open_context(url, data=new)
        assert submit(context, "curves", {}, actor=ADA).id
        context.close()


def test_what_cannot_be_done_is_said_in_a_line(installation, tmp_path):
    done = command("backup", tmp_path / "elsewhere", tmp_path)
    assert done.returncode == 1
    assert "Start Tontine once" in done.stderr
    (tmp_path / "x.dump").write_text("mine")
    done = command("backup", installation, tmp_path / "x.dump")
    assert done.returncode == 1
    assert "is there already" in done.stderr
    done = command("restore", tmp_path / "fresh", tmp_path / "x.dump")
    assert done.returncode == 1
    assert "is no backup" in done.stderr
    assert "Traceback" not in done.stderr
