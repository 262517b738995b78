"""The barriers themselves: what must hold before a run is closed in."""

import subprocess
import sys

import psutil
import pytest

from contract.run import Status
from engine.sandbox import confine
from engine.sandbox.supervisor import Sandbox
from engine.sandbox.tiers import Tier, probe
from tests.engine.sandbox.conftest import until


@pytest.mark.skipif(probe() is not Tier.A, reason="this host has no Landlock")
def test_a_run_is_not_closed_in_while_a_second_thread_could_stay_outside(tmp_path):
    code = f"""
import sys, threading, time
sys.path.insert(0, {str(confine.__file__.rsplit("/", 1)[0])!r})
import confine
threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
barriers = confine.Barriers("A")
barriers.open_rules()
limits = dict(memory_mb=400, seconds=5, threads=1, scratch_mb=10)
barriers.close_in({str(tmp_path)!r}, {str(tmp_path)!r}, [], limits, user=None, hosts=False)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "a library started a thread before the run was closed in" in done.stderr


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """A sandbox of tier D: what is left where the system confines nothing."""
    made = Sandbox(tmp_path_factory.mktemp("bare"), tier=Tier.D)
    made.start()
    yield made
    made.close()


def test_tier_d_needs_neither_landlock_nor_seccomp_installed():
    code = f"""
import sys
sys.modules["landlockpy"] = sys.modules["pyseccomp"] = None
sys.path.insert(0, {str(confine.__file__.rsplit("/", 1)[0])!r})
import confine
barriers = confine.Barriers("D")
barriers.open_rules()
limits = dict(memory_mb=4000, seconds=5, threads=1, scratch_mb=10, base_data=0)
barriers.close_in("/", "/", [], limits, user=None, hosts=False)
print("closed in")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "closed in\n"


def test_tier_d_gives_each_run_an_interpreter_of_its_own_started_ahead(bare, run):
    code = "import numpy, sys\nseen = []\ndef run(i):\n    seen.append(1)\n    return {'seen': seen, 'pid': __import__('os').getpid()}\n"
    first, second = run(code, using=bare), run(code, using=bare)
    assert first.result["seen"] == second.result["seen"] == [1]
    assert first.result["pid"] != second.result["pid"]
    keeper = psutil.Process(bare.zygotes.get("numpy").process.pid)
    assert until(lambda: len(keeper.children()) == 2)
    assert all("zygote.py" in " ".join(spare.cmdline()) for spare in keeper.children())


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
