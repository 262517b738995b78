"""Hostile models on another Python than the worker's: the same barriers hold."""

import time

import psutil
import pytest

from engine.sandbox.supervisor import Limits, Sandbox
from tests.hostile import harness
from tests.hostile.drive import run_one
from tests.hostile.test_hostile import FOLDERS, check_outcome, confined
from tests.other_python import resolve_once, shared_store, to_runtime

# Some of each kind: files, other runs, network, processes, signals, system calls, memory, the result's pipe.
NAMES = [
    "write_beside",
    "read_secrets",
    "write_outside",
    "other_models",
    "tcp_loopback",
    "dns_udp",
    "unix_sockets",
    "fork_bomb",
    "exec_shell",
    "signal_others",
    "raw_calls",
    "change_library",
    "read_memory",
    "hidden_memory",
    "memory_hog",
    "many_threads",
    "forged_garbage",
    "segfault",
]
CHOSEN = [folder for folder in FOLDERS if folder.name in NAMES]


@pytest.fixture(scope="module")
def runtime(tmp_path_factory):
    store = shared_store(tmp_path_factory)
    with store.open(resolve_once(store)) as opened:
        yield to_runtime(opened)


@pytest.fixture(scope="module")
def handle(targets):
    made = Sandbox(targets[0] / "other-python")
    yield made
    made.close()


@confined
@pytest.mark.timeout(300)  # the standard set may have to be fetched first
@pytest.mark.parametrize("folder", CHOSEN, ids=lambda f: f"{f.parent.name}-{f.name}")
def test_a_hostile_model_ends_as_expected_on_another_python(folder, handle, runtime, targets):
    home, inputs = targets
    limits = Limits(seconds=3 if "timeout" in (folder / "EXPECT").read_text() else 15, memory_mb=400)
    check_outcome(run_one(handle, folder, inputs, limits, runtime), folder)
    assert not list((home / "other-python").glob("run-*"))
    zygote = psutil.Process(handle.zygotes.get("all", runtime).process.pid)
    assert str(runtime.libraries) in " ".join(zygote.cmdline())
    until = time.monotonic() + 5
    while len(zygote.children(recursive=True)) > harness.SPARE_CHILDREN and time.monotonic() < until:
        time.sleep(0.02)
    assert len(zygote.children(recursive=True)) <= harness.SPARE_CHILDREN
