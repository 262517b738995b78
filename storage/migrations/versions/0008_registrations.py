"""Models registered by people: what is being checked, whose a model is, where a version came from, what is hidden.

A model of the last release belongs to whoever registered its first version.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSON, JSONB

revision = "0008"
down_revision = "0007"

OWNERS = """
update apps a set owner_id = (
    select v.created_by from versions v where v.app_id = a.id order by v.created_at, v.hash limit 1)
"""


def upgrade() -> None:
    op.execute("alter table apps add owner_id integer references users (id)")
    op.execute("alter table apps add hidden_at timestamptz")
    op.execute("alter table apps add archived_by integer references users (id)")
    op.execute(OWNERS)
    op.execute("alter table versions add source jsonb not null default '{}'")
    op.create_index(
        "apps_source",
        "apps",
        [sa.text("(source->>'identity')")],
        unique=True,
        postgresql_where=sa.text("source->>'identity' is not null"),
    )
    op.create_table(
        "registrations",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("slug", sa.Text, nullable=False),
        sa.Column("app_id", sa.Integer, sa.ForeignKey("apps.id")),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("source", JSONB, nullable=False),
        sa.Column("git_commit", sa.Text),
        sa.Column("archive", sa.LargeBinary, nullable=False),
        sa.Column("manifest", JSON),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("checks", JSON, nullable=False, server_default=sa.text("'[]'")),
        sa.Column("seq", sa.Integer, nullable=False, server_default="0"),
        sa.Column("created_by", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True)),
        sa.Column("published_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("status in ('CHECKING', 'READY', 'REFUSED', 'PUBLISHED')", name="registrations_status"),
    )
    op.create_index("registrations_newest", "registrations", [sa.text("created_at desc")])
