"""What is stored beside a result's document: rows of its large tables, and the files the model made.

Left out: the document itself, which comes with the run's snapshot (`engine.runs.follow`), and whole tables as files
(`engine.runs.export`).
"""

import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from contract.actor import Actor
from contract.errors import InputError
from contract.problems import Problem
from contract.table_query import TableQuery
from engine.authorization import Action, require
from engine.processes.context import AppContext
from engine.runs.visibility import refuse, viewer_of
from storage import results
from storage.part_query import query_rows
from storage.visibility import result_source

if TYPE_CHECKING:
    import pyarrow as pa

ALL_ROWS = TableQuery()
MOST_NAMED = 20


def read_result_part(
    context: AppContext, run_id: UUID, name: str, offset: int = 0, limit: int | None = None, *, actor: Actor
) -> "pa.Table":
    """Return rows of a part of the run's result, its own or the one it reuses, from `offset`, at most `limit` of them.

    Raises:
        LookupError: the result has no such part.
        NotAllowedError: the run is not for the actor to read.
    """
    require(actor, Action.READ_RUNS)
    with context.database.read() as conn:
        return results.read_part(conn, _source(context, conn, run_id, actor), name, offset, limit)


def find_result_rows(
    context: AppContext,
    run_id: UUID,
    name: str,
    query: TableQuery,
    offset: int = 0,
    limit: int = 1_000,
    *,
    actor: Actor,
) -> tuple["pa.Table", int]:
    """Return some of the rows of a part that `query` asks for, and how many it finds in all.

    Raises:
        LookupError: the result has no such part.
        InputError: the part has no column of the name to sort by.
        NotAllowedError: the run is not for the actor to read.
    """
    require(actor, Action.READ_RUNS)
    with context.database.read() as conn:
        source = _source(context, conn, run_id, actor)
        columns, count = results.part_columns(conn, source, name)
        check_sort(query, columns)
        if query.everything:
            return results.read_part(conn, source, name, offset, limit), count
    return query_rows(lambda: stored_batches(context, source, name), query, offset, limit)


def check_sort(query: TableQuery, columns: Sequence[str]) -> None:
    """Refuse to sort by a column that is not there.

    Raises:
        InputError: with the names that are there.
    """
    if query.sort and query.sort not in columns:
        known = ", ".join(columns[:MOST_NAMED])
        what = f"the table has no column {query.sort[:100]!r}"
        raise InputError([Problem("sort", what, f"Name one of: {known}; with - before it for the largest first.")])


def stored_batches(context: AppContext, source: UUID, name: str) -> Iterator["pa.Table"]:
    """Yield a part as it is stored, each batch by a connection of its own, which is given back before the next."""
    for number in itertools.count():
        with context.database.read() as conn:
            batch = results.read_stored_part(conn, source, name, number)
        if batch is None:
            return
        yield batch


def read_result_file(context: AppContext, run_id: UUID, name: str, *, actor: Actor) -> bytes:
    """Return the content of a file the model made.

    Raises:
        LookupError: the result has no such file.
        NotAllowedError: the run is not for the actor to read.
    """
    require(actor, Action.READ_RUNS)
    with context.database.read() as conn:
        return results.read_file(conn, _source(context, conn, run_id, actor), name)


def find_source(context: AppContext, run_id: UUID, *, actor: Actor) -> UUID:
    """Return the run that made this one's result: itself, or the one it reuses, which may be hidden from the actor.

    Raises:
        NotFoundError: there is no such run.
        NotAllowedError: it is not for the actor to read.
    """
    require(actor, Action.READ_RUNS)
    with context.database.read() as conn:
        return _source(context, conn, run_id, actor)


def _source(context: AppContext, conn: Any, run_id: UUID, actor: Actor) -> UUID:
    found: UUID | None = result_source(conn, run_id, viewer_of(context, actor=actor))
    return found if found is not None else refuse(conn, run_id)
