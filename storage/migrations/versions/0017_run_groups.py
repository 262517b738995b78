"""Groups of runs: sweeps, sensitivities, goal seeks and analyses of change, with their points and their lanes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSON, JSONB

revision = "0017"
down_revision = "0015"

ENDED = "('SUCCESS', 'FAILED', 'CANCELLED', 'TIMED_OUT')"


def upgrade() -> None:
    op.create_table(
        "run_groups",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("app_id", sa.Integer, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("definition", JSON, nullable=False),
        sa.Column("inputs", JSONB, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("outcome", JSON),
        sa.Column("total", sa.Integer, nullable=False),
        sa.Column("done", sa.Integer, nullable=False, server_default="0"),
        sa.Column("failed", sa.Integer, nullable=False, server_default="0"),
        sa.Column("reused", sa.Integer, nullable=False, server_default="0"),
        sa.Column("growing", sa.Boolean, nullable=False, server_default=sa.text("false")),
        sa.Column("seq", sa.Integer, nullable=False, server_default="0"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("cancelled_by", sa.Integer, sa.ForeignKey("users.id")),
        sa.Column("visibility", sa.Text, nullable=False, server_default="team"),
        sa.ForeignKeyConstraint(["app_id", "version"], ["versions.app_id", "versions.hash"]),
        sa.CheckConstraint("visibility in ('private', 'team', 'public')", name="run_groups_visibility"),
        sa.CheckConstraint("kind in ('sweep', 'sensitivity', 'seek', 'change')", name="run_groups_kind"),
        sa.CheckConstraint("status in ('RUNNING', 'FINISHED', 'CANCELLED', 'FAILED')", name="run_groups_status"),
    )
    op.execute("create index run_groups_newest on run_groups (created_at desc, id desc)")
    op.create_table(
        "run_group_points",
        sa.Column("group_id", sa.Uuid, sa.ForeignKey("run_groups.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("changes", JSONB, nullable=False),
        sa.Column("run_id", sa.Uuid),
    )
    op.create_table(
        "run_group_lanes",
        sa.Column("group_id", sa.Uuid, sa.ForeignKey("run_groups.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("lane", sa.Integer, primary_key=True),
        sa.Column("job_id", sa.BigInteger),
        sa.Column("losses", sa.SmallInteger, nullable=False, server_default="0"),
    )
    op.execute("create index runs_by_batch on runs (batch) where batch is not null")
    # A member's end is its group's matter: ten thousand messages would tell nobody more than one.
    op.execute("drop trigger run_ended on runs")
    op.execute("drop trigger run_reused on runs")
    op.execute(
        f"create trigger run_ended after update of status on runs for each row when (new.status in {ENDED} "
        f"and old.status not in {ENDED} and new.batch is null) execute function announce_run_end()"
    )
    op.execute(
        f"create trigger run_reused after insert on runs for each row when (new.status in {ENDED} "
        "and new.batch is null) execute function announce_run_end()"
    )
