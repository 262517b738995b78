"""Values of secrets, encrypted, with who set them and when.

Left out: encrypting them, which `storage.encryption` does, and what a model was granted (`storage.grants`).
"""

from collections.abc import Iterable

from sqlalchemy import Connection, text

from contract.secret import StoredSecret


def set_secret(conn: Connection, name: str, encrypted: str, user_id: int) -> None:
    """Store a secret's value in place of the one before."""
    conn.execute(
        text("""insert into secrets (name, value, set_by) values (:name, :value, :user)
                on conflict (name) do update set value = :value, set_by = :user, set_at = now()"""),
        {"name": name, "value": encrypted, "user": user_id},
    )


def list_secrets(conn: Connection) -> list[StoredSecret]:
    """Return every secret with a stored value, by name."""
    rows = conn.execute(
        text("select s.name, u.name as set_by, s.set_at from secrets s join users u on u.id = s.set_by order by s.name")
    )
    return [StoredSecret(row.name, row.set_by, row.set_at) for row in rows]


def read_values(conn: Connection, names: Iterable[str]) -> dict[str, str]:
    """Return the encrypted values of those of the named secrets that have one."""
    rows = conn.execute(text("select name, value from secrets where name = any(:names)"), {"names": list(names)})
    return {row.name: row.value for row in rows}


def delete_secret(conn: Connection, name: str) -> bool:
    """Delete a secret's value and return whether there was one."""
    return bool(conn.execute(text("delete from secrets where name = :name"), {"name": name}).rowcount)


def lock_values(conn: Connection) -> dict[str, str]:
    """Return every encrypted value by its secret's name; nobody changes them before this transaction ends."""
    rows = conn.execute(text("select name, value from secrets order by name for update"))
    return {row.name: row.value for row in rows}


def replace_value(conn: Connection, name: str, encrypted: str) -> None:
    """Store the same value, encrypted anew."""
    conn.execute(text("update secrets set value = :value where name = :name"), {"name": name, "value": encrypted})
