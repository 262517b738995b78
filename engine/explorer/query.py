"""Run a query of an administrator's, cancel it, and have its rows as a file.

Chosen: a page or an answer holds a bounded number of rows and says that there are more; the file has all of them, and
breaks off where its time is over, so that a file that has arrived is whole.
Left out: how a query is kept from doing more than read (`storage.explorer`).
"""

import itertools
import time
from collections.abc import Iterator
from contextlib import ExitStack
from uuid import UUID, uuid4

from contract.actor import Actor
from contract.errors import ExplorerError
from contract.explorer import MAX_SQL, ExplorerTable, QueryResult
from contract.problems import Problem
from contract.result import Column
from engine.authorization import Action, require
from engine.processes.context import AppContext
from engine.runs.export import Batch, ExportedColumns
from storage import audit
from storage.explorer import Explorer, OpenQuery

MAX_ROWS = 1_000  # that are shown
MAX_CHARACTERS = 8_000_000  # of the texts among them
CELL = 10_000  # characters of a text that are shown
FILE_CELL = 100_000  # characters of a text in a file
SUBJECT = 500  # characters of a query that the audit log shows; a longer one stands whole in the row's detail
FILE_TIMES = 20  # a file may take this many times as long as a query


def list_tables(context: AppContext, *, actor: Actor) -> list[ExplorerTable]:
    """Return the tables that queries may read, with their columns.

    Raises:
        ExplorerUnavailable: the explorer has no login. The problem says what to run.
    """
    require(actor, Action.EXPLORE_DATABASE)
    return _explorer(context).list_tables()


def run_query(
    context: AppContext, sql: str, *, actor: Actor, limit: int = MAX_ROWS, query_id: UUID | None = None
) -> QueryResult:
    """Return the first rows of one statement that reads.

    Args:
        context: the installation.
        sql: the statement.
        actor: who asks.
        limit: rows at most, up to `MAX_ROWS`.
        query_id: what `cancel_query` knows it by.

    Raises:
        ExplorerError: it does more than read, it fails, takes too long or was cancelled.
        ExplorerUnavailable: the explorer has no login. The problem says what to run.
    """
    require(actor, Action.EXPLORE_DATABASE)
    _check_length(sql)
    _record(context, actor, "query.run", sql)
    limit, started_at = max(1, min(limit, MAX_ROWS)), time.monotonic()
    seconds = context.limits.explorer_seconds
    with _explorer(context).open_query(query_id or uuid4(), sql, seconds=seconds, cell=CELL) as opened:
        rows: list[list[object]] = []
        size = 0
        while len(rows) <= limit and size < MAX_CHARACTERS and (batch := opened.fetch()):
            rows += batch
            size += sum(len(value) for row in batch for value in row if isinstance(value, str))
        more = len(rows) > limit or (size >= MAX_CHARACTERS and bool(opened.fetch()))
        taken = time.monotonic() - started_at
        return QueryResult(opened.columns, rows[:limit], more, opened.cut_cells, taken)


def cancel_query(context: AppContext, query_id: UUID, *, actor: Actor) -> bool:
    """Cancel a query that runs, on whichever server; returns whether there was one.

    Raises:
        ExplorerUnavailable: the explorer has no login.
    """
    require(actor, Action.EXPLORE_DATABASE)
    return _explorer(context).cancel(query_id)


def export_query(context: AppContext, sql: str, *, actor: Actor, name: str = "query") -> ExportedColumns:
    """Return all rows of one statement that reads, in batches, with all digits of their numbers.

    Raises:
        ExplorerError: as `run_query` raises it, for what is known before the first rows are handed on.
        ExplorerUnavailable: the explorer has no login. The problem says what to run.
    """
    require(actor, Action.EXPLORE_DATABASE)
    _check_length(sql)
    _record(context, actor, "query.exported", sql)
    stack = ExitStack()
    seconds = context.limits.explorer_seconds * FILE_TIMES
    try:
        opened = stack.enter_context(
            _explorer(context).open_query(uuid4(), sql, seconds=seconds, cell=FILE_CELL, exact=True)
        )
        first = opened.fetch()
    except BaseException:
        stack.close()
        raise
    keys = [f"c{i}" for i in range(len(opened.columns))]
    columns = [Column(key, column.name) for key, column in zip(keys, opened.columns, strict=True)]
    return ExportedColumns(columns, _batches(stack, opened, first, keys), f"{name}.csv")


def _batches(stack: ExitStack, opened: OpenQuery, first: list[list[object]], keys: list[str]) -> Iterator[Batch]:
    with stack:
        rows = first
        for _ in itertools.count():
            yield {key: [row[i] for row in rows] for i, key in enumerate(keys)}
            rows = opened.fetch()
            if not rows:
                return


def _record(context: AppContext, actor: Actor, action: str, sql: str) -> None:
    """Note in the audit log what is about to be read; a query that fails was asked for all the same."""
    detail = {"query": sql.encode("utf-8", "replace").decode()} if len(sql) > SUBJECT else None
    with context.database.begin() as conn:
        audit.append(conn, actor=actor.name, action=action, subject=sql[:SUBJECT], detail=detail)


def _explorer(context: AppContext) -> Explorer:
    return context.explorer or Explorer(context.database)


def _check_length(sql: str) -> None:
    if not sql.strip():
        raise ExplorerError([Problem("query", "it is empty", "Write a statement, such as SELECT * FROM runs.")])
    if len(sql) > MAX_SQL:
        raise ExplorerError([Problem("query", f"it has more than {MAX_SQL:,} characters", "Shorten it.")])
