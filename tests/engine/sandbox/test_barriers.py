"""The barriers themselves: what must hold before a run is closed in."""

import subprocess
import sys

import pytest

from engine.sandbox import confine
from engine.sandbox.tiers import Tier, probe


@pytest.mark.skipif(probe() is not Tier.A, reason="this host has no Landlock")
def test_a_run_is_not_closed_in_while_a_second_thread_could_stay_outside(tmp_path):
    code = f"""
import sys, threading, time
sys.path.insert(0, {str(confine.__file__.rsplit("/", 1)[0])!r})
import confine
threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
barriers = confine.Barriers("A")
barriers.prepare()
limits = dict(memory_mb=400, seconds=5, threads=1, scratch_mb=10)
barriers.close_in({str(tmp_path)!r}, {str(tmp_path)!r}, [], limits, user=None, hosts=False)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "a library started a thread before the run was closed in" in done.stderr
