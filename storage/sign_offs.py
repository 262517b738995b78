"""Sign-offs: at most one of a run, of somebody else than its owner; it is never changed and never taken back."""

from uuid import UUID

from sqlalchemy import Connection

from contract.sign_off import SignOff
from storage.sql import sql


def add_sign_off(conn: Connection, run_id: UUID, user_id: int, comment: str) -> bool:
    """Sign a run off; False where it is signed off already, is no success, or is the user's own."""
    statement = sql("""
        insert into sign_offs (run_id, user_id, comment)
        select id, :user, :comment from runs where id = :id and status = 'SUCCESS' and user_id <> :user
        on conflict do nothing""")
    return bool(conn.execute(statement, {"id": run_id, "user": user_id, "comment": comment}).rowcount)


def get_sign_off(conn: Connection, run_id: UUID) -> SignOff | None:
    """Return the run's sign-off, or None."""
    statement = sql("""
        select s.run_id, u.name, s.comment, s.created_at from sign_offs s join users u on u.id = s.user_id
        where s.run_id = :id""")
    row = conn.execute(statement, {"id": run_id}).one_or_none()
    return None if row is None else SignOff(row.run_id, row.name, row.comment, row.created_at)


def lock_run(conn: Connection, run_id: UUID) -> None:
    """Keep others from signing the run off, or from changing what a sign-off freezes, in this transaction."""
    conn.execute(sql("select 1 from runs where id = :id for update"), {"id": run_id})
