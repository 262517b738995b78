"""Run the reference cases of a version and keep how many published values it reproduces.

Chosen: the same sandbox, limits, seeds and files as any run, but no row in the history: nobody asked for these. A
worker that is asked to stop puts the whole check back in the queue.
Left out: refusing a version that misses. Its page says so, with both numbers.
"""

import contextlib
import uuid
from dataclasses import asdict

from contract import inputs as contract_inputs
from contract.cases import Case, Mismatch, mismatches
from contract.errors import NotGrantedError, RequirementsError, SandboxLostError
from contract.run import Status
from engine.models.packages import ModelPackages, missing_packages_reason, open_packages
from engine.models.permissions import resolve_access
from engine.models.versions import load_version
from engine.runs import job_queue
from engine.runs.execute import (
    WORKER_STOPPED,
    WorkerContext,
    denial_reason,
    ensure_unpacked,
    input_files,
    run_in_sandbox,
    run_limits,
    run_variables,
)
from engine.runs.submit import declared_seed
from engine.sandbox.supervisor import CancelToken, Outcome, Progress, SandboxJob
from engine.secrets.values import secrets_for
from storage import apps, versions

DEFAULT_SEED = 0  # of a model without an input `seed`: a check gives the same score each time


def run_reference_cases(worker_context: WorkerContext, app_id: int, version: str) -> None:
    """Run every case of the version that expects something, and store the score with each mismatch."""
    loaded = load_version(worker_context.database, app_id, version)
    if loaded is None:
        return
    manifest = loaded.manifest
    folder = ensure_unpacked(worker_context, loaded.hash, loaded.version.archive)
    with worker_context.database.read() as conn:
        app = apps.app_by_id(conn, app_id)
    slug = app.slug if app is not None else str(app_id)
    access = resolve_access(worker_context.database, app_id, manifest, gateway_url=worker_context.limits.gateway_url)
    secrets: dict[str, str] = {}
    denied: str | None = None
    try:
        secrets = secrets_for(
            slug,
            access,
            worker_context.database,
            worker_context.cipher,
            worker_context.secrets,
            worker_context.worker,
        )
    except NotGrantedError as error:
        denied = denial_reason(error)
    total, missed = 0, list[Mismatch]()
    with contextlib.closing(CancelToken()) as cancel, contextlib.ExitStack() as stack:
        worker_context.active[cancel] = uuid.uuid4()  # of no run: only the worker's own end cancels a check
        packages = ModelPackages()
        try:
            try:
                opened = open_packages(worker_context.overlays, loaded.version.lock, cancel)
                packages = stack.enter_context(opened)
            except RequirementsError as error:
                denied = denied or missing_packages_reason(error)
            for i, case in enumerate(c for c in loaded.cases if c.expect):
                total += len(case.expect)
                if denied is not None:
                    missed += _all_missed(case, denied)
                    continue
                inputs = contract_inputs.validate(manifest, dict(case.inputs))
                seed = declared_seed(inputs)
                job = SandboxJob(
                    run_id=f"check-{version[:12]}-{i}",
                    folder=folder,
                    inputs=inputs,
                    seed=DEFAULT_SEED if seed is None else seed,
                    limits=run_limits(worker_context.limits, manifest),
                    files=input_files(worker_context, inputs, manifest, folder),
                    hosts=access.hosts,
                    private_hosts=access.private_hosts,
                    environment=run_variables(worker_context.limits, manifest),
                    denial_messages=access.denial_messages(slug),
                    secrets=secrets,
                )
                missed += _case_mismatches(worker_context, case, packages.given_to(job), cancel)
                if cancel.reason == WORKER_STOPPED:
                    break
            if cancel.reason == WORKER_STOPPED:
                with worker_context.database.begin() as conn:
                    job_queue.enqueue_reference_cases(conn, app_id, version)
                return
        finally:
            del worker_context.active[cancel]
    checks = {"total": total, "reproduced": total - len(missed), "misses": [asdict(m) for m in missed]}
    with worker_context.database.begin() as conn:
        versions.put_case_results(conn, app_id, version, checks)


def _case_mismatches(worker_context: WorkerContext, case: Case, job: SandboxJob, cancel: CancelToken) -> list[Mismatch]:
    found: list[Mismatch] = []

    def compare(outcome: Outcome) -> None:
        if outcome.status is Status.SUCCESS and outcome.result is not None:
            found.extend(mismatches(case, outcome.result))
        else:
            found.extend(_all_missed(case, outcome.reason))

    try:
        run_in_sandbox(worker_context, job, _ignore, cancel, compare)
    except SandboxLostError:
        found = _all_missed(case, "The sandbox was lost twice while this case ran.")
    return found


def _all_missed(case: Case, reason: str | None) -> list[Mismatch]:
    return [Mismatch(case.name, path, expected, reason) for path, expected in case.expect.items()]


def _ignore(_event: Progress) -> None:
    """Do nothing with what a case shows before its end."""
