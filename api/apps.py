"""The catalogue over HTTP: models, their schemas, and running them.

Chosen: plain functions, which FastAPI runs in threads, because storage is synchronous; waiting for a run's end alone is
done on the event loop, so that any number of callers may wait.
Left out: registering models (`api.registrations`) and their versions (`api.versions`).
"""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from api.auth import CurrentActor
from api.schemas import AppDetail, AppSummary, RunDetail, RunRequest, RunStatus
from contract.schema import input_schema
from engine.models.catalogue import find_app, find_version, list_models, model_access
from engine.processes import context as contexts
from engine.runs.follow_async import wait_for_end
from engine.runs.submit import submit

router = APIRouter(tags=["models"])

LONGEST_WAIT = 300.0


@router.get("/apps")
def list_apps(actor: CurrentActor) -> list[AppSummary]:
    """List every model of the catalogue."""
    return [AppSummary.of(app) for app in list_models(contexts.current(), actor=actor)]


@router.get("/apps/{app_id}")
def get_app(app_id: int, actor: CurrentActor) -> AppDetail:
    """Return a model with its inputs."""
    context = contexts.current()
    app = find_app(context, app_id, actor=actor)
    manifest = find_version(context, app, actor=actor).manifest
    return AppDetail.detail(app, manifest, model_access(context, app.id, manifest, actor=actor))


@router.get("/apps/{app_id}/schema")
def get_schema(app_id: int, actor: CurrentActor, version: str | None = None) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) that inputs are checked against."""
    context = contexts.current()
    found = find_version(context, find_app(context, app_id, actor=actor), version, actor=actor)
    return input_schema(found.manifest)


@router.post(
    "/apps/{app_id}/run",
    response_model=RunStatus,
    responses={200: {"description": "with `wait`, the whole run as GET /runs/{run_id} returns it"}},
)
async def run_app(
    app_id: int,
    body: RunRequest,
    actor: CurrentActor,
    wait: Annotated[float, Query(ge=0, le=LONGEST_WAIT, description="seconds to wait for the end")] = 0,
    idempotency_key: Annotated[str | None, Header(max_length=200)] = None,
) -> Any:
    """Run a model. With `wait`, answer with the finished run, or as it is after that many seconds."""
    context = contexts.current()
    run = await run_in_threadpool(
        submit,
        context,
        app_id,
        body.inputs,
        actor=actor,
        version=body.version,
        key=f"api:{idempotency_key}" if idempotency_key else None,
        fresh=body.fresh,
        source=body.source,
    )
    if wait:
        now = await wait_for_end(context, run.id, wait, actor=actor)
        return JSONResponse(await run_in_threadpool(lambda: RunDetail.detail(now).model_dump(mode="json")))
    return RunStatus(run_id=str(run.id), status=str(run.status), url=f"/run?id={run.id}")
