"""Which tests `make quick` runs: those that start no process and take no time to speak of.

Chosen: a test that starts a process is marked `processes`, by its folder, by a fixture that starts one, or by hand; a
test without the mark that starts one all the same fails, in every run of the suite, so the choice stays true. Tests
that calculate for seconds are marked `slow` by hand; `make quick` names those that should be.
Left out: git, which tests ask for the files of the project.
"""

import os
import sys
import time
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
FOLDERS = {"faults", "hostile", "journeys"}  # of tests that are all about processes
FIXTURES = {
    "server_url",
    "sandbox",
    "handle",
    "local",
    "program",
    "own_worker",
}  # that start one, for whoever uses them too
SLOW = 1.0  # s of processor time, which tells a slow test from a busy machine
TAKEN = "processor seconds"
_state = {"quick": ""}
_taken: dict[str, float] = {}


def _forbid(event, arguments):
    if not _state["quick"] or event not in {"subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.system"}:
        return
    command = arguments[1] if event == "subprocess.Popen" else ()
    if command and Path(str(command[0])).name == "git":
        return
    raise RuntimeError(f"{_state['quick']} starts a process ({event}): mark it with pytest.mark.processes")


sys.addaudithook(_forbid)


def pytest_collection_modifyitems(items):
    for item in items:
        folder = item.path.relative_to(HERE).parts[0] if item.path.is_relative_to(HERE) else ""
        if folder in FOLDERS or FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.processes)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item):
    return (yield from _guarded(item))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    return (yield from _guarded(item))


def _guarded(item):
    _state["quick"] = "" if item.get_closest_marker("processes") else item.nodeid
    begun = time.process_time()
    try:
        return (yield)
    finally:
        _state["quick"] = ""
        item.user_properties.append((TAKEN, time.process_time() - begun))


def pytest_runtest_logreport(report):
    if report.when == "teardown":
        _taken[report.nodeid] = sum(value for name, value in report.user_properties if name == TAKEN)


def pytest_terminal_summary(terminalreporter, config):
    if "not slow" not in config.option.markexpr.split(" and ") or "PYTEST_XDIST_WORKER" in os.environ:
        return
    terminalreporter.write_line(f"{sum(_taken.values()):.0f} s of processor time")
    for name, seconds in sorted(_taken.items(), key=lambda found: -found[1]):
        if seconds > SLOW:
            terminalreporter.write_line(f"took {seconds:.1f} s of processor time, to be marked slow: {name}")
