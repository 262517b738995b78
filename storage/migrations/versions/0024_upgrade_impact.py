"""Groups of runs that replay earlier runs on another version of their model."""

from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.drop_constraint("run_groups_kind", "run_groups")
    op.create_check_constraint(
        "run_groups_kind", "run_groups", "kind in ('sweep', 'sensitivity', 'seek', 'change', 'upgrade')"
    )
