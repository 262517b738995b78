"""The MCLAVIER Marketplace's runs: list, read, export, follow by WebSocket.

Chosen: the list is in one piece, as its clients expect, up to the newest thousand. The WebSocket sends at each change
and not every three seconds.
"""

import asyncio
import contextlib
import re
from dataclasses import replace
from uuid import UUID

from fastapi import APIRouter, Request, WebSocket
from fastapi.responses import Response, StreamingResponse

from api import sockets
from api.auth import CurrentActor
from api.exports import CSV, PDF, pdf_response, stream_csv
from api.mclavier.results import shape
from api.mclavier.schemas import RunBody, RunDetailBody, shown_status
from contract.actor import Actor
from contract.errors import NotAllowedError, NotFoundError
from contract.problems import Problem
from contract.run import Run, Status
from contract.run_search import Filter
from engine.models.catalogue import version_of_run
from engine.processes import context as contexts
from engine.report.document import ReportOptions
from engine.report.pdf import run_pdf
from engine.runs.export import export_columns
from engine.runs.follow import Snapshot, snapshot
from engine.runs.follow_async import follow
from engine.runs.search import search_runs

router = APIRouter(tags=["runs"])

MAX_RUNS = 1_000  # in the list: the newest ones


@router.get("/runs")
def list_runs(actor: CurrentActor) -> list[RunBody]:
    """List the newest thousand runs, the newest first."""
    page = search_runs(contexts.current(), Filter(), actor=actor, limit=MAX_RUNS)
    return [RunBody(**RunBody.fields(run)) for run in page.runs]


@router.get("/runs/{run_id}")
def get_run(run_id: str, actor: CurrentActor) -> RunDetailBody:
    """Return a run, with its result once it is a success."""
    return _detail(snapshot(contexts.current(), _run_id(run_id), actor=actor), actor)


@router.get("/runs/{run_id}/export/csv", response_class=StreamingResponse, responses=CSV)
def export_csv(run_id: str, actor: CurrentActor) -> StreamingResponse:
    """Return the run's first table as CSV, each column under its own label."""
    run = _successful_run(run_id, actor)
    found = export_columns(contexts.current(), run.id, actor=actor)
    if found is None:
        raise NotFoundError([Problem("table", "the run has no table", "Read its result.")])
    plain = re.sub(r"[^a-z0-9]+", "_", run.app_name.lower()).strip("_") or "result"
    return stream_csv(replace(found, filename=f"{plain}_run_{run.id}.csv"))


@router.get("/runs/{run_id}/export/pdf", response_class=Response, responses={200: {"content": PDF}})
def export_pdf(request: Request, run_id: str, actor: CurrentActor) -> Response:
    """Return the run as a PDF document."""
    run = _successful_run(run_id, actor)
    site = str(request.base_url).removesuffix("/").removesuffix("/mclavier").removesuffix("/api")
    options = ReportOptions(base_url=site)
    return pdf_response(run_pdf(contexts.current(), run.id, options, actor=actor))


@router.websocket("/ws/runs/{run_id}")
async def follow_run(socket: WebSocket, run_id: str, actor: CurrentActor) -> None:
    """Send `{status, run_id, result}` at every change; close after the final one."""
    await sockets.serve(socket, lambda: _push_changes(socket, run_id, actor))


async def _push_changes(socket: WebSocket, run_id: str, actor: Actor) -> None:
    try:
        async with contextlib.aclosing(follow(contexts.current(), _run_id(run_id), actor=actor)) as snapshots:
            async for now in snapshots:
                await socket.send_json(
                    {
                        "status": shown_status(now.run.status),
                        "run_id": run_id,
                        "result": await asyncio.to_thread(_result, now, actor),
                        "real_status": now.run.status,
                        "reason": now.run.reason,
                    }
                )
    except NotFoundError:
        await socket.send_json({"status": "NOT_FOUND"})
    except NotAllowedError as error:
        await socket.send_json({"status": "NOT_FOUND", "real_status": "NOT_ALLOWED", "reason": str(error)})


def _detail(now: Snapshot, actor: Actor) -> RunDetailBody:
    run = now.run
    return RunDetailBody(
        **RunBody.fields(run),
        result=_result(now, actor),
        reason=run.reason,
        warnings=run.warnings,
        reused_from=str(run.reused_from) if run.reused_from else None,
    )


def _result(now: Snapshot, actor: Actor) -> dict[str, object] | None:
    if now.run.status is not Status.SUCCESS:
        return None
    context = contexts.current()
    return shape(context, now, version_of_run(context, now.run, actor=actor).manifest, actor=actor)


def _successful_run(run_id: str, actor: Actor) -> Run:
    run = snapshot(contexts.current(), _run_id(run_id), actor=actor).run
    if run.status is not Status.SUCCESS:
        problem = Problem("run", f"the run is {run.status} and has no result", "Export it once it is a success.")
        raise NotFoundError([problem])
    return run


def _run_id(text: str) -> UUID:
    """Return a run's id. What is none, a number say, is the id of no run.

    Raises:
        NotFoundError: it is none.
    """
    try:
        return UUID(text)
    except ValueError as error:
        problem = Problem("run", f"there is no run {text[:100]!r}", "Take the id from the list of runs.")
        raise NotFoundError([problem]) from error
