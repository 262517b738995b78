"""Runs over HTTP: list, read, cancel, and follow by WebSocket.

Chosen: keyset pages with an opaque cursor, and the next page in a Link header; the WebSocket is pushed by the same
listener as the pages and closes after the final status.
Left out: exports, which are in `api.exports`.
"""

import contextlib
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response, WebSocket

from api import sockets
from api.auth import CurrentActor
from api.filters import RunFilter
from api.schemas import RunDetail, RunStatus, RunSummary
from contract.actor import Actor
from contract.errors import BadCursor, InputError, NotFoundError
from contract.problems import Problem
from engine.processes import context as contexts
from engine.runs.cancel import cancel
from engine.runs.follow import brief, snapshot
from engine.runs.follow_async import follow
from engine.runs.search import count_runs, search_runs

router = APIRouter(tags=["runs"])


@router.get("/runs")
def list_runs(
    request: Request,
    response: Response,
    actor: CurrentActor,
    wanted: RunFilter,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: str | None = None,
) -> list[RunSummary]:
    """List runs, newest first. `Link` names the next page; `X-Total-Count` counts up to 1,000."""
    context = contexts.current()
    try:
        page = search_runs(context, wanted, actor=actor, after=cursor, limit=limit)
    except BadCursor as error:
        problem = Problem("cursor", f"{cursor!r} is not a valid cursor", "Take it from a Link header.")
        raise InputError([problem]) from error
    response.headers["X-Total-Count"] = str(count_runs(context, wanted, actor=actor))
    if page.next_cursor:
        following = request.url.include_query_params(cursor=page.next_cursor)
        response.headers["Link"] = f'<{following}>; rel="next"'
    return [RunSummary.of(run) for run in page.runs]


@router.get("/runs/{run_id}")
def get_run(run_id: UUID, actor: CurrentActor) -> RunDetail:
    """Return a run with its result, or with what it has shown so far."""
    return RunDetail.detail(snapshot(contexts.current(), run_id, actor=actor))


@router.delete("/runs/{run_id}")
def cancel_run(run_id: UUID, actor: CurrentActor) -> RunStatus:
    """Cancel a run. One that has ended stays as it ended."""
    run = cancel(contexts.current(), run_id, actor=actor)
    return RunStatus(run_id=str(run.id), status=str(run.status), url=f"/run?id={run.id}")


@router.websocket("/ws/runs/{run_id}")
async def follow_run(
    socket: WebSocket, run_id: str, actor: CurrentActor, *, short: Annotated[bool, Query(alias="brief")] = False
) -> None:
    """Push `{status, run_id, result}` at every change; close after the final one. `brief` leaves the result out."""
    await sockets.serve(socket, lambda: _push_changes(socket, run_id, actor, short=short))


async def _push_changes(socket: WebSocket, run_id: str, actor: Actor, *, short: bool) -> None:
    try:
        async with contextlib.aclosing(follow(contexts.current(), UUID(run_id), actor=actor)) as snapshots:
            async for now in snapshots:
                await socket.send_json(brief(now) if short else RunDetail.detail(now).model_dump(mode="json"))
    except (ValueError, NotFoundError):
        await socket.send_json({"status": "NOT_FOUND", "run_id": run_id, "result": None})
