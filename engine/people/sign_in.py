"""Who has signed in: from an identity provider's verified claims to an actor.

Chosen: a person is the provider and its id of them, never a name or an address that may change hands. An address counts
only where the provider says that it has verified it. Role and teams are taken from the claims at each sign-in and kept,
so that they hold for API tokens too; what is stored is read again after two seconds, so that a role that is taken away
is gone at once, whatever a browser's cookie says.
Left out: the sign-in itself, which is Streamlit's, and how its cookie is verified (`ui.shell.sign_in`).
"""

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from contract.actor import Actor, Role
from contract.errors import NotAllowedError, NotSignedInError
from contract.person import Person, RoleSource
from contract.problems import Problem
from engine.processes.context import AppContext
from storage import audit, users

KEPT = 2.0  # s that what was read of somebody counts
MAX_NAME = 100  # letters
CLOCKS = 60  # s that two hosts' clocks may differ by
_FEW = 10_000  # people that are kept


def actor_from_claims(context: AppContext, claims: Mapping[str, Any]) -> Actor:
    """Return the person whom verified claims name; somebody new is added.

    Args:
        context: the process's application context.
        claims: of an ID token that the provider has signed: `iss`, `sub` and `iat`, and what else it says.

    Raises:
        NotSignedInError: the claims name nobody, or the sign-in was too long ago.
        NotAllowedError: the person has no role, or was disabled.
    """
    issuer, subject, moment = claims.get("iss"), claims.get("sub"), claims.get("iat")
    if not isinstance(issuer, str) or not isinstance(subject, str) or not subject.strip():
        raise NotSignedInError([Problem("sign-in", "the provider does not say who it is", "Ask an administrator.")])
    if isinstance(moment, bool) or not isinstance(moment, int | float) or _is_over(context, moment):
        raise NotSignedInError([Problem("sign-in", "your sign-in is over", "Sign in again.")])
    key = f"{issuer} {subject}"
    kept = context.signed_in.get(key)
    if kept is not None and time.monotonic() - kept[0] < KEPT and moment <= kept[1]:
        return kept[2]
    person = _read(context, key, claims, datetime.fromtimestamp(moment, UTC))
    role = context.people.role_of(person, context.user)
    if person.disabled:
        raise NotAllowedError([Problem("sign-in", f"{person.name} was disabled", "Ask an administrator.")])
    if role is None:
        raise NotAllowedError([Problem("sign-in", f"{person.name} has no role here yet", "Ask an administrator.")])
    actor = Actor(person.name, role=role, teams=person.teams)
    if len(context.signed_in) >= _FEW:
        context.signed_in.clear()
    latest = person.signed_in_at.timestamp() if person.signed_in_at is not None else moment
    context.signed_in[key] = (time.monotonic(), latest, actor)
    return actor


def _is_over(context: AppContext, moment: float) -> bool:
    age = time.time() - moment
    return age > timedelta(hours=context.people.sign_in_hours).total_seconds() or age < -CLOCKS


def _read(context: AppContext, key: str, claims: Mapping[str, Any], moment: datetime) -> Person:
    """Return the person as stored, with what this sign-in says where it is the newest."""
    with context.database.read() as conn:
        known = users.person_by_subject(conn, key)
        if known is not None and known.signed_in_at is not None and known.signed_in_at >= moment:
            users.record_seen(conn, known.id)
            return known
    rules = context.people
    email = claims.get("email") if claims.get("email_verified") is True else None
    with context.database.begin() as conn:
        person = known or users.add_person(conn, key, _name(claims), taken=[context.user])
        role: Role | None
        claimed = rules.role_from(claims)
        if claimed is not None:
            role, source = claimed, RoleSource.CLAIMS
        elif person.role_source is RoleSource.PAGE:
            role, source = person.role, RoleSource.PAGE
        else:
            role, source = rules.default_role, RoleSource.DEFAULT
        new = users.record_sign_in(
            conn,
            person.id,
            moment,
            role=role,
            role_source=source,
            email=email if isinstance(email, str) else None,
            teams=rules.teams_from(claims),
        )
        found = users.person_by_subject(conn, key)
        assert found is not None
        if new:
            detail = {"issuer": claims["iss"], "subject": claims["sub"], "teams": list(found.teams)}
            detail["role"] = rules.role_of(found, context.user)
            if found.role is not person.role:
                detail["stored_role"] = [person.role, found.role]
            audit.append(conn, actor=found.name, action="person.signed_in", subject=found.name, detail=detail)
    return found


def _name(claims: Mapping[str, Any]) -> str:
    """Return what to call somebody: a verified address, which nobody else has, or else what the provider says."""
    verified = claims.get("email") if claims.get("email_verified") is True else None
    for value in (verified, claims.get("preferred_username"), claims.get("name"), claims.get("sub")):
        if isinstance(value, str) and value.strip() and value.isprintable():
            return value.strip()[:MAX_NAME]
    return "person"
