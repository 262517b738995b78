"""The sign-off of a run: a second person has looked at it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class SignOff:
    """Who signed a run off, when, and what they said of it."""

    run_id: UUID
    by: str
    comment: str
    at: datetime
