"""Run points of a group and store them: many in one confined child, or one as an ordinary run.

Chosen: a point that ends in a shared child is stored with its end at once, by the statement that stores its neighbours;
there is no waiting run of it before. Whatever is out of the ordinary about a point (a failure, a limit, files, hosts,
secrets) is left to an ordinary run of that point alone, whose end says why.
Left out: which points, and when (`engine.analysis.lanes`, `engine.analysis.seek`).
"""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from contract import inputs as contract_inputs
from contract import result as contract_result
from contract import result_parts
from contract.errors import DatabaseUnavailable, RequirementsError
from contract.manifest import Manifest
from contract.run import Status
from contract.run_group import FinishedPoint, GroupPoint, RunGroup
from engine.models.packages import open_packages
from engine.models.versions import LoadedVersion, load_version
from engine.processes.limits import InstallationLimits
from engine.runs import job_queue
from engine.runs.execute import WorkerContext, ensure_unpacked, run_environment, run_limits
from engine.runs.submit import declared_seed
from engine.sandbox.job import Point, PointResult
from engine.sandbox.supervisor import CancelToken, Progress, SandboxJob
from storage import run_groups, runs

STORED_AT_ONCE = 250  # points that are stored by one statement
STORE_INTERVAL = 0.5  # s after which those that have ended are stored, however few
RETRY_INTERVAL = 0.25  # s between two attempts to store while the database is away


def shares_process(manifest: Manifest, limits: InstallationLimits) -> bool:
    """Return whether points of the model may share a child: not with hosts, secrets or files, and not under caps."""
    files = any(field.type == "file" for field in manifest.inputs.values())
    return not (manifest.network or manifest.secrets or manifest.gateway or files or limits.has_caps)


def point_inputs(group: RunGroup, point: GroupPoint) -> dict[str, Any]:
    """Return the inputs of a point: the group's with what differs; an input that is None there is not given."""
    return {key: value for key, value in {**group.inputs, **point.changes}.items() if value is not None}


class PointRunner:
    """Runs points of a group and stores them; what it cannot store whole it leaves to an ordinary run."""

    def __init__(self, worker_context: WorkerContext, group: RunGroup, cancel: CancelToken) -> None:
        self.worker_context, self.group, self.cancel = worker_context, group, cancel
        self.failed = False  # whether the last child ended by a point's failure
        self.environment: Mapping[str, str] = {}  # versions that the points have found

    def load(self, version: str) -> LoadedVersion:
        """Return a version of the group's model.

        Raises:
            LookupError: it is missing.
        """
        loaded = load_version(self.worker_context.database, self.group.app_id, version)
        if loaded is None:
            raise LookupError(version)
        return loaded

    def seed_of(self, point: GroupPoint, inputs: Mapping[str, Any]) -> int:
        """Return a point's seed: its input of that name, that of the run which it replays, or else the group's.

        With one seed for all only inputs differ between points.
        """
        declared = declared_seed(inputs)
        if declared is not None:
            return declared
        definition = self.group.definition
        return int(definition["seeds"][point.number] if "seeds" in definition else definition["seed"])

    def reuse(self, loaded: LoadedVersion, points: Sequence[GroupPoint]) -> list[GroupPoint]:
        """Store the points whose result is stored, and return the others."""
        if not loaded.manifest.deterministic or self.group.definition.get("fresh"):
            return list(points)
        given = {p.number: point_inputs(self.group, p) for p in points}
        digests = {number: runs.inputs_digest(inputs) for number, inputs in given.items()}
        with self.worker_context.database.read() as conn:
            owner = run_groups.owner_of(conn, self.group.id)
            known = run_groups.find_reusable(conn, self.group.app_id, loaded.hash, list(digests.values()), viewer=owner)
        now = datetime.now(UTC)
        found = [
            FinishedPoint(
                p.number,
                p.version,
                given[p.number],
                known[digests[p.number]][1],
                now,
                now,
                reused_from=known[digests[p.number]][0],
                warnings=tuple(contract_inputs.calibration_warnings(loaded.manifest, given[p.number])),
            )
            for p in points
            if digests[p.number] in known
        ]
        for start in range(0, len(found), STORED_AT_ONCE):
            self.store(found[start : start + STORED_AT_ONCE])
        return [p for p in points if digests[p.number] not in known]

    def run_together(self, loaded: LoadedVersion, points: Sequence[GroupPoint], budget: float) -> int:
        """Run points in one child and store them.

        Returns:
            How many have been stored; unless the time was over, it is the next one that has to be run by itself.
        """
        manifest = loaded.manifest
        given = [point_inputs(self.group, p) for p in points]
        seeds = [self.seed_of(p, inputs) for p, inputs in zip(points, given, strict=True)]
        base = {key: value for key, value in self.group.inputs.items() if all(key in inputs for inputs in given)}
        changes = [{k: v for k, v in inputs.items() if k not in base or base[k] != v} for inputs in given]
        self.failed = False
        waiting: list[FinishedPoint] = []
        done, stored_at = 0, time.monotonic()

        def take(result: PointResult) -> None:
            nonlocal done, stored_at
            point = points[result.number]
            waiting.append(_finished(point, given[result.number], seeds[result.number], result, manifest))
            done += 1
            now = time.monotonic()
            if len(waiting) >= STORED_AT_ONCE or now - stored_at >= STORE_INTERVAL:
                self.store(waiting)
                waiting.clear()
                stored_at = time.monotonic()

        job = SandboxJob(
            run_id=f"{self.group.id}-{points[0].number}",
            folder=ensure_unpacked(self.worker_context, loaded.hash, loaded.version.archive),
            inputs=base,
            seed=seeds[0],
            limits=run_limits(self.worker_context.limits, manifest),
            background=True,
            points=tuple(Point(c, s) for c, s in zip(changes, seeds, strict=True)),
            budget=budget,
        )
        lock = loaded.version.lock
        try:
            with open_packages(self.worker_context.overlays, lock, self.cancel) as packages:
                sandbox = self.worker_context.sandbox
                found = sandbox.packages_for(packages.runtime)
                self.environment = run_environment(self.worker_context, found, lock)
                with sandbox.run(packages.given_to(job), _ignore, self.cancel, take) as outcome:
                    self.failed = outcome.status is not Status.SUCCESS and self.cancel.reason is None
                    if waiting:
                        self.store(waiting)
        except RequirementsError:
            self.failed = self.cancel.reason is None  # the run of a point alone says what is missing
        return done

    def store(self, points: Sequence[FinishedPoint]) -> None:
        """Store points that have ended; where the database is away, try for as long as another worker would wait."""
        until = time.monotonic() + self.worker_context.limits.worker_timeout
        while True:
            try:
                with self.worker_context.database.begin() as conn:
                    run_groups.finish_points(
                        conn,
                        self.group.id,
                        points,
                        worker=self.worker_context.worker,
                        environment=self.environment or self.worker_context.sandbox.packages,
                    )
            except DatabaseUnavailable:
                if time.monotonic() >= until:
                    raise
                time.sleep(RETRY_INTERVAL)
                continue
            return

    def submit_alone(self, loaded: LoadedVersion, points: Sequence[GroupPoint]) -> None:
        """Queue an ordinary run for each of these points."""
        limits = self.worker_context.limits
        with self.worker_context.database.begin() as conn:
            for point in points:
                if run_groups.lock_open_point(conn, self.group.id, point.number):
                    run_id = self.insert_run(conn, loaded, point, place=True)
                    run_groups.attach_run(conn, self.group.id, point.number, run_id)
            if limits.has_caps:
                job_queue.enqueue_admitted(conn, limits)

    def insert_run(self, conn: Any, loaded: LoadedVersion, point: GroupPoint, *, place: bool) -> UUID:
        """Store the run of a point, with a job of its own where `place` is on."""
        limits = self.worker_context.limits
        inputs = point_inputs(self.group, point)
        run, _created = runs.insert_run(
            conn,
            app_id=self.group.app_id,
            version=loaded.hash,
            inputs=inputs,
            seed=self.seed_of(point, inputs),
            user_id=run_groups.owner_of(conn, self.group.id).user_id,
            visibility=self.group.visibility,
            priority=job_queue.BATCH_PRIORITY,
            batch=self.group.id,
            warnings=contract_inputs.calibration_warnings(loaded.manifest, inputs),
            on_hold=place and limits.has_caps,
            place=job_queue.slot_for(job_queue.BATCH_PRIORITY) if place and not limits.has_caps else None,
        )
        return run.id


def _finished(
    point: GroupPoint, inputs: Mapping[str, Any], seed: int, result: PointResult, manifest: Manifest
) -> FinishedPoint:
    doc, parts = result_parts.extract_large(contract_result.require_object(result.result))
    return FinishedPoint(
        point.number,
        point.version,
        inputs,
        seed,
        datetime.fromtimestamp(result.started_at, UTC),
        datetime.fromtimestamp(result.finished_at, UTC),
        doc=doc,
        parts=parts,
        nulls=result.nulls,
        warnings=(*contract_inputs.calibration_warnings(manifest, inputs), *result.warnings),
        log=result.log,
        cpu_seconds=result.cpu_seconds,
    )


def _ignore(_event: Progress) -> None:
    """Do nothing with what a child shows before a point ends."""
