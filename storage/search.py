"""Runs found again: filtered, newest first, page by page; and totals for the monitor.

Chosen: keyset pages on (queued_at, id), so that the last page costs what the first does; counts stop at a cap,
because nobody reads the difference between 40,000 and 41,000; a word is looked for in one text for each run, which
has an index of trigrams where the server has PostgreSQL's pg_trgm; a statement that takes too long is ended with an
error.
Left out: the query language, whose conditions `storage.query_sql` makes.
"""

import base64
import contextlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import Connection, RowMapping, text
from sqlalchemy.exc import DBAPIError, OperationalError

from contract.errors import BadCursor, SearchTooSlow
from contract.run import Status
from contract.run_query import mentions
from contract.run_search import Filter, Page
from storage import query_sql
from storage.query_sql import storable_text
from storage.runs import SELECT, run_from_row
from storage.users import BY_PEOPLE
from storage.visibility import Viewer, readable

# ruff: noqa: S608 - statements are put together from words of our own
COUNT_CAP = 1_000
STATEMENT_TIMEOUT = 5  # s a search may take
COUNT_TIMEOUT = 2  # s that counting what it finds may take
RECENT_RUNS = 1_000  # runs of a model whose durations the monitor's percentiles are of

_BY_MODEL = f"""
with counted as (
    select app_id, sum(n) as runs, max(newest) as last_run_at, jsonb_object_agg(status, n) as by_status
    from (select app_id, status, count(*) as n, max(queued_at) as newest
          from runs r where {BY_PEOPLE} and {{readable}} group by 1, 2) each_status
    group by 1
)
select c.app_id, a.slug, coalesce(v.manifest->>'name', a.slug) as app_name, c.runs::bigint, c.last_run_at, c.by_status,
    d.p50, d.p95, d.mean, d.measured
from counted c join apps a on a.id = c.app_id
left join versions v on v.app_id = a.id and v.hash = a.current_version
cross join lateral (
    select percentile_cont(0.5) within group (order by seconds) as p50,
        percentile_cont(0.95) within group (order by seconds) as p95,
        avg(seconds) filter (where computed) as mean, count(seconds) filter (where computed) as measured
    from (select extract(epoch from finished_at - started_at)::float8 as seconds,
              status = 'SUCCESS' and reused_from is null as computed from runs r
          where app_id = c.app_id and {BY_PEOPLE} and {{readable}}
          order by queued_at desc, id desc limit :recent) recent
) d
order by c.runs desc, a.slug"""

_LIMIT = text(
    "select set_config('statement_timeout', :timeout, false), set_config('plan_cache_mode', 'force_custom_plan', false)"
)

_BY_DAY = f"""
select (queued_at at time zone 'UTC')::date as day, count(*) as runs,
    count(*) filter (where status = 'SUCCESS') as successes
from runs r where queued_at > now() - interval '30 days' and {BY_PEOPLE} and {{readable}} group by 1 order by 1"""


def search_runs(
    conn: Connection, wanted: Filter, after: str | None = None, limit: int = 50, *, viewer: Viewer | None = None
) -> Page:
    """Return a page of the runs that `viewer` may read, newest first.

    Raises:
        BadCursor: `after` is not a cursor of an earlier page.
        SearchTooSlow: it takes too long.
    """
    where, values = _conditions(wanted, viewer)
    if after:
        queued_at, run_id = _decode_cursor(after)
        where.append("(r.queued_at, r.id) < (:after_at, :after_id)")
        values |= {"after_at": queued_at, "after_id": run_id}
    statement = f"{SELECT} {_joins(wanted)} {_where_clause(where)} order by r.queued_at desc, r.id desc limit :limit"
    with _limit_time(conn):
        rows = conn.execute(text(statement), {**values, "limit": limit + 1}).mappings().all()
    runs = tuple(run_from_row(row) for row in rows[:limit])
    return Page(runs, encode_cursor(runs[-1].queued_at, runs[-1].id) if len(rows) > limit else None)


def count_runs(conn: Connection, wanted: Filter, cap: int = COUNT_CAP, *, viewer: Viewer | None = None) -> int:
    """Return how many runs there are that `viewer` may read, at most `cap`.

    Raises:
        SearchTooSlow: it takes too long.
    """
    where, values = _conditions(wanted, viewer)
    # From the newest on, as a page is read: the planner would look through whole tables for so many.
    newest = "order by r.queued_at desc, r.id desc" if wanted.query is not None else ""
    found = f"select 1 from runs r {_joins(wanted)} {_where_clause(where)} {newest} limit :cap"
    statement = f"select count(*) from ({found}) found"
    with _limit_time(conn, min(COUNT_TIMEOUT, STATEMENT_TIMEOUT)):
        return int(conn.execute(text(statement), {**values, "cap": cap}).scalar_one())


def usage_stats(conn: Connection, *, viewer: Viewer | None = None) -> dict[str, Any]:
    """Return what the monitor shows of all runs that `viewer` may read.

    Returns:
        `total`, `by_status`, `success_rate` from 0 to 1 of those that ended by themselves, `mean_seconds` of the
        successes that were computed, not reused, among each model's last thousand runs, `today` in UTC, `by_model`
        with mean, median and 95th percentile in seconds of the same runs, and `by_day` of the last thirty days.

    Raises:
        SearchTooSlow: it takes too long.
    """
    condition, values = readable(viewer)
    with _limit_time(conn):
        by_model = (
            conn.execute(text(_BY_MODEL.format(readable=condition)), {**values, "recent": RECENT_RUNS}).mappings().all()
        )
        by_day = conn.execute(text(_BY_DAY.format(readable=condition)), values).mappings().all()
    measured = sum(row["measured"] for row in by_model)
    seconds = sum(row["mean"] * row["measured"] for row in by_model if row["measured"])
    today = datetime.now(UTC).date()
    statuses = {str(s): sum(row["by_status"].get(s, 0) for row in by_model) for s in Status}
    return {
        "total": sum(statuses.values()),
        "by_status": statuses,
        "success_rate": _success_rate(statuses),
        "mean_seconds": seconds / measured if measured else None,
        "today": next((row["runs"] for row in by_day if row["day"] == today), 0),
        "by_model": [_model_stats(row) for row in by_model],
        "by_day": [dict(row) for row in by_day],
    }


def median_seconds(conn: Connection, app_id: int) -> float | None:
    """Return the median duration in seconds of the model's last hundred successful runs, or None without any."""
    statement = text("""
        select percentile_cont(0.5) within group (order by extract(epoch from finished_at - started_at)) from (
            select started_at, finished_at from runs where app_id = :app and status = 'SUCCESS'
            order by queued_at desc limit 100) recent""")
    found = conn.execute(statement, {"app": app_id}).scalar_one_or_none()
    return None if found is None else float(found)


def _model_stats(row: RowMapping) -> dict[str, Any]:
    counts = row["by_status"]
    return {
        **{key: row[key] for key in ("app_id", "slug", "app_name", "runs", "p50", "p95", "mean", "last_run_at")},
        "successes": counts.get("SUCCESS", 0),
        "failures": counts.get("FAILED", 0) + counts.get("TIMED_OUT", 0),
        "success_rate": _success_rate(counts),
    }


def _success_rate(counts: Mapping[str, int]) -> float | None:
    ended = sum(counts.get(s, 0) for s in ("SUCCESS", "FAILED", "TIMED_OUT"))
    return counts.get("SUCCESS", 0) / ended if ended else None


def _conditions(wanted: Filter, viewer: Viewer | None) -> tuple[list[str], dict[str, Any]]:
    """Return the conditions of a search, all of which hold for every run found, and their values.

    This is the one place where they are joined: what everybody's searches leave out is added here.
    """
    binds = query_sql.Binds()
    where = _base_conditions(wanted, binds)
    if wanted.query is not None:
        where.append(query_sql.condition(wanted.query, binds, wanted.zone))
    if viewer is None:
        return where, binds.values
    condition, values = readable(viewer)
    return [condition, *where], {**values, **binds.values}


def _base_conditions(wanted: Filter, binds: query_sql.Binds) -> list[str]:
    where: list[str] = []
    if wanted.app is not None:
        if isinstance(wanted.app, int) or wanted.app.isdecimal():
            where.append(f"r.app_id = {binds.add(min(int(wanted.app), 2**31 - 1))}")
        else:
            where.append(f"r.app_id = (select id from apps where slug = {binds.add(storable_text(wanted.app))})")
    if wanted.statuses:
        where.append(f"r.status = any({binds.add([str(s) for s in wanted.statuses])})")
    if wanted.user:
        where.append(f"r.user_id = (select id from users where name = {binds.add(storable_text(wanted.user))})")
    elif not mentions(wanted.query, "user"):
        where.append(BY_PEOPLE)
    if wanted.since is not None:
        where.append(f"r.queued_at >= {binds.add(wanted.since)}")
    if wanted.until is not None:
        where.append(f"r.queued_at < {binds.add(wanted.until)}")
    if wanted.batch is not None:
        where.append(f"r.batch = {binds.add(wanted.batch)}")
    elif not wanted.members:
        where.append("r.batch is null")
    words = storable_text(wanted.text or "").split()
    if words:
        where.append(query_sql.words_condition(words, binds))
    return where


def _joins(wanted: Filter) -> str:
    return query_sql.RESULTS_JOIN if query_sql.needs_results(wanted.query) else ""


def _where_clause(where: list[str]) -> str:
    return "where " + " and ".join(where) if where else ""


@contextlib.contextmanager
def _limit_time(conn: Connection, seconds: float | None = None) -> Iterator[None]:
    """End a statement that takes longer than so many seconds, by default than a person waits.

    Raises:
        SearchTooSlow: it did.
    """
    # Planned for each word anew: whether the index or the newest runs are looked through depends on it.
    most = STATEMENT_TIMEOUT if seconds is None else seconds
    conn.execute(_LIMIT, {"timeout": f"{most}s"})
    try:
        yield
    except OperationalError as error:
        if isinstance(error.orig, psycopg.errors.QueryCanceled):
            raise SearchTooSlow(f"the search takes longer than {most} seconds; narrow it") from error
        raise
    finally:
        with contextlib.suppress(DBAPIError):  # in a transaction that failed its end resets it
            conn.execute(text("reset statement_timeout"))
            conn.execute(text("reset plan_cache_mode"))


def encode_cursor(queued_at: datetime, run_id: UUID) -> str:
    """Return the cursor of what follows the run `run_id`, queued at `queued_at`."""
    return base64.urlsafe_b64encode(f"{queued_at.isoformat()} {run_id}".encode()).decode().rstrip("=")


def _decode_cursor(cursor: str) -> tuple[datetime, UUID]:
    try:
        moment, run_id = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().rsplit(" ", 1)
        return datetime.fromisoformat(moment), UUID(run_id)
    except ValueError as error:
        raise BadCursor(cursor) from error
