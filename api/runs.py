"""Runs over HTTP: list, read, cancel, and follow by WebSocket.

Chosen: keyset pages with an opaque cursor, and the next page in a Link header; the WebSocket is pushed by the same
listener as the pages and closes after the final status.
Left out: exports, which are in `api.exports`.
"""

import contextlib
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response, WebSocket

from api import sockets
from api.auth import CurrentActor
from api.filters import RunFilter, SearchText, SortColumn
from api.result_file import FILE, file_response
from api.schemas import PartRows, RunDetail, RunStatus, RunSummary
from contract.actor import Actor
from contract.errors import BadCursor, InputError, NotAllowedError, NotFoundError, SearchTooSlow
from contract.media import EXTENSIONS
from contract.number_format import NumberFormat
from contract.problems import Problem
from contract.table_query import read_table_query
from engine.processes import context as contexts
from engine.runs.cancel import cancel
from engine.runs.follow import brief, snapshot
from engine.runs.follow_async import follow
from engine.runs.results import find_result_rows, read_result_file
from engine.runs.search import count_runs, search_runs

router = APIRouter(tags=["runs"])

BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
FILES: dict[int | str, dict[str, Any]] = {
    200: {"content": dict.fromkeys((FILE, *EXTENSIONS), BINARY)},
    206: {"description": "the range of bytes that was asked for"},
    416: {"description": "the file ends before that range"},
}


@router.get("/runs")
def list_runs(
    request: Request,
    response: Response,
    actor: CurrentActor,
    wanted: RunFilter,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: str | None = None,
) -> list[RunSummary]:
    """List runs, newest first. `Link` names the next page; `X-Total-Count` counts up to 1,000, and says no more.

    Where counting takes too long there is no `X-Total-Count`.
    """
    context = contexts.current()
    try:
        page = search_runs(context, wanted, actor=actor, after=cursor, limit=limit)
    except BadCursor as error:
        problem = Problem("cursor", f"{cursor!r} is not a valid cursor", "Take it from a Link header.")
        raise InputError([problem]) from error
    with contextlib.suppress(SearchTooSlow):
        response.headers["X-Total-Count"] = str(count_runs(context, wanted, actor=actor))
    if page.next_cursor:
        following = request.url.include_query_params(cursor=page.next_cursor)
        response.headers["Link"] = f'<{following}>; rel="next"'
    return [RunSummary.of(run) for run in page.runs]


@router.get("/runs/{run_id}")
def get_run(run_id: UUID, actor: CurrentActor) -> RunDetail:
    """Return a run with its result, or with what it has shown so far."""
    return RunDetail.detail(snapshot(contexts.current(), run_id, actor=actor))


@router.get("/runs/{run_id}/parts/{name}")
def get_part(
    run_id: UUID,
    name: str,
    actor: CurrentActor,
    offset: Annotated[int, Query(ge=0, le=2**53)] = 0,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1_000,
    search: SearchText = "",
    sort: SortColumn = "",
) -> PartRows:
    """Return rows of a large table or series: of what stands as `{"$part": name}` in the run's result.

    With `search` or `sort` all its rows are searched and sorted; `found` says how many there are.
    """
    query = read_table_query(search, NumberFormat(), sort)
    try:
        rows, found = find_result_rows(contexts.current(), run_id, name, query, offset, limit, actor=actor)
    except LookupError as error:
        raise NotFoundError([Problem("name", f"the result has no part {name[:100]!r}", "Read the result.")]) from error
    return PartRows(name=name, offset=offset, found=found, columns=rows.column_names, data=rows.to_pydict())


@router.get("/runs/{run_id}/files/{name:path}", response_class=Response, responses=FILES)
def get_file(
    request: Request,
    run_id: UUID,
    name: str,
    actor: CurrentActor,
    download: Annotated[bool, Query(description="to save, also where a browser would show it")] = False,
) -> Response:
    """Return a file that the model made, as it made it; images, audio and video to look at, others to save."""
    context = contexts.current()
    try:
        content = read_result_file(context, run_id, name, actor=actor)
    except LookupError as error:
        raise NotFoundError([Problem("name", f"the result has no file {name[:100]!r}", "Read the result.")]) from error
    return file_response(content, name, range_=request.headers.get("range"), download=download)


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
    except NotAllowedError as error:
        await socket.send_json({"status": "NOT_ALLOWED", "run_id": run_id, "result": None, "reason": str(error)})
