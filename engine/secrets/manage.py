"""Set, list and delete the values of secrets. What was set is never shown again, to nobody.

Left out: granting a secret to a model (`engine.models.grants`).
"""

from contract.access import GrantKind
from contract.actor import Actor
from contract.errors import NotFoundError, SecretError
from contract.problems import Problem
from contract.secret import SecretStatus, StoredSecret, name_problems, value_problems
from engine.authorization import Action, require
from engine.models.versions import load_version
from engine.processes.context import AppContext
from engine.secrets.values import key_problems, purpose
from storage import apps, audit, grants, secrets, users


def set_secret(context: AppContext, name: str, value: str, *, actor: Actor) -> StoredSecret:
    """Store a secret's value, encrypted, in place of the one before; runs that begin from now on get it.

    Raises:
        SecretError: the name or the value cannot be used, or there is no key to encrypt with. Nothing is stored.
    """
    require(actor, Action.MANAGE_SECRETS)
    problems = [*name_problems(name), *value_problems(value), *key_problems(context.cipher)]
    if problems:
        raise SecretError(problems)
    encrypted = context.cipher.encrypt(purpose(name), value)
    with context.database.begin() as conn:
        secrets.set_secret(conn, name, encrypted, users.get_or_create_user(conn, actor.name))
        audit.append(conn, actor=actor.name, action="secret.set", subject=name)
        return next(found for found in secrets.list_secrets(conn) if found.name == name)


def delete_secret(context: AppContext, name: str, *, actor: Actor) -> None:
    """Delete a secret's stored value; runs that begin from now on go without it.

    Raises:
        NotFoundError: it has none.
    """
    require(actor, Action.MANAGE_SECRETS)
    with context.database.begin() as conn:
        deleted = not name_problems(name) and secrets.delete_secret(conn, name)
        if deleted:
            audit.append(conn, actor=actor.name, action="secret.deleted", subject=name)
    if not deleted:
        hint = "Take the name from the list of secrets."
        raise NotFoundError([Problem("name", f"the secret {name[:100]!r} has no stored value", hint)])


def list_secrets(context: AppContext, *, actor: Actor) -> list[SecretStatus]:
    """Return every secret that has a stored value or that a model asks for, by name, without any value."""
    require(actor, Action.MANAGE_SECRETS)
    granted: dict[str, list[str]] = {}
    asked: dict[str, list[str]] = {}
    with context.database.read() as conn:
        stored = {found.name: found for found in secrets.list_secrets(conn)}
        models = apps.list_apps(conn)
    for app in models:
        version = load_version(context.database, app.id, app.current_version or "")
        if version is None or not version.manifest.secrets:
            continue
        with context.database.read() as conn:
            given = {g.name for g in grants.list_grants(conn, app.id) if g.kind is GrantKind.SECRET}
        for name in version.manifest.secrets:
            (granted if name in given else asked).setdefault(name, []).append(app.slug)
    return [
        SecretStatus(name, stored.get(name), tuple(granted.get(name, ())), tuple(asked.get(name, ())))
        for name in sorted({*stored, *granted, *asked})
    ]


def storage_problems(context: AppContext, *, actor: Actor) -> list[Problem]:
    """Return what keeps values from being stored at all: that there is no key."""
    require(actor, Action.MANAGE_SECRETS)
    return key_problems(context.cipher)
