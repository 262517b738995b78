"""Models and runs as the server describes them.

Chosen: the fields that programs use are typed; `raw` has everything that the server sent, for those of later servers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from tontine.errors import Problem

SUCCESS = "SUCCESS"
FINAL = frozenset({SUCCESS, "FAILED", "CANCELLED", "TIMED_OUT"})


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model of the catalogue. `version` is the content hash of its current version."""

    id: int
    slug: str
    name: str
    description: str
    category: str | None
    tags: tuple[str, ...]
    version: str | None
    raw: Mapping[str, Any]

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> Self:
        """Return the model that the server's `body` describes."""
        return cls(
            id=body["id"],
            slug=body["slug"],
            name=body["name"],
            description=body["description"],
            category=body.get("category"),
            tags=tuple(body.get("tags", ())),
            version=body.get("version"),
            raw=body,
        )


@dataclass(frozen=True, slots=True)
class RunInfo:
    """A run as it was when it was read. `inputs`, `log` and `result` are there only where the whole run was read.

    `progress` goes from 0 to 1; `result` is what the model has shown so far while the run goes on.
    """

    id: str
    model: str
    status: str
    version: str
    user: str
    queued_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    reason: str | None
    progress: float | None
    message: str | None
    problems: tuple[Problem, ...]
    warnings: tuple[str, ...]
    inputs: Mapping[str, Any]
    result: Mapping[str, Any] | None
    log: str
    traceback: str | None
    reused_from: str | None
    raw: Mapping[str, Any]

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to the run."""
        return self.status in FINAL

    @property
    def succeeded(self) -> bool:
        """Whether the run ended with a result."""
        return self.status == SUCCESS

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> Self:
        """Return the run that the server's `body` describes."""
        return cls(
            id=body["run_id"],
            model=body["app_name"],
            status=body["status"],
            version=body["version"],
            user=body["user"],
            queued_at=datetime.fromisoformat(body["queued_at"]),
            started_at=_moment(body["started_at"]),
            finished_at=_moment(body["finished_at"]),
            reason=body["reason"],
            progress=body.get("progress"),
            message=body.get("message"),
            problems=tuple(Problem(p["where"], p["found"], p["remedy"]) for p in body.get("problems", ())),
            warnings=tuple(body.get("warnings", ())),
            inputs=body.get("inputs", {}),
            result=body.get("result"),
            log=body.get("log", ""),
            traceback=body.get("traceback"),
            reused_from=body.get("reused_from"),
            raw=body,
        )


@dataclass(frozen=True, slots=True)
class GroupInfo:
    """A group of runs as it was read: of `total` points `done` have ended, of these `failed` without a result.

    `outcome` is what a goal seek found.
    """

    id: str
    kind: str
    model: str
    status: str
    reason: str | None
    total: int
    done: int
    failed: int
    outcome: Mapping[str, Any] | None
    raw: Mapping[str, Any]

    @property
    def ended(self) -> bool:
        """Whether nothing of it is under way."""
        return self.status != "RUNNING"

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> Self:
        """Return the group that the server's `body` describes."""
        return cls(
            id=body["group_id"],
            kind=body["kind"],
            model=body["app_name"],
            status=body["status"],
            reason=body["reason"],
            total=body["total"],
            done=body["done"],
            failed=body["failed"],
            outcome=body["outcome"],
            raw=body,
        )


@dataclass(frozen=True, slots=True)
class ScenarioInfo:
    """A scenario as it was read: inputs of a model under a name, saved with the version `version`.

    `values` are the inputs as the version it was opened on takes them, `warnings` what became of the others; both are
    there only where the scenario was opened by its id.
    """

    id: str
    name: str
    model: str
    version: str
    user: str
    visibility: str
    changed_at: datetime
    changed_by: str
    inputs: Mapping[str, Any]
    values: Mapping[str, Any]
    warnings: tuple[str, ...]
    raw: Mapping[str, Any]

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> Self:
        """Return the scenario that the server's `body` describes."""
        return cls(
            id=body["scenario_id"],
            name=body["name"],
            model=body["app_name"],
            version=body["version"],
            user=body["user"],
            visibility=body["visibility"],
            changed_at=datetime.fromisoformat(body["changed_at"]),
            changed_by=body["changed_by"],
            inputs=body.get("inputs", {}),
            values=body.get("values", {}),
            warnings=tuple(body.get("warnings", ())),
            raw=body,
        )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
