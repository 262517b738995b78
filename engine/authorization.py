"""Who may do what: the one place where it is decided, called first by every verb that takes an actor.

Chosen: four roles in a row, each of which may do what those before it may, and for each action the least role that may
do it. What belongs to somebody, a run or a model, is its owner's to change, and an administrator's.
Left out: which models a run may reach (`engine.models.permissions`), which runs somebody may read
(`engine.runs.visibility`), and who the caller is (`api.auth`, `ui.shell.session`).
"""

from enum import StrEnum

from contract.actor import Actor, Role
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
    ANNOTATE_RUNS = "tag, star and note runs or save searches"
    SHARE_RUNS = "change who may see runs"
    READ_SCENARIOS = "read scenarios"
    SAVE_SCENARIOS = "save, change and share scenarios"
    SIGN_OFF_RUNS = "sign off runs"
    UPLOAD_FILES = "upload files"
    KEEP_PORTFOLIOS = "keep portfolio sessions"
    MANAGE_WEBHOOKS = "manage webhooks"
    EXPLORE_DATABASE = "explore the database"
    MANAGE_TOKENS = "manage API tokens of their own"
    READ_STATUS = "read the state of the installation"
    MANAGE_PEOPLE = "manage people"
    READ_AUDIT_LOG = "read the audit log"


LEAST_ROLE = {
    Action.READ_MODELS: Role.VIEWER,
    Action.REGISTER_MODELS: Role.AUTHOR,
    Action.MANAGE_MODELS: Role.AUTHOR,
    Action.GRANT_ACCESS: Role.ADMINISTRATOR,
    Action.RUN_MODELS: Role.ANALYST,
    Action.READ_RUNS: Role.VIEWER,
    Action.CANCEL_RUNS: Role.ANALYST,
    Action.ANNOTATE_RUNS: Role.ANALYST,
    Action.SHARE_RUNS: Role.ANALYST,
    Action.READ_SCENARIOS: Role.VIEWER,
    Action.SAVE_SCENARIOS: Role.ANALYST,
    Action.SIGN_OFF_RUNS: Role.ANALYST,
    Action.UPLOAD_FILES: Role.ANALYST,
    Action.KEEP_PORTFOLIOS: Role.ANALYST,
    Action.MANAGE_WEBHOOKS: Role.ANALYST,
    Action.MANAGE_TOKENS: Role.VIEWER,
    Action.READ_STATUS: Role.VIEWER,
    Action.MANAGE_SECRETS: Role.ADMINISTRATOR,
    Action.EXPLORE_DATABASE: Role.ADMINISTRATOR,
    Action.MANAGE_PEOPLE: Role.ADMINISTRATOR,
    Action.READ_AUDIT_LOG: Role.ADMINISTRATOR,
}


def is_allowed(actor: Actor, action: Action) -> bool:
    """Return whether the actor may do this."""
    return actor.is_system or actor.role.includes(LEAST_ROLE[action])


def require(actor: Actor, action: Action) -> None:
    """Refuse what the actor may not do.

    Raises:
        NotAllowedError: the actor may not do this.
    """
    if not is_allowed(actor, action):
        found = f"you may not {action}: that takes the role {LEAST_ROLE[action]}, and {actor.name} is {actor.role}"
        raise NotAllowedError([Problem("actor", found, "Ask an administrator.")])


def owns(actor: Actor, owner: str | None) -> bool:
    """Return whether what belongs to `owner` is the actor's to change: theirs, or an administrator's."""
    return actor.is_system or actor.role is Role.ADMINISTRATOR or actor.name == owner


def require_owner(actor: Actor, owner: str | None, what: str) -> None:
    """Refuse to change what is somebody else's.

    Args:
        actor: who asks.
        owner: whose it is; None where it is the installation's.
        what: what it is, in the words of the refusal.

    Raises:
        NotAllowedError: it belongs to somebody else, and the actor is no administrator.
    """
    if not owns(actor, owner):
        hint = f"Ask {owner} or an administrator." if owner and owner != "system" else "Ask an administrator."
        found = f"you may not change {what}, which belongs to {owner or 'the installation'}"
        raise NotAllowedError([Problem("actor", found, hint)])
