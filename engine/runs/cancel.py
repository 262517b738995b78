"""Cancel a run: at once while it waits, within milliseconds while it runs.

Chosen: the request is stored and notified in one statement; the worker that runs it is notified and kills
the child.
Left out: undoing. A run that has ended stays as it ended.
"""

from uuid import UUID

from contract.errors import NotFoundError
from contract.problems import Problem
from contract.run import Run, Status
from engine.observability import telemetry
from engine.processes.context import AppContext
from engine.runs import job_queue
from storage import runs


def cancel(context: AppContext, run_id: UUID, *, superseded_by: UUID | None = None) -> Run:
    """Ask for the end of a run and return it as it is now.

    Raises:
        NotFoundError: there is no such run.
    """
    with context.database.begin() as conn:
        before = runs.get_status(conn, run_id) if telemetry.is_active() else None
        run = runs.request_cancel(conn, run_id, superseded_by=superseded_by)
    if run is None:
        raise NotFoundError([Problem("run", f"there is no run {run_id}", "Look for it in the history.")])
    if run.status.final:
        job_queue.admit_held(context.database, context.limits)
    if run.status is Status.CANCELLED and before is not None and before[0] is Status.PENDING:
        telemetry.run_finished(run, run.status)  # no worker will: it ended where it waited
    return run
