"""What the exports of a run have in common: the run with its manifest and result, and its tables read in batches.

Left out: the form of each file.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any
from uuid import UUID

from contract.actor import Actor
from contract.csv_export import pivot
from contract.errors import NotReadyError
from contract.manifest import Manifest
from contract.problems import Problem
from contract.result import Column, Result, parse_result
from contract.run import Run
from engine.authorization import Action, require
from engine.models.catalogue import version_of_run
from engine.processes.context import AppContext
from engine.runs.export import SERIES, export_columns, whole_series
from engine.runs.follow import snapshot

CHUNK = 1 << 16  # bytes of a file that are sent at once


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """A file to save: its name, its type, and its content in chunks."""

    filename: str
    media_type: str
    chunks: Iterator[bytes]


@dataclass(frozen=True, slots=True)
class EndedRun:
    """A run that has ended, as its exports need it.

    `doc` is the result as stored, with references in place of its large tables.
    """

    run: Run
    manifest: Manifest
    doc: Mapping[str, Any]
    result: Result

    @property
    def stem(self) -> str:
        """What the names of its files begin with."""
        return f"{re.sub(r'[^A-Za-z0-9_]+', '-', self.run.app_slug)}-{str(self.run.id)[-8:]}"


@dataclass(frozen=True, slots=True)
class NamedRows:
    """A table of the result by its name, or all series side by side; `rows` in all, in batches of columns by key."""

    name: str
    columns: Sequence[Column]
    rows: int
    batches: Iterator[Mapping[str, Sequence[Any]]]


def read_chunks(file: IO[bytes]) -> Iterator[bytes]:
    """Yield what was written to a temporary file, from its beginning, and close it."""
    with file:
        file.seek(0)
        while chunk := file.read(CHUNK):
            yield chunk


def read_ended_run(context: AppContext, run_id: UUID, *, actor: Actor) -> EndedRun:
    """Return the run.

    Raises:
        NotFoundError: there is no such run.
        NotReadyError: it has not ended.
    """
    require(actor, Action.READ_RUNS)
    now = snapshot(context, run_id, actor=actor)
    if not now.final:
        raise NotReadyError([Problem("run", f"run {run_id} has not ended", "Ask for its files when it has.")])
    manifest = version_of_run(context, now.run, actor=actor).manifest
    result = parse_result(now.shown, manifest.outputs)
    return EndedRun(now.run, manifest, now.shown, result)


def iter_tables(context: AppContext, ended: EndedRun, *, actor: Actor) -> Iterator[NamedRows]:
    """Return an iterator over each table of the result, then its series as one table."""
    require(actor, Action.READ_RUNS)
    return _iter_tables(context, ended, actor)


def _iter_tables(context: AppContext, ended: EndedRun, actor: Actor) -> Iterator[NamedRows]:
    for table in ended.result.tables:
        found = export_columns(context, ended.run.id, table.name, actor=actor)
        assert found is not None  # by the name of one that is there
        yield NamedRows(table.name, found.columns, table.rows, found.batches)
    if ended.result.series:
        series = [whole_series(context, ended.run.id, s, actor=actor) for s in ended.result.series]
        wide = pivot(series)
        yield NamedRows(SERIES, wide.columns, wide.rows, iter([wide.data]))
