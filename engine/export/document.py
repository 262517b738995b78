"""A run as one JSON document: what it was asked, its result with every row, and its provenance; written in chunks.

Chosen: tables and series as lists of rows by column label, figures with their units, as the page shows them; images,
audio and video by the path under which the server has them.
Left out: charts that the model drew itself, which are in the run's result at `GET /runs/{id}`.
"""

from collections.abc import Iterator
from urllib.parse import quote
from uuid import UUID

import orjson

from contract.actor import Actor
from engine.export.ended_run import EndedRun, ExportedFile, NamedRows, iter_tables, read_ended_run
from engine.export.parquet import run_metadata
from engine.processes.context import AppContext

MEDIA_TYPE = "application/json"
ROWS_A_CHUNK = 2_000


def run_document(context: AppContext, run_id: UUID, *, actor: Actor) -> ExportedFile:
    """Return an ended run as JSON.

    Raises:
        NotFoundError: there is no such run.
        NotReadyError: it has not ended.
    """
    ended = read_ended_run(context, run_id, actor=actor)
    return ExportedFile(f"{ended.stem}.json", MEDIA_TYPE, _write(context, ended, actor))


def _write(context: AppContext, ended: EndedRun, actor: Actor) -> Iterator[bytes]:
    result = ended.result
    head = {
        "run": run_metadata(ended),
        "summary": [{"label": m.label, "value": m.value, "unit": m.unit} for m in result.summary],
        "notes": result.notes,
        "media": [
            {
                "kind": str(m.kind),
                "title": m.title,
                "alt": m.alt,
                "caption": m.caption,
                "type": m.type,
                "size": m.size,
                "sha256": m.sha256,
                "path": m.file and f"/api/runs/{ended.run.id}/files/{quote(m.file)}",
            }
            for m in result.media
        ],
        "warnings": [*ended.run.warnings, *result.warnings],
    }
    yield orjson.dumps(head, default=str)[:-1] + b',"tables":{'
    for number, table in enumerate(iter_tables(context, ended, actor=actor)):
        yield (b"," if number else b"") + orjson.dumps(table.name) + b":["
        yield from _write_rows(table)
        yield b"]"
    yield b"}}\n"


def _write_rows(table: NamedRows) -> Iterator[bytes]:
    first = True
    for batch in table.batches:
        columns = [(column.title, batch.get(column.key, ())) for column in table.columns]
        height = max((len(values) for _, values in columns), default=0)
        for start in range(0, height, ROWS_A_CHUNK):
            rows = [
                {title: values[i] if i < len(values) else None for title, values in columns}
                for i in range(start, min(start + ROWS_A_CHUNK, height))
            ]
            yield (b"" if first else b",") + orjson.dumps(rows, default=str)[1:-1]
            first = False
