"""A run's events as server-sent events, from any of them on.

Chosen: the number of an event is its id, so that a browser which lost its connection goes on after the last one it has.
Once it has the last of all, 204 tells it that there is nothing more.
Left out: results, which are read with the run.
"""

import json
from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from fastapi.sse import EventSourceResponse, format_sse_event

from api.auth import CurrentActor
from contract.actor import Actor
from contract.run import Status
from contract.run_event import RunEvent
from engine.processes import context as contexts
from engine.runs.events import FROM_THE_START, follow_events, is_over

router = APIRouter(tags=["runs"])

EVENT = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "description": "its number"},
        "event": {"type": "string", "enum": ["status", "progress", "cancel"]},
        "data": {"type": "string", "description": "JSON with `run_id`, `seq`, `at` and what the event says"},
    },
    "required": ["id", "event", "data"],
}
EVENTS = {"text/event-stream": {"schema": EVENT}}
HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}  # a proxy must hand each event on at once


@router.get(
    "/runs/{run_id}/events",
    response_class=StreamingResponse,  # whose errors are JSON
    responses={200: {"content": EVENTS}, 204: {"description": "there is nothing after the last event you have"}},
)
async def stream_events(
    run_id: UUID,
    actor: CurrentActor,
    after: Annotated[int, Query(ge=-1, le=2**31 - 1, description="the number of the last event you have")] = -1,
    last_event_id: Annotated[str | None, Header(description="as `after`; browsers send it")] = None,
) -> Response:
    """Stream a run's events as they come: `status` and `progress`, the end last. Those missed are sent first."""
    known = int(last_event_id) if last_event_id and last_event_id.isdecimal() and len(last_event_id) < 10 else after
    if await run_in_threadpool(is_over, contexts.current(), run_id, known, actor=actor):
        return Response(status_code=204)
    return EventSourceResponse(_stream(run_id, max(known, FROM_THE_START), actor), headers=HEADERS)


async def _stream(run_id: UUID, after: int, actor: Actor) -> AsyncIterator[bytes]:
    async for event in follow_events(contexts.current(), run_id, after, actor=actor):
        yield b": still here\n\n" if event is None else _encode(run_id, event)


def _encode(run_id: UUID, event: RunEvent) -> bytes:
    status = event.data.get("status")
    ended = status is not None and Status(status).final
    data = {"run_id": str(run_id), "seq": event.seq, "at": event.at.isoformat(), **event.data}
    return format_sse_event(data_str=json.dumps(data), event="status" if ended else event.kind, id=str(event.seq))
