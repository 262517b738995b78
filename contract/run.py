"""A run: what an analyst asked of one version of one model, and how it ended.

Chosen: a frozen value with everything a page, the API or a CSV shows; the result is fetched apart, by run id.
Left out: the queue's job, which never leaves the engine.
"""

from collections.abc import Iterable
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


def narrowest(given: Iterable[Visibility]) -> Visibility:
    """Return the one of these by which the fewest may read."""
    return min(given, key=list(Visibility).index)


class LinkKind(StrEnum):
    """How something came from something else. The first two are stored with the run, as its origin."""

    EDITED = "edited"  # a run whose form began with the inputs of another run
    REPLAY = "replay"  # a run computed again on its own version, inputs and seed
    REUSED = "reused"  # a run that has the stored result of another run
    MEMBER = "member"  # a run that is a point of a sweep, or a step of another analysis
    SOURCE = "source"  # a group of runs that began with the inputs of a run
    UNKNOWN = "unknown"  # how runs that the reader may not see came from a run is not for the reader either


@dataclass(frozen=True, slots=True)
class Run:
    """One run as stored. Times are aware and in UTC; memory is in bytes; CPU time in seconds.

    Of waiting runs the highest `priority` goes first, among these the lowest `rank`. `origin_kind` says whether and how
    it came from another run; which one that is depends on who asks (`contract.run_links`).
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
    origin_kind: LinkKind | None = None

    @property
    def duration(self) -> timedelta | None:
        """How long the model ran, or None while it has not both started and finished."""
        if self.started_at is None or self.finished_at is None:
            return None
        return self.finished_at - self.started_at
