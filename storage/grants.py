"""Grants: the hosts and secrets that an administrator allowed a model.

Chosen: one row a grant, a model's and not a version's; a revoked grant's row is deleted.
Left out: secrets' values, which are `storage.secrets`, and what a manifest asks for, which is `contract.access`.
"""

from sqlalchemy import Connection, text

from contract.access import Grant, GrantKind


def grant(conn: Connection, app_id: int, kind: GrantKind, name: str, user_id: int) -> bool:
    """Grant a host or secret to a model and return whether it is new; the first to grant it stays noted."""
    statement = text(
        "insert into grants (app_id, kind, name, granted_by) values (:app, :kind, :name, :user) on conflict do nothing"
    )
    return bool(conn.execute(statement, {"app": app_id, "kind": kind, "name": name, "user": user_id}).rowcount)


def revoke(conn: Connection, app_id: int, kind: GrantKind, name: str) -> bool:
    """Take a grant back and return whether there was one."""
    statement = text("delete from grants where app_id = :app and kind = :kind and name = :name")
    return bool(conn.execute(statement, {"app": app_id, "kind": kind, "name": name}).rowcount)


def list_grants(conn: Connection, app_id: int) -> list[Grant]:
    """Return the model's grants, hosts first, by name."""
    statement = text(
        "select g.kind, g.name, u.name as granted_by, g.granted_at from grants g join users u on u.id = g.granted_by "
        "where g.app_id = :app order by g.kind, g.name"
    )
    rows = conn.execute(statement, {"app": app_id})
    return [Grant(GrantKind(row.kind), row.name, row.granted_by, row.granted_at) for row in rows]
