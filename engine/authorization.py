"""Who may do what: the one place where it is decided, called first by every verb that takes an actor.

Chosen: an installation is one team, so everyone who reaches it may do everything. Verbs ask all the same, so that
roles, when they come, are a rule here and nowhere else.
Left out: which models a run may reach (`engine.models.permissions`), and who the caller is (`api.auth`,
`ui.shell.session`).
"""

from enum import StrEnum

from contract.actor import Actor
from contract.errors import NotAllowedError
from contract.problems import Problem


class Action(StrEnum):
    """What a verb does, in the words of a refusal: "may not ..."."""

    READ_MODELS = "read models"
    REGISTER_MODELS = "register models"
    MANAGE_MODELS = "roll back, hide, archive or restore models"
    GRANT_ACCESS = "grant hosts and secrets to models"
    MANAGE_SECRETS = "manage secrets"
    RUN_MODELS = "run models"
    READ_RUNS = "read runs"
    CANCEL_RUNS = "cancel runs"
    UPLOAD_FILES = "upload files"
    MANAGE_WEBHOOKS = "manage webhooks"
    EXPLORE_DATABASE = "explore the database"
    READ_STATUS = "read the state of the installation"


def is_allowed(actor: Actor, action: Action) -> bool:
    """Return whether the actor may do this."""
    del actor, action  # one team: everyone may
    return True


def require(actor: Actor, action: Action) -> None:
    """Refuse what the actor may not do.

    Raises:
        NotAllowedError: the actor may not do this.
    """
    if not is_allowed(actor, action):
        raise NotAllowedError([Problem("actor", f"{actor.name} may not {action}", "Ask an administrator.")])
