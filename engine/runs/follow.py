"""Follow a run: a snapshot now, and another at each change, until it has ended.

Chosen: a blocking iterator over pushes of the process's one listener; it always re-reads what is newer than it has
seen, so that a lost notification or a restarted database costs a wait and never an event.
Left out: painting, which is the pages', and sockets, which are the API's.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from contract.errors import NotFoundError
from contract.problems import Problem
from contract.run import Run, Status
from engine.observability import telemetry
from engine.processes.context import AppContext
from storage import fair_queue, runs

# Nothing depends on this: a follower returns from waiting this often, so that a closed tab is noticed.
TICK = 0.1
# A notification can be lost with its connection; the row itself is read this often all the same.
REREAD_INTERVAL = 5.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A run at one moment: what is shown so far or its result, its log, its place in the queue."""

    run: Run
    shown: Mapping[str, Any] = field(default_factory=dict)
    log: str = ""
    place: int | None = None
    nulls: Mapping[str, Any] = field(default_factory=dict)

    @property
    def final(self) -> bool:
        """Whether nothing will change any more."""
        return self.run.status.final


def snapshot(context: AppContext, run_id: UUID) -> Snapshot:
    """Return the run as it is now.

    Raises:
        NotFoundError: there is no such run.
    """
    with context.database.read() as conn:
        found = runs.read_snapshot(conn, run_id)
        if found is None:
            raise NotFoundError([Problem("run", f"there is no run {run_id}", "Look for it in the history.")])
        run, shown, nulls, log = found
        if run.status is Status.PENDING:
            return Snapshot(run, place=fair_queue.queue_position(conn, run_id))
        return Snapshot(run, shown, log, nulls=nulls)


def follow(context: AppContext, run_id: UUID, known: Snapshot | None = None) -> Iterator[Snapshot | None]:
    """Yield a snapshot now and at each change; None after each interval without one, so that the caller may stop.

    The first is `known`, where the caller has just read one; the last is final.

    Raises:
        NotFoundError: there is no such run.
    """
    waiting = False
    while True:
        # Noted before the rows are read: a connection lost from here on is a reason to read them again.
        generation = context.listener.generation
        now = known or snapshot(context, run_id)
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


def wait_for_end(context: AppContext, run_id: UUID, seconds: float) -> Snapshot:
    """Return the run once it has ended, or as it is after `seconds`.

    Raises:
        NotFoundError: there is no such run.
    """
    until = time.monotonic() + seconds
    generation = context.listener.generation
    with context.database.read() as conn:
        status = runs.get_status(conn, run_id)  # it may have ended, and been announced, long ago
    if status is None or status[0].final:
        return snapshot(context, run_id)
    while True:
        left = max(0.0, until - time.monotonic())
        context.listener.wait(run_id, status[1], min(left, REREAD_INTERVAL), generation, ended=True)
        generation = context.listener.generation
        now = snapshot(context, run_id)
        if now.final:
            telemetry.end_delivered(now.run)
        if now.final or time.monotonic() >= until:
            return now
