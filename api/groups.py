"""Groups of runs over HTTP: sweeps and the other analyses, started, read, followed, cancelled and resumed.

Chosen: one address for a group whatever its kind; its points come with their figures, and as CSV a line each.
Left out: members one by one, which are runs like any other.
"""

import contextlib
from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, WebSocket
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from api import sockets
from api.auth import CurrentActor
from api.group_schemas import (
    ChangeRequest,
    GroupBody,
    ImpactBody,
    InputRowsBody,
    PlanBody,
    PointBody,
    SeekRequest,
    SensitivityRequest,
    StepBody,
    SweepRequest,
    UpgradeRequest,
    WayBody,
)
from api.uploads import BINARY, read_body
from contract.actor import Actor
from contract.errors import NotAllowedError, NotFoundError
from contract.number_format import NumberFormat
from contract.run_group import GroupKind
from contract.table_file import MAX_BYTES
from engine.analysis.change import read_way, start_change
from engine.analysis.follow_group import brief, follow_group, wait_for_group
from engine.analysis.groups import cancel_group, find_group, list_groups, list_points, resume_group
from engine.analysis.impact import read_impact
from engine.analysis.points_csv import points_csv
from engine.analysis.scenario_file import read_inputs
from engine.analysis.sensitivity import start_sensitivity
from engine.analysis.start_seek import start_seek
from engine.analysis.sweep import plan_sweep, start_sweep
from engine.analysis.upgrade import plan_upgrade, start_upgrade
from engine.models.catalogue import find_app
from engine.processes import context as contexts

router = APIRouter(tags=["groups of runs"])

CSV = "text/csv; charset=utf-8"


@router.post("/apps/{app_id}/sweeps", status_code=202)
def start(app_id: int, body: SweepRequest, actor: CurrentActor) -> GroupBody:
    """Start a sweep of a model over one or two inputs, over a list of scenarios, or with saved scenarios."""
    context = contexts.current()
    return GroupBody.of(start_sweep(context, app_id, body.inputs, actor=actor, source=body.source, **_definition(body)))


@router.post("/apps/{app_id}/sweeps/plan")
def plan(app_id: int, body: SweepRequest, actor: CurrentActor) -> PlanBody:
    """Say how many runs a sweep would be and about how long it would take, and start nothing."""
    wanted = {key: value for key, value in _definition(body).items() if key != "fresh"}
    found = plan_sweep(contexts.current(), app_id, body.inputs, actor=actor, **wanted)
    return PlanBody(runs=found.total, seconds=found.seconds, notes=list(found.notes))


@router.post("/apps/{app_id}/inputs/read", openapi_extra={"requestBody": {"required": True, "content": BINARY}})
async def read_input_file(
    app_id: int,
    request: Request,
    actor: CurrentActor,
    version: str | None = None,
    language: Annotated[str | None, Query(description="of numbers in texts, such as de-CH")] = None,
) -> InputRowsBody:
    """Return the inputs in each row of a file: a workbook that was exported, or a CSV table. Send it as the body."""
    content = await read_body(request, MAX_BYTES)
    number_format = NumberFormat.from_languages(language) if language else None
    rows, notes = await run_in_threadpool(
        read_inputs, contexts.current(), app_id, content, actor=actor, version=version, number_format=number_format
    )
    return InputRowsBody(rows=rows, notes=notes)


@router.post("/apps/{app_id}/sensitivities", status_code=202)
def start_a_sensitivity(app_id: int, body: SensitivityRequest, actor: CurrentActor) -> GroupBody:
    """Start a sensitivity: each numeric input by itself from low to high."""
    wanted = body.model_dump(exclude={"inputs"})
    return GroupBody.of(start_sensitivity(contexts.current(), app_id, body.inputs, actor=actor, **wanted))


@router.post("/apps/{app_id}/seeks", status_code=202)
def start_a_seek(app_id: int, body: SeekRequest, actor: CurrentActor) -> GroupBody:
    """Start a goal seek: the value of one input at which a figure is what it is to be."""
    wanted = body.model_dump(exclude={"inputs", "input"})
    return GroupBody.of(start_seek(contexts.current(), app_id, body.inputs, key=body.input, actor=actor, **wanted))


@router.post("/changes", status_code=202)
def start_a_change(body: ChangeRequest, actor: CurrentActor) -> GroupBody:
    """Start an analysis of change from one run to another, the inputs that differ switched one at a time."""
    return GroupBody.of(start_change(contexts.current(), actor=actor, **body.model_dump()))


@router.post("/apps/{app_id}/upgrades", status_code=202)
def start_an_upgrade(app_id: int, body: UpgradeRequest, actor: CurrentActor) -> GroupBody:
    """Replay the last runs of a model on one of its versions, to see what would change."""
    return GroupBody.of(start_upgrade(contexts.current(), app_id, actor=actor, **body.model_dump()))


@router.post("/apps/{app_id}/upgrades/plan")
def plan_an_upgrade(app_id: int, body: UpgradeRequest, actor: CurrentActor) -> PlanBody:
    """Say how many runs an upgrade impact would be, which of them do not fit, and start nothing."""
    found = plan_upgrade(contexts.current(), app_id, actor=actor, **body.model_dump())
    return PlanBody(runs=found.total, seconds=found.seconds, notes=list(found.notes))


@router.get("/groups/{group_id}/impact")
def get_impact(group_id: UUID, figure: str, actor: CurrentActor) -> ImpactBody:
    """Return what an upgrade changes: counts, the spread of a figure's differences, and each run beside its replay."""
    context = contexts.current()
    impact = read_impact(context, group_id, figure, actor=actor)
    misfits = find_group(context, group_id, actor=actor).definition["misfits"]
    return ImpactBody.of(figure, impact, misfits)


@router.get("/groups/{group_id}/steps")
def get_steps(group_id: UUID, figure: str, actor: CurrentActor, *, average: bool = False) -> WayBody:
    """Return the steps of an analysis of change for one figure, in its order or on average over orders."""
    way = read_way(contexts.current(), group_id, figure, average=average, actor=actor)
    return WayBody(figure=figure, start=way.start, end=way.end, steps=[StepBody(**asdict(step)) for step in way.steps])


@router.get("/groups")
def list_all(
    actor: CurrentActor,
    app: str | None = None,
    kind: GroupKind | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> list[GroupBody]:
    """List groups of runs, newest first."""
    context = contexts.current()
    app_id = find_app(context, _name(app), actor=actor).id if app is not None else None
    return [GroupBody.of(g) for g in list_groups(context, actor=actor, app_id=app_id, kind=kind, limit=limit)]


@router.get("/groups/{group_id}")
async def get_group(group_id: UUID, actor: CurrentActor, wait: Annotated[float, Query(ge=0, le=300)] = 0) -> GroupBody:
    """Return a group and how far it is; with `wait`, once it has ended or after so many seconds."""
    return GroupBody.of(await wait_for_group(contexts.current(), group_id, wait, actor=actor))


@router.get("/groups/{group_id}/points")
def get_points(group_id: UUID, actor: CurrentActor) -> list[PointBody]:
    """Return the points of a group in their order, each with its run and the figures of its result."""
    return [PointBody.of(p) for p in list_points(contexts.current(), group_id, actor=actor)]


@router.get(
    "/groups/{group_id}/csv",
    response_class=StreamingResponse,
    responses={200: {"content": {CSV: {"schema": {"type": "string"}}}}},
)
def get_csv(group_id: UUID, actor: CurrentActor) -> StreamingResponse:
    """Return the points of a group as CSV: number, run, status, the inputs that differ, and the figures."""
    lines = points_csv(contexts.current(), group_id, actor=actor)
    headers = {"Content-Disposition": f'attachment; filename="{str(group_id)[-8:]}.csv"'}
    return StreamingResponse(lines, media_type=CSV, headers=headers)


@router.delete("/groups/{group_id}")
def cancel(group_id: UUID, actor: CurrentActor) -> GroupBody:
    """Cancel a group. What has ended stays, and it can be resumed."""
    return GroupBody.of(cancel_group(contexts.current(), group_id, actor=actor))


@router.post("/groups/{group_id}/resume")
def resume(group_id: UUID, actor: CurrentActor) -> GroupBody:
    """Let a group that was cancelled or has failed go on with the points that have no result."""
    return GroupBody.of(resume_group(contexts.current(), group_id, actor=actor))


@router.websocket("/ws/groups/{group_id}")
async def follow(socket: WebSocket, group_id: str, actor: CurrentActor) -> None:
    """Push how far a group is at every change; close after the last."""
    await sockets.serve(socket, lambda: _push(socket, group_id, actor))


async def _push(socket: WebSocket, group_id: str, actor: Actor) -> None:
    try:
        found = follow_group(contexts.current(), UUID(group_id), actor=actor)
        async with contextlib.aclosing(found) as groups:
            async for now in groups:
                await socket.send_json(brief(now))
    except (ValueError, NotFoundError):
        await socket.send_json({"status": "NOT_FOUND", "final": True, "seq": 0})
    except NotAllowedError as error:
        await socket.send_json({"status": "NOT_ALLOWED", "final": True, "seq": 0, "reason": str(error)})


def _definition(body: SweepRequest) -> dict[str, Any]:
    axes = [axis.model_dump(by_alias=True, exclude_none=True) for axis in body.axes]
    wanted = body.model_dump(include={"version", "scenarios", "saved", "fresh"})
    return {**wanted, "axes": axes}


def _name(app: str) -> int | str:
    return int(app) if app.isdecimal() else app
