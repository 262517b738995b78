"""Runs that no living worker has a job for.

Chosen: what the queue says about a run's job decides: none, one that has ended, or one of a worker that
has been silent. A run on hold has none and is no orphan. Row locks keep two workers from requeuing the same
run.
Left out: what to do with them, which is `engine.runs.recovery`.
"""

from datetime import timedelta

from sqlalchemy import Connection, text

from contract.run import Run
from storage.queue_jobs import HAS_LIVING_JOB
from storage.runs import SELECT, run_from_row

# A job is deferred in its run's own transaction; this much later, or a silence where that is less, its absence means
# something.
END_GRACE = 5.0

_SILENT = f"""
where r.status in ('PENDING', 'RUNNING') and not r.on_hold and r.queued_at < now() - cast(:settled as interval)
and not {HAS_LIVING_JOB}
for update of r skip locked
"""
_DEAD = "where r.status = 'RUNNING' and r.worker = :worker for update of r skip locked"


def lock_orphans(conn: Connection, *, silence: float, worker: str | None = None) -> list[Run]:
    """Return, locked until the transaction ends, the runs that nobody will finish.

    Args:
        conn: the transaction.
        silence: seconds without a heartbeat after which a worker counts as dead.
        worker: a worker known to be dead: its runs, whatever its heartbeats say.
    """
    if worker is not None:
        rows = conn.execute(text(SELECT + _DEAD), {"worker": worker})
    else:
        values = {"settled": timedelta(seconds=min(END_GRACE, silence)), "silence": timedelta(seconds=silence)}
        rows = conn.execute(text(SELECT + _SILENT), values)
    return [run_from_row(row) for row in rows.mappings()]


def record_loss(conn: Connection, run: Run) -> None:
    """Record, after a run has been requeued, that its worker was lost; one that requeued it itself was not."""
    statement = text(
        "insert into run_events (run_id, seq, kind, payload) select id, seq, 'lost', jsonb_build_object('worker', "
        "cast(:worker as text)) from runs where id = :id"
    )
    conn.execute(statement, {"id": run.id, "worker": run.worker})


def count_losses(conn: Connection, run: Run) -> int:
    """Return how many workers have been noted as lost under the run."""
    statement = text("select count(*) from run_events where run_id = :id and kind = 'lost'")
    return int(conn.execute(statement, {"id": run.id}).scalar_one())
