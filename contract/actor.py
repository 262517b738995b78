"""Who asks: the person, or Tontine itself, that a verb of the engine acts for or reads for.

Chosen: name, role and teams, and no more; it goes with every verb as the keyword `actor`, so that no verb acts for
nobody. Where nobody signs in, whoever reaches the installation is its administrator, and so is who uses a command on
its host: an actor that is given no role is one.
Left out: what an actor may do, which is decided in `engine.authorization`.
"""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person is in an installation. Each may do what those before it may."""

    VIEWER = "viewer"
    ANALYST = "analyst"
    AUTHOR = "author"
    ADMINISTRATOR = "administrator"

    @property
    def rank(self) -> int:
        """The place among the roles: a higher one may do more."""
        return list(Role).index(self)

    def includes(self, other: "Role") -> bool:
        """Return whether this role may do everything that `other` may."""
        return self.rank >= other.rank


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who asks, by the name that runs, uploads and grants are recorded for.

    `is_system` tells Tontine itself from a person who happens to have its name. `teams` are the names of the person's
    teams; people without any are one team. `by_token` says that a program asks with a token of the person's.

    Raises:
        ValueError: the name is empty.
    """

    name: str
    is_system: bool = False
    role: Role = Role.ADMINISTRATOR
    teams: tuple[str, ...] = ()
    by_token: bool = False

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ValueError("an actor needs a name")


SYSTEM = Actor("system", is_system=True)
