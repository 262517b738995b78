"""Follow a run on an event loop: as `engine.runs.follow`, without a thread for each that waits.

Chosen: the process's listener wakes the loop, and only the short readings between run in threads, so that hundreds may
wait for runs at once. A notification that is lost costs a wait of `REREAD_INTERVAL` at most.
Left out: sockets and answers, which are the API's.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Iterator
from functools import partial
from typing import TypeVar
from uuid import UUID

from contract.actor import Actor
from engine.authorization import Action, require
from engine.observability import telemetry
from engine.processes.context import AppContext
from engine.runs.follow import REREAD_INTERVAL, Snapshot, snapshot
from storage.notifications import Listener

T = TypeVar("T")


def follow(context: AppContext, run_id: UUID, *, actor: Actor) -> AsyncGenerator[Snapshot, None]:
    """Return an iterator over a snapshot now and at each change; the last is final.

    Raises:
        NotFoundError: there is no such run; raised by the iterator.
    """
    require(actor, Action.READ_RUNS)
    return _follow(context, run_id, actor)


async def wait_for_end(context: AppContext, run_id: UUID, seconds: float, *, actor: Actor) -> Snapshot:
    """Return the run once it has ended, or as it is after `seconds`.

    Raises:
        NotFoundError: there is no such run.
    """
    require(actor, Action.READ_RUNS)
    until = asyncio.get_running_loop().time() + seconds
    waited = False
    with change_event(context.listener, run_id) as changed:
        while True:
            changed.clear()
            # Noted before the rows are read: a connection lost from here on is a reason to read them again.
            generation = context.listener.generation
            now = await asyncio.to_thread(snapshot, context, run_id, actor=actor)
            left = until - asyncio.get_running_loop().time()
            if now.final and waited:
                telemetry.end_delivered(now.run)
            if now.final or left <= 0 or context.listener.released:
                return now
            waited = True
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(left, REREAD_INTERVAL)):
                    # Progress wakes too; asking the listener costs nothing, and only an end is worth a reading.
                    while not context.listener.wait(run_id, now.run.seq, 0, generation, ended=True):
                        await changed.wait()
                        changed.clear()


async def _follow(context: AppContext, run_id: UUID, actor: Actor) -> AsyncGenerator[Snapshot, None]:
    seen = -1
    read = partial(snapshot, context, run_id, actor=actor)
    async with contextlib.aclosing(readings(context.listener, run_id, read, REREAD_INTERVAL)) as found:
        async for now in found:
            if now.final and seen >= 0:
                telemetry.end_delivered(now.run)
            if now.run.seq > seen or now.final:
                seen = now.run.seq
                yield now
            if now.final:
                return


async def readings(
    listener: Listener, watched: UUID, read: Callable[[], T], interval: float
) -> AsyncGenerator[T, None]:
    """Yield what `read` returns now and after each change, without an end; `read` runs in a thread.

    Args:
        listener: the process's.
        watched: the id whose changes are announced.
        read: reads what there is.
        interval: seconds after which it is read again although nothing was announced.
    """
    with change_event(listener, watched) as changed:
        while True:
            changed.clear()
            yield await asyncio.to_thread(read)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(interval):
                    await changed.wait()


@contextlib.contextmanager
def change_event(listener: Listener, run_id: UUID) -> Iterator[asyncio.Event]:
    """Give an event of the running loop that is set at each change of the run."""
    changed, loop = asyncio.Event(), asyncio.get_running_loop()
    stop = listener.on_change(run_id, lambda: _set_from_thread(loop, changed))
    try:
        yield changed
    finally:
        stop()


def _set_from_thread(loop: asyncio.AbstractEventLoop, changed: asyncio.Event) -> None:
    with contextlib.suppress(RuntimeError):  # the loop has been closed: nobody waits any more
        loop.call_soon_threadsafe(changed.set)
