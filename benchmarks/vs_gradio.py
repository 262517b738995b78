"""A run of Tontine and a call of Gradio, alternately in one session, and the baselines of the machine.

Chosen: a model that does nothing, one call after the other except for runs per second, and the ratio of each figure.
Gradio stores nothing and confines nothing: its call runs in the server's own process. It is called by its own Python
client and, since that polls every 50 ms, by its HTTP interface too.
Left out: the page, which `benchmarks.browser` measures. Linux only: the end of a process is seen by its descriptor.
"""

import contextlib
import os
import select
import signal
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import psutil

from benchmarks.baselines import bare_queue, commits, forks
from benchmarks.browser import free_port, gradio_python, serving
from benchmarks.fixture import NOOP, ROOT, embedded_installation, quantiles, run_to_end, sustained
from benchmarks.line_process import ANSWER_TIMEOUT, LineProcess, line_process
from contract.actor import SYSTEM, Actor
from contract.run import Status
from engine.models.register import register
from engine.processes.context import AppContext
from engine.runs.cancel import cancel
from engine.runs.follow import Snapshot, follow, wait_for_end
from engine.runs.submit import submit
from storage import workers

RUNS = 200
CANCELS = 30
BURST = 200
BURSTS = 3
FORKS = 200
WARM = 10  # rounds of each measure that are left out
PLAIN, BEFORE = 1.0, 0.8  # s: how long Gradio's plain function takes, and how long before its end it is cancelled

PEER = ROOT / "benchmarks" / "peer"
FIRST_LINE = b"import time\nnow = time.time()\ndef run(inputs):\n    return {'summary': {'now': now}}\n"
SLOW = b"""import os, time
def run(inputs):
    yield {'summary': {'pid': os.getpid()}}
    time.sleep(60)
"""


@contextlib.contextmanager
def gradio() -> Iterator[LineProcess]:
    """Serve Gradio on this host only, and yield its client."""
    python, port = str(gradio_python()), free_port()
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        environment = {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_OFFLINE": "1", "GRADIO_TEMP_DIR": folder}
        # -P: these scripts must not import our modules beside them.
        with (
            serving([python, "-P", str(PEER / "server.py"), str(port)], url, **environment),
            line_process(python, "-P", str(PEER / "client.py"), url, **environment) as client,
        ):
            yield client


def alternate(rounds: int, *measures: Callable[[], float], warm: int = WARM) -> list[list[float]]:
    """Take the measures alternately, `rounds` times after the `warm` ones, and return the values of each."""
    found = [[measure() for measure in measures] for _ in range(warm + rounds)]
    return [list(values) for values in zip(*found[warm:], strict=True)]


def compare(
    what: str,
    ours: Sequence[float],
    theirs: dict[str, Sequence[float]],
    describe: Callable[[Sequence[float]], str] = quantiles,
) -> None:
    """Print our figure, theirs, and the ratio of the medians, ours to theirs."""
    print(f"{what}\n  Tontine: {describe(ours)}")
    for how, values in theirs.items():
        ratio = statistics.median(ours) / statistics.median(values)
        print(f"  Gradio, {how}: {describe(values)}; ratio {ratio:.2f}", flush=True)


def rates(values: Sequence[float]) -> str:
    """Return the median and the least of several rates as text."""
    return f"median {statistics.median(values):.0f} runs/s, least {min(values):.0f} runs/s, n {len(values)}"


def submit_to_result(context: AppContext, peer: LineProcess, job: Callable[[], float]) -> None:
    """Print the milliseconds from submit to the stored result as seen, and those of a job of the queue alone."""

    def ours() -> float:
        begun = time.perf_counter()
        run_to_end(context, "nothing", 1)
        return (time.perf_counter() - begun) * 1000

    mine, client, http, bare = alternate(
        RUNS, ours, lambda: peer.ask("way", "client"), lambda: peer.ask("way", "http"), job
    )
    compare("submit -> result seen, idle, one worker", mine, {"its client": client, "its HTTP interface": http})
    print(f"baseline: a job of the queue alone, defer -> first line: {quantiles(bare)}")
    print(f"submit -> result is {statistics.median(mine) / statistics.median(bare):.1f} times a job of the queue alone")


def first_line(context: AppContext, peer: LineProcess) -> None:
    """Print the milliseconds from the claim, its commit included, to the first line of function.py."""
    register(
        context, "first", {**NOOP, "function.py": FIRST_LINE}, source={"kind": "local", "path": "first"}, actor=SYSTEM
    )
    submitted: list[float] = []

    def ours() -> float:
        begun = time.time()
        now = run_to_end(context, "first", 1)
        assert now.run.started_at is not None
        reached: float = now.shown["summary"]["now"]
        submitted.append((reached - begun) * 1000)
        return (reached - now.run.started_at.timestamp()) * 1000

    mine, client, http = alternate(
        RUNS, ours, lambda: peer.ask("first_line", "client"), lambda: peer.ask("first_line", "http")
    )
    compare(
        "claim -> first line of function.py (Gradio has no claim: from the submission)",
        mine,
        {"its client": client, "its HTTP interface": http},
    )
    print(f"  Tontine, from the submission: {quantiles(submitted[-RUNS:])}", flush=True)


def cancelling(context: AppContext, peer: LineProcess) -> None:
    """Print the milliseconds from a cancel to the end of the model's process, or of Gradio's generator."""
    register(context, "slow", {**NOOP, "function.py": SLOW}, source={"kind": "local", "path": "slow"}, actor=SYSTEM)
    seen: list[float] = []

    def ours() -> float:
        run = submit(context, "slow", {"n": 1}, actor=Actor("bench"), fresh=True)
        pid = int(first_shown(context, run.id).shown["summary"]["pid"])
        with process_end(pid) as wait_for_end_of_process, ThreadPoolExecutor(2) as threads:
            noticed = [
                threads.submit(clocked, wait_for_end_of_process),
                threads.submit(clocked, lambda: until_cancelled(context, run.id)),
            ]
            begun = time.perf_counter()
            cancel(context, run.id, actor=SYSTEM)
            ended, stored = ((future.result() - begun) * 1000 for future in noticed)
        seen.append(stored)
        return ended

    mine, theirs = alternate(CANCELS, ours, lambda: peer.ask("cancelled"))
    compare("cancel requested -> ended: our process, their generator with steps of 10 ms", mine, {"its client": theirs})
    print(f"  Tontine, cancel requested -> CANCELLED seen: {quantiles(seen[-CANCELS:])}")
    ran = peer.ask("ran_on", PLAIN, BEFORE)
    print(
        "  Gradio cannot cancel a plain function that has begun: "
        f"cancelled {BEFORE} s before its end, it ran on for {ran:.1f} s",
        flush=True,
    )


def first_shown(context: AppContext, run_id: UUID) -> Snapshot:
    """Return the first snapshot with a partial result.

    Raises:
        RuntimeError: the run ended before.
    """
    for now in follow(context, run_id, actor=SYSTEM):
        if now is not None and now.shown:
            return now
    raise RuntimeError("The model ended before it showed anything.")


@contextlib.contextmanager
def process_end(pid: int) -> Iterator[Callable[[], object]]:
    """Yield a function that waits for the end of a process that a worker of ours started; a zombie has ended.

    Raises:
        RuntimeError: `pid` is not such a process: the model sees other process ids than the host.
    """
    descriptor = os.pidfd_open(pid)
    try:
        if os.getpid() not in {parent.pid for parent in psutil.Process(pid).parents()}:
            raise RuntimeError(f"Process {pid} is not one of ours: the model has process ids of its own.")
        yield lambda: select.select([descriptor], [], [], ANSWER_TIMEOUT)
    finally:
        os.close(descriptor)


def until_cancelled(context: AppContext, run_id: UUID) -> None:
    """Wait until the run is seen as CANCELLED."""
    assert wait_for_end(context, run_id, ANSWER_TIMEOUT, actor=SYSTEM).run.status is Status.CANCELLED


def clocked(call: Callable[[], Any]) -> float:
    """Return the seconds of the performance counter at the end of a call."""
    call()
    return time.perf_counter()


def rate(context: AppContext, peer: LineProcess, who: str) -> None:
    """Print the sustained runs per second, submitted by eight threads."""
    mine, client, http = alternate(
        BURSTS,
        lambda: sustained(context, BURST)[0],
        lambda: peer.ask("rate", "client", BURST),
        lambda: peer.ask("rate", "http", BURST),
        warm=0,
    )
    compare(f"{BURST} runs, {who}", mine, {"its client": client, "its HTTP interface": http}, rates)


def baselines(url: str) -> None:
    """Print the milliseconds of a fork and of a commit on disk."""
    with (
        forks("numpy") as small,
        forks("numpy", "pandas", "scipy.stats", "scipy.optimize") as large,
        commits(url) as commit,
    ):
        few, many, flushed = alternate(FORKS, small, large, commit)
    print(f"baseline: fork and reap of a process with numpy: {quantiles(few, digits=2)}")
    print(f"baseline: the same with numpy, pandas and scipy: {quantiles(many, digits=2)}")
    print(f"baseline: a row inserted and its commit flushed: {quantiles(flushed, digits=2)}")


def versions(context: AppContext) -> str:
    """Return the versions compared, as text."""
    asked = "from importlib.metadata import version; print(version('gradio'))"
    found = subprocess.run([str(gradio_python()), "-c", asked], capture_output=True, text=True, check=True)
    with context.database.read() as conn:
        tier = workers.list_alive(conn, silence=30)[0].tier
    return (
        f"Tontine: stored, flushed, confined in tier {tier}; "
        f"Gradio {found.stdout.strip()}: not durable, not isolated; ratios are ours to theirs, of medians"
    )


def main() -> None:
    """Print the figures."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: everything that was started is ended
    with gradio() as peer, bare_queue() as (job, url):
        with embedded_installation(count=1) as context:
            print(versions(context))
            submit_to_result(context, peer, job)
            first_line(context, peer)
            cancelling(context, peer)
            rate(context, peer, "one worker with two slots")
        with embedded_installation(count=2, runs_at_once=4) as context:
            rate(context, peer, "two workers with four slots")
        baselines(url)


if __name__ == "__main__":
    main()
