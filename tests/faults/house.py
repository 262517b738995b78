"""An application context and worker processes on one database, what was submitted there, and the tally of what became of it."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
from sqlalchemy import text

from contract.actor import SYSTEM
from contract.errors import DatabaseUnavailable
from contract.run import Status
from engine.models.register import register
from engine.processes import context as contexts
from engine.processes.limits import InstallationLimits
from engine.processes.worker_pool import WorkerPool
from engine.runs.follow import snapshot
from engine.runs.submit import submit
from storage.database import Database
from storage.migrate import migrate
from tests.actors import ADA

ROOT = Path(__file__).resolve().parents[2]
STALLED = 3  # s
ENVIRONMENT = {
    "TONTINE_WORKER_TIMEOUT": str(STALLED),
    "TONTINE_SCRATCH_MB": "20",
    "TONTINE_LOG_LEVEL": "WARNING",
    # With so short a silence a busy machine may take a worker that lives for dead. That costs an attempt, as it
    # should, and must not use them up: how many there are has a test of its own, which says so itself.
    "TONTINE_ATTEMPTS": "20",
}
MODEL = b"""
import time
def run(inputs):
    begun = time.monotonic()
    while time.monotonic() - begun < inputs["seconds"]:
        yield {"progress": min(1.0, (time.monotonic() - begun) / inputs["seconds"]), "summary": {"n": inputs["n"]}}
        time.sleep(0.05)
    yield {"summary": {"n": inputs["n"], "twice": 2 * inputs["n"]}}
"""
MANIFEST = (
    b'{"name": "Waits", "deterministic": false, "inputs": {"n": {"type": "integer", "min": 0, "max": 1000000, '
    b'"default": 0}, "seconds": {"type": "number", "min": 0, "max": 60, "step": 0.001, "default": 0}}}'
)
TALLY = {
    "runs": 0,
    "faults": 0,
    "lost": 0,
    "doubled": 0,
    "left RUNNING": 0,
    "tried again": 0,
    "failed as they should": 0,
}
ENDED = """
select run_id, count(*) from run_events where kind in ('status', 'cancel') and run_id = any(:ids)
and payload->>'status' not in ('RUNNING', 'PENDING') group by run_id
"""


def until(what, seconds=30, pause=0.02):
    """Wait until `what` returns something true and return it."""
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, f"{what} did not come true within {seconds} s"
        time.sleep(pause)
    return found


class House:
    """An application context and worker processes on one database, and what has been submitted.

    `worker` starts a process for this test alone; `crew` are two, each with a root of its own, which stay from
    test to test, and of which every dead one is replaced.
    """

    def __init__(self, url, home):
        self.url, self.home = url, home
        home.mkdir(parents=True, exist_ok=True)
        self.workers, self.pools, self.ids, self.crew, self.before = [], [], [], {}, set()
        with contextlib.closing(Database(url)) as database:
            migrate(database)
        self.context = contexts.open_context(
            url, limits=InstallationLimits(worker_timeout=STALLED, max_pending_per_user=100_000), data=home, user="ada"
        )
        self.add("waits", MODEL, MANIFEST)

    def begin(self):
        """Forget what other tests submitted."""
        self.ids = []
        with self.context.database.read() as conn:
            self.before = set(conn.execute(text("select id from runs")).scalars())

    def add(self, slug, code, manifest, **files):
        files = {"function.py": code, "manifest.json": manifest} | {f"{k}.json": v for k, v in files.items()}
        register(self.context, slug, files, source={"kind": "local", "path": slug}, actor=SYSTEM)

    def start(self, name, prefix=(), url=None, **environment):
        with (self.home / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                [*prefix, sys.executable, str(ROOT / "worker.py")],
                env={
                    **os.environ,
                    **ENVIRONMENT,
                    "DATABASE_URL": url or self.url,
                    "TONTINE_DATA": str(self.home / name),
                    **environment,
                },
                stdin=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
            )

    def worker(self, name="host", **given):
        """Start a worker process whose data folder is its own."""
        self.workers.append(self.start(name, **given))
        return self.workers[-1]

    def muster(self):
        """Replace those of the crew that have ended."""
        for name in ("one", "two"):
            if name not in self.crew or self.crew[name].poll() is not None:
                self.crew[name] = self.start(name)

    def keep(self, count, name="kept", **environment):
        """Start workers that are started again when they end, as the server and systemd do."""
        given = {"DATABASE_URL": self.url, "TONTINE_DATA": str(self.home / name), "TONTINE_LOG_LEVEL": "ERROR"}
        pool = WorkerPool(count, ROOT / "worker.py", {**os.environ, **ENVIRONMENT, **given, **environment})
        pool.start()
        self.pools.append(pool)
        return pool

    def submit(self, n=0, seconds=0.0, key=None, model="waits"):
        inputs = {"n": n, "seconds": seconds} if model == "waits" else {}
        run = submit(self.context, model, inputs, actor=ADA, fresh=True, key=key)
        self.ids.append(run.id)
        return run.id

    def run(self, run_id):
        return snapshot(self.context, run_id, actor=ADA).run

    def running(self, run_id, attempt=1):
        """Wait until the run shows progress in this attempt or a later one, and return it."""

        def seen():
            with contextlib.suppress(DatabaseUnavailable):
                run = self.run(run_id)
                assert not run.status.final, run
                return run if run.status is Status.RUNNING and run.progress and run.attempt >= attempt else None

        return until(seen)

    def holder(self, run):
        """Return the process of the worker that has the run, and its root."""
        pid = int(run.worker.rpartition(":")[2])
        return next((p, self.home / name) for name, p in self.crew.items() if p.pid == pid)

    def settle(self, seconds=60):
        """Wait until every run has ended; check that none is lost, doubled or without a reason; return them in order."""
        ids = list(dict.fromkeys(self.ids))

        def left():
            statement = text(
                "select id, status, attempt, worker from runs where id = any(:ids) and finished_at is null"
            )
            with self.context.database.read() as conn:
                return conn.execute(statement, {"ids": ids}).all()

        def ended():
            with contextlib.suppress(DatabaseUnavailable):
                return not left()

        try:
            until(ended, seconds, 0.1)
        finally:
            with contextlib.suppress(DatabaseUnavailable):
                TALLY["left RUNNING"] += len(left())
        with self.context.database.read() as conn:
            stored = set(conn.execute(text("select id from runs")).scalars()) - self.before
            results = set(conn.execute(text("select run_id from results")).scalars())
            ends = dict(conn.execute(text(ENDED), {"ids": ids}).all())
        lost, doubled = set(ids) - stored, (stored - set(ids)) | {i for i in ids if ends.get(i, 0) > 1}
        TALLY["lost"] += len(lost)
        TALLY["doubled"] += len(doubled)
        assert not lost, lost
        assert not doubled, doubled
        runs = [self.run(i) for i in ids]
        TALLY["runs"] += len(runs)
        TALLY["tried again"] += sum(r.attempt > 1 for r in runs)
        TALLY["failed as they should"] += sum(r.status is not Status.SUCCESS for r in runs)
        for run in runs:
            assert ends[run.id] == 1
            assert (run.id in results) == (run.status is Status.SUCCESS)
            assert run.status is Status.SUCCESS or run.reason
            assert run.finished_at >= run.started_at or run.attempt == 0
            if run.status is Status.SUCCESS and run.app_slug == "waits":
                assert snapshot(self.context, run.id, actor=ADA).shown["summary"]["twice"] == 2 * run.inputs["n"]
        return runs

    def succeed(self, seconds=60):
        """Settle, check that every run is a success, and return them."""
        runs = self.settle(seconds)
        assert not [(r.id, r.status, r.reason, r.attempt, r.worker) for r in runs if r.status is not Status.SUCCESS]
        return runs

    def settled(self):
        """Say whether everything that was submitted has ended."""
        with contextlib.suppress(DatabaseUnavailable):
            return all(self.run(i).status.final for i in self.ids)
        return False

    def dismiss(self):
        """End what was started for one test."""
        for pool in self.pools:
            pool.stop()
        end(self.workers)
        self.pools, self.workers = [], []

    def close(self):
        self.dismiss()
        end(self.crew.values())
        self.context.close()


def end(processes):
    for process in processes:
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.terminate()
    for process in processes:
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def child(*workers):
    """Return the process of a model that one of the workers runs: it works in its scratch folder."""

    def found():
        for worker in workers:
            for process in children(worker):
                with contextlib.suppress(psutil.Error):
                    if "run-" in process.cwd():
                        return process
        return None

    return until(found)


def children(worker):
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(worker.pid).children(recursive=True)
    return []


def gone(process):
    """Say whether the process has ended; one that nobody has reaped yet has."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
