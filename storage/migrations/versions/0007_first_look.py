"""The models that a user has starred, and a way to the few runs of models' starting inputs among many."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "favourites",
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), primary_key=True),
        sa.Column("app_id", sa.Integer, sa.ForeignKey("apps.id"), primary_key=True),
    )
    op.execute("create index runs_starting on runs (app_id, version, queued_at desc, id desc) where priority < 0")
