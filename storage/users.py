"""Users: who asked for a run or registered a version.

Chosen: a user exists as soon as a name is used; logins will bring the names.
Left out: roles.
"""

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from storage.tables import users


def get_or_create_user(conn: Connection, name: str) -> int:
    """Return the id of the user called `name`, who is added if new."""
    found = conn.execute(select(users.c.id).where(users.c.name == name)).scalar_one_or_none()
    if found is None:
        conn.execute(insert(users).values(name=name).on_conflict_do_nothing())
        found = conn.execute(select(users.c.id).where(users.c.name == name)).scalar_one()
    return int(found)
