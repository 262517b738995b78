"""A run's events in order, from any sequence number on: what was missed is read, what comes is waited for.

Chosen: events are numbered and kept, so that a reader that was cut off goes on where it was. Of a run that has ended
the changes of status are left, and its end comes last.
Left out: the form in which they are sent, which is the API's.
"""

import asyncio
from collections.abc import AsyncGenerator
from uuid import UUID

from contract.actor import Actor
from contract.run import Run, Status
from contract.run_event import RunEvent
from engine.authorization import Action, require
from engine.processes.context import AppContext
from engine.runs.follow import REREAD_INTERVAL
from engine.runs.follow_async import change_event
from engine.runs.visibility import refuse, viewer_of
from storage import run_events, runs

FROM_THE_START = -1  # a sequence number before the first


def follow_events(
    context: AppContext, run_id: UUID, after: int = FROM_THE_START, *, actor: Actor
) -> AsyncGenerator[RunEvent | None, None]:
    """Return an iterator over the events beyond `after`, the run's end last, with None every few seconds without one.

    It ends before the run does where the process is about to end.

    Raises:
        NotFoundError: there is no such run; raised by the iterator.
        NotAllowedError: it is not, or no longer, for the actor to read; raised by the iterator.
    """
    require(actor, Action.READ_RUNS)
    return _follow(context, run_id, after, actor)


def is_over(context: AppContext, run_id: UUID, after: int, *, actor: Actor) -> bool:
    """Return whether nothing will come beyond `after`: the run has ended and its end is known.

    Raises:
        NotFoundError: there is no such run.
    """
    require(actor, Action.READ_RUNS)
    run, _ = _read(context, run_id, after, actor)
    return run.status.final and after >= run.seq


async def _follow(context: AppContext, run_id: UUID, after: int, actor: Actor) -> AsyncGenerator[RunEvent | None, None]:
    with change_event(context.listener, run_id) as changed:
        while True:
            changed.clear()
            run, events = await asyncio.to_thread(_read, context, run_id, after, actor)
            if after < 0:
                # Its acceptance, which is no event of its own. A run that reuses a result is over with it.
                status = run.status if run.reused_from is not None else Status.PENDING
                yield RunEvent(0, "status", run.queued_at, {"status": str(status)})
                after = 0
            for event in events:
                yield event
                after = event.seq
            if run.status.final:
                if after < run.seq:
                    yield RunEvent(run.seq, "status", run.finished_at or run.queued_at, {"status": str(run.status)})
                return
            if context.listener.released:  # the reader comes again and asks for what follows
                return
            try:
                async with asyncio.timeout(REREAD_INTERVAL):
                    await changed.wait()
            except TimeoutError:
                yield None


def _read(context: AppContext, run_id: UUID, after: int, actor: Actor) -> tuple[Run, list[RunEvent]]:
    """Return the run, then its newer events: where it has ended by then, its end is among them."""
    viewer = viewer_of(context, actor=actor)
    with context.database.read() as conn:
        run = runs.get_run(conn, run_id, viewer=viewer)
        if run is None:
            refuse(conn, run_id)
        return run, run_events.list_events(conn, run_id, after)
