"""A folder that an author works in is registered again at each change, without a restart."""

import queue

import pytest

from engine.models.catalogue import find_app, find_version
from engine.models.watch_folders import FolderWatcher
from engine.runs.follow import snapshot
from engine.runs.submit import submit
from tests.actors import ADA
from tests.registry.git_server import FUNCTION, MANIFEST

WAIT = 60  # s


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "work" / "annuity"
    made.mkdir(parents=True)
    (made / "manifest.json").write_text(MANIFEST)
    (made / "function.py").write_text(FUNCTION)
    return made


@pytest.fixture
def watch(context):
    started = []

    def go(*folders):
        read = queue.Queue()
        started.append(FolderWatcher(context, folders, actor=ADA, on_read=read.put))
        started[-1].start()
        return read

    yield go
    for watcher in started:
        watcher.stop()


def version(context):
    app = find_app(context, "annuity", actor=ADA)
    return find_version(context, app, actor=ADA).hash


def until(read, wanted):
    """Wait for a reading that registered these models."""
    while read.get(timeout=WAIT) != wanted:
        pass


def test_the_next_run_uses_what_was_saved_last(context, folder, watch, run_now):
    read = watch(folder.parent)
    until(read, ["annuity"])
    first = version(context)
    (folder / "function.py").write_text(FUNCTION.replace("inputs['n']", "7"))
    until(read, ["annuity"])
    assert version(context) != first
    run = submit(context, "annuity", {"n": 1}, actor=ADA)
    run_now(run)
    assert snapshot(context, run.id, actor=ADA).shown["summary"]["Value"] == 7


def test_a_folder_that_cannot_be_registered_keeps_its_last_version_and_says_why_until_it_is_right(
    context, folder, watch
):
    read = watch(folder)
    until(read, ["annuity"])
    first = version(context)
    (folder / "manifest.json").write_text("{")
    until(read, [])
    assert version(context) == first
    assert "not JSON" in context.folder_problems["annuity"][0].message
    (folder / "manifest.json").write_text(MANIFEST.replace("Annuity", "Level annuity"))
    until(read, ["annuity"])
    assert context.folder_problems == {}


def test_an_editor_that_writes_beside_and_renames_is_understood_and_caches_change_nothing(context, folder, watch):
    read = watch(folder.parent)
    until(read, ["annuity"])
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "function.pyc").write_text("x")
    (folder / ".function.py.swp").write_text(FUNCTION + "# saved\n")
    (folder / ".function.py.swp").rename(folder / "function.py")
    until(read, ["annuity"])
    new = folder.parent / "lapse"
    new.mkdir()
    for name in ("manifest.json", "function.py"):
        (new / name).write_text((folder / name).read_text())
    until(read, ["lapse"])
