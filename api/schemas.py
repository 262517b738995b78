"""What the API takes and gives, as its documentation shows it.

Chosen: the MCLAVIER Marketplace's field names first, ours after them.
Left out: results, which are whatever JSON the model returned.
"""

from dataclasses import asdict
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from contract.access import Access
from contract.annotation import Annotations, SavedSearch
from contract.app import App
from contract.run import Run
from contract.schema import input_schema
from contract.worker import WorkerInfo
from engine.analysis.compare import RunComparison
from engine.analysis.table_difference import TableDifference
from engine.gateway.spending import GatewaySpending
from engine.models.versions import LoadedVersion
from engine.runs.follow import Snapshot


class ProblemBody(BaseModel):
    """One thing that is wrong: where, what was found, what to do."""

    where: str
    found: str
    remedy: str


class ErrorBody(BaseModel):
    """An error: what happened in a few words, and each problem."""

    error: str
    problems: list[ProblemBody]


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


class CaseBody(BaseModel):
    """Inputs with a name; with `expect`, published values by path that a run reproduces, and where they are from."""

    name: str
    inputs: dict[str, Any]
    expect: dict[str, Any]
    source: str | None


class ReferenceBody(BaseModel):
    """A paper, regulation or table that the method comes from."""

    title: str
    url: str | None
    note: str | None


class AppDetail(AppSummary):
    """A model with the JSON Schema of its inputs, what it may reach and know, and what is written about it.

    `reproduced` of `total` published values came out when the version's reference cases last ran; None before.
    """

    input_schema: dict[str, Any]
    inputs: dict[str, Any]
    network: GrantStatus
    secrets: GrantStatus
    cases: list[CaseBody]
    references: list[ReferenceBody]
    authors: list[str]
    maintainers: list[str]
    license: str | None
    readme: str | None
    reproduced: int | None
    total: int | None
    last_run_at: datetime | None

    @classmethod
    def detail(cls, app: App, loaded: LoadedVersion, access: Access) -> "AppDetail":
        """Return the body for `app` with a version of it."""
        manifest = loaded.manifest
        return cls(
            cases=[
                CaseBody(name=c.name, inputs=dict(c.inputs), expect=dict(c.expect), source=c.source)
                for c in loaded.cases
            ],
            references=[ReferenceBody(title=r.title, url=r.url, note=r.note) for r in manifest.references],
            authors=list(manifest.authors),
            maintainers=list(manifest.maintainers),
            license=manifest.license,
            readme=loaded.version.readme,
            reproduced=app.reproduced,
            total=app.total,
            last_run_at=app.last_run_at,
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
    visibility: str

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
            visibility=str(run.visibility),
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


class PartRows(BaseModel):
    """Rows of a large table or series that is stored apart, in column form, from row `offset` on.

    `found` is how many rows there are, or how many a search finds.
    """

    name: str
    offset: int
    found: int
    columns: list[str]
    data: dict[str, list[Any]]


class UploadBody(BaseModel):
    """An uploaded file as the value of an input of type file: its SHA-256, its name and its size in bytes."""

    file: str
    name: str
    size: int


class WorkerBody(BaseModel):
    """A worker that has been heard of lately; `tier` says how strictly it confines model code."""

    name: str
    host: str
    tier: str
    concurrency: int
    started_at: datetime
    heartbeat_at: datetime
    environment: dict[str, Any]

    @classmethod
    def of(cls, worker: WorkerInfo) -> "WorkerBody":
        """Return the body for `worker`."""
        return cls(
            name=worker.name,
            host=worker.host,
            tier=worker.tier,
            concurrency=worker.concurrency,
            started_at=worker.started_at,
            heartbeat_at=worker.heartbeat_at,
            environment=dict(worker.environment),
        )


class Health(BaseModel):
    """Whether the database answers, and how many workers there are, with their tiers of confinement."""

    status: Literal["ok", "no workers"]
    database: Literal["ok"]
    workers: int
    tiers: list[str]


class QueueCounts(BaseModel):
    """How many runs wait for a worker, and how many a worker executes."""

    queued: int
    running: int


class ModelStats(BaseModel):
    """Figures of one model; rates from 0 to 1, durations in seconds."""

    app_id: int
    slug: str
    app_name: str
    runs: int
    successes: int
    failures: int
    success_rate: float | None
    mean: float | None
    p50: float | None
    p95: float | None
    last_run_at: datetime | None


class DayStats(BaseModel):
    """Runs asked for on a day, in UTC, and how many of them are successes."""

    day: date
    runs: int
    successes: int


class StatsBody(BaseModel):
    """Figures of all runs; the rate from 0 to 1, `mean_seconds` of the successes that were computed lately."""

    total: int
    by_status: dict[str, int]
    success_rate: float | None
    mean_seconds: float | None
    today: int
    by_model: list[ModelStats]
    by_day: list[DayStats]


class SpendingBody(BaseModel):
    """Calls of the AI gateway; `cost` in US dollars, `unknown` calls whose cost it did not report."""

    name: str
    calls: int
    unknown: int
    input_tokens: int
    output_tokens: int
    cost: float


class GatewayBody(BaseModel):
    """What was spent at the AI gateway, by the provider's model and, today, by user; `cap` is by user and day."""

    by_model: list[SpendingBody]
    by_user_today: list[SpendingBody]
    cap: float

    @classmethod
    def of(cls, found: GatewaySpending) -> "GatewayBody":
        """Return the body."""
        return cls(
            by_model=[SpendingBody(**asdict(one)) for one in found.by_model],
            by_user_today=[SpendingBody(**asdict(one)) for one in found.by_user_today],
            cap=found.cap,
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


class TagBody(BaseModel):
    """A tag of a run."""

    tag: str
    user: str
    at: datetime


class StarBody(BaseModel):
    """A star that a user gave a run."""

    user: str
    at: datetime


class NoteBody(BaseModel):
    """A note at a run, in Markdown."""

    id: UUID
    text: str
    user: str
    at: datetime
    edited_at: datetime | None


class BaselineBody(BaseModel):
    """Who made the run its model's baseline."""

    user: str
    at: datetime


class AnnotationsBody(BaseModel):
    """What people say of a run; `baseline` is null where it is not its model's."""

    tags: list[TagBody]
    stars: list[StarBody]
    notes: list[NoteBody]
    baseline: BaselineBody | None

    @classmethod
    def of(cls, said: Annotations) -> "AnnotationsBody":
        """Return the body for `said`."""
        pinned = said.baseline
        return cls(
            tags=[TagBody(tag=tag.text, user=tag.user, at=tag.at) for tag in said.tags],
            stars=[StarBody(user=star.user, at=star.at) for star in said.stars],
            notes=[
                NoteBody(id=note.id, text=note.text, user=note.user, at=note.at, edited_at=note.edited_at)
                for note in said.notes
            ],
            baseline=None if pinned is None else BaselineBody(user=pinned.user, at=pinned.at),
        )


class NoteRequest(BaseModel):
    """The text of a note."""

    model_config = ConfigDict(extra="forbid")

    text: str


class NoteCreated(BaseModel):
    """The id of a new note."""

    id: UUID


class SearchRequest(BaseModel):
    """A search to save, with decimal points and ISO dates."""

    model_config = ConfigDict(extra="forbid")

    query: str
    shared: bool = Field(default=False, description="offer it to everybody")


class SavedSearchBody(BaseModel):
    """A saved search; `query` is for the list of runs."""

    id: UUID
    name: str
    query: str
    shared: bool
    user: str
    at: datetime

    @classmethod
    def of(cls, one: SavedSearch) -> "SavedSearchBody":
        """Return the body for `one`."""
        return cls(id=one.id, name=one.name, query=one.query, shared=one.shared, user=one.user, at=one.at)


class SearchKeyBody(BaseModel):
    """An input or a summary figure, as a search names it."""

    name: str
    label: str
    app: str


class InputRowBody(BaseModel):
    """An input in each run: its value, and in words how it differs from the baseline's."""

    key: str
    label: str
    unit: str | None
    values: list[Any]
    texts: list[str | None]
    differs: bool


class FigureRowBody(BaseModel):
    """A summary figure in each run, with its differences from the baseline, also as shares of it."""

    label: str
    unit: str | None
    values: list[Any]
    differences: list[float | None]
    relative: list[float | None]
    differs: bool


class ComparisonBody(BaseModel):
    """Runs side by side, in the order asked for; what differs comes first. `url` opens the page."""

    runs: list[RunSummary]
    baseline: str
    inputs: list[InputRowBody]
    figures: list[FigureRowBody]
    series: list[str]
    tables: list[str]
    notes: list[str]
    url: str

    @classmethod
    def of(cls, found: RunComparison) -> "ComparisonBody":
        """Return the body for `found`."""
        ids = [str(one.run.id) for one in found.runs]
        return cls(
            runs=[RunSummary.of(one.run) for one in found.runs],
            baseline=ids[found.baseline],
            inputs=[
                InputRowBody(
                    key=row.key,
                    label=row.label,
                    unit=row.unit,
                    values=list(row.values),
                    texts=list(row.texts),
                    differs=row.differs,
                )
                for row in found.inputs
            ],
            figures=[
                FigureRowBody(
                    label=row.label,
                    unit=row.unit,
                    values=list(row.values),
                    differences=list(row.differences),
                    relative=list(row.relative),
                    differs=row.differs,
                )
                for row in sorted(found.figures, key=lambda row: not row.differs)
            ],
            series=[group.name for group in found.series],
            tables=list(found.table_names),
            notes=list(found.notes),
            url=f"/compare?runs={','.join(ids)}&baseline={ids[found.baseline]}",
        )


class CellBody(BaseModel):
    """A cell that differs: its row by name or number, its column, both values, and the difference of two numbers."""

    row: str
    column: str
    before: Any
    now: Any
    difference: float | None


class TableDifferenceBody(BaseModel):
    """The cells of a table that differ; `compared` of `rows` rows were looked at, named by the column `key`."""

    name: str
    key: str | None
    cells: list[CellBody]
    rows: int
    compared: int
    added: int
    removed: int
    only_before: list[str]
    only_now: list[str]

    @classmethod
    def of(cls, one: TableDifference) -> "TableDifferenceBody":
        """Return the body for `one`."""
        cells = [
            CellBody(row=name, column=column.key, before=cell.before, now=cell.now, difference=cell.difference)
            for name, row in zip(one.names, one.cells, strict=True)
            for column, cell in zip(one.columns, row, strict=True)
            if cell.differs
        ]
        return cls(
            name=one.name,
            key=None if one.key is None else one.key.key,
            cells=cells,
            rows=one.rows,
            compared=len(one.cells),
            added=one.added,
            removed=one.removed,
            only_before=list(one.only_before),
            only_now=list(one.only_now),
        )
