"""The packages that versions need beyond the standard set, locked with hashes; versions of before have none."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0012"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "package_locks",
        sa.Column("hash", sa.Text, primary_key=True),
        sa.Column("lock", JSONB, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
    )
    op.execute("alter table versions add package_lock text references package_locks (hash)")
    op.execute("alter table registrations add package_lock text references package_locks (hash)")
