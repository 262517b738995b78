"""Whom this session acts for: the one place where pages learn it.

Chosen: the installation's one user, as long as there is no login.
Left out: what the actor may do, which is `engine.authorization`.
"""

from contract.actor import Actor
from engine.processes import context as contexts


def current_actor() -> Actor:
    """Return the actor that this session's reads and runs are for."""
    return Actor(contexts.current().user)
