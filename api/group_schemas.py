"""What the API takes and gives of groups of runs, as its documentation shows it.

Left out: bodies of runs and models, which are in `api.schemas`.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from contract.run_group import GroupPoint, RunGroup


class AxisBody(BaseModel):
    """An input that a sweep varies: a list of values, or from, to and a step or a number of points.

    Without bounds the input's own are taken. Numbers may be numbers or texts.
    """

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    input: str
    values: list[Any] | str | None = None
    start: float | str | None = Field(None, alias="from")
    to: float | str | None = None
    step: float | str | None = None
    count: float | str | None = None


class SweepRequest(BaseModel):
    """A sweep: the inputs that stay as they are, and one or two axes, a list of scenarios, or saved scenarios."""

    model_config = ConfigDict(extra="forbid")

    inputs: dict[str, Any] = Field(default_factory=dict)
    axes: list[AxisBody] = Field(default_factory=list)
    scenarios: list[dict[str, Any]] | None = Field(None, description="the inputs that differ, run by run")
    saved: list[UUID] = Field(default_factory=list, description="ids of saved scenarios: a run of each")
    version: str | None = Field(None, description="content hash of a version to pin")
    fresh: bool = Field(default=False, description="run points anew whose result is stored")
    source: UUID | None = Field(None, description="a run whose uploaded files may be used again")


class SensitivityRequest(BaseModel):
    """A sensitivity: the inputs to start from, and how far each is taken; to its bounds without a percentage."""

    model_config = ConfigDict(extra="forbid")

    inputs: dict[str, Any] = Field(default_factory=dict)
    percent: float | None = Field(None, description="how far each input is taken down and up")
    keys: list[str] | None = Field(None, description="the inputs to vary; every numeric one without it")
    curve: int = Field(2, description="values of each input from low to high")
    version: str | None = None
    source: UUID | None = None


class SeekRequest(BaseModel):
    """A goal seek: the input to search for, the figure and what it is to be, and the bounds of the search."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    inputs: dict[str, Any] = Field(default_factory=dict)
    input: str
    figure: str
    target: float | str
    low: float | str | None = Field(None, alias="from")
    high: float | str | None = Field(None, alias="to")
    version: str | None = None
    source: UUID | None = None


class ChangeRequest(BaseModel):
    """An analysis of change: two runs of one model, and the order in which the inputs that differ are switched."""

    model_config = ConfigDict(extra="forbid")

    before: UUID
    after: UUID
    order: list[str] | None = None
    average: bool = Field(default=False, description="run what the average over all orders needs too")


class StepBody(BaseModel):
    """A step of an analysis of change: what it adds to the figure, and the figure after it."""

    label: str
    amount: float
    figure: float
    error: float = Field(description="standard error of a mean over orders drawn at random; 0 where it is exact")


class WayBody(BaseModel):
    """The way from one figure to the other; the steps add up to the difference."""

    figure: str
    start: float
    end: float
    steps: list[StepBody]


class PlanBody(BaseModel):
    """How many runs, about how many seconds, and how values were read."""

    runs: int
    seconds: float | None
    notes: list[str]


class GroupBody(BaseModel):
    """A group of runs: of `total` points `done` have ended, of these `failed` without a result."""

    group_id: str
    kind: str
    app_id: int
    app_name: str
    version: str
    user: str
    status: str
    reason: str | None
    total: int
    done: int
    failed: int
    reused: int
    created_at: datetime
    finished_at: datetime | None
    inputs: dict[str, Any]
    definition: dict[str, Any]
    outcome: dict[str, Any] | None
    url: str

    @classmethod
    def of(cls, group: RunGroup) -> "GroupBody":
        """Return the body for `group`."""
        return cls(
            group_id=str(group.id),
            kind=str(group.kind),
            app_id=group.app_id,
            app_name=group.app_name,
            version=group.version,
            user=group.user,
            status=str(group.status),
            reason=group.reason,
            total=group.total,
            done=group.done,
            failed=group.failed,
            reused=group.reused,
            created_at=group.created_at,
            finished_at=group.finished_at,
            inputs=dict(group.inputs),
            definition=dict(group.definition),
            outcome=None if group.outcome is None else dict(group.outcome),
            url=f"/sweep?id={group.id}",
        )


class PointBody(BaseModel):
    """One point of a group: the inputs that differ, its run and the figures of its result."""

    number: int
    name: str | None = Field(description="that of the saved scenario which it was made of")
    changes: dict[str, Any]
    version: str
    run_id: str | None
    status: str | None
    reason: str | None
    reused: bool
    summary: Any

    @classmethod
    def of(cls, point: GroupPoint) -> "PointBody":
        """Return the body for `point`."""
        return cls(
            number=point.number,
            name=point.name,
            changes=dict(point.changes),
            version=point.version,
            run_id=str(point.run_id) if point.run_id else None,
            status=str(point.status) if point.status else None,
            reason=point.reason,
            reused=point.reused,
            summary=point.summary,
        )
