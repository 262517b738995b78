"""Groups of runs: their points, their counts and the lanes in which they are worked on.

Chosen: points that end together are stored by one statement, with their runs, results and the group's counts; it takes
only points that have no run yet, whose rows it locks, so that two workers that believe to have the same lane store each
point once. A count is only ever raised, in the statement that ends a run.
Left out: what the points are and what is made of them, which is `engine.analysis`.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import uuid_utils.compat as uuids
from sqlalchemy import Connection, RowMapping

from contract.run import Status, Visibility
from contract.run_group import FinishedPoint, GroupKind, GroupPoint, GroupStatus, RunGroup
from storage import results
from storage.queue_jobs import living_job
from storage.runs import END_GROUP, inputs_digest
from storage.sql import sql
from storage.visibility import Viewer, readable

# ruff: noqa: S608 - the statements below are put together from words of our own
_SELECT = """
select g.id, g.kind, g.app_id, g.version, g.definition, g.inputs, g.status, g.reason, g.outcome, g.total, g.done,
       g.failed, g.reused, g.growing, g.seq, g.created_at, g.finished_at, g.visibility, a.slug as app_slug,
       coalesce(v.manifest->>'name', a.slug) as app_name, u.name as user
from run_groups g join apps a on a.id = g.app_id join versions v on v.app_id = g.app_id and v.hash = g.version
join users u on u.id = g.user_id
"""

_INSERT_POINTS = sql("""
insert into run_group_points (group_id, number, version, changes, name)
select :group, n, v, cast(c as jsonb), w
from unnest(cast(:numbers as integer[]), cast(:versions as text[]), cast(:changes as text[]), cast(:names as text[]))
    as given(n, v, c, w)
on conflict do nothing
""")

_FINISH_POINTS = sql("""
with given as (
    select * from json_to_recordset(cast(:points as json)) as t(
        number integer, id uuid, version text, inputs jsonb, digest text, seed bigint, warnings jsonb, doc json,
        summary jsonb, nulls jsonb, log text, started_at timestamptz, finished_at timestamptz, peak_memory bigint,
        cpu_seconds float8, reused_from uuid)
), grp as (
    select id, app_id, user_id, visibility from run_groups where id = :group
), taken as (
    select p.number from run_group_points p join given using (number)
    where p.group_id = :group and p.run_id is null order by p.number for update of p
), pointed as (
    update run_group_points p set run_id = g.id from given g join taken using (number)
    where p.group_id = :group and p.number = g.number
), added as (
    insert into runs (id, app_id, version, status, inputs, digest, seed, user_id, queued_at, started_at, finished_at,
                      warnings, log, peak_memory, cpu_seconds, priority, attempt, worker, environment, reused_from,
                      batch, visibility)
    select g.id, grp.app_id, g.version, 'SUCCESS', g.inputs, g.digest, g.seed, grp.user_id,
           g.started_at, coalesce(o.started_at, g.started_at), coalesce(o.finished_at, g.finished_at),
           g.warnings, g.log, coalesce(o.peak_memory, g.peak_memory),
           coalesce(o.cpu_seconds, g.cpu_seconds), 0, 1, :worker,
           coalesce(o.environment, cast(:environment as jsonb)), g.reused_from, grp.id,
           grp.visibility
    from given g join taken using (number) cross join grp left join runs o on o.id = g.reused_from
    returning id, reused_from
), kept as (
    insert into results (run_id, doc, summary, nulls)
    select g.id, g.doc, g.summary, g.nulls
    from given g join taken using (number) where g.doc is not null
), counted as (
    update run_groups g set done = g.done + n.n, reused = g.reused + n.reused, seq = g.seq + 1
    from (select count(*) as n, count(reused_from) as reused from added) n
    where g.id = :group and n.n > 0 returning g.id, g.seq
)
select (select array_agg(id) from added) as ids, (select pg_notify('run_events', id || ':' || seq) from counted)
""")

_REUSABLE = """
select distinct on (r.digest) r.digest, r.id, r.seed from runs r
where r.app_id = :app and r.version = :version and r.digest = any(:digests) and r.status = 'SUCCESS'
    and r.reused_from is null and {readable}
order by r.digest, r.queued_at desc
"""


def insert_group(
    conn: Connection,
    group_id: UUID,
    *,
    kind: GroupKind,
    app_id: int,
    version: str,
    user_id: int,
    definition: Mapping[str, Any],
    inputs: Mapping[str, Any],
    total: int,
    growing: bool = False,
    visibility: Visibility = Visibility.TEAM,
    sources: Sequence[UUID] = (),
) -> bool:
    """Store a group that is to be worked on; its points and lanes follow in the same transaction.

    `sources` are the runs whose inputs it begins with. Returns whether it was stored: False where one has the id.
    """
    statement = sql(
        "insert into run_groups (id, kind, app_id, version, user_id, definition, inputs, status, total, growing, "
        "visibility) "
        "values (:id, :kind, :app, :version, :user, cast(:definition as json), cast(:inputs as jsonb), 'RUNNING', "
        ":total, :growing, :visibility) on conflict (id) do nothing returning id"
    )
    values = {
        "id": group_id,
        "kind": str(kind),
        "app": app_id,
        "version": version,
        "user": user_id,
        "definition": _json(definition),
        "inputs": _json(inputs),
        "total": total,
        "growing": growing,
        "visibility": str(visibility),
    }
    if conn.execute(statement, values).one_or_none() is None:
        return False
    if sources:
        given = sql("insert into run_group_sources (group_id, run_id) select :group, unnest(cast(:runs as uuid[]))")
        conn.execute(given, {"group": group_id, "runs": list(dict.fromkeys(sources))})
    return True


def insert_points(
    conn: Connection,
    group_id: UUID,
    points: Iterable[tuple[int, str, Mapping[str, Any]]],
    names: Sequence[str] = (),
) -> None:
    """Store points by number, version and what differs from the group's inputs; numbers that are there stay.

    `names` are what the points are called, in their order; without them they have none.
    """
    given = list(points)
    values = {
        "group": group_id,
        "numbers": [number for number, _, _ in given],
        "versions": [version for _, version, _ in given],
        "changes": [_json(changes) for _, _, changes in given],
        "names": list(names) if names else [None for _ in given],
    }
    conn.execute(_INSERT_POINTS, values)


def add_point(conn: Connection, group_id: UUID, number: int, version: str, changes: Mapping[str, Any]) -> None:
    """Store one more point of a group that grows, counted in its total the first time."""
    insert = sql(
        "with added as (insert into run_group_points (group_id, number, version, changes) values (:group, :number, "
        ":version, cast(:changes as jsonb)) on conflict do nothing returning 1) "
        "update run_groups set total = total + 1 where id = :group and exists (select 1 from added)"
    )
    conn.execute(insert, {"group": group_id, "number": number, "version": version, "changes": _json(changes)})


def get_group(conn: Connection, group_id: UUID, *, viewer: Viewer | None = None) -> RunGroup | None:
    """Return the group, or None where there is none or it is not for `viewer` to read."""
    condition, values = readable(viewer, "g")
    statement = sql(f"{_SELECT}where g.id = :id and {condition}")
    row = conn.execute(statement, {**values, "id": group_id}).mappings().one_or_none()
    return None if row is None else _from_row(row)


def find_group_of(conn: Connection, run_id: UUID, *, viewer: Viewer | None = None) -> RunGroup | None:
    """Return the group that a run belongs to, or None where it is in none or it is not for `viewer` to read."""
    condition, values = readable(viewer, "g")
    statement = sql(f"{_SELECT}where g.id = (select r.batch from runs r where r.id = :run) and {condition}")
    row = conn.execute(statement, {**values, "run": run_id}).mappings().one_or_none()
    return None if row is None else _from_row(row)


def list_groups(
    conn: Connection,
    *,
    limit: int,
    app_id: int | None = None,
    kind: GroupKind | None = None,
    viewer: Viewer | None = None,
) -> list[RunGroup]:
    """Return the newest groups that `viewer` may read, of one model or kind where it is given."""
    condition, values = readable(viewer, "g")
    where = [condition]
    where += ["g.app_id = :app"] if app_id is not None else []
    where += ["g.kind = :kind"] if kind is not None else []
    statement = sql(f"{_SELECT} where {' and '.join(where)} order by g.created_at desc, g.id desc limit :limit")
    values |= {"limit": limit}
    values |= {"app": app_id} if app_id is not None else {}
    values |= {"kind": str(kind)} if kind is not None else {}
    return [_from_row(row) for row in conn.execute(statement, values).mappings()]


def list_points(conn: Connection, group_id: UUID, *, viewer: Viewer | None = None) -> list[GroupPoint]:
    """Return the points of a group in their order, with the summaries of the results that `viewer` may read."""
    condition, values = readable(viewer)
    statement = sql(f"""
        select p.number, p.version, p.changes, p.run_id, p.name, r.status, r.reason,
               r.reused_from is not null as reused, s.doc->'summary' as summary
        from run_group_points p left join runs r on r.id = p.run_id and {condition}
        left join results s on s.run_id = coalesce(r.reused_from, r.id) and r.status = 'SUCCESS'
        where p.group_id = :group order by p.number""")
    return [
        GroupPoint(
            row["number"],
            row["version"],
            row["changes"],
            row["run_id"],
            Status(row["status"]) if row["status"] else None,
            row["reason"],
            bool(row["reused"]),
            row["summary"] or {},
            row["name"],
        )
        for row in conn.execute(statement, {**values, "group": group_id}).mappings()
    ]


def list_run_names(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return what these runs are called as points of their groups, of those that have a name."""
    statement = sql(
        "select r.id, p.name from runs r join run_group_points p on p.group_id = r.batch and p.run_id = r.id "
        "where r.id = any(:ids) and p.name is not null"
    )
    return {row.id: row.name for row in conn.execute(statement, {"ids": list(ids)})}


def open_points(conn: Connection, group_id: UUID, lane: int, lanes: int, limit: int) -> list[GroupPoint]:
    """Return the points of a lane that have no run yet, at most `limit`, in their order."""
    statement = sql(
        "select number, version, changes from run_group_points where group_id = :group and run_id is null "
        "and number % :lanes = :lane order by number limit :limit"
    )
    values = {"group": group_id, "lane": lane, "lanes": lanes, "limit": limit}
    return [GroupPoint(row.number, row.version, row.changes) for row in conn.execute(statement, values)]


def find_reusable(
    conn: Connection, app_id: int, version: str, digests: Sequence[str], *, viewer: Viewer | None = None
) -> dict[str, tuple[UUID, int]]:
    """Return, by the digest of its inputs, the newest run with a result of its own for `viewer`, and its seed."""
    condition, values = readable(viewer)
    values |= {"app": app_id, "version": version, "digests": list(digests)}
    statement = sql(_REUSABLE.format(readable=condition))
    return {row.digest: (row.id, row.seed) for row in conn.execute(statement, values)}


def finish_points(
    conn: Connection,
    group_id: UUID,
    points: Sequence[FinishedPoint],
    *,
    worker: str,
    environment: Mapping[str, str],
) -> int:
    """Store points that have ended, with their runs and results, and return how many had none yet."""
    ids = [uuids.uuid7() for _ in points]
    given = [
        {
            "number": p.number,
            "id": run_id,
            "version": p.version,
            "inputs": p.inputs,
            "digest": inputs_digest(p.inputs),
            "seed": p.seed,
            "warnings": p.warnings,
            "doc": p.doc,
            "summary": (p.doc or {}).get("summary") or None,
            "nulls": p.nulls,
            "log": p.log,
            "started_at": p.started_at,
            "finished_at": p.finished_at,
            "peak_memory": p.peak_memory,
            "cpu_seconds": p.cpu_seconds,
            "reused_from": p.reused_from,
        }
        for run_id, p in zip(ids, points, strict=True)
    ]
    # One text: as arrays of each column, turning them into parameters took longer than storing them.
    content = orjson.dumps(given, option=orjson.OPT_NON_STR_KEYS).decode()
    values = {"group": group_id, "worker": worker, "environment": _json(environment), "points": content}
    stored = set(conn.execute(_FINISH_POINTS, values).one().ids or ())
    for run_id, point in zip(ids, points, strict=True):
        if point.parts and run_id in stored:
            results.write_parts(conn, run_id, point.parts, {})
    return len(stored)


def lock_open_point(conn: Connection, group_id: UUID, number: int) -> bool:
    """Lock a point that has no run yet until the transaction ends; whether it has none."""
    statement = sql(
        "select 1 from run_group_points where group_id = :group and number = :number and run_id is null for update"
    )
    return bool(conn.execute(statement, {"group": group_id, "number": number}).all())


def attach_run(conn: Connection, group_id: UUID, number: int, run_id: UUID) -> None:
    """Note the run of a point that is run by itself."""
    statement = sql("update run_group_points set run_id = :run where group_id = :group and number = :number")
    conn.execute(statement, {"group": group_id, "number": number, "run": run_id})


def end_if_done(conn: Connection, group_id: UUID) -> bool:
    """End the group where all its points have ended; a statement of its own, after the one that counted the last."""
    return bool(conn.execute(END_GROUP, {"group": group_id}).all())


def close_group(
    conn: Connection, group_id: UUID, *, outcome: Mapping[str, Any] | None, reason: str | None, failed: bool
) -> None:
    """End a group that was growing, with what it found."""
    statement = sql("""
        with changed as (
            update run_groups set growing = false, outcome = cast(:outcome as json), reason = :reason, seq = seq + 1,
                status = :status, finished_at = clock_timestamp()
            where id = :id and status = 'RUNNING' returning id, seq
        ) select pg_notify('run_events', id || ':' || seq || '\\:end') from changed""")
    values = {
        "id": group_id,
        "outcome": None if outcome is None else _json(outcome),
        "reason": reason,
        "status": "FAILED" if failed else "FINISHED",
    }
    conn.execute(statement, values)


def fail_group(conn: Connection, group_id: UUID, reason: str) -> None:
    """End a group that cannot go on."""
    statement = sql("""
        with changed as (
            update run_groups set status = 'FAILED', reason = :reason, seq = seq + 1, finished_at = clock_timestamp()
            where id = :id and status = 'RUNNING' returning id, seq
        ) select pg_notify('run_events', id || ':' || seq || '\\:end') from changed""")
    conn.execute(statement, {"id": group_id, "reason": reason})


def request_cancel(conn: Connection, group_id: UUID, user: tuple[int, str]) -> None:
    """End the group and tell the workers that have a lane of it; nothing where it has ended."""
    statement = sql("""
        with changed as (
            update run_groups set status = 'CANCELLED', reason = :reason, cancelled_by = :user, seq = seq + 1,
                finished_at = clock_timestamp()
            where id = :id and status = 'RUNNING' returning id, seq
        ) select pg_notify('run_events', id || ':' || seq || '\\:end'), pg_notify('run_cancel', id || '\\:cancelled')
        from changed""")
    conn.execute(statement, {"id": group_id, "user": user[0], "reason": f"Cancelled by {user[1]}."})


def live_members(conn: Connection, group_id: UUID) -> list[UUID]:
    """Return the runs of the group that have not ended."""
    statement = sql("select id from runs where batch = :group and status in ('PENDING', 'RUNNING')")
    return list(conn.execute(statement, {"group": group_id}).scalars())


def ended_groups(conn: Connection, ids: Sequence[UUID]) -> list[UUID]:
    """Return those of the groups that are not under way any more."""
    if not ids:
        return []
    statement = sql("select id from run_groups where id = any(:ids) and status <> 'RUNNING'")
    return list(conn.execute(statement, {"ids": list(ids)}).scalars())


def reopen(conn: Connection, group_id: UUID) -> bool:
    """Let a group that was cancelled or has failed go on: points whose runs were cancelled are open again.

    Returns:
        Whether it was such a group.
    """
    reopened = sql("""
        with grp as (
            select id from run_groups where id = :id and status in ('CANCELLED', 'FAILED') for update
        ), freed as (
            update run_group_points p set run_id = null from runs r, grp
            where p.group_id = grp.id and r.id = p.run_id and r.status = 'CANCELLED' returning 1
        )
        update run_groups g set status = 'RUNNING', reason = null, finished_at = null, cancelled_by = null,
            outcome = null, growing = (g.kind = 'seek'), seq = seq + 1,
            done = g.done - (select count(*) from freed), failed = g.failed - (select count(*) from freed)
        from grp where g.id = grp.id""")
    return bool(conn.execute(reopened, {"id": group_id}).rowcount)


def put_lane(conn: Connection, group_id: UUID, lane: int, job_id: int | None) -> None:
    """Note which job of the queue works on a lane next; None where the lane has nothing left."""
    statement = sql(
        "insert into run_group_lanes (group_id, lane, job_id) values (:group, :lane, :job) "
        "on conflict (group_id, lane) do update set job_id = excluded.job_id, losses = 0"
    )
    conn.execute(statement, {"group": group_id, "lane": lane, "job": job_id})


def count_lanes(conn: Connection, group_id: UUID) -> int:
    """Return how many lanes the group has."""
    return int(
        conn.execute(sql("select count(*) from run_group_lanes where group_id = :id"), {"id": group_id}).scalar_one()
    )


def lock_lost_lanes(conn: Connection, *, silence: float) -> list[tuple[UUID, int, int]]:
    """Return, locked until the transaction ends, lanes of groups under way that no living worker has a job for.

    Returns:
        Group, lane and how often it has been lost before.
    """
    statement = sql(f"""
        select l.group_id, l.lane, l.losses from run_group_lanes l join run_groups g on g.id = l.group_id
        where g.status = 'RUNNING' and l.job_id is not null and not {living_job("l.job_id")}
        for update of l skip locked""")
    rows = conn.execute(statement, {"silence": timedelta(seconds=silence)})
    return [(row.group_id, row.lane, row.losses) for row in rows]


def full_groups(conn: Connection) -> list[UUID]:
    """Return the groups under way whose last point has ended: whoever counted it was lost before it could say so."""
    statement = sql("select id from run_groups where status = 'RUNNING' and not growing and done >= total")
    return list(conn.execute(statement).scalars())


def owner_of(conn: Connection, group_id: UUID) -> Viewer:
    """Return whose group it is, as a reader of runs."""
    statement = sql("select u.id, u.teams from run_groups g join users u on u.id = g.user_id where g.id = :id")
    row = conn.execute(statement, {"id": group_id}).one()
    return Viewer(row.id, tuple(row.teams))


def job_of_lane(conn: Connection, group_id: UUID, lane: int) -> int | None:
    """Return the number of the job that works on a lane."""
    statement = sql("select job_id from run_group_lanes where group_id = :group and lane = :lane")
    return conn.execute(statement, {"group": group_id, "lane": lane}).scalar_one_or_none()


def requeue_lane(conn: Connection, group_id: UUID, lane: int, job_id: int) -> None:
    """Give a lane that was lost a new job, and count the loss."""
    statement = sql(
        "update run_group_lanes set job_id = :job, losses = losses + 1 where group_id = :group and lane = :lane"
    )
    conn.execute(statement, {"group": group_id, "lane": lane, "job": job_id})


def _json(value: Mapping[str, Any]) -> str:
    return orjson.dumps(dict(value), option=orjson.OPT_NON_STR_KEYS).decode()


def _from_row(row: RowMapping) -> RunGroup:
    found = {"kind": GroupKind(row["kind"]), "status": GroupStatus(row["status"])}
    return RunGroup(**{**row, **found, "visibility": Visibility(row["visibility"])})
