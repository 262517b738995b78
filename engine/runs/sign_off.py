"""Sign off a run: a second person has looked at it and stands by it (four eyes).

Chosen: only a success, by a person and not a program, and never by the run's owner, whatever their role. A sign-off is
final: it freezes the run's notes, is printed on its PDF, and stands in the audit log.
Left out: what a note is; whoever changes one asks `is_signed_off` in the same transaction.
"""

from typing import Any
from uuid import UUID

from contract.actor import Actor
from contract.errors import InputError, NotAllowedError
from contract.problems import Problem
from contract.run import Status
from contract.sign_off import SignOff
from engine.authorization import Action, require
from engine.processes.context import AppContext
from engine.runs.visibility import refuse, viewer_of
from storage import audit, runs, sign_offs

MAX_COMMENT = 2_000  # letters


def sign_off(context: AppContext, run_id: UUID, comment: str = "", *, actor: Actor) -> SignOff:
    """Sign a run off.

    Raises:
        NotFoundError: there is no such run.
        NotAllowedError: it is the actor's own, or not for them to read, or a program asks.
        InputError: it is no success, is signed off already, or the comment is too long.
    """
    require(actor, Action.SIGN_OFF_RUNS)
    if actor.by_token or actor.is_system:
        raise NotAllowedError([Problem("actor", "a person signs a run off, and no program", "Sign in to do it.")])
    if len(comment) > MAX_COMMENT:
        found = f"it has {len(comment):,} letters, more than {MAX_COMMENT:,}"
        raise InputError([Problem("comment", found, "Say it in fewer words.")])
    user_id, viewer = context.user_id(actor), viewer_of(context, actor=actor)
    with context.database.begin() as conn:
        sign_offs.lock_run(conn, run_id)
        run = runs.get_run(conn, run_id, viewer=viewer)
        if run is None:
            refuse(conn, run_id)
        if run.user == actor.name:
            problem = Problem("run", "nobody signs off a run of their own", "Ask somebody else to look at it.")
            raise NotAllowedError([problem])
        known = sign_offs.get_sign_off(conn, run_id)
        if known is not None:
            raise InputError([Problem("run", f"{known.by} has signed it off already", "Nothing is left to do.")])
        if run.status is not Status.SUCCESS:
            problem = Problem("run", f"it is {run.status} and has no result to stand by", "Sign off a success.")
            raise InputError([problem])
        sign_offs.add_sign_off(conn, run_id, user_id, comment.strip().replace("\0", ""))
        made = sign_offs.get_sign_off(conn, run_id)
        assert made is not None
        detail = {"owner": run.user, "version": run.version, "comment": made.comment}
        audit.append(conn, actor=actor.name, action="run.signed_off", subject=str(run_id), detail=detail)
    return made


def find_sign_off(context: AppContext, run_id: UUID, *, actor: Actor) -> SignOff | None:
    """Return who signed a run off, or None where nobody has.

    Raises:
        NotFoundError: there is no such run.
        NotAllowedError: it is not for the actor to read.
    """
    require(actor, Action.READ_RUNS)
    viewer = viewer_of(context, actor=actor)
    with context.database.read() as conn:
        if runs.get_run(conn, run_id, viewer=viewer) is None:
            refuse(conn, run_id)
        return sign_offs.get_sign_off(conn, run_id)


def is_signed_off(conn: Any, run_id: UUID) -> bool:
    """Return whether a run is signed off, so that its notes stay as they are; none comes in between.

    Args:
        conn: the transaction that is to change a note. It keeps others from signing the run off until it ends.
        run_id: the run.
    """
    sign_offs.lock_run(conn, run_id)
    return sign_offs.get_sign_off(conn, run_id) is not None
