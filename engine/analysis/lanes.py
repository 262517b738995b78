"""Work on a lane of a group: run its points, many in one confined child, and store those that end together.

Chosen: a job does about `BUDGET` seconds of a lane and queues the lane again behind whatever waits, so that groups take
turns. Points whose stored result serves are stored without a run of the model.
Left out: what the points are, which is their group's, and goal seeks, whose next point depends on the last
(`engine.analysis.seek`).
"""

import time
from uuid import UUID

import structlog

from contract.run_group import GroupKind, RunGroup
from engine.analysis import seek
from engine.analysis.point_runner import PointRunner, shares_process
from engine.processes.limits import InstallationLimits
from engine.runs import job_queue
from engine.runs.execute import WORKER_STOPPED, WorkerContext
from engine.sandbox.supervisor import CancelToken
from storage import run_groups
from storage.database import Database

log = structlog.get_logger()

BUDGET = 2.0  # s a job works on a lane before others have their turn
POINTS = 2_000  # that a job takes at most


def run_lane(worker_context: WorkerContext, group_id: UUID, lane: int) -> None:
    """Do a turn of a lane; nothing where the group has ended.

    Raises:
        DatabaseUnavailable: it stayed away; the lane goes to whoever finds it without a worker.
    """
    with worker_context.database.read() as conn:
        group = run_groups.get_group(conn, group_id)
        lanes = run_groups.count_lanes(conn, group_id)
    if group is None or group.final:
        return
    cancel = CancelToken()
    worker_context.active[cancel] = group_id
    try:
        if group.kind is GroupKind.SEEK:
            more = seek.run_seek(worker_context, group, PointRunner(worker_context, group, cancel))
        else:
            more = _run_turn(worker_context, group, lane, lanes, cancel)
        with worker_context.database.begin() as conn:
            run_groups.put_lane(conn, group_id, lane, job_queue.enqueue_lane(conn, group_id, lane) if more else None)
            run_groups.end_if_done(conn, group_id)
    finally:
        del worker_context.active[cancel]
        cancel.close()


def requeue_lost_lanes(database: Database, limits: InstallationLimits) -> int:
    """Queue again the lanes whose worker is dead, and end groups that have lost too many; returns how many lanes."""
    with database.begin() as conn:
        lost = run_groups.lock_lost_lanes(conn, silence=limits.worker_timeout)
        for group_id, lane, losses in lost:
            if losses + 1 >= limits.attempts:
                reason = (
                    f"The worker of this group was lost {losses + 1} times without getting on. Resume it to try again."
                )
                run_groups.fail_group(conn, group_id, reason)
            else:
                run_groups.requeue_lane(conn, group_id, lane, job_queue.enqueue_lane(conn, group_id, lane))
            log.warning("lane of a group requeued: its worker is dead", group=str(group_id), lane=lane)
        for group_id in run_groups.full_groups(conn):
            run_groups.end_if_done(conn, group_id)
    return len(lost)


def _run_turn(worker_context: WorkerContext, group: RunGroup, lane: int, lanes: int, cancel: CancelToken) -> bool:
    """Run points of a lane for a while and return whether there are more."""
    runner = PointRunner(worker_context, group, cancel)
    with worker_context.database.read() as conn:
        found = run_groups.open_points(conn, group.id, lane, lanes, POINTS + 1)
    more, points = len(found) > POINTS, found[:POINTS]
    until = time.monotonic() + BUDGET
    for version in dict.fromkeys(p.version for p in points):
        try:
            loaded = runner.load(version)
        except LookupError:
            with worker_context.database.begin() as conn:
                run_groups.fail_group(conn, group.id, "A version of the model that this group needs is missing.")
            return False
        left = runner.reuse(loaded, [p for p in points if p.version == version])
        if not shares_process(loaded.manifest, worker_context.limits):
            runner.submit_alone(loaded, left)
            continue
        while left and cancel.reason is None:
            if time.monotonic() >= until:
                return True
            done = runner.run_together(loaded, left, max(0.05, until - time.monotonic()))
            left = left[done:]
            if runner.failed and left:
                runner.submit_alone(loaded, left[:1])
                left = left[1:]
        if cancel.reason is not None:
            return cancel.reason == WORKER_STOPPED
    return more
