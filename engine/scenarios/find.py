"""Scenarios listed, found and opened on a version of their model.

Chosen: who may read a scenario is decided as for runs, in the statement that reads; one that is there and may not be
read is refused with its owner's name, whom to ask. Opening says what the version has renamed, dropped and deprecated.
Left out: changing them (`engine.scenarios.save`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn
from uuid import UUID

from contract.actor import Actor
from contract.app import AppRef
from contract.carry_over import CarriedInputs, carry_over
from contract.errors import NotAllowedError, NotFoundError
from contract.manifest import Manifest
from contract.problems import Problem
from contract.run import Visibility
from contract.scenario import Scenario
from engine.authorization import Action, require
from engine.models.catalogue import find_app, find_version
from engine.processes.context import AppContext
from engine.runs.visibility import person_as_viewer, viewer_of
from storage import scenarios

LISTED = 2_000  # of one model


@dataclass(frozen=True, slots=True)
class OpenedScenario:
    """A scenario with the inputs it was saved with, and as the version `version` takes them."""

    scenario: Scenario
    inputs: Mapping[str, Any]
    version: str
    carried: CarriedInputs


def list_scenarios(context: AppContext, app: int | str, *, actor: Actor) -> list[Scenario]:
    """Return the scenarios of a model that are the actor's or shared with them, by name, the actor's own first.

    An administrator is a person like any other here: what others keep private is opened by its id.

    Raises:
        NotFoundError: there is no such model.
    """
    require(actor, Action.READ_SCENARIOS)
    found = find_app(context, app, actor=actor)
    user_id, viewer = context.user_id(actor), person_as_viewer(context, actor=actor)
    with context.database.read() as conn:
        return scenarios.list_scenarios(conn, found.id, user_id, viewer=viewer, limit=LISTED)


def find_scenario(context: AppContext, scenario_id: UUID, *, actor: Actor) -> Scenario:
    """Return a scenario without its inputs.

    Raises:
        NotFoundError: there is none.
        NotAllowedError: it is not for the actor to read.
    """
    require(actor, Action.READ_SCENARIOS)
    viewer = viewer_of(context, actor=actor)
    with context.database.read() as conn:
        return scenarios.get_scenario(conn, scenario_id, viewer=viewer) or refuse(conn, scenario_id)


def find_with_inputs(context: AppContext, scenario_id: UUID, *, actor: Actor) -> tuple[Scenario, dict[str, Any]]:
    """Return a scenario with the inputs it was saved with.

    Raises:
        NotFoundError: there is none.
        NotAllowedError: it is not for the actor to read.
    """
    require(actor, Action.READ_SCENARIOS)
    viewer = viewer_of(context, actor=actor)
    with context.database.read() as conn:
        return scenarios.get_with_inputs(conn, scenario_id, viewer=viewer) or refuse(conn, scenario_id)


def carry_to(
    context: AppContext, scenario: Scenario, inputs: Mapping[str, Any], manifest: Manifest, *, actor: Actor
) -> CarriedInputs:
    """Return a scenario's inputs as the version of this manifest takes them.

    Raises:
        NotFoundError: the version that it was saved with is not there any more.
    """
    require(actor, Action.READ_SCENARIOS)
    then = find_version(context, AppRef(scenario.app_id, scenario.app_slug, scenario.version), actor=actor)
    return carry_over(then.manifest, manifest, inputs)


def open_scenario(
    context: AppContext, scenario_id: UUID, *, actor: Actor, version: str | None = None
) -> OpenedScenario:
    """Return a scenario with its inputs as a version of its model takes them, its current one where none is named.

    Raises:
        NotFoundError: there is no such scenario or version.
        NotAllowedError: it is not for the actor to read.
    """
    require(actor, Action.READ_SCENARIOS)
    found, inputs = find_with_inputs(context, scenario_id, actor=actor)
    now = find_version(context, find_app(context, found.app_id, actor=actor), version, actor=actor)
    return OpenedScenario(found, inputs, now.hash, carry_to(context, found, inputs, now.manifest, actor=actor))


def refuse(conn: Any, scenario_id: UUID) -> NoReturn:
    """Refuse a scenario that a reading did not find.

    Raises:
        NotFoundError: there is none.
        NotAllowedError: it is there, and not for the reader.
    """
    found = scenarios.get_scenario(conn, scenario_id)
    if found is None:
        hint = "It may have been deleted: choose another one on the model's page."
        raise NotFoundError([Problem("scenario", f"there is no scenario {scenario_id}", hint)])
    words = "is private" if found.visibility is Visibility.PRIVATE else "is for the team of its owner"
    hint = f"Ask {found.user}, whose scenario it is, to share it with you."
    raise NotAllowedError([Problem("scenario", f"scenario {scenario_id} {words}", hint)])
