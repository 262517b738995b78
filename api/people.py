"""People over HTTP: who one is, one's API tokens, and for administrators people and the audit log.

Left out: signing in, which browsers do on the pages.
"""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.auth import CurrentActor
from contract.actor import Role
from contract.audit import AuditRow
from contract.person import ApiToken, Person, Scope
from engine.people import audit, people, tokens
from engine.processes import context as contexts

router = APIRouter(tags=["people"])


class Me(BaseModel):
    """Who asks."""

    name: str
    role: Role
    teams: list[str]
    by_token: bool = Field(description="whether a token says so")


class TokenRequest(BaseModel):
    """A token to be made."""

    name: str = Field(description="what it is for", max_length=tokens.MAX_NAME)
    scope: Scope = Field(default=Scope.RUN, description="what it may be used for; each includes those before it")
    days: int = Field(default=90, ge=1, le=tokens.MAX_DAYS, description="after which it ends")


class TokenBody(BaseModel):
    """A token as it is listed: its first letters, and the rest nowhere."""

    id: UUID
    owner: str
    name: str
    hint: str
    scope: Scope
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None

    @classmethod
    def of(cls, token: ApiToken, **more: Any) -> "TokenBody":
        """Return the body for `token`."""
        return cls(**{name: getattr(token, name) for name in TokenBody.model_fields}, **more)


class NewToken(TokenBody):
    """A token that was just made."""

    token: str = Field(description="the token itself; it is not shown again")


class PersonBody(BaseModel):
    """Somebody who has asked for something or signed in."""

    name: str
    role: Role | None
    role_source: str | None
    email: str | None
    teams: list[str]
    signed_in_at: datetime | None
    last_seen_at: datetime | None
    disabled: bool

    @classmethod
    def of(cls, person: Person) -> "PersonBody":
        """Return the body for `person`."""
        return cls(**{name: getattr(person, name) for name in PersonBody.model_fields})


class PersonChange(BaseModel):
    """What is to be changed of a person; what is left out stays."""

    role: Role | None = Field(default=None, description="null takes the role away")
    disabled: bool | None = None


class AuditBody(BaseModel):
    """A row of the audit log."""

    number: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: dict[str, Any]
    hash: str

    @classmethod
    def of(cls, row: AuditRow) -> "AuditBody":
        """Return the body for `row`."""
        return cls(**{name: getattr(row, name) for name in AuditBody.model_fields})


class VerificationBody(BaseModel):
    """What verifying the audit log found."""

    intact: bool
    rows: int
    last_hash: str
    problem: str | None


@router.get("/me")
def me(actor: CurrentActor) -> Me:
    """Return who asks, with role and teams; a token has the smaller of its owner's role and its scope's."""
    return Me(name=actor.name, role=actor.role, teams=list(actor.teams), by_token=actor.by_token)


@router.get("/tokens")
def list_tokens(actor: CurrentActor, *, everybody: bool = False) -> list[TokenBody]:
    """List one's API tokens, the newest first; an administrator may ask for everybody's."""
    found = tokens.list_tokens(contexts.current(), actor=actor, everybody=everybody)
    return [TokenBody.of(token) for token in found]


@router.post("/tokens", status_code=201)
def create_token(body: TokenRequest, actor: CurrentActor) -> NewToken:
    """Make an API token, which is shown in this answer and never again. A token cannot make another."""
    made, token = tokens.create_token(contexts.current(), body.name, body.scope, body.days, actor=actor)
    return NewToken(**TokenBody.of(made).model_dump(), token=token)


@router.delete("/tokens/{token_id}")
def revoke_token(token_id: UUID, actor: CurrentActor) -> TokenBody:
    """Revoke one's token, or anybody's as an administrator."""
    return TokenBody.of(tokens.revoke_token(contexts.current(), token_id, actor=actor))


@router.get("/people")
def list_people(actor: CurrentActor) -> list[PersonBody]:
    """List everybody who has asked for something or signed in. For administrators."""
    return [PersonBody.of(person) for person in people.list_people(contexts.current(), actor=actor)]


@router.patch("/people/{name}")
def change_person(name: str, body: PersonChange, actor: CurrentActor) -> PersonBody:
    """Give somebody a role, take it away, keep them out or let them in again. For administrators; never oneself."""
    context = contexts.current()
    found = people.find_person(context, name, actor=actor)
    if "role" in body.model_fields_set:
        found = people.set_role(context, name, body.role, actor=actor)
    if body.disabled is not None:
        found = people.set_disabled(context, name, disabled=body.disabled, actor=actor)
    return PersonBody.of(found)


@router.get("/audit")
def list_audit_rows(
    actor: CurrentActor,
    before: Annotated[int | None, Query(ge=1, le=2**53, description="rows with a lower number")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    by: Annotated[str | None, Query(description="of one person")] = None,
    action: Annotated[str | None, Query(description="of one kind, such as token or token.created")] = None,
) -> list[AuditBody]:
    """List rows of the audit log, the newest first. For administrators."""
    context = contexts.current()
    rows = audit.list_audit_rows(context, actor=actor, before=before, limit=limit, by=by, action=action)
    return [AuditBody.of(row) for row in rows]


@router.get("/audit/verify")
def verify_audit_log(
    actor: CurrentActor,
    expected: Annotated[
        str | None, Query(description="a `last_hash` that was kept; the log must still hold it")
    ] = None,
) -> VerificationBody:
    """Recompute the hashes of the whole audit log. For administrators."""
    found = audit.verify_audit_log(contexts.current(), actor=actor, expected=expected)
    return VerificationBody(intact=found.intact, rows=found.rows, last_hash=found.last_hash, problem=found.problem)
