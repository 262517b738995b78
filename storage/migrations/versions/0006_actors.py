"""Who cancelled a run, and who uploaded which file.

Files that runs have named before count as uploaded by the users of those runs.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

UPLOADS_OF_RUNS = """
insert into uploads (hash, user_id, name, size, created_at)
select b.hash, r.user_id, coalesce(i.value->>'name', 'upload'), b.size, min(r.queued_at)
from runs r
cross join lateral jsonb_each(case when jsonb_typeof(r.inputs) = 'object' then r.inputs else '{}' end) i
join blobs b on b.hash = i.value->>'file'
where jsonb_typeof(i.value) = 'object'
group by 1, 2, 3, 4
"""


def upgrade() -> None:
    op.execute("alter table runs add cancelled_by integer references users (id)")
    op.create_table(
        "uploads",
        sa.Column("hash", sa.Text, sa.ForeignKey("blobs.hash"), primary_key=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
    )
    op.execute(UPLOADS_OF_RUNS)
