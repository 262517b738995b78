"""Users: who asked for a run or registered a version, and who may come in, with which role.

Chosen: a user exists as soon as a name is used; a person who signs in is found by the identity provider's id of them,
never by a name. One is Tontine itself, whose runs are not counted or listed among people's.
Left out: how a role is chosen (`engine.people`).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, select
from sqlalchemy.dialects.postgresql import insert

from contract.actor import Role
from contract.person import Person, RoleSource
from storage.sql import sql
from storage.tables import users

SYSTEM = "system"  # registers models and runs their starting inputs
# Whether the run `r` is a person's. Where no user is called so yet, all runs are.
BY_PEOPLE = "r.user_id is distinct from (select id from users where name = 'system')"
SEEN_EVERY = 60  # s between two notes of when somebody was last seen
TRIED = 100  # names that are tried for somebody whose own is taken

# ruff: noqa: S608 - the statements below are put together from these words of our own
_COLUMNS = "id, name, role, role_source, email, subject, teams, created_at, signed_in_at, last_seen_at, disabled_at"


def get_or_create_user(conn: Connection, name: str) -> int:
    """Return the id of the user called `name`, who is added if new."""
    found = conn.execute(select(users.c.id).where(users.c.name == name)).scalar_one_or_none()
    if found is None:
        conn.execute(insert(users).values(name=name).on_conflict_do_nothing())
        found = conn.execute(select(users.c.id).where(users.c.name == name)).scalar_one()
    return int(found)


def person_by_subject(conn: Connection, subject: str) -> Person | None:
    """Return the person with this id at the identity provider, or None."""
    return _one(conn, f"select {_COLUMNS} from users where subject = :subject", {"subject": subject})


def person_by_name(conn: Connection, name: str, *, lock: bool = False) -> Person | None:
    """Return the person called `name`, or None; `lock` keeps others from changing them in this transaction."""
    ending = " for update" if lock else ""
    return _one(conn, f"select {_COLUMNS} from users where name = :name{ending}", {"name": name})


def list_people(conn: Connection) -> Sequence[Person]:
    """Return everybody but Tontine itself, by name."""
    statement = sql(f"select {_COLUMNS} from users where name <> :system order by lower(name), id")
    return [_person(row) for row in conn.execute(statement, {"system": SYSTEM}).mappings()]


def add_person(conn: Connection, subject: str, name: str, *, taken: Sequence[str] = ()) -> Person:
    """Add somebody who signs in for the first time, or return who has done so at the same moment.

    A name that is taken, or among `taken`, gets a number.
    """
    statement = sql(
        f"insert into users (name, subject) values (:name, :subject) on conflict do nothing returning {_COLUMNS}"
    )
    for name_tried in (name, *(f"{name} ({n})" for n in range(2, TRIED))):
        if name_tried == SYSTEM or name_tried in taken:
            continue
        row = conn.execute(statement, {"name": name_tried, "subject": subject}).mappings().one_or_none()
        if row is not None:
            return _person(row)
        known = person_by_subject(conn, subject)
        if known is not None:
            return known
    raise LookupError(f"{TRIED} people are called {name!r}")


def record_sign_in(
    conn: Connection,
    person_id: int,
    signed_in_at: datetime,
    *,
    role: Role | None,
    role_source: RoleSource,
    email: str | None,
    teams: Sequence[str],
) -> bool:
    """Note a sign-in with what its claims say; returns whether it is new: later than the last one noted."""
    statement = sql("""
        update users set signed_in_at = :at, last_seen_at = now(), role = :role, role_source = :source, email = :email,
            teams = :teams
        where id = :id and (signed_in_at is null or signed_in_at < :at)""")
    values = {
        "id": person_id,
        "at": signed_in_at,
        "role": role,
        "source": role_source,
        "email": email,
        "teams": list(teams),
    }
    return bool(conn.execute(statement, values).rowcount)


def record_seen(conn: Connection, person_id: int) -> None:
    """Note that somebody is here, at most once a minute."""
    statement = sql("""
        update users set last_seen_at = now()
        where id = :id and (last_seen_at is null or last_seen_at < now() - make_interval(secs => :every))""")
    conn.execute(statement, {"id": person_id, "every": SEEN_EVERY})


def set_role(conn: Connection, person_id: int, role: Role | None) -> None:
    """Give somebody a role on the people page, or take it away."""
    statement = sql("update users set role = :role, role_source = :source where id = :id")
    conn.execute(statement, {"id": person_id, "role": role, "source": RoleSource.PAGE})


def set_disabled(conn: Connection, person_id: int, *, disabled: bool) -> None:
    """Keep somebody out, or let them in again."""
    moment = "coalesce(disabled_at, now())" if disabled else "null"
    conn.execute(sql(f"update users set disabled_at = {moment} where id = :id"), {"id": person_id})


def _one(conn: Connection, words: str, values: Mapping[str, Any]) -> Person | None:
    row = conn.execute(sql(words), dict(values)).mappings().one_or_none()
    return None if row is None else _person(row)


def _person(row: RowMapping) -> Person:
    return Person(
        **{
            **row,
            "role": Role(row["role"]) if row["role"] else None,
            "role_source": RoleSource(row["role_source"]) if row["role_source"] else None,
            "teams": tuple(row["teams"]),
        }
    )
