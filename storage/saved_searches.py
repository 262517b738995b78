"""Searches of the history with a name: a user's own, and those that others share.

Chosen: one of each name for a user; saving under a name again replaces it.
Left out: the query's meaning; it is kept in the form of links.
"""

from uuid import UUID

import uuid_utils.compat as uuids
from sqlalchemy import Connection, RowMapping

from contract.annotation import SavedSearch
from storage.sql import sql

_SELECT = (
    "select s.id, s.name, s.query, s.shared, u.name as user_name, s.created_at "
    "from saved_searches s join users u on u.id = s.user_id "
)


def save_search(conn: Connection, user_id: int, name: str, query: str, *, shared: bool) -> SavedSearch:
    """Keep a search under a name, in place of the user's own one of that name."""
    statement = sql(
        "insert into saved_searches (id, user_id, name, query, shared) values (:id, :user, :name, :query, :shared) "
        "on conflict on constraint saved_searches_name do update "
        "set query = excluded.query, shared = excluded.shared, created_at = now() returning id"
    )
    values = {"id": uuids.uuid7(), "user": user_id, "name": name, "query": query, "shared": shared}
    kept = conn.execute(statement, values).scalar_one()
    return _from_row(conn.execute(sql(_SELECT + "where s.id = :id"), {"id": kept}).mappings().one())


def list_searches(conn: Connection, user_id: int) -> list[SavedSearch]:
    """Return the user's own searches and those that others share, by name, the user's own first."""
    statement = sql(
        _SELECT + "where s.user_id = :user or s.shared order by (s.user_id = :user) desc, lower(s.name), s.id"
    )
    return [_from_row(row) for row in conn.execute(statement, {"user": user_id}).mappings()]


def remove_search(conn: Connection, search_id: UUID, user_id: int) -> bool:
    """Remove a user's own search; say whether there was such a one."""
    statement = sql("delete from saved_searches where id = :id and user_id = :user returning id")
    return conn.execute(statement, {"id": search_id, "user": user_id}).one_or_none() is not None


def _from_row(row: RowMapping) -> SavedSearch:
    return SavedSearch(row["id"], row["name"], row["query"], row["shared"], row["user_name"], row["created_at"])
