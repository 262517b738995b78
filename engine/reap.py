"""Put back the runs whose worker is gone, and end those that have outlived too many.

Chosen: a run is an orphan when no living worker holds a job for it; the attempt that lost it is fenced off
before a new one is queued, all in one transaction, with other reapers kept out by row locks.
Left out: guessing why a worker died. The reason given counts the workers that were lost; one that was asked to stop and
gave its runs back is not among them.
"""

from uuid import UUID

import structlog

from contract.run import Run, Status
from engine import queue, telemetry
from engine.bounds import Bounds
from storage import orphans, runs
from storage.database import Database

log = structlog.get_logger()


def reap(database: Database, bounds: Bounds) -> int:
    """Put back the runs and the checks of versions whose worker has been silent for too long; returns how many runs."""
    with database.begin() as conn:
        orphans.drop_finished(conn, queue.TASK, silence=bounds.stalled)
        orphans.retry_jobs(conn, queue.VERIFY, silence=bounds.stalled, attempts=bounds.attempts)
    return _put_back(database, bounds, worker=None)


def release(database: Database, worker: str, bounds: Bounds | None = None) -> int:
    """Put back what a worker held that is known to be dead, without waiting for its silence."""
    return _put_back(database, bounds or Bounds(), worker=worker)


def _put_back(database: Database, bounds: Bounds, worker: str | None) -> int:
    with database.begin() as conn:
        found = orphans.take(conn, silence=bounds.stalled, worker=worker)
        endings = dict[UUID, Status]()
        for run in found:
            orphans.drop_job(conn, run)
            if run.cancel_requested:
                reason = "Cancelled; its worker was lost before it could say so."
                endings[run.id] = Status.CANCELLED
                runs.finish_run(conn, run.id, run.attempt, status=Status.CANCELLED, reason=reason, waiting_too=True)
            elif (lost := orphans.losses(conn, run) + (run.status is Status.RUNNING)) >= bounds.attempts:
                endings[run.id] = Status.FAILED
                runs.finish_run(
                    conn,
                    run.id,
                    run.attempt,
                    status=Status.FAILED,
                    waiting_too=True,
                    reason=(
                        f"The worker that ran it was lost {lost} times. The model may be bringing its worker "
                        "down; look at its log and try smaller inputs."
                    ),
                )
            else:
                runs.release_run(conn, run.id, run.attempt, queue.enqueue(conn, run.id, run.priority))
                if run.status is Status.RUNNING:
                    orphans.note_loss(conn, run)
    for run in found:
        _tell(run, endings.get(run.id))
    return len(found)


def _tell(run: Run, ending: Status | None) -> None:
    if ending is None:
        telemetry.put_back(run)
    else:
        telemetry.finished(run, ending)
    log.warning(
        "run ended without its worker" if ending else "run put back: its worker is gone",
        run=str(run.id),
        model=run.app_slug,
        attempt=run.attempt,
        worker=run.worker,
        **({"status": str(ending)} if ending else {}),
    )
