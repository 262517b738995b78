"""An installation to measure: an embedded database of its own, workers, a context, and a model that does nothing."""

import contextlib
import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from contract.actor import SYSTEM, Actor
from contract.run import Status
from engine.models.register import register
from engine.processes import context as contexts
from engine.processes.context import AppContext
from engine.processes.limits import InstallationLimits
from engine.processes.worker_pool import WorkerPool
from engine.runs.follow import Snapshot, wait_for_end
from engine.runs.submit import submit
from storage import workers
from storage.database import Database
from storage.embedded_postgres import EmbeddedServer
from storage.migrate import migrate

ROOT = Path(__file__).resolve().parents[1]
NOOP = {
    "manifest.json": json.dumps({"name": "Nothing", "inputs": {"n": {"type": "integer", "max": 10**9}}}).encode(),
    "function.py": b"def run(inputs):\n    return {'summary': {'n': inputs['n']}}\n",
}


@contextlib.contextmanager
def embedded_installation(count: int = 2, runs_at_once: int = 2) -> Iterator[AppContext]:
    """Start everything but the web server; stop it afterwards."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with EmbeddedServer(folder / "postgres") as url:
            with contextlib.closing(Database(url)) as database:
                migrate(database)
            context = contexts.open_context(
                url, limits=InstallationLimits(max_pending_per_user=100_000), data=folder, user="bench"
            )
            register(context, "nothing", NOOP, source={"kind": "local", "path": "nothing"}, actor=SYSTEM)
            environment = {
                **os.environ,
                "DATABASE_URL": url,
                "TONTINE_DATA": str(folder / "data"),
                "TONTINE_WORKER_SLOTS": str(runs_at_once),
                "TONTINE_LOG_LEVEL": "ERROR",
            }
            pool = WorkerPool(count, ROOT / "worker.py", environment)
            pool.start()
            try:
                while True:
                    with context.database.read() as conn:
                        if len(workers.list_alive(conn, silence=30)) == count:
                            break
                    time.sleep(0.1)
                time.sleep(1)
                yield context
            finally:
                pool.stop()
                context.close()


def run_to_end(context: AppContext, app: str, n: int, user: str = "bench") -> Snapshot:
    """Submit a fresh run, wait for its stored result and return its snapshot."""
    run = submit(context, app, {"n": n}, actor=Actor(user), fresh=True)
    now = wait_for_end(context, run.id, 60, actor=SYSTEM)
    assert now.run.status is Status.SUCCESS
    return now


def sustained(context: AppContext, count: int) -> tuple[float, float]:
    """Submit `count` runs of the model that does nothing, by eight threads, and wait for all.

    Returns:
        The runs per second until the last result was seen, and the submissions per second.
    """
    begun = time.perf_counter()
    with ThreadPoolExecutor(8) as threads:
        ids = list(
            threads.map(
                lambda n: submit(context, "nothing", {"n": n}, actor=Actor("bench"), fresh=True).id, range(count)
            )
        )
        accepted = time.perf_counter()
        list(threads.map(lambda run_id: wait_for_end(context, run_id, 120, actor=SYSTEM), ids))
    return count / (time.perf_counter() - begun), count / (accepted - begun)


def quantiles(values: Sequence[float], unit: str = "ms", digits: int = 1) -> str:
    """Return median and 95th percentile as text."""
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return f"median {statistics.median(ordered):.{digits}f} {unit}, p95 {p95:.{digits}f} {unit}, n {len(ordered)}"
