"""What a search can ask of each model: the inputs of its current version and the figures of its newest result.

Chosen: two statements for all models; figures come from the newest success that one may read, because a manifest need
not declare them.
Left out: inputs and figures of older versions, which a search finds by their exact names.
"""

from sqlalchemy import Connection

from storage.sql import sql
from storage.visibility import Viewer, readable

_INPUTS = """
select a.slug, k.key, coalesce(k.value->>'label', k.key) as label
from apps a join versions v on v.app_id = a.id and v.hash = a.current_version
cross join lateral json_each(case json_typeof(v.manifest->'inputs') when 'object' then v.manifest->'inputs' end) k
where a.archived_at is null and (cast(:app as text) is null or a.slug = :app)"""
_FIGURES = """
select a.slug, k.key from apps a
cross join lateral (select coalesce(r.reused_from, r.id) as id from runs r
    where r.app_id = a.id and r.status = 'SUCCESS' and {readable} order by r.queued_at desc, r.id desc limit 1) newest
join results s on s.run_id = newest.id
cross join lateral jsonb_object_keys(case jsonb_typeof(s.summary) when 'object' then s.summary end) k (key)
where a.archived_at is null and (cast(:app as text) is null or a.slug = :app)"""


def list_inputs(conn: Connection, app: str | None = None) -> list[tuple[str, str, str]]:
    """Return the inputs of one model or of all: slug, key and label, in the form's order."""
    return [(row.slug, row.key, row.label) for row in conn.execute(sql(_INPUTS), {"app": app})]


def list_figures(conn: Connection, app: str | None = None, *, viewer: Viewer | None = None) -> list[tuple[str, str]]:
    """Return the summary figures of one model or of all, of runs that `viewer` may read: the slug and a label."""
    condition, values = readable(viewer)
    statement = sql(_FIGURES.format(readable=condition))
    return [(row.slug, row.key) for row in conn.execute(statement, {**values, "app": app})]
