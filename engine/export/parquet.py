"""A table or series of a run as Parquet, with the run it belongs to in the file's metadata.

Chosen: columns are named as in the CSV, those of equal names numbered; what a column holds of several kinds is text.
A file is written batch by batch where all have the same types, else from all rows at once.
Left out: several tables in one file, which Parquet has not.
"""

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

from contract.actor import Actor
from contract.errors import NotFoundError
from contract.problems import Problem
from contract.result import Column
from engine.export.ended_run import EndedRun, ExportedFile, read_chunks, read_ended_run
from engine.processes.context import AppContext
from engine.runs.export import export_columns

if TYPE_CHECKING:
    import pyarrow as pa

MEDIA_TYPE = "application/vnd.apache.parquet"
METADATA = b"tontine"


def table_parquet(context: AppContext, run_id: UUID, name: str | None = None, *, actor: Actor) -> ExportedFile:
    """Return a table or series of an ended run, the first one without a name.

    Its schema's metadata hold under `tontine` a JSON object: run, model, version, seed, inputs, times and packages.

    Raises:
        NotFoundError: there is no such run, table or series.
        NotReadyError: the run has not ended.
    """
    ended = read_ended_run(context, run_id, actor=actor)
    found = export_columns(context, run_id, name, actor=actor)
    if found is None:
        what = f"the run has no table or series {name!r}" if name else "the run has no table or series"
        raise NotFoundError([Problem("table", what, "Look at the run's result for the names.")])
    chunks = write_table(found.columns, found.batches, run_metadata(ended))
    return ExportedFile(f"{found.filename.removesuffix('.csv')}.parquet", MEDIA_TYPE, chunks)


def write_table(
    columns: Sequence[Column], batches: Iterable[Mapping[str, Sequence[Any]]], about: Mapping[str, Any]
) -> Iterator[bytes]:
    """Return a table as the chunks of a file, with what it comes from in its metadata."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = _unique_names([column.title for column in columns])
    keys = [column.key for column in columns]
    tables = [_to_table(batch, keys, names) for batch in batches] or [_to_table({}, keys, names)]
    metadata = {METADATA: orjson.dumps(about, default=str)}
    whole = pa.concat_tables(_same_types(tables)).replace_schema_metadata(metadata)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by what reads it
    pq.write_table(whole, file, compression="zstd")
    return read_chunks(file)


def run_metadata(ended: EndedRun) -> dict[str, Any]:
    """Return what a file says of the run it comes from."""
    run = ended.run
    return {
        "run": str(run.id),
        "model": run.app_slug,
        "name": run.app_name,
        "version": run.version,
        "git_commit": run.git_commit,
        "status": str(run.status),
        "reason": run.reason,
        "seed": run.seed,
        "user": run.user,
        "queued_at": run.queued_at.isoformat(),
        "started_at": run.started_at.isoformat() if run.started_at else None,
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
        "reused_from": str(run.reused_from) if run.reused_from else None,
        "packages": run.environment,
        "inputs": run.inputs,
    }


def _unique_names(names: Sequence[str]) -> list[str]:
    found: list[str] = []
    for name in names:
        number, wanted = 2, name
        while wanted in found:
            wanted, number = f"{name} ({number})", number + 1
        found.append(wanted)
    return found


def _to_table(batch: Mapping[str, Sequence[Any]], keys: Sequence[str], names: Sequence[str]) -> "pa.Table":
    import pyarrow as pa

    height = max((len(batch[k]) for k in keys if k in batch), default=0)
    columns = []
    for key in keys:
        values = list(batch.get(key, ()))
        columns.append(_to_array(values + [None] * (height - len(values))))
    return pa.table(columns, names=list(names))


def _to_array(values: list[Any]) -> "pa.Array":
    import pyarrow as pa

    kinds = {type(v) for v in values if v is not None}
    if kinds <= {int, float} and float in kinds:
        return pa.array(values, pa.float64())
    try:
        if len(kinds) <= 1:
            return pa.array(values)
    except (pa.ArrowInvalid, OverflowError):
        pass
    return pa.array([v if v is None or isinstance(v, str) else orjson.dumps(v, default=str).decode() for v in values])


def _same_types(tables: "list[pa.Table]") -> "list[pa.Table]":
    """Return the tables with one type a column: that of all, numbers as doubles, anything else as text."""
    import pyarrow as pa

    kinds = [{t.schema.field(i).type for t in tables} - {pa.null()} for i in range(tables[0].num_columns)]
    chosen = []
    for found in kinds:
        numbers = all(pa.types.is_integer(kind) or pa.types.is_floating(kind) for kind in found)
        chosen.append(
            found.pop() if len(found) == 1 else pa.null() if not found else pa.float64() if numbers else pa.string()
        )
    schema = pa.schema(list(zip(tables[0].column_names, chosen, strict=True)))
    return [t.cast(schema) for t in tables]
