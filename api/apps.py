"""The catalogue over HTTP: models, their schemas, and running them.

Chosen: plain functions, which FastAPI runs in threads, because storage is synchronous.
Left out: registering models, which comes with versions and roles.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import JSONResponse

from api.bodies import AppDetail, AppSummary, RunDetail, RunRequest, RunStatus
from api.caller import caller
from contract.schema import input_schema
from engine import desk as desks
from engine.access import access_of
from engine.follow import wait as wait_for
from engine.submit import find_app, find_version, submit
from storage import apps

router = APIRouter(tags=["models"])

LONGEST_WAIT = 300.0


@router.get("/apps")
def list_apps() -> list[AppSummary]:
    """List every model of the catalogue."""
    with desks.current().database.read() as conn:
        return [AppSummary.of(app) for app in apps.list_apps(conn)]


@router.get("/apps/{app_id}")
def get_app(app_id: int) -> AppDetail:
    """Return a model with its inputs."""
    desk = desks.current()
    app = find_app(desk, app_id)
    version, manifest = find_version(desk, app)
    return AppDetail.detail(app, version, access_of(desk.database, app.id, manifest))


@router.get("/apps/{app_id}/schema")
def get_schema(app_id: int, version: str | None = None) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) that inputs are checked against."""
    desk = desks.current()
    _, manifest = find_version(desk, find_app(desk, app_id), version)
    return input_schema(manifest)


@router.post(
    "/apps/{app_id}/run",
    response_model=RunStatus,
    responses={200: {"description": "with `wait`, the whole run as GET /runs/{run_id} returns it"}},
)
def run_app(
    app_id: int,
    body: RunRequest,
    request: Request,
    wait: Annotated[float, Query(ge=0, le=LONGEST_WAIT, description="seconds to wait for the end")] = 0,
    idempotency_key: Annotated[str | None, Header(max_length=200)] = None,
) -> Any:
    """Run a model. With `wait`, answer with the finished run, or as it stands after that many seconds."""
    desk = desks.current()
    run = submit(
        desk,
        app_id,
        body.inputs,
        user=caller(request),
        version=body.version,
        key=f"api:{idempotency_key}" if idempotency_key else None,
        fresh=body.fresh,
    )
    if wait:
        now = wait_for(desk, run.id, wait)
        return JSONResponse(RunDetail.detail(now).model_dump(mode="json"))
    return RunStatus(run_id=str(run.id), status=str(run.status), url=f"/run?id={run.id}")
