"""The texts by which runs are found, a row for each run; and two indexes that no statement used are dropped."""

import structlog
from alembic import op
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

revision = "0005"
down_revision = "0004"

log = structlog.get_logger()

FILL = r"""
insert into run_search (run_id, words)
select r.id, lower(concat_ws(chr(10), a.slug, v.manifest->>'name', u.name, (
    select string_agg(distinct found #>> '{}', chr(10))
    from jsonb_path_query(r.inputs, 'strict $.** ? (@.type() == "string")') found), r.reason))
from runs r join apps a on a.id = r.app_id join versions v on v.app_id = r.app_id and v.hash = r.version
join users u on u.id = r.user_id
"""


def upgrade() -> None:
    op.execute("drop index runs_inputs")
    op.execute("drop index runs_batch")
    op.execute("create table run_search (run_id uuid primary key references runs (id), words text not null)")
    # A hundred samples of texts say too little about how often a word occurs, which decides how it is looked for.
    op.execute("alter table run_search alter words set statistics 500")
    op.get_bind().exec_driver_sql(FILL)
    if has_trigrams():
        op.execute("create index run_search_words on run_search using gin (words gin_trgm_ops)")
        op.execute("create index run_search_ids on run_search using gin (cast(run_id as text) gin_trgm_ops)")
    op.execute("analyze run_search")


def has_trigrams() -> bool:
    """Return whether PostgreSQL's extension pg_trgm is there, created where it may be."""
    bind = op.get_bind()
    try:
        with bind.begin_nested():
            bind.execute(text("create extension if not exists pg_trgm"))
    except DBAPIError as error:
        log.warning(
            "the history's text search has no index: PostgreSQL's extension pg_trgm cannot be created here",
            error=str(error.orig).strip(),
        )
        return False
    return True
