"""Models with packages of their own: found first, read-only, in children that are made ready ahead of their runs."""

import contextlib
import os
import signal

import psutil
import pytest

from engine.sandbox.prepared_children import PreparedChildren, Purpose
from engine.sandbox.supervisor import CancelToken, Limits, Sandbox, SandboxJob
from engine.sandbox.tiers import Tier
from registry.overlays import OverlayStore
from registry.package_index import PackageIndex
from tests.engine.hosts import Answer, confined, local, serving
from tests.engine.sandbox.conftest import alive, until
from tests.registry.package_index import serve_index

__all__ = ["local"]
pytestmark = pytest.mark.processes
CODE = """
import alpha, os, sys

def run(inputs):
    return {"summary": {"version": alpha.VERSION, "pid": os.getpid(), "loaded": alpha.LOADED, "n": inputs["n"]}}
"""
HOSTILE = """
import os, signal, socket

SAID = {}


def attempt(name, call):
    try:
        call()
        SAID[name] = "done"
    except (OSError, ValueError) as error:
        SAID[name] = type(error).__name__


attempt("fork", os.fork)
attempt("read", lambda: open("/etc/passwd").read())
attempt("write", lambda: open("/tmp/hostile", "w"))
attempt("connect", lambda: socket.create_connection(("127.0.0.1", 1)))
attempt("signal", lambda: os.kill(os.getppid(), signal.SIGTERM))
attempt("look", lambda: os.listdir(os.path.dirname(os.getcwd())))
attempt("limits", lambda: __import__("resource").setrlimit(7, (9999, 9999)))
SECRET = os.environ.get("RUN", "none yet")
"""
ALPHA = "import os, threading\nVERSION = {!r}\nLOADED = 'RUN' not in os.environ\n"


class Hello(Answer):
    def body(self):
        return b"hello"


@pytest.fixture(scope="module")
def index():
    with serve_index() as served:
        for version in ("1.0", "2.0"):
            served.add("alpha", version, {"alpha/__init__.py": ALPHA.format(version)})
        served.add("wide", "1.0", {"wide/__init__.py": "", "wide/part.py": "NAME = __name__\n"})
        served.add("hostile", "1.0", {"hostile.py": HOSTILE})
        served.add("busy", "1.0", {"busy.py": "while True:\n    pass\n"})
        served.add(
            "writes", "1.0", {"writes.py": "for i in range(50):\n    open(f'f{i}', 'wb').write(bytes(500_000))\n"}
        )
        served.add("prints", "1.0", {"prints.py": "print('loaded')\nimport sys\nsys.modules['alpha'] = None\n"})
        served.add(
            "socket-shim", "1.0", {"socket_shim.py": "raise RuntimeError('not confined')\n", "json.py": "X = 1\n"}
        )
        yield served


@pytest.fixture(scope="module")
def store(index, tmp_path_factory):
    return OverlayStore(tmp_path_factory.mktemp("overlays"), PackageIndex((index.url,)))


@pytest.fixture(scope="module")
def one_box(tmp_path_factory):
    made = Sandbox(tmp_path_factory.mktemp("scratch"))
    yield made
    made.close()


@pytest.fixture
def box(one_box):
    yield one_box
    for purpose in list(one_box.prepared._waiting):
        one_box.prepared.forget(purpose.folder)


@pytest.fixture
def overlay(store):
    """Return a function that gives the folder of the packages that requirements ask for, kept for the test."""
    with contextlib.ExitStack() as stack:
        yield lambda *requirements: stack.enter_context(store.use(store.resolve(requirements)))


@pytest.fixture
def go(box, model):
    """Run a model with an overlay and return its outcome; `folder` is an earlier one's."""

    def run(overlay, code=CODE, inputs=None, folder=None, using=None, **more):
        limits = Limits(**{"seconds": 20, "memory_mb": 400, **more.pop("limits", {})})
        folder = folder or model(code)
        job = SandboxJob("test", folder, inputs or {"n": 1}, 1, limits, overlay=overlay, **more)
        with (
            contextlib.closing(CancelToken()) as cancel,
            (using or box).run(job, lambda _event: None, cancel) as outcome,
        ):
            return outcome

    return run


def summary(outcome):
    assert outcome.result is not None, outcome.reason
    return outcome.result["summary"]


def test_two_models_have_two_versions_of_one_package(go, overlay):
    assert summary(go(overlay("alpha<2")))["version"] == "1.0"
    assert summary(go(overlay("alpha==2.0")))["version"] == "2.0"
    assert "alpha" in go(None).reason


def test_an_overlay_comes_before_what_is_installed_and_after_the_models_own_files(go, index, store, model):
    index.add("typer", "0.0.1")
    code = "import typer\ndef run(inputs):\n    return {'summary': {'version': typer.VERSION}}\n"
    with store.use(store.resolve(["typer==0.0.1"])) as packages:
        assert summary(go(packages, code))["version"] == "0.0.1"
        own = model(code, {"typer.py": "VERSION = 'own'\n"})
        assert summary(go(packages, folder=own))["version"] == "own"


def test_a_model_cannot_write_to_its_packages(go, overlay):
    code = """
import alpha, os

def run(inputs):
    folder, said = os.path.dirname(alpha.__file__), []
    for path in (alpha.__file__, os.path.join(folder, "new.py"), os.path.join(os.path.dirname(folder), "new.py")):
        try:
            open(path, "a").write("VERSION = 'changed'")
            said.append(path)
        except OSError as error:
            said.append(type(error).__name__)
    for change in (os.remove, os.rmdir):
        try:
            change(alpha.__file__ if change is os.remove else folder)
            said.append(change.__name__)
        except OSError as error:
            said.append(type(error).__name__)
    return {"summary": {"said": " ".join(said)}}
"""
    packages = overlay("alpha<2")
    assert summary(go(packages, code))["said"] == " ".join(["PermissionError"] * 5)
    assert "changed" not in (packages / "alpha" / "__init__.py").read_text()


def test_the_next_run_gets_a_child_that_has_loaded_the_packages_and_each_run_a_process_of_its_own(
    go, box, overlay, model
):
    packages, folder = overlay("alpha<2"), model(CODE)
    first = summary(go(packages, folder=folder, secrets={"RUN": "a secret"}))
    assert not first["loaded"]
    assert until(lambda: box.prepared.count() == 1)
    second = summary(go(packages, folder=folder, inputs={"n": 7}, secrets={"RUN": "a secret"}))
    assert second["loaded"]  # before the run's own environment was there
    assert second["n"] == 7
    assert first["pid"] != second["pid"]


def test_modules_inside_a_package_are_loaded_ahead_and_no_other_limits_or_folder_gets_the_child(
    go, box, overlay, model
):
    code = "import sys\nbefore = 'wide.part' in sys.modules\nimport wide.part\n"
    code += "def run(inputs):\n    return {'summary': {'before': before}}\n"
    packages, folder = overlay("wide"), model(code)
    assert not summary(go(packages, folder=folder))["before"]
    assert until(lambda: box.prepared.count() == 1)
    assert not summary(go(packages, folder=model(code)))["before"]
    assert not summary(go(packages, folder=folder, limits={"memory_mb": 500}))["before"]
    assert summary(go(packages, folder=folder))["before"]


def test_files_and_seeds_reach_a_child_that_was_made_ready(go, box, overlay, model, tmp_path):
    code = """
import alpha, random

def run(inputs):
    return {"summary": {"text": open(inputs["data"]).read(), "loaded": alpha.LOADED, "drawn": random.random()}}
"""
    (tmp_path / "given.csv").write_text("a,b")
    packages, folder = overlay("alpha<2"), model(code)
    more = {"files": {"data": tmp_path / "given.csv"}, "secrets": {"RUN": "a secret"}}
    first = summary(go(packages, folder=folder, **more))
    assert until(lambda: box.prepared.count() == 1)
    second = summary(go(packages, folder=folder, **more))
    assert (first["text"], second["text"]) == ("a,b", "a,b")
    assert (first["loaded"], second["loaded"]) == (False, True)
    assert first["drawn"] == second["drawn"]


@confined
def test_a_child_that_was_made_ready_reaches_the_hosts_of_its_run_and_no_others(go, overlay, model, local):
    code = """
import alpha, urllib.request

def run(inputs):
    said = {"loaded": alpha.LOADED}
    for key in ("granted", "other"):
        try:
            said[key] = urllib.request.urlopen(inputs[key], timeout=5).read().decode()
        except OSError as error:
            said[key] = str(error)
    return {"summary": said}
"""
    packages, folder = overlay("alpha<2"), model(code)
    with serving(Hello) as port:
        inputs = {"granted": f"http://localhost:{port}/", "other": "http://127.0.0.1:1/"}
        more = {"hosts": (f"localhost:{port}",), "secrets": {"RUN": "a secret"}}
        for loaded in (False, True):
            said = summary(go(packages, folder=folder, inputs=inputs, using=local, **more))
            assert (said["loaded"], said["granted"]) == (loaded, "hello")
            assert "not among the hosts" in said["other"]
            assert until(lambda: local.prepared.count() == 1)
        local.prepared.forget(folder)


def test_a_package_that_is_loaded_ahead_can_do_no_more_than_one_that_the_run_loads(go, box, overlay, model):
    code = "import hostile\ndef run(inputs):\n    return {'summary': {**hostile.SAID, 'secret': hostile.SECRET}}\n"
    packages, folder = overlay("hostile"), model(code)
    cold = summary(go(packages, folder=folder, secrets={"RUN": "a secret"}))
    assert until(lambda: box.prepared.count() == 1)
    warm = summary(go(packages, folder=folder, secrets={"RUN": "a secret"}))
    assert (cold.pop("secret"), warm.pop("secret")) == ("***", "none yet")
    assert cold == warm
    assert "done" not in warm.values()
    assert len(warm) == 7


def test_packages_are_loaded_by_confined_children_only(go, box, overlay, model, tmp_path):
    code = "import alpha\ndef run(inputs):\n    return {'summary': {'x': 1}}\n"
    packages = overlay("socket-shim", "alpha<2")
    folder = model(code)
    for _ in range(2):
        # A host that is not granted makes the child load its socket shim, before and after the packages are there.
        assert summary(go(packages, folder=folder, denial_messages={"example.com": "not granted"}))["x"] == 1
        until(lambda: box.prepared.count() == 1)


def test_a_child_that_waits_is_stopped_and_ends_with_its_sandbox(go, overlay, model, tmp_path):
    with contextlib.closing(Sandbox(tmp_path / "own")) as own:
        go(overlay("alpha<2"), folder=model(CODE), using=own)
        assert until(lambda: own.prepared.count() == 1)
        [[child]] = own.prepared._waiting.values()
        assert until(lambda: psutil.Process(child.handle.pid).status() == psutil.STATUS_STOPPED)
    assert until(lambda: not alive(child.handle.pid))
    assert not child.scratch.exists()


def test_a_child_that_was_killed_while_it_waited_is_no_runs(go, box, overlay, model):
    packages, folder = overlay("alpha<2"), model(CODE)
    go(packages, folder=folder)
    assert until(lambda: box.prepared.count() == 1)
    [[child]] = box.prepared._waiting.values()
    os.kill(child.handle.pid, signal.SIGKILL)
    assert child.handle.ended.wait(10)
    assert summary(go(packages, folder=folder))["n"] == 1


def test_packages_that_never_load_or_fill_the_disk_get_no_child_kept_and_the_run_a_verdict(go, box, overlay, model):
    code = "def run(inputs):\n    if inputs['n']:\n        import {0}\n    return {{'summary': {{'x': 1}}}}\n"
    busy = model(code.format("busy"))
    assert go(overlay("busy"), folder=busy, inputs={"n": 0}).reason is None
    assert "time limit" in go(overlay("busy"), folder=busy, limits={"seconds": 0.5}).reason
    writes = model(code.format("writes"))
    assert go(overlay("writes"), folder=writes, inputs={"n": 0}, limits={"scratch_mb": 2}).reason is None
    scratch = [child.scratch for children in box.prepared._waiting.values() for child in children][-1]
    assert until(lambda: not scratch.exists())
    box.prepared.forget(busy)
    assert box.prepared.count() == 0


def test_the_model_that_ran_longest_ago_gives_way_and_an_idle_one_ends(go, overlay, model, tmp_path):
    packages = overlay("alpha<2")
    with contextlib.closing(Sandbox(tmp_path / "one", prepared_models=1)) as small:
        first, second = model(CODE), model(CODE)
        go(packages, folder=first, using=small)
        go(packages, folder=second, using=small)
        assert [purpose.folder for purpose in small.prepared._waiting] == [second]
        small.prepared.idle = 0.0
        go(packages, folder=first, using=small)
        assert until(lambda: not small.prepared._waiting)
    with contextlib.closing(Sandbox(tmp_path / "none", prepared_models=0)) as none:
        go(packages, folder=first, using=none)
        assert not none.prepared._waiting
    assert PreparedChildren(0).take(Purpose(first, packages, Limits(), False)) is None


@pytest.mark.parametrize("tier", [Tier.B, Tier.C, Tier.D])
def test_packages_are_there_where_confinement_is_weaker(go, overlay, model, tmp_path, tier):
    if tier is Tier.B and os.geteuid() != 0:
        pytest.skip("another user needs root")
    packages, folder = overlay("alpha<2"), model(CODE)
    if tier is Tier.B:
        for path in (*packages.parents, *folder.parents):
            if path.stat().st_uid == os.getuid() and str(path).startswith("/tmp/"):
                path.chmod(0o755)
    with contextlib.closing(Sandbox(tmp_path / "weaker", tier=tier)) as weaker:
        for _ in range(2):
            assert summary(go(packages, folder=folder, using=weaker))["version"] == "1.0"
            if tier is not Tier.D:
                assert until(lambda: weaker.prepared.count() >= 1)
