"""Models of the catalogue.

Chosen: what a card shows comes from the current version's manifest in one query, whatever the number of models.
Left out: the manifest's meaning; storage hands it on as it is.
"""

from collections.abc import Mapping
from typing import Any

import orjson
from sqlalchemy import Connection, RowMapping

from contract.app import App, AppRef
from storage.sql import sql
from storage.users import BY_PEOPLE

# ruff: noqa: S608 - statements are put together from words of our own
NAMES_LOCK = 0x6E616D65  # "name"
USED_DAYS = 90
USED_CAP = 1_000  # runs of a model that are counted: beyond it the order of two models is nobody's matter
_SELECT = f"""
select a.id, a.slug, a.source, a.current_version, a.created_at, v.checks,
       v.manifest->>'name' as name, v.manifest->>'description' as description,
       v.manifest->>'category' as category, v.manifest->'tags' as tags,
       (select r.queued_at from runs r where r.app_id = a.id and {BY_PEOPLE}
        order by r.queued_at desc, r.id desc limit 1) as last_run_at,
       u.name as owner, a.hidden_at is not null as hidden, a.archived_at is not null as archived
from apps a left join users u on u.id = a.owner_id
left join versions v on v.app_id = a.id and v.hash = a.current_version
"""


def put_app(conn: Connection, slug: str, source: Mapping[str, Any], owner_id: int | None = None) -> App:
    """Add the model `slug`, or note where it comes from now, and return it; its first owner stays its owner."""
    statement = sql(
        "insert into apps (slug, source, owner_id) values (:slug, cast(:source as jsonb), :owner) "
        "on conflict (slug) do update set source = excluded.source, archived_at = null, archived_by = null, "
        "owner_id = coalesce(apps.owner_id, excluded.owner_id) returning id"
    )
    values = {"slug": slug, "source": orjson.dumps(dict(source)).decode(), "owner": owner_id}
    found = conn.execute(statement, values).scalar_one()
    app = app_by_id(conn, int(found))
    assert app is not None
    return app


def list_apps(conn: Connection) -> list[App]:
    """Return every model that has a version and is listed, by name."""
    listed = "where a.archived_at is null and a.hidden_at is null and v.hash is not null "
    rows = conn.execute(sql(_SELECT + listed + "order by lower(v.manifest->>'name')"))
    return [_app_from_row(row) for row in rows.mappings()]


def list_unlisted(conn: Connection) -> list[App]:
    """Return the models that are hidden or archived, by name."""
    where = "where (a.archived_at is not null or a.hidden_at is not null) and v.hash is not null"
    rows = conn.execute(sql(_SELECT + where)).mappings()
    return sorted((_app_from_row(row) for row in rows), key=lambda app: app.name.lower())


def app_by_identity(conn: Connection, identity: str) -> App | None:
    """Return the model whose source has this identity, or None."""
    row = conn.execute(sql(_SELECT + "where a.source->>'identity' = :identity"), {"identity": identity})
    found = row.mappings().one_or_none()
    return None if found is None else _app_from_row(found)


def lock_names(conn: Connection) -> None:
    """Let no other transaction add a model until this one ends: what is free is still free when it is taken."""
    conn.execute(sql("select pg_advisory_xact_lock(:lock)"), {"lock": NAMES_LOCK})


def taken_slugs(conn: Connection, slugs: list[str]) -> set[str]:
    """Return which of these names models have, archived ones too."""
    return set(conn.execute(sql("select slug from apps where slug = any(:slugs)"), {"slugs": slugs}).scalars())


def set_current(conn: Connection, app_id: int, version: str) -> None:
    """Make one of the model's versions its current one."""
    conn.execute(sql("update apps set current_version = :version where id = :id"), {"version": version, "id": app_id})


def set_hidden(conn: Connection, app_id: int, *, hidden: bool) -> None:
    """Take a model out of the catalogue's list, or put it back."""
    value = "coalesce(hidden_at, now())" if hidden else "null"
    conn.execute(sql(f"update apps set hidden_at = {value} where id = :id"), {"id": app_id})


def set_archived(conn: Connection, app_id: int, user_id: int | None) -> None:
    """Archive a model for a user, or restore it where none is given."""
    statement = sql(
        "update apps set archived_at = case when cast(:user as int) is null then null else now() end, "
        "archived_by = :user where id = :id"
    )
    conn.execute(statement, {"user": user_id, "id": app_id})


def closed_slugs(conn: Connection) -> set[str]:
    """Return the names of models that a person has archived."""
    return set(conn.execute(sql("select slug from apps where archived_by is not null")).scalars())


def use_counts(conn: Connection, *, days: int = USED_DAYS, cap: int = USED_CAP) -> dict[int, int]:
    """Return how many runs people have asked for of each model in the last `days` days, at most `cap` of each."""
    # From the indexes alone: the system's few runs are counted apart and taken away.
    statement = sql("""
        select a.id, (select count(*) from (select 1 from runs r where r.app_id = a.id
                          and r.queued_at > now() - make_interval(days => :days) limit :cap) recent)
                   - (select count(*) from runs r where r.app_id = a.id and r.priority < 0
                          and r.queued_at > now() - make_interval(days => :days)) as uses
        from apps a where a.archived_at is null""")
    return {row.id: max(0, row.uses) for row in conn.execute(statement, {"days": days, "cap": cap})}


def app_by_id(conn: Connection, app_id: int) -> App | None:
    """Return the model with this id, or None."""
    row = _one_app(conn, _SELECT, app_id)
    return None if row is None else _app_from_row(row)


def app_by_slug(conn: Connection, slug: str) -> App | None:
    """Return the model called `slug`, or None."""
    row = _one_app(conn, _SELECT, slug)
    return None if row is None else _app_from_row(row)


def get_app_ref(conn: Connection, app: int | str) -> AppRef | None:
    """Return the names of the model with this id or slug, without reading its manifest, or None."""
    row = _one_app(
        conn, "select a.id, a.slug, a.current_version, a.archived_by is not null as closed from apps a ", app
    )
    return None if row is None else AppRef(**row)


def archive_missing(conn: Connection, kind: str, slugs: list[str]) -> int:
    """Take models of this kind of source that are not among `slugs` out of the catalogue; their runs stay."""
    statement = sql(
        "update apps set archived_at = now() where source->>'kind' = :kind and archived_at is null "
        "and not slug = any(:slugs)"
    )
    return int(conn.execute(statement, {"kind": kind, "slugs": slugs}).rowcount)


def _one_app(conn: Connection, select: str, app: int | str) -> RowMapping | None:
    """Return the row of the model with this id or slug; what no column could hold is no model's."""
    if isinstance(app, str):
        where, possible = "where a.slug = :app", "\0" not in app
    else:
        where, possible = "where a.id = :app", 0 < app < 2**31
    return conn.execute(sql(select + where), {"app": app}).mappings().one_or_none() if possible else None


def _app_from_row(row: RowMapping) -> App:
    tags = row["tags"]
    checks = row["checks"] or {}
    return App(
        id=row["id"],
        slug=row["slug"],
        name=row["name"] or row["slug"],
        description=row["description"] or "",
        category=row["category"],
        tags=tuple(t.strip() for t in tags.split(",")) if isinstance(tags, str) else tuple(tags or ()),
        source=row["source"],
        current_version=row["current_version"],
        created_at=row["created_at"],
        last_run_at=row["last_run_at"],
        reproduced=checks.get("reproduced"),
        total=checks.get("total"),
        owner=row["owner"],
        hidden=row["hidden"],
        archived=row["archived"],
    )
