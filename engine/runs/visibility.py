"""Who may read a run: its owner, administrators, and those whom its visibility lets.

Chosen: every reading of runs asks `viewer_of` and hands what it returns to storage, where it is a condition of the
statement. A run that is there and may not be read is refused with its owner's name, whom to ask: its address cannot be
guessed, so whoever has it was given it. A stored result is reused only by whom its run's owner lets read it:
administrators are no exception, because their run would show it to others. What is made from a run, edited or by an
analysis, begins with no more readers than the run has: its inputs are the run's.
Left out: reading itself.
"""

from collections.abc import Sequence
from typing import Any, NoReturn
from uuid import UUID

from contract.actor import Actor, Role
from contract.errors import NotAllowedError, NotFoundError
from contract.problems import Problem
from contract.run import Run, Visibility, narrowest
from engine.authorization import Action, require, require_owner
from engine.processes.context import AppContext
from storage import audit, runs, visibility
from storage.visibility import Viewer


def viewer_of(context: AppContext, *, actor: Actor) -> Viewer | None:
    """Return whose readable runs the actor may read; None for all of them."""
    require(actor, Action.READ_RUNS)
    if actor.is_system or actor.role is Role.ADMINISTRATOR:
        return None
    return person_as_viewer(context, actor=actor)


def person_as_viewer(context: AppContext, *, actor: Actor) -> Viewer:
    """Return the actor as a reader like any other, without what an administrator may read besides."""
    require(actor, Action.READ_RUNS)
    return Viewer(context.user_id(actor), actor.teams)


def first_visibility(context: AppContext, sources: Sequence[UUID], *, actor: Actor) -> Visibility:
    """Return who may read what is made from these runs: as the setting says, or fewer where one of them has fewer."""
    require(actor, Action.READ_RUNS)
    usual = context.people.run_visibility
    if not sources:
        return usual
    viewer = viewer_of(context, actor=actor)
    with context.database.read() as conn:
        found = visibility.list_visibilities(conn, sources, viewer)
    return narrowest([usual, *found])


def readable_sources(context: AppContext, sources: Sequence[UUID], app_id: int, *, actor: Actor) -> list[UUID]:
    """Return those of the runs that are of this model and that the actor may read, in their order, each once."""
    require(actor, Action.READ_RUNS)
    if not sources:
        return []
    viewer = viewer_of(context, actor=actor)
    with context.database.read() as conn:
        found = visibility.list_readable(conn, sources, app_id, viewer)
    return [one for one in dict.fromkeys(sources) if one in found]


def no_such_run(run_id: UUID) -> NotFoundError:
    """Return the error for an id that is no run's."""
    return NotFoundError([Problem("run", f"there is no run {run_id}", "Look for it in the history.")])


def refuse(conn: Any, run_id: UUID) -> NoReturn:
    """Refuse a run that a reading did not find.

    Raises:
        NotFoundError: there is none.
        NotAllowedError: it is there, and not for the actor to read.
    """
    found = visibility.owner_and_visibility(conn, run_id)
    if found is None:
        raise no_such_run(run_id)
    owner, who = found
    words = "is private" if who is Visibility.PRIVATE else "is for the team of its owner"
    problem = Problem("run", f"run {run_id} {words}", f"Ask {owner}, whose run it is, to share it with you.")
    raise NotAllowedError([problem])


def set_visibility(context: AppContext, run_id: UUID, to: Visibility, *, actor: Actor) -> Run:
    """Change who may read a run.

    Raises:
        NotFoundError: there is no such run.
        NotAllowedError: it is not the actor's to change.
    """
    require(actor, Action.SHARE_RUNS)
    viewer = viewer_of(context, actor=actor)
    with context.database.begin() as conn:
        found = visibility.owner_and_visibility(conn, run_id, lock=True)
        run = runs.get_run(conn, run_id, viewer=viewer)
        if found is None or run is None:
            refuse(conn, run_id)
        require_owner(actor, run.user, "who may see this run")
        if found[1] is not to:
            visibility.set_visibility(conn, run_id, to)
            detail = {"old": found[1], "new": to, "owner": run.user}
            audit.append(conn, actor=actor.name, action="run.visibility_changed", subject=str(run_id), detail=detail)
        changed = runs.get_run(conn, run_id)
    assert changed is not None
    return changed
