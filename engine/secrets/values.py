"""The values of secrets for whoever may use them: a run of a model that was granted them, and fetching from git.

Chosen: they are read when they are needed and never kept, so that a value that was set or deleted counts from the next
run on. A stored value comes before one in the worker's environment: what an administrator sees on the page is what runs
get. One that is stored and cannot be decrypted is said, and never replaced by another in silence.
Left out: setting them (`engine.secrets.manage`), and hiding them in what a run sends (`engine.sandbox.redaction`).
"""

from collections.abc import Mapping

from contract.access import Access
from contract.errors import EncryptionError, NotGrantedError, SecretError
from contract.problems import Problem
from storage import secrets
from storage.database import Database
from storage.encryption import Cipher


def purpose(name: str) -> str:
    """Return what a secret's value is encrypted for."""
    return f"secret {name}"


def key_problems(cipher: Cipher) -> list[Problem]:
    """Return what keeps values from being encrypted: that there is no key."""
    try:
        cipher.require_key()
    except EncryptionError as error:
        return [Problem("key", error.found, error.remedy)]
    return []


def secrets_for(
    slug: str, access: Access, database: Database, cipher: Cipher, environment: Mapping[str, str], worker: str
) -> dict[str, str]:
    """Return the values that a run of the model gets to know, by name.

    Args:
        slug: the model.
        access: what it was granted.
        database: where values are stored.
        cipher: what decrypts them.
        environment: the values in this worker's environment.
        worker: its name, for whoever has to set the value.

    Raises:
        NotGrantedError: a secret it needs is not granted, has no value, or one that cannot be decrypted here.
    """
    access.require_secrets(slug)
    if not access.secrets:
        return {}
    with database.read() as conn:
        stored = secrets.read_values(conn, access.secrets)
    found: dict[str, str] = {}
    problems: list[Problem] = []
    for name in access.secrets:
        if name in stored:
            try:
                found[name] = cipher.decrypt(purpose(name), stored[name])
            except EncryptionError as error:
                message = f"the worker {worker} cannot decrypt the secret {name}, which {slug} needs: {error.found}"
                problems.append(Problem(f"secrets.{name}", message, error.remedy))
        elif name in environment:
            found[name] = environment[name]
        else:
            problems.append(
                Problem(
                    f"secrets.{name}",
                    f"the worker {worker} has no value for the secret {name}, which {slug} needs",
                    f"An administrator sets it on the page Secrets, by python -m engine.commands.secrets set {name}, "
                    f"or as TONTINE_SECRET_{name} where workers are started.",
                )
            )
    if problems:
        raise NotGrantedError(problems)
    return found


def read_secret(database: Database, cipher: Cipher, name: str) -> str:
    """Return a stored value for the installation itself.

    Raises:
        SecretError: there is none, or it cannot be decrypted here.
    """
    with database.read() as conn:
        stored = secrets.read_values(conn, [name])
    if name not in stored:
        hint = f"An administrator sets it on the page Secrets, or by python -m engine.commands.secrets set {name}."
        raise SecretError([Problem(f"secrets.{name}", f"the secret {name} has no stored value", hint)])
    try:
        return cipher.decrypt(purpose(name), stored[name])
    except EncryptionError as error:
        message = f"the secret {name} cannot be decrypted: {error.found}"
        raise SecretError([Problem(f"secrets.{name}", message, error.remedy)]) from error
