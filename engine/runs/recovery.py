"""Requeue the runs whose worker is dead, and end those that have lost too many.

Chosen: a run is an orphan when no living worker holds a job for it; the attempt that lost it is fenced off
before a new one is queued, all in one transaction, with other workers kept out by row locks.
Left out: guessing why a worker died. The reason given counts the workers that were lost; one that was asked to stop and
requeued its runs is not among them.
"""

from uuid import UUID

import structlog

from contract.checks import CheckResult, Level
from contract.run import Run, Status
from engine.observability import telemetry
from engine.processes.context import AppContext
from engine.processes.limits import InstallationLimits
from engine.runs import job_queue
from storage import orphans, queue_jobs, registrations, runs, workers
from storage.database import Database

log = structlog.get_logger()


def requeue_orphans(database: Database, limits: InstallationLimits) -> int:
    """Requeue the runs, reference cases and checks whose worker has been silent for too long; returns how many runs."""
    with database.autocommit() as conn:
        queue_jobs.drop_finished_jobs(conn, job_queue.RUN_TASK, silence=limits.worker_timeout)
        for task in (job_queue.VERIFY_TASK, job_queue.CHECK_TASK, job_queue.DELIVER_TASK):
            queue_jobs.retry_jobs(conn, task, silence=limits.worker_timeout, attempts=limits.attempts)
    _end_lost_checks(database, limits)
    return _requeue(database, limits, worker=None)


def requeue_worker_runs(database: Database, worker: str, limits: InstallationLimits) -> int:
    """Requeue the runs of a worker that is known to be dead, without waiting for its silence."""
    return _requeue(database, limits, worker=worker)


def requeue_local_worker_runs(context: AppContext, pid: int) -> int:
    """Requeue the runs of the worker process `pid` of this host, which has ended; returns how many."""
    return requeue_worker_runs(context.database, workers.worker_name(pid), context.limits)


def _requeue(database: Database, limits: InstallationLimits, worker: str | None) -> int:
    with database.begin() as conn:
        found = orphans.lock_orphans(conn, silence=limits.worker_timeout, worker=worker)
        endings = dict[UUID, Status]()
        for run in found:
            queue_jobs.drop_job(conn, run)
            if run.cancel_requested:
                reason = "Cancelled; its worker was lost before it could say so."
                endings[run.id] = Status.CANCELLED
                runs.finish_run(conn, run.id, run.attempt, status=Status.CANCELLED, reason=reason, waiting_too=True)
            elif (lost := orphans.count_losses(conn, run) + (run.status is Status.RUNNING)) >= limits.attempts:
                endings[run.id] = Status.FAILED
                runs.finish_run(
                    conn,
                    run.id,
                    run.attempt,
                    status=Status.FAILED,
                    waiting_too=True,
                    reason=(
                        f"The worker that ran it was lost {_times(lost)}. The model may be bringing its worker "
                        "down; look at its log and try smaller inputs."
                    ),
                )
            else:
                runs.requeue_run(conn, run.id, run.attempt, job_queue.enqueue(conn, run.id, run.priority))
                if run.status is Status.RUNNING:
                    orphans.record_loss(conn, run)
    for run in found:
        _report_end(run, endings.get(run.id))
    return len(found)


def _end_lost_checks(database: Database, limits: InstallationLimits) -> None:
    """Refuse the models whose checks have lost as many workers as there may be."""
    with database.begin() as conn:
        lost = queue_jobs.drop_lost_jobs(
            conn,
            job_queue.CHECK_TASK,
            "registration_id",
            silence=limits.worker_timeout,
            attempts=limits.attempts,
        )
        for given in lost:
            found = registrations.get_registration(conn, UUID(given))
            if found is None or found.checked:
                continue
            hint = "The model may be bringing its worker down; the worker's log says more."
            result = CheckResult("Checks", Level.FAIL, "the worker that made them was lost or failed", hint=hint)
            results = (*found.checks, result)
            registrations.finish_checks(conn, found.id, results, refused=True, manifest=found.manifest)
            log.warning("checks ended without their worker", registration=given)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _report_end(run: Run, ending: Status | None) -> None:
    if ending is None:
        telemetry.run_requeued(run)
    else:
        telemetry.run_finished(run, ending)
    log.warning(
        "run ended without its worker" if ending else "run requeued: its worker is dead",
        run=str(run.id),
        model=run.app_slug,
        attempt=run.attempt,
        worker=run.worker,
        **({"status": str(ending)} if ending else {}),
    )
