"""Encryption of what the database must not hold in plain: values of secrets, and what signs webhooks.

Chosen: `cryptography`'s MultiFernet: the first key encrypts, every key decrypts, so that a key can be replaced while
the old one still reads what it wrote. A text is encrypted together with what it is for, so that whoever can write to
the database cannot give one secret's value to another by copying it.
Left out: the keys, which come from the environment and are nowhere in the database or a backup.
"""

import json
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from contract.errors import EncryptionError

PREFIX = "fernet:"  # what an encrypted text begins with
VARIABLE = "TONTINE_SECRETS_KEY"


class Cipher:
    """Encrypts with the first of the keys and decrypts with any of them; without a key it refuses both.

    Args:
        keys: as `new_key` makes them, the newest first.
    """

    def __init__(self, keys: Sequence[str] = ()) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys]) if keys else None

    def __repr__(self) -> str:
        return f"Cipher({'with' if self.has_key else 'without'} keys)"

    @property
    def has_key(self) -> bool:
        """Whether there is a key."""
        return self._fernet is not None

    def encrypt(self, purpose: str, value: str) -> str:
        """Return `value` encrypted, to be decrypted for the same purpose only.

        Raises:
            EncryptionError: there is no key.
        """
        return PREFIX + self.require_key().encrypt(json.dumps([purpose, value]).encode()).decode()

    def decrypt(self, purpose: str, stored: str) -> str:
        """Return what was encrypted for this purpose.

        Raises:
            EncryptionError: there is no key, or none of the keys, or the purpose, is the one it was encrypted with.
        """
        try:
            content = self.require_key().decrypt(stored.removeprefix(PREFIX).encode())
        except InvalidToken as error:
            raise EncryptionError(
                f"it was encrypted with a key that {VARIABLE} does not hold here",
                f"Add that key to {VARIABLE}, of the server and of every worker, or set the value anew.",
            ) from error
        found, value = json.loads(content)
        if found != purpose:
            raise EncryptionError("what is stored was encrypted for something else", "Set the value anew.")
        return str(value)

    def rotate(self, purpose: str, stored: str) -> str:
        """Return `stored` encrypted with the newest key.

        Raises:
            EncryptionError: as `decrypt` raises it.
        """
        return self.encrypt(purpose, self.decrypt(purpose, stored))

    def require_key(self) -> MultiFernet:
        """Return what encrypts and decrypts.

        Raises:
            EncryptionError: there is no key.
        """
        if self._fernet is None:
            raise EncryptionError(
                f"there is no key for secrets here: {VARIABLE} is not set",
                f"An administrator sets {VARIABLE} for the server and every worker, and starts them again; "
                "python -m engine.commands.secrets new-key prints a key.",
            )
        return self._fernet


def new_key() -> str:
    """Return a new key."""
    return Fernet.generate_key().decode()


def is_encrypted(stored: str) -> bool:
    """Return whether a stored text is encrypted."""
    return stored.startswith(PREFIX)
