"""Favourites: the models that a user has starred.

Chosen: a row for each star; a star taken back leaves nothing.
Left out: an order among them.
"""

from sqlalchemy import Connection

from storage.sql import sql


def add_favourite(conn: Connection, user_id: int, app_id: int) -> None:
    """Star a model for a user; doing it twice changes nothing."""
    statement = sql("insert into favourites (user_id, app_id) values (:user, :app) on conflict do nothing")
    conn.execute(statement, {"user": user_id, "app": app_id})


def remove_favourite(conn: Connection, user_id: int, app_id: int) -> None:
    """Take a user's star from a model."""
    statement = sql("delete from favourites where user_id = :user and app_id = :app")
    conn.execute(statement, {"user": user_id, "app": app_id})


def list_favourites(conn: Connection, user: str) -> set[int]:
    """Return the ids of the models that the user of this name has starred."""
    statement = sql("select f.app_id from favourites f join users u on u.id = f.user_id where u.name = :user")
    return set(conn.execute(statement, {"user": user}).scalars())
