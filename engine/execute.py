"""Execute a run: claim it, let the sandbox run its model, store each event and the result.

Chosen: every write is fenced by the attempt that claimed the run, so that a worker that was given up for dead
can never overwrite its successor; the outcome's status and reason come from the supervisor and never from the
model.
Left out: deciding what is tried again, which is `engine.reap`.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog

from contract import parts
from contract import result as contract_result
from contract.access import NotGrantedError
from contract.app import Version
from contract.manifest import Manifest
from contract.problems import Problem, ResultError
from contract.run import Run, Status
from engine import queue, telemetry
from engine.access import access_of, secrets_for
from engine.bounds import Bounds
from engine.manifests import manifest_of
from engine.recorder import TAKEN_OVER, Recorder
from engine.sandbox.supervisor import Call, Cancel, Limits, Outcome, Sandbox, SandboxLost
from registry import folder
from storage import blobs, runs, versions
from storage.database import Database, DatabaseUnavailable

log = structlog.get_logger()

WORKER_STOPPED = "worker stopped"
KEPT_VERSIONS = 200
AGAIN = 0.25  # s between two attempts to store an end while the database is away


@dataclass(slots=True)
class Bench:
    """What a worker process works with. `going` names the run of each handle that ends one which it holds.

    A run may have two for a moment: the attempt that lost it, and the next, which came to the same worker.

    `secrets` are the values this worker was given, by name; a run gets those that its model was granted.
    """

    database: Database
    sandbox: Sandbox
    bounds: Bounds
    cache: Path
    worker: str
    going: dict[Cancel, UUID] = field(default_factory=dict)
    versions: dict[tuple[int, str], Version] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)

    def end(self, run_id: UUID, reason: str, *, but: Cancel | None = None) -> None:
        """Ask for the end of what goes on here for a run; safe from any thread."""
        for cancel, held in list(self.going.items()):
            if held == run_id and cancel is not but:
                cancel.request(reason)


class LostClaimError(Exception):
    """Another worker has taken the run over; this one must stop at once."""


@telemetry.attempt
def execute(bench: Bench, run_id: UUID) -> Run | None:
    """Run the model of `run_id` and store how it ended; None where the run is not ours to run.

    Raises:
        DatabaseUnavailable: it stayed away; the run goes to whoever finds it without a worker.
    """
    # A cancellation can arrive as soon as the claim is made: what it ends has to stand there before.
    cancel = Cancel()
    bench.going[cancel] = run_id
    run: Run | None = None
    try:
        with bench.database.once() as conn:
            run = runs.start_run(conn, run_id, bench.worker)
        if run is not None:
            bench.end(run_id, TAKEN_OVER, but=cancel)
            telemetry.claimed(run, str(bench.sandbox.tier))
        return _run(bench, run, cancel) if run is not None else None
    except LostClaimError:
        telemetry.left(telemetry.TAKEN_OVER)
        log.warning("run taken over by another worker", run=str(run_id))
        return None
    except DatabaseUnavailable:
        raise
    except Exception as error:
        if run is None:
            raise
        log.exception("a run could not be carried out", run=str(run_id))
        _give_up(bench, run, f"Tontine could not carry out this run: {_words(error)}.")
        return run
    finally:
        del bench.going[cancel]
        cancel.close()
        if run is not None:
            queue.make_room(bench.database, bench.bounds)


def _run(bench: Bench, run: Run, cancel: Cancel) -> Run | None:
    version = _version(bench, run)
    if version is None:
        _finish(bench, run, Outcome(Status.FAILED, "The version of the model that this run needs is gone."), None)
        return None
    manifest = manifest_of(version)
    access = access_of(bench.database, run.app_id, manifest)
    try:
        secrets = secrets_for(run.app_slug, access, bench.secrets, bench.worker)
    except NotGrantedError as error:
        _finish(bench, run, Outcome(Status.FAILED, refusal(error)), None)
        return run
    place = unpacked(bench, version.hash, version.archive)
    call = Call(
        run_id=str(run.id),
        folder=place,
        inputs=dict(run.inputs),
        seed=run.seed,
        limits=limits(bench.bounds, manifest),
        background=run.priority < queue.PERSON,
        files=_files(bench, run, manifest, place),
        hosts=access.hosts,
        refusals=access.refusals(run.app_slug),
        secrets=secrets,
    )
    record = Recorder(bench.database, run, cancel)
    try:
        with bench.sandbox.run(call, record, cancel) as outcome:
            _end(bench, run, outcome, record)
    except SandboxLost:
        log.warning("sandbox lost; trying once more", run=str(run.id))
        with bench.sandbox.run(call, record, cancel) as outcome:
            _end(bench, run, outcome, record)
    finally:
        record.close()
    return run


def _end(bench: Bench, run: Run, outcome: Outcome, record: Recorder) -> None:
    """Store how the run ended, or give it back where this worker is being stopped."""
    telemetry.ran(outcome)
    record.close()
    if record.cancel.reason == WORKER_STOPPED and outcome.status is Status.CANCELLED:
        with bench.database.begin() as conn:
            runs.release_run(conn, run.id, run.attempt, queue.enqueue(conn, run.id, run.priority))
        telemetry.left(telemetry.GIVEN_BACK)
        log.info("run given back", run=str(run.id), attempt=run.attempt)
    else:
        _finish(bench, run, outcome, record)


def _version(bench: Bench, run: Run) -> Version | None:
    """Return the run's version, read once for each worker: versions never change."""
    known = bench.versions.get((run.app_id, run.version))
    if known is None:
        with bench.database.read() as conn:
            known = versions.get_version(conn, run.app_id, run.version)
        if known is not None:
            if len(bench.versions) > KEPT_VERSIONS:
                bench.versions.clear()
            bench.versions[run.app_id, run.version] = known
    return known


def limits(bounds: Bounds, manifest: Manifest) -> Limits:
    """Return the limits a run of this model gets: declared ones under the installation's ceilings."""
    return Limits(
        seconds=bounds.limit("seconds", manifest.limits),
        memory_mb=int(bounds.limit("memory_mb", manifest.limits)),
        output_mb=int(bounds.limit("output_mb", manifest.limits)),
        scratch_mb=bounds.scratch_mb,
        log_kb=bounds.log_kb,
        threads=bounds.threads,
    )


def refusal(error: NotGrantedError) -> str:
    """Return why a run cannot begin, for an analyst."""
    return " ".join(p.sentences for p in error.problems)


@telemetry.step("store")
def _finish(bench: Bench, run: Run, outcome: Outcome, record: Recorder | None) -> None:
    """Store how a run ended; where the database is away or full, try for as long as another worker would wait."""
    until = time.monotonic() + bench.bounds.stalled
    while True:
        try:
            _store(bench, run, outcome, record)
        except DatabaseUnavailable as error:
            if time.monotonic() < until:
                time.sleep(AGAIN)
                continue
            if not _is_full(error):
                raise
            _give_up(bench, run, f"The result could not be stored: {_words(error)}.")
        return


def _give_up(bench: Bench, run: Run, reason: str) -> None:
    """Store that a run failed without what may not be storable."""
    with bench.database.begin() as conn:
        runs.finish_run(conn, run.id, run.attempt, status=Status.FAILED, reason=reason, warnings=run.warnings)
    telemetry.finished(run, Status.FAILED)


def _is_full(error: DatabaseUnavailable) -> bool:
    """Return whether the database is there and has no room, in contrast to being away."""
    return error.sqlstate in {"53000", "53100", "53200"}


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}".replace("\0", "\ufffd")


def _store(bench: Bench, run: Run, outcome: Outcome, record: Recorder | None) -> None:
    status, reason = outcome.status, outcome.reason
    problems: tuple[Problem, ...] = ()
    doc: dict[str, Any] | None = None
    stored: Mapping[str, parts.Columns] = {}
    if status is Status.SUCCESS:
        try:
            doc, stored = parts.split(contract_result.check(outcome.result))
        except ResultError as error:
            status, problems = Status.FAILED, tuple(error.problems)
            reason = "The model's result cannot be shown: " + " ".join(str(p) for p in error.problems)
    if record is not None and record.lost:
        raise LostClaimError
    shown = outcome.result if status is not Status.SUCCESS and isinstance(outcome.result, dict) else None
    # A small result is one statement with its run.
    opened = bench.database.begin if stored or outcome.files or shown else bench.database.once
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
            environment=bench.sandbox.packages,
        )
    if not kept:
        raise LostClaimError
    telemetry.finished(run, status, outcome.seconds)
    log.info(
        "run ended",
        run=str(run.id),
        model=run.app_slug,
        status=str(status),
        seconds=round(outcome.seconds, 4),
        attempt=run.attempt,
    )


def unpacked(bench: Bench, version: str, archive: str) -> Path:
    """Return the version's folder in this host's cache, fetched from the database the first time."""

    def fetch() -> dict[str, bytes]:
        with bench.database.read() as conn:
            return folder.unpack(blobs.get_blob(conn, archive))

    return _cached(bench.cache / "versions" / version, fetch)


def _files(bench: Bench, run: Run, manifest: Manifest, place: Path) -> dict[str, Path]:
    """Return the file behind each file input: an upload by its hash, or the model's own."""
    found: dict[str, Path] = {}
    for key, declared in manifest.inputs.items():
        value = run.inputs.get(key)
        if declared.type != "file" or not value:
            continue
        if isinstance(value, str):
            if value == declared.default:
                found[key] = place / value
            continue
        name = Path(str(value["name"])).name or "upload"

        def fetch(value: Mapping[str, Any] = value, name: str = name) -> dict[str, bytes]:
            with bench.database.read() as conn:
                return {name: blobs.get_blob(conn, value["file"])}

        found[key] = _cached(bench.cache / "uploads" / value["file"], fetch) / name
    return found


def _cached(target: Path, fetch: Callable[[], dict[str, bytes]]) -> Path:
    if not target.is_dir():
        folder.place(fetch(), target)
    return target
