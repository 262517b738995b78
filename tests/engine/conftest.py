"""An application context, a sandbox and a worker's context on a database of the test's own, and models written for the test."""

import json
import os
import subprocess
import sys
import threading
import uuid
from pathlib import Path

import pytest

from contract.actor import SYSTEM
from engine.models.register import register
from engine.processes import context as contexts
from engine.processes.limits import InstallationLimits
from engine.processes.worker_pool import WorkerPool
from engine.runs.execute import WorkerContext, execute
from engine.sandbox.supervisor import Sandbox
from registry.model_files import read_folder
from storage.notifications import Listener

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory):
    box = Sandbox(tmp_path_factory.mktemp("scratch"))
    box.start()
    yield box
    box.close()


@pytest.fixture
def context(database_url, tmp_path):
    opened = contexts.open_context(
        database_url, limits=InstallationLimits(seconds=10, memory_mb=500, worker_timeout=3), data=tmp_path, user="ada"
    )
    yield opened
    opened.close()


@pytest.fixture
def add_model(context, tmp_path):
    """Register a model from the text of its function and its manifest's inputs; returns its slug."""

    def add(code, inputs=None, slug="probe", **manifest):
        folder = tmp_path / "models" / slug
        folder.mkdir(parents=True, exist_ok=True)
        inputs = {"n": {"type": "number", "default": 1}} if inputs is None else inputs
        cases = manifest.pop("cases", None)
        for name, content in manifest.pop("files", {}).items():
            (folder / name).write_text(content)
        (folder / "manifest.json").write_text(json.dumps({"name": slug.title(), "inputs": inputs, **manifest}))
        (folder / "function.py").write_text(code)
        if cases is not None:
            (folder / "cases.json").write_text(json.dumps(cases))
        register(context, slug, read_folder(folder), source={"kind": "local", "path": slug}, actor=SYSTEM)
        return slug

    return add


@pytest.fixture
def worker_context(context, sandbox, tmp_path):
    made = WorkerContext(context.database, sandbox, context.limits, tmp_path / "cache", "test-worker")

    def on_cancel(payload):
        run_id, _, reason = payload.partition(":")
        made.cancel_run(uuid.UUID(run_id), reason)

    listener = Listener(context.database.dsn)
    listener.subscribe("run_cancel", on_cancel)
    listener.start()
    yield made
    listener.stop()


@pytest.fixture
def run_now(worker_context):
    """Execute a queued run in this process, in a thread where `wait` is off."""
    threads = []

    def go(run, wait=True):
        if wait:
            return execute(worker_context, run.id)
        thread = threading.Thread(target=execute, args=(worker_context, run.id))
        thread.start()
        threads.append(thread)
        return thread

    yield go
    for thread in threads:
        thread.join(timeout=30)


@pytest.fixture
def workers(database_url, tmp_path):
    """Return a function that starts a number of real worker processes on the test's database."""
    pools = []

    def start(count=1, **environment):
        pool = WorkerPool(
            count,
            ROOT / "worker.py",
            {
                **os.environ,
                "DATABASE_URL": database_url,
                "TONTINE_DATA": str(tmp_path / "worker"),
                "TONTINE_WORKER_TIMEOUT": "3",
                **environment,
            },
        )
        pool.start()
        pools.append(pool)
        return pool

    yield start
    for pool in pools:
        pool.stop()


@pytest.fixture
def program(database_url, tmp_path):
    """Run a program with the test's database and folder in a process of its own; return the completed process."""

    def go(code):
        return subprocess.run(
            [sys.executable, "-c", code, database_url, str(tmp_path)],
            cwd=ROOT,
            check=False,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            timeout=60,
        )

    return go
