"""Queries of the explorer that were saved, by name.

Left out: running them, which is `storage.explorer`.
"""

from uuid import UUID

import uuid_utils.compat as uuids
from sqlalchemy import Connection, Row, text

from contract.explorer import SavedQuery

_SELECT = """select q.id, q.name, q.sql, u.name as created_by, q.created_at
from saved_queries q join users u on u.id = q.created_by
"""


def save_query(conn: Connection, name: str, sql: str, user_id: int) -> SavedQuery | None:
    """Save a query in place of the user's own of that name; None where the name is another user's."""
    found = conn.execute(
        text("""insert into saved_queries (id, name, sql, created_by) values (:id, :name, :sql, :user)
                on conflict (name) do update set sql = :sql, created_at = now() where saved_queries.created_by = :user
                returning id"""),
        {"id": uuids.uuid7(), "name": name, "sql": sql, "user": user_id},
    ).scalar_one_or_none()
    return None if found is None else get_query(conn, UUID(str(found)))


def get_query(conn: Connection, query_id: UUID) -> SavedQuery | None:
    """Return a saved query, or None."""
    row = conn.execute(text(_SELECT + "where q.id = :id"), {"id": query_id}).one_or_none()
    return None if row is None else _from_row(row)


def list_queries(conn: Connection) -> list[SavedQuery]:
    """Return every saved query, by name."""
    return [_from_row(row) for row in conn.execute(text(_SELECT + "order by q.name, q.id"))]


def delete_query(conn: Connection, query_id: UUID) -> bool:
    """Delete a saved query and return whether it was there."""
    return bool(conn.execute(text("delete from saved_queries where id = :id"), {"id": query_id}).rowcount)


def _from_row(row: "Row[tuple[object, ...]]") -> SavedQuery:
    return SavedQuery(UUID(str(row.id)), row.name, row.sql, row.created_by, row.created_at)
