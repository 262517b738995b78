"""Tags, stars and notes of runs, the baseline of each model, and saved searches: all beside the runs, none in them."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def _who_and_when() -> list[sa.Column[object]]:
    return [
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
    ]


def upgrade() -> None:
    op.create_table(
        "run_tags",
        sa.Column("run_id", sa.Uuid, sa.ForeignKey("runs.id"), primary_key=True),
        sa.Column("tag", sa.Text, primary_key=True),
        *_who_and_when(),
    )
    op.create_index("run_tags_by_tag", "run_tags", ["tag", "run_id"])
    op.create_table(
        "run_stars",
        sa.Column("run_id", sa.Uuid, sa.ForeignKey("runs.id"), primary_key=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), primary_key=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
    )
    op.create_index("run_stars_by_user", "run_stars", ["user_id", "run_id"])
    op.create_table(
        "run_notes",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("run_id", sa.Uuid, sa.ForeignKey("runs.id"), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        *_who_and_when(),
        sa.Column("edited_at", sa.DateTime(timezone=True)),
    )
    op.create_index("run_notes_by_run", "run_notes", ["run_id", "created_at"])
    op.create_table(
        "baselines",
        sa.Column("app_id", sa.Integer, sa.ForeignKey("apps.id"), primary_key=True),
        sa.Column("run_id", sa.Uuid, sa.ForeignKey("runs.id"), nullable=False),
        *_who_and_when(),
    )
    op.create_table(
        "saved_searches",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("query", sa.Text, nullable=False),
        sa.Column("shared", sa.Boolean, nullable=False, server_default=sa.text("false")),
        *_who_and_when(),
        sa.UniqueConstraint("user_id", "name", name="saved_searches_name"),
    )
