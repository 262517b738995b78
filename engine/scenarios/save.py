"""Save, rename, update, share and delete scenarios.

Chosen: inputs are checked as a run's are and kept canonical, with the version that checked them. A name is never taken
over silently: saving under one that its owner has already is refused, and changing a scenario is a verb of its own.
A scenario is its owner's to change, and an administrator's; who may read it is recorded in the audit log, and so is
what an administrator does with somebody else's, and every deletion.
Left out: reading them (`engine.scenarios.find`).
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from contract import inputs as contract_inputs
from contract.actor import Actor
from contract.app import App, AppRef
from contract.errors import NameTakenError, ScenarioError
from contract.problems import Problem
from contract.run import Visibility
from contract.scenario import MOST_SCENARIOS, Scenario, clean_name
from engine.authorization import Action, require, require_owner
from engine.models.catalogue import find_app, find_version
from engine.models.versions import LoadedVersion
from engine.processes.context import AppContext
from engine.runs.uploads import check_uploads
from engine.runs.visibility import viewer_of
from engine.scenarios.find import find_scenario, refuse
from storage import audit, scenarios


def save_scenario(
    context: AppContext,
    app: int | str,
    name: str,
    values: Mapping[str, Any],
    *,
    actor: Actor,
    visibility: Visibility = Visibility.PRIVATE,
    version: str | None = None,
    source: UUID | None = None,
) -> Scenario:
    """Save inputs of a model under a new name of the actor's.

    Args:
        context: the application's.
        app: the model's id or slug.
        name: 1 to 80 letters; one that differs from an own one in capitals alone is taken.
        values: inputs by key; those left out take their defaults.
        actor: whose scenario it is.
        visibility: who may read it, besides the actor and administrators.
        version: content hash of the version that checks the inputs; the current one otherwise.
        source: a run whose uploaded files may be used again.

    Raises:
        ScenarioError: the name does not do or is taken, or the actor has too many.
        InputError: with every problem found in `values`.
        NotFoundError: there is no such model or version.
    """
    require(actor, Action.SAVE_SCENARIOS)
    kept = clean_name(name)
    found = find_app(context, app, actor=actor)
    loaded = find_version(context, found, version, actor=actor)
    inputs = _check(context, loaded, values, actor=actor, source=source)
    user_id = context.user_id(actor)
    with context.database.begin() as conn:
        made = scenarios.insert_scenario(
            conn,
            app_id=found.id,
            version=loaded.hash,
            user_id=user_id,
            name=kept,
            inputs=inputs,
            visibility=visibility,
        )
        if made is None:
            raise _name_taken(kept, found)
        if scenarios.count_scenarios(conn, found.id, user_id) > MOST_SCENARIOS:
            text = f"you have {MOST_SCENARIOS} scenarios of {found.slug}"
            raise ScenarioError([Problem("name", text, "Delete one that is not needed any more.")])
        if visibility is not Visibility.PRIVATE:
            detail = {"old": Visibility.PRIVATE, "new": visibility, "owner": actor.name}
            _record(conn, actor, "scenario.visibility_changed", made, detail)
    return find_scenario(context, made, actor=actor)


def change_scenario(
    context: AppContext,
    scenario_id: UUID,
    *,
    actor: Actor,
    name: str | None = None,
    values: Mapping[str, Any] | None = None,
    version: str | None = None,
    visibility: Visibility | None = None,
    source: UUID | None = None,
) -> Scenario:
    """Rename a scenario, update its inputs, or change who may read it; what is not given stays.

    Args:
        context: the application's.
        scenario_id: of the scenario.
        actor: its owner, or an administrator.
        name: its new name.
        values: its new inputs, all of them; those left out take their defaults.
        version: content hash of the version that checks `values`; the current one otherwise.
        visibility: who may read it from now on.
        source: a run whose uploaded files may be used again.

    Raises:
        NotFoundError: there is no such scenario.
        NotAllowedError: it is not the actor's to change.
        ScenarioError: the name does not do or is taken.
        InputError: with every problem found in `values`.
    """
    require(actor, Action.SAVE_SCENARIOS)
    known = find_scenario(context, scenario_id, actor=actor)
    require_owner(actor, known.user, "this scenario")
    kept = None if name is None else clean_name(name)
    app = AppRef(known.app_id, known.app_slug, None)
    inputs, checked_by = None, known.version
    if values is not None:
        current = find_app(context, known.app_id, actor=actor)
        loaded = find_version(context, current, version, actor=actor)
        inputs, checked_by = _check(context, loaded, values, actor=actor, source=source), loaded.hash
    user_id, viewer = context.user_id(actor), viewer_of(context, actor=actor)
    try:
        with context.database.begin() as conn:
            # Read again under a lock: somebody else may change it meanwhile, and what is not given is theirs.
            now = scenarios.get_scenario(conn, scenario_id, viewer=viewer, lock=True) or refuse(conn, scenario_id)
            scenarios.change_scenario(
                conn,
                scenario_id,
                changed_by=user_id,
                name=now.name if kept is None else kept,
                visibility=now.visibility if visibility is None else visibility,
                version=now.version if inputs is None else checked_by,
                inputs=inputs,
            )
            if visibility is not None and visibility is not now.visibility:
                detail = {"old": now.visibility, "new": visibility, "owner": now.user}
                _record(conn, actor, "scenario.visibility_changed", scenario_id, detail)
            if now.user != actor.name and (kept is not None or inputs is not None):
                _record(conn, actor, "scenario.changed", scenario_id, {"owner": now.user, "name": now.name})
    except NameTakenError as error:
        raise _name_taken(kept or known.name, app) from error
    return find_scenario(context, scenario_id, actor=actor)


def delete_scenario(context: AppContext, scenario_id: UUID, *, actor: Actor) -> None:
    """Delete a scenario. Runs that were made of it stay as they are.

    Raises:
        NotFoundError: there is no such scenario.
        NotAllowedError: it is not the actor's to delete.
    """
    require(actor, Action.SAVE_SCENARIOS)
    viewer = viewer_of(context, actor=actor)
    with context.database.begin() as conn:
        known = scenarios.get_scenario(conn, scenario_id, viewer=viewer, lock=True) or refuse(conn, scenario_id)
        require_owner(actor, known.user, "this scenario")
        scenarios.delete_scenario(conn, scenario_id)
        detail = {"owner": known.user, "name": known.name, "model": known.app_slug}
        _record(conn, actor, "scenario.deleted", scenario_id, detail)


def _check(
    context: AppContext, loaded: LoadedVersion, values: Mapping[str, Any], *, actor: Actor, source: UUID | None
) -> dict[str, Any]:
    inputs = contract_inputs.validate(loaded.manifest, dict(values))
    return check_uploads(context, loaded.manifest, inputs, actor=actor, source=source)


def _name_taken(name: str, app: App | AppRef) -> ScenarioError:
    found = f"there is a scenario of {app.slug} called {name} already"
    return ScenarioError([Problem("name", found, "Choose another name, or update that one.")])


def _record(conn: Any, actor: Actor, action: str, scenario_id: UUID, detail: Mapping[str, Any]) -> None:
    audit.append(conn, actor=actor.name, action=action, subject=str(scenario_id), detail=detail)
