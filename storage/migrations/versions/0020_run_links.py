"""Where runs and groups of runs came from: a run's origin, and the runs that a group was made from."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0017"


def upgrade() -> None:
    op.add_column("runs", sa.Column("origin_kind", sa.Text))
    op.add_column(
        "runs", sa.Column("origin", sa.Uuid, sa.ForeignKey("runs.id", name="runs_origin_fkey", ondelete="SET NULL"))
    )
    op.create_check_constraint("runs_origin_kind", "runs", "origin_kind in ('edited', 'replay')")
    op.create_check_constraint("runs_origin", "runs", "origin is null or (origin_kind is not null and origin <> id)")
    op.execute("create index runs_by_origin on runs (origin, id desc) where origin is not null")
    # Points of a sweep are left out: their group stands for them.
    op.execute(
        "create index runs_by_reused on runs (reused_from, id desc) where reused_from is not null and batch is null"
    )
    # A run comes from one that was there before it: no two runs can come from each other while this never changes.
    op.execute("""
        create function keep_run_origin() returns trigger language plpgsql as $$
        begin
            raise exception 'the origin of run % is stored with the run and never changed', old.id;
        end $$""")
    op.execute(
        "create trigger run_origin_kept before update of origin, origin_kind on runs for each row when ("
        "new.origin_kind is distinct from old.origin_kind or (new.origin is not null and "
        "new.origin is distinct from old.origin)) execute function keep_run_origin()"
    )
    op.create_table(
        "run_group_sources",
        sa.Column("group_id", sa.Uuid, sa.ForeignKey("run_groups.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("run_id", sa.Uuid, sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    )
    op.execute("create index run_group_sources_by_run on run_group_sources (run_id, group_id desc)")
    # Analyses of change have always named their two runs; of other groups it was not stored.
    op.execute("""
        insert into run_group_sources (group_id, run_id)
        select distinct g.id, r.id from run_groups g
        cross join lateral (values (g.definition->>'before'), (g.definition->>'after')) named(id)
        join runs r on r.id = cast(named.id as uuid) where g.kind = 'change'""")
