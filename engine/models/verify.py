"""Run the reference cases of a version and keep how many published values it reproduces.

Chosen: the same sandbox and limits as any run, but no row in the history: nobody asked for these.
Left out: refusing a version that misses. Its page says so, with both numbers.
"""

import contextlib
from dataclasses import asdict

from contract import inputs as contract_inputs
from contract.cases import Case, Mismatch, mismatches
from contract.errors import NotGrantedError
from contract.manifest import Manifest
from contract.run import Status
from engine.models.permissions import resolve_access, secrets_for
from engine.models.versions import load_version
from engine.runs.execute import WorkerContext, denial_reason, ensure_unpacked, run_limits
from engine.sandbox.supervisor import CancelToken, Progress, SandboxJob
from storage import apps, versions


def run_reference_cases(worker_context: WorkerContext, app_id: int, version: str) -> None:
    """Run every case of the version that expects something, and store the score with each miss."""
    loaded = load_version(worker_context.database, app_id, version)
    if loaded is None:
        return
    manifest = loaded.manifest
    folder = ensure_unpacked(worker_context, loaded.hash, loaded.version.archive)
    with worker_context.database.read() as conn:
        app = apps.app_by_id(conn, app_id)
    slug = app.slug if app is not None else str(app_id)
    access = resolve_access(worker_context.database, app_id, manifest)
    secrets: dict[str, str] = {}
    lacking: str | None = None
    try:
        secrets = secrets_for(slug, access, worker_context.secrets, worker_context.worker)
    except NotGrantedError as error:
        lacking = denial_reason(error)
    total, missed = 0, list[Mismatch]()
    for i, case in enumerate(c for c in loaded.cases if c.expect):
        total += len(case.expect)
        if lacking is not None:
            missed += [Mismatch(case.name, path, expected, lacking) for path, expected in case.expect.items()]
            continue
        missed += _case_mismatches(
            worker_context,
            manifest,
            case,
            SandboxJob(
                run_id=f"check-{version[:12]}-{i}",
                folder=folder,
                inputs=contract_inputs.validate(manifest, dict(case.inputs)),
                seed=0,
                limits=run_limits(worker_context.limits, manifest),
                files={
                    key: folder / str(f.default)
                    for key, f in manifest.inputs.items()
                    if f.type == "file" and f.default and key not in case.inputs
                },
                hosts=access.hosts,
                denial_messages=access.denial_messages(slug),
                secrets=secrets,
            ),
        )
    checks = {"total": total, "reproduced": total - len(missed), "misses": [asdict(m) for m in missed]}
    with worker_context.database.begin() as conn:
        versions.put_case_results(conn, app_id, version, checks)


def _case_mismatches(worker_context: WorkerContext, manifest: Manifest, case: Case, call: SandboxJob) -> list[Mismatch]:
    del manifest

    def ignore(_event: Progress) -> None:
        return None

    with contextlib.closing(CancelToken()) as cancel, worker_context.sandbox.run(call, ignore, cancel) as outcome:
        if outcome.status is Status.SUCCESS and outcome.result is not None:
            return mismatches(case, outcome.result)
        return [Mismatch(case.name, path, expected, outcome.reason) for path, expected in case.expect.items()]
