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
    """A sweep: the inputs that stay as they are, and one or two axes, or a list of scenarios."""

    model_config = ConfigDict(extra="forbid")

    inputs: dict[str, Any] = Field(default_factory=dict)
    axes: list[AxisBody] = Field(default_factory=list)
    scenarios: list[dict[str, Any]] | None = Field(None, description="the inputs that differ, run by run")
    version: str | None = Field(None, description="content hash of a version to pin")
    fresh: bool = Field(default=False, description="run points anew whose result is stored")
    source: UUID | None = Field(None, description="a run whose uploaded files may be used again")


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
            changes=dict(point.changes),
            version=point.version,
            run_id=str(point.run_id) if point.run_id else None,
            status=str(point.status) if point.status else None,
            reason=point.reason,
            reused=point.reused,
            summary=point.summary,
        )
