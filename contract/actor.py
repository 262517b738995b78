"""Who asks: the person, or Tontine itself, that a verb of the engine acts for or reads for.

Chosen: a name and no more; it goes with every verb as the keyword `actor`, so that no verb acts for nobody.
Left out: roles. What an actor may do is decided in `engine.authorization`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who asks, by the name that runs, uploads and grants are recorded for.

    `is_system` tells Tontine itself from a person who happens to have its name.

    Raises:
        ValueError: the name is empty.
    """

    name: str
    is_system: bool = False

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ValueError("an actor needs a name")


SYSTEM = Actor("system", is_system=True)
