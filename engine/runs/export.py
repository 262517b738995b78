"""What can be downloaded as columns in batches: a table or series of a result, and the list of runs.

Chosen: names are those the page shows; several series without a name of their own come as one wide table. Each batch is
read with a connection of its own, which goes back before the batch is handed on: a slow download holds none.
Left out: the form of the file, which is `contract.csv_export`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from contract.actor import Actor
from contract.csv_export import pivot, plain_name
from contract.result import Column, Series, Table, parse_result
from contract.run import Run
from contract.run_search import Filter
from contract.table_query import ALL_ROWS, TableQuery
from engine.authorization import Action, require
from engine.models.catalogue import version_of_run
from engine.processes.context import AppContext
from engine.runs.follow import snapshot
from engine.runs.results import check_sort, find_source
from engine.runs.search import iter_runs
from storage import results
from storage.part_query import iter_rows, stored_batches

Batch = Mapping[str, Sequence[Any]]
SERIES = "Series"
RUN_COLUMNS = tuple(
    Column(key, key)
    for key in (
        "run_id",
        "model",
        "status",
        "reason",
        "user",
        "queued_at",
        "started_at",
        "finished_at",
        "seconds",
        "version",
        "seed",
        "inputs",
    )
)


@dataclass(frozen=True, slots=True)
class ExportedColumns:
    """Columns with their labels, the rows in batches, and a name for the file."""

    columns: Sequence[Column]
    batches: Iterator[Batch]
    filename: str


def export_columns(
    context: AppContext, run_id: UUID, name: str | None = None, query: TableQuery = ALL_ROWS, *, actor: Actor
) -> ExportedColumns | None:
    """Return the table or series `name` of a run, its first one where none is named, or None.

    Args:
        context: of the process.
        run_id: of the run.
        name: of the table or series.
        query: which rows of a table, in what order; series are exported whole.
        actor: who asks.

    Raises:
        NotFoundError: there is no such run.
        NotAllowedError: the run is not for the actor to read.
        InputError: the table has no column of the name to sort by.
    """
    now = snapshot(context, run_id, actor=actor)
    version = version_of_run(context, now.run, actor=actor)
    result = parse_result(now.shown, version.manifest.outputs)
    source = now.run.reused_from or now.run.id
    table = next((t for t in result.tables if name in {None, t.name}), None)
    if table is not None:
        check_sort(query, [c.key for c in table.columns])
        rows = _found_batches(context, source, table, query)
        return ExportedColumns(table.columns, rows, _filename(now.run.app_slug, table.name, run_id))
    chosen = [s for s in result.series if name in {None, SERIES, s.name}]
    if not chosen:
        return None
    if chosen[0].part and len(chosen) == 1:
        return ExportedColumns(
            _columns(chosen[0]),
            _read_batches(context, source, chosen[0].part),
            _filename(now.run.app_slug, chosen[0].name, run_id),
        )
    wide = pivot([_read_series(context, source, s) for s in chosen])
    return ExportedColumns(wide.columns, iter([wide.data]), _filename(now.run.app_slug, name or "series", run_id))


def export_runs(context: AppContext, wanted: Filter, *, actor: Actor) -> ExportedColumns:
    """Return every run that `wanted` lets through, newest first.

    Raises:
        SearchTooSlow: reading a batch takes too long; raised by the batches.
    """
    batches = (_run_columns(found) for found in iter_runs(context, wanted, actor=actor))
    return ExportedColumns(RUN_COLUMNS, batches, f"runs-{datetime.now(UTC):%Y%m%d-%H%M}.csv")


def whole_series(context: AppContext, run_id: UUID, series: Series, *, actor: Actor) -> Series:
    """Return the series with all its points, read from storage where they are kept apart."""
    require(actor, Action.READ_RUNS)
    if series.part is None:
        return series
    return _read_series(context, find_source(context, run_id, actor=actor), series)


def read_columns(context: AppContext, run_id: UUID, part: str, *, actor: Actor) -> dict[str, list[Any]]:
    """Return all rows of a part of a run's result, its own or the one it reuses, as columns by key.

    Raises:
        NotAllowedError: the run is not for the actor to read.
    """
    require(actor, Action.READ_RUNS)
    return _read_columns(context, find_source(context, run_id, actor=actor), part)


def _read_columns(context: AppContext, source: UUID, part: str) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {}
    for batch in _read_batches(context, source, part):
        for key, values in batch.items():
            columns.setdefault(key, []).extend(values)
    return columns


def _read_series(context: AppContext, source: UUID, series: Series) -> Series:
    if series.part is None:
        return series
    columns = _read_columns(context, source, series.part)
    return Series(
        series.name,
        columns["x"],
        columns.get("y", [None] * len(columns["x"])),
        columns.get("lower"),
        columns.get("upper"),
        series.kind,
        series.axis,
        series.unit,
        series.rows,
    )


def _columns(series: Series) -> list[Column]:
    found = [Column("x", series.axis or "x"), Column("y", series.name, series.unit)]
    if series.lower is not None:
        found.append(Column("lower", f"{series.name} lower", series.unit))
    if series.upper is not None:
        found.append(Column("upper", f"{series.name} upper", series.unit))
    return found


def _found_batches(context: AppContext, source: UUID, table: Table, query: TableQuery) -> Iterator[Batch]:
    """Yield the rows of a table that are asked for: of one kept in the result's document too."""
    if table.part is None and query.everything:
        yield table.data
    elif table.part is None:
        held = results.as_stored(table.data)
        yield from (found.to_pydict() for found in iter_rows(lambda: iter([held]), query))
    elif query.everything:
        yield from _read_batches(context, source, table.part)
    else:
        part = table.part
        yield from (
            found.to_pydict() for found in iter_rows(lambda: stored_batches(context.database, source, part), query)
        )


def _read_batches(context: AppContext, source: UUID, part: str) -> Iterator[Batch]:
    yield from (batch.to_pydict() for batch in stored_batches(context.database, source, part))


def _run_columns(runs: Sequence[Run]) -> Batch:
    return {
        "run_id": [str(r.id) for r in runs],
        "model": [r.app_slug for r in runs],
        "status": [str(r.status) for r in runs],
        "reason": [r.reason for r in runs],
        "user": [r.user for r in runs],
        "queued_at": [r.queued_at.isoformat() for r in runs],
        "started_at": [r.started_at.isoformat() if r.started_at else None for r in runs],
        "finished_at": [r.finished_at.isoformat() if r.finished_at else None for r in runs],
        "seconds": [r.duration.total_seconds() if r.duration else None for r in runs],
        "version": [r.version for r in runs],
        "seed": [r.seed for r in runs],
        "inputs": [orjson.dumps(r.inputs).decode() for r in runs],
    }


def _filename(slug: str, name: str, run_id: UUID) -> str:
    return f"{slug}-{plain_name(name, 'table')}-{str(run_id)[-8:]}.csv"
