"""Cancel a run: at once while it waits, within milliseconds while it runs.

Chosen: a run is cancelled by its owner or an administrator, and its reason names who it was; that an administrator
cancels somebody else's stands in the audit log. The request is stored and
notified in one statement; the worker that holds the run is notified and kills the model's process.
Left out: undoing. A run that has ended stays as it ended.
"""

from uuid import UUID

from contract.actor import Actor
from contract.run import Run, Status
from engine.authorization import Action, require, require_owner
from engine.observability import telemetry
from engine.processes.context import AppContext
from engine.runs import job_queue
from engine.runs.visibility import refuse, viewer_of
from storage import audit, runs


def cancel(context: AppContext, run_id: UUID, *, actor: Actor, superseded_by: UUID | None = None) -> Run:
    """Ask for the end of a run and return it as it is now.

    Raises:
        NotFoundError: there is no such run.
        NotAllowedError: it is somebody else's.
    """
    require(actor, Action.CANCEL_RUNS)
    viewer = viewer_of(context, actor=actor)
    with context.database.read() as conn:
        known = runs.get_run(conn, run_id, viewer=viewer) or refuse(conn, run_id)
    require_owner(actor, known.user, "this run")
    user = None if actor.is_system else (context.user_id(actor), actor.name)
    with context.database.begin() as conn:
        before = runs.get_status(conn, run_id) if telemetry.is_active() else None
        run = runs.request_cancel(conn, run_id, superseded_by=superseded_by, user=user)
        if user is not None and known.user != actor.name and not known.status.final:
            detail = {"owner": known.user}
            audit.append(conn, actor=actor.name, action="run.cancelled", subject=str(run_id), detail=detail)
    assert run is not None  # runs are never deleted
    if run.status.final:
        job_queue.admit_held(context.database, context.limits)
    if run.status is Status.CANCELLED and before is not None and before[0] is Status.PENDING:
        telemetry.run_finished(run, run.status)  # no worker will: it ended in the queue
    return run
