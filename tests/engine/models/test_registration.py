"""Models from git, archives and uploads: checked by a worker, published, updated, rolled back, hidden and archived."""

import io
import json
import os
import signal
import threading
import zipfile

import pytest

from contract.actor import Actor, Role
from contract.checks import Level
from contract.errors import NotAllowedError, NotFoundError, RegistrationError, SourceError
from contract.registration import RegistrationStatus
from engine.models import lifecycle
from engine.models.catalogue import find_app, find_version, list_models
from engine.models.register import register_folders
from engine.models.registration import (
    discard,
    find_registration,
    list_registrations,
    make_slug,
    publish,
    register_from_archive,
    register_from_git,
    register_from_upload,
    wait_for_checks,
)
from engine.models.run_checks import run_checks
from engine.runs.follow import snapshot
from engine.runs.recovery import requeue_orphans
from engine.runs.submit import submit
from registry.git_address import GitAccess
from storage import registrations
from tests.actors import ADA, BOB
from tests.registry.conftest import git_server, repository
from tests.registry.git_server import FUNCTION, MANIFEST

__all__ = ["git_server", "repository"]
pytestmark = pytest.mark.processes
FILES = {"manifest.json": MANIFEST, "function.py": FUNCTION}
BETTER = "def run(inputs):\n    return {'summary': {'Value': 10 * inputs['n']}}\n"


@pytest.fixture
def git_context(context, git_server):
    object.__setattr__(context, "git", GitAccess(origins=(git_server.origin,)))
    return context


@pytest.fixture
def registered(git_context, worker_context, git_server):
    """Register from a repository, check and publish; return the registration and the model."""

    def go(made, actor=ADA, **given):
        started = register_from_git(git_context, git_server.url(made), actor=actor, **given)
        run_checks(worker_context, started.id)
        return publish(git_context, started.id, actor=actor)

    return go


def zipped(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def slugs(context):
    return sorted(app.slug for app in list_models(context, actor=ADA))


def test_a_model_is_in_the_catalogue_once_it_is_checked_and_published_and_not_before(
    git_context, worker_context, git_server, repository
):
    made = repository()
    commit = made.commit({f"models/annuity/{name}": text for name, text in FILES.items()})
    started = register_from_git(git_context, git_server.url(made), subfolder="models/annuity", actor=ADA)
    assert (started.status, started.slug, started.git_commit) == (RegistrationStatus.CHECKING, "annuity", commit)
    with pytest.raises(RegistrationError, match="have not ended"):
        publish(git_context, started.id, actor=ADA)
    run_checks(worker_context, started.id)
    checked = find_registration(git_context, started.id, actor=ADA)
    assert checked.status is RegistrationStatus.READY
    assert {r.level for r in checked.checks} == {Level.PASS}
    assert checked.manifest["name"] == "Annuity"
    assert slugs(git_context) == []
    app = publish(git_context, started.id, actor=ADA)
    assert (app.slug, app.owner, app.current_version) == ("annuity", "ada", checked.version)
    version = find_version(git_context, app, actor=ADA).version
    assert (version.git_commit, version.created_by, version.source["branch"]) == (commit, "ada", "main")
    assert publish(git_context, started.id, actor=ADA).id == app.id  # a second press changes nothing
    assert len(lifecycle.list_versions(git_context, app, actor=ADA)) == 1


def test_a_refused_model_stores_no_version_and_says_what_to_do(git_context, worker_context, git_server, repository):
    made = repository()
    made.commit({**FILES, "function.py": "def run(inputs):\n    return {'a': 1 / 0}\n"})
    started = register_from_git(git_context, git_server.url(made), actor=ADA)
    run_checks(worker_context, started.id)
    assert find_registration(git_context, started.id, actor=ADA).status is RegistrationStatus.REFUSED
    with pytest.raises(RegistrationError, match="ZeroDivisionError"):
        publish(git_context, started.id, actor=ADA)
    assert slugs(git_context) == []
    assert [r.id for r in list_registrations(git_context, actor=ADA)] == [started.id]
    assert discard(git_context, started.id, actor=ADA)
    with pytest.raises(NotFoundError):
        find_registration(git_context, started.id, actor=ADA)
    with pytest.raises(NotFoundError):
        publish(git_context, started.id, actor=ADA)


def test_registering_the_repository_again_makes_a_version_of_the_same_model_and_runs_keep_theirs(
    git_context, registered, repository, run_now
):
    made = repository()
    made.commit(FILES)
    first = registered(made, slug="annuity")
    old = submit(git_context, "annuity", {"n": 2}, actor=ADA)
    run_now(old)
    made.commit({**FILES, "function.py": BETTER})
    second = registered(made, actor=BOB, slug="another_name")
    assert (second.id, second.slug, second.owner) == (first.id, "annuity", "ada")
    versions = lifecycle.list_versions(git_context, second, actor=ADA)
    assert [v.hash for v in versions] == [second.current_version, first.current_version]
    assert [v.created_by for v in versions] == ["bob", "ada"]
    new = submit(git_context, "annuity", {"n": 2}, actor=ADA)
    run_now(new)
    values = [snapshot(git_context, r.id, actor=ADA).shown["summary"]["Value"] for r in (old, new)]
    assert values == [2, 20]
    assert snapshot(git_context, old.id, actor=ADA).run.version == first.current_version


def test_a_new_version_of_a_model_from_git_is_its_owners_or_an_administrators(
    git_context, registered, repository, git_server
):
    """Whoever can have a commit in a repository, as by a fork, would else get the secrets granted to its model."""
    owner, other = Actor("ada", role=Role.AUTHOR), Actor("eve", role=Role.AUTHOR)
    made = repository()
    made.commit(FILES)
    app = registered(made, actor=owner)
    made.commit({**FILES, "function.py": BETTER}, branch="elsewhere")
    with pytest.raises(NotAllowedError, match="may not change the model .*, which belongs to ada. Ask ada"):
        register_from_git(git_context, git_server.url(made), branch="elsewhere", actor=other)
    assert list_registrations(git_context, actor=other) == []
    assert find_app(git_context, app.slug, actor=other).current_version == app.current_version
    assert registered(made, actor=owner, branch="elsewhere").current_version != app.current_version
    again = registered(made, actor=BOB)
    assert (again.id, again.owner) == (app.id, "ada")


def test_rolling_back_changes_the_next_run_and_no_earlier_one(git_context, registered, repository, run_now):
    made = repository()
    made.commit(FILES)
    first = registered(made)
    made.commit({**FILES, "function.py": BETTER})
    second = registered(made)
    back = lifecycle.set_current_version(git_context, second, first.current_version[:12], actor=ADA)
    assert back.current_version == first.current_version
    run = submit(git_context, back.slug, {"n": 2}, actor=ADA)
    run_now(run)
    assert snapshot(git_context, run.id, actor=ADA).shown["summary"]["Value"] == 2
    assert len(lifecycle.list_versions(git_context, back, actor=ADA)) == 2
    source = lifecycle.read_source(git_context, back, second.current_version, actor=ADA)
    assert source["function.py"].decode() == BETTER
    found = lifecycle.compare_versions(git_context, back, first.current_version, second.current_version, actor=ADA)
    assert (found.manifest, found.cases, [f.name for f in found.files]) == ([], [], ["function.py"])
    assert "+    return {'summary': {'Value': 10 * inputs['n']}}" in found.files[0].lines
    with pytest.raises(NotFoundError):
        lifecycle.set_current_version(git_context, back, "0" * 64, actor=ADA)


def test_two_repositories_and_two_folders_of_one_name_stay_apart(git_context, registered, repository, git_server):
    first, second = repository(), repository()
    for made in (first, second):
        made.commit({f"{place}/annuity/{name}": text for place in ("a", "b") for name, text in FILES.items()})
    names = {registered(made, subfolder=f"{place}/annuity").slug for made in (first, second) for place in ("a", "b")}
    assert names == {"annuity", "annuity_2", "annuity_3", "annuity_4"}
    again = registered(first, subfolder="a/annuity/")
    assert again.slug == "annuity"


def test_a_name_belongs_to_who_registered_it_first(git_context, registered, repository, worker_context, git_server):
    made, other = repository(), repository()
    made.commit(FILES)
    other.commit({**FILES, "function.py": BETTER})
    registered(made, slug="annuity")
    with pytest.raises(RegistrationError, match="belongs to ada"):
        register_from_git(git_context, git_server.url(other), slug="annuity", actor=BOB)
    with pytest.raises(RegistrationError, match="belongs to ada"):
        register_from_archive(git_context, zipped(FILES), "x.zip", slug="annuity", actor=BOB)
    moved = registered(other, slug="annuity")  # its owner may move it to another repository
    assert len(lifecycle.list_versions(git_context, moved, actor=ADA)) == 2
    for slug in ("Annuity", "a b", "../x", "-x", "x" * 61):
        with pytest.raises(RegistrationError, match="no name for an address"):
            register_from_git(git_context, git_server.url(other), slug=slug, actor=ADA)


def test_a_model_of_the_installations_folder_keeps_its_name(git_context, registered, repository, tmp_path):
    folder = tmp_path / "functions" / "annuity"
    folder.mkdir(parents=True)
    for name, text in FILES.items():
        (folder / name).write_text(text)
    register_folders(git_context, tmp_path / "functions", actor=ADA)
    made = repository()
    made.commit({f"annuity/{name}": text for name, text in FILES.items()})
    assert registered(made, subfolder="annuity").slug == "annuity_2"
    lifecycle.set_archived(git_context, find_app(git_context, "annuity", actor=ADA), archived=True, actor=ADA)
    register_folders(git_context, tmp_path / "functions", actor=ADA)
    assert slugs(git_context) == ["annuity_2"]  # what a person archived stays so at the next start
    folder.rename(tmp_path / "functions" / "annuity_2")
    wrong = register_folders(git_context, tmp_path / "functions", actor=ADA)
    assert "another model of this name" in wrong["annuity_2"][0].message


def test_a_roll_back_of_a_folders_model_lasts_until_the_folder_changes(context, tmp_path):
    root = tmp_path / "functions"
    folder = root / "annuity"
    folder.mkdir(parents=True)
    for name, text in FILES.items():
        (folder / name).write_text(text)
    register_folders(context, root, actor=ADA)
    first = find_app(context, "annuity", actor=ADA)
    (folder / "function.py").write_text(BETTER)
    register_folders(context, root, actor=ADA)
    second = find_app(context, "annuity", actor=ADA)
    lifecycle.set_current_version(context, second, first.current_version, actor=ADA)
    register_folders(context, root, actor=ADA)
    assert find_app(context, "annuity", actor=ADA).current_version == first.current_version
    (folder / "function.py").write_text(BETTER + "# changed\n")
    register_folders(context, root, actor=ADA)
    third = find_app(context, "annuity", actor=ADA).current_version
    (folder / "function.py").write_text(BETTER)
    register_folders(context, root, actor=ADA)
    assert find_app(context, "annuity", actor=ADA).current_version == second.current_version != third


def test_an_archive_and_an_uploaded_folder_become_models_and_the_next_upload_a_version(git_context, worker_context):
    for files in (FILES, {**FILES, "function.py": BETTER}):
        started = register_from_archive(git_context, zipped(files), "Level Annuity.zip", actor=ADA)
        run_checks(worker_context, started.id)
        app = publish(git_context, started.id, actor=ADA)
    assert app.slug == "level_annuity"
    assert len(lifecycle.list_versions(git_context, app, actor=ADA)) == 2
    theirs = register_from_archive(git_context, zipped(FILES), "Level Annuity.zip", actor=BOB)
    assert (theirs.slug, theirs.app_id) == ("level_annuity_2", None)
    uploaded = [(f"lapse/{name}", text.encode()) for name, text in FILES.items()]
    assert register_from_upload(git_context, uploaded, actor=ADA).slug == "lapse"
    loose = [(name, text.encode()) for name, text in FILES.items()]
    assert register_from_upload(git_context, loose, actor=ADA).slug == "annuity"  # by its manifest's name
    with pytest.raises(SourceError, match="not a zip file"):
        register_from_archive(git_context, b"no", "x.zip", actor=ADA)


def test_hidden_models_run_and_are_not_listed_and_archived_ones_take_no_runs(git_context, registered, repository):
    made = repository()
    made.commit(FILES)
    app = registered(made, slug="annuity")
    app = lifecycle.set_hidden(git_context, app, hidden=True, actor=ADA)
    assert (slugs(git_context), app.hidden) == ([], True)
    assert [a.slug for a in lifecycle.list_unlisted(git_context, actor=ADA)] == ["annuity"]
    submit(git_context, "annuity", {"n": 1}, actor=ADA)
    app = lifecycle.set_hidden(git_context, app, hidden=False, actor=ADA)
    app = lifecycle.set_archived(git_context, app, archived=True, actor=ADA)
    assert (slugs(git_context), app.archived) == ([], True)
    with pytest.raises(NotFoundError, match="archived and takes no runs"):
        submit(git_context, "annuity", {"n": 1}, actor=ADA)
    app = lifecycle.set_archived(git_context, app, archived=False, actor=ADA)
    assert slugs(git_context) == ["annuity"]
    submit(git_context, "annuity", {"n": 1}, actor=ADA)


def test_an_update_is_there_when_the_branch_has_moved_and_gone_once_it_is_registered(
    git_context, registered, repository, add_model
):
    made = repository()
    made.commit(FILES)
    app = registered(made)
    assert not lifecycle.find_update(git_context, app, actor=ADA).available
    commit = made.commit({**FILES, "README.md": "x"})
    found = lifecycle.find_update(git_context, app, actor=ADA)
    assert (found.commit, found.available) == (commit, True)
    app = registered(made)
    assert not lifecycle.find_update(git_context, app, actor=ADA).available
    made.commit({**FILES, "README.md": "x", ".hidden": "y"})  # nothing of the model
    before = app.current_version
    app = registered(made)
    assert app.current_version == before
    assert not lifecycle.find_update(git_context, app, actor=ADA).available
    local = find_app(git_context, add_model(FUNCTION), actor=ADA)
    assert lifecycle.find_update(git_context, local, actor=ADA) is None


def test_checks_are_seen_as_they_are_found_by_whoever_waits(git_context, worker_context, git_server, repository):
    made = repository()
    made.commit(FILES)
    started = register_from_git(git_context, git_server.url(made), actor=ADA)
    seen = []
    thread = threading.Thread(target=run_checks, args=(worker_context, started.id))
    thread.start()
    ended = wait_for_checks(git_context, started.id, 60, actor=ADA)
    thread.join()
    assert ended.checked
    assert ended.seq == len(ended.checks) + 1
    assert seen == []


def test_without_a_worker_waiting_ends_with_what_to_do(git_context, git_server, repository):
    made = repository()
    made.commit(FILES)
    started = register_from_git(git_context, git_server.url(made), actor=ADA)
    with pytest.raises(RegistrationError, match="no worker is online"):
        wait_for_checks(git_context, started.id, 60, actor=ADA)


def test_a_worker_process_checks_what_is_registered(git_context, workers, git_server, repository):
    made = repository()
    made.commit(FILES)
    started = register_from_git(git_context, git_server.url(made), actor=ADA)
    workers(1)
    object.__setattr__(git_context.limits, "worker_timeout", 60)
    assert wait_for_checks(git_context, started.id, 100, actor=ADA).status is RegistrationStatus.READY


SLOW = """
import time
def run(inputs):
    end = time.monotonic() + 2
    while time.monotonic() < end:
        time.sleep(0.01)
    return {"summary": {"Value": inputs["n"]}}
"""


def begun(context, registration_id):
    """Wait until a check has been stored."""
    for _ in range(100):
        generation = context.listener.generation
        now = find_registration(context, registration_id, actor=ADA)
        if now.seq:
            return now
        context.listener.wait(registration_id, now.seq, 1, generation)
    raise TimeoutError


def test_the_checks_of_a_worker_that_is_killed_are_made_by_another(git_context, workers, git_server, repository):
    made = repository()
    made.commit({**FILES, "function.py": SLOW})
    started = register_from_git(git_context, git_server.url(made), actor=ADA)
    pool = workers(1)
    begun(git_context, started.id)
    os.kill(pool.pids[0], signal.SIGKILL)
    object.__setattr__(git_context.limits, "worker_timeout", 60)
    assert wait_for_checks(git_context, started.id, 100, actor=ADA).status is RegistrationStatus.READY


def test_checks_that_have_lost_every_worker_they_may_end_as_refused(git_context, git_server, repository, database):
    made = repository()
    made.commit(FILES)
    started = register_from_git(git_context, git_server.url(made), actor=ADA)
    with database.begin() as conn:
        conn.exec_driver_sql(
            "update procrastinate_jobs set status = 'doing', attempts = 3 where task_name = 'tontine.check'"
        )
    requeue_orphans(database, git_context.limits)
    found = find_registration(git_context, started.id, actor=ADA)
    assert found.status is RegistrationStatus.REFUSED
    assert "was lost or failed" in found.checks[-1].found
    requeue_orphans(database, git_context.limits)


def test_a_worker_that_is_stopped_puts_the_checks_back(
    git_context, worker_context, git_server, repository, monkeypatch
):
    made = repository()
    made.commit(FILES)
    started = register_from_git(git_context, git_server.url(made), actor=ADA)
    real = registrations.put_results

    def stop(conn, registration_id, results):
        real(conn, registration_id, results)
        worker_context.cancel_run(registration_id, "worker stopped")

    monkeypatch.setattr(registrations, "put_results", stop)
    run_checks(worker_context, started.id)
    assert find_registration(git_context, started.id, actor=ADA).status is RegistrationStatus.CHECKING
    monkeypatch.undo()
    run_checks(worker_context, started.id)
    assert find_registration(git_context, started.id, actor=ADA).status is RegistrationStatus.READY


def test_registrations_that_nobody_published_are_deleted_with_their_files_after_some_days(git_context, database):
    started = register_from_archive(git_context, zipped(FILES), "x.zip", actor=ADA)
    with database.begin() as conn:
        assert registrations.delete_old(conn) == 0
        conn.exec_driver_sql("update registrations set created_at = now() - interval '8 days'")
        assert registrations.delete_old(conn) == 1
        assert registrations.get_registration(conn, started.id) is None


@pytest.mark.parametrize(
    ("text", "slug"),
    [("Level Annuity", "level_annuity"), ("Überschuß/β", "uberschu"), ("", "model"), ("a" * 99, "a" * 60)],
)
def test_names_are_made_of_what_an_address_holds(text, slug):
    assert make_slug(text) == slug


def test_folders_of_the_mclavier_marketplace_register_from_git_unchanged(registered, repository, git_context, run_now):
    from pathlib import Path

    folders = Path(__file__).resolve().parents[2] / "models" / "mclavier"
    made = repository()
    made.commit(
        {str(p.relative_to(folders)): p.read_bytes() for p in folders.rglob("*") if p.suffix in {".py", ".json"}}
    )
    for name in ("mortality", "pricer"):
        app = registered(made, subfolder=name)
        version = find_version(git_context, app, actor=ADA).version
        assert json.loads((folders / name / "manifest.json").read_text())["name"] == version.manifest["name"]
        run = submit(git_context, app.slug, {}, actor=ADA)
        run_now(run)
        assert snapshot(git_context, run.id, actor=ADA).run.status == "SUCCESS"
