"""Runs found again: filtered, newest first, page by page; and totals for the monitor.

Chosen: keyset pages on (queued_at, id), so that the last page costs what the first does; counts stop at a cap,
because nobody reads the difference between 40,000 and 41,000; a statement that takes too long is ended with an
error.
Left out: a query language, which comes on top of the same filter.
"""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from contract.run import Run, Status
from storage.runs import SELECT, to_run

CAP = 1_000


class BadCursor(ValueError):  # noqa: N818 - it reads as what it says
    """A cursor is not one that a page has handed out."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which runs: by model (slug or id), statuses, user, time queued (from, before), words, sweep. Empty lets all through."""

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


def search_runs(conn: Connection, wanted: Filter, after: str | None = None, limit: int = 50) -> Page:
    """Return a page of runs, newest first.

    Raises:
        BadCursor: `after` is not a cursor of an earlier page.
    """
    where, values = _where(wanted)
    if after:
        queued_at, run_id = _read(after)
        where.append("(r.queued_at, r.id) < (:after_at, :after_id)")
        values |= {"after_at": queued_at, "after_id": run_id}
    statement = f"{SELECT} {_clause(where)} order by r.queued_at desc, r.id desc limit :limit"
    rows = conn.execute(text(statement), {**values, "limit": limit + 1}).mappings().all()
    runs = tuple(to_run(row) for row in rows[:limit])
    return Page(runs, cursor_of(runs[-1].queued_at, runs[-1].id) if len(rows) > limit else None)


def count_runs(conn: Connection, wanted: Filter, cap: int = CAP) -> int:
    """Return how many runs there are, at most `cap`."""
    where, values = _where(wanted)
    statement = f"select count(*) from ({SELECT} {_clause(where)} limit :cap) found"  # noqa: S608 - our own clauses
    return int(conn.execute(text(statement), {**values, "cap": cap}).scalar_one())


def iter_runs(conn: Connection, wanted: Filter) -> Iterator[Run]:
    """Yield every run, newest first, without holding them all."""
    where, values = _where(wanted)
    statement = text(f"{SELECT} {_clause(where)} order by r.queued_at desc, r.id desc")
    streamed = conn.execution_options(stream_results=True, yield_per=500).execute(statement, values)
    for row in streamed.mappings():
        yield to_run(row)


def totals(conn: Connection) -> dict[str, Any]:
    """Return runs by status and by model, with success rate and durations in seconds, and runs by day of the last thirty."""
    by_status = conn.execute(text("select status, count(*) as number from runs group by status")).all()
    by_model = conn.execute(
        text("""
        select a.id as app_id, a.slug, coalesce(v.manifest->>'name', a.slug) as app_name, count(*) as runs,
            count(*) filter (where r.status = 'SUCCESS') as successes,
            count(*) filter (where r.status in ('FAILED', 'TIMED_OUT')) as failures,
            percentile_cont(0.5) within group (order by extract(epoch from r.finished_at - r.started_at)) as p50,
            percentile_cont(0.95) within group (order by extract(epoch from r.finished_at - r.started_at)) as p95,
            max(r.queued_at) as last_run_at
        from runs r join apps a on a.id = r.app_id
        left join versions v on v.app_id = a.id and v.hash = a.current_version
        group by 1, 2, 3 order by runs desc, a.slug""")
    )
    by_day = conn.execute(
        text("""
        select (queued_at at time zone 'UTC')::date as day, count(*) as runs,
            count(*) filter (where status = 'SUCCESS') as successes
        from runs where queued_at > now() - interval '30 days' group by 1 order by 1""")
    )
    statuses = {row.status: int(row.number) for row in by_status}
    ended = sum(n for s, n in statuses.items() if Status(s).final and s != Status.CANCELLED)
    return {
        "total": sum(statuses.values()),
        "by_status": {str(s): statuses.get(s, 0) for s in Status},
        "success_rate": statuses.get("SUCCESS", 0) / ended if ended else None,
        "by_model": [
            {
                **dict(row),
                "success_rate": row["successes"] / done if (done := row["successes"] + row["failures"]) else None,
            }
            for row in by_model.mappings()
        ],
        "by_day": [dict(row) for row in by_day.mappings()],
    }


def median_seconds(conn: Connection, app_id: int) -> float | None:
    """Return the median duration of the model's last hundred successful runs, or None without any."""
    statement = text("""
        select percentile_cont(0.5) within group (order by extract(epoch from finished_at - started_at)) from (
            select started_at, finished_at from runs where app_id = :app and status = 'SUCCESS'
            order by queued_at desc limit 100) recent""")
    found = conn.execute(statement, {"app": app_id}).scalar_one_or_none()
    return None if found is None else float(found)


def _where(wanted: Filter) -> tuple[list[str], dict[str, Any]]:
    where: list[str] = []
    values: dict[str, Any] = {}
    if wanted.app is not None:
        if isinstance(wanted.app, int) or wanted.app.isdecimal():
            where.append("r.app_id = :app")
            values["app"] = min(int(wanted.app), 2**31 - 1)
        else:
            where.append("r.app_id = (select id from apps where slug = :app)")
            values["app"] = _safe(wanted.app)
    if wanted.statuses:
        where.append("r.status = any(:statuses)")
        values["statuses"] = [str(s) for s in wanted.statuses]
    if wanted.user:
        where.append("r.user_id = (select id from users where name = :user)")
        values["user"] = _safe(wanted.user)
    for name, operator in (("since", ">="), ("until", "<")):
        if (moment := getattr(wanted, name)) is not None:
            where.append(f"r.queued_at {operator} :{name}")
            values[name] = moment
    if wanted.batch is not None:
        where.append("r.batch = :batch")
        values["batch"] = wanted.batch
    for i, word in enumerate(_safe(wanted.text or "").split()):
        where.append(
            f"(v.manifest->>'name' ilike :w{i} or a.slug ilike :w{i} or r.reason ilike :w{i} or u.name ilike :w{i} "
            f"or r.id::text ilike :w{i} or r.inputs::text ilike :w{i})"
        )
        values[f"w{i}"] = "%" + word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    return where, values


def _clause(where: list[str]) -> str:
    return "where " + " and ".join(where) if where else ""


def _safe(words: str) -> str:
    return words.replace("\0", "").encode("utf-8", "replace").decode()


def cursor_of(queued_at: datetime, run_id: UUID) -> str:
    return base64.urlsafe_b64encode(f"{queued_at.isoformat()} {run_id}".encode()).decode().rstrip("=")


def _read(cursor: str) -> tuple[datetime, UUID]:
    try:
        moment, run_id = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().rsplit(" ", 1)
        return datetime.fromisoformat(moment), UUID(run_id)
    except ValueError as error:
        raise BadCursor(cursor) from error
