"""The MCLAVIER Marketplace's catalogue: models, running them, registering one from a git address.

Left out: everything it has no route for, which is in our own API.
"""

from fastapi import APIRouter, HTTPException

from api.auth import CurrentActor
from api.mclavier.inputs import to_inputs
from api.mclavier.schemas import AppBody, DetailBody, RegisterRequest, RunAccepted, RunRequest
from contract.errors import InputError
from contract.problems import Problem
from engine.authorization import Action, require
from engine.models.catalogue import find_app, find_version, list_models
from engine.processes import context as contexts
from engine.runs.submit import submit

router = APIRouter(tags=["apps"])


@router.get("/apps")
def list_apps(actor: CurrentActor) -> list[AppBody]:
    """List every model, the first registered first."""
    context = contexts.current()
    found = sorted(list_models(context, actor=actor), key=lambda app: app.id)
    return [AppBody.of(app, find_version(context, app, actor=actor).manifest) for app in found]


@router.get("/apps/{app_id}")
def get_app(app_id: int, actor: CurrentActor) -> AppBody:
    """Return a model with what its form draws."""
    context = contexts.current()
    app = find_app(context, app_id, actor=actor)
    return AppBody.of(app, find_version(context, app, actor=actor).manifest)


@router.post("/apps/{app_id}/run")
def run_app(app_id: int, body: RunRequest, actor: CurrentActor) -> RunAccepted:
    """Run a model. Unknown inputs are left out and values between two steps taken, each with a warning of the run's."""
    context = contexts.current()
    manifest = find_version(context, find_app(context, app_id, actor=actor), actor=actor).manifest
    values, warnings = to_inputs(manifest, body.inputs)
    run = submit(context, app_id, values, actor=actor, loose=True, warnings=warnings)
    return RunAccepted(run_id=str(run.id))


@router.post("/apps/register", responses={501: {"model": DetailBody, "description": "this release registers none"}})
def register_app(body: RegisterRequest, actor: CurrentActor) -> AppBody:
    """Register a model from a git address and return it."""
    if not body.repo_url.strip():
        problem = Problem(
            "repo_url", "it is empty", "Give the address of a git repository, as https://... or ssh://..."
        )
        raise InputError([problem])
    require(actor, Action.REGISTER_MODELS)
    raise HTTPException(501, "This release registers no models from a git address.")
