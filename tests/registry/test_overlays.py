"""Packages of models: resolved against the standard set, locked with hashes, installed once for each lock."""

import json
import os
import signal
import subprocess
import sys
import threading
from importlib import metadata
from pathlib import Path

import pytest

import settings
from contract.errors import RequirementsError
from contract.package_lock import PackageLock
from registry.overlays import ABOUT, OverlayStore, hold
from registry.package_index import PackageIndex
from registry.requirements import find_missing, standard_set
from tests.registry.package_index import make_sdist, make_wheel, serve_index

pytestmark = pytest.mark.processes
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def index():
    with serve_index() as served:
        served.add("alpha", "1.0")
        served.add("alpha", "2.0", requires=["beta>=1", "numpy>=2"])
        served.add("beta", "1.5")
        served.add_installed("numpy")
        yield served


@pytest.fixture
def store(index, tmp_path):
    return OverlayStore(tmp_path / "overlays", PackageIndex((index.url,)))


def refusal(call):
    with pytest.raises(RequirementsError) as caught:
        call()
    [problem] = caught.value.problems
    assert problem.where
    assert problem.hint
    return problem


def test_what_every_model_has_needs_no_installation_and_no_index(tmp_path):
    store = OverlayStore(tmp_path / "none", PackageIndex(("http://127.0.0.1:1/simple",)))
    for text in ("numpy", "pandas>=2", "tzdata", "tontine-actuarial>=1.0,<2", "nothing; python_version < '3'"):
        assert store.resolve([text]) is None, text
    assert not (tmp_path / "none").exists()


def test_the_standard_set_is_what_a_run_finds_loaded_with_what_that_needs():
    found = standard_set()
    assert {"numpy", "pandas", "scipy", "python-dateutil", "tzdata", "httpx", "anyio"} <= set(found)
    assert "streamlit" not in found
    assert found["numpy"] == metadata.version("numpy")


def test_requirements_that_are_none_name_addresses_or_contradict_the_standard_set_are_each_refused():
    problems, missing = find_missing(["what is this?", "alpha @ https://example.com/a.whl", "numpy<1", "alpha>1"])
    assert missing == ["alpha>1"]
    assert [words in p.message for p, words in zip(problems, ("no requirement", "address", "numpy is"), strict=True)]
    second_line = "alpha; python_version != 'x\n--index-url=http://example.com'"
    problems, missing = find_missing([second_line, f"alpha=={'1' * 600}"])
    assert [p.message.split(",")[0] for p in problems] == ["it holds control characters"] * 2
    assert missing == []
    problems, _ = find_missing(["alpha"] * 51)
    assert "more than 50" in problems[0].message


def test_uv_gets_the_named_indexes_in_their_order_or_what_this_machine_is_set_to_and_nothing_else(tmp_path):
    (tmp_path / "pip.conf").write_text("[global]\nindex-url = https://pypi.example/simple\ntrusted-host = a b\n")
    machine = {
        "PIP_CONFIG_FILE": str(tmp_path / "pip.conf"),
        "UV_CACHE_DIR": "/elsewhere",
        "UV_INDEX": "https://uv.example/simple",
        "HTTPS_PROXY": "http://proxy.example",
        "DATABASE_URL": "postgresql://secret",
    }
    own = PackageIndex((), machine).variables()
    expected = {
        "UV_DEFAULT_INDEX": "https://pypi.example/simple",
        "UV_INDEX": "https://uv.example/simple",
        "UV_INSECURE_HOST": "a b",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "HTTPS_PROXY": "http://proxy.example",
    }
    assert expected.items() <= own.items()
    assert not {"UV_CACHE_DIR", "DATABASE_URL"} & set(own)
    named = PackageIndex(("https://a/simple", "https://b/simple"), machine).variables()
    expected = {"UV_DEFAULT_INDEX": "https://b/simple", "UV_INDEX": "https://a/simple", "UV_INSECURE_HOST": "a b"}
    assert expected.items() <= named.items()
    assert "UV_INDEX_STRATEGY" not in named
    assert "https://a" not in repr(settings.read_settings({"TONTINE_PACKAGE_INDEX": "https://a/simple"}))
    with pytest.raises(settings.SettingsError, match="TONTINE_PACKAGE_INDEX: it is not a list of URLs"):
        settings.read_settings({"TONTINE_PACKAGE_INDEX": "pypi.example"})


def test_packages_are_locked_with_version_and_hash_without_those_of_the_standard_set(store):
    lock = store.resolve(["alpha"])
    assert lock.versions == {"alpha": "2.0", "beta": "1.5"}
    assert all(value.startswith("sha256:") for package in lock.packages for value in package.hashes)
    assert PackageLock.from_dict(json.loads(json.dumps(lock.as_dict()))).hash == lock.hash
    assert store.resolve(["alpha==2.0", "beta"]).hash == lock.hash
    assert store.resolve(["alpha<2"]).hash != lock.hash


def test_a_refusal_names_the_package_and_says_what_is_in_the_way(index, store, tmp_path):
    index.add("old", "1.0", requires=["numpy<1"])
    index.add("future", "1.0", python=">=3.99")
    index.put("windows", *make_wheel("windows", "1.0", {}, tag="cp311-cp311-win_amd64"))
    index.put("source", *make_sdist("source", "1.0", tmp_path / "proof"))
    index.add("needs-source", "1.0", requires=["source"])
    index.add("needs-gone", "1.0", requires=["gone"])
    numpy = f"numpy {metadata.version('numpy')}"
    for text, words in {
        "nothere": "the package nothere is not in the package index",
        "old": f"conflicts with {numpy}",
        "future": "future 1.0 needs another version of Python",
        "windows": "windows 1.0 has no wheel for this host",
        "source": "source 1.0 has no wheel",
        "needs-source": "source 1.0 has no wheel",
        "needs-gone": "the package gone is not in",
        "alpha>5": "alpha>5",
    }.items():
        problem = refusal(lambda text=text: store.resolve([text]))
        assert words in problem.message, (text, problem.message)
        assert problem.where == f"requirements: {text}"
    assert not (tmp_path / "proof").exists()
    assert "beta" in refusal(lambda: store.resolve(["alpha==2.0", "beta<1"])).message


def test_an_index_that_does_not_answer_and_one_that_is_closed_are_told_apart(tmp_path):
    closed = OverlayStore(tmp_path, PackageIndex(("none",)))
    assert "TONTINE_PACKAGE_INDEX" in refusal(lambda: closed.resolve(["alpha"])).hint
    silent = OverlayStore(tmp_path, PackageIndex(("http://user:secret@127.0.0.1:1/simple",)))
    problem = refusal(lambda: silent.resolve(["alpha"]))
    assert "cannot be asked" in problem.message
    assert "secret" not in str(problem)


def test_an_overlay_holds_the_locked_packages_compiled_and_read_only_and_is_built_once(index, store):
    lock = store.resolve(["alpha"])
    with store.use(lock) as folder:
        names = {path.name for path in folder.iterdir()}
        assert {"alpha", "beta", "alpha-2.0.dist-info", "beta-1.5.dist-info"} <= names
        assert list(folder.glob("alpha/__pycache__/*.pyc"))
        assert not any(path.stat().st_mode & 0o222 for path in folder.rglob("*") if path.is_file())
    fetched = len(index.asked)
    with store.use(lock) as again:
        assert (again, len(index.asked)) == (folder, fetched)
    [overlay] = store.list_overlays()
    assert (overlay.hash, overlay.packages) == (lock.hash, ("alpha 2.0", "beta 1.5"))
    assert overlay.bytes > 0
    assert not overlay.in_use
    assert [path.name for path in store.root.iterdir() if path.name.startswith(".")] == []


def test_a_file_that_has_another_hash_than_when_it_was_locked_is_not_installed(index, store):
    lock = store.resolve(["alpha<2"])
    name, content = make_wheel("alpha", "1.0", {"alpha/__init__.py": "VERSION = 'changed'\n"})
    index.files["alpha"][name] = content

    def build():
        with store.use(lock):
            pass

    problem = refusal(build)
    assert "alpha 1.0" in problem.message
    assert "another hash" in problem.message
    assert store.list_overlays() == []


def test_an_overlay_beyond_its_size_is_refused_and_leaves_nothing(index, tmp_path):
    index.add("large", "1.0", {"large/data": os.urandom(3_000_000)})
    store = OverlayStore(tmp_path / "small", PackageIndex((index.url,), overlay_mb=1))
    with (
        pytest.raises(RequirementsError),
        store.use(OverlayStore(tmp_path, PackageIndex((index.url,))).resolve(["large"])),
    ):
        pass
    assert [path.name for path in store.root.iterdir() if not path.name.endswith(".lock")] == []


def test_an_overlay_that_was_removed_is_built_again_from_its_lock(store):
    lock = store.resolve(["alpha"])
    with store.use(lock):
        assert not store.remove(lock.hash)  # in use
    assert store.remove(lock.hash)
    assert (store.list_overlays(), store.remove(lock.hash)) == ([], False)
    with store.use(lock) as folder:
        assert (folder / "alpha").is_dir()


def test_unused_overlays_and_the_least_recently_used_beyond_the_limit_are_removed_but_none_in_use(index, store):
    index.add("gamma", "1.0")
    first, second, third = (store.resolve([text]) for text in ("alpha", "alpha<2", "gamma"))
    for at, lock in enumerate((second, first, third)):
        with store.use(lock) as folder:
            pass
        os.utime(store.root / f"{folder.parent.name}.lock", (at, at))
    assert [o.hash for o in store.list_overlays()] == [third.hash, first.hash, second.hash]
    with store.use(second) as folder:
        pass
    os.utime(store.root / f"{folder.parent.name}.lock", (0, 0))
    with hold(folder):
        assert [o.hash for o in store.remove_unused({first.hash})] == [third.hash]
        small = OverlayStore(store.root, PackageIndex((index.url,), total_mb=0))
        assert [o.hash for o in small.make_room()] == [first.hash]
        assert [(o.hash, o.in_use) for o in small.list_overlays()] == [(second.hash, True)]
    assert [o.hash for o in small.make_room()] == [second.hash]


def test_two_processes_that_need_an_overlay_at_once_build_it_once(index, store, tmp_path):
    lock = store.resolve(["alpha"])
    before = len(index.asked)
    (tmp_path / "lock.json").write_text(json.dumps(lock.as_dict()))
    index.hold.clear()
    processes = [_builder(store, index, tmp_path / "lock.json") for _ in range(3)]
    index.wait_for("/files/beta/")
    index.hold.set()
    for process in processes:
        answer, errors = process.communicate(timeout=120)
        assert (process.returncode, answer.strip()) == (0, "1.5"), errors
    fetched = [path for path in index.asked[before:] if "/files/beta/" in path]
    with store.use(lock):
        assert len(fetched) <= 2  # one builder: uv may ask for a file's description before the file


def test_a_builder_that_is_killed_leaves_no_overlay_no_process_and_nothing_that_stays(index, store, tmp_path):
    lock = store.resolve(["alpha"])
    (tmp_path / "lock.json").write_text(json.dumps(lock.as_dict()))
    index.hold.clear()
    index.asked.clear()
    process = _builder(store, index, tmp_path / "lock.json")
    index.wait_for("/files/beta/")
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    assert store.list_overlays() == []
    assert [path for path in store.root.iterdir() if path.name.startswith(".new-")]
    index.hold.set()
    with store.use(lock) as folder:
        assert json.loads((folder.parent / ABOUT).read_text())["hash"] == lock.hash
    assert not [path for path in store.root.iterdir() if path.name.startswith(".new-")]


def test_a_build_that_is_stopped_ends_and_leaves_nothing(index, store):
    lock = store.resolve(["alpha"])
    index.hold.clear()
    index.asked.clear()
    stop = threading.Event()
    threading.Thread(target=lambda: (index.wait_for("/files/beta/"), stop.set()), daemon=True).start()

    def build():
        with store.use(lock, stopped=stop.is_set):
            pass

    assert "stopped" in refusal(build).message
    assert store.list_overlays() == []


def test_a_lock_for_another_python_is_refused_in_words(store):
    lock = store.resolve(["alpha"])

    def build():
        with store.use(PackageLock("3.99", lock.packages)):
            pass

    assert "Python 3.99" in refusal(build).message


def _builder(store, index, lock):
    code = (
        "import json, sys; from pathlib import Path\n"
        "from contract.package_lock import PackageLock\n"
        "from registry.overlays import OverlayStore\n"
        "from registry.package_index import PackageIndex\n"
        "root, url, lock = sys.argv[1:]\n"
        "store = OverlayStore(Path(root), PackageIndex((url,)))\n"
        "with store.use(PackageLock.from_dict(json.loads(Path(lock).read_text()))) as folder:\n"
        "    sys.path.insert(0, str(folder))\n"
        "    import beta\n"
        "    print(beta.VERSION)\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code, str(store.root), index.url, str(lock)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
