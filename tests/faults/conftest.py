"""Real processes to be killed: a database server of the test's own, workers, and the tally of what they survived."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from sqlalchemy import text

from contract.run import Status
from engine import desk as desks
from engine.bounds import Bounds
from engine.follow import snapshot
from engine.pool import Pool
from engine.register import register
from engine.submit import submit
from storage.database import Database, DatabaseUnavailable
from storage.migrate import migrate
from storage.programs import Programs

ROOT = Path(__file__).resolve().parents[2]
STALLED = 3
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
TALLY = {"tests": 0, "runs": 0, "faults": 0, "lost": 0, "retried": 0, "failed as they should": 0}


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(item.fspath).parent == Path(__file__).parent:
            item.add_marker(pytest.mark.faults)


def pytest_terminal_summary(terminalreporter):
    if TALLY["tests"]:
        told = ", ".join(f"{count} {name}" for name, count in TALLY.items())
        terminalreporter.write_line(f"faults: {told}")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


def until(what, seconds=30, pause=0.02):
    """Wait until `what` returns something true and return it."""
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, f"{what} did not come true within {seconds} s"
        time.sleep(pause)
    return found


class Cluster:
    """A PostgreSQL server on a port, started, stopped and killed by the test."""

    def __init__(self, home, address="127.0.0.1", network="127.0.0.1/32"):
        self.home, self.address, self.port = home, address, free_port()
        home.mkdir(parents=True)
        self.programs = Programs(home)
        self.data = home / "data"
        self.programs.run("initdb", "-D", str(self.data), "-U", "tontine", "--auth=trust", "-E", "UTF8", "-k")
        with (self.data / "pg_hba.conf").open("a") as rules:
            rules.write(f"host all all {network} trust\n")
        self.url = f"postgresql://tontine@{address}:{self.port}/postgres"

    def start(self):
        options = f"-c listen_addresses={self.address} -c port={self.port} -c unix_socket_directories='' "
        options += "-c max_connections=100"
        self.programs.run("pg_ctl", "start", "-w", "-D", str(self.data), "-l", str(self.home / "log"), "-o", options)

    def stop(self, mode="fast"):
        self.programs.run("pg_ctl", "stop", "-w", "-m", mode, "-D", str(self.data), check=False)

    def kill(self):
        """Kill the postmaster; its children end with it."""
        pid = int((self.data / "postmaster.pid").read_text().split()[0])
        for process in psutil.process_iter(["cmdline"]):
            with contextlib.suppress(psutil.Error):
                if process.info["cmdline"] and str(self.data) in process.info["cmdline"]:
                    pid = process.pid
        children = psutil.Process(pid).children(recursive=True)
        os.kill(pid, signal.SIGKILL)
        psutil.wait_procs(children, timeout=20)
        with contextlib.suppress(OSError):
            (self.data / "postmaster.pid").unlink()


@pytest.fixture
def cluster(tmp_path):
    made = Cluster(tmp_path / "cluster")
    made.start()
    yield made
    made.stop("immediate")


class House:
    """A desk and worker processes on one database, and what has been submitted."""

    def __init__(self, url, home):
        self.url, self.home = url, home
        self.workers, self.pools, self.ids = [], [], []
        with contextlib.closing(Database(url)) as database:
            migrate(database)
        self.desk = desks.open_desk(url, bounds=Bounds(stalled=STALLED, user_runs=100_000), data=home, user="ada")
        register(
            self.desk,
            "waits",
            {"manifest.json": MANIFEST, "function.py": MODEL},
            source={"kind": "local", "path": "waits"},
        )

    def worker(self, name="host", runs=2, prefix=(), url=None, **environment):
        """Start a worker process whose data folder is its own."""
        with (self.home / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [*prefix, sys.executable, str(ROOT / "worker.py")],
                env={
                    **os.environ,
                    "DATABASE_URL": url or self.url,
                    "TONTINE_DATA": str(self.home / name),
                    "TONTINE_STALLED": str(STALLED),
                    "TONTINE_WORKER_RUNS": str(runs),
                    "TONTINE_LOG_LEVEL": "WARNING",
                    **environment,
                },
                stdin=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
            )
        self.workers.append(process)
        return process

    def keep(self, count, name="kept"):
        """Start workers that are started again when they end, as the server and systemd do."""
        environment = {
            **os.environ,
            "DATABASE_URL": self.url,
            "TONTINE_DATA": str(self.home / name),
            "TONTINE_STALLED": str(STALLED),
            "TONTINE_LOG_LEVEL": "ERROR",
        }
        pool = Pool(count, ROOT / "worker.py", environment)
        pool.start()
        self.pools.append(pool)
        return pool

    def submit(self, n=0, seconds=0.0, key=None):
        run = submit(self.desk, "waits", {"n": n, "seconds": seconds}, user="ada", fresh=True, key=key)
        self.ids.append(run.id)
        return run.id

    def run(self, run_id):
        return snapshot(self.desk, run_id).run

    def running(self, run_id, attempt=1):
        """Wait until the run shows progress in this attempt, and return it."""

        def seen():
            with contextlib.suppress(DatabaseUnavailable):
                run = self.run(run_id)
                assert not run.status.final, run
                return run if run.status is Status.RUNNING and run.progress and run.attempt >= attempt else None

        return until(seen)

    def child(self, worker):
        """Return the process of a model that runs: it works in its scratch folder."""

        def found():
            for process in psutil.Process(worker.pid).children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    if "run-" in process.cwd():
                        return process
            return None

        return until(found)

    def settle(self, seconds=60):
        """Wait until every run has ended; check that none is lost, doubled or without a reason; return them in order."""

        def ended():
            with contextlib.suppress(DatabaseUnavailable), self.desk.database.read() as conn:
                return (
                    conn.execute(text("select count(*) from runs where status in ('PENDING', 'RUNNING')")).scalar() == 0
                )

        try:
            until(ended, seconds, 0.1)
        finally:
            with self.desk.database.read() as conn:
                left = conn.execute(
                    text("select id, status, attempt, worker from runs where status in ('PENDING', 'RUNNING')")
                ).all()
                stored = conn.execute(text("select id from runs")).scalars().all()
            TALLY["lost"] += len(left) + len(set(self.ids) - set(stored))
        runs = [self.run(i) for i in dict.fromkeys(self.ids)]
        TALLY["runs"] += len(runs)
        TALLY["retried"] += sum(r.attempt > 1 for r in runs)
        TALLY["failed as they should"] += sum(r.status is not Status.SUCCESS for r in runs)
        assert sorted(stored) == sorted(r.id for r in runs)
        with self.desk.database.read() as conn:
            results = conn.execute(text("select run_id from results")).scalars().all()
            ends = dict(
                conn.execute(
                    text(
                        "select run_id, count(*) from run_events where kind = 'status' and payload->>'status' "
                        "not in ('RUNNING', 'PENDING') group by run_id"
                    )
                ).all()
            )
        assert sorted(results) == sorted(r.id for r in runs if r.status is Status.SUCCESS)
        for run in runs:
            assert ends[run.id] == 1, "a run ended twice"
            assert run.status is Status.SUCCESS or run.reason
            assert run.finished_at >= run.started_at or run.attempt == 0
            if run.status is Status.SUCCESS:
                assert snapshot(self.desk, run.id).shown["summary"]["twice"] == 2 * run.inputs["n"]
        return runs

    def close(self):
        for pool in self.pools:
            pool.stop()
        for worker in self.workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker.pid, signal.SIGCONT)
            worker.terminate()
        for worker in self.workers:
            try:
                worker.wait(20)
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.wait()
        self.desk.close()


@pytest.fixture
def fault():
    """Count a fault that has been caused."""

    def count(n=1):
        TALLY["faults"] += n

    TALLY["tests"] += 1
    return count


@pytest.fixture
def house(database_url, tmp_path):
    made = House(database_url, tmp_path)
    yield made
    made.close()


@pytest.fixture
def far_house(cluster, tmp_path):
    """A house whose database is reached by TCP, and can be stopped and killed."""
    made = House(cluster.url, tmp_path)
    yield made
    made.close()
