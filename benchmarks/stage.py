"""A stage for measuring: an embedded database of its own, workers, a desk, and a model that does nothing."""

import contextlib
import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from engine import desk as desks
from engine.bounds import Bounds
from engine.desk import Desk
from engine.pool import Pool
from engine.register import register
from storage import workers
from storage.database import Database
from storage.migrate import migrate
from storage.server import EmbeddedServer

ROOT = Path(__file__).resolve().parents[1]
NOOP = {
    "manifest.json": json.dumps({"name": "Nothing", "inputs": {"n": {"type": "integer", "max": 10**9}}}).encode(),
    "function.py": b"def run(inputs):\n    return {'summary': {'n': inputs['n']}}\n",
}


@contextlib.contextmanager
def stage(count: int = 2, runs_at_once: int = 2) -> Iterator[Desk]:
    """Start everything but the web server; stop it afterwards."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with EmbeddedServer(folder / "postgres") as url:
            with contextlib.closing(Database(url)) as database:
                migrate(database)
            desk = desks.open_desk(url, bounds=Bounds(user_runs=100_000), data=folder, user="bench")
            register(desk, "nothing", NOOP, source={"kind": "local", "path": "nothing"})
            environment = {
                **os.environ,
                "DATABASE_URL": url,
                "TONTINE_DATA": str(folder / "data"),
                "TONTINE_WORKER_RUNS": str(runs_at_once),
                "TONTINE_LOG_LEVEL": "ERROR",
            }
            pool = Pool(count, ROOT / "worker.py", environment)
            pool.start()
            try:
                while True:
                    with desk.database.read() as conn:
                        if len(workers.alive(conn, silence=30)) == count:
                            break
                    time.sleep(0.1)
                time.sleep(1)
                yield desk
            finally:
                pool.stop()
                desk.close()


def spread(values: Sequence[float], unit: str = "ms") -> str:
    """Return median and 95th percentile as text."""
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return f"median {statistics.median(ordered):.1f} {unit}, p95 {p95:.1f} {unit}, n {len(ordered)}"
