"""Models and versions looked up, and what models may reach.

Chosen: versions come from the process's one cache (`engine.models.versions`); models are read each time, because their
current version, their score and their last run change.
Left out: registering, which is `engine.models.register`.
"""

from typing import Any, NoReturn

from contract.access import Access
from contract.actor import Actor
from contract.app import App, AppRef
from contract.errors import NotFoundError
from contract.manifest import Manifest
from contract.problems import Problem
from contract.run import Run
from engine.authorization import Action, require
from engine.models.permissions import resolve_access
from engine.models.versions import LoadedVersion, load_version
from engine.processes.context import AppContext
from storage import apps, versions


def list_models(context: AppContext, *, actor: Actor) -> list[App]:
    """Return every model of the catalogue, by name."""
    require(actor, Action.READ_MODELS)
    with context.database.read() as conn:
        return apps.list_apps(conn)


def find_app(context: AppContext, app: int | str, *, actor: Actor) -> App:
    """Return the model with this id or slug.

    Raises:
        NotFoundError: there is none.
    """
    require(actor, Action.READ_MODELS)
    with context.database.read() as conn:
        found = apps.app_by_id(conn, app) if isinstance(app, int) else apps.app_by_slug(conn, app)
    return found or no_such_model(app)


def no_such_model(app: int | str) -> NoReturn:
    """Refuse a model that is not there."""
    raise NotFoundError([Problem("app", f"there is no model {app!r}", "Choose one from the catalogue.")])


def find_version(context: AppContext, app: App | AppRef, version: str | None = None, *, actor: Actor) -> LoadedVersion:
    """Return a version of the model with its manifest and cases, its current one where none is named.

    Raises:
        NotFoundError: the model has no such version.
    """
    require(actor, Action.READ_MODELS)
    wanted = version or app.current_version
    found = load_version(context.database, app.id, wanted) if wanted else None
    if found is None:
        problem = Problem("version", f"{app.slug} has no version {wanted!r}", "Leave it out for the current one.")
        raise NotFoundError([problem])
    return found


def version_of_run(context: AppContext, run: Run, *, actor: Actor) -> LoadedVersion:
    """Return the version that the run is of.

    Raises:
        NotFoundError: it is not there any more.
    """
    require(actor, Action.READ_MODELS)
    return find_version(context, AppRef(run.app_id, run.app_slug, run.version), actor=actor)


def read_case_results(context: AppContext, app_id: int, version: str, *, actor: Actor) -> dict[str, Any]:
    """Return the score of the version's reference cases as it is now: `total`, `reproduced`, `misses`; empty before.

    Never cached: it changes whenever the cases run again.
    """
    require(actor, Action.READ_MODELS)
    with context.database.read() as conn:
        return versions.get_case_results(conn, app_id, version)


def model_access(context: AppContext, app_id: int, manifest: Manifest, *, actor: Actor) -> Access:
    """Return what the model's manifest names and what of it the model was granted, as it is now."""
    require(actor, Action.READ_MODELS)
    return resolve_access(context.database, app_id, manifest, gateway_url=context.limits.gateway_url)
