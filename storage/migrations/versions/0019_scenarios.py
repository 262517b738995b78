"""Scenarios: sets of inputs under a name; points of groups may have a name."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0019"
down_revision = "0017"


def upgrade() -> None:
    op.create_table(
        "scenarios",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("app_id", sa.Integer, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("name_key", sa.Text, nullable=False),
        sa.Column("inputs", JSONB, nullable=False),
        sa.Column("visibility", sa.Text, nullable=False, server_default="private"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("changed_by", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.ForeignKeyConstraint(["app_id", "version"], ["versions.app_id", "versions.hash"]),
        sa.UniqueConstraint("app_id", "user_id", "name_key", name="scenarios_name"),
        sa.CheckConstraint("visibility in ('private', 'team', 'public')", name="scenarios_visibility"),
    )
    op.add_column("run_group_points", sa.Column("name", sa.Text))
