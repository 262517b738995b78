"""A user's webhooks: create, list, test, delete, and read what was delivered.

Chosen: a user's webhooks are told of that user's runs, and nobody else sees them. An address that is not public is
refused at once, and again each time that something is sent to it. That data leaves the installation, and to which
host, stands in the audit log; the rest of an address often holds a token.
Left out: sending (`engine.webhooks.deliver`).
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from contract.actor import Actor
from contract.errors import DeliveryError, InputError, NotFoundError
from contract.problems import Problem
from contract.webhook import Delivery, Webhook
from engine.authorization import Action, require
from engine.models.catalogue import find_app
from engine.processes.context import AppContext
from engine.webhooks.send import PORTS, resolve
from engine.webhooks.signature import PURPOSE, make_secret
from storage import audit, webhooks

MAX_WEBHOOKS = 20  # of a user
MAX_URL = 2_000  # characters
COUNT_CAP = 1_000
TEST = "webhook.test"


def create_webhook(context: AppContext, url: str, app_id: int | None = None, *, actor: Actor) -> tuple[Webhook, str]:
    """Add an address that is told of the actor's runs, of one model's where it is given.

    Returns:
        The webhook, and the secret that its messages are signed with, which is not shown again.

    Raises:
        InputError: the address cannot be told, or the actor has too many.
        NotFoundError: there is no such model.
    """
    require(actor, Action.MANAGE_WEBHOOKS)
    _check_url(context, url)
    if app_id is not None:
        find_app(context, app_id, actor=actor)
    secret, user_id = make_secret(), context.user_id(actor)
    stored = context.cipher.encrypt(PURPOSE, secret) if context.cipher.has_key else secret
    with context.database.begin() as conn:
        added = webhooks.add_webhook(conn, user_id, url, stored, app_id, most=MAX_WEBHOOKS)
        made = None if added is None else webhooks.get_webhook(conn, actor.name, added)
        if made is not None:
            _record(conn, actor, "webhook.created", made)
    if made is None:
        raise InputError([Problem("url", f"you have {MAX_WEBHOOKS} webhooks already", "Delete one of them.")])
    return made, secret


def list_webhooks(context: AppContext, *, actor: Actor) -> list[Webhook]:
    """Return the actor's webhooks, the oldest first."""
    require(actor, Action.MANAGE_WEBHOOKS)
    with context.database.read() as conn:
        return webhooks.list_webhooks(conn, actor.name)


def find_webhook(context: AppContext, webhook_id: UUID, *, actor: Actor) -> Webhook:
    """Return a webhook of the actor's.

    Raises:
        NotFoundError: they have none such.
    """
    require(actor, Action.MANAGE_WEBHOOKS)
    with context.database.read() as conn:
        found = webhooks.get_webhook(conn, actor.name, webhook_id)
    if found is None:
        raise NotFoundError([Problem("webhook", f"you have no webhook {webhook_id}", "Take the id from the list.")])
    return found


def delete_webhook(context: AppContext, webhook_id: UUID, *, actor: Actor) -> None:
    """Delete a webhook of the actor's with its deliveries.

    Raises:
        NotFoundError: they have none such.
    """
    found = find_webhook(context, webhook_id, actor=actor)
    with context.database.begin() as conn:
        webhooks.delete_webhook(conn, found.id)
        _record(conn, actor, "webhook.deleted", found)


def send_test(context: AppContext, webhook_id: UUID, *, actor: Actor) -> UUID:
    """Have a message sent to a webhook that is about no run, and return its delivery's id.

    Raises:
        NotFoundError: the actor has no such webhook.
    """
    found = find_webhook(context, webhook_id, actor=actor)
    with context.database.begin() as conn:
        return webhooks.add_delivery(conn, found.id, TEST)


def retry_delivery(context: AppContext, webhook_id: UUID, delivery_id: UUID, *, actor: Actor) -> None:
    """Have a message sent again, however it went before.

    Raises:
        NotFoundError: the actor has no such webhook, or it no such delivery.
    """
    found = find_webhook(context, webhook_id, actor=actor)
    with context.database.begin() as conn:
        known = webhooks.retry_delivery(conn, found.id, delivery_id)
    if not known:
        problem = Problem("delivery", f"the webhook has no delivery {delivery_id}", "Take the id from the list.")
        raise NotFoundError([problem])


def list_deliveries(
    context: AppContext, webhook_id: UUID, *, actor: Actor, limit: int = 50, offset: int = 0
) -> tuple[Sequence[Delivery], int]:
    """Return deliveries to a webhook, the newest first, and how many there are, at most a thousand.

    Raises:
        NotFoundError: the actor has no such webhook.
    """
    found = find_webhook(context, webhook_id, actor=actor)
    with context.database.read() as conn:
        listed = webhooks.list_deliveries(conn, found.id, limit=limit, offset=offset)
        return listed, webhooks.count_deliveries(conn, found.id, cap=COUNT_CAP)


def _record(conn: Any, actor: Actor, action: str, webhook: Webhook) -> None:
    detail = {"host": urlsplit(webhook.url).hostname, "app_id": webhook.app_id}
    audit.append(conn, actor=actor.name, action=action, subject=str(webhook.id), detail=detail)


def _check_url(context: AppContext, url: str) -> None:
    hint = "Give an address such as https://hooks.example.com/tontine."
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS.get(parts.scheme)
    except ValueError as error:
        raise InputError([Problem("url", f"it cannot be read: {error}", hint)]) from error
    found = None
    if len(url) > MAX_URL or not url.isascii() or any(c <= " " or c == "\x7f" for c in url):
        found = "it has more than 2,000 characters, or some that an address does not have"
    elif port is None or not parts.hostname:
        found = "it is not an address that begins with https:// or http://"
    elif parts.username is not None or parts.password is not None:
        found = "it names a user"
    if found is not None:
        raise InputError([Problem("url", found, hint)])
    try:
        resolve(parts.hostname or "", port or 0, context.limits.webhook_private_hosts)
    except DeliveryError as error:
        hint = "Give a public address, or have its host named in TONTINE_WEBHOOK_PRIVATE_HOSTS."
        raise InputError([Problem("url", str(error), hint)]) from error
