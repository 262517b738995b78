"""Secrets that an administrator stored: their names, who set them and when, and what a name and a value have to be.

Left out: values, which no part of the contract ever holds.
"""

from dataclasses import dataclass
from datetime import datetime

from contract.access import parse_secrets
from contract.problems import Problem

MIN_LENGTH = 8  # characters of a value; a shorter one could not be redacted without redacting ordinary words
MAX_LENGTH = 20_000  # characters of a value


@dataclass(frozen=True, slots=True)
class StoredSecret:
    """A secret with a stored value: who set the value last, and when."""

    name: str
    set_by: str
    set_at: datetime


@dataclass(frozen=True, slots=True)
class SecretStatus:
    """A secret that has a stored value, or that a model asks for.

    `stored` is None where no value is stored; workers may then have one in their environment. `granted_to` and
    `asked_by` are models by their names in addresses: those that get the value, and those that ask for it and do not.
    """

    name: str
    stored: StoredSecret | None
    granted_to: tuple[str, ...] = ()
    asked_by: tuple[str, ...] = ()


def name_problems(name: str) -> list[Problem]:
    """Return what keeps `name` from being a secret's name."""
    found: list[Problem] = []
    parse_secrets([name[:200]], found)
    return [Problem("name", problem.message, problem.hint) for problem in found]


def value_problems(value: str) -> list[Problem]:
    """Return what keeps `value` from being a secret's value. No problem shows any of it."""
    found: list[Problem] = []
    if len(value) < MIN_LENGTH:
        found.append(
            Problem(
                "value",
                f"it has fewer than {MIN_LENGTH} characters, which could not be hidden in logs without hiding ordinary "
                "words",
                "Give a longer one.",
            )
        )
    if len(value) > MAX_LENGTH:
        found.append(Problem("value", f"it has more than {MAX_LENGTH:,} characters", "Give a shorter one."))
    if "\x00" in value or not _is_text(value):
        found.append(Problem("value", "it is not text that a variable can hold", "Give it as UTF-8 text."))
    return found


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
