"""What the API takes and gives, as its documentation shows it.

Chosen: the MCLAVIER Marketplace's field names first, ours after them.
Left out: results, which are whatever JSON the model returned.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from contract.access import Access
from contract.app import App
from contract.manifest import Manifest
from contract.run import Run
from contract.schema import input_schema
from engine.runs.follow import Snapshot


class AppSummary(BaseModel):
    """A model of the catalogue."""

    id: int
    name: str
    description: str
    function_name: str
    repo_url: str | None
    function_path: str | None
    slug: str
    category: str | None
    tags: list[str]
    version: str | None

    @classmethod
    def of(cls, app: App) -> "AppSummary":
        """Return the body for `app`."""
        return cls(**_app_fields(app))


class GrantStatus(BaseModel):
    """Hosts or secrets that a model asks for, by name; a secret's value is nowhere in the API."""

    granted: list[str]
    not_granted: list[str]


class AppDetail(AppSummary):
    """A model with the JSON Schema of its inputs, and what it may reach and know."""

    input_schema: dict[str, Any]
    inputs: dict[str, Any]
    network: GrantStatus
    secrets: GrantStatus

    @classmethod
    def detail(cls, app: App, manifest: Manifest, access: Access) -> "AppDetail":
        """Return the body for `app` with the manifest of its current version."""
        return cls(
            **_app_fields(app),
            input_schema=input_schema(manifest),
            inputs=dict(manifest.raw["inputs"]),
            network=GrantStatus(granted=list(access.hosts), not_granted=list(access.hosts_missing)),
            secrets=GrantStatus(granted=list(access.secrets), not_granted=list(access.secrets_missing)),
        )


class RunRequest(BaseModel):
    """Inputs for a run; those left out take their defaults."""

    model_config = ConfigDict(extra="forbid")

    inputs: dict[str, Any] = Field(default_factory=dict)
    version: str | None = Field(None, description="content hash of a version to pin")
    fresh: bool = Field(default=False, description="run even where an equal run's result is stored")
    source: UUID | None = Field(None, description="a run that is edited: its uploaded files may be used again")


class RunStatus(BaseModel):
    """A run that has been accepted."""

    run_id: str
    status: str
    url: str


class RunSummary(BaseModel):
    """A run in the list."""

    run_id: str
    app_id: int
    app_name: str
    status: str
    queued_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    user: str
    reason: str | None
    version: str

    @classmethod
    def of(cls, run: Run) -> "RunSummary":
        """Return the body for `run`."""
        return cls(
            run_id=str(run.id),
            app_id=run.app_id,
            app_name=run.app_name,
            status=str(run.status),
            queued_at=run.queued_at,
            started_at=run.started_at,
            finished_at=run.finished_at,
            user=run.user,
            reason=run.reason,
            version=run.version,
        )


class RunDetail(RunSummary):
    """A run with its result, or with what it has shown so far."""

    inputs: dict[str, Any]
    result: dict[str, Any] | None
    seed: int
    progress: float | None
    message: str | None
    place_in_queue: int | None
    problems: list[dict[str, str]]
    traceback: str | None
    warnings: list[str]
    log: str
    duration_seconds: float | None
    peak_memory_bytes: int | None
    cpu_seconds: float | None
    worker: str | None
    environment: dict[str, str]
    reused_from: str | None
    git_commit: str | None
    not_finite: dict[str, Any]

    @classmethod
    def detail(cls, snapshot: Snapshot) -> "RunDetail":
        """Return the body for a run as it is now."""
        run = snapshot.run
        return cls(
            **RunSummary.of(run).model_dump(),
            inputs=run.inputs,
            result=dict(snapshot.shown) if snapshot.shown or run.status == "SUCCESS" else None,
            seed=run.seed,
            progress=run.progress,
            message=run.message,
            place_in_queue=snapshot.place,
            problems=[p.as_dict() for p in run.problems],
            traceback=run.traceback,
            warnings=list(run.warnings),
            log=snapshot.log,
            duration_seconds=run.duration.total_seconds() if run.duration else None,
            peak_memory_bytes=run.peak_memory,
            cpu_seconds=run.cpu_seconds,
            worker=run.worker,
            environment=dict(run.environment),
            reused_from=str(run.reused_from) if run.reused_from else None,
            git_commit=run.git_commit,
            not_finite=dict(snapshot.nulls),
        )


def _app_fields(app: App) -> dict[str, Any]:
    source = app.source
    return {
        "id": app.id,
        "name": app.name,
        "description": app.description,
        "function_name": app.slug,
        "repo_url": source.get("url"),
        "function_path": source.get("path"),
        "slug": app.slug,
        "category": app.category,
        "tags": list(app.tags),
        "version": app.current_version,
    }
