"""Runs found again, for the history, the API and exports.

Chosen: each page is a reading of its own, so that whoever reads slowly holds no connection meanwhile.
Left out: the statements, which are `storage.search`.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from contract.actor import Actor
from contract.run import Run
from contract.run_query import resolve
from contract.run_search import Filter, Page
from engine.authorization import Action, require
from engine.processes.context import AppContext
from engine.runs.search_keys import resolve_keys
from engine.runs.visibility import viewer_of
from storage import search

COUNT_CAP = search.COUNT_CAP
BATCH = 500  # runs that an iteration reads at once


def search_runs(
    context: AppContext, wanted: Filter, *, actor: Actor, after: str | None = None, limit: int = 50
) -> Page:
    """Return a page of the runs that the actor may read, newest first: those after the cursor `after`, at most `limit`.

    Raises:
        BadCursor: `after` is not a cursor of an earlier page.
        SearchTooSlow: it takes too long.
    """
    require(actor, Action.READ_RUNS)
    wanted = _resolved(context, wanted, actor)
    viewer = viewer_of(context, actor=actor)
    with context.database.read() as conn:
        return search.search_runs(conn, wanted, after=after, limit=limit, viewer=viewer)


def count_runs(context: AppContext, wanted: Filter, *, actor: Actor, cap: int = COUNT_CAP) -> int:
    """Return how many runs there are that the actor may read, at most `cap`.

    Raises:
        SearchTooSlow: it takes too long.
    """
    require(actor, Action.READ_RUNS)
    wanted = _resolved(context, wanted, actor)
    viewer = viewer_of(context, actor=actor)
    with context.database.read() as conn:
        return search.count_runs(conn, wanted, cap=cap, viewer=viewer)


def iter_runs(context: AppContext, wanted: Filter, *, actor: Actor, batch: int = BATCH) -> Iterator[tuple[Run, ...]]:
    """Return an iterator over every run, newest first, `batch` at a time; it holds no connection between batches.

    Raises:
        SearchTooSlow: a batch takes too long; raised by the iterator.
    """
    require(actor, Action.READ_RUNS)
    return _iter_batches(context, wanted, actor, batch)


def median_seconds(context: AppContext, app_id: int, *, actor: Actor) -> float | None:
    """Return the median duration in seconds of the model's last hundred successful runs, or None without any."""
    require(actor, Action.READ_RUNS)
    with context.database.read() as conn:
        return search.median_seconds(conn, app_id)


def _resolved(context: AppContext, wanted: Filter, actor: Actor) -> Filter:
    """Return the filter with what its query means to this user, today, and to the models that there are."""
    if wanted.query is None:
        return wanted
    today = datetime.now(ZoneInfo(wanted.zone)).date()
    query, _ = resolve_keys(context, resolve(wanted.query, me=actor.name, today=today), actor=actor)
    return replace(wanted, query=query)


def _iter_batches(context: AppContext, wanted: Filter, actor: Actor, batch: int) -> Iterator[tuple[Run, ...]]:
    cursor: str | None = None
    while True:
        page = search_runs(context, wanted, actor=actor, after=cursor, limit=batch)
        if page.runs:
            yield page.runs
        cursor = page.next_cursor
        if cursor is None:
            return
