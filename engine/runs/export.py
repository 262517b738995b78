"""A table or series of a result as columns in batches, small ones at once and large ones part by part.

Chosen: names are those the page shows; several series without a name of their own come as one wide table.
Left out: the form of the file, which is `contract.csv_export`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contract.csv_export import pivot
from contract.result import Column, Series, Table, parse_result
from engine.models.catalogue import find_app, find_version
from engine.processes.context import AppContext
from engine.runs.follow import snapshot
from storage import results

Batch = Mapping[str, Sequence[Any]]
SERIES = "Series"


@dataclass(frozen=True, slots=True)
class ExportedColumns:
    """Columns with their labels, the rows in batches, and a name for the file."""

    columns: Sequence[Column]
    batches: Iterator[Batch]
    filename: str


def export_columns(context: AppContext, run_id: UUID, name: str | None = None) -> ExportedColumns | None:
    """Return the table or series `name` of a run, its first one where none is named, or None.

    Raises:
        NotFoundError: there is no such run.
    """
    now = snapshot(context, run_id)
    _, manifest = find_version(context, find_app(context, now.run.app_id), now.run.version)
    result = parse_result(now.shown, manifest.outputs)
    source = now.run.reused_from or now.run.id
    table = next((t for t in result.tables if name in {None, t.name}), None)
    if table is not None:
        return ExportedColumns(
            table.columns, _batches(context, source, table), _filename(now.run.app_slug, table.name, run_id)
        )
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


def whole_series(context: AppContext, run_id: UUID, series: Series) -> Series:
    """Return the series with all its points, read from storage where they are kept apart."""
    return _read_series(context, run_id, series)


def _read_series(context: AppContext, source: UUID, series: Series) -> Series:
    if series.part is None:
        return series
    columns: dict[str, list[Any]] = {}
    for batch in _read_batches(context, source, series.part):
        for key, values in batch.items():
            columns.setdefault(key, []).extend(values)
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


def _batches(context: AppContext, source: UUID, table: Table) -> Iterator[Batch]:
    if table.part is None:
        yield table.data
    else:
        yield from _read_batches(context, source, table.part)


def _read_batches(context: AppContext, source: UUID, part: str) -> Iterator[Batch]:
    with context.database.read() as conn:
        for batch in results.iter_part(conn, source, part):
            yield batch.to_pydict()


def _filename(slug: str, name: str, run_id: UUID) -> str:
    plain = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower() or "table"
    return f"{slug}-{plain}-{str(run_id)[-8:]}.csv"
