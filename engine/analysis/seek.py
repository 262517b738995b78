"""Goal seek on a worker: one point after the other, until the figure is what it is to be or it is known why not.

Chosen: each point is stored before the next is chosen, so that every step can be watched; a search that lost its worker
begins again and finds its points stored. Failures are reported with the input's value and what was found there.
Left out: choosing the next value, which is `engine.analysis.root`.
"""

from contract.fields import is_multiple_of
from contract.run_group import GroupPoint, RunGroup
from engine.analysis.figures import figure_of
from engine.analysis.point_runner import PointRunner, shares_process
from engine.analysis.root import Ending, Found, NoFigureError, find_root
from engine.runs.execute import WORKER_STOPPED, WorkerContext, execute
from storage import run_groups, runs


def run_seek(worker_context: WorkerContext, group: RunGroup, runner: PointRunner) -> bool:
    """Search, store what was found and end the group; return whether the search has to be taken up again."""
    wanted = group.definition
    loaded = runner.load(group.version)
    field = loaded.manifest.inputs[wanted["input"]]
    grid, low, high = field.multiple_of, wanted["from"], wanted["to"]
    reason, found = None, None

    def figure(value: float) -> float:
        given = int(value) if field.whole else float(round(value, 12)) if grid else float(value)
        if grid and not is_multiple_of(given, grid):
            given = type(given)(round(given, 10))
        point = _run_point(worker_context, group, runner, wanted["input"], given)
        got = figure_of(point.summary, wanted["figure"])
        if got is None:
            words = point.reason or f"its result has no number called {wanted['figure']}"
            raise NoFigureError(f"At {given:g}: {words}")
        return got

    try:
        found = find_root(figure, float(wanted["target"]), float(low), float(high), step=float(grid) if grid else None)
    except NoFigureError as error:
        reason = str(error)
    except _Interrupted:
        return runner.cancel.reason == WORKER_STOPPED
    outcome = (found or Found(Ending.NO_FIGURE)).as_dict()
    with worker_context.database.begin() as conn:
        run_groups.close_group(conn, group.id, outcome=outcome, reason=reason, failed=False)
    return False


class _Interrupted(Exception):  # noqa: N818 - not an error: the search is cancelled or put back
    """The search was cancelled, or its worker is to stop."""


def _run_point(
    worker_context: WorkerContext, group: RunGroup, runner: PointRunner, key: str, value: float
) -> GroupPoint:
    """Return the point with this value of the input, run where it has not been."""
    with worker_context.database.read() as conn:
        points = run_groups.list_points(conn, group.id)
    point = next((p for p in points if p.changes == {key: value}), None)
    if point is None:
        point = GroupPoint(len(points), group.version, {key: value})
        with worker_context.database.begin() as conn:
            run_groups.add_point(conn, group.id, point.number, group.version, point.changes)
    if point.run_id is None or point.status is None or not point.status.final:
        loaded = runner.load(group.version)
        if point.run_id is None and runner.reuse(loaded, [point]):
            done = 0
            if shares_process(loaded.manifest, worker_context.limits):
                done = runner.run_together(loaded, [point], 0.05)
            if runner.cancel.reason is not None:
                raise _Interrupted
            if not done:
                _run_alone(worker_context, group, runner, point)
        elif point.run_id is not None:
            execute(worker_context, point.run_id)  # its worker was lost between storing the run and its end
        with worker_context.database.read() as conn:
            point = next(p for p in run_groups.list_points(conn, group.id) if p.number == point.number)
    if point.status is None or not point.status.final or runner.cancel.reason is not None:
        raise _Interrupted
    return point


def _run_alone(worker_context: WorkerContext, group: RunGroup, runner: PointRunner, point: GroupPoint) -> None:
    """Run a point as an ordinary run, here and now: it is held by the job of its lane."""
    loaded = runner.load(group.version)
    with worker_context.database.begin() as conn:
        run_id = runner.insert_run(conn, loaded, point, place=False)
        job_id = run_groups.job_of_lane(conn, group.id, 0)
        if job_id is not None:
            runs.attach_job(conn, run_id, job_id)
        run_groups.attach_run(conn, group.id, point.number, run_id)
    execute(worker_context, run_id)
