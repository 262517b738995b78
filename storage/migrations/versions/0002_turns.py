"""Turns of waiting runs, and runs that are held back."""

from alembic import op

revision = "0002"
down_revision = "0001"

LET_IN = "status in ('PENDING', 'RUNNING') and not held"


def upgrade() -> None:
    op.execute("alter table runs add turn integer not null default 0, add held boolean not null default false")
    for name, columns, where in (
        ("runs_waiting", "priority desc, turn, id", "status = 'PENDING'"),
        ("runs_waiting_by_user", "user_id, priority, turn", "status = 'PENDING'"),
        ("runs_held", "priority desc, turn, id", "status = 'PENDING' and held"),
        ("runs_let_in", "user_id, app_id", LET_IN),
    ):
        op.execute(f"create index {name} on runs ({columns}) where {where}")
