"""The catalogue over HTTP: models, their schemas, and running them.

Chosen: plain functions, which FastAPI runs in threads, because storage is synchronous; waiting for a run's end alone is
done on the event loop, so that any number of callers may wait.
Left out: registering models (`api.registrations`) and their versions (`api.versions`).
"""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Response
from fastapi.concurrency import run_in_threadpool

from api.auth import CurrentActor
from api.schemas import AppDetail, AppSummary, RunDetail, RunRequest, RunStatus
from contract.errors import NotFoundError
from contract.problems import Problem
from contract.schema import input_schema
from engine.models.catalogue import find_app, find_version, list_models, model_access
from engine.models.favourites import list_favourites, set_favourite
from engine.models.starting_runs import starting_run
from engine.processes import context as contexts
from engine.runs.follow import snapshot
from engine.runs.follow_async import wait_for_end
from engine.runs.submit import submit

router = APIRouter(tags=["models"])

LONGEST_WAIT = 300.0
Limit = Annotated[int, Query(ge=1, le=500)]
Offset = Annotated[int, Query(ge=0, le=1_000_000)]


@router.get("/apps")
def list_apps(response: Response, actor: CurrentActor, limit: Limit = 500, offset: Offset = 0) -> list[AppSummary]:
    """List the models of the catalogue, by name. `X-Total-Count` is how many there are."""
    found = list_models(contexts.current(), actor=actor)
    response.headers["X-Total-Count"] = str(len(found))
    return [AppSummary.of(app) for app in found[offset : offset + limit]]


@router.get("/favourites")
def list_favourite_apps(actor: CurrentActor) -> list[AppSummary]:
    """List the models that you have starred."""
    context = contexts.current()
    starred = list_favourites(context, actor=actor)
    return [AppSummary.of(app) for app in list_models(context, actor=actor) if app.id in starred]


@router.get("/apps/{app_id}")
def get_app(app_id: int, actor: CurrentActor) -> AppDetail:
    """Return a model with its inputs."""
    context = contexts.current()
    app = find_app(context, app_id, actor=actor)
    loaded = find_version(context, app, actor=actor)
    return AppDetail.detail(app, loaded, model_access(context, app.id, loaded.manifest, actor=actor))


@router.put("/apps/{app_id}/favourite", status_code=204)
def star_app(app_id: int, actor: CurrentActor) -> None:
    """Star a model for yourself."""
    set_favourite(contexts.current(), app_id, actor=actor, starred=True)


@router.delete("/apps/{app_id}/favourite", status_code=204)
def unstar_app(app_id: int, actor: CurrentActor) -> None:
    """Take your star from a model."""
    set_favourite(contexts.current(), app_id, actor=actor, starred=False)


@router.get("/apps/{app_id}/starting-run")
def get_starting_run(app_id: int, actor: CurrentActor) -> RunDetail:
    """Return the run of the model's starting inputs, with its result."""
    context = contexts.current()
    app = find_app(context, app_id, actor=actor)
    run = starting_run(context, app.id, app.current_version or "", actor=actor)
    if run is None:
        problem = Problem("run", f"{app.slug} has no finished run of its starting inputs", "Run the model.")
        raise NotFoundError([problem])
    return RunDetail.detail(snapshot(context, run.id, actor=actor))


@router.get("/apps/{app_id}/schema")
def get_schema(app_id: int, actor: CurrentActor, version: str | None = None) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) that inputs are checked against."""
    context = contexts.current()
    found = find_version(context, find_app(context, app_id, actor=actor), version, actor=actor)
    return input_schema(found.manifest)


@router.post("/apps/{app_id}/run")
async def run_app(
    app_id: int,
    body: RunRequest,
    actor: CurrentActor,
    wait: Annotated[float, Query(ge=0, le=LONGEST_WAIT, description="seconds to wait for the end")] = 0,
    idempotency_key: Annotated[str | None, Header(max_length=200)] = None,
) -> RunDetail | RunStatus:
    """Run a model. With `wait`, answer with the whole run once it has ended, or as it is after that many seconds.

    A request with an `Idempotency-Key` that you have used before answers with that run and starts none.
    """
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
        return await run_in_threadpool(RunDetail.detail, now)
    return RunStatus(run_id=str(run.id), status=str(run.status), url=f"/run?id={run.id}")
