"""The WebSocket of a portfolio session: what the client asks, and every message of the session as it comes.

Chosen: what a client asks is done one after the other; the answer that everybody on the session should see is a message
of the session and comes to all, numbered. What concerns the one who asked (an error, `pong`, the answer to
`get_portfolio`) is a reply: it repeats the number of the message before it, so that a client may take the last number
it saw.
Left out: what the verbs do (`engine.portfolio`).
"""

import asyncio
import contextlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import anyio
import structlog
from fastapi import WebSocket, WebSocketDisconnect
from pydantic import TypeAdapter, ValidationError

from api.portfolio_schemas import (
    Analyze,
    Cancel,
    ClientMessage,
    GetPortfolio,
    MessageBody,
    Ping,
    SetHoldings,
    StateBody,
)
from api.sockets import TRY_AGAIN_LATER
from contract.actor import Actor
from contract.errors import BusyError, DatabaseUnavailable, NotAllowedError, NotFoundError, ProblemsError
from contract.portfolio import PortfolioState
from contract.problems import Problem
from engine.portfolio.analyses import analyze, cancel_analysis
from engine.portfolio.follow import follow_messages
from engine.portfolio.sessions import get_session, set_holdings, touch_session
from engine.processes import context as contexts

log = structlog.get_logger()

LONGEST = 100_000  # characters of a client's message
ACTIONS: TypeAdapter[Any] = TypeAdapter(ClientMessage)
NAMES = "analyze, get_portfolio, set_holdings, cancel, ping"


class Conversation:
    """One client of one session.

    Args:
        socket: accepted.
        session_id: of the session.
        actor: who the client is.
    """

    def __init__(self, socket: WebSocket, session_id: UUID, actor: Actor) -> None:
        self.socket, self.session_id, self.actor = socket, session_id, actor
        self.number = 0  # of the newest message sent
        self._sending = asyncio.Lock()

    async def open(self, after: int | None) -> None:
        """Say what the session holds, to a client without a number that it has, and note from where messages follow."""
        state = await asyncio.to_thread(get_session, contexts.current(), self.session_id, actor=self.actor)
        if after is not None and after <= state.number:
            self.number = after
            return
        self.number = state.number
        await self.reply("portfolio", state_body(state))

    async def push(self) -> None:
        """Send each message of the session as it comes."""
        messages = follow_messages(contexts.current(), self.session_id, self.number, actor=self.actor)
        async with contextlib.aclosing(messages) as found:
            async for message in found:
                async with self._sending:
                    self.number = message.number
                    await self.socket.send_json(message.as_dict())

    async def receive(self) -> None:
        """Do what the client asks until it leaves; what cannot be done is answered, and the connection lives."""
        while True:
            received = await self.socket.receive()
            if received["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(received.get("code", 1000))
            text = received.get("text")
            try:
                asked = parse_action(text if text is not None else "")
                await self._do(asked)
            except ProblemsError as error:
                await self.refuse(error)
            except DatabaseUnavailable as error:
                hint = "Try again in a moment; what was accepted is kept."
                await self.reply("error", _body([Problem("database", str(error), hint)]), code="UNAVAILABLE")

    async def refuse(self, error: ProblemsError) -> None:
        """Send an error."""
        await self.reply("error", _body(error.problems), code=_code(error))

    async def reply(self, kind: Any, body: dict[str, Any], *, code: str | None = None) -> None:
        """Send what concerns this client alone."""
        async with self._sending:
            made = MessageBody(number=self.number, type=kind, at=datetime.now(UTC), body=body, reply=True, code=code)
            await self.socket.send_json(made.model_dump(mode="json", exclude_none=code is None))

    async def _do(self, asked: Any) -> None:
        context, session_id, actor = contexts.current(), self.session_id, self.actor
        if isinstance(asked, Analyze):
            await asyncio.to_thread(analyze, context, session_id, asked.ticker, actor=actor)
        elif isinstance(asked, SetHoldings):
            given = asked.model_dump(include={"name", "currency", "cash"})
            await asyncio.to_thread(set_holdings, context, session_id, asked.holdings, actor=actor, **given)
        elif isinstance(asked, Cancel):
            if await asyncio.to_thread(cancel_analysis, context, session_id, actor=actor) is None:
                hint = "Ask for an analysis of a holding."
                await self.reply("error", _body([Problem("cancel", "no analysis is under way", hint)]), code="INVALID")
        elif isinstance(asked, GetPortfolio):
            state = await asyncio.to_thread(get_session, context, session_id, actor=actor)
            await self.reply("portfolio", state_body(state))
        elif isinstance(asked, Ping):
            expires = await asyncio.to_thread(touch_session, context, session_id, actor=actor)
            await self.reply("pong", {"expires_at": expires.isoformat()})


async def converse(socket: WebSocket, session_id: str, actor: Actor, after: int | None) -> None:
    """Serve a client until it leaves or the session is gone."""
    await socket.accept()
    code = 1000
    try:
        known = UUID(session_id)
    except ValueError:
        known = UUID(int=0)
    client = Conversation(socket, known, actor)
    refused: list[ProblemsError] = []
    try:
        async with anyio.create_task_group() as group:  # neither part ends by itself
            await client.open(after)
            group.start_soon(client.push)
            group.start_soon(client.receive)
    except* (WebSocketDisconnect, RuntimeError):
        log.debug("a client of a portfolio session has left", session=session_id)
    except* ProblemsError as found:
        refused.extend(one for one in found.exceptions if isinstance(one, ProblemsError))
    except* DatabaseUnavailable:
        code = TRY_AGAIN_LATER
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        for error in refused[:1]:
            await client.refuse(error)
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):  # it is closed already where the client has left
        await socket.close(code)


def state_body(state: PortfolioState) -> dict[str, Any]:
    """Return the body of a reply `portfolio`: that of the message, with recent prices and the current analysis."""
    whole = StateBody.of(state).model_dump(mode="json")
    return {**whole["portfolio"], "history": whole["history"], "analysis": whole["analysis"]}


def parse_action(text: str) -> Any:
    """Return what a client asks.

    Raises:
        ProblemsError: it is nothing that is understood; with every problem found.
    """
    if len(text) > LONGEST:
        hint = f"Send at most {LONGEST:,} characters."
        raise ProblemsError([Problem("message", f"it has {len(text):,} characters", hint)])
    try:
        raw = json.loads(text, parse_constant=lambda name: name)
    except (ValueError, RecursionError) as error:
        hint = f'Send an object, as {{"action": "ping"}}; actions: {NAMES}.'
        raise ProblemsError([Problem("message", "it is no JSON", hint)]) from error
    try:
        return ACTIONS.validate_python(raw)
    except ValidationError as error:
        raise ProblemsError([_problem(found) for found in error.errors()]) from error


def _problem(found: Any) -> Problem:
    where = ".".join(str(part) for part in found["loc"][1:]) or "message"
    if found["type"] in {"union_tag_not_found", "union_tag_invalid"}:
        given = found.get("ctx", {}).get("tag")
        words = "it has no action" if given is None else f"there is no action {str(given)[:40]!r}"
        return Problem("action", words, f"Give one of {NAMES}.")
    if where == "version":
        return Problem(where, f"this server speaks version 1, not {str(found['input'])[:20]}", "Send version 1.")
    words = {"missing": "it is missing", "extra_forbidden": "there is no such key"}.get(found["type"], found["msg"])
    return Problem(where, words[:1].lower() + words[1:], "See the guide on portfolio sessions.")


def _body(problems: Sequence[Problem]) -> dict[str, Any]:
    return {"problems": [p.as_dict() for p in problems]}


def _code(error: ProblemsError) -> str:
    for kind, code in ((NotAllowedError, "NOT_ALLOWED"), (NotFoundError, "NOT_FOUND"), (BusyError, "BUSY")):
        if isinstance(error, kind):
            return code
    return "INVALID"
