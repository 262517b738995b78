"""A group of runs (a sweep, a sensitivity, a goal seek, an analysis of change, an upgrade impact), and its points.

Chosen: one noun for all of them, because they are started, followed, cancelled and resumed alike; what differs is the
definition, whose form belongs to its kind.
Left out: what is made of the figures, which is `engine.analysis`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from contract.run import Status, Visibility


class GroupKind(StrEnum):
    """What the runs of a group are made for."""

    SWEEP = "sweep"
    SENSITIVITY = "sensitivity"
    SEEK = "seek"
    CHANGE = "change"
    UPGRADE = "upgrade"


class GroupStatus(StrEnum):
    """How far a group is. One that was cancelled or has failed can be resumed."""

    RUNNING = "RUNNING"
    FINISHED = "FINISHED"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class RunGroup:
    """A group as stored. Of `total` points `done` have ended, of these `failed` without a result.

    `inputs` are those that all its points begin with, `definition` says what was asked for, `reused` counts the points
    whose result was stored before, and `growing` says that more points may come. `outcome` is what a goal seek found.
    """

    id: UUID
    kind: GroupKind
    app_id: int
    app_slug: str
    app_name: str
    version: str
    user: str
    definition: Mapping[str, Any]
    inputs: Mapping[str, Any]
    status: GroupStatus
    total: int
    done: int
    failed: int
    reused: int
    seq: int
    created_at: datetime
    finished_at: datetime | None = None
    reason: str | None = None
    outcome: Mapping[str, Any] | None = None
    growing: bool = False
    visibility: Visibility = Visibility.TEAM

    @property
    def final(self) -> bool:
        """Whether nothing of it is under way."""
        return self.status is not GroupStatus.RUNNING

    @property
    def resumable(self) -> bool:
        """Whether it ended before all its points did."""
        return self.status in {GroupStatus.CANCELLED, GroupStatus.FAILED}


@dataclass(frozen=True, slots=True)
class GroupPoint:
    """One point: the inputs that differ from the group's, and its run with the result's summary where there is one.

    `name` is that of the scenario which the point was made of, where it was.
    """

    number: int
    version: str
    changes: Mapping[str, Any]
    run_id: UUID | None = None
    status: Status | None = None
    reason: str | None = None
    reused: bool = False
    summary: Mapping[str, Any] = field(default_factory=dict)
    name: str | None = None


@dataclass(frozen=True, slots=True)
class FinishedPoint:
    """A point whose run is stored together with its end. Times are aware, memory is in bytes.

    With `reused_from` its result is that run's; otherwise `doc` is the result and `parts` its large parts.
    """

    number: int
    version: str
    inputs: Mapping[str, Any]
    seed: int
    started_at: datetime
    finished_at: datetime
    reused_from: UUID | None = None
    doc: Mapping[str, Any] | None = None
    parts: Mapping[str, Any] = field(default_factory=dict)
    nulls: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    log: str = ""
    peak_memory: int | None = None
    cpu_seconds: float | None = None
