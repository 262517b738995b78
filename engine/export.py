"""A table or series of a result as columns in batches, small ones at once and large ones part by part.

Chosen: names are those the page shows; several series without a name of their own come as one wide table.
Left out: the form of the file, which is `contract.csv`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contract.csv import series_table
from contract.result import Column, Series, Table, view
from engine.desk import Desk
from engine.follow import snapshot
from engine.submit import find_app, find_version
from storage import results

Batch = Mapping[str, Sequence[Any]]
SERIES = "Series"


@dataclass(frozen=True, slots=True)
class Exported:
    """Columns with their labels, the rows in batches, and a name for the file."""

    columns: Sequence[Column]
    batches: Iterator[Batch]
    filename: str


def export(desk: Desk, run_id: UUID, name: str | None = None) -> Exported | None:
    """Return the table or series `name` of a run, its first one where none is named, or None.

    Raises:
        NotFoundError: there is no such run.
    """
    now = snapshot(desk, run_id)
    _, manifest = find_version(desk, find_app(desk, now.run.app_id), now.run.version)
    result = view(now.shown, manifest.outputs)
    source = now.run.reused_from or now.run.id
    table = next((t for t in result.tables if name in {None, t.name}), None)
    if table is not None:
        return Exported(table.columns, _batches(desk, source, table), _filename(now.run.app_slug, table.name, run_id))
    chosen = [s for s in result.series if name in {None, SERIES, s.name}]
    if not chosen:
        return None
    if chosen[0].part and len(chosen) == 1:
        return Exported(
            _columns(chosen[0]),
            _read(desk, source, chosen[0].part),
            _filename(now.run.app_slug, chosen[0].name, run_id),
        )
    wide = series_table([_whole(desk, source, s) for s in chosen])
    return Exported(wide.columns, iter([wide.data]), _filename(now.run.app_slug, name or "series", run_id))


def whole_series(desk: Desk, run_id: UUID, series: Series) -> Series:
    """Return the series with all its points, read from storage where they are kept apart."""
    return _whole(desk, run_id, series)


def _whole(desk: Desk, source: UUID, series: Series) -> Series:
    if series.part is None:
        return series
    columns: dict[str, list[Any]] = {}
    for batch in _read(desk, source, series.part):
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


def _batches(desk: Desk, source: UUID, table: Table) -> Iterator[Batch]:
    if table.part is None:
        yield table.data
    else:
        yield from _read(desk, source, table.part)


def _read(desk: Desk, source: UUID, part: str) -> Iterator[Batch]:
    with desk.database.read() as conn:
        for batch in results.iter_part(conn, source, part):
            yield batch.to_pydict()


def _filename(slug: str, name: str, run_id: UUID) -> str:
    plain = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower() or "table"
    return f"{slug}-{plain}-{str(run_id)[-8:]}.csv"
