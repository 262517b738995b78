"""An author begins, checks and registers a model from the command line."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from engine.commands import check, new, register
from engine.models.catalogue import find_app, find_version
from engine.processes import context as contexts
from settings import read_settings
from tests.actors import ADA
from tests.registry.conftest import git_server, repository
from tests.registry.git_server import FUNCTION, MANIFEST

__all__ = ["git_server", "repository"]
pytestmark = pytest.mark.processes
ROOT = Path(__file__).resolve().parents[3]
FILES = {"manifest.json": MANIFEST, "function.py": FUNCTION}


@pytest.fixture
def skeleton(tmp_path, capsys):
    assert new.main(["lapse_study", "--in", str(tmp_path)]) == 0
    capsys.readouterr()
    return tmp_path / "lapse_study"


def test_a_new_model_passes_every_check_as_it_is(skeleton, capsys):
    assert check.main([str(skeleton)], read_settings({})) == 0
    said = capsys.readouterr().out
    assert "FAIL" not in said
    assert "warning" not in said
    assert "reproduces 1 of 1 published values" in said
    assert json.loads((skeleton / "manifest.json").read_text())["name"] == "Lapse study"
    assert (skeleton / "function.py").read_text().startswith('"""Lapse study:')


def test_a_name_that_is_taken_or_no_name_writes_nothing(tmp_path, skeleton, capsys):
    before = (skeleton / "function.py").read_text()
    assert new.main(["lapse_study", "--in", str(tmp_path)]) == 1
    assert "there already" in capsys.readouterr().err
    for name in ("../x", "Lapse Study", "-x", ""):
        assert new.main(["--in", str(tmp_path), "--", name]) == 1
        assert "no name for an address" in capsys.readouterr().err
    assert (skeleton / "function.py").read_text() == before
    assert [p.name for p in tmp_path.iterdir()] == ["lapse_study"]


def test_a_failed_check_ends_with_1_and_says_what_to_do(skeleton, capsys):
    (skeleton / "function.py").write_text("def run(inputs):\n    return {'summary': {'Present value': 1 / 0}}\n")
    assert check.main([str(skeleton), "--json"], read_settings({})) == 1
    results = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    [failure] = [r for r in results if r["level"] == "fail"]
    assert (failure["check"], "ZeroDivisionError" in failure["found"]) == ("Default inputs", True)
    assert failure["hint"]
    assert check.main([str(skeleton / "none")], read_settings({})) == 1
    assert "no such folder" in capsys.readouterr().out
    (skeleton / "function.py").unlink()
    assert check.main([str(skeleton)], read_settings({})) == 1
    assert "it is missing" in capsys.readouterr().out


def test_the_files_for_build_servers_are_yaml_and_run_the_check_command(skeleton):
    action = yaml.safe_load((skeleton / ".github" / "workflows" / "check.yml").read_text())
    steps = [step["run"] for step in action["jobs"]["check"]["steps"] if "run" in step]
    gitlab = yaml.safe_load((skeleton / ".gitlab-ci.yml").read_text())["check"]["script"]
    for lines in (steps, gitlab):
        assert "-m engine.commands.check" in lines[-1]
        [target] = re.findall(r"make -C \S+ (\S+)", " ".join(lines))
        assert target.replace(".venv", "$(VENV)") + ":" in (ROOT / "Makefile").read_text()


def test_the_command_that_a_build_server_runs_works_in_a_process_of_its_own(skeleton):
    done = subprocess.run(
        [sys.executable, "-m", "engine.commands.check", str(skeleton)],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "HOME": str(skeleton.parent)},
        timeout=100,
    )
    assert (done.returncode, "FAIL" in done.stdout) == (0, False), done.stdout + done.stderr


@pytest.fixture
def settings(database_url, tmp_path, git_server):
    given = {
        "TONTINE_DATA": str(tmp_path / "data"),
        "TONTINE_GIT_HOSTS": git_server.origin,
        "TONTINE_WORKER_TIMEOUT": "1",
    }
    return read_settings({"DATABASE_URL": database_url, **given})


def test_a_model_is_registered_from_git_a_folder_and_an_archive_where_no_worker_is_online(
    settings, git_server, repository, skeleton, tmp_path, capsys, database_url
):
    import shutil

    made = repository()
    made.commit(FILES)
    archive = shutil.make_archive(str(tmp_path / "packed"), "zip", skeleton)
    sources = ([git_server.url(made), "--name", "annuity"], [str(skeleton)], [archive, "--name", "packed"])
    for arguments in sources:
        assert register.main([*arguments, "--by", "ada"], settings) == 0
        said = capsys.readouterr().out
        assert "the checks are made here" in said
        assert "is published" in said
    context = contexts.open_context(database_url, data=tmp_path)
    try:
        for slug in ("annuity", "lapse_study", "packed"):
            app = find_app(context, slug, actor=ADA)
            assert app.owner == "ada"
            assert find_version(context, app, actor=ADA).manifest.inputs
    finally:
        context.close()


def test_what_is_refused_ends_with_1_and_publishes_nothing(
    settings, git_server, repository, capsys, database_url, tmp_path
):
    made = repository()
    made.commit({**FILES, "function.py": "def run(inputs):\n    return 3\n"})
    assert register.main([git_server.url(made), "--name", "bad"], settings) == 1
    assert "FAIL     Result" in capsys.readouterr().out
    assert register.main(["https://127.0.0.1/x"], settings) == 1
    assert "not on the public internet" in capsys.readouterr().err
    made.commit(FILES)
    assert register.main([git_server.url(made), "--name", "bad", "--check-only"], settings) == 0
    assert "/register?registration=" in capsys.readouterr().out
    context = contexts.open_context(database_url, data=tmp_path)
    try:
        from engine.models.catalogue import list_models

        assert list_models(context, actor=ADA) == []
    finally:
        context.close()
