"""A run: what an analyst asked of one version of one model, and how it ended.

Chosen: a frozen value with everything a page, the API or a CSV shows; the result is fetched apart, by run id.
Left out: the queue's job, which never leaves the engine.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from contract.problems import Problem


class Status(StrEnum):
    """The state of a run. The first four are the MCLAVIER Marketplace's own words."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    TIMED_OUT = "TIMED_OUT"

    @property
    def final(self) -> bool:
        """Whether nothing can follow this status."""
        return self not in {Status.PENDING, Status.RUNNING}


class Visibility(StrEnum):
    """Who may read a run, besides its owner and administrators."""

    PRIVATE = "private"
    TEAM = "team"
    PUBLIC = "public"


@dataclass(frozen=True, slots=True)
class Run:
    """One run as stored. Times are aware and in UTC; memory is in bytes; CPU time in seconds.

    Of waiting runs the highest `priority` goes first, among these the lowest `rank`.
    """

    id: UUID
    app_id: int
    app_slug: str
    app_name: str
    version: str
    status: Status
    inputs: dict[str, Any]
    seed: int
    user: str
    queued_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    reason: str | None = None
    problems: tuple[Problem, ...] = ()
    traceback: str | None = None
    warnings: tuple[str, ...] = ()
    progress: float | None = None
    message: str | None = None
    seq: int = 0
    attempt: int = 0
    priority: int = 0
    rank: int = 0
    peak_memory: int | None = None
    cpu_seconds: float | None = None
    worker: str | None = None
    environment: dict[str, str] = field(default_factory=dict)
    reused_from: UUID | None = None
    superseded_by: UUID | None = None
    cancel_requested: bool = False
    git_commit: str | None = None
    visibility: Visibility = Visibility.TEAM

    @property
    def duration(self) -> timedelta | None:
        """How long the model ran, or None while it has not both started and finished."""
        if self.started_at is None or self.finished_at is None:
            return None
        return self.finished_at - self.started_at
