"""What is stored beside a result's document: rows of its large tables, and the files the model made.

Left out: the document itself, which comes with the run's snapshot (`engine.runs.follow`), and whole tables as files
(`engine.runs.export`).
"""

from collections.abc import Sequence
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
from storage.part_query import query_rows, stored_batches
from storage.visibility import result_source

if TYPE_CHECKING:
    import pyarrow as pa

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
        columns, total = results.part_columns(conn, source, name)
        check_sort(query, columns)
        if query.everything:
            return results.read_part(conn, source, name, offset, limit), total
    return query_rows(lambda: stored_batches(context.database, source, name), query, offset, limit, total)


def check_sort(query: TableQuery, columns: Sequence[str]) -> None:
    """Refuse to sort by a column that is not there.

    Raises:
        InputError: with the names that are there.
    """
    if query.sort and query.sort not in columns:
        known = ", ".join(columns[:MOST_NAMED])
        what = f"the table has no column {query.sort[:100]!r}"
        raise InputError([Problem("sort", what, f"Name one of: {known}; with - before it for the largest first.")])


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
