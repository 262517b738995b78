"""Webhooks and their deliveries.

Chosen: the end of a run makes its deliveries by a trigger (migration 0009), in the transaction that ends it. A delivery
that is taken is not due again for as long as sending it may take; whoever dies with it leaves it to the next.
Left out: sending.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import uuid_utils.compat as uuids
from sqlalchemy import Connection, RowMapping

from contract.webhook import Delivery, DeliveryStatus, Webhook
from storage.sql import sql

DUE = "webhook_due"  # the channel on which workers hear of new deliveries
_WEBHOOK = """select w.id, u.name as user_name, w.url, w.app_id, w.created_at, w.disabled_at
from webhooks w join users u on u.id = w.user_id
"""


@dataclass(frozen=True, slots=True)
class DueDelivery:
    """A delivery with where it goes and what it is signed with, as that is stored: encrypted where there was a key.

    `owner_disabled` where the webhook is of somebody who may not sign in any more.
    """

    delivery: Delivery
    url: str
    secret: str
    owner_disabled: bool


def add_webhook(conn: Connection, user_id: int, url: str, secret: str, app_id: int | None, *, most: int) -> UUID | None:
    """Add a webhook of the user's and return its id, or None where they have `most` already."""
    statement = sql("""
        insert into webhooks (id, user_id, url, secret, app_id)
        select :id, :user, :url, :secret, :app where (select count(*) from webhooks where user_id = :user) < :most
        returning id""")
    values = {"id": uuids.uuid7(), "user": user_id, "url": url, "secret": secret, "app": app_id, "most": most}
    found = conn.execute(statement, values).scalar_one_or_none()
    return found if found is None else UUID(str(found))


def lock_secrets(conn: Connection) -> dict[UUID, str]:
    """Return every webhook's secret as it is stored; nobody changes them before this transaction ends."""
    rows = conn.execute(sql("select id, secret from webhooks order by id for update"))
    return {UUID(str(row.id)): row.secret for row in rows}


def replace_secret(conn: Connection, webhook_id: UUID, stored: str) -> None:
    """Store a webhook's secret, encrypted or encrypted anew."""
    conn.execute(sql("update webhooks set secret = :secret where id = :id"), {"id": webhook_id, "secret": stored})


def list_webhooks(conn: Connection, user: str) -> list[Webhook]:
    """Return the user's webhooks, the oldest first."""
    rows = conn.execute(sql(_WEBHOOK + "where u.name = :user order by w.created_at, w.id"), {"user": user})
    return [_webhook_from_row(row) for row in rows.mappings()]


def get_webhook(conn: Connection, user: str, webhook_id: UUID) -> Webhook | None:
    """Return a webhook of the user's, or None."""
    values = {"user": user, "id": webhook_id}
    row = conn.execute(sql(_WEBHOOK + "where u.name = :user and w.id = :id"), values).mappings().one_or_none()
    return None if row is None else _webhook_from_row(row)


def delete_webhook(conn: Connection, webhook_id: UUID) -> None:
    """Delete a webhook with its deliveries."""
    conn.execute(sql("delete from webhooks where id = :id"), {"id": webhook_id})


def disable_webhook(conn: Connection, webhook_id: UUID) -> None:
    """Tell the webhook of no further run."""
    conn.execute(sql("update webhooks set disabled_at = now() where id = :id"), {"id": webhook_id})


def add_delivery(conn: Connection, webhook_id: UUID, event: str) -> UUID:
    """Add a delivery that is about no run, and tell the workers."""
    statement = sql("""
        with added as (
            insert into webhook_deliveries (id, webhook_id, event) values (:id, :webhook, :event) returning id
        ) select id, pg_notify('webhook_due', '') from added""")
    values = {"id": uuids.uuid7(), "webhook": webhook_id, "event": event}
    return UUID(str(conn.execute(statement, values).one().id))


def retry_delivery(conn: Connection, webhook_id: UUID, delivery_id: UUID) -> bool:
    """Make a delivery due again from its first attempt on; returns whether the webhook has it."""
    statement = sql("""
        with changed as (
            update webhook_deliveries set status = 'waiting', attempts = 0, next_attempt_at = now(), ended_at = null
            where id = :id and webhook_id = :webhook returning id
        ) select pg_notify('webhook_due', '') from changed""")
    return conn.execute(statement, {"id": delivery_id, "webhook": webhook_id}).one_or_none() is not None


def take_due(conn: Connection, *, lease: float, limit: int) -> list[UUID]:
    """Return deliveries that are due, and let none be due again within `lease` seconds."""
    statement = sql("""
        update webhook_deliveries set next_attempt_at = now() + cast(:lease as interval) where id in (
            select id from webhook_deliveries where status = 'waiting' and next_attempt_at <= now()
            order by next_attempt_at limit :limit for update skip locked)
        returning id""")
    rows = conn.execute(statement, {"lease": timedelta(seconds=lease), "limit": limit})
    return [UUID(str(row.id)) for row in rows]


def get_due(conn: Connection, delivery_id: UUID) -> DueDelivery | None:
    """Return a delivery that waits, or None where it does not any more."""
    row = (
        conn.execute(
            sql("""select d.*, w.url, w.secret, u.disabled_at is not null as owner_disabled
               from webhook_deliveries d join webhooks w on w.id = d.webhook_id join users u on u.id = w.user_id
               where d.id = :id and d.status = 'waiting'"""),
            {"id": delivery_id},
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        return None
    return DueDelivery(_delivery_from_row(row), row["url"], row["secret"], row["owner_disabled"])


def record_attempt(
    conn: Connection,
    delivery_id: UUID,
    *,
    answered: int | None,
    error: str | None,
    retry_in: float | None,
) -> None:
    """Note how an attempt went: delivered without an error, to be tried again in `retry_in` seconds, or failed."""
    status = DeliveryStatus.DELIVERED if error is None else DeliveryStatus.FAILED
    values = {
        "id": delivery_id,
        "answered": answered,
        "error": error,
        "status": DeliveryStatus.WAITING if error is not None and retry_in is not None else status,
        "retry": None if retry_in is None or error is None else timedelta(seconds=retry_in),
    }
    conn.execute(
        sql("""update webhook_deliveries set attempts = attempts + 1, answered = :answered, error = :error,
               status = :status, next_attempt_at = now() + cast(:retry as interval),
               ended_at = case when :status = 'waiting' then null else now() end
               where id = :id and status = 'waiting'"""),
        values,
    )


def list_deliveries(conn: Connection, webhook_id: UUID, *, limit: int, offset: int) -> Sequence[Delivery]:
    """Return deliveries to a webhook, the newest first."""
    rows = conn.execute(
        sql("""select * from webhook_deliveries where webhook_id = :id
               order by created_at desc, id desc limit :limit offset :offset"""),
        {"id": webhook_id, "limit": limit, "offset": offset},
    )
    return [_delivery_from_row(row) for row in rows.mappings()]


def count_deliveries(conn: Connection, webhook_id: UUID, *, cap: int) -> int:
    """Return how many deliveries there are to a webhook, at most `cap`."""
    statement = sql("""
        select count(*) from (select 1 from webhook_deliveries where webhook_id = :id limit :cap) found""")
    return int(conn.execute(statement, {"id": webhook_id, "cap": cap}).scalar_one())


def _webhook_from_row(row: RowMapping) -> Webhook:
    return Webhook(row["id"], row["user_name"], row["url"], row["app_id"], row["created_at"], row["disabled_at"])


def _delivery_from_row(row: RowMapping) -> Delivery:
    return Delivery(
        id=row["id"],
        webhook_id=row["webhook_id"],
        event=row["event"],
        run_id=row["run_id"],
        status=DeliveryStatus(row["status"]),
        attempts=row["attempts"],
        created_at=row["created_at"],
        next_attempt_at=row["next_attempt_at"],
        ended_at=row["ended_at"],
        answered=row["answered"],
        error=row["error"],
    )
