"""Webhooks over HTTP: addresses that are told when your runs have ended, and what was delivered to them.

Left out: other users' webhooks.
"""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from api.auth import CurrentActor
from contract.webhook import Delivery, DeliveryStatus, Webhook
from engine.processes import context as contexts
from engine.webhooks import manage

router = APIRouter(tags=["webhooks"])


class WebhookRequest(BaseModel):
    """The address to be told, and the model whose runs it is told of; without one, of all your runs."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(min_length=1, max_length=manage.MAX_URL)
    app_id: int | None = None


class WebhookBody(BaseModel):
    """A webhook. It is told of runs until it is disabled, which its receiver asks for by answering 410."""

    id: UUID
    url: str
    app_id: int | None
    created_at: datetime
    disabled_at: datetime | None

    @classmethod
    def of(cls, webhook: Webhook) -> "WebhookBody":
        """Return the body for `webhook`."""
        return cls(**_fields(webhook))


class CreatedWebhook(WebhookBody):
    """A webhook with the secret that signs its messages; it is shown this once."""

    secret: str


class DeliveryBody(BaseModel):
    """A message to a webhook: how it stands, how often it was tried, and what came of the last attempt."""

    id: UUID
    event: str
    run_id: UUID | None
    status: DeliveryStatus
    attempts: int
    created_at: datetime
    next_attempt_at: datetime | None
    ended_at: datetime | None
    answered: int | None
    error: str | None

    @classmethod
    def of(cls, delivery: Delivery) -> "DeliveryBody":
        """Return the body for `delivery`."""
        return cls(
            id=delivery.id,
            event=delivery.event,
            run_id=delivery.run_id,
            status=delivery.status,
            attempts=delivery.attempts,
            created_at=delivery.created_at,
            next_attempt_at=delivery.next_attempt_at,
            ended_at=delivery.ended_at,
            answered=delivery.answered,
            error=delivery.error,
        )


class QueuedDelivery(BaseModel):
    """A message that is about to be sent."""

    delivery_id: UUID


@router.post("/webhooks", status_code=201)
def create_webhook(body: WebhookRequest, actor: CurrentActor) -> CreatedWebhook:
    """Have an address told when your runs have ended. Keep the secret: it is shown this once."""
    made, secret = manage.create_webhook(contexts.current(), body.url, body.app_id, actor=actor)
    return CreatedWebhook(**_fields(made), secret=secret)


@router.get("/webhooks")
def list_webhooks(actor: CurrentActor) -> list[WebhookBody]:
    """List your webhooks, the oldest first."""
    return [WebhookBody.of(found) for found in manage.list_webhooks(contexts.current(), actor=actor)]


@router.delete("/webhooks/{webhook_id}", status_code=204)
def delete_webhook(webhook_id: UUID, actor: CurrentActor) -> None:
    """Delete a webhook with the list of its deliveries."""
    manage.delete_webhook(contexts.current(), webhook_id, actor=actor)


@router.post("/webhooks/{webhook_id}/test", status_code=202)
def send_test(webhook_id: UUID, actor: CurrentActor) -> QueuedDelivery:
    """Have a message of type `webhook.test` sent to a webhook."""
    return QueuedDelivery(delivery_id=manage.send_test(contexts.current(), webhook_id, actor=actor))


@router.get("/webhooks/{webhook_id}/deliveries")
def list_deliveries(
    webhook_id: UUID,
    response: Response,
    actor: CurrentActor,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> list[DeliveryBody]:
    """List the messages to a webhook, the newest first. `X-Total-Count` counts up to 1,000, and says no more."""
    context = contexts.current()
    found, total = manage.list_deliveries(context, webhook_id, actor=actor, limit=limit, offset=offset)
    response.headers["X-Total-Count"] = str(total)
    return [DeliveryBody.of(delivery) for delivery in found]


@router.post("/webhooks/{webhook_id}/deliveries/{delivery_id}/retry", status_code=202)
def retry_delivery(webhook_id: UUID, delivery_id: UUID, actor: CurrentActor) -> QueuedDelivery:
    """Have a message sent again, however it went before."""
    manage.retry_delivery(contexts.current(), webhook_id, delivery_id, actor=actor)
    return QueuedDelivery(delivery_id=delivery_id)


def _fields(webhook: Webhook) -> dict[str, Any]:
    return {
        "id": webhook.id,
        "url": webhook.url,
        "app_id": webhook.app_id,
        "created_at": webhook.created_at,
        "disabled_at": webhook.disabled_at,
    }
