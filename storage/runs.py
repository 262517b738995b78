"""Runs: added, claimed, recorded, finished, cancelled; every write of a worker is fenced by its attempt.

Chosen: one statement an event, which raises the sequence number, keeps the event and notifies; a claim raises
the attempt, and a write whose attempt is not the run's own touches no row and says so.
Left out: results, which `storage.results` keeps, and lists, which `storage.search` makes.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
import uuid_utils.compat as uuids
from sqlalchemy import Connection, RowMapping

from contract.errors import TooManyError
from contract.problems import Problem
from contract.run import LinkKind, Run, Status, Visibility
from storage import fair_queue, queue_jobs, results, run_events
from storage.sql import sql
from storage.visibility import Viewer, readable

# ruff: noqa: S608 - the statements below are put together from these words of our own
# Without the log, which may be a megabyte and which no list shows.
_NOUN = """r.id, r.app_id, r.version, r.status, r.inputs, r.seed, r.queued_at, r.started_at, r.finished_at, r.reason,
       r.problems, r.traceback, r.warnings, r.progress, r.message, r.seq, r.attempt, r.priority, r.peak_memory,
       r.cpu_seconds, r.worker, r.environment, r.reused_from, r.superseded_by, r.cancel_requested, r.rank,
       r.visibility, r.origin_kind,
       a.slug as app_slug, coalesce(v.manifest->>'name', a.slug) as app_name, v.git_commit, u.name as user_name"""
_OTHERS = """ r join apps a on a.id = r.app_id
join versions v on v.app_id = r.app_id and v.hash = r.version
join users u on u.id = r.user_id
"""
# A run that reuses a result shows that of `o`, which made it; one without a result shows what it has shown so far.
_SHOWN = f"""
select {_NOUN}, coalesce(s.doc, p.shown) as shown, s.nulls,
       case when o.id is null then {run_events.LOG_SQL} else o.log end as log
from runs{_OTHERS}
left join runs o on o.id = coalesce(r.reused_from, r.id) and r.status = 'SUCCESS'
left join results s on s.run_id = o.id
left join run_partials p on p.run_id = r.id and o.id is null
where r.id = :id
"""
# A partial result that is lost with the database server is shown again: its commit need not wait for the disk. A claim
# waits: were it lost, the next claim would have the same attempt, and the two workers could not be told apart.
_SOON = "set_config('synchronous_commit', 'off', true)"
SELECT = f"select {_NOUN} from runs{_OTHERS}"
# The texts among the inputs of the run `r`, at any depth, each once.
_TEXTS = """(select string_agg(distinct found #>> '{}', chr(10))
        from jsonb_path_query(r.inputs, 'strict $.** ? (@.type() == "string")') found)"""

# Two clicks with one key at the same moment may leave a job whose run is not there; a worker finds nothing to claim.
_ADD = sql(f"""
with wanted as (
    select {fair_queue.NEXT_RANK} as rank where cast(:most as integer) is null or {fair_queue.WAITING_RUNS} < :most
), queued as (
    select {queue_jobs.defer_run(f"cast(:place as integer) - least(rank, {fair_queue.MAX_ADMITTED})")} as job_id
    from wanted where cast(:queue as text) is not null and not exists (
        select 1 from runs k where k.user_id = :user_id and k.submission_key = :submission_key)
), added as (
    insert into runs (id, app_id, version, status, inputs, digest, seed, user_id, priority, rank, on_hold, batch,
                      submission_key, reused_from, warnings, started_at, finished_at, environment, peak_memory,
                      cpu_seconds, job_id, visibility, origin_kind, origin)
    select :id, :app_id, :version, :status, cast(:inputs as jsonb), :digest, :seed, :user_id, :priority,
           wanted.rank, :on_hold, :batch, :submission_key, :reused_from, cast(:warnings as jsonb), o.started_at,
           o.finished_at, o.environment, o.peak_memory, o.cpu_seconds, (select job_id from queued), :visibility,
           :origin_kind, :origin
    from wanted left join runs o on o.id = :reused_from
    on conflict on constraint runs_submission_key do nothing
    returning *
), findable as (
    insert into run_search (run_id, words)
    select r.id, lower(concat_ws(chr(10), a.slug, v.manifest->>'name', u.name, {_TEXTS})) from added{_OTHERS}
) select {_NOUN} from added{_OTHERS}
""")

_START = sql(f"""
with claimed as (
    update runs set status = 'RUNNING', attempt = attempt + 1, seq = seq + 1, worker = :worker,
        started_at = clock_timestamp(), progress = null, message = null
    where id = :id and status = 'PENDING' returning *
), said as (
    insert into run_events (run_id, seq, kind, payload)
    select id, seq, 'status', '{{"status": "RUNNING"}}' from claimed
), cleared as (
    delete from run_partials where run_id = :id
)
select pg_notify('run_events', r.id || ':' || r.seq), {_NOUN} from claimed{_OTHERS}
""")

_RECORD = sql(f"""
with changed as (
    update runs set seq = seq + 1, progress = coalesce(:progress, progress), message = coalesce(:message, message)
    where id = :id and attempt = :attempt and status = 'RUNNING' returning id, seq
), said as (
    insert into run_events (run_id, seq, kind, payload)
    select id, seq, 'progress', cast(:payload as jsonb) from changed
), kept as (
    insert into run_partials (run_id, seq, shown)
    select id, seq, cast(:shown as json) from changed where cast(:shown as text) is not null
    on conflict (run_id) do update set seq = excluded.seq, shown = excluded.shown
)
select pg_notify('run_events', id || ':' || seq), {_SOON} from changed
""")

_FINISH = sql("""
with changed as (
    update runs set status = :status, seq = seq + 1, reason = :reason, problems = cast(:problems as jsonb),
        traceback = :traceback, warnings = cast(:warnings as jsonb), log = :log, peak_memory = :peak_memory,
        cpu_seconds = :cpu_seconds, environment = coalesce(cast(:environment as jsonb), environment),
        progress = case when :status = 'SUCCESS' then null else progress end, finished_at = clock_timestamp()
    where id = :id and attempt = :attempt and status = any(:from_statuses) returning id, seq, batch
), counted as (
    update run_groups g set done = g.done + 1, seq = g.seq + 1,
        failed = g.failed + case when :status = 'SUCCESS' then 0 else 1 end
    from changed where g.id = changed.batch returning g.id, g.seq
), said as (
    insert into run_events (run_id, seq, kind, payload)
    select id, seq, 'status', jsonb_build_object('status', cast(:status as text)) from changed
), findable as (
    update run_search s set words = s.words || chr(10) || lower(:reason)
    from changed where s.run_id = changed.id and cast(:reason as text) is not null
), pruned as (
    delete from run_events where run_id = :id and kind = 'progress' and exists (select 1 from changed)
), kept as (
    insert into results (run_id, doc, summary, nulls)
    select id, cast(:doc as json), cast(:summary as jsonb), cast(:nulls as jsonb) from changed
    where cast(:doc as text) is not null
), cleared as (
    delete from run_partials where run_id = :id and cast(:doc as text) is not null and exists (select 1 from changed)
)
select pg_notify('run_events', id || ':' || seq || '\\:end'), batch,
    (select pg_notify('run_events', id || ':' || seq) from counted) from changed
""")

_CANCEL = sql("""
with changed as (
    update runs set cancel_requested = true, seq = seq + 1,
        superseded_by = coalesce(cast(:superseded_by as uuid), superseded_by), cancelled_by = :cancelled_by,
        status = case when status = 'PENDING' then 'CANCELLED' else status end,
        reason = case when status = 'PENDING' then cast(:reason as text) else reason end,
        finished_at = case when status = 'PENDING' then clock_timestamp() else finished_at end
    where id = :id and status in ('PENDING', 'RUNNING') and not cancel_requested returning id, seq, status, batch
), counted as (
    update run_groups g set done = g.done + 1, failed = g.failed + 1, seq = g.seq + 1
    from changed where g.id = changed.batch and changed.status = 'CANCELLED' returning g.id, g.seq
), said as (
    insert into run_events (run_id, seq, kind, payload)
    select id, seq, 'cancel', jsonb_build_object('status', status) from changed
), findable as (
    update run_search s set words = s.words || chr(10) || lower(:reason)
    from changed where s.run_id = changed.id and changed.status = 'CANCELLED'
)
select pg_notify('run_events', id || ':' || seq || case when status = 'CANCELLED' then '\\:end' else '' end),
       pg_notify('run_cancel', id || ':' || cast(:why as text)), batch,
       (select pg_notify('run_events', id || ':' || seq) from counted) from changed
""")


# A group of runs ends with its last point: a statement of its own, which sees what others have counted meanwhile.
END_GROUP = sql("""
with ended as (
    update run_groups g set status = 'FINISHED', seq = seq + 1, finished_at = clock_timestamp()
    where g.id = :group and g.status = 'RUNNING' and not g.growing and g.done >= g.total returning id, seq
) select pg_notify('run_events', id || ':' || seq || '\\:end') from ended
""")

LONGEST_NAME = 200  # characters of a user's name in a notification, whose length the server bounds


@dataclass(frozen=True, slots=True)
class QueueSlot:
    """Where in the queue a run's job goes: the queue's name, the task's, and the priority of a run whose rank is 0."""

    queue: str
    task: str
    priority: int


def inputs_digest(inputs: Mapping[str, Any]) -> str:
    """Return what equal inputs have in common: the SHA-256 of their canonical JSON."""
    return hashlib.sha256(orjson.dumps(inputs, option=orjson.OPT_SORT_KEYS)).hexdigest()


def insert_run(
    conn: Connection,
    *,
    app_id: int,
    version: str,
    inputs: Mapping[str, Any],
    seed: int,
    user_id: int,
    priority: int = 0,
    batch: UUID | None = None,
    submission_key: str | None = None,
    reused_from: UUID | None = None,
    warnings: Sequence[str] = (),
    on_hold: bool = False,
    most: int | None = None,
    place: QueueSlot | None = None,
    visibility: Visibility = Visibility.TEAM,
    origin: tuple[LinkKind, UUID] | None = None,
) -> tuple[Run, bool]:
    """Store a run, PENDING or, with `reused_from`, SUCCESS at once; `on_hold` waits until it is admitted.

    `origin` is the run that it came from, and how: edited, or a replay.

    With `place` a run that is new and has to be run gets its job in the same statement.

    Returns:
        The run and whether it is new; a submission key the user has used before gives that run.

    Raises:
        TooManyError: the user has `most` single runs that have not ended.
    """
    run_id = uuids.uuid7()
    if reused_from is not None:
        on_hold, place = False, None
    added = conn.execute(
        _ADD,
        {
            "id": run_id,
            "app_id": app_id,
            "version": version,
            "status": Status.SUCCESS if reused_from else Status.PENDING,
            "inputs": orjson.dumps(dict(inputs)).decode(),
            "digest": inputs_digest(inputs),
            "seed": seed,
            "user_id": user_id,
            "priority": priority,
            "batch": batch,
            "submission_key": submission_key,
            "reused_from": reused_from,
            "warnings": orjson.dumps(list(warnings)).decode(),
            "on_hold": on_hold,
            "most": most,
            "queue": place and place.queue,
            "task": place and place.task,
            "place": place and place.priority,
            "visibility": visibility,
            "origin_kind": origin and origin[0],
            "origin": origin and origin[1],
        },
    )
    row = added.mappings().one_or_none()
    if row is not None:
        return run_from_row(row), True
    where = "where r.user_id = :user_id and r.submission_key = :key"
    known = conn.execute(sql(SELECT + where), {"user_id": user_id, "key": submission_key}).mappings().one_or_none()
    if known is None:
        raise TooManyError
    return run_from_row(known), False


def attach_job(conn: Connection, run_id: UUID, job_id: int) -> None:
    """Note which job of the queue is to run it."""
    conn.execute(sql("update runs set job_id = :job where id = :id"), {"job": job_id, "id": run_id})


def claim_run(conn: Connection, run_id: UUID, worker: str) -> Run | None:
    """Claim a waiting run for `worker`; None where it is not waiting any more."""
    row = conn.execute(_START, {"id": run_id, "worker": worker}).mappings().one_or_none()
    return None if row is None else run_from_row(row)


def record_progress(
    conn: Connection,
    run_id: UUID,
    attempt: int,
    *,
    progress: float | None = None,
    message: str | None = None,
    shown: Mapping[str, Any] | None = None,
    log: str = "",
) -> bool:
    """Keep one event of a running run: progress from 0 to 1, a message, all that is shown so far, new lines of log.

    Returns:
        Whether the run is still the attempt's.
    """
    values = {
        "id": run_id,
        "attempt": attempt,
        "progress": progress,
        "message": message,
        "payload": orjson.dumps({"progress": progress, "message": message, "log": log}).decode(),
        "shown": None if shown is None else orjson.dumps(dict(shown)).decode(),
    }
    return conn.execute(_RECORD, values).one_or_none() is not None


def finish_run(
    conn: Connection,
    run_id: UUID,
    attempt: int,
    *,
    status: Status,
    reason: str | None = None,
    problems: Sequence[Problem] = (),
    traceback: str | None = None,
    warnings: Sequence[str] = (),
    doc: Mapping[str, Any] | None = None,
    parts: Mapping[str, Mapping[str, Sequence[Any]]] | None = None,
    nulls: Mapping[str, Any] | None = None,
    files: Mapping[str, tuple[str, str, int]] | None = None,
    shown: Mapping[str, Any] | None = None,
    log: str | None = None,
    peak_memory: int | None = None,
    cpu_seconds: float | None = None,
    environment: Mapping[str, str] | None = None,
    waiting_too: bool = False,
) -> bool:
    """Keep how a run ended, with its result if it has one.

    Args:
        conn: the transaction; nothing of a result is kept unless all of it is.
        run_id: the run.
        attempt: the attempt that ran it.
        status: a final status.
        reason: why it is not a success, for an analyst.
        problems: what was wrong with its result.
        traceback: the model's own frames.
        warnings: shown above the result.
        doc: the result, large parts replaced by references.
        parts: those parts, columns by part.
        nulls: how many values were not finite, and where.
        files: name to (blob's hash, file's name, size in bytes).
        shown: what a run that failed had shown.
        log: what it printed; None keeps what was recorded.
        peak_memory: in bytes.
        cpu_seconds: processor time.
        environment: versions of Python and packages.
        waiting_too: end it even where it waits, as recovery may.

    Returns:
        Whether the run was still the attempt's; otherwise nothing has been stored.
    """
    values = {
        "id": run_id,
        "attempt": attempt,
        "status": status,
        "reason": reason,
        "problems": orjson.dumps([p.as_dict() for p in problems]).decode(),
        "traceback": traceback,
        "warnings": orjson.dumps(list(warnings)).decode(),
        "log": log if log is not None else run_events.get_log(conn, run_id),
        "peak_memory": peak_memory,
        "cpu_seconds": cpu_seconds,
        "environment": None if environment is None else orjson.dumps(dict(environment)).decode(),
        "from_statuses": ["RUNNING", "PENDING"] if waiting_too else ["RUNNING"],
        "doc": None if doc is None else orjson.dumps(dict(doc), option=orjson.OPT_NON_STR_KEYS).decode(),
        "summary": orjson.dumps(summary).decode() if (summary := (doc or {}).get("summary")) else None,
        "nulls": orjson.dumps(dict(nulls or {})).decode(),
    }
    ended = conn.execute(_FINISH, values).one_or_none()
    if ended is None:
        return False
    if ended.batch is not None:
        conn.execute(END_GROUP, {"group": ended.batch})
    if doc is not None:
        results.write_parts(conn, run_id, parts or {}, files or {})
    elif shown:
        keep = sql(
            "insert into run_partials (run_id, seq, shown) "
            "select id, seq, cast(:shown as json) from runs where id = :id "
            "on conflict (run_id) do update set seq = excluded.seq, shown = excluded.shown"
        )
        conn.execute(keep, {"id": run_id, "shown": orjson.dumps(dict(shown)).decode()})
        results.write_parts(conn, run_id, {}, files or {})
    return True


def requeue_run(conn: Connection, run_id: UUID, attempt: int, job_id: int) -> bool:
    """Requeue a run that this attempt will not finish: it waits again, for the job `job_id`."""
    statement = sql("""
        with changed as (
            update runs set status = 'PENDING', job_id = :job, seq = seq + 1, worker = null
            where id = :id and attempt = :attempt and status in ('RUNNING', 'PENDING') returning id, seq
        ) select pg_notify('run_events', id || ':' || seq) from changed""")
    return conn.execute(statement, {"id": run_id, "attempt": attempt, "job": job_id}).one_or_none() is not None


def request_cancel(
    conn: Connection, run_id: UUID, *, superseded_by: UUID | None = None, user: tuple[int, str] | None = None
) -> Run | None:
    """End a waiting run at once and ask the worker of a running one to end it; None where there is no such run.

    Its reason names the user, given by id and name, who cancelled it; not where a newer run superseded it.
    """
    named = user[1] if user is not None and superseded_by is None else None
    if superseded_by:
        reason = "Superseded by a newer run before it started."
    else:
        reason = f"Cancelled before it started, by {named}." if named else "Cancelled before it started."
    values = {
        "id": run_id,
        "superseded_by": superseded_by,
        "cancelled_by": user and user[0],
        "reason": reason,
        "why": _cancel_why(superseded=superseded_by is not None, name=named),
    }
    cancelled = conn.execute(_CANCEL, values).one_or_none()
    if cancelled is not None and cancelled.batch is not None:
        conn.execute(END_GROUP, {"group": cancelled.batch})
    return get_run(conn, run_id)


def cancel_requests(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return those of the running runs whose end has been asked for, with why."""
    statement = sql("""
        select r.id, r.superseded_by, u.name from runs r left join users u on u.id = r.cancelled_by
        where r.id = any(:ids) and r.cancel_requested""")
    found = conn.execute(statement, {"ids": list(ids)}) if ids else ()
    return {row.id: _cancel_why(superseded=row.superseded_by is not None, name=row.name) for row in found}


def _cancel_why(*, superseded: bool, name: str | None) -> str:
    """Return why a run is to end, as its worker is told: `superseded`, `cancelled`, or `cancelled by` a name."""
    if superseded:
        return "superseded"
    return f"cancelled by {name[:LONGEST_NAME]}" if name else "cancelled"


def get_run(conn: Connection, run_id: UUID, *, viewer: Viewer | None = None) -> Run | None:
    """Return the run, or None where there is none or it is not for `viewer` to read."""
    condition, values = readable(viewer)
    statement = sql(f"{SELECT}where r.id = :id and {condition}")
    row = conn.execute(statement, {**values, "id": run_id}).mappings().one_or_none()
    return None if row is None else run_from_row(row)


def read_snapshot(
    conn: Connection, run_id: UUID, *, viewer: Viewer | None = None
) -> tuple[Run, dict[str, Any], dict[str, Any], str] | None:
    """Return the run with what a page shows of it, or None where there is none or it is not for `viewer` to read.

    Returns:
        The run, its result's document or all that it has shown so far, the values that were not finite, and the log.
        A run that reuses a result has those of the run that made it.
    """
    condition, values = readable(viewer)
    row = conn.execute(sql(f"{_SHOWN}and {condition}"), {**values, "id": run_id}).mappings().one_or_none()
    return None if row is None else (run_from_row(row), row["shown"] or {}, row["nulls"] or {}, row["log"] or "")


def get_status(conn: Connection, run_id: UUID) -> tuple[Status, int] | None:
    """Return the run's status and sequence number and nothing else, or None."""
    row = conn.execute(sql("select status, seq from runs where id = :id"), {"id": run_id}).one_or_none()
    return None if row is None else (Status(row.status), row.seq)


def find_reusable(
    conn: Connection, app_id: int, version: str, inputs: Mapping[str, Any], *, viewer: Viewer | None = None
) -> Run | None:
    """Return the newest successful run of these inputs that has a result of its own and is for `viewer`, or None."""
    condition, values = readable(viewer, "k")
    where = (
        "where r.id = (select k.id from runs k where k.app_id = :app and k.version = :version and k.digest = :digest "
        f"and k.status = 'SUCCESS' and k.reused_from is null and {condition} order by k.queued_at desc limit 1)"
    )
    values |= {"app": app_id, "version": version, "digest": inputs_digest(inputs)}
    row = conn.execute(sql(SELECT + where), values).mappings().one_or_none()
    return None if row is None else run_from_row(row)


def run_from_row(row: RowMapping) -> Run:
    """Return the noun for a row of `SELECT`."""
    return Run(
        id=row["id"],
        app_id=row["app_id"],
        app_slug=row["app_slug"],
        app_name=row["app_name"],
        version=row["version"],
        status=Status(row["status"]),
        inputs=row["inputs"],
        seed=row["seed"],
        user=row["user_name"],
        queued_at=row["queued_at"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        reason=row["reason"],
        problems=tuple(Problem.from_dict(p) for p in row["problems"] or ()),
        traceback=row["traceback"],
        warnings=tuple(row["warnings"] or ()),
        progress=row["progress"],
        message=row["message"],
        seq=row["seq"],
        attempt=row["attempt"],
        priority=row["priority"],
        rank=row["rank"],
        peak_memory=row["peak_memory"],
        cpu_seconds=row["cpu_seconds"],
        worker=row["worker"],
        environment=row["environment"] or {},
        reused_from=row["reused_from"],
        superseded_by=row["superseded_by"],
        cancel_requested=row["cancel_requested"],
        git_commit=row["git_commit"],
        visibility=Visibility(row["visibility"]),
        origin_kind=LinkKind(row["origin_kind"]) if row["origin_kind"] else None,
    )
