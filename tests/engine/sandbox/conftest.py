"""A sandbox of this host's own tier, and models written for the test."""

import contextlib
import itertools
import textwrap
import threading
import time

import psutil
import pytest

from engine.sandbox.supervisor import CancelToken, Limits, Sandbox, SandboxJob

_numbers = itertools.count()


@pytest.fixture(scope="session")
def handle(tmp_path_factory):
    made = Sandbox(tmp_path_factory.mktemp("sandbox"))
    made.start()
    yield made
    made.close()


@pytest.fixture
def model(tmp_path):
    """Write a model's function.py, with other files `beside` it, and return its folder."""

    def write(code, beside=None):
        folder = tmp_path / f"model-{next(_numbers)}"
        folder.mkdir()
        for name, content in {"function.py": code, **(beside or {})}.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(textwrap.dedent(content))
        return folder

    return write


@pytest.fixture
def run(handle, model):
    """Run a model given as text and return its outcome; `events` collects its events."""

    def go(code, inputs=None, *, events=None, seed=1, cancel_when=None, at_end=None, using=None, beside=None, **limits):
        job = SandboxJob(
            "test", model(code, beside), inputs or {}, seed, Limits(**{"seconds": 20, "memory_mb": 400, **limits})
        )
        with contextlib.closing(CancelToken()) as cancel:

            def on_event(event):
                if events is not None:
                    events.append(event)
                if cancel_when is not None and cancel_when(event):
                    cancel.request("cancelled")

            with (using or handle).run(job, on_event, cancel) as outcome:
                if at_end is not None:
                    at_end(outcome)
                return outcome

    return go


def until(condition, seconds=60):
    """Wait until `condition()` is true, and return whether it became true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        threading.Event().wait(0.01)
    return bool(condition())


def alive(pid):
    """Return whether a process exists and is not a zombie."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
