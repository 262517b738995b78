"""Packages of models from the registration to the run: locked with the version, the same on every worker."""

import contextlib
import json
import os
import signal
import threading
from dataclasses import replace

import psutil
import pytest

from contract.actor import SYSTEM, Actor
from contract.checks import Level
from contract.errors import RequirementsError
from contract.registration import RegistrationStatus
from contract.run import Status
from engine.commands import check as check_command
from engine.commands import packages
from engine.models import registration
from engine.models.catalogue import find_app, find_version
from engine.models.lifecycle import compare_versions, set_archived
from engine.models.packages import list_overlays, open_packages, remove_unused
from engine.models.register import register
from engine.models.run_checks import run_checks
from engine.models.verify import run_reference_cases
from engine.runs.follow import wait_for_end
from engine.runs.submit import submit
from engine.sandbox.supervisor import CancelToken
from registry.overlays import OverlayStore
from registry.package_index import PackageIndex
from settings import read_settings
from storage import runs, versions
from tests.registry.package_index import make_wheel, serve_index

pytestmark = pytest.mark.processes
ADA = Actor("ada")
CODE = "import alpha\n\ndef run(inputs):\n    return {'summary': {'version': alpha.VERSION}}\n"


@pytest.fixture
def index():
    with serve_index() as served:
        served.add("alpha", "1.0")
        served.add("alpha", "2.0", requires=["beta"])
        served.add("beta", "1.5")
        yield served


@pytest.fixture
def overlays(index, tmp_path):
    return OverlayStore(tmp_path / "overlays", PackageIndex((index.url,)))


@pytest.fixture
def context(context, overlays):
    return replace(context, overlays=overlays)


@pytest.fixture
def worker_context(worker_context, overlays):
    worker_context.overlays = overlays
    return worker_context


def files(*requirements, code=CODE, cases=None):
    manifest = {"name": "Probe", "inputs": {}, "requirements": list(requirements)}
    found = {"manifest.json": json.dumps(manifest).encode(), "function.py": code.encode()}
    return {**found, "cases.json": json.dumps(cases).encode()} if cases is not None else found


@pytest.fixture
def check(context, worker_context):
    """Upload a model, have it checked, and return its registration."""

    def go(*requirements, slug="probe", **more):
        given = files(*requirements, **more)
        started = registration.register_from_upload(context, list(given.items()), slug=slug, actor=ADA)
        run_checks(worker_context, started.id)
        return registration.find_registration(context, started.id, actor=ADA)

    return go


def end_of(context, run_now, slug, **more):
    run = submit(context, slug, {}, actor=ADA, **more)
    run_now(run)
    with context.database.read() as conn:
        return runs.get_run(conn, run.id)


def test_a_registered_model_runs_with_the_packages_it_was_checked_with_and_the_run_records_them(
    context, check, run_now, index
):
    found = check("alpha>=1")
    [shown] = [r for r in found.checks if r.check == "Requirements"]
    assert (shown.level, shown.found) == (Level.PASS, "resolved and installed: alpha 2.0, beta 1.5 (2 packages)")
    assert found.status is RegistrationStatus.READY, found.checks
    app = registration.publish(context, found.id, actor=ADA)
    index.add("alpha", "3.0")  # what comes later changes nothing
    lock = find_version(context, app, actor=ADA).version.lock
    assert lock.versions == {"alpha": "2.0", "beta": "1.5"}
    run = end_of(context, run_now, "probe", fresh=True)
    assert run.status is Status.SUCCESS, run.reason
    assert (run.environment["alpha"], run.environment["beta"]) == ("2.0", "1.5")


def test_two_versions_of_a_package_run_in_two_models_at_once(context, check, worker_context, run_now):
    for slug, requirement in (("older", "alpha<2"), ("newer", "alpha>=2")):
        registration.publish(context, check(requirement, slug=slug).id, actor=ADA)
    started = {slug: submit(context, slug, {}, actor=ADA, fresh=True) for slug in ("older", "newer")}
    for thread in [run_now(run, wait=False) for run in started.values()]:
        thread.join(timeout=60)
    with context.database.read() as conn:
        found = {slug: runs.get_run(conn, run.id).environment["alpha"] for slug, run in started.items()}
    assert found == {"older": "1.0", "newer": "2.0"}


def test_packages_that_cannot_be_had_refuse_the_model_by_name_and_nothing_of_it_is_run(check):
    found = check("alpha>1", "gone")
    assert found.status is RegistrationStatus.REFUSED
    assert found.package_lock is None
    [failure] = [r for r in found.checks if r.level is Level.FAIL]
    assert (failure.check, failure.where) == ("Requirements", "requirements: gone")
    assert "gone is not in the package index" in failure.found
    assert "Import" not in {r.check for r in found.checks}


def test_reference_cases_are_checked_with_the_models_packages(context, check, worker_context):
    cases = [{"name": "published", "inputs": {}, "expect": {"summary.version": "1.0"}}]
    found = check("alpha<2", cases=cases)
    assert found.status is RegistrationStatus.READY, found.checks
    app = registration.publish(context, found.id, actor=ADA)
    run_reference_cases(worker_context, app.id, found.version)
    with context.database.read() as conn:
        assert versions.get_case_results(conn, app.id, found.version)["reproduced"] == 1


def test_another_host_installs_the_same_packages_from_the_lock_in_the_database(
    context, check, worker_context, run_now, index, tmp_path
):
    registration.publish(context, check("alpha").id, actor=ADA)
    worker_context.overlays = OverlayStore(tmp_path / "other-host", PackageIndex((index.url,)))
    run = end_of(context, run_now, "probe", fresh=True)
    assert run.status is Status.SUCCESS, run.reason
    assert run.environment["alpha"] == "2.0"
    [overlay] = worker_context.overlays.list_overlays()
    assert overlay.packages == ("alpha 2.0", "beta 1.5")


def test_a_run_whose_packages_have_changed_in_the_index_fails_in_words(
    context, check, worker_context, run_now, index, tmp_path
):
    registration.publish(context, check("alpha<2").id, actor=ADA)
    index.files["alpha"].update([make_wheel("alpha", "1.0", {"alpha/__init__.py": "VERSION = 'other'\n"})])
    worker_context.overlays = OverlayStore(tmp_path / "other-host", PackageIndex((index.url,)))
    run = end_of(context, run_now, "probe", fresh=True)
    assert run.status is Status.FAILED
    assert "another hash" in run.reason


def test_a_run_that_is_cancelled_while_its_packages_are_installed_ends_at_once(
    context, check, worker_context, run_now, index, tmp_path
):
    registration.publish(context, check("alpha<2").id, actor=ADA)
    worker_context.overlays = OverlayStore(tmp_path / "other-host", PackageIndex((index.url,)))
    index.hold.clear()
    index.asked.clear()
    run = submit(context, "probe", {}, actor=ADA, fresh=True)
    thread = run_now(run, wait=False)
    index.wait_for("/files/alpha/")
    worker_context.cancel_run(run.id, "cancelled by ada")
    thread.join(timeout=60)
    with context.database.read() as conn:
        assert runs.get_run(conn, run.id).status is Status.CANCELLED


def test_packages_that_no_model_needs_are_removed_and_those_of_one_that_comes_back_are_installed_again(
    context, check, worker_context, run_now
):
    kept = registration.publish(context, check("alpha<2", slug="kept").id, actor=ADA)
    gone = registration.publish(context, check("alpha>=2", slug="gone").id, actor=ADA)
    overlays = worker_context.overlays
    shown = {use.models: use.overlay.packages for use in list_overlays(overlays, context.database, actor=ADA)}
    assert shown == {("kept",): ("alpha 1.0",), ("gone",): ("alpha 2.0", "beta 1.5")}
    worker_context.sandbox.prepared.forget(worker_context.cache / "versions" / gone.current_version)
    assert remove_unused(overlays, context.database, actor=SYSTEM) == []
    set_archived(context, gone, archived=True, actor=ADA)
    [removed] = remove_unused(overlays, context.database, actor=SYSTEM)
    assert removed.packages == ("alpha 2.0", "beta 1.5")
    set_archived(context, gone, archived=False, actor=ADA)
    assert end_of(context, run_now, "gone", fresh=True).status is Status.SUCCESS
    assert end_of(context, run_now, kept.slug, fresh=True).status is Status.SUCCESS


def test_a_folder_of_the_installation_is_locked_when_it_is_registered_and_keeps_its_packages_while_it_asks_for_the_same(
    context, run_now, index
):
    source = {"kind": "local", "path": "probe"}
    register(context, "probe", files("alpha"), source=source, actor=SYSTEM)
    assert end_of(context, run_now, "probe", fresh=True).environment["alpha"] == "2.0"
    first = find_version(context, find_app(context, "probe", actor=ADA), actor=ADA).version
    index.add("alpha", "3.0")
    register(context, "probe", files("alpha", code=CODE + "# changed\n"), source=source, actor=SYSTEM)
    second = find_version(context, find_app(context, "probe", actor=ADA), actor=ADA).version
    assert (second.hash != first.hash, second.lock) == (True, first.lock)
    register(context, "probe", files("alpha>=2"), source=source, actor=SYSTEM)
    app = find_app(context, "probe", actor=ADA)
    assert find_version(context, app, actor=ADA).version.lock.versions == {"alpha": "3.0"}
    words = compare_versions(context, app, first.hash, actor=ADA).manifest
    assert {"package `alpha`: 2.0 to 3.0", "package `beta` 1.5 is gone"} <= set(words)
    with pytest.raises(RequirementsError, match="gone"):
        register(context, "probe", files("gone"), source=source, actor=SYSTEM)


def test_an_installation_that_has_begun_elsewhere_is_waited_for_until_the_run_is_cancelled(overlays, index):
    lock = overlays.resolve(["alpha<2"])
    index.hold.clear()
    index.asked.clear()
    first, second = CancelToken(), CancelToken()
    outcomes = []

    def install(cancel):
        try:
            with open_packages(overlays, lock, cancel) as given:
                outcomes.append(given.overlay.name)
        except RequirementsError as error:
            outcomes.append(str(error))

    with contextlib.closing(first), contextlib.closing(second):
        threads = [threading.Thread(target=install, args=(cancel,)) for cancel in (first, second)]
        threads[0].start()
        index.wait_for("/files/alpha/")
        threads[1].start()
        second.request("cancelled")
        threads[1].join(timeout=60)
        assert "stopped" in outcomes[0]
        index.hold.set()
        threads[0].join(timeout=60)
    assert outcomes[1:] == ["packages"]


def test_the_command_for_operators_lists_packages_with_size_use_and_models_and_removes_the_unused(
    context, check, overlays, database_url, tmp_path, capsys
):
    app = registration.publish(context, check("alpha").id, actor=ADA)
    settings = read_settings({"DATABASE_URL": database_url, "TONTINE_DATA": str(tmp_path)})
    assert packages.main([], settings) == 0
    said = capsys.readouterr().out
    for words in ("alpha 2.0, beta 1.5", "models:   probe", "1 overlay, ", " MB"):
        assert words in said
    set_archived(context, app, archived=True, actor=ADA)
    assert packages.main(["--remove-unused"], settings) == 0
    assert "0 overlays" in capsys.readouterr().out
    assert overlays.list_overlays() == []


def test_the_check_command_shows_what_was_resolved_and_the_same_refusals(index, tmp_path, capsys):
    settings = read_settings({"TONTINE_DATA": str(tmp_path / "data"), "TONTINE_PACKAGE_INDEX": index.url})
    folder = tmp_path / "model"
    folder.mkdir()
    for name, content in files("alpha").items():
        (folder / name).write_bytes(content)
    assert check_command.main([str(folder)], settings) == 0
    assert "Requirements: resolved and installed: alpha 2.0, beta 1.5" in capsys.readouterr().out
    (folder / "manifest.json").write_bytes(files("gone")["manifest.json"])
    assert check_command.main([str(folder)], settings) == 1
    assert "gone is not in the package index" in capsys.readouterr().out


def test_workers_that_need_the_same_packages_at_once_install_them_once_and_one_that_is_killed_loses_no_run(
    context, check, workers, index, tmp_path
):
    for slug, code in (("first", CODE), ("second", f"{CODE}# another version with the same packages\n")):
        registration.publish(context, check("alpha<2", slug=slug, code=code).id, actor=ADA)
    index.hold.clear()
    index.asked.clear()
    pool = workers(2, TONTINE_PACKAGE_INDEX=index.url, TONTINE_WORKER_SLOTS="1")
    started = [submit(context, slug, {}, actor=ADA, fresh=True) for slug in ("first", "second")]
    index.wait_for("/files/alpha/")
    [builder] = {
        parent.pid
        for process in psutil.process_iter(["cmdline"])
        if "lock.txt" in (process.info["cmdline"] or ()) and index_is(process, index)
        for parent in process.parents()
        if parent.pid in pool.pids
    }
    os.kill(builder, signal.SIGKILL)
    index.hold.set()
    ended = [wait_for_end(context, run.id, 120, actor=ADA).run for run in started]
    assert [(run.status, run.environment["alpha"]) for run in ended] == [(Status.SUCCESS, "1.0")] * 2
    [overlay] = OverlayStore(tmp_path / "worker" / "overlays").list_overlays()
    assert overlay.packages == ("alpha 1.0",)


def index_is(process, index):
    """Return whether a process of uv asks this index: other tests' may run at the same time."""
    return process.environ().get("UV_DEFAULT_INDEX") == index.url
