"""Runs that no living worker has a job for.

Chosen: what the queue says about a run's job decides: none, one that has ended, or one held by a worker that
has been silent. A run that is held back has none and is no orphan. A heartbeat from the future, which a clock that
was set back leaves, counts as silence. Row locks keep two reapers from taking the same run.
Left out: what to do with them, which is `engine.runs.recovery`.
"""

from datetime import timedelta

from sqlalchemy import Connection, text

from contract.run import Run
from storage.runs import SELECT, run_from_row

# A job is deferred in its run's own transaction; this much later, or a silence where that is less, its absence means
# something.
END_GRACE = 5.0

_SILENT = """
where r.status in ('PENDING', 'RUNNING') and not r.on_hold and r.queued_at < now() - cast(:settled as interval)
and not exists (
    select 1 from procrastinate_jobs j left join procrastinate_workers w on w.id = j.worker_id
    where j.id = r.job_id and (j.status = 'todo'
        or (j.status = 'doing' and w.last_heartbeat > now() - cast(:silence as interval)
            and w.last_heartbeat < now() + cast(:silence as interval))))
for update of r skip locked
"""
_RETRY = """
select procrastinate_retry_job_v2(j.id, now(), null, null, null) from procrastinate_jobs j
where j.task_name = :task and j.status = 'doing' and j.attempts < :attempts and not exists (
    select 1 from procrastinate_workers w where w.id = j.worker_id
    and w.last_heartbeat > now() - cast(:silence as interval) and w.last_heartbeat < now() + cast(:silence as interval))
for update of j skip locked
"""
_OVER = """
delete from procrastinate_jobs j using runs r
where j.task_name = :task and j.status = 'doing' and r.id = cast(j.args->>'run_id' as uuid)
and r.finished_at < now() - cast(:silence as interval)
"""
_DEAD = "where r.status = 'RUNNING' and r.worker = :worker for update of r skip locked"


def lock_orphans(conn: Connection, *, silence: float, worker: str | None = None) -> list[Run]:
    """Return, locked until the transaction ends, the runs that nobody will finish.

    Args:
        conn: the transaction.
        silence: seconds without a heartbeat after which a worker counts as gone.
        worker: a worker known to be dead: what it held, whatever its heartbeats say.
    """
    if worker is not None:
        rows = conn.execute(text(SELECT + _DEAD), {"worker": worker})
    else:
        values = {"settled": timedelta(seconds=min(END_GRACE, silence)), "silence": timedelta(seconds=silence)}
        rows = conn.execute(text(SELECT + _SILENT), values)
    return [run_from_row(row) for row in rows.mappings()]


def retry_jobs(conn: Connection, task: str, *, silence: float, attempts: int) -> int:
    """Queue again the jobs of `task` whose worker is gone, each at most `attempts` times; returns how many."""
    values = {"task": task, "silence": timedelta(seconds=silence), "attempts": attempts}
    return len(conn.execute(text(_RETRY), values).all())


def drop_finished_jobs(conn: Connection, task: str, *, silence: float) -> int:
    """Take jobs out of the queue whose runs ended `silence` seconds ago, and whose end the queue never heard of."""
    return conn.execute(text(_OVER), {"task": task, "silence": timedelta(seconds=silence)}).rowcount


def record_loss(conn: Connection, run: Run) -> None:
    """Note, after a run has been put back, that a worker was lost under it; one that gave it back was not."""
    statement = text(
        "insert into run_events (run_id, seq, kind, payload) select id, seq, 'lost', jsonb_build_object('worker', "
        "cast(:worker as text)) from runs where id = :id"
    )
    conn.execute(statement, {"id": run.id, "worker": run.worker})


def count_losses(conn: Connection, run: Run) -> int:
    """Return how many workers have been noted as lost under the run."""
    statement = text("select count(*) from run_events where run_id = :id and kind = 'lost'")
    return int(conn.execute(statement, {"id": run.id}).scalar_one())


def drop_job(conn: Connection, run: Run) -> None:
    """Take the job of a run that is put back out of the queue, so that it cannot start a second time."""
    conn.execute(
        text("delete from procrastinate_jobs where id = (select job_id from runs where id = :id)"), {"id": run.id}
    )
