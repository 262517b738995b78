"""The catalogue over HTTP: models, their schemas, and running them.

Chosen: plain functions, which FastAPI runs in threads, because storage is synchronous.
Left out: registering models, which comes with versions and roles.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import JSONResponse

from api.auth import current_user
from api.schemas import AppDetail, AppSummary, RunDetail, RunRequest, RunStatus
from contract.schema import input_schema
from engine.models.catalogue import find_app, find_version
from engine.models.permissions import resolve_access
from engine.processes import context as contexts
from engine.runs.follow import wait_for_end as wait_for
from engine.runs.submit import submit
from storage import apps

router = APIRouter(tags=["models"])

LONGEST_WAIT = 300.0


@router.get("/apps")
def list_apps() -> list[AppSummary]:
    """List every model of the catalogue."""
    with contexts.current().database.read() as conn:
        return [AppSummary.of(app) for app in apps.list_apps(conn)]


@router.get("/apps/{app_id}")
def get_app(app_id: int) -> AppDetail:
    """Return a model with its inputs."""
    context = contexts.current()
    app = find_app(context, app_id)
    version, manifest = find_version(context, app)
    return AppDetail.detail(app, version, resolve_access(context.database, app.id, manifest))


@router.get("/apps/{app_id}/schema")
def get_schema(app_id: int, version: str | None = None) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) that inputs are checked against."""
    context = contexts.current()
    _, manifest = find_version(context, find_app(context, app_id), version)
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
    context = contexts.current()
    run = submit(
        context,
        app_id,
        body.inputs,
        user=current_user(request),
        version=body.version,
        key=f"api:{idempotency_key}" if idempotency_key else None,
        fresh=body.fresh,
    )
    if wait:
        now = wait_for(context, run.id, wait)
        return JSONResponse(RunDetail.detail(now).model_dump(mode="json"))
    return RunStatus(run_id=str(run.id), status=str(run.status), url=f"/run?id={run.id}")
