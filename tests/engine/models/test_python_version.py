"""A model that asks for another Python, from the registration to the run, and on hosts that do not have it."""

import json
from dataclasses import replace

import pytest

from contract.actor import SYSTEM, Actor
from contract.checks import Level
from contract.errors import InterpreterError
from contract.registration import RegistrationStatus
from contract.run import Status
from engine.analysis.figures import figure_of
from engine.analysis.groups import list_points
from engine.analysis.lanes import run_lane
from engine.analysis.sweep import start_sweep
from engine.commands import check as check_command
from engine.models import registration
from engine.models.catalogue import find_app, find_version
from engine.models.lifecycle import compare_versions, set_archived
from engine.models.packages import list_overlays, remove_unused
from engine.models.register import register
from engine.models.run_checks import run_checks
from engine.models.verify import run_reference_cases
from engine.runs.follow import snapshot
from engine.runs.submit import submit
from registry.interpreters import Interpreter, host_python
from registry.overlays import OverlayStore
from registry.package_index import PackageIndex
from registry.requirements import standard_set
from settings import read_settings
from storage import runs, versions
from tests.other_python import ENVIRONMENT, resolve_once, shared_store

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]  # the standard set may have to be fetched first
ADA = Actor("ada")
CODE = """
import sys

{newer}
def run(inputs):
    return {{"summary": {{"python": ".".join(map(str, sys.version_info[:2]))}}}}
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return shared_store(tmp_path_factory)


@pytest.fixture
def python(store):
    return resolve_once(store).python


@pytest.fixture
def context(context, store):
    return replace(context, overlays=store)


@pytest.fixture
def worker_context(worker_context, store):
    worker_context.overlays = store
    return worker_context


def files(python, newer="", cases=None, **manifest):
    manifest = {"name": "Probe", "inputs": {}, "python": python, **manifest}
    found = {"manifest.json": json.dumps(manifest).encode(), "function.py": CODE.format(newer=newer).encode()}
    return {**found, "cases.json": json.dumps(cases).encode()} if cases is not None else found


@pytest.fixture
def check(context, worker_context):
    """Upload a model, have it checked, and return its registration."""

    def go(given, slug="probe"):
        started = registration.register_from_upload(context, list(given.items()), slug=slug, actor=ADA)
        run_checks(worker_context, started.id)
        return registration.find_registration(context, started.id, actor=ADA)

    return go


def end_of(context, run_now, slug="probe"):
    run = submit(context, slug, {}, actor=ADA, fresh=True)
    run_now(run)
    with context.database.read() as conn:
        return runs.get_run(conn, run.id)


def lock_of(context, slug="probe"):
    return find_version(context, find_app(context, slug, actor=ADA), actor=ADA).version.lock


def test_a_model_is_checked_locked_and_run_with_the_python_that_it_asks_for_and_the_run_records_it(
    context, worker_context, check, run_now, python
):
    newer = "type Pair = tuple[int, int]\n" if python != "3.11" else ""
    cases = [{"name": "published", "inputs": {}, "expect": {"summary.python": python}}]
    found = check(files(python, newer, cases))
    assert found.status is RegistrationStatus.READY, found.checks
    [shown] = [r for r in found.checks if r.check == "Python"]
    assert shown.level is Level.PASS
    assert f"numpy {standard_set()['numpy']}" in shown.found
    app = registration.publish(context, found.id, actor=ADA)
    lock = lock_of(context)
    assert (lock.python, lock.packages) == (python, ())
    run = end_of(context, run_now)
    assert run.status is Status.SUCCESS, run.reason
    assert run.environment["python"].startswith(f"{python}.")
    assert run.environment["numpy"] == standard_set()["numpy"]
    run_reference_cases(worker_context, app.id, app.current_version)
    with context.database.read() as conn:
        assert versions.get_case_results(conn, app.id, app.current_version)["reproduced"] == 1


def test_points_of_a_sweep_run_with_it_and_record_it(context, worker_context, python):
    code = "import sys\ndef run(i):\n    return {'summary': {'n': i['n'], 'python': sys.version[:4]}}\n"
    inputs = {"n": {"type": "number", "min": 0, "max": 9, "default": 1}}
    given = {**files(python, inputs=inputs), "function.py": code.encode()}
    register(context, "probe", given, source={"kind": "local", "path": "probe"}, actor=SYSTEM)
    axis = {"input": "n", "from": 0, "to": 5, "step": 1}
    group = start_sweep(context, "probe", {}, axes=[axis], actor=ADA)
    for lane in range(8):
        run_lane(worker_context, group.id, lane)
    points = list_points(context, group.id, actor=ADA)
    assert [(figure_of(p.summary, "n"), p.summary["python"]) for p in points] == [(n, python) for n in range(6)]
    run = snapshot(context, points[3].run_id, actor=ADA).run
    assert run.environment["python"].startswith(f"{python}.")


def test_its_standard_set_is_kept_while_a_model_needs_it_and_listed_with_its_models(context, check, python, store):
    app = registration.publish(context, check(files(python)).id, actor=ADA)
    standard = lock_of(context).standard_lock.hash
    listed = {use.overlay.hash: use for use in list_overlays(store, context.database, actor=ADA)}
    assert (listed[standard].models, listed[standard].overlay.python) == (("probe",), python)
    assert standard not in [overlay.hash for overlay in remove_unused(store, context.database, actor=SYSTEM)]
    set_archived(context, app, archived=True, actor=ADA)
    uses = {use.overlay.hash: use.models for use in list_overlays(store, context.database, actor=ADA)}
    assert uses[standard] == ()


def test_a_worker_without_that_python_fails_the_run_and_says_what_to_do(
    context, worker_context, check, run_now, python, store
):
    registration.publish(context, check(files(python)).id, actor=ADA)
    worker_context.overlays = OverlayStore(
        store.root, PackageIndex((), {**ENVIRONMENT, "PATH": "", "HOME": "/nowhere"})
    )
    if python in {one.python for one in worker_context.overlays.interpreters.list_all()}:
        pytest.skip("this host's Python of that version is found without the path")
    run = end_of(context, run_now)
    assert run.status is Status.FAILED
    assert run.reason.startswith(f"This model cannot run on its worker: Python {python} is not on this host")
    assert f"uv python install {python}" in run.reason
    assert run.environment == {"python": python}


class StandsIn:
    """Interpreters among which one is there that does not start."""

    def __init__(self, executable, python):
        self.found = Interpreter(f"{python}.9", executable)

    def find(self, _python):
        return self.found


def test_a_python_that_no_longer_starts_fails_the_run_in_words(
    context, worker_context, check, run_now, python, store, tmp_path, monkeypatch
):
    registration.publish(context, check(files(python)).id, actor=ADA)
    executable = tmp_path / "python"
    executable.write_text("#!/bin/sh\nexit 3\n")
    executable.chmod(0o755)
    monkeypatch.setattr(store, "interpreters", StandsIn(executable, python))
    run = end_of(context, run_now)
    assert run.status is Status.FAILED
    assert f"Python {python}, which this model asks for, does not start on its worker" in run.reason
    assert run.environment == {"python": python}


def test_a_python_that_is_not_there_refuses_the_model_and_nothing_of_it_is_run(context, check, tmp_path, capsys):
    found = check(files("3.97"))
    assert found.status is RegistrationStatus.REFUSED
    [failure] = [r for r in found.checks if r.level is Level.FAIL]
    assert (failure.check, failure.where) == ("Python", "python")
    assert f"Tontine's own is {host_python()}" in failure.found
    assert "uv python install 3.97" in failure.hint
    assert "Import" not in {r.check for r in found.checks}
    with pytest.raises(InterpreterError, match=r"3\.97 is not on this host"):
        register(context, "probe", files("3.97"), source={"kind": "local", "path": "probe"}, actor=SYSTEM)
    for name, content in files("3.97").items():
        (tmp_path / name).write_bytes(content)
    assert check_command.main([str(tmp_path)], read_settings({"TONTINE_DATA": str(tmp_path / "data")})) == 1
    assert "Python 3.97 is not on this host" in capsys.readouterr().out


def test_a_key_that_is_no_version_refuses_the_model_with_what_to_write(check):
    for value in (">=3.12", 3.12, "3.10"):
        found = check(files(value))
        assert found.status is RegistrationStatus.REFUSED
        [failure] = [r for r in found.checks if r.level is Level.FAIL]
        assert "manifest.json python" in failure.where, value
        assert '"3.12"' in failure.hint


def test_the_installations_own_python_needs_nothing_and_another_installation_refuses_its_runs(
    context, worker_context, run_now, store, monkeypatch
):
    source = {"kind": "local", "path": "probe"}
    register(context, "probe", files(host_python()), source=source, actor=SYSTEM)
    assert end_of(context, run_now).status is Status.SUCCESS
    assert lock_of(context).parts == []
    monkeypatch.setattr("registry.overlays.host_python", lambda: "3.97")
    run = end_of(context, run_now)
    assert run.status is Status.FAILED
    assert f"registered where Python {host_python()} is the installation's own" in run.reason


def test_a_change_of_the_key_is_told_between_versions_and_the_lock_is_kept_while_it_stays(context, python):
    source = {"kind": "local", "path": "probe"}
    plain = files(python)
    del plain["manifest.json"]
    first = register(
        context, "probe", {**plain, "manifest.json": b'{"name": "Probe", "inputs": {}}'}, source=source, actor=SYSTEM
    )
    second = register(context, "probe", files(python), source=source, actor=SYSTEM)
    third = register(context, "probe", files(python, "# changed\n"), source=source, actor=SYSTEM)
    app = find_app(context, "probe", actor=ADA)
    assert f"python added: “{python}”" in compare_versions(context, app, first.hash, second.hash, actor=ADA).manifest
    assert third.hash != second.hash
    with context.database.read() as conn:
        locks = [versions.get_version(conn, app.id, version.hash).lock for version in (first, second, third)]
    assert locks[0] is None
    assert locks[1] == locks[2]


def test_a_stored_version_whose_key_was_ignored_still_runs(context, run_now):
    source = {"kind": "local", "path": "probe"}
    register(context, "probe", files(None), source=source, actor=SYSTEM)
    app = find_app(context, "probe", actor=ADA)
    with context.database.begin() as conn:
        versions_table = versions.versions
        conn.execute(
            versions_table.update()
            .where(versions_table.c.app_id == app.id)
            .values(manifest={"name": "Probe", "inputs": {}, "python": ">=3.8"})
        )
    assert end_of(context, run_now).status is Status.SUCCESS
