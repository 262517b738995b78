"""The MCLAVIER Marketplace's catalogue: models, running them, registering one from a git address.

Left out: everything it has no route for, which is in our own API.
"""

from fastapi import APIRouter

from api.auth import CurrentActor
from api.mclavier.inputs import to_inputs
from api.mclavier.schemas import AppBody, RegisterRequest, RunAccepted, RunRequest
from api.registrations import LONGEST_WAIT
from engine.models import registration
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


@router.post("/apps/register")
def register_app(body: RegisterRequest, actor: CurrentActor) -> AppBody:
    """Register a model from a git address and return it; 422 names what is wrong with the address or the model."""
    context = contexts.current()
    app = registration.register_at_once(context, body.repo_url, LONGEST_WAIT, actor=actor)
    return AppBody.of(app, find_version(context, app, actor=actor).manifest)
