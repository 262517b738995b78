"""What the engine says of runs to whoever watches the installation: traces, metrics, and ids on log lines.

Chosen: one trace a run, over all processes, without a column for it: the trace's id is the run's UUID and the id of its
first span, `submit`, is the UUID's lower half, so that every process knows both from the run's id. Off, which is the
default, each verb here looks at one variable and returns; `engine.observability.otel`, which imports OpenTelemetry, is
not imported.
Left out: who submitted a run, its inputs, results and messages. They may be anybody's business data, and a trace often
goes to another house; the run's id leads back to all of it.
"""

import contextlib
import functools
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar
from uuid import UUID

import structlog

from contract.run import Run, Status
from engine.sandbox.job import Outcome

if TYPE_CHECKING:
    from engine.observability.otel import Exporter

FLUSH_TIMEOUT = 5.0  # s that a collector gets to take the last of it when a process stops
ERRORS = {Status.FAILED, Status.TIMED_OUT}  # a cancelled run is no error
REQUEUED = "given back"
TAKEN_OVER = "taken over"
SUCCEEDED = {Status.SUCCESS, Status.CANCELLED, REQUEUED}  # endings of an attempt at which nothing went wrong

B = TypeVar("B")
R = TypeVar("R")
P = ParamSpec("P")

_exporters: list["Exporter"] = []


@dataclass(slots=True)
class _Attempt:
    """One worker's attempt at a run, in the thread that carries it."""

    run_id: UUID
    entered: int  # ns since the epoch, as all times here
    run: Run | None = None
    span: Any = None
    ending: str = "not stored"


_attempt: ContextVar[_Attempt | None] = ContextVar("attempt", default=None)


def start(where: str, *, service: str) -> None:
    """Send traces and metrics of this process to `where`; with an empty one, do and import nothing.

    Args:
        where: empty, `console` for lines of JSON on standard output, or the URL of an OTLP collector (HTTP).
        service: what this process is, as OpenTelemetry's `service.name`; its host and number are the instance.
    """
    if where:
        from engine.observability.otel import make_exporter

        set_exporter(make_exporter(where, service=service, instance=f"{socket.gethostname()}:{os.getpid()}"))


def stop() -> None:
    """Send what is left, for at most `FLUSH` seconds, and stop."""
    for sink in _exporters:
        # The exporters try again while a collector is away; a process that is asked to end does not wait for that.
        thread = threading.Thread(target=sink.close, name="telemetry", daemon=True)
        thread.start()
        thread.join(FLUSH_TIMEOUT)
    set_exporter(None)


def set_exporter(sink: "Exporter | None") -> None:
    """Make `sink` what this process reports to; None turns telemetry off."""
    _exporters[:] = [] if sink is None else [sink]


def is_active() -> bool:
    """Return whether this process reports to anything."""
    return bool(_exporters)


def run_submitted(run: Run, started_at: int, *, created: bool) -> None:
    """Report a run that was stored; `started_at` is when its submission began, in ns since the epoch."""
    for sink in _exporters if created else ():
        attributes = {**_run_attributes(run), "tontine.reused": run.reused_from is not None}
        sink.root(run.id, "submit", started_at, attributes)
        sink.submitted.add(1, {"model": run.app_slug, "reused": run.reused_from is not None})


def trace_attempt(function: Callable[[B, UUID], R]) -> Callable[[B, UUID], R]:
    """Wrap what carries a run out: log lines from within carry its id, and its spans hang under one attempt's."""

    @functools.wraps(function)
    def carried(worker_context: B, run_id: UUID) -> R:
        with _bind_run(run_id):
            return function(worker_context, run_id)

    return carried


@contextlib.contextmanager
def _bind_run(run_id: UUID) -> Iterator[None]:
    now = _Attempt(run_id, time.time_ns())
    token = _attempt.set(now)
    structlog.contextvars.bind_contextvars(run=str(run_id))
    try:
        yield
    except BaseException as error:
        now.ending = type(error).__name__
        raise
    finally:
        structlog.contextvars.unbind_contextvars("run", "model", "attempt")
        _attempt.reset(token)
        for sink in _exporters if now.run is not None and now.span is not None else ():
            sink.running.add(-1)
            sink.end(now.span, {"tontine.status": now.ending}, failed=now.ending not in SUCCEEDED)


def run_claimed(run: Run, tier: str) -> None:
    """Report that this thread's attempt holds the run now."""
    structlog.contextvars.bind_contextvars(model=run.app_slug, attempt=run.attempt)
    now = _attempt.get()
    if now is None:
        return
    now.run = run
    for sink in _exporters:
        queued, started = _nanoseconds(run.queued_at), _nanoseconds(run.started_at or run.queued_at)
        attributes = {**_run_attributes(run), "tontine.attempt": run.attempt, "tontine.tier": tier}
        sink.span(run.id, "queue wait", queued, started, attributes)
        now.span = sink.begin(run.id, "attempt", now.entered, attributes)
        sink.running.add(1)
        if run.attempt == 1:  # later ones have waited for their first attempts, too
            sink.queue_wait.record(max(0, started - queued) / 1e9, {"model": run.app_slug})


def model_ended(outcome: Outcome) -> None:
    """Report that the model of this thread's attempt has ended: how long its start took, and it itself."""
    now = _attempt.get()
    for sink in _exporters if now is not None and now.run is not None else ():
        assert now is not None
        assert now.run is not None
        ended = time.time_ns()
        first_line = None if outcome.started_at is None else int(outcome.started_at * 1e9)
        failed = outcome.status in ERRORS
        sink.span(
            now.run_id,
            "start",
            now.entered,
            min(first_line or ended, ended),
            _run_attributes(now.run),
            under=now.span,
            failed=first_line is None and failed,
        )
        if first_line is None:
            continue
        attributes = {
            **_run_attributes(now.run),
            "tontine.status": str(outcome.status),
            "tontine.cpu_seconds": outcome.cpu_seconds,
            "tontine.peak_memory": outcome.peak_memory,
        }
        sink.span(now.run_id, "model", min(first_line, ended), ended, attributes, under=now.span, failed=failed)
        sink.start.record(max(0, first_line - now.entered) / 1e9, {"model": now.run.app_slug})


def trace_step(name: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Wrap a step of an attempt, so that it has a span of this name; what it raises marks the span."""

    def wrap(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def timed(*args: P.args, **kwargs: P.kwargs) -> R:
            now = _attempt.get()
            if now is None or now.run is None or not _exporters:
                return function(*args, **kwargs)
            started_at, failed = time.time_ns(), True
            try:
                done = function(*args, **kwargs)
                failed = False
                return done
            finally:
                for sink in _exporters:
                    sink.span(
                        now.run_id,
                        name,
                        started_at,
                        time.time_ns(),
                        _run_attributes(now.run),
                        under=now.span,
                        failed=failed,
                    )

        return timed

    return wrap


def attempt_abandoned(why: str) -> None:
    """Report that this thread's attempt has ended without an end of the run: GIVEN_BACK or TAKEN_OVER."""
    if (now := _attempt.get()) is not None:
        now.ending = why


def run_finished(run: Run, status: Status, seconds: float | None = None) -> None:
    """Report that a run has got its final status, which is stored; `seconds` is how long its model took."""
    now = _attempt.get()
    if now is not None and now.run_id == run.id:
        now.ending = str(status)
    for sink in _exporters:
        sink.finished.add(1, {"model": run.app_slug, "status": str(status)})
        if seconds is not None:
            sink.duration.record(seconds, {"model": run.app_slug, "status": str(status)})


def run_requeued(run: Run) -> None:
    """Report that a run whose worker was lost waits again."""
    for sink in _exporters:
        sink.put_back.add(1, {"model": run.app_slug})


def end_delivered(run: Run) -> None:
    """Report that the end of a run has reached somebody who was waiting for it."""
    for sink in _exporters if run.status.final and run.finished_at is not None and run.reused_from is None else ():
        stored, now = _nanoseconds(run.finished_at or run.queued_at), time.time_ns()
        sink.span(run.id, "notify", min(stored, now), now, {**_run_attributes(run), "tontine.status": str(run.status)})


def register_worker_gauge(count: Callable[[], int]) -> None:
    """Report what `count` returns at each export as the number of workers that are online."""
    for sink in _exporters:
        sink.observe("tontine.workers", "{worker}", "Workers online", count)


def loop_blocked(seconds: float, loop: str) -> None:
    """Report that an event loop has not turned for a while."""
    for sink in _exporters:
        sink.blocked.record(seconds, {"loop": loop})


def add_trace_id(_logger: Any, _method: str, event: Any) -> Any:
    """Put the trace's id on a log line about a run; a processor of structlog."""
    if _exporters and "run" in event:
        event.setdefault("trace_id", str(event["run"]).replace("-", ""))
    return event


def _run_attributes(run: Run) -> dict[str, Any]:
    return {"tontine.run": str(run.id), "tontine.model": run.app_slug, "tontine.version": run.version}


def _nanoseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1e9)
