"""Results: a document for each run, large tables and series beside it in compressed parts.

Chosen: Arrow IPC with zstd, about 64 thousand rows a part, so that a page of a million rows costs one part; a
column of mixed values is kept as JSON text.
Left out: what the document means, which is `contract.result`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, LiteralString
from uuid import UUID

import orjson
import pyarrow as pa
from sqlalchemy import Connection, insert, select, text

from storage.blobs import get_blob
from storage.tables import result_files, result_parts

ROWS_PER_PART = 65_536
EXACT = 2**53  # whole numbers below it are the same as float
_CODEC = pa.ipc.IpcWriteOptions(compression="zstd")


def write_parts(
    conn: Connection,
    run_id: UUID,
    parts: Mapping[str, Mapping[str, Sequence[Any]]],
    files: Mapping[str, tuple[str, str, int]],
) -> None:
    """Store what is kept beside a result's document: columns by part, files as (blob, file name, bytes) by name."""
    for name, columns in parts.items():
        rows = _encode_part(run_id, name, columns)
        if rows:
            conn.execute(insert(result_parts), rows)
    for name, (blob, filename, size) in files.items():
        conn.execute(insert(result_files).values(run_id=run_id, name=name, blob=blob, filename=filename, size=size))


def read_part(conn: Connection, run_id: UUID, name: str, offset: int = 0, limit: int | None = None) -> pa.Table:
    """Return rows of a part, from `offset`, at most `limit` of them; only the parts they lie in are fetched.

    Raises:
        LookupError: the result has no such part.
    """
    last = offset + limit if limit is not None else 2**62
    rows = _fetch_binary(
        conn,
        "select first_row, json_columns, bytes from result_parts where run_id = %(id)s and name = %(name)s "
        "and first_row < %(last)s and first_row + rows > %(offset)s order by part",
        {"id": run_id, "name": name, "last": last, "offset": offset},
    )
    if not rows:
        exists = text("select min(part) from result_parts where run_id = :id and name = :name")
        if conn.execute(exists, {"id": run_id, "name": name}).scalar_one_or_none() is None:
            raise LookupError(f"the result has no part {name!r}")
        return pa.table({})
    pieces = []
    for start, as_json, content in rows:
        piece = _open_ipc(content)
        # What lies outside is cut off before texts are decoded.
        low, high = max(0, offset - start), min(piece.num_rows, last - start)
        pieces.append(_decode_rows(piece.slice(low, high - low), as_json))
    return pa.concat_tables(pieces, promote_options="permissive")


def part_columns(conn: Connection, run_id: UUID, name: str) -> tuple[list[str], int]:
    """Return the keys of a part's columns, in order, and how many rows it has.

    Raises:
        LookupError: the result has no such part.
    """
    rows = _fetch_binary(
        conn,
        "select bytes, (select max(first_row + rows) from result_parts where run_id = %(id)s and name = %(name)s) "
        "from result_parts where run_id = %(id)s and name = %(name)s and part = 0",
        {"id": run_id, "name": name},
    )
    if not rows:
        raise LookupError(f"the result has no part {name!r}")
    with pa.ipc.open_stream(rows[0][0]) as reader:
        return reader.schema.names, rows[0][1]


def read_stored_part(conn: Connection, run_id: UUID, name: str, number: int) -> pa.Table | None:
    """Return the rows that are stored together as number `number`, from 0, of a part; None after the last."""
    one = "select json_columns, bytes from result_parts where run_id = %(id)s and name = %(name)s and part = %(part)s"
    rows = _fetch_binary(conn, one, {"id": run_id, "name": name, "part": number})
    return _decode_rows(_open_ipc(rows[0][1]), rows[0][0]) if rows else None


def as_stored(columns: Mapping[str, Sequence[Any]]) -> pa.Table:
    """Return columns as they would be read back if they were stored as a part."""
    arrays = {key: _to_arrow(values) for key, values in columns.items()}
    table = pa.table({key: array for key, (array, _) in arrays.items()})
    return _decode_rows(table, [key for key, (_, mixed) in arrays.items() if mixed])


def read_file(conn: Connection, run_id: UUID, name: str) -> bytes:
    """Return the content of a file the model made.

    Raises:
        LookupError: the result has no such file.
    """
    statement = select(result_files.c.blob).where(result_files.c.run_id == run_id, result_files.c.name == name)
    blob = conn.execute(statement).scalar_one_or_none()
    if blob is None:
        raise LookupError(f"the result has no file {name!r}")
    return get_blob(conn, blob)


def _fetch_binary(conn: Connection, statement: LiteralString, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return rows by the binary protocol, in which bytes come as they are: as text they are twice as many."""
    raw: Any = conn.connection.driver_connection
    with raw.cursor(binary=True) as cursor:
        return list(cursor.execute(statement, values).fetchall())


def _encode_part(run_id: UUID, name: str, columns: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    arrays, as_json = {}, []
    for key, values in columns.items():
        arrays[key], mixed = _to_arrow(values)
        if mixed:
            as_json.append(key)
    table = pa.table(arrays)
    rows = []
    for part, start in enumerate(range(0, max(1, table.num_rows), ROWS_PER_PART)):
        piece = table.slice(start, ROWS_PER_PART)
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, piece.schema, options=_CODEC) as writer:
            writer.write_table(piece)
        rows.append(
            {
                "run_id": run_id,
                "name": name,
                "part": part,
                "first_row": start,
                "rows": piece.num_rows,
                "json_columns": as_json,
                "bytes": sink.getvalue().to_pybytes(),
            }
        )
    return rows


def _to_arrow(values: Sequence[Any]) -> tuple[pa.Array, bool]:
    """Return the column as Arrow, and whether it had to be kept as JSON text."""
    kinds = set(map(type, values)) - {type(None)}
    if kinds == {int, float} and all(v is None or abs(v) < EXACT for v in values):
        return pa.array(values, pa.float64()), False
    if len(kinds) <= 1 and kinds <= {int, float, str, bool}:
        try:
            return pa.array(values), False
        except (pa.ArrowInvalid, OverflowError):
            pass  # an int beyond 64 bits
    return pa.array([None if v is None else orjson.dumps(v).decode() for v in values], pa.string()), True


def _open_ipc(content: bytes) -> pa.Table:
    with pa.ipc.open_stream(content) as reader:
        return reader.read_all()


def _decode_rows(table: pa.Table, as_json: Sequence[str]) -> pa.Table:
    """Return rows as a page shows them: of a column of mixed values the texts as they were, the rest as JSON."""
    for key in as_json:
        values = [None if v is None else orjson.loads(v) for v in table[key].to_pylist()]
        texts = [v if v is None or isinstance(v, str) else orjson.dumps(v).decode() for v in values]
        table = table.set_column(table.schema.get_field_index(key), key, pa.array(texts, pa.string()))
    return table
