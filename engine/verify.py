"""Run the reference cases of a version and keep how many published values it reproduces.

Chosen: the same sandbox and limits as any run, but no row in the history: nobody asked for these.
Left out: refusing a version that misses. Its page says so, with both numbers.
"""

import contextlib
from dataclasses import asdict

from contract import inputs as contract_inputs
from contract.access import NotGrantedError
from contract.cases import Case, Miss, misses
from contract.manifest import Manifest
from contract.run import Status
from engine.access import access_of, secrets_for
from engine.execute import Bench, limits, refusal, unpacked
from engine.manifests import cases_of, manifest_of
from engine.sandbox.supervisor import Call, Cancel, Progress
from storage import apps, versions


def verify(bench: Bench, app_id: int, version: str) -> None:
    """Run every case of the version that expects something, and store the score with each miss."""
    with bench.database.read() as conn:
        found = versions.get_version(conn, app_id, version)
    if found is None:
        return
    manifest = manifest_of(found)
    place = unpacked(bench, found.hash, found.archive)
    with bench.database.read() as conn:
        app = apps.app_by_id(conn, app_id)
    slug = app.slug if app is not None else str(app_id)
    access = access_of(bench.database, app_id, manifest)
    secrets: dict[str, str] = {}
    lacking: str | None = None
    try:
        secrets = secrets_for(slug, access, bench.secrets, bench.worker)
    except NotGrantedError as error:
        lacking = refusal(error)
    total, missed = 0, list[Miss]()
    for i, case in enumerate(c for c in cases_of(found) if c.expect):
        total += len(case.expect)
        if lacking is not None:
            missed += [Miss(case.name, path, expected, lacking) for path, expected in case.expect.items()]
            continue
        missed += _missed(
            bench,
            manifest,
            case,
            Call(
                run_id=f"check-{version[:12]}-{i}",
                folder=place,
                inputs=contract_inputs.check(manifest, dict(case.inputs)),
                seed=0,
                limits=limits(bench.bounds, manifest),
                files={
                    key: place / str(f.default)
                    for key, f in manifest.inputs.items()
                    if f.type == "file" and f.default and key not in case.inputs
                },
                hosts=access.hosts,
                refusals=access.refusals(slug),
                secrets=secrets,
            ),
        )
    checks = {"total": total, "reproduced": total - len(missed), "misses": [asdict(m) for m in missed]}
    with bench.database.begin() as conn:
        versions.put_checks(conn, app_id, version, checks)


def _missed(bench: Bench, manifest: Manifest, case: Case, call: Call) -> list[Miss]:
    del manifest

    def ignore(_event: Progress) -> None:
        return None

    with contextlib.closing(Cancel()) as cancel, bench.sandbox.run(call, ignore, cancel) as outcome:
        if outcome.status is Status.SUCCESS and outcome.result is not None:
            return misses(case, outcome.result)
        return [Miss(case.name, path, expected, outcome.reason) for path, expected in case.expect.items()]
