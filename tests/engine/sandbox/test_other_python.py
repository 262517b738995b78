"""Runs on another Python than the worker's: the same results, failures, limits and packages, and refusals in words."""

import contextlib

import pytest

from contract.errors import SandboxLostError
from contract.run import Status
from engine.sandbox import zygote_client
from engine.sandbox.job import Point, Runtime
from engine.sandbox.supervisor import CancelToken, Limits, Sandbox, SandboxJob
from engine.sandbox.tiers import Tier
from registry.interpreters import host_python
from registry.overlays import OverlayStore
from registry.package_index import PackageIndex
from registry.requirements import standard_set
from tests.engine.sandbox.conftest import until
from tests.other_python import ENVIRONMENT, resolve_once, shared_store, to_runtime
from tests.registry.package_index import serve_index

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]  # the standard set may have to be fetched first

LIBRARIES = """
import sys, httpx, numpy as np, orjson, pandas as pd, pyarrow as pa, scipy.stats
from actuarial.standard_formula import aggregate

type Number = int | float

def first[T](values: list[T]) -> T:
    return values[0]

def run(inputs):
    print(f"{"nested"} quotes")
    return {
        "summary": {
            "python": sys.version.split()[0],
            "first": first([inputs["n"]]),
            "cdf": float(scipy.stats.norm.cdf(0)),
            "aggregate": float(aggregate([1.2, 1.6], np.eye(2))[0]),
            "numpy": np.__version__, "pandas": pd.__version__,
            "random": float(np.random.random()),
        },
        "table": pa.table({"a": [1, 2]}).to_pandas(),
        "path": sys.path,
    }
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return shared_store(tmp_path_factory)


@pytest.fixture(scope="module")
def runtime(store):
    with store.open(resolve_once(store)) as opened:
        yield to_runtime(opened)


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    made = Sandbox(tmp_path_factory.mktemp("scratch"))
    yield made
    made.close()


@pytest.fixture
def go(box, model):
    """Run a model on a Python and return its outcome."""

    def run(runtime, code, inputs=None, *, using=None, folder=None, on_point=None, **more):
        limits = Limits(**{"seconds": 20, "memory_mb": 400, **more.pop("limits", {})})
        folder = folder or model(code)
        job = SandboxJob("test", folder, inputs or {"n": 1}, 1, limits, runtime=runtime, **more)
        with (
            contextlib.closing(CancelToken()) as cancel,
            (using or box).run(job, lambda _event: None, cancel, on_point) as outcome,
        ):
            return outcome

    return run


def test_a_model_finds_its_python_the_standard_set_and_the_shared_library_and_nothing_else(go, runtime):
    if runtime.python == "3.11":
        pytest.skip("the syntax of this model is newer than the only other Python here")
    found = go(runtime, LIBRARIES)
    assert found.status is Status.SUCCESS, found.reason
    summary = found.result["summary"]
    assert summary["python"].startswith(f"{runtime.python}.")
    assert (summary["first"], summary["cdf"]) == (1, 0.5)
    assert summary["aggregate"] == pytest.approx(2)
    assert (summary["numpy"], summary["pandas"]) == (standard_set()["numpy"], standard_set()["pandas"])
    assert found.result["table"] == {"a": [1, 2]}
    assert found.log == "nested quotes\n"
    assert not [path for path in found.result["path"] if "site-packages" in path or "dist-packages" in path]
    assert found.packages["python"] == summary["python"]
    assert found.packages["numpy"] == standard_set()["numpy"]
    assert "fork" not in found.log


def test_a_seed_gives_the_same_numbers_as_on_the_workers_own_python(go, runtime):
    code = "import random, numpy\ndef run(i):\n    return {'summary': {'a': random.random(), 'b': numpy.random.random()}}\n"
    assert go(runtime, code).result == go(None, code).result


ENDINGS = {
    "own words": "def run(i):\n    raise ValueError('inputs.n: it is odd. Give an even one.')\n",
    "a line": "def run(i):\n    return 1 / 0\n",
    "a library's": "import numpy\ndef run(i):\n    return numpy.linalg.inv(numpy.zeros((2, 2)))\n",
    "an import": "import nowhere\ndef run(i):\n    return {}\n",
    "an exit": "def run(i):\n    exit(3)\n",
    "no result": "def run(i):\n    return None\n",
    "a bad value": "def run(i):\n    return {'summary': {'a': object}}\n",
    "memory": "import numpy\ndef run(i):\n    return {'summary': {'a': float(numpy.ones(10**9).sum())}}\n",
    "a signal": "import ctypes\ndef run(i):\n    ctypes.string_at(0)\n",
    "a generator": "def run(i):\n    yield {'summary': {'a': 1}}\n    yield {'progress': 0.5, 'summary': {'b': 2}}\n",
    "async": "import asyncio\nasync def run(i):\n    await asyncio.sleep(0)\n    return {'summary': {'a': 1}}\n",
    "a file": "def run(i):\n    open('a.txt', 'w').write('x')\n    return {'files': {'a': 'a.txt'}}\n",
}


@pytest.mark.parametrize("name", ENDINGS)
def test_runs_end_as_on_the_workers_own_python(go, runtime, name):
    own, other = (go(python, ENDINGS[name]) for python in (None, runtime))
    for part in ("status", "reason", "words", "result"):
        assert getattr(other, part) == getattr(own, part), part
    assert [
        line for line in (other.traceback or "").splitlines() if set(line.strip()) != {"^"} and "~" not in line
    ] == [line for line in (own.traceback or "").splitlines() if set(line.strip()) != {"^"} and "~" not in line]


def test_many_points_run_in_one_child_of_it(go, runtime):
    code = "import sys\ndef run(i):\n    return {'summary': {'n': i['n'], 'python': sys.version.split()[0]}}\n"
    points = tuple(Point({"n": n}, n) for n in range(5))
    found = []
    assert go(runtime, code, points=points, budget=20, on_point=found.append).status is Status.SUCCESS
    assert [(p.result["summary"]["n"], p.result["summary"]["python"][:4]) for p in found] == [
        (n, runtime.python) for n in range(5)
    ]


def test_packages_of_the_model_come_first_and_the_next_run_finds_them_loaded(box, go, runtime, store, model, tmp_path):
    code = "import sys, alpha\ndef run(i):\n    return {'summary': {'v': alpha.VERSION, 'l': alpha.LOADED}}\n"
    alpha = "import os\nVERSION = '1.0'\nLOADED = 'RUN' not in os.environ\n"
    with serve_index() as index:
        index.add("alpha", "1.0", {"alpha/__init__.py": alpha})
        index.add_installed(*standard_set())
        own = OverlayStore(tmp_path / "own", PackageIndex((index.url,), ENVIRONMENT))
        lock = own.resolve(["alpha"], runtime.python)
        with own.use(lock.parts[-1]) as overlay:
            folder = model(code)
            for loaded in (False, True):
                found = go(runtime, code, folder=folder, overlay=overlay, secrets={"RUN": "x"})
                assert found.result == {"summary": {"v": "1.0", "l": loaded}}, found.reason
                assert until(lambda: box.prepared.count() == 1, 30)
            box.prepared.forget(folder)


def test_in_every_tier_of_this_host_it_starts(go, runtime, tmp_path, box):
    code = "import sys\ndef run(i):\n    return {'summary': {'python': sys.version.split()[0]}}\n"
    for tier in (Tier.C, Tier.D):
        made = Sandbox(tmp_path / tier, tier=tier)
        try:
            found = go(runtime, code, using=made)
            assert found.status is Status.SUCCESS, (tier, found.reason)
            assert found.result["summary"]["python"].startswith(runtime.python), tier
        finally:
            made.close()


def test_its_zygote_keeps_the_standard_set_from_being_removed_and_lets_go_when_the_sandbox_closes(
    runtime, store, tmp_path, go
):
    made = Sandbox(tmp_path / "scratch")
    code = "def run(i):\n    return {'summary': {'a': 1}}\n"
    assert go(runtime, code, using=made).status is Status.SUCCESS
    zygote = made.zygotes.get("all", runtime)
    assert zygote._held is not None
    assert not zygote._held.closed
    made.close()
    assert until(lambda: zygote._held.closed)
    with pytest.raises(SandboxLostError, match="closed"):
        made.zygotes.get("all", runtime)


@pytest.fixture
def broken(tmp_path):
    """Return a Python that is none, by what its executable holds; None for one that is not there."""

    def make(text, name="python"):
        libraries = tmp_path / "overlay" / "packages"
        libraries.mkdir(parents=True, exist_ok=True)
        executable = tmp_path / name
        if text is not None:
            executable.write_text(text)
            executable.chmod(0o755)
        return Runtime("3.98", executable, libraries)

    return make


@pytest.mark.parametrize(
    ("text", "words"), [("#!/bin/sh\nexit 3\n", "ended with 3"), (None, "No such file"), ("nothing", "Exec format")]
)
def test_a_python_that_does_not_start_fails_the_run_in_words_and_no_other(go, broken, box, text, words):
    code = "def run(i):\n    return {'summary': {'a': 1}}\n"
    found = go(broken(text), code)
    assert found.status is Status.FAILED
    assert "Python 3.98, which this model asks for, does not start on its worker" in found.reason
    assert words in found.reason
    assert found.packages == {}
    assert box.packages_for(broken(text)) == {}
    assert go(None, code).status is Status.SUCCESS
    assert box.packages["python"].startswith(host_python())


def test_few_zygotes_of_other_pythons_are_kept_and_none_that_is_in_use(tmp_path, monkeypatch):
    libraries = tmp_path / "overlay" / "packages"
    libraries.mkdir(parents=True)
    started = []

    class Process:
        alive, handles = True, {}

        def __init__(self, _tier, _kind, runtime):
            started.append(self)
            self.runtime, self.packages, self.used_at = runtime, {}, 0.0

        def close(self):
            self.alive = False

    monkeypatch.setattr(zygote_client, "Zygote", Process)
    zygotes = zygote_client.Zygotes(Tier.A)
    for minor in range(4):
        zygotes.get("numpy", Runtime(f"3.{minor}", libraries, libraries))
        started[-1].used_at = -2 * zygote_client.IDLE
        if minor == 0:
            started[-1].handles = {"0": object()}
    assert [process.alive for process in started] == [True, False, False, True]
