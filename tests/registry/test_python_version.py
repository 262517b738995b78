"""Another Python for a model: found or refused, the standard set chosen for it, and part of the lock's identity.

Where the installed Python matters, the one that runs the tests stands in for another: it is given another version's name.
"""

import dataclasses
import json
import os
import sys
from pathlib import Path

import pytest

from contract.errors import InterpreterError, RequirementsError
from contract.package_lock import PackageLock
from registry.interpreters import Interpreter, Interpreters, host_python
from registry.overlays import OverlayStore
from registry.package_index import PackageIndex
from registry.requirements import find_missing, standard_set
from tests.other_python import ENVIRONMENT, need_other_python
from tests.registry.package_index import make_wheel, serve_index

pytestmark = pytest.mark.processes
STANDS_IN = "3.98"


@pytest.fixture(scope="module")
def index():
    with serve_index() as served:
        served.add("alpha", "1.0")
        served.add("beta", "1.0", requires=["numpy<1"])
        served.add_installed(*standard_set())
        yield served


class StandsIn(Interpreters):
    """Finds the Python of the tests under another version's name."""

    def list_all(self):
        """Return it beside those that are there."""
        return [Interpreter(f"{STANDS_IN}.4", Path(sys.executable)), *super().list_all()]


@pytest.fixture
def store(index, tmp_path):
    made = OverlayStore(tmp_path / "overlays", PackageIndex((index.url,)))
    made.interpreters = StandsIn({})
    return made


def refusal(call, kind=InterpreterError):
    with pytest.raises(kind) as caught:
        call()
    [problem] = caught.value.problems
    assert problem.hint
    return problem


def test_a_python_that_is_not_there_is_refused_with_the_versions_that_are_and_what_to_do(index, tmp_path):
    store = OverlayStore(tmp_path, PackageIndex((index.url,), {"PATH": str(Path(sys.base_prefix) / "bin")}))
    problem = refusal(lambda: store.resolve([], "3.97"))
    assert problem.where == "python"
    assert f"Python 3.97 is not on this host: Tontine's own is {host_python()}, and uv finds 3." in problem.message
    assert "uv python install 3.97" in problem.hint
    assert "changes the key" in problem.hint


def test_names_on_the_path_that_lead_to_no_python_are_passed_over(tmp_path):
    for name, text in {"python3.97": "#!/bin/sh\nexit 1\n", "python3.96": "not a program"}.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    os.symlink(Path(sys.base_prefix) / "bin" / f"python{host_python()}", tmp_path / f"python{host_python()}")
    found = Interpreters({"PATH": str(tmp_path)}).list_all()
    assert {one.python for one in found} >= {host_python()}
    assert not {"3.96", "3.97"} & {one.python for one in found}


def test_an_interpreter_that_has_been_removed_is_looked_for_again(tmp_path, monkeypatch):
    executable = tmp_path / "python"
    executable.write_text("")
    found = Interpreters({})
    there = [Interpreter("3.98.1", executable)]
    monkeypatch.setattr(found, "list_all", lambda: [one for one in there if one.executable.exists()])
    assert found.find("3.98").version == "3.98.1"
    executable.unlink()
    assert "3.98 is not on this host" in refusal(lambda: found.find("3.98")).message
    executable.write_text("again")
    assert found.find("3.98").version == "3.98.1"


def test_the_installed_pythons_are_found_with_the_newest_first():
    python = need_other_python()
    found = Interpreters(ENVIRONMENT)
    assert found.find(python).python == python
    versions = [tuple(map(int, one.version.split("."))) for one in found.list_all()]
    assert versions == sorted(versions, reverse=True)
    assert min(versions) >= (3, 11)


def test_the_lock_of_another_python_has_the_standard_set_at_the_installations_versions(store):
    lock = store.resolve(["alpha"], STANDS_IN)
    assert (lock.python, lock.versions) == (STANDS_IN, {"alpha": "1.0"})
    assert {p.name: p.version for p in lock.standard} == {
        name: standard_set()[name] for name in (p.name for p in lock.standard)
    }
    assert {"numpy", "pandas", "scipy", "pyarrow", "orjson", "httpx"} <= {p.name for p in lock.standard}
    assert all(value.startswith("sha256:") for package in lock.standard for value in package.hashes)
    assert PackageLock.from_dict(json.loads(json.dumps(lock.as_dict()))) == lock


def test_the_python_and_its_standard_set_are_part_of_the_locks_identity_and_earlier_locks_keep_theirs(store):
    own, bare, other = store.resolve(["alpha"]), store.resolve([], STANDS_IN), store.resolve(["alpha"], STANDS_IN)
    assert "standard" not in own.as_dict()
    assert store.resolve(["alpha"], host_python()).hash == own.hash
    hashes = {own.hash, bare.hash, other.hash, dataclasses.replace(other, python="3.97").hash}
    older = dataclasses.replace(other.standard[0], version="0.1")
    hashes.add(dataclasses.replace(other, standard=(older, *other.standard[1:])).hash)
    assert len(hashes) == 5
    assert other.standard_lock == bare.standard_lock  # which both share


def test_the_installations_own_python_is_locked_by_name_and_nothing_is_installed_for_it(store):
    lock = store.resolve(["numpy"], host_python())
    assert lock == PackageLock(host_python(), ())
    assert store.is_built(lock)
    with store.open(lock) as opened:
        assert (opened.overlay, opened.interpreter, opened.libraries) == (None, None, None)
    assert store.list_overlays() == []
    assert store.resolve(["numpy"]) is None


def test_a_lock_of_another_installations_own_python_is_refused_in_words(store):
    def run():
        with store.open(PackageLock("3.97", ())):
            pass

    problem = refusal(run)
    assert "registered where Python 3.97 is the installation's own" in problem.message
    assert host_python() in problem.message


def test_a_package_of_the_standard_set_without_a_wheel_for_it_refuses_that_python_by_name(store, index):
    files = dict(index.files["orjson"])
    index.files["orjson"].clear()
    index.put("orjson", *make_wheel("orjson", standard_set()["orjson"], {}, tag="cp311-cp311-win_amd64"))
    try:
        problem = refusal(lambda: store.resolve([], STANDS_IN))
    finally:
        index.files["orjson"] = files
    assert problem.where == "python"
    assert (
        f"cannot be installed for Python {STANDS_IN}: orjson {standard_set()['orjson']} has no wheel" in problem.message
    )


def test_requirements_are_held_to_the_same_standard_set_and_to_that_pythons_markers(store):
    problem = refusal(lambda: store.resolve(["beta"], STANDS_IN), RequirementsError)
    assert problem.where == "requirements: beta"
    assert "conflicts with numpy" in problem.message
    marked = ['alpha; python_version >= "3.98"', 'alpha; python_full_version >= "3.98.4"']
    assert find_missing(marked, "3.98.4") == ([], marked)
    assert find_missing(marked, "3.98.3") == ([], marked[:1])
    assert find_missing(marked) == ([], [])


def test_an_index_that_is_closed_or_silent_is_told_apart_from_a_missing_python(tmp_path):
    for urls, kind, words in (
        (("none",), InterpreterError, "no packages are installed for models here"),
        (("http://127.0.0.1:1/simple",), RequirementsError, "cannot be asked"),
    ):
        store = OverlayStore(tmp_path, PackageIndex(urls))
        store.interpreters = StandsIn({})
        assert words in refusal(lambda store=store: store.resolve([], STANDS_IN), kind).message


def test_the_standard_set_and_a_models_own_packages_are_two_overlays_listed_with_their_python(store):
    lock = store.resolve(["alpha"], STANDS_IN)
    assert not store.is_built(lock)
    with store.open(lock) as opened:
        assert (opened.overlay / "alpha").is_dir()
        assert opened.libraries != opened.overlay
        assert opened.interpreter.python == STANDS_IN
        assert all(overlay.in_use for overlay in store.list_overlays())
    assert store.is_built(lock)
    listed = {overlay.hash: overlay for overlay in store.list_overlays()}
    assert listed.keys() == {part.hash for part in lock.parts}
    assert {overlay.python for overlay in listed.values()} == {STANDS_IN}
    assert all("-cpython-398-" in path.name for path in store.root.iterdir() if path.is_dir())
    assert len(store.remove_unused({lock.standard_lock.hash})) == 1


def test_a_models_limit_is_not_that_of_the_standard_set(index, tmp_path):
    name = "numpy"
    files = dict(index.files[name])
    wheel = make_wheel(name, standard_set()[name], {"numpy/data": os.urandom(1_500_000)})
    index.files[name] = dict([wheel])
    index.add("large", "1.0", {"large/data": os.urandom(3_000_000)})
    store = OverlayStore(tmp_path / "small", PackageIndex((index.url,), overlay_mb=1))
    store.interpreters = StandsIn({})
    try:
        with store.open(store.resolve([], STANDS_IN)) as opened:
            assert (opened.libraries / "numpy" / "data").stat().st_size == 1_500_000
        lock = store.resolve(["large"], STANDS_IN)
        with pytest.raises(RequirementsError), store.open(lock):
            pass
    finally:
        index.files[name] = files
