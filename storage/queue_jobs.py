"""The jobs of the queue: all SQL about procrastinate's tables and functions.

Chosen: its own functions where it has one, as its Python interface calls them, within our statements; its tables where
it has none. A later release of procrastinate that names them otherwise is met here, and in the migration that upgrades
them.
Left out: taking jobs, which procrastinate's worker does, and deferring one by itself, which is `engine.runs.job_queue`.
"""

from datetime import timedelta

from sqlalchemy import Connection

from contract.run import Run
from storage.sql import sql

# ruff: noqa: S608 - the statements below are put together from these words of our own
# A heartbeat from the future, which a clock that was set back leaves, counts as silence.
_ALIVE = """w.last_heartbeat > now() - cast(:silence as interval)
    and w.last_heartbeat < now() + cast(:silence as interval)"""

# Whether the run `r` has a job that waits or that a living worker holds; `:silence` is the longest between heartbeats.
HAS_LIVING_JOB = f"""exists (
    select 1 from procrastinate_jobs j left join procrastinate_workers w on w.id = j.worker_id
    where j.id = r.job_id and (j.status = 'todo' or (j.status = 'doing' and {_ALIVE})))"""


def living_job(column: str) -> str:
    """Return the condition that the job of this number waits or is a living worker's; `:silence` as above."""
    return HAS_LIVING_JOB.replace("r.job_id", column)


_RETRY = sql(f"""
select procrastinate_retry_job_v2(j.id, now(), null, null, null) from procrastinate_jobs j
where j.task_name = :task and j.status = 'doing' and j.attempts < :attempts and not exists (
    select 1 from procrastinate_workers w where w.id = j.worker_id and {_ALIVE})
for update of j skip locked
""")
_DROP_FINISHED = sql("""
delete from procrastinate_jobs j using runs r
where j.task_name = :task and j.status = 'doing' and r.id = cast(j.args->>'run_id' as uuid)
and r.finished_at < now() - cast(:silence as interval)
""")
_DROP_LOST = sql(f"""
delete from procrastinate_jobs j where j.task_name = :task and (j.status = 'failed' or (
    j.status = 'doing' and j.attempts >= :attempts and not exists (
        select 1 from procrastinate_workers w where w.id = j.worker_id and {_ALIVE})))
returning j.args->>:argument
""")
_DROP = sql("delete from procrastinate_jobs where id = (select job_id from runs where id = :id)")


def defer_run(priority: str) -> str:
    """Return the expression that queues a job for the run `:id` and gives its number, with `:queue` and `:task`.

    Args:
        priority: an expression for the job's priority; the highest goes first.
    """
    return f"""unnest(procrastinate_defer_jobs_v1(array[cast(row(
        :queue, :task, {priority}, null, null, jsonb_build_object('run_id', cast(:id as text)), null
    ) as procrastinate_job_to_defer_v1)]))"""


def retry_jobs(conn: Connection, task: str, *, silence: float, attempts: int) -> int:
    """Queue again the jobs of `task` whose worker is dead, each at most `attempts` times; returns how many."""
    values = {"task": task, "silence": timedelta(seconds=silence), "attempts": attempts}
    return len(conn.execute(_RETRY, values).all())


def drop_finished_jobs(conn: Connection, task: str, *, silence: float) -> int:
    """Delete jobs whose runs ended `silence` seconds ago and whose worker did not report it; returns how many."""
    return conn.execute(_DROP_FINISHED, {"task": task, "silence": timedelta(seconds=silence)}).rowcount


def drop_lost_jobs(conn: Connection, task: str, argument: str, *, silence: float, attempts: int) -> list[str]:
    """Delete the jobs of `task` that failed or lost `attempts` workers; returns what each had as `argument`."""
    values = {"task": task, "argument": argument, "silence": timedelta(seconds=silence), "attempts": attempts}
    return list(conn.execute(_DROP_LOST, values).scalars())


def drop_job(conn: Connection, run: Run) -> None:
    """Delete the job of a run that is requeued, so that it cannot start a second time."""
    conn.execute(_DROP, {"id": run.id})
