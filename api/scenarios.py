"""Scenarios over HTTP: sets of inputs of a model under a name, saved, listed, opened, changed, shared and deleted.

Chosen: a list has no inputs; a scenario by its id has those it was saved with and those that a version takes, with what
became of the others.
Left out: running one, which is a run of its `values`, and several, which is a sweep with `saved` (`api.groups`).
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.auth import CurrentActor
from contract.run import Visibility
from contract.scenario import LONGEST_NAME, Scenario
from engine.processes import context as contexts
from engine.scenarios.find import OpenedScenario, list_scenarios, open_scenario
from engine.scenarios.save import change_scenario, delete_scenario, save_scenario

router = APIRouter(tags=["scenarios"])


class ScenarioRequest(BaseModel):
    """A scenario to save. Inputs that are left out take their defaults."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(description=f"1 to {LONGEST_NAME} letters")
    inputs: dict[str, Any] = Field(default_factory=dict)
    visibility: Visibility = Visibility.PRIVATE
    version: str | None = Field(None, description="content hash of the version that checks the inputs")
    source: UUID | None = Field(None, description="a run whose uploaded files may be used again")


class ScenarioChange(BaseModel):
    """What to change of a scenario; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(None, description=f"1 to {LONGEST_NAME} letters")
    inputs: dict[str, Any] | None = Field(None, description="all of them; those left out take their defaults")
    visibility: Visibility | None = None
    version: str | None = Field(None, description="content hash of the version that checks the inputs")
    source: UUID | None = Field(None, description="a run whose uploaded files may be used again")


class ScenarioBody(BaseModel):
    """A scenario: whose it is, who may read it, who changed it last, and the version it was saved with."""

    scenario_id: UUID
    name: str
    app_id: int
    app_name: str
    version: str
    user: str
    visibility: Visibility
    created_at: datetime
    changed_at: datetime
    changed_by: str
    url: str

    @classmethod
    def of(cls, one: Scenario) -> "ScenarioBody":
        """Return the body for `one`."""
        return cls(**_fields(one))


class OpenedScenarioBody(ScenarioBody):
    """A scenario as a version takes it: `values` fit it, `unfit` and `dropped` do not, `warnings` say why."""

    inputs: dict[str, Any] = Field(description="as they were saved")
    opened_on: str = Field(description="content hash of the version that the rest is about")
    values: dict[str, Any] = Field(description="inputs that the version takes; a run of them is one of the scenario")
    renamed: dict[str, str] = Field(description="former keys and what they are called now")
    dropped: dict[str, Any] = Field(description="inputs that the version does not have")
    unfit: dict[str, Any] = Field(description="inputs whose value does not fit the version")
    deprecated: list[str]
    added: list[str] = Field(description="inputs that were not there when it was saved")
    warnings: list[str]

    @classmethod
    def of_opened(cls, opened: OpenedScenario) -> "OpenedScenarioBody":
        """Return the body for `opened`."""
        carried = opened.carried
        return cls(
            **_fields(opened.scenario),
            inputs=dict(opened.inputs),
            opened_on=opened.version,
            values=dict(carried.values),
            renamed=dict(carried.renamed),
            dropped=dict(carried.dropped),
            unfit=dict(carried.unfit),
            deprecated=list(carried.deprecated),
            added=list(carried.added),
            warnings=list(carried.warnings),
        )


@router.get("/apps/{app_id}/scenarios")
def list_all(app_id: int, actor: CurrentActor) -> list[ScenarioBody]:
    """List a model's scenarios: your own, then those that others share, by name."""
    return [ScenarioBody.of(one) for one in list_scenarios(contexts.current(), app_id, actor=actor)]


@router.post("/apps/{app_id}/scenarios", status_code=201)
def save(app_id: int, body: ScenarioRequest, actor: CurrentActor) -> ScenarioBody:
    """Save inputs of a model under a name that you have not used for it yet, whatever its capitals."""
    wanted = body.model_dump(exclude={"name", "inputs", "visibility"})
    made = save_scenario(
        contexts.current(), app_id, body.name, body.inputs, actor=actor, visibility=body.visibility, **wanted
    )
    return ScenarioBody.of(made)


@router.get("/scenarios/{scenario_id}")
def get(scenario_id: UUID, actor: CurrentActor, version: str | None = None) -> OpenedScenarioBody:
    """Return a scenario with its inputs as a version takes them, the model's current one without `version`."""
    opened = open_scenario(contexts.current(), scenario_id, actor=actor, version=version)
    return OpenedScenarioBody.of_opened(opened)


@router.patch("/scenarios/{scenario_id}")
def change(scenario_id: UUID, body: ScenarioChange, actor: CurrentActor) -> ScenarioBody:
    """Rename a scenario, update its inputs, or change who may read it. For its owner and administrators."""
    found = change_scenario(
        contexts.current(),
        scenario_id,
        actor=actor,
        name=body.name,
        values=body.inputs,
        version=body.version,
        visibility=body.visibility,
        source=body.source,
    )
    return ScenarioBody.of(found)


@router.delete("/scenarios/{scenario_id}", status_code=204)
def delete(scenario_id: UUID, actor: CurrentActor) -> None:
    """Delete a scenario; runs that were made of it stay. For its owner and administrators."""
    delete_scenario(contexts.current(), scenario_id, actor=actor)


def _fields(one: Scenario) -> dict[str, Any]:
    return {
        "scenario_id": one.id,
        "name": one.name,
        "app_id": one.app_id,
        "app_name": one.app_slug,
        "version": one.version,
        "user": one.user,
        "visibility": one.visibility,
        "created_at": one.created_at,
        "changed_at": one.changed_at,
        "changed_by": one.changed_by,
        "url": f"/model?app={one.app_slug}&saved={one.id}",
    }
