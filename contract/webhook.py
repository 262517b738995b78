"""A webhook: an address that is told when a user's runs have ended, and each delivery to it.

Left out: the secret, which is shown once, when the webhook is created, and signing (`engine.webhooks.signature`).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class DeliveryStatus(StrEnum):
    """Where a delivery stands. A waiting one is tried again."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address of a user's. `app_id` is the model whose runs it is told of; None is all. It is told while enabled."""

    id: UUID
    user: str
    url: str
    app_id: int | None
    created_at: datetime
    disabled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to a webhook. `answered` is the HTTP status of the last attempt, `error` why it did not arrive."""

    id: UUID
    webhook_id: UUID
    event: str
    run_id: UUID | None
    status: DeliveryStatus
    attempts: int
    created_at: datetime
    next_attempt_at: datetime | None = None
    ended_at: datetime | None = None
    answered: int | None = None
    error: str | None = None
