"""Calls of the AI gateway by run, explanations of runs, and grants of hosts whose address is not public."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0021"


def upgrade() -> None:
    op.drop_constraint("grants_kind", "grants")
    op.create_check_constraint("grants_kind", "grants", "kind in ('host', 'secret', 'private host')")
    op.create_table(
        "gateway_calls",
        sa.Column("run_id", sa.Uuid, sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("input_tokens", sa.BigInteger),
        sa.Column("output_tokens", sa.BigInteger),
        sa.Column("cost", sa.Float),
        sa.Column("failure", sa.Text),
    )
    op.execute("create index gateway_calls_by_user on gateway_calls (user_id, at)")
    op.create_table(
        "explanations",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("run_id", sa.Uuid, sa.ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
        sa.Column("text_run_id", sa.Uuid, sa.ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.UniqueConstraint("text_run_id", name="explanations_text_run"),
    )
    op.execute("create index explanations_by_run on explanations (run_id, id desc)")
