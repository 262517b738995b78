"""The usual words for the columns of the fair queue: rank and on_hold."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute("alter table runs rename column turn to rank")
    op.execute("alter table runs rename column held to on_hold")
    op.execute("alter index runs_held rename to runs_on_hold")
    op.execute("alter index runs_let_in rename to runs_admitted")
