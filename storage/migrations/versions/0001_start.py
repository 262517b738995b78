"""The first tables, and procrastinate's own."""

from pathlib import Path

import procrastinate
from alembic import op
from procrastinate.schema import SchemaManager
from sqlalchemy import text

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text())
    # A later release of procrastinate ships migrations that start from the one noted here.
    op.get_bind().exec_driver_sql(SchemaManager.get_schema().replace("%", "%%"))
    op.get_bind().execute(
        text("insert into components values ('procrastinate', :version)"), {"version": procrastinate.__version__}
    )
