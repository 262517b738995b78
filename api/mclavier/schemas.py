"""What the MCLAVIER Marketplace's API takes and gives: its fields first, ours after them.

Chosen: four statuses, as its clients know no other; the real one stands beside. A run has always started, at the latest
when it was asked for.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.mclavier.inputs import slider_schema
from api.schemas import ErrorBody
from contract.app import App
from contract.manifest import Manifest
from contract.run import Run, Status

Shown = Literal["PENDING", "RUNNING", "SUCCESS", "FAILED"]


class AppBody(BaseModel):
    """A model of the catalogue; `input_schema` is what a form of sliders draws, `inputs` all that the manifest says."""

    id: int
    name: str
    description: str
    function_name: str
    repo_url: str | None
    function_path: str
    input_schema: dict[str, dict[str, Any]]
    inputs: dict[str, Any]
    version: str | None

    @classmethod
    def of(cls, app: App, manifest: Manifest) -> "AppBody":
        """Return the body for `app` with the manifest of its current version."""
        return cls(
            id=app.id,
            name=app.name,
            description=app.description,
            function_name=app.slug,
            repo_url=app.source.get("url"),
            function_path=app.source.get("path") or app.slug,
            input_schema=slider_schema(manifest),
            inputs=dict(manifest.raw["inputs"]) if "inputs" in manifest.raw else {},
            version=app.current_version,
        )


class DetailBody(ErrorBody):
    """An error in words; what our API says of it beside."""

    detail: str


class RegisterRequest(BaseModel):
    """Where the model to be registered is."""

    repo_url: str = Field(max_length=2_000)


class RunRequest(BaseModel):
    """Inputs by key; what else the body holds is ignored, as the MCLAVIER Marketplace does."""

    model_config = ConfigDict(extra="ignore")

    inputs: dict[str, Any]


class RunAccepted(BaseModel):
    """A run that has been accepted. It is called pending even where a stored result was there at once."""

    run_id: str
    status: Literal["PENDING"] = "PENDING"


class RunBody(BaseModel):
    """A run in the list."""

    run_id: str
    app_id: int
    app_name: str
    status: Shown
    started_at: datetime
    finished_at: datetime | None
    real_status: Status

    @classmethod
    def fields(cls, run: Run) -> dict[str, Any]:
        """Return the values of the fields for `run`."""
        started, finished = times(run)
        return {
            "run_id": str(run.id),
            "app_id": run.app_id,
            "app_name": run.app_name,
            "status": shown_status(run.status),
            "started_at": started,
            "finished_at": finished,
            "real_status": run.status,
        }


class RunDetailBody(RunBody):
    """A run with its result, which is there once it is a success."""

    result: dict[str, Any] | None
    reason: str | None
    warnings: Sequence[str]
    reused_from: str | None


class AppStats(BaseModel):
    """Figures of one model; the rate in percent, the duration in seconds."""

    app_name: str
    total: int
    success_rate: float
    avg_duration: float
    last_run: datetime | None


class Stats(BaseModel):
    """Figures of all runs; the rate in percent."""

    total_runs: int
    success_rate: float
    avg_duration_seconds: float
    runs_today: int
    per_app: list[AppStats]


class LiveRun(BaseModel):
    """A run that waits or runs."""

    run_id: str
    started_at: datetime
    app_name: str
    status: Shown


class Live(BaseModel):
    """The runs that wait or run, the oldest first."""

    live: list[LiveRun]


class Day(BaseModel):
    """How many runs were asked for on a day, in UTC."""

    day: str
    count: int


class History(BaseModel):
    """Runs per day of the last thirty days; days without one are left out."""

    history: list[Day]


def shown_status(status: Status) -> Shown:
    """Return the status in the four words of the MCLAVIER Marketplace."""
    known: dict[Status, Shown] = {
        Status.PENDING: "PENDING",
        Status.RUNNING: "RUNNING",
        Status.SUCCESS: "SUCCESS",
    }
    return known.get(status, "FAILED")


def times(run: Run) -> tuple[datetime, datetime | None]:
    """Return when the run started and finished. One that reuses a result did both when it was asked for."""
    if run.reused_from is not None:
        return run.queued_at, run.queued_at
    return run.started_at or run.queued_at, run.finished_at
