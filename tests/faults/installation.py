"""An application context and worker processes on one database, the runs submitted there, and counts of how they ended."""

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
from tests.engine.starting import cancel_starting_runs

ROOT = Path(__file__).resolve().parents[2]
WORKER_TIMEOUT = 3  # s
ENVIRONMENT = {
    "TONTINE_WORKER_TIMEOUT": str(WORKER_TIMEOUT),
    "TONTINE_SCRATCH_MB": "20",
    "TONTINE_LOG_LEVEL": "WARNING",
    # With so short a timeout a living worker may count as dead on a busy machine. That costs an attempt, as intended,
    # but must not use up all of them: the number of attempts has a test of its own, which sets it.
    "TONTINE_ATTEMPTS": "20",
}
MODEL = b"""
import time
def run(inputs):
    started = time.monotonic()
    while time.monotonic() - started < inputs["seconds"]:
        yield {"progress": min(1.0, (time.monotonic() - started) / inputs["seconds"]), "summary": {"n": inputs["n"]}}
        time.sleep(0.05)
    yield {"summary": {"n": inputs["n"], "twice": 2 * inputs["n"]}}
"""
MANIFEST = (
    b'{"name": "Waits", "deterministic": false, "inputs": {"n": {"type": "integer", "min": 0, "max": 1000000, '
    b'"default": 0}, "seconds": {"type": "number", "min": 0, "max": 60, "step": 0.001, "default": 0}}}'
)
COUNTS = {
    "runs": 0,
    "faults": 0,
    "lost": 0,
    "duplicated": 0,
    "left RUNNING": 0,
    "retried": 0,
    "failed as expected": 0,
}
FINAL_EVENTS = """
select run_id, count(*) from run_events where kind in ('status', 'cancel') and run_id = any(:ids)
and payload->>'status' not in ('RUNNING', 'PENDING') group by run_id
"""


def until(condition, seconds=120, pause=0.02):
    """Wait until `condition` returns something true and return it."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, f"{condition} was not true within {seconds} s"
        time.sleep(pause)
    return found


class Installation:
    """An application context and worker processes on one database, and the runs that have been submitted.

    `start_worker` starts a process for one test. The two shared workers, each with a data folder of its own, are kept
    for the next test; `restart_shared_workers` replaces those that have ended.
    """

    def __init__(self, url, home):
        self.url, self.home = url, home
        home.mkdir(parents=True, exist_ok=True)
        self.workers, self.pools, self.ids, self.shared_workers, self.before = [], [], [], {}, set()
        with contextlib.closing(Database(url)) as database:
            migrate(database)
        self.context = contexts.open_context(
            url,
            limits=InstallationLimits(worker_timeout=WORKER_TIMEOUT, max_pending_per_user=100_000),
            data=home,
            user="ada",
        )
        self.add("waits", MODEL, MANIFEST)

    def forget_runs(self):
        """Forget what other tests submitted."""
        self.ids = []
        with self.context.database.read() as conn:
            self.before = set(conn.execute(text("select id from runs where priority >= 0")).scalars())

    def add(self, slug, code, manifest, **files):
        files = {"function.py": code, "manifest.json": manifest} | {f"{k}.json": v for k, v in files.items()}
        register(self.context, slug, files, source={"kind": "local", "path": slug}, actor=SYSTEM)
        cancel_starting_runs(self.context)  # which would take a worker that a test is about to kill

    def start_process(self, name, prefix=(), url=None, **environment):
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

    def start_worker(self, name="host", **given):
        """Start a worker process whose data folder is its own."""
        self.workers.append(self.start_process(name, **given))
        return self.workers[-1]

    def restart_shared_workers(self):
        """Start the two shared workers, or those of them that have ended."""
        for name in ("one", "two"):
            if name not in self.shared_workers or self.shared_workers[name].poll() is not None:
                self.shared_workers[name] = self.start_process(name)

    def start_pool(self, count, name="pool", **environment):
        """Start workers that are restarted when they end, as the server and systemd do."""
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

    def worker_of(self, run):
        """Return the process of the shared worker that executes the run, and its data folder."""
        pid = int(run.worker.rpartition(":")[2])
        return next((p, self.home / name) for name, p in self.shared_workers.items() if p.pid == pid)

    def wait_for_all(self, seconds=180):
        """Wait until every run has ended; check that none is lost, duplicated or without a reason; return them in order."""
        ids = list(dict.fromkeys(self.ids))

        def unfinished():
            statement = text(
                "select id, status, attempt, worker from runs where id = any(:ids) and finished_at is null"
            )
            with self.context.database.read() as conn:
                return conn.execute(statement, {"ids": ids}).all()

        def ended():
            with contextlib.suppress(DatabaseUnavailable):
                return not unfinished()

        try:
            until(ended, seconds, 0.1)
        finally:
            with contextlib.suppress(DatabaseUnavailable):
                COUNTS["left RUNNING"] += len(unfinished())
        with self.context.database.read() as conn:
            stored = set(conn.execute(text("select id from runs where priority >= 0")).scalars()) - self.before
            results = set(conn.execute(text("select run_id from results")).scalars())
            ends = dict(conn.execute(text(FINAL_EVENTS), {"ids": ids}).all())
        lost, duplicated = set(ids) - stored, (stored - set(ids)) | {i for i in ids if ends.get(i, 0) > 1}
        COUNTS["lost"] += len(lost)
        COUNTS["duplicated"] += len(duplicated)
        assert not lost, lost
        assert not duplicated, duplicated
        runs = [self.run(i) for i in ids]
        COUNTS["runs"] += len(runs)
        COUNTS["retried"] += sum(r.attempt > 1 for r in runs)
        COUNTS["failed as expected"] += sum(r.status is not Status.SUCCESS for r in runs)
        for run in runs:
            assert ends[run.id] == 1
            assert (run.id in results) == (run.status is Status.SUCCESS)
            assert run.status is Status.SUCCESS or run.reason
            assert run.finished_at >= run.started_at or run.attempt == 0
            if run.status is Status.SUCCESS and run.app_slug == "waits":
                assert snapshot(self.context, run.id, actor=ADA).shown["summary"]["twice"] == 2 * run.inputs["n"]
        return runs

    def expect_success(self, seconds=180):
        """Wait for all runs, check that each is a success, and return them."""
        runs = self.wait_for_all(seconds)
        assert not [(r.id, r.status, r.reason, r.attempt, r.worker) for r in runs if r.status is not Status.SUCCESS]
        return runs

    def all_ended(self):
        """Return whether every run has ended."""
        with contextlib.suppress(DatabaseUnavailable):
            return all(self.run(i).status.final for i in self.ids)
        return False

    def stop_started(self):
        """Stop the workers that were started for one test."""
        for pool in self.pools:
            pool.stop()
        terminate(self.workers)
        self.pools, self.workers = [], []

    def close(self):
        self.stop_started()
        terminate(self.shared_workers.values())
        self.context.close()


def terminate(processes):
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


def model_process(*workers):
    """Return the process of a model that one of the workers runs, found by its working folder."""

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


def has_ended(process):
    """Return whether the process has ended; a zombie has."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
