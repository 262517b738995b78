"""Searching and sorting the rows of a large table, whatever its size, with DuckDB over the stored Arrow parts.

Chosen: the parts are read one after the other while DuckDB asks for them, so that memory holds the rows of a page and
not the table; what sorting needs beyond a limit goes to a temporary file. Columns have names of their own in the
statement, because DuckDB does not tell apart names that differ by upper and lower case; values are bound.
Left out: what may be asked, which is `contract.table_query`.
"""

import itertools
import math
import tempfile
from collections.abc import Callable, Iterator
from typing import Any, Self
from uuid import UUID

import pyarrow as pa

from contract.table_query import TableQuery
from storage import results
from storage.database import Database

Batches = Callable[[], Iterator[pa.Table]]
MEMORY = "256MB"
BATCH_ROWS = 65_536
_ROW = "row_number"


def stored_batches(database: Database, run_id: UUID, name: str) -> Iterator[pa.Table]:
    """Yield a part of a run as it is stored, each batch by a connection of its own, given back before the next."""
    for number in itertools.count():
        with database.read() as conn:
            batch = results.read_stored_part(conn, run_id, name, number)
        if batch is None:
            return
        yield batch


def query_rows(read: Batches, query: TableQuery, offset: int, limit: int, total: int) -> tuple[pa.Table, int]:
    """Return some of the rows that are asked for, and how many are found in all.

    Args:
        read: returns all rows of the table in batches, anew at each call; the batches have one schema.
        query: which rows, in what order.
        offset: of the first row returned among those found.
        limit: the most rows returned.
        total: how many rows the table has; they are counted only where some of them are looked for.

    Raises:
        KeyError: the table has no column of the name to sort by.
    """
    with _Session(read, query) as session:
        if session.empty:
            return pa.table({}), 0
        count = session.count() if query.search else total
        found = list(session.rows(f" limit {int(limit)} offset {int(offset)}"))
    return pa.Table.from_batches(found) if found else session.none(), count


def iter_rows(read: Batches, query: TableQuery) -> Iterator[pa.Table]:
    """Yield all rows that are asked for, in batches.

    Raises:
        KeyError: the table has no column of the name to sort by.
    """
    with _Session(read, query) as session:
        if not session.empty:
            for batch in session.rows():
                yield pa.Table.from_batches([batch])


class _Session:
    """A DuckDB of its own for one question, with the parts as its table `rows`."""

    def __init__(self, read: Batches, query: TableQuery) -> None:
        self._read, self._query = read, query
        first = next(iter(read()), None)
        self.empty = first is None or not first.num_columns
        self._schema = first.schema if first is not None else pa.schema([])
        self._names = {name: f"c{i}" for i, name in enumerate(self._schema.names)}
        if query.sort and query.sort not in self._names and not self.empty:
            raise KeyError(query.sort)

    def __enter__(self) -> Self:
        import duckdb

        self._folder = tempfile.TemporaryDirectory(prefix="tontine-sort-")
        self._conn = duckdb.connect(
            config={
                "threads": 1,
                "memory_limit": MEMORY,
                "temp_directory": self._folder.name,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "python_enable_replacements": False,
            }
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._conn.close()
        self._folder.cleanup()

    def none(self) -> pa.Table:
        """Return no rows, with the columns."""
        return self._schema.empty_table()

    def count(self) -> int:
        """Return how many rows are found."""
        where, values = self._condition()
        self._register()
        [(count,)] = self._conn.execute(f"select count(*) from rows{where}", values).fetchall()  # noqa: S608
        return int(count)

    def rows(self, page: str = "") -> Iterator[pa.RecordBatch]:
        """Yield the rows found, in order, under the columns' own names."""
        where, values = self._condition()
        self._register()
        columns = ", ".join(self._names.values())
        statement = f"select {columns} from rows{where} order by {self._order()}{page}"  # noqa: S608
        with self._conn.sql(statement, params=values).to_arrow_reader(BATCH_ROWS) as reader:
            for batch in reader:
                yield pa.record_batch(list(batch.columns), names=self._schema.names)

    def _register(self) -> None:
        names = [*self._names.values(), _ROW]
        schema = pa.schema(
            [*(pa.field(n, f.type) for n, f in zip(names, self._schema, strict=False)), (_ROW, pa.int64())]
        )
        self._conn.register("rows", pa.RecordBatchReader.from_batches(schema, self._batches(names)))

    def _batches(self, names: list[str]) -> Iterator[pa.RecordBatch]:
        first_row = 0
        for table in self._read():
            for batch in table.combine_chunks().to_batches():
                numbers = pa.array(range(first_row, first_row + batch.num_rows), pa.int64())
                first_row += batch.num_rows
                yield pa.record_batch([*batch.columns, numbers], names=names)

    def _order(self) -> str:
        if not self._query.sort:
            return _ROW
        column = self._names[self._query.sort]
        by = f"lower({column})" if pa.types.is_string(self._schema.field(self._query.sort).type) else column
        return f"{by} {'desc' if self._query.descending else 'asc'} nulls last, {_ROW}"

    def _condition(self) -> tuple[str, list[Any]]:
        """Return the where clause and its values."""
        query = self._query
        conditions: list[str] = []
        values: list[Any] = []
        if not query.search:
            return "", []
        for name, field in zip(self._names.values(), self._schema, strict=True):
            if pa.types.is_string(field.type):
                conditions.append(f"contains(lower({name}), lower(?))")
                values.append(query.search)
            elif pa.types.is_boolean(field.type):
                conditions.append(f"{name}::varchar = lower(?)")
                values.append(query.search)
            elif query.number is not None and math.isfinite(query.number):
                low, high = query.number - query.tolerance, query.number + query.tolerance
                conditions.append(f"{name} between ? and ?")
                values += [low, high]
        return " where " + (" or ".join(conditions) or "false"), values
