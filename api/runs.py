"""Runs over HTTP: list, read, cancel, and follow by WebSocket.

Chosen: keyset pages with an opaque cursor, and the next page in a Link header; the WebSocket is pushed by the same
listener as the pages and closes after the final status.
Left out: exports, which are in `api.exports`.
"""

import asyncio
import contextlib
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response, WebSocket, WebSocketDisconnect

from api.auth import current_user
from api.schemas import RunDetail, RunStatus, RunSummary
from contract.problems import InputError, Problem
from contract.run import Run, Status
from engine.observability import telemetry
from engine.processes import context as contexts
from engine.runs.cancel import cancel
from engine.runs.follow import REREAD_INTERVAL, brief, snapshot
from engine.runs.submit import NotFoundError
from storage.search import BadCursor, Filter, count_runs, search_runs

router = APIRouter(tags=["runs"])


@router.get("/runs")
def list_runs(
    request: Request,
    response: Response,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: str | None = None,
    app: str | None = None,
    status: Annotated[list[Status] | None, Query()] = None,
    user: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    text: str | None = None,
) -> list[RunSummary]:
    """List runs, newest first. `Link` names the next page; `X-Total-Count` counts up to 1,000."""
    wanted = Filter(app=app, statuses=tuple(status or ()), user=user, since=since, until=until, text=text)
    with contexts.current().database.read() as conn:
        try:
            page = search_runs(conn, wanted, after=cursor, limit=limit)
        except BadCursor as error:
            raise InputError([Problem("cursor", f"{cursor!r} is no cursor", "Take it from a Link header.")]) from error
        total = count_runs(conn, wanted)
    response.headers["X-Total-Count"] = str(total)
    if page.next_cursor:
        following = request.url.include_query_params(cursor=page.next_cursor)
        response.headers["Link"] = f'<{following}>; rel="next"'
    return [RunSummary.of(run) for run in page.runs]


@router.get("/runs/{run_id}")
def get_run(run_id: UUID) -> RunDetail:
    """Return a run with its result, or with what it has shown so far."""
    return RunDetail.detail(snapshot(contexts.current(), run_id))


@router.delete("/runs/{run_id}")
def cancel_run(run_id: UUID, request: Request) -> RunStatus:
    """Cancel a run. One that has ended stays as it ended."""
    current_user(request)
    run: Run = cancel(contexts.current(), run_id)
    return RunStatus(run_id=str(run.id), status=str(run.status), url=f"/run?id={run.id}")


@router.websocket("/ws/runs/{run_id}")
async def follow_run(socket: WebSocket, run_id: str, *, short: Annotated[bool, Query(alias="brief")] = False) -> None:
    """Push `{status, run_id, result}` at every change; close after the final one. `brief` leaves the result out."""
    try:
        current_user(socket)
    except Exception:  # noqa: BLE001 - a refused handshake has one answer, whatever the reason
        await socket.close(code=1008)
        return
    await socket.accept()
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        await _push_changes(socket, run_id, brief_only=short)
    with contextlib.suppress(RuntimeError):
        await socket.close()


async def _push_changes(socket: WebSocket, run_id: str, *, brief_only: bool) -> None:
    context = contexts.current()
    unknown = {"status": "NOT_FOUND", "run_id": run_id, "result": None}
    try:
        wanted = UUID(run_id)
    except ValueError:
        await socket.send_json(unknown)
        return
    changed = asyncio.Event()
    loop = asyncio.get_running_loop()
    stop = context.listener.on_change(wanted, lambda: _wake_loop(loop, changed))
    gone = asyncio.create_task(_wait_until_closed(socket))
    try:
        seen, waiting = -1, False
        while not gone.done():
            changed.clear()
            try:
                now = await asyncio.to_thread(snapshot, context, wanted)
            except NotFoundError:
                await socket.send_json(unknown)
                return
            if now.run.seq > seen or now.final:
                seen = now.run.seq
                body: dict[str, Any] = brief(now) if brief_only else RunDetail.detail(now).model_dump(mode="json")
                await socket.send_json(body)
            if now.final and waiting:
                telemetry.end_delivered(now.run)
            if now.final:
                return
            waiting = True
            waiter = asyncio.create_task(changed.wait())
            await asyncio.wait({waiter, gone}, timeout=REREAD_INTERVAL, return_when=asyncio.FIRST_COMPLETED)
            waiter.cancel()
    finally:
        stop()
        gone.cancel()


def _wake_loop(loop: asyncio.AbstractEventLoop, changed: asyncio.Event) -> None:
    loop.call_soon_threadsafe(changed.set)


async def _wait_until_closed(socket: WebSocket) -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        while True:
            await socket.receive_text()
