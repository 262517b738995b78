"""The confinement itself: what must be true before a run is confined."""

import contextlib
import json
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from contract.run import Status
from engine.sandbox import confine
from engine.sandbox.supervisor import Sandbox
from engine.sandbox.tiers import Tier, probe
from tests.engine.sandbox.conftest import until

pytestmark = pytest.mark.processes

# The files of the child process, imported there without other code of ours.
SANDBOX = str(Path(confine.__file__).parent)


@pytest.mark.skipif(probe() is not Tier.A, reason="this host has no Landlock")
def test_a_run_is_not_confined_while_a_second_thread_would_stay_unconfined(tmp_path):
    code = f"""
import sys, threading, time
sys.path.insert(0, {SANDBOX!r})
import confine
threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
confinement = confine.Confinement("A")
confinement.open_rules()
limits = dict(memory_mb=400, seconds=5, threads=1, scratch_mb=10)
confinement.apply({str(tmp_path)!r}, {str(tmp_path)!r}, limits, user=None, hosts=False)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "a library started a thread before the run was closed in" in done.stderr


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """A sandbox of tier D: limits and time only, where the system confines nothing."""
    made = Sandbox(tmp_path_factory.mktemp("bare"), tier=Tier.D)
    made.start()
    yield made
    made.close()


def test_tier_d_needs_neither_landlock_nor_seccomp_installed():
    code = f"""
import sys
sys.modules["landlockpy"] = sys.modules["pyseccomp"] = None
sys.path.insert(0, {SANDBOX!r})
import confine
confinement = confine.Confinement("D")
confinement.open_rules()
limits = dict(memory_mb=4000, seconds=5, threads=1, scratch_mb=10, base_data=0)
confinement.apply("/", "/", limits, user=None, hosts=False)
print("closed in")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "closed in\n"


def test_tier_d_gives_each_run_an_interpreter_of_its_own_started_in_advance(bare, run):
    code = "import numpy, sys\nseen = []\ndef run(i):\n    seen.append(1)\n    return {'seen': seen, 'pid': __import__('os').getpid()}\n"
    first, second = run(code, using=bare), run(code, using=bare)
    assert first.result["seen"] == second.result["seen"] == [1]
    assert first.result["pid"] != second.result["pid"]
    zygote = psutil.Process(bare.zygotes.get("numpy").process.pid)
    assert until(lambda: len(zygote.children()) == 2)
    assert all("zygote.py" in " ".join(spare.cmdline()) for spare in zygote.children())


def test_tier_d_streams_limits_and_cancels(bare, run):
    seen = []
    slow = "import time\ndef run(i):\n    print('said')\n    yield {'a': 1}\n    time.sleep(60)\n"
    found = run(slow, using=bare, events=seen, seconds=1)
    assert (found.status, found.result, found.log) == (Status.TIMED_OUT, {"a": 1}, "said\n")
    assert seen
    assert run(slow, using=bare, cancel_when=lambda event: bool(event.result)).status is Status.CANCELLED
    hog = "import numpy as np, time\ndef run(i):\n    kept = []\n    while True:\n        kept.append(np.ones(2_000_000))\n        time.sleep(0.01)\n"
    assert "memory limit" in run(hog, using=bare, memory_mb=200).reason
    assert "ZeroDivisionError" in run("def run(i):\n    1 / 0\n", using=bare).reason


def test_numerical_libraries_use_one_thread_unless_the_run_is_given_more(run):
    code = """
        import ctypes, glob, os
        import numpy, scipy
        def run(inputs):
            counts = []
            for library in (numpy, scipy):
                beside = os.path.dirname(library.__file__) + ".libs"
                for path in glob.glob(beside + "/*openblas*"):
                    for suffix in ("64_", ""):
                        ask = getattr(ctypes.CDLL(path), "scipy_openblas_get_num_threads" + suffix, None)
                        if ask:
                            counts.append(ask())
            return {"counts": counts}
    """
    counts = run(code).result["counts"]
    if not counts:
        pytest.skip("the libraries here come without OpenBLAS of their own")
    assert set(counts) == {1}
    assert set(run(code, threads=2).result["counts"]) == {2}


@pytest.mark.parametrize("tier", [Tier.A, Tier.C])
def test_the_calls_a_child_needs_to_confine_itself_are_refused_before_the_model_begins(run, tmp_path, tier):
    if tier is Tier.A and probe() is not Tier.A:
        pytest.skip("this host has no Landlock")
    code = """
    import ctypes, errno, resource
    def run(inputs):
        libc = ctypes.CDLL(None, use_errno=True)
        def refused(name, *arguments):
            ctypes.set_errno(0)
            found = getattr(libc, name)(*arguments)
            return found == -1 and ctypes.get_errno() == errno.EPERM
        one = (ctypes.c_uint64 * 2)(1, 1)
        return {"refused": {
            "prctl": refused("prctl", 4, 1, 0, 0, 0),
            "a further filter": refused("prctl", 22, 2, one, 0, 0),
            "setpriority": refused("setpriority", 0, 0, 0),
            "setrlimit": refused("setrlimit", resource.RLIMIT_CORE, one),
            "prlimit64": refused("prlimit64", 0, resource.RLIMIT_CORE, one, 0),
            "setgroups": refused("setgroups", 0, 0),
            "setresuid": refused("setresuid", 0, 0, 0),
            "setresgid": refused("setresgid", 0, 0, 0),
            "landlock_add_rule": refused("syscall", 445, 3, 1, one, 0),
            "landlock_restrict_self": refused("syscall", 446, 3, 0),
            "setsockopt": refused("setsockopt", 3, 1, 2, one, 4),
        }, "allowed": libc.prctl(15, b"name", 0, 0, 0) == 0 and bool(resource.getrlimit(resource.RLIMIT_CPU))}
    """
    with contextlib.closing(Sandbox(tmp_path / "scratch", tier=tier)) as own:
        found = run(code, using=own).result
    assert found == {"refused": dict.fromkeys(found["refused"], True), "allowed": True}


def test_an_error_while_a_child_was_prepared_is_reported_by_its_run(tmp_path):
    code = f"""
import os, sys
sys.path.insert(0, {SANDBOX!r})
import child
frames, log = os.pipe()
job = {{"frame_limit": 1000, "folder": "/nowhere"}}
pid = os.fork()
if pid == 0:
    child.main(job, None, log, 2, None, PermissionError("no filter can be loaded"))
os.close(log)
print(os.read(frames, 10_000)[4:].decode())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    frame = json.loads(done.stdout)
    assert (frame["kind"], frame["type"], frame["text"]) == ("failed", "PermissionError", "no filter can be loaded")


def test_the_warm_up_leaves_nothing_that_a_model_could_see(run):
    code = """
    import sys, threading, random, numpy as np
    def run(inputs):
        return {"modules": sorted(n for n in sys.modules if n in {"function", "warm_up"}), "file": __file__.split("/")[-2],
                "threads": threading.active_count(),
                "numbers": [random.random(), float(np.random.rand())]}
    """
    time.sleep(0.3)  # by now a pooled child has warmed up
    first, second = run(code, seed=7).result, run(code, seed=7).result
    assert first["modules"] == ["function"]
    assert first["threads"] == 1
    assert first["file"].startswith("model-")
    assert first["numbers"] == second["numbers"]
