"""Follow a group of runs: how far it is now and at each change, until it has ended.

Chosen: as runs are followed (`engine.runs.follow_async`), pushed by the process's one listener.
Left out: its points, which are read when they are shown.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

from contract.actor import Actor
from contract.run_group import GroupStatus, RunGroup
from engine.analysis.groups import REREAD_INTERVAL, find_group
from engine.authorization import Action, require
from engine.processes.context import AppContext
from engine.runs.follow_async import readings

DRAWINGS = 20  # times that a page draws what there is while a group goes on


def brief(group: RunGroup) -> dict[str, Any]:
    """Return what a live view shows of a group; `mark` changes when there is enough more to draw it anew."""
    elapsed = max(0.0, (datetime.now(UTC) - group.created_at).total_seconds())
    share = None if group.growing or not group.total else group.done / group.total
    drawn = group.done if share is None else int(share * min(DRAWINGS, group.total))
    return {
        "seq": group.seq,
        "status": str(group.status),
        "final": group.final,
        "message": progress_text(group, elapsed),
        "progress": share,
        "ahead": None,
        "cancelling": group.status is GroupStatus.CANCELLED,
        "elapsed": elapsed,
        "mark": f"{group.status}-{drawn}",
    }


def progress_text(group: RunGroup, elapsed: float) -> str:
    """Return how far a group is, in words: runs that have ended and failed, and about how long the rest takes."""
    if group.growing:
        return f"{group.done:,} {'run' if group.done == 1 else 'runs'} so far"
    words = f"{group.done:,} of {group.total:,} runs"
    if group.failed:
        words += f", {group.failed:,} without a result"
    if 0 < group.done < group.total and elapsed > 2:
        left = elapsed / group.done * (group.total - group.done)
        words += f", about {left:,.0f} s left" if left < 100 else f", about {left / 60:,.0f} min left"
    return words


def follow_group(context: AppContext, group_id: UUID, *, actor: Actor) -> AsyncGenerator[RunGroup, None]:
    """Return an iterator over the group now and at each change; the last has ended.

    Raises:
        NotFoundError: there is no such group; raised by the iterator.
    """
    require(actor, Action.READ_RUNS)
    return _follow(context, group_id, actor)


async def wait_for_group(context: AppContext, group_id: UUID, seconds: float, *, actor: Actor) -> RunGroup:
    """Return the group once it has ended, or as it is after `seconds`.

    Raises:
        NotFoundError: there is no such group.
    """
    require(actor, Action.READ_RUNS)
    found = await asyncio.to_thread(find_group, context, group_id, actor=actor)
    if seconds > 0 and not found.final:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds), contextlib.aclosing(_follow(context, group_id, actor)) as groups:
                async for now in groups:
                    found = now
    return found


async def _follow(context: AppContext, group_id: UUID, actor: Actor) -> AsyncGenerator[RunGroup, None]:
    seen = -1
    read = partial(find_group, context, group_id, actor=actor)
    async with contextlib.aclosing(readings(context.listener, group_id, read, REREAD_INTERVAL)) as found:
        async for now in found:
            if now.seq > seen or now.final:
                seen = now.seq
                yield now
            if now.final:
                return
