"""What the API takes and gives of groups of runs, as its documentation shows it.

Left out: bodies of runs and models, which are in `api.schemas`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from contract.run_group import GroupPoint, RunGroup
from engine.analysis.impact import Impact
from engine.analysis.upgrade import RUNS


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


class UpgradeRequest(BaseModel):
    """An upgrade impact: the version on which the last runs are replayed, and how many of which runs."""

    model_config = ConfigDict(extra="forbid")

    version: str = Field(description="content hash of the version to replay on")
    runs: int = Field(RUNS, description="how many of the newest successful runs; equal inputs count once")
    before: str | None = Field(None, description="only runs of this version; of every other one without it")


class QuantileBody(BaseModel):
    """A quantile of the differences of a figure, and one of the relative differences."""

    share: float
    difference: float
    relative: float | None


class ReplayedBody(BaseModel):
    """A run and its replay: whether the results are identical, and the figure of both."""

    number: int
    run_id: str
    version: str
    replay_id: str | None
    outcome: str = Field(description="identical, different, failed, waiting, or hidden where the run may not be read")
    reason: str | None
    before: float | None
    after: float | None
    difference: float | None
    relative: float | None


class MisfitBody(BaseModel):
    """A run that the version does not take, and why."""

    run: str
    reason: str


class ImpactBody(BaseModel):
    """What an upgrade changes of one figure; the runs have the largest difference first."""

    figure: str
    outcomes: dict[str, int]
    equal: int
    rounded: int = Field(description="figures that differ by less than a billionth")
    changed: int
    missing: int
    quantiles: list[QuantileBody]
    runs: list[ReplayedBody]
    misfits: list[MisfitBody]

    @classmethod
    def of(cls, figure: str, impact: Impact, misfits: Sequence[Mapping[str, str]]) -> "ImpactBody":
        """Return the body for `impact`."""
        return cls(
            figure=figure,
            outcomes={str(outcome): count for outcome, count in impact.outcomes.items()},
            equal=impact.equal,
            rounded=impact.rounded,
            changed=impact.changed,
            missing=impact.missing,
            quantiles=[QuantileBody(**asdict(one)) for one in impact.quantiles],
            runs=[
                ReplayedBody(
                    number=one.number,
                    run_id=str(one.run_id),
                    version=one.version,
                    replay_id=str(one.replay_id) if one.replay_id else None,
                    outcome=str(one.outcome),
                    reason=one.reason,
                    before=one.before,
                    after=one.after,
                    difference=one.difference,
                    relative=one.relative,
                )
                for one in impact.replays
            ],
            misfits=[MisfitBody(**one) for one in misfits],
        )


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


class InputRowsBody(BaseModel):
    """Inputs in the rows of a file, None where one is not given, and how open texts were read."""

    rows: list[dict[str, Any]]
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
