"""A scenario: a set of inputs of one model, kept under a name by one person and shared as they like.

Chosen: names differ by more than capitals and the way a letter is encoded, for each person and model; the inputs are
complete and canonical, with the version that they were checked by.
Left out: how they are read on another version (`contract.carry_over`), and who may (`engine.scenarios`).
"""

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contract.errors import ScenarioError
from contract.problems import Problem
from contract.run import Visibility

LONGEST_NAME = 80  # letters
MOST_SCENARIOS = 500  # of one person and model


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario without its inputs. `user` is whose it is; `changed_by` changed it last, at `changed_at`."""

    id: UUID
    app_id: int
    app_slug: str
    version: str
    name: str
    user: str
    visibility: Visibility
    created_at: datetime
    changed_at: datetime
    changed_by: str


def clean_name(text: str) -> str:
    """Return a name as it is kept: with single spaces, in Unicode's composed form.

    Raises:
        ScenarioError: it is empty, too long, or has a letter in it that cannot be shown.
    """
    name = unicodedata.normalize("NFC", " ".join(text.split()))
    if not name:
        raise ScenarioError([Problem("name", "the name is empty", f"Give one of 1 to {LONGEST_NAME} letters.")])
    if len(name) > LONGEST_NAME:
        found = f"the name has {len(name)} letters"
        raise ScenarioError([Problem("name", found, f"Give one of 1 to {LONGEST_NAME} letters.")])
    if not name.isprintable():
        raise ScenarioError([Problem("name", "the name has a letter in it that cannot be shown", "Write it anew.")])
    return name


def name_key(name: str) -> str:
    """Return what two names have in common that differ in capitals alone: one person has one of them for a model."""
    return unicodedata.normalize("NFKC", name.casefold())
