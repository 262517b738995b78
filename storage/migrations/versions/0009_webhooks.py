"""Webhooks and their deliveries; the end of a run makes the deliveries, whoever ended it."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

ENDED = "('SUCCESS', 'FAILED', 'CANCELLED', 'TIMED_OUT')"
# In the transaction that ends the run: no end is without its deliveries, and none is announced that did not happen.
ANNOUNCE = """
create function announce_run_end() returns trigger language plpgsql as $$
begin
    insert into webhook_deliveries (id, webhook_id, run_id, event)
    select gen_random_uuid(), w.id, new.id, 'run.finished' from webhooks w
    where w.user_id = new.user_id and w.disabled_at is null and (w.app_id is null or w.app_id = new.app_id);
    if found then
        perform pg_notify('webhook_due', '');
    end if;
    return null;
end $$
"""


def upgrade() -> None:
    op.create_table(
        "webhooks",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("secret", sa.Text, nullable=False),
        sa.Column("app_id", sa.Integer, sa.ForeignKey("apps.id")),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True)),
    )
    op.create_index("webhooks_by_user", "webhooks", ["user_id"])
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("webhook_id", sa.Uuid, sa.ForeignKey("webhooks.id", ondelete="CASCADE"), nullable=False),
        sa.Column("run_id", sa.Uuid, sa.ForeignKey("runs.id")),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False, server_default="waiting"),
        sa.Column("attempts", sa.SmallInteger, nullable=False, server_default="0"),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), server_default=sa.func.now()),
        sa.Column("answered", sa.Integer),
        sa.Column("error", sa.Text),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
    )
    op.execute("create index webhook_deliveries_newest on webhook_deliveries (webhook_id, created_at desc, id desc)")
    op.execute("create index webhook_deliveries_due on webhook_deliveries (next_attempt_at) where status = 'waiting'")
    op.execute(ANNOUNCE)
    op.execute(
        f"create trigger run_ended after update of status on runs for each row when (new.status in {ENDED} "
        f"and old.status not in {ENDED}) execute function announce_run_end()"
    )
    op.execute(
        f"create trigger run_reused after insert on runs for each row when (new.status in {ENDED}) "
        "execute function announce_run_end()"
    )
