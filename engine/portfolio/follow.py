"""Follow a session: its messages beyond a number, in their order, and each new one as it comes.

Chosen: messages are rows, and whoever is woken reads those beyond the last it has: a lost notification, a restarted
server or a client that was away costs a wait and no message.
Left out: sockets, which are the API's.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from uuid import UUID

from contract.actor import Actor
from contract.portfolio import Message
from engine.authorization import Action, require, require_owner
from engine.portfolio.sessions import no_session
from engine.processes.context import AppContext
from engine.runs.follow_async import readings
from storage import portfolio

REREAD_INTERVAL = 10.0  # s after which messages are read again although nothing was announced
AT_ONCE = 500  # messages of one reading


def read_messages(context: AppContext, session_id: UUID, after: int, *, actor: Actor) -> list[Message]:
    """Return the messages beyond number `after`, at most `AT_ONCE`.

    Raises:
        NotFoundError: there is no such session, or none any more.
        NotAllowedError: it is somebody else's.
    """
    require(actor, Action.KEEP_PORTFOLIOS)
    now = datetime.now(UTC)
    with context.database.read() as conn:
        found = portfolio.read_messages(conn, session_id, after, now=now, limit=AT_ONCE)
    if found is None:
        no_session(session_id)
    owner, messages = found
    require_owner(actor, owner, "this portfolio session")
    return messages


def follow_messages(
    context: AppContext, session_id: UUID, after: int, *, actor: Actor
) -> AsyncGenerator[Message, None]:
    """Return an iterator over the messages beyond `after`, without an end.

    Raises:
        NotFoundError: there is no such session, or none any more; raised by the iterator.
        NotAllowedError: it is somebody else's; raised by the iterator.
    """
    require(actor, Action.KEEP_PORTFOLIOS)
    return _follow(context, session_id, after, actor)


async def _follow(context: AppContext, session_id: UUID, after: int, actor: Actor) -> AsyncGenerator[Message, None]:
    def read() -> list[Message]:
        return read_messages(context, session_id, after, actor=actor)

    async with contextlib.aclosing(readings(context.listener, session_id, read, REREAD_INTERVAL)) as found:
        async for messages in found:
            while messages:
                for message in messages:
                    after = message.number
                    yield message
                messages = await asyncio.to_thread(read) if len(messages) == AT_ONCE else []  # noqa: PLW2901
