"""How an installation takes people in: whether they sign in, which roles they get, who sees their runs.

Chosen: a plain value that app.py builds from the settings, so that the engine reads no environment.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from contract.actor import Role
from contract.person import Person
from contract.run import Visibility


@dataclass(frozen=True, slots=True)
class PeopleRules:
    """How people come in.

    `sign_in` says that an identity provider is configured; without it there is one user, who is the administrator.
    `administrators` are addresses that a provider has verified, or people's ids as `ISSUER SUBJECT`. `role_claim` and
    `team_claim` name claims, with dots for nested ones; `roles` says which role a value of the first gives.
    `default_role` is for who has none by these; None lets nobody in whom an administrator has not given one. A sign-in
    lasts `sign_in_hours`.
    """

    sign_in: bool = False
    administrators: tuple[str, ...] = ()
    default_role: Role | None = Role.VIEWER
    role_claim: str = ""
    roles: Mapping[str, Role] = field(default_factory=dict)
    team_claim: str = ""
    sign_in_hours: int = 24
    run_visibility: Visibility = Visibility.TEAM

    def role_of(self, person: Person, single_user: str) -> Role | None:
        """Return a person's role as it counts now: the settings' administrators first, then what is stored."""
        if not self.sign_in and person.name == single_user:
            return Role.ADMINISTRATOR
        if {person.email, person.subject} & set(self.administrators):
            return Role.ADMINISTRATOR
        return person.role

    def role_from(self, claims: Mapping[str, Any]) -> Role | None:
        """Return the highest role that the claims give, or None where they give none."""
        found = [self.roles[value] for value in texts_of(claims, self.role_claim) if value in self.roles]
        return max(found, key=lambda role: role.rank, default=None)

    def teams_from(self, claims: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the names of the teams that the claims name."""
        return tuple(sorted(set(texts_of(claims, self.team_claim))))


def texts_of(claims: Mapping[str, Any], name: str) -> list[str]:
    """Return the texts of a claim, which may be one or a list; `a.b` is `b` within `a`, where no claim is called so."""
    if not name:
        return []
    found: Any = claims.get(name)
    if found is None:
        found = claims
        for part in name.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    values = found if isinstance(found, list | tuple) else [found]
    return [value for value in values if isinstance(value, str) and value]
