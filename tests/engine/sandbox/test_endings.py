"""How a run ends: its status and reason, and that partial result and log are kept whatever happened."""

import contextlib
import os
import signal
import threading
from pathlib import Path

import psutil
import pytest

from contract.errors import SandboxLostError
from contract.run import Status
from engine.sandbox.supervisor import CancelToken, Sandbox, SandboxJob
from tests.engine.sandbox.conftest import alive, until

pytestmark = pytest.mark.processes


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("def run(i:\n", "does not compile. SyntaxError"),
        (
            "import nowhere_to_be_found\ndef run(i):\n    return {}\n",
            "needs something that is not there. ModuleNotFoundError",
        ),
        ("x = 1\n", "function.py defines no run(inputs)"),
        ("def run(i):\n    return 1 / 0\n", "The model's code failed. ZeroDivisionError: division by zero"),
        ("def run(i):\n    raise ValueError('Give more claims.')\n", "Model error: Give more claims."),
        ("import sys\ndef run(i):\n    sys.exit(3)\n", "ended itself (sys.exit)"),
        ("import os\ndef run(i):\n    os._exit(3)\n", "exited without a result (exit code 3)"),
        ("import os\ndef run(i):\n    os.abort()\n", "crashed (SIGABRT)"),
        ("import ctypes\ndef run(i):\n    ctypes.string_at(0)\n", "crashed (SIGSEGV)"),
        ("def run(i):\n    return {'a': 'x' * 3_000_000}\n", "too large"),
        ("def run(i):\n    return {'a': bytearray(10**10)}\n", "memory limit of 400 MB"),
        ("def run(i):\n    d = {}\n    d['d'] = d\n    return d\n", "nested too deeply, or holds itself"),
    ],
)
def test_each_way_to_fail_has_its_own_reason(run, code, words):
    found = run(code, output_mb=2)
    assert found.status is Status.FAILED
    assert words in found.reason


def test_a_traceback_shows_the_models_own_lines_and_no_path_of_the_host(run, tmp_path):
    found = run("def deeper():\n    raise RuntimeError('no')\ndef run(i):\n    import json\n    deeper()\n")
    assert 'File "function.py", line 2, in deeper' in found.traceback
    assert "RuntimeError: no" in found.traceback
    assert str(tmp_path) not in found.traceback
    assert "child.py" not in found.traceback


def test_the_time_limit_ends_a_model_that_ignores_it_and_keeps_what_was_shown(run):
    found = run(
        "import time\ndef run(i):\n    print('said')\n    yield {'a': 1}\n    while True:\n        pass\n", seconds=0.5
    )
    assert found.status is Status.TIMED_OUT
    assert "still running after 0.5 s, its time limit" in found.reason
    assert (found.result, found.log) == ({"a": 1}, "said\n")
    assert found.cpu_seconds > 0


def test_memory_that_grows_step_by_step_ends_at_the_limit(run):
    code = "import numpy as np, time\ndef run(i):\n    kept = []\n    while True:\n        kept.append(np.ones(2_000_000))\n        time.sleep(0.01)\n"
    found = run(code, memory_mb=150)
    assert found.status is Status.FAILED
    assert "memory limit" in found.reason


def test_memory_that_is_not_in_the_figures_of_the_process_cannot_be_allocated(run):
    shared = "import mmap\ndef run(i):\n    return {'a': len(mmap.mmap(-1, 4096))}\n"
    assert "memory limit" in run(shared).reason
    tables = "import mmap\ndef run(i):\n    return {'a': len(mmap.mmap(-1, 2**37, mmap.MAP_PRIVATE | 0x4000, mmap.PROT_READ))}\n"
    assert "memory limit" in run(tables).reason
    private = "import mmap\ndef run(i):\n    return {'a': len(mmap.mmap(-1, 4096, mmap.MAP_PRIVATE))}\n"
    assert run(private).result == {"a": 4096}


def test_peak_memory_is_the_runs_own_and_not_what_it_shares(run):
    assert run("def run(i):\n    return {'a': 1}\n").peak_memory < 30_000_000
    found = run("import numpy as np\ndef run(i):\n    return {'a': float(np.ones(10_000_000).sum())}\n")
    assert 79_000_000 <= found.peak_memory < 120_000_000  # a little of it is memory that the warm-up used


def test_scratch_beyond_its_limit_ends_the_run(run):
    code = "import time\ndef run(i):\n    for n in range(100):\n        open(f'f{n}', 'wb').write(b'x' * 1_000_000)\n        time.sleep(0.01)\n"
    found = run(code, scratch_mb=5)
    assert found.status is Status.FAILED
    assert "scratch limit of 5 MB" in found.reason


def test_cancel_ends_the_child_and_says_how_long_it_ran(handle, model):
    cancel, begun = CancelToken(), threading.Event()
    code = "import os, time\ndef run(i):\n    yield {'pid': os.getpid()}\n    time.sleep(60)\n"
    threading.Thread(target=lambda: (begun.wait(20), cancel.request("cancelled"), cancel.request("superseded"))).start()
    with handle.run(SandboxJob("c", model(code), {}, 1), lambda _e: begun.set(), cancel) as found:
        assert not alive(found.result["pid"])
        assert found.status is Status.CANCELLED
        assert found.reason.startswith("Cancelled after ")
    cancel.close()


def test_a_cancellation_before_the_start_takes_effect(handle, model):
    cancel = CancelToken()
    cancel.request("superseded")
    with handle.run(
        SandboxJob("c", model("def run(i):\n    while True: pass\n"), {}, 1), lambda _e: None, cancel
    ) as found:
        assert found.status is Status.CANCELLED
        assert found.reason.startswith("Superseded by a newer run")
    cancel.close()


def test_a_killed_child_is_reported_as_killed(handle, model):
    code = "import os, time\ndef run(i):\n    yield {'pid': os.getpid()}\n    time.sleep(60)\n"
    cancel = CancelToken()

    def kill(event):
        psutil.Process(event.result["pid"]).send_signal(signal.SIGKILL)

    with handle.run(SandboxJob("k", model(code), {}, 1), kill, cancel) as found:
        assert found.status is Status.FAILED
        assert "crashed (SIGKILL)" in found.reason
        assert "pid" in found.result
    cancel.close()


def test_threads_and_timers_of_a_model_do_not_outlive_its_result(run):
    found = run(
        """
        import os, threading, time
        def run(inputs):
            for _ in range(4):
                threading.Thread(target=time.sleep, args=(60,)).start()
            return {"pid": os.getpid()}
        """
    )
    assert found.status is Status.SUCCESS
    assert until(lambda: not alive(found.result["pid"]))


def test_a_zygote_that_was_killed_loses_its_run_and_the_next_run_has_a_new_one(tmp_path, model):
    handle, cancel = Sandbox(tmp_path / "own"), CancelToken()
    handle.start()
    first = handle.zygotes.get("numpy").process.pid
    slow = model("import time\ndef run(i):\n    yield {'a': 1}\n    time.sleep(60)\n")
    with (
        pytest.raises(SandboxLostError),
        handle.run(SandboxJob("z", slow, {}, 1), lambda _e: psutil.Process(first).kill(), cancel),
    ):
        pass
    with handle.run(
        SandboxJob("z", model("def run(i):\n    return {'a': 2}\n"), {}, 1), lambda _e: None, cancel
    ) as found:
        assert found.result == {"a": 2}
    assert handle.zygotes.get("numpy").process.pid != first
    handle.close()
    cancel.close()


def test_an_error_in_the_event_callback_ends_the_child_and_is_raised(handle, model):
    seen, cancel = [], CancelToken()

    def hear(event):
        seen.append(event.result["pid"])
        raise KeyError("theirs")

    code = "import os, time\ndef run(i):\n    yield {'pid': os.getpid()}\n    time.sleep(60)\n"
    with pytest.raises(KeyError, match="theirs"), handle.run(SandboxJob("e", model(code), {}, 1), hear, cancel):
        pass
    assert until(lambda: not alive(seen[0]))
    cancel.close()


def test_a_closed_sandbox_starts_nothing(tmp_path, model):
    handle, cancel = Sandbox(tmp_path / "own"), CancelToken()
    handle.start()
    pid = handle.zygotes.get("numpy").process.pid
    handle.close()
    assert not alive(pid)
    with (
        pytest.raises(SandboxLostError),
        handle.run(SandboxJob("x", model("def run(i): pass\n"), {}, 1), lambda _e: None, cancel),
    ):
        pass
    cancel.close()


def test_no_scratch_folder_is_left(handle, run):
    run("def run(i):\n    open('a', 'w').close()\n    return {}\n")
    assert list(handle.scratch_root.iterdir()) == []


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root sees a pooled child's descriptors"
)
def test_a_pooled_child_has_no_descriptor_that_would_hide_the_end_of_its_zygote(handle):
    zygote = psutil.Process(handle.zygotes.get("numpy").process.pid)
    assert until(lambda: len(zygote.children()) == 2)

    def sockets(pid):
        targets = []
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                targets.append(os.readlink(entry))
        return [target for target in targets if target.startswith("socket:")]

    for spare in zygote.children():
        assert until(lambda pid=spare.pid: len(sockets(pid)) == 1), sockets(
            spare.pid
        )  # it begins by closing the others


def test_the_processor_time_of_threads_that_have_ended_counts(run):
    found = run(
        """
        import threading, time
        def busy():
            end = time.thread_time() + 0.3
            while time.thread_time() < end:
                pass
        def run(inputs):
            thread = threading.Thread(target=busy)
            thread.start()
            thread.join()
            return {"summary": {"done": 1}}
        """
    )
    assert found.cpu_seconds >= 0.28


def test_a_child_that_has_sent_its_result_has_ended_when_the_run_is_left(run):
    code = "import os\ndef run(i):\n    return {'pid': os.getpid()}\n"
    seen = []
    found = run(code, at_end=lambda outcome: seen.append(alive(outcome.result["pid"])))
    assert seen == [True]  # its end takes time, during which the result is stored
    assert not alive(found.result["pid"])
