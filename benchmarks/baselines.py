"""Baselines of this machine, each alone: a job of the queue, a fork, a commit on disk.

By them the figures of two machines can be compared.
"""

import contextlib
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
from procrastinate import App, PsycopgConnector, SyncPsycopgConnector

from benchmarks.line_process import line_process
from storage.embedded_postgres import EmbeddedServer

TASK = "nothing"
QUEUE = "bare"
WORK = "import sys; from benchmarks.baselines import work; work(sys.argv[1])"
FORK = """
import importlib, os, sys, time
for name in sys.argv[1:]:
    importlib.import_module(name)
for _ in sys.stdin:
    begun = time.perf_counter()
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    print((time.perf_counter() - begun) * 1000, flush=True)
"""
# As in the sandbox: one thread per library, since others would have to end before each fork.
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR")}


@contextlib.contextmanager
def bare_queue() -> Iterator[tuple[Callable[[], float], str]]:
    """Start the queue alone, on a database of its own, and a worker of it in another process.

    Yields:
        A function that returns the milliseconds from deferring a job to its first line, and the URL of the database.
    """
    with (
        tempfile.TemporaryDirectory() as name,
        EmbeddedServer(Path(name) / "postgres") as url,
        App(connector=SyncPsycopgConnector(conninfo=url)).open() as app,
    ):
        app.schema_manager.apply_schema()
        task = app.configure_task(TASK, queue=QUEUE)
        with line_process(sys.executable, "-c", WORK, url) as worker:

            def job() -> float:
                begun = time.time()
                task.defer()
                return (worker.answer() - begun) * 1000

            yield job, url


def work(url: str) -> None:
    """Run as the worker: print the time of each job's first line, in seconds since 1970."""
    app = App(connector=PsycopgConnector(conninfo=url))

    @app.task(name=TASK, queue=QUEUE)
    async def nothing() -> None:
        print(time.time(), flush=True)

    app.run_worker(queues=[QUEUE], delete_jobs="successful", install_signal_handlers=False)


@contextlib.contextmanager
def forks(*names: str) -> Iterator[Callable[[], float]]:
    """Yield a function that returns the milliseconds to fork, end and reap a process with these modules loaded."""
    with line_process(sys.executable, "-c", FORK, *names, **ONE_THREAD) as process:
        yield lambda: process.ask("fork")


@contextlib.contextmanager
def commits(url: str) -> Iterator[Callable[[], float]]:
    """Yield a function that returns the milliseconds of one row's insert and flushed commit, in a table of its own."""
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("create table baseline (n integer)")

        def commit() -> float:
            begun = time.perf_counter()
            conn.execute("insert into baseline values (1)")
            return (time.perf_counter() - begun) * 1000

        yield commit
