"""A blocked event loop is reported with the function that blocks it, and one that is not blocked is not."""

import asyncio
import json
import threading
import time
from pathlib import Path

import pytest
import structlog
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from engine.observability import loop_monitor, telemetry
from engine.observability.loop_monitor import LoopMonitor, blocking_frame
from engine.observability.otel import Exporter

ROOT = Path(__file__).resolve().parents[3]
LIMIT = 50  # ms


def block_on_purpose(until):
    until.wait()


@pytest.fixture
def stack_taken(monkeypatch):
    """Set once the monitor has read a stack: a loop blocked until then is blocked long enough on any machine."""
    event, take = threading.Event(), loop_monitor.stack_frames

    def note_stack(frame):
        found = take(frame)
        event.set()
        return found

    monkeypatch.setattr(loop_monitor, "stack_frames", note_stack)
    return event


async def keep_loop_free(watch, rounds):
    """Let the loop run until the monitor has been answered a number of times."""
    for _ in range(rounds):
        await asyncio.sleep(watch.limit / 10)


async def until_reported(watch):
    while not watch.blocks:  # noqa: ASYNC110 - it is a thread's
        await asyncio.sleep(0.01)


def watched(work, name="test"):
    """Run `work(watch)` with a monitor of the loop; returns the monitor and the lines it has logged."""

    async def main():
        watch = LoopMonitor(name, LIMIT)
        watch.start()
        try:
            await work(watch)
        finally:
            watch.stop()
        return watch

    with structlog.testing.capture_logs() as lines:
        watch = asyncio.run(main())
    return watch, [line for line in lines if line.get("loop") == name]


def test_a_blocked_loop_is_reported_with_the_function_that_blocks_it(stack_taken):
    async def work(watch):
        block_on_purpose(stack_taken)
        await until_reported(watch)

    watch, lines = watched(work)
    assert watch.blocks >= 1
    assert watch.longest * 1000 >= LIMIT
    assert lines[0]["event"] == "event loop blocked"
    assert lines[0]["culprit"].startswith("block_on_purpose (tests/engine/observability/test_loop_monitor.py:")
    assert any("work" in frame for frame in lines[0]["stack"])
    assert lines[0]["blocked_ms"] >= LIMIT
    assert 0 <= lines[0]["own_cpu_ms"] < lines[0]["blocked_ms"]  # it was waiting, not computing


def test_a_free_loop_beside_working_threads_is_not_reported_as_blocked_by_a_function():
    async def work(watch):
        await asyncio.gather(asyncio.to_thread(time.sleep, 0.5), keep_loop_free(watch, 60))

    _, lines = watched(work)
    # On a busy machine any loop may be late; then nothing was running in it, and the line has to report that.
    assert [line["culprit"] for line in lines if line["culprit"] is not None] == []


def test_a_block_is_counted_in_the_metrics(stack_taken):
    reader = InMemoryMetricReader()
    telemetry.set_exporter(Exporter(InMemorySpanExporter(), reader, service="x", instance="y", batch=False))
    try:

        async def work(watch):
            block_on_purpose(stack_taken)
            await until_reported(watch)

        watch, _ = watched(work, name="counted")
        [metric] = reader.get_metrics_data().resource_metrics[0].scope_metrics[0].metrics
    finally:
        telemetry.stop()
    [point] = metric.data.data_points
    assert (metric.name, dict(point.attributes), point.count) == (
        "tontine.loop.blocked",
        {"loop": "counted"},
        watch.blocks,
    )


@pytest.mark.parametrize(
    ("inner", "found"),
    [
        ([("selectors.py", "select")], None),
        ([], None),
        ([("events.py", "_run"), ("/lib/asyncio/selector_events.py", "_read_from_self")], None),
        ([("events.py", "_run"), ("x.py", "handle"), ("json.py", "dumps")], "dumps"),
        ([("events.py", "_run"), (str(ROOT / "api" / "runs.py"), "push"), ("ssl.py", "read")], "push"),
    ],
)
def test_the_culprit_is_the_innermost_function_of_ours_that_the_loop_was_running(inner, found):
    import traceback

    outer = [(str(ROOT / "worker.py"), "main"), ("runners.py", "run"), ("base_events.py", "_run_once")]
    frames = [traceback.FrameSummary(file, 1, name, lookup_line=False) for file, name in outer + inner]
    named = blocking_frame(frames)
    assert (named and named.split()[0]) == found


BLOCKED_WORKER = """
import sys, time, threading, os
from pathlib import Path
from engine.processes.limits import InstallationLimits
from engine.observability.logs import configure
from engine.processes.worker import Worker
configure("WARNING", "json")
worker = Worker(sys.argv[1], limits=InstallationLimits(), data=Path(sys.argv[2]), loop_block_ms=100)
def block_the_worker():
    time.sleep(1)
def block_then_stop():
    while worker._task is None:
        time.sleep(0.05)
    while not worker.loop_monitor.blocks:
        worker._loop.call_soon_threadsafe(block_the_worker)
        time.sleep(1.5)
    worker.stop()
threading.Thread(target=block_then_stop).start()
worker.run()
"""


def test_the_loop_of_a_worker_is_monitored_where_the_setting_is_on(program):
    done = program(BLOCKED_WORKER)
    lines = [json.loads(line) for line in done.stderr.splitlines() if '"culprit"' in line]
    assert any((line["culprit"] or "").startswith("block_the_worker") for line in lines), done.stderr
