"""API tokens: what programs sign in with in a person's name.

Chosen: 32 random bytes behind `tontine_`, so that a leaked one is recognised, of which only the SHA-256 is stored. A
token may do what its scope says and never more than its owner may at the moment it is used; it ends by itself. Whoever
uses a token can make no other with it: what was handed to a program cannot outlive its end. Nor can it revoke one,
unless its scope is to administer: one that may only read changes nothing.
Left out: where a request carries it (`api.auth`).
"""

import base64
import hashlib
import secrets
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from contract.actor import Actor, Role
from contract.errors import InputError, NotAllowedError, NotFoundError, NotSignedInError
from contract.person import ApiToken, Scope
from contract.problems import Problem
from engine.authorization import Action, is_allowed, require
from engine.processes.context import AppContext
from storage import api_tokens, audit

PREFIX = "tontine_"
BYTES = 32
HINT = len(PREFIX) + 4  # letters of a token that are stored as they are
MAX_DAYS = 366
MAX_NAME = 100  # letters
MAX_TOKENS = 50  # of one person that can be used


def create_token(context: AppContext, name: str, scope: Scope, days: int, *, actor: Actor) -> tuple[ApiToken, str]:
    """Make a token of the actor's.

    Args:
        context: the process's application context.
        name: what it is for, in the owner's words.
        scope: what it may be used for.
        days: after which it ends.
        actor: its owner.

    Returns:
        The token as it is listed, and the token itself, which is not shown again.

    Raises:
        InputError: name, scope or days cannot be had, or there are too many.
        NotAllowedError: a program asks, with a token.
    """
    require(actor, Action.MANAGE_TOKENS)
    if actor.by_token:
        problem = Problem("actor", "a token can make no other token", "Sign in and make it on the page Account.")
        raise NotAllowedError([problem])
    _check(name, scope, days, actor)
    token = PREFIX + base64.urlsafe_b64encode(secrets.token_bytes(BYTES)).decode().rstrip("=")
    user_id = context.user_id(actor)
    expires_at = datetime.now(UTC) + timedelta(days=days)
    with context.database.begin() as conn:
        made = api_tokens.add_token(
            conn,
            uuid.uuid4(),
            user_id,
            name=name.strip(),
            digest=_digest(token),
            hint=token[:HINT],
            scope=scope,
            expires_at=expires_at,
            most=MAX_TOKENS,
        )
        if made is None:
            raise InputError([Problem("tokens", f"you have {MAX_TOKENS} tokens already", "Revoke one of them.")])
        detail = {"owner": actor.name, "name": made.name, "scope": made.scope, "expires_at": expires_at.isoformat()}
        audit.append(conn, actor=actor.name, action="token.created", subject=str(made.id), detail=detail)
    return made, token


def list_tokens(context: AppContext, *, actor: Actor, everybody: bool = False) -> Sequence[ApiToken]:
    """Return the actor's tokens, or everybody's for an administrator, the newest first."""
    require(actor, Action.MANAGE_PEOPLE if everybody else Action.MANAGE_TOKENS)
    with context.database.read() as conn:
        return api_tokens.list_tokens(conn, None if everybody else actor.name)


def revoke_token(context: AppContext, token_id: UUID, *, actor: Actor) -> ApiToken:
    """Revoke a token of the actor's, or anybody's as an administrator; from then on nothing accepts it.

    Raises:
        NotFoundError: there is none, or it is somebody else's.
        NotAllowedError: a program asks, with a token that may not administer.
    """
    require(actor, Action.MANAGE_TOKENS)
    if actor.by_token and not is_allowed(actor, Action.MANAGE_PEOPLE):
        refusal = f"a token takes the scope {Scope.ADMINISTER} to revoke one"
        raise NotAllowedError([Problem("actor", refusal, "Sign in and revoke it on the page Account.")])
    with context.database.begin() as conn:
        found = api_tokens.get_token(conn, token_id)
        if found is None or (found.owner != actor.name and not is_allowed(actor, Action.MANAGE_PEOPLE)):
            raise NotFoundError([Problem("token", f"you have no token {token_id}", "Take the id from the list.")])
        if api_tokens.revoke_token(conn, token_id):
            detail = {"owner": found.owner, "name": found.name}
            audit.append(conn, actor=actor.name, action="token.revoked", subject=str(token_id), detail=detail)
        return api_tokens.get_token(conn, token_id) or found


def actor_of_token(context: AppContext, token: str) -> Actor:
    """Return whom a token stands for, with the smaller of its owner's role and its scope's.

    Raises:
        NotSignedInError: it is unknown, has ended or was revoked.
        NotAllowedError: its owner may not come in.
    """
    with context.database.read() as conn:
        found = api_tokens.find_valid(conn, _digest(token)) if token.startswith(PREFIX) else None
        if found is None:
            problem = Problem("token", "it is not valid: unknown, expired or revoked", "Make one on the page Account.")
            raise NotSignedInError([problem])
        held, owner = found
        role = context.people.role_of(owner, context.user)
        if owner.disabled or role is None:
            raise NotAllowedError([Problem("token", f"{owner.name} may not come in", "Ask an administrator.")])
        api_tokens.record_use(conn, held.id)
    least = min(role, held.scope.role, key=lambda each: each.rank)
    return Actor(owner.name, role=least, teams=owner.teams, by_token=True)


def allowed_scopes(role: Role) -> list[Scope]:
    """Return the scopes that tokens of people with this role may have."""
    return [scope for scope in Scope if role.includes(scope.role)]


def _check(name: str, scope: Scope, days: int, actor: Actor) -> None:
    problems = []
    if not name.strip() or len(name.strip()) > MAX_NAME or not name.isprintable():
        found = "it is empty" if not name.strip() else f"it has more than {MAX_NAME} letters, or some that are none"
        problems.append(Problem("name", found, "Say what the token is for, such as: nightly reserves."))
    if scope not in allowed_scopes(actor.role):
        found = f"{scope} takes the role {scope.role}, and {actor.name} is {actor.role}"
        problems.append(Problem("scope", found, "Choose one that your role allows."))
    if not 1 <= days <= MAX_DAYS:
        problems.append(Problem("days", f"{days} is not from 1 to {MAX_DAYS}", "Choose when the token is to end."))
    if problems:
        raise InputError(problems)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
