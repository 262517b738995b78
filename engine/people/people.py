"""People: list them, give them roles, keep them out and let them in again.

Chosen: nobody changes their own role or keeps themselves out, so that an installation always has the administrator who
did it last. A change counts everywhere within `engine.people.sign_in.KEPT` seconds.
Left out: adding people, who come by signing in, and deleting them, whose runs stay theirs.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NoReturn

from contract.actor import Actor, Role
from contract.errors import NotAllowedError, NotFoundError
from contract.person import Person, RoleSource
from contract.problems import Problem
from engine.authorization import Action, require
from engine.processes.context import AppContext
from storage import audit, users


def list_people(context: AppContext, *, actor: Actor) -> Sequence[Person]:
    """Return everybody who has ever asked for something or signed in, by name."""
    require(actor, Action.MANAGE_PEOPLE)
    with context.database.read() as conn:
        return [_as_it_counts(context, person) for person in users.list_people(conn)]


def find_person(context: AppContext, name: str, *, actor: Actor) -> Person:
    """Return somebody by name.

    Raises:
        NotFoundError: nobody is called so.
    """
    require(actor, Action.MANAGE_PEOPLE)
    with context.database.read() as conn:
        found = users.person_by_name(conn, name.replace("\0", ""))
    if found is None or found.name == users.SYSTEM:
        _nobody(name)
    return _as_it_counts(context, found)


def set_role(context: AppContext, name: str, role: Role | None, *, actor: Actor) -> Person:
    """Give somebody a role, or take it away with None: then they may not come in.

    Raises:
        NotFoundError: nobody is called so.
        NotAllowedError: it is the actor.
    """
    require(actor, Action.MANAGE_PEOPLE)
    with context.database.begin() as conn:
        found = _find_other(conn, name, actor)
        users.set_role(conn, found.id, role)
        detail = {"old": found.role, "new": role}
        audit.append(conn, actor=actor.name, action="person.role_changed", subject=found.name, detail=detail)
        changed = users.person_by_name(conn, found.name)
    context.signed_in.clear()
    assert changed is not None
    return _as_it_counts(context, changed)


def set_disabled(context: AppContext, name: str, *, disabled: bool, actor: Actor) -> Person:
    """Keep somebody out, with all their tokens, or let them in again.

    Raises:
        NotFoundError: nobody is called so.
        NotAllowedError: it is the actor.
    """
    require(actor, Action.MANAGE_PEOPLE)
    with context.database.begin() as conn:
        found = _find_other(conn, name, actor)
        users.set_disabled(conn, found.id, disabled=disabled)
        if found.disabled is not disabled:
            action = "person.disabled" if disabled else "person.enabled"
            audit.append(conn, actor=actor.name, action=action, subject=found.name)
        changed = users.person_by_name(conn, found.name)
    context.signed_in.clear()
    assert changed is not None
    return _as_it_counts(context, changed)


def _find_other(conn: Any, name: str, actor: Actor) -> Person:
    found = users.person_by_name(conn, name.replace("\0", ""), lock=True)
    if found is None or found.name == users.SYSTEM:
        _nobody(name)
    if found.name == actor.name:
        problem = Problem("person", "nobody changes their own role or access", "Ask another administrator.")
        raise NotAllowedError([problem])
    return found


def _as_it_counts(context: AppContext, person: Person) -> Person:
    """Return a person with the role that counts, where a setting gives another one than what is stored."""
    role = context.people.role_of(person, context.user)
    return person if role is person.role else replace(person, role=role, role_source=RoleSource.SETTING)


def _nobody(name: str) -> NoReturn:
    raise NotFoundError([Problem("person", f"nobody is called {name[:100]!r}", "Take the name from the list.")])
