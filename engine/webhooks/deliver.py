"""Deliver what webhooks are to be told: a worker takes what is due, queues it and sends it.

Chosen: an attempt that fails is made again after ten seconds, then ever later, for a day and a half; its answers are
kept in the delivery's own row. 410 Gone disables the webhook, as its owner asks by it.
Left out: making deliveries, which the end of a run does in its own transaction.
"""

import time
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import structlog

from contract.errors import DeliveryError, EncryptionError
from contract.run import Run
from contract.webhook import Delivery
from engine.processes.limits import InstallationLimits
from engine.runs import job_queue
from engine.webhooks.send import post
from engine.webhooks.signature import PURPOSE, sign
from storage import runs, webhooks
from storage.database import Database
from storage.encryption import Cipher, is_encrypted

log = structlog.get_logger()

# s to wait after the first, second, ... failed attempt; one more attempt follows the last.
BACKOFF = (10, 60, 300, 1_800, 7_200, 28_800, 86_400)
LEASE = 600.0  # s after which a delivery that was taken and not reported on is due again
BATCH = 100
GONE = 410


def enqueue_due(database: Database, limits: InstallationLimits) -> int:
    """Queue the deliveries that are due; returns how many."""
    del limits
    with database.begin() as conn:
        due = webhooks.take_due(conn, lease=LEASE, limit=BATCH)
        for delivery_id in due:
            job_queue.enqueue_delivery(conn, delivery_id)
    return len(due)


def deliver(database: Database, limits: InstallationLimits, delivery_id: UUID, *, cipher: Cipher | None = None) -> None:
    """Make one attempt at a delivery and note how it went; `cipher` decrypts what it is signed with."""
    with database.read() as conn:
        due = webhooks.get_due(conn, delivery_id)
        run = runs.get_run(conn, due.delivery.run_id) if due is not None and due.delivery.run_id else None
    if due is None:
        return
    if due.owner_disabled:
        reason = "it was not sent, because its owner may not sign in any more"
        with database.begin() as conn:
            webhooks.record_attempt(conn, delivery_id, answered=None, error=reason, retry_in=None)
        return
    body = orjson.dumps(message(due.delivery, run))
    answered, error = None, None
    try:
        secret = (cipher or Cipher()).decrypt(PURPOSE, due.secret) if is_encrypted(due.secret) else due.secret
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Tontine-Webhooks/1",
            **sign(secret, str(delivery_id), int(time.time()), body),
        }
        answered = post(due.url, body, headers, private_hosts=limits.webhook_private_hosts)
        if not 200 <= answered < 300:
            error = f"it was answered with {answered}"
    except DeliveryError as reason:
        error = str(reason)
    except EncryptionError as reason:
        error = f"it was not sent, because it could not be signed: {reason}"
    attempt = due.delivery.attempts
    retry_in = BACKOFF[attempt] if error and answered != GONE and attempt < len(BACKOFF) else None
    with database.begin() as conn:
        webhooks.record_attempt(conn, delivery_id, answered=answered, error=error, retry_in=retry_in)
        if answered == GONE:
            webhooks.disable_webhook(conn, due.delivery.webhook_id)
    log.info("webhook", delivery=str(delivery_id), attempt=attempt + 1, answered=answered, error=error)


def message(delivery: Delivery, run: Run | None) -> dict[str, Any]:
    """Return what is sent: `type`, `timestamp` and `data`, which names the run and how it ended."""
    data: dict[str, Any] = {}
    if run is not None:
        data = {
            "run_id": str(run.id),
            "status": str(run.status),
            "reason": run.reason,
            "app_id": run.app_id,
            "slug": run.app_slug,
            "app_name": run.app_name,
            "version": run.version,
            "user": run.user,
            "queued_at": run.queued_at.isoformat(),
            "started_at": run.started_at.isoformat() if run.started_at else None,
            "finished_at": run.finished_at.isoformat() if run.finished_at else None,
            "reused_from": str(run.reused_from) if run.reused_from else None,
            "url": f"/run?id={run.id}",
        }
    return {"type": delivery.event, "timestamp": datetime.now(UTC).isoformat(), "data": data}
