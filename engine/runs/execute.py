"""Execute a run: claim it, let the sandbox run its model, store each event and the result.

Chosen: every write is fenced by the attempt that claimed the run, so that a worker that was considered dead
can never overwrite its successor; the outcome's status and reason come from the supervisor and never from the
model.
Left out: deciding what is tried again, which is `engine.runs.recovery`.
"""

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog

from contract import result as contract_result
from contract import result_parts
from contract.access import Access
from contract.errors import (
    DatabaseUnavailable,
    LostClaimError,
    NotGrantedError,
    RequirementsError,
    ResultError,
    SandboxLostError,
    SpendingCapError,
)
from contract.gateway import SECONDS_VARIABLE, URL_VARIABLE, read_usage
from contract.manifest import Manifest
from contract.package_lock import PackageLock
from contract.refusals import read_refusals
from contract.run import Run, Status
from engine.gateway.spending import require_below_cap
from engine.models.packages import missing_packages_reason, open_packages
from engine.models.permissions import resolve_access
from engine.models.versions import load_version
from engine.observability import telemetry
from engine.processes.limits import InstallationLimits
from engine.runs import job_queue
from engine.runs.recorder import TAKEN_OVER, Recorder
from engine.runs.uploads import file_name
from engine.sandbox import reasons
from engine.sandbox.supervisor import CancelToken, Limits, Outcome, Progress, Sandbox, SandboxJob
from engine.secrets.values import secrets_for
from registry import model_files
from registry.overlays import OverlayStore, closed_store
from storage import blobs, gateway_calls, runs
from storage.database import Database
from storage.encryption import Cipher

if TYPE_CHECKING:
    from contract.problems import Problem

log = structlog.get_logger()

WORKER_STOPPED = "worker stopped"
NOT_ASKED_AGAIN = (
    "The worker ended while this run may have asked the AI gateway, which may have charged for it; it is not asked "
    "again by itself. Run it again if you need it."
)
RETRY_INTERVAL = 0.25  # s between two attempts to store an end while the database is away


@dataclass(slots=True)
class WorkerContext:
    """What a worker process works with. `active` names the run of each token that ends one.

    A run may have two for a moment: the attempt that lost it, and the next, which came to the same worker.

    `secrets` are the values in this worker's environment, by name; `cipher` decrypts those that are stored. A run gets
    those that its model was granted.
    `trust_models` lets models be registered although this host confines them weakly. `overlays` are the packages that
    models have beyond the standard set.
    """

    database: Database
    sandbox: Sandbox
    limits: InstallationLimits
    cache: Path
    worker: str
    active: dict[CancelToken, UUID] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    trust_models: bool = False
    overlays: OverlayStore = field(default_factory=closed_store)
    cipher: Cipher = field(default_factory=Cipher)

    def cancel_run(self, run_id: UUID, reason: str, *, but: CancelToken | None = None) -> None:
        """Ask for the end of what this worker is running for a run; safe from any thread."""
        for cancel, active_run in list(self.active.items()):
            if active_run == run_id and cancel is not but:
                cancel.request(reason)


@telemetry.trace_attempt
def execute(worker_context: WorkerContext, run_id: UUID) -> Run | None:
    """Run the model of `run_id` and store how it ended; None where the run is not ours to run.

    Raises:
        DatabaseUnavailable: it stayed away; the run goes to whoever finds it without a worker.
    """
    # A cancellation can arrive as soon as the claim is made: what it ends has to be registered before.
    cancel = CancelToken()
    worker_context.active[cancel] = run_id
    run: Run | None = None
    try:
        with worker_context.database.autocommit() as conn:
            run = runs.claim_run(conn, run_id, worker_context.worker)
        if run is not None:
            worker_context.cancel_run(run_id, TAKEN_OVER, but=cancel)
            telemetry.run_claimed(run, str(worker_context.sandbox.tier))
        return _run_claimed(worker_context, run, cancel) if run is not None else None
    except LostClaimError:
        telemetry.attempt_abandoned(telemetry.TAKEN_OVER)
        log.warning("run taken over by another worker", run=str(run_id))
        return None
    except DatabaseUnavailable:
        raise
    except Exception as error:
        if run is None:
            raise
        log.exception("a run could not be carried out", run=str(run_id))
        _give_up(worker_context, run, f"Tontine could not carry out this run: {_describe_error(error)}.")
        return run
    finally:
        del worker_context.active[cancel]
        cancel.close()
        if run is not None:
            job_queue.admit_held(worker_context.database, worker_context.limits)


def _run_claimed(worker_context: WorkerContext, run: Run, cancel: CancelToken) -> Run | None:
    version = load_version(worker_context.database, run.app_id, run.version)
    if version is None:
        _finish_run(
            worker_context,
            run,
            Outcome(Status.FAILED, "The version of the model that this run needs is missing."),
            None,
        )
        return None
    manifest = version.manifest
    access = resolve_access(
        worker_context.database, run.app_id, manifest, gateway_url=worker_context.limits.gateway_url
    )
    if manifest.gateway and (refusal := _gateway_refusal(worker_context, run, access)) is not None:
        _finish_run(worker_context, run, Outcome(Status.FAILED, refusal), None)
        return run
    try:
        secrets = secrets_for(
            run.app_slug,
            access,
            worker_context.database,
            worker_context.cipher,
            worker_context.secrets,
            worker_context.worker,
        )
    except NotGrantedError as error:
        _finish_run(worker_context, run, Outcome(Status.FAILED, denial_reason(error)), None)
        return run
    folder = ensure_unpacked(worker_context, version.hash, version.version.archive)
    job = SandboxJob(
        run_id=str(run.id),
        folder=folder,
        inputs=dict(run.inputs),
        seed=run.seed,
        limits=run_limits(worker_context.limits, manifest),
        background=run.priority < job_queue.INTERACTIVE,
        files=input_files(worker_context, run.inputs, manifest, folder),
        hosts=access.hosts,
        denial_messages=access.denial_messages(run.app_slug),
        secrets=secrets,
        private_hosts=access.private_hosts,
        environment=run_variables(worker_context.limits, manifest),
    )
    record = Recorder(worker_context.database, run, cancel)
    began = time.monotonic()
    try:
        with open_packages(
            worker_context.overlays,
            version.version.lock,
            cancel,
            lambda: record(Progress(None, "Installing the model's packages", {}, "")),
        ) as packages:
            run_in_sandbox(
                worker_context,
                packages.given_to(job),
                record,
                cancel,
                lambda outcome: _end_attempt(worker_context, run, outcome, record, manifest),
                again=not manifest.gateway,
            )
    except RequirementsError as error:
        if cancel.reason is not None:
            outcome = Outcome(*reasons.cancelled(cancel.reason, time.monotonic() - began))
        else:
            outcome = Outcome(Status.FAILED, missing_packages_reason(error))
        _end_attempt(worker_context, run, outcome, record, manifest)
    finally:
        record.close()
    return run


def run_in_sandbox(
    worker_context: WorkerContext,
    job: SandboxJob,
    on_progress: Callable[[Progress], None],
    cancel: CancelToken,
    use: Callable[[Outcome], None],
    *,
    again: bool = True,
) -> None:
    """Run a model and call `use` with how it ended while its files are there.

    Where its sandbox is lost it is run once more, unless it may not run `again`.

    Raises:
        SandboxLostError: the sandbox was lost a second time, or the model may not run again.
    """
    try:
        with worker_context.sandbox.run(job, on_progress, cancel) as outcome:
            use(outcome)
    except SandboxLostError:
        if not again:
            raise
        log.warning("sandbox lost; trying once more", run=job.run_id)
        with worker_context.sandbox.run(job, on_progress, cancel) as outcome:
            use(outcome)


def _end_attempt(
    worker_context: WorkerContext, run: Run, outcome: Outcome, record: Recorder, manifest: Manifest
) -> None:
    """Store how the run ended, or requeue it where this worker is being stopped."""
    telemetry.model_ended(outcome)
    record.close()
    stopped = record.cancel.reason == WORKER_STOPPED and outcome.status is Status.CANCELLED
    if stopped and manifest.gateway:  # what it had asked for may have been charged
        _finish_run(worker_context, run, replace(outcome, status=Status.FAILED, reason=NOT_ASKED_AGAIN), record)
    elif stopped:
        with worker_context.database.begin() as conn:
            runs.requeue_run(conn, run.id, run.attempt, job_queue.enqueue(conn, run.id, run.priority))
        telemetry.attempt_abandoned(telemetry.REQUEUED)
        log.info("run requeued", run=str(run.id), attempt=run.attempt)
    else:
        _finish_run(worker_context, run, outcome, record)


def run_limits(limits: InstallationLimits, manifest: Manifest) -> Limits:
    """Return the limits a run of this model gets: declared ones under the installation's ceilings."""
    return Limits(
        seconds=limits.seconds_for(manifest.limits, core=manifest.core),
        memory_mb=int(limits.limit("memory_mb", manifest.limits)),
        output_mb=int(limits.limit("output_mb", manifest.limits)),
        scratch_mb=limits.scratch_mb,
        log_kb=limits.log_kb,
        threads=limits.threads,
    )


def run_variables(limits: InstallationLimits, manifest: Manifest) -> dict[str, str]:
    """Return the variables that a run of this model finds in its environment and that are no secrets."""
    if not manifest.gateway:
        return {}
    seconds = run_limits(limits, manifest).seconds
    return {URL_VARIABLE: limits.gateway_url, SECONDS_VARIABLE: f"{seconds:g}"}


def _gateway_refusal(worker_context: WorkerContext, run: Run, access: Access) -> str | None:
    """Return why a run may not ask the AI gateway now, for an analyst; None where it may."""
    if run.attempt > 1:
        return NOT_ASKED_AGAIN
    try:
        access.require_hosts(run.app_slug)
        with worker_context.database.read() as conn:
            require_below_cap(conn, run.user, worker_context.limits)
    except (NotGrantedError, SpendingCapError) as error:
        return " ".join(p.text for p in error.problems)
    return None


def denial_reason(error: NotGrantedError) -> str:
    """Return why a run cannot begin, for an analyst."""
    return " ".join(p.text for p in error.problems)


@telemetry.trace_step("store")
def _finish_run(worker_context: WorkerContext, run: Run, outcome: Outcome, record: Recorder | None) -> None:
    """Store how a run ended; where the database is away or full, try for as long as another worker would wait."""
    until = time.monotonic() + worker_context.limits.worker_timeout
    while True:
        try:
            _store_outcome(worker_context, run, outcome, record)
        except DatabaseUnavailable as error:
            if time.monotonic() < until:
                time.sleep(RETRY_INTERVAL)
                continue
            if not _is_full(error):
                raise
            _give_up(worker_context, run, f"The result could not be stored: {_describe_error(error)}.")
        return


def _give_up(worker_context: WorkerContext, run: Run, reason: str) -> None:
    """Store that a run failed without what may not be storable."""
    with worker_context.database.begin() as conn:
        runs.finish_run(conn, run.id, run.attempt, status=Status.FAILED, reason=reason, warnings=run.warnings)
    telemetry.run_finished(run, Status.FAILED)


def _is_full(error: DatabaseUnavailable) -> bool:
    """Return whether the database is there and has no room, in contrast to being away."""
    return error.sqlstate in {"53000", "53100", "53200"}


def _describe_error(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}".replace("\0", "\ufffd")


def _store_outcome(worker_context: WorkerContext, run: Run, outcome: Outcome, record: Recorder | None) -> None:
    status, reason = outcome.status, outcome.reason
    problems: tuple[Problem, ...] = ()
    version = load_version(worker_context.database, run.app_id, run.version)
    lock = version.version.lock if version is not None else None
    doc: dict[str, Any] | None = None
    stored: Mapping[str, result_parts.Columns] = {}
    if status is Status.SUCCESS:
        try:
            doc, stored = result_parts.extract_large(contract_result.require_object(outcome.result))
        except ResultError as error:
            status, problems = Status.FAILED, tuple(error.problems)
            reason = "The model's result cannot be shown: " + " ".join(str(p) for p in error.problems)
    elif outcome.words and version is not None:
        problems = read_refusals(outcome.words, version.manifest.inputs)
    if record is not None and record.lost:
        raise LostClaimError
    gateway = version is not None and version.manifest.gateway
    usage = read_usage(outcome.result) if gateway else None
    shown = outcome.result if status is not Status.SUCCESS and isinstance(outcome.result, dict) else None
    # A small result is one statement with its run.
    opened = (
        worker_context.database.begin
        if stored or outcome.files or shown or usage
        else worker_context.database.autocommit
    )
    with opened() as conn:
        files = {
            name: (blobs.put_blob(conn, path.read_bytes()), path.name, path.stat().st_size)
            for name, path in outcome.files.items()
        }
        kept = runs.finish_run(
            conn,
            run.id,
            run.attempt,
            status=status,
            reason=reason,
            problems=problems,
            traceback=outcome.traceback,
            warnings=(*run.warnings, *outcome.warnings),
            doc=doc,
            parts=stored,
            nulls=outcome.nulls,
            files=files,
            log=outcome.log,
            shown=shown,
            peak_memory=outcome.peak_memory,
            cpu_seconds=outcome.cpu_seconds,
            environment=run_environment(worker_context, outcome.packages, lock),
        )
        if kept and usage is not None:
            gateway_calls.record_call(conn, run.id, usage)
    if not kept:
        raise LostClaimError
    telemetry.run_finished(run, status, outcome.seconds)
    log.info(
        "run ended",
        run=str(run.id),
        model=run.app_slug,
        status=str(status),
        seconds=round(outcome.seconds, 4),
        attempt=run.attempt,
    )


def run_environment(
    worker_context: WorkerContext, found: Mapping[str, str], lock: PackageLock | None
) -> dict[str, str]:
    """Return the versions that a run has found, as it records them: Python's, the libraries' and its model's packages'.

    Args:
        worker_context: this worker's, whose own versions a run has found that never began.
        found: what the run's process reported, empty where there was none.
        lock: the version's.
    """
    standard = lock.standard_lock if lock is not None else None
    if not found and standard is not None:  # the worker's own Python would not have run it
        found = {"python": standard.python}
    return {**(found or worker_context.sandbox.packages), **(lock.versions if lock is not None else {})}


def ensure_unpacked(worker_context: WorkerContext, version: str, archive: str) -> Path:
    """Return the version's folder in this host's cache, fetched from the database the first time."""

    def fetch() -> dict[str, bytes]:
        with worker_context.database.read() as conn:
            return model_files.unpack(blobs.get_blob(conn, archive))

    return _ensure_cached(worker_context.cache / "versions" / version, fetch)


def input_files(
    worker_context: WorkerContext, inputs: Mapping[str, Any], manifest: Manifest, folder: Path
) -> dict[str, Path]:
    """Return the file behind each file input: an upload by its hash and name, or the model's own in its `folder`."""
    found: dict[str, Path] = {}
    for key, declared in manifest.inputs.items():
        value = inputs.get(key)
        if declared.type != "file" or not value:
            continue
        if isinstance(value, str):
            if value == declared.default:
                found[key] = folder / value
            continue
        name = file_name(str(value["name"]))

        def fetch(value: Mapping[str, Any] = value, name: str = name) -> dict[str, bytes]:
            with worker_context.database.read() as conn:
                return {name: blobs.get_blob(conn, value["file"])}

        # The same content may have been uploaded under other names, and a model may go by the name.
        cached = f"{value['file']}-{hashlib.sha256(name.encode()).hexdigest()[:16]}"
        found[key] = _ensure_cached(worker_context.cache / "uploads" / cached, fetch) / name
    return found


def _ensure_cached(target: Path, fetch: Callable[[], dict[str, bytes]]) -> Path:
    if not target.is_dir():
        model_files.install(fetch(), target)
    return target
