"""Tables in memory that anybody's SQL may read: a copy, so that no statement reaches the database.

Chosen: SQLite in memory, for one question at a time. It holds what it was given and nothing else, its authorizer lets
reading through alone, and time, memory and the number of rows are bounded.
Left out: PostgreSQL's own functions, and writing.
"""

import contextlib
import json
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contract.errors import QueryError

SECONDS = 3.0  # that a statement may take
LENGTH = 10_000_000  # bytes of a value or a statement
STEPS = 1_000  # of SQLite's machine between two looks at the clock
HEAP = 256_000_000  # bytes that SQLite may use in this process
_ALLOWED = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}


@dataclass(frozen=True, slots=True)
class MemoryTable:
    """A table by its name: columns with their types (`integer`, `text`, `timestamp`, `json`), and rows of values.

    The first column is the key. Values of type json are objects or lists.
    """

    name: str
    columns: Mapping[str, str]
    rows: Sequence[Sequence[Any]]


def query(tables: Sequence[MemoryTable], sql: str, *, limit: int) -> tuple[list[str], list[list[Any]]]:
    """Return the columns and at most `limit` rows of one SELECT over the tables.

    Raises:
        QueryError: it is not one statement that reads, it cannot be read, or it takes too much time or memory.
    """
    with _opened(tables) as conn:
        try:
            cursor = conn.execute(sql)
            if cursor.description is None:
                raise QueryError("it is not a SELECT")
            columns = [str(d[0]) for d in cursor.description]
            return columns, [[_plain(v) for v in row] for row in cursor.fetchmany(limit)]
        except sqlite3.OperationalError as error:
            if "interrupted" in str(error):
                raise QueryError(f"it takes longer than {SECONDS:g} seconds") from error
            raise QueryError(str(error)) from error
        except (sqlite3.Error, sqlite3.Warning, MemoryError, UnicodeError, ValueError, OverflowError) as error:
            refused = "not authorized" in str(error) or "prohibited" in str(error)
            raise QueryError("only SELECT statements are allowed" if refused else str(error) or "no memory") from error


@contextlib.contextmanager
def _opened(tables: Sequence[MemoryTable]) -> Iterator[sqlite3.Connection]:
    conn = sqlite3.connect(":memory:", isolation_level=None)
    try:
        conn.execute(f"pragma hard_heap_limit = {HEAP}")
        for table in tables:
            names = ", ".join(f'"{name}" {kind}' for name, kind in table.columns.items())
            conn.execute(f'create table "{table.name}" ({names})')
            marks = ", ".join("?" * len(table.columns))
            conn.executemany(
                f'insert into "{table.name}" values ({marks})',  # noqa: S608 - names and marks of our own
                [[_stored(v) for v in row] for row in table.rows],
            )
        conn.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LENGTH)
        conn.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        conn.set_authorizer(lambda action, *_about: sqlite3.SQLITE_OK if action in _ALLOWED else sqlite3.SQLITE_DENY)
        until = time.monotonic() + SECONDS
        conn.set_progress_handler(lambda: time.monotonic() > until, STEPS)
        yield conn
    finally:
        conn.close()


def _stored(value: Any) -> Any:
    return json.dumps(value, default=str) if isinstance(value, dict | list) else value


def _plain(value: Any) -> Any:
    """Return a value as JSON can hold it."""
    return value.hex() if isinstance(value, bytes) else value
