"""Follow a run: a snapshot now, and another at each change, until it has ended.

Chosen: a blocking iterator over pushes of the process's one listener; it always re-reads what is newer than it has
seen, so that a lost notification or a restarted database costs a wait and never an event.
Left out: drawing, which is the pages', and sockets, which are the API's.
"""

import time
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from contract.actor import Actor
from contract.run import Run, Status
from engine.authorization import Action, require
from engine.observability import telemetry
from engine.processes.context import AppContext
from engine.runs.visibility import refuse, viewer_of
from storage import fair_queue, runs

# Nothing depends on this: a follower returns from waiting this often, so that a closed tab is noticed.
TICK = 0.1
# A notification can be lost with its connection; the row itself is read this often all the same.
REREAD_INTERVAL = 5.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A run as it is: what is shown so far or its result, its log, its place in the queue."""

    run: Run
    shown: Mapping[str, Any] = field(default_factory=dict)
    log: str = ""
    place: int | None = None
    nulls: Mapping[str, Any] = field(default_factory=dict)

    @property
    def final(self) -> bool:
        """Whether nothing will change any more."""
        return self.run.status.final


def brief(now: Snapshot) -> dict[str, Any]:
    """Return what a live view shows of a run between two drawings of its result.

    `elapsed` is in seconds since it was started or queued; `mark` changes when there is more of the result or the log.
    """
    run = now.run
    since = run.started_at or run.queued_at
    shown = zlib.crc32(orjson.dumps(now.shown, default=str)) if now.shown else 0
    return {
        "seq": run.seq,
        "status": str(run.status),
        "final": now.final,
        "message": run.message,
        "progress": run.progress,
        "ahead": now.place,
        "cancelling": run.cancel_requested,
        "elapsed": max(0.0, (datetime.now(UTC) - since).total_seconds()),
        "mark": f"{run.status}-{len(now.log)}-{shown}",
    }


def snapshot(context: AppContext, run_id: UUID, *, actor: Actor) -> Snapshot:
    """Return the run as it is now.

    Raises:
        NotFoundError: there is no such run.
        NotAllowedError: it is not for the actor to read.
    """
    require(actor, Action.READ_RUNS)
    viewer = viewer_of(context, actor=actor)
    with context.database.read() as conn:
        found = runs.read_snapshot(conn, run_id, viewer=viewer)
        if found is None:
            refuse(conn, run_id)
        run, shown, nulls, log = found
        if run.status is Status.PENDING:
            return Snapshot(run, place=fair_queue.queue_position(conn, run_id))
        return Snapshot(run, shown, log, nulls=nulls)


def follow(
    context: AppContext, run_id: UUID, known: Snapshot | None = None, *, actor: Actor
) -> Iterator[Snapshot | None]:
    """Return an iterator over a snapshot now and at each change, and None every `TICK` without one.

    A caller that is not needed any more leaves at a None.

    The first is `known`, where the caller has just read one; the last is final.

    Raises:
        NotFoundError: there is no such run.
        NotAllowedError: it is not for the actor to read.
    """
    require(actor, Action.READ_RUNS)
    return _follow(context, run_id, known, actor)


def _follow(context: AppContext, run_id: UUID, known: Snapshot | None, actor: Actor) -> Iterator[Snapshot | None]:
    waiting = False
    while True:
        # Noted before the rows are read: a connection lost from here on is a reason to read them again.
        generation = context.listener.generation
        now = known or snapshot(context, run_id, actor=actor)
        known = None
        if now.final and waiting:
            telemetry.end_delivered(now.run)
        yield now
        if now.final:
            return
        waiting, waited = True, 0.0
        while not context.listener.wait(run_id, now.run.seq, TICK, generation):
            waited += TICK
            if waited >= REREAD_INTERVAL:
                break
            yield None


def wait_for_end(context: AppContext, run_id: UUID, seconds: float, *, actor: Actor) -> Snapshot:
    """Return the run once it has ended, or as it is after `seconds`.

    Raises:
        NotFoundError: there is no such run.
        NotAllowedError: it is not for the actor to read.
    """
    require(actor, Action.READ_RUNS)
    until = time.monotonic() + seconds
    generation = context.listener.generation
    with context.database.read() as conn:
        status = runs.get_status(conn, run_id)  # it may have ended, and its notification have passed, long ago
    if status is None or status[0].final:
        return snapshot(context, run_id, actor=actor)
    while True:
        left = max(0.0, until - time.monotonic())
        context.listener.wait(run_id, status[1], min(left, REREAD_INTERVAL), generation, ended=True)
        generation = context.listener.generation
        now = snapshot(context, run_id, actor=actor)
        if now.final:
            telemetry.end_delivered(now.run)
        if now.final or time.monotonic() >= until or context.listener.released:
            return now
