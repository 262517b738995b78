"""People and their API tokens, as administrators and their owners see them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from contract.actor import Role


class RoleSource(StrEnum):
    """Where a person's role comes from."""

    DEFAULT = "default"
    SETTING = "setting"
    CLAIMS = "claims"
    PAGE = "page"


class Scope(StrEnum):
    """What a token may be used for, at most; its owner's role is a bound too."""

    READ = "read"
    RUN = "run"
    REGISTER = "register"
    ADMINISTER = "administer"

    @property
    def role(self) -> Role:
        """The role that a token of this scope has at most."""
        return list(Role)[list(Scope).index(self)]


@dataclass(frozen=True, slots=True)
class Person:
    """A user. `email` is there where the identity provider has verified it, `subject` once they have signed in.

    `subject` is the provider and its id of the person; `role` is None where none was given.
    """

    id: int
    name: str
    role: Role | None = None
    role_source: RoleSource | None = None
    email: str | None = None
    subject: str | None = None
    teams: tuple[str, ...] = ()
    created_at: datetime | None = None
    signed_in_at: datetime | None = None
    last_seen_at: datetime | None = None
    disabled_at: datetime | None = None

    @property
    def disabled(self) -> bool:
        """Whether the person may not come in."""
        return self.disabled_at is not None


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token as it is listed: `hint` is its beginning, and the rest of it is nowhere."""

    id: UUID
    owner: str
    name: str
    hint: str
    scope: Scope
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None
