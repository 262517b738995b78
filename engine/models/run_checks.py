"""Check a model that is being registered, on a worker: a job of the queue.

Chosen: results are stored as they are found, so that whoever registers the model sees them grow; a worker that is asked
to stop puts the job back, and the next one begins anew.
Left out: the checks, which are `engine.models.check`.
"""

import contextlib
import uuid

import structlog

from contract.checks import CheckResult, Level, is_refused
from contract.errors import ManifestError
from engine.models.check import Checker, check_model
from engine.runs import job_queue
from engine.runs.execute import WORKER_STOPPED, WorkerContext
from engine.sandbox.supervisor import CancelToken
from registry import model_files
from registry.validation import validate_model
from storage import package_locks, registrations

log = structlog.get_logger()


def run_checks(worker_context: WorkerContext, registration_id: uuid.UUID) -> None:
    """Check the files of a registration and store the results; nothing where it is gone or has been checked."""
    database = worker_context.database
    with database.read() as conn:
        registration = registrations.get_registration(conn, registration_id)
        if registration is None or registration.checked:
            return
        files = model_files.unpack(registrations.get_archive(conn, registration_id))
    results: list[CheckResult] = []

    def store(result: CheckResult) -> None:
        results.append(result)
        with database.begin() as conn:
            registrations.put_results(conn, registration_id, results)

    with contextlib.closing(CancelToken()) as cancel:
        worker_context.active[cancel] = registration_id  # of no run: only the worker's own end cancels it
        checker = Checker(
            worker_context.sandbox,
            worker_context.limits,
            worker_context.cache / "checks" / str(registration_id),
            trust=worker_context.trust_models,
            cancel=cancel,
            overlays=worker_context.overlays,
        )
        try:
            check_model(checker, files, store)
        except Exception as error:
            log.exception("a model could not be checked", registration=str(registration_id))
            found = f"Tontine could not carry out the checks ({type(error).__name__})"
            results.append(CheckResult("Checks", Level.FAIL, found, hint="The worker's log says why; try again."))
        finally:
            del worker_context.active[cancel]
        if cancel.reason == WORKER_STOPPED:
            with database.begin() as conn:
                job_queue.enqueue_checks(conn, registration_id)
            return
    try:
        manifest = dict(validate_model(files).manifest.raw)
    except ManifestError:
        manifest = None
    refused = is_refused(results)
    with database.begin() as conn:
        lock = None if checker.lock is None or refused else package_locks.put_lock(conn, checker.lock)
        registrations.finish_checks(
            conn, registration_id, results, refused=refused, manifest=manifest, package_lock=lock
        )
