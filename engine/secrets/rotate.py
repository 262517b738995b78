"""Encrypt everything that is stored under the newest key, what was stored in plain before there was a key included.

Chosen: one transaction, so that either every value is under the newest key or nothing is changed; the old key can be
taken away afterwards. Webhooks' secrets are stored in plain where there is no key, because a webhook has to work
without one.
Left out: new values, which an administrator sets.
"""

from dataclasses import dataclass

from contract.actor import Actor
from contract.errors import EncryptionError, SecretError
from contract.problems import Problem
from engine.authorization import Action, require
from engine.secrets.values import key_problems, purpose
from engine.webhooks.signature import PURPOSE
from storage import audit, secrets, webhooks
from storage.database import Database
from storage.encryption import Cipher, is_encrypted


@dataclass(frozen=True, slots=True)
class Rotated:
    """How many values are under the newest key now."""

    secrets: int
    webhooks: int


def rotate_keys(database: Database, cipher: Cipher, *, actor: Actor) -> Rotated:
    """Encrypt every stored value under the newest key.

    Raises:
        SecretError: there is no key, or some values cannot be decrypted with those there are. Nothing is changed.
    """
    require(actor, Action.MANAGE_SECRETS)
    if missing := key_problems(cipher):
        raise SecretError(missing)
    problems: list[Problem] = []
    with database.begin() as conn:
        values, signing = secrets.lock_values(conn), webhooks.lock_secrets(conn)
        for name, stored in values.items():
            try:
                secrets.replace_value(conn, name, cipher.rotate(purpose(name), stored))
            except EncryptionError as error:
                problems.append(Problem(f"secrets.{name}", error.found, error.remedy))
        for webhook_id, stored in signing.items():
            try:
                plain = cipher.decrypt(PURPOSE, stored) if is_encrypted(stored) else stored
                webhooks.replace_secret(conn, webhook_id, cipher.encrypt(PURPOSE, plain))
            except EncryptionError as error:
                problems.append(Problem(f"webhooks.{webhook_id}", error.found, error.remedy))
        if problems:
            raise SecretError(problems)
        detail = {"secrets": len(values), "webhooks": len(signing)}
        audit.append(conn, actor=actor.name, action="secret.rotated", subject="all secrets", detail=detail)
    return Rotated(len(values), len(signing))


def encrypt_plain_values(database: Database, cipher: Cipher) -> int:
    """Encrypt what was stored in plain before there was a key; returns how many. Without a key it does nothing."""
    if not cipher.has_key:
        return 0
    with database.begin() as conn:
        plain = {key: stored for key, stored in webhooks.lock_secrets(conn).items() if not is_encrypted(stored)}
        for webhook_id, stored in plain.items():
            webhooks.replace_secret(conn, webhook_id, cipher.encrypt(PURPOSE, stored))
    return len(plain)
