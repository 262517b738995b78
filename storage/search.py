"""Runs found again: filtered, newest first, page by page; and totals for the monitor.

Chosen: keyset pages on (queued_at, id), so that the last page costs what the first does; counts stop at a cap,
because nobody reads the difference between 40,000 and 41,000; a word is looked up in the few models and users
first, and a statement that takes too long is ended with an error.
Left out: a query language, which comes on top of the same filter.
"""

import base64
import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import psycopg
from sqlalchemy import Connection, RowMapping, text
from sqlalchemy.exc import DBAPIError, OperationalError

from contract.errors import BadCursor, SearchTooSlow
from contract.run import Run, Status
from storage.runs import SELECT, run_from_row
from storage.users import BY_PEOPLE

# ruff: noqa: S608 - statements are put together from words of our own
COUNT_CAP = 1_000
STATEMENT_TIMEOUT = 5  # a search may take; a word that is nowhere took 1.2 s among a million runs, 2.6 at worst
RECENT_RUNS = 1_000  # runs of a model whose durations the monitor's percentiles are of
_PART_OF_ID = re.compile(r"[0-9a-f-]{4,36}")


@dataclass(frozen=True, slots=True)
class Filter:
    """Which runs. What is empty or None lets all through.

    `app` is a slug or an id, `since` and `until` are the times queued from and before, `batch` is a sweep. Every
    word of `text` must be found in the model's or the user's name, the reason, four or more digits of the run's id
    or a text among its inputs. The system's own runs are left out, unless `user` is its name.
    """

    app: str | int | None = None
    statuses: tuple[Status, ...] = ()
    user: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str | None = None
    batch: UUID | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some runs, and the cursor of what follows, None after the last."""

    runs: tuple[Run, ...]
    next_cursor: str | None


# Models and users are few: what the word is found in there is a set to look a run up in.
_WORD = """(
    (r.app_id, r.version) in (select v.app_id, v.hash from versions v join apps a on a.id = v.app_id
                              where v.manifest->>'name' ilike :w{i} or a.slug ilike :w{i})
    or r.user_id in (select id from users where name ilike :w{i})
    or r.reason ilike :w{i} {id_too}or jsonb_path_exists(r.inputs, cast(:p{i} as jsonpath)))"""

_BY_MODEL = text(f"""
with counted as (
    select app_id, sum(n) as runs, max(newest) as last_run_at, jsonb_object_agg(status, n) as by_status
    from (select app_id, status, count(*) as n, max(queued_at) as newest
          from runs r where {BY_PEOPLE} group by 1, 2) each_status
    group by 1
)
select c.app_id, a.slug, coalesce(v.manifest->>'name', a.slug) as app_name, c.runs::bigint, c.last_run_at, c.by_status,
    d.p50, d.p95
from counted c join apps a on a.id = c.app_id
left join versions v on v.app_id = a.id and v.hash = a.current_version
cross join lateral (
    select percentile_cont(0.5) within group (order by seconds) as p50,
        percentile_cont(0.95) within group (order by seconds) as p95
    from (select extract(epoch from finished_at - started_at)::float8 as seconds from runs r
          where app_id = c.app_id and {BY_PEOPLE} order by queued_at desc, id desc limit :recent) recent
) d
order by c.runs desc, a.slug""")

_BY_DAY = text(f"""
select (queued_at at time zone 'UTC')::date as day, count(*) as runs,
    count(*) filter (where status = 'SUCCESS') as successes
from runs r where queued_at > now() - interval '30 days' and {BY_PEOPLE} group by 1 order by 1""")


def search_runs(conn: Connection, wanted: Filter, after: str | None = None, limit: int = 50) -> Page:
    """Return a page of runs, newest first.

    Raises:
        BadCursor: `after` is not a cursor of an earlier page.
        SearchTooSlow: it takes too long.
    """
    where, values = _conditions(wanted)
    if after:
        queued_at, run_id = _decode_cursor(after)
        where.append("(r.queued_at, r.id) < (:after_at, :after_id)")
        values |= {"after_at": queued_at, "after_id": run_id}
    statement = f"{SELECT} {_where_clause(where)} order by r.queued_at desc, r.id desc limit :limit"
    with _limit_time(conn):
        rows = conn.execute(text(statement), {**values, "limit": limit + 1}).mappings().all()
    runs = tuple(run_from_row(row) for row in rows[:limit])
    return Page(runs, encode_cursor(runs[-1].queued_at, runs[-1].id) if len(rows) > limit else None)


def count_runs(conn: Connection, wanted: Filter, cap: int = COUNT_CAP) -> int:
    """Return how many runs there are, at most `cap`.

    Raises:
        SearchTooSlow: it takes too long.
    """
    where, values = _conditions(wanted)
    statement = f"select count(*) from (select 1 from runs r {_where_clause(where)} limit :cap) found"
    with _limit_time(conn):
        return int(conn.execute(text(statement), {**values, "cap": cap}).scalar_one())


def iter_runs(conn: Connection, wanted: Filter) -> Iterator[Run]:
    """Yield every run, newest first, without holding them all; the connection must be in a transaction."""
    where, values = _conditions(wanted)
    statement = text(f"{SELECT} {_where_clause(where)} order by r.queued_at desc, r.id desc")
    streamed = conn.execution_options(stream_results=True, yield_per=500).execute(statement, values)
    for row in streamed.mappings():
        yield run_from_row(row)


def usage_stats(conn: Connection) -> dict[str, Any]:
    """Return what the monitor shows of all runs.

    Returns:
        `total`, `by_status`, `success_rate` from 0 to 1 of those that ended by themselves, `by_model` with the
        median and 95th percentile in seconds of each model's last thousand runs, and `by_day` of the last thirty
        days.

    Raises:
        SearchTooSlow: it takes too long.
    """
    with _limit_time(conn):
        by_model = conn.execute(_BY_MODEL, {"recent": RECENT_RUNS}).mappings().all()
        by_day = conn.execute(_BY_DAY).mappings().all()
    statuses = {str(s): sum(row["by_status"].get(s, 0) for row in by_model) for s in Status}
    return {
        "total": sum(statuses.values()),
        "by_status": statuses,
        "success_rate": _success_rate(statuses),
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
        **{key: row[key] for key in ("app_id", "slug", "app_name", "runs", "p50", "p95", "last_run_at")},
        "successes": counts.get("SUCCESS", 0),
        "failures": counts.get("FAILED", 0) + counts.get("TIMED_OUT", 0),
        "success_rate": _success_rate(counts),
    }


def _success_rate(counts: Mapping[str, int]) -> float | None:
    ended = sum(counts.get(s, 0) for s in ("SUCCESS", "FAILED", "TIMED_OUT"))
    return counts.get("SUCCESS", 0) / ended if ended else None


def _conditions(wanted: Filter) -> tuple[list[str], dict[str, Any]]:
    where: list[str] = []
    values: dict[str, Any] = {}
    if wanted.app is not None:
        if isinstance(wanted.app, int) or wanted.app.isdecimal():
            where.append("r.app_id = :app")
            values["app"] = min(int(wanted.app), 2**31 - 1)
        else:
            where.append("r.app_id = (select id from apps where slug = :app)")
            values["app"] = _storable_text(wanted.app)
    if wanted.statuses:
        where.append("r.status = any(:statuses)")
        values["statuses"] = [str(s) for s in wanted.statuses]
    if wanted.user:
        where.append("r.user_id = (select id from users where name = :user)")
        values["user"] = _storable_text(wanted.user)
    else:
        where.append(BY_PEOPLE)
    for name, operator in (("since", ">="), ("until", "<")):
        if (moment := getattr(wanted, name)) is not None:
            where.append(f"r.queued_at {operator} :{name}")
            values[name] = moment
    if wanted.batch is not None:
        where.append("r.batch = :batch")
        values["batch"] = wanted.batch
    for i, word in enumerate(_storable_text(wanted.text or "").split()):
        id_too = f"or r.id::text like :w{i} " if _PART_OF_ID.fullmatch(word.lower()) else ""
        where.append(_WORD.format(i=i, id_too=id_too))
        values[f"w{i}"] = "%" + re.sub(r"([\\%_])", r"\\\1", word.lower()) + "%"
        # The flags: take the word as it is, and upper and lower case as one. A number does not match.
        values[f"p{i}"] = f'$.** ? (@ like_regex {orjson.dumps(word).decode()} flag "iq")'
    return where, values


def _where_clause(where: list[str]) -> str:
    return "where " + " and ".join(where) if where else ""


@contextlib.contextmanager
def _limit_time(conn: Connection) -> Iterator[None]:
    """End a statement that takes longer than a person waits.

    Raises:
        SearchTooSlow: it did.
    """
    conn.execute(text(f"set statement_timeout = '{STATEMENT_TIMEOUT}s'"))
    try:
        yield
    except OperationalError as error:
        if isinstance(error.orig, psycopg.errors.QueryCanceled):
            raise SearchTooSlow(f"the search takes longer than {STATEMENT_TIMEOUT} seconds; narrow it") from error
        raise
    finally:
        with contextlib.suppress(DBAPIError):  # in a transaction that failed its end resets it
            conn.execute(text("reset statement_timeout"))


def _storable_text(words: str) -> str:
    return words.replace("\0", "").encode("utf-8", "replace").decode()


def encode_cursor(queued_at: datetime, run_id: UUID) -> str:
    """Return the cursor of what follows the run `run_id`, queued at `queued_at`."""
    return base64.urlsafe_b64encode(f"{queued_at.isoformat()} {run_id}".encode()).decode().rstrip("=")


def _decode_cursor(cursor: str) -> tuple[datetime, UUID]:
    try:
        moment, run_id = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().rsplit(" ", 1)
        return datetime.fromisoformat(moment), UUID(run_id)
    except ValueError as error:
        raise BadCursor(cursor) from error
