"""API tokens: of each its SHA-256, its owner, what it may be used for, until when, and when it was used last.

Chosen: a plain SHA-256, because a token is 32 random bytes: nobody can try them all, so that nothing has to be slow.
Left out: making one (`engine.people.tokens`).
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, RowMapping

from contract.person import ApiToken, Person, Scope
from storage import users
from storage.sql import sql

USED_EVERY = 60  # s between two notes of a token's last use
_SELECT = """select t.id, u.name as owner, t.name, t.hint, t.scope, t.created_at, t.expires_at, t.last_used_at,
    t.revoked_at from api_tokens t join users u on u.id = t.user_id"""


def add_token(
    conn: Connection,
    token_id: UUID,
    user_id: int,
    *,
    name: str,
    digest: bytes,
    hint: str,
    scope: Scope,
    expires_at: datetime,
    most: int,
) -> ApiToken | None:
    """Store a token, or return None where its owner has `most` that can still be used."""
    conn.execute(sql("select 1 from users where id = :user for update"), {"user": user_id})
    statement = sql("""
        insert into api_tokens (id, user_id, name, hash, hint, scope, expires_at)
        select :id, :user, :name, :hash, :hint, :scope, :expires_at
        where (select count(*) from api_tokens where user_id = :user and revoked_at is null and expires_at > now())
            < :most""")
    values = {
        "id": token_id,
        "user": user_id,
        "name": name,
        "hash": digest,
        "hint": hint,
        "scope": scope,
        "expires_at": expires_at,
        "most": most,
    }
    conn.execute(statement, values)
    return get_token(conn, token_id)


def get_token(conn: Connection, token_id: UUID) -> ApiToken | None:
    """Return a token by its id, or None."""
    row = conn.execute(sql(f"{_SELECT} where t.id = :id"), {"id": token_id}).mappings().one_or_none()
    return None if row is None else _token(row)


def list_tokens(conn: Connection, owner: str | None = None) -> Sequence[ApiToken]:
    """Return the tokens of one person, or everybody's, the newest first."""
    statement = sql(
        f"{_SELECT} where cast(:owner as text) is null or u.name = :owner order by t.created_at desc, t.id limit 1000"
    )
    return [_token(row) for row in conn.execute(statement, {"owner": owner}).mappings()]


def revoke_token(conn: Connection, token_id: UUID) -> bool:
    """Revoke a token; returns whether it was not revoked before."""
    statement = sql("update api_tokens set revoked_at = now() where id = :id and revoked_at is null")
    return bool(conn.execute(statement, {"id": token_id}).rowcount)


def find_valid(conn: Connection, digest: bytes) -> tuple[ApiToken, Person] | None:
    """Return the token with this SHA-256 and its owner; None where it is unknown, revoked or expired."""
    row = (
        conn.execute(
            sql(f"{_SELECT} where t.hash = :hash and t.revoked_at is null and t.expires_at > now()"), {"hash": digest}
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        return None
    owner = users.person_by_name(conn, row["owner"])
    return None if owner is None else (_token(row), owner)


def record_use(conn: Connection, token_id: UUID) -> None:
    """Note that a token is used, at most once a minute."""
    statement = sql("""
        update api_tokens set last_used_at = now()
        where id = :id and (last_used_at is null or last_used_at < now() - make_interval(secs => :every))""")
    conn.execute(statement, {"id": token_id, "every": USED_EVERY})


def _token(row: RowMapping) -> ApiToken:
    return ApiToken(**{**row, "scope": Scope(row["scope"])})
