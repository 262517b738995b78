"""How long a single run takes alone, beside another user's sweep, and beside many single runs of that user."""

import time
import uuid
from concurrent.futures import ThreadPoolExecutor

from benchmarks.fixture import embedded_installation, quantiles, run_to_end
from contract.actor import SYSTEM, Actor
from engine.models.register import register
from engine.processes.context import AppContext
from engine.runs import job_queue
from engine.runs.submit import submit

POINTS = 10_000
SINGLE = 40
BUSY = {
    "manifest.json": b'{"name": "Busy", "inputs": {"n": {"type": "integer", "max": 1000000000}}}',
    # About 20 ms of processor time, as a small model of the catalogue takes.
    "function.py": b"""import time
def run(inputs):
    end = time.process_time() + 0.02
    while time.process_time() < end:
        pass
    return {'summary': {'n': inputs['n']}}
""",
}


def singles(context: AppContext, user: str) -> list[float]:
    times = []
    for n in range(SINGLE):
        begun = time.perf_counter()
        run_to_end(context, "busy", n, user)
        times.append((time.perf_counter() - begun) * 1000)
    return times


def submit_many(context: AppContext, count: int, priority: int) -> None:
    batch = uuid.uuid4() if priority < job_queue.INTERACTIVE else None
    with ThreadPoolExecutor(4) as threads:
        submitted = threads.map(
            lambda n: submit(
                context, "busy", {"n": 10**6 + n}, actor=Actor("bulk"), fresh=True, priority=priority, batch=batch
            ),
            range(count),
        )
        list(submitted)


def main() -> None:
    """Print the figures."""
    with embedded_installation(count=2) as context:
        register(context, "busy", BUSY, source={"kind": "local", "path": "busy"}, actor=SYSTEM)
        singles(context, "warm")
        alone = singles(context, "alone")
        print(f"single run of 20 ms, nothing else running: {quantiles(alone)}")
        begun = time.perf_counter()
        submit_many(context, POINTS, job_queue.BATCH_PRIORITY)
        print(f"a sweep of {POINTS:,} points by another user accepted in {time.perf_counter() - begun:.0f} s")
        beside = singles(context, "single")
        print(f"single run beside it: {quantiles(beside)}")
        ratio = sorted(beside)[len(beside) // 2] / sorted(alone)[len(alone) // 2]
        print(f"ratio of medians: {ratio:.2f}")
        submit_many(context, 150, job_queue.INTERACTIVE)
        beside = singles(context, "newcomer")
        print(f"single run beside 150 single runs of another user as well: {quantiles(beside)}")


if __name__ == "__main__":
    main()
