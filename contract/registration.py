"""A model on its way into the catalogue: where its files come from, and what was found when they were checked.

Chosen: a registration of its own before there is any version, so that nothing of a refused model is in the catalogue.
Left out: the files, which storage hands to the worker that checks them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from contract.checks import CheckResult


class RegistrationStatus(StrEnum):
    """How far a registration is."""

    CHECKING = "CHECKING"
    READY = "READY"
    REFUSED = "REFUSED"
    PUBLISHED = "PUBLISHED"


@dataclass(frozen=True, slots=True)
class Registration:
    """A model that is being registered, as stored.

    `app_id` is the model that it makes a new version of, None for a new model; `manifest` is there where it keeps the
    contract; `seq` rises with each result. `package_lock` is the hash of the lock of the packages that it needs.
    """

    id: UUID
    slug: str
    app_id: int | None
    version: str
    source: Mapping[str, Any]
    git_commit: str | None
    manifest: Mapping[str, Any] | None
    status: RegistrationStatus
    checks: tuple[CheckResult, ...]
    seq: int
    created_by: str
    created_at: datetime
    checked_at: datetime | None = None
    published_at: datetime | None = None
    package_lock: str | None = None

    @property
    def checked(self) -> bool:
        """Whether the checks have ended."""
        return self.status is not RegistrationStatus.CHECKING
