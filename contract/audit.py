"""A row of the audit log, and what verifying the log found."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class AuditRow:
    """Who did what to what, and when; `hash` covers all of it and the row before."""

    number: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: Mapping[str, Any]
    hash: str


@dataclass(frozen=True, slots=True)
class Verification:
    """How many rows fit together from the first on, the hash of the last of them, and what is wrong with the next."""

    rows: int
    last_hash: str
    problem: str | None = None

    @property
    def intact(self) -> bool:
        """Whether every row is there, unchanged and in its place."""
        return self.problem is None
