"""Users: who asked for a run or registered a version.

Chosen: a user exists as soon as a name is used; logins will bring the names. One is Tontine itself, whose runs are not
counted or listed among people's.
Left out: roles.
"""

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from storage.tables import users

SYSTEM = "system"  # registers models and runs their starting inputs
# Whether the run `r` is a person's. Where no user is called so yet, all runs are.
BY_PEOPLE = "r.user_id is distinct from (select id from users where name = 'system')"


def get_or_create_user(conn: Connection, name: str) -> int:
    """Return the id of the user called `name`, who is added if new."""
    found = conn.execute(select(users.c.id).where(users.c.name == name)).scalar_one_or_none()
    if found is None:
        conn.execute(insert(users).values(name=name).on_conflict_do_nothing())
        found = conn.execute(select(users.c.id).where(users.c.name == name)).scalar_one()
    return int(found)
