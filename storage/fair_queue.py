"""Whose run is next: users in turn, so that nobody waits for another's backlog, and runs on hold for want of room.

Chosen: start-time fair queueing (Goyal, Vin and Cheng, 1996) with one number a run, given when it is asked for: one
more than the last rank of the same user that still waits, and at least the rank that is being served. Of two users
with many runs each gets every other one, and who asks for a single run waits for one of theirs at most. Where
an installation caps the runs a user or a model has at once, a run is stored on hold and admitted when there is room.
Left out: weights, and the queue itself: the engine gives the rank to its jobs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection

from storage.sql import sql
from storage.users import BY_PEOPLE

MAX_ADMITTED = 10**8 - 1  # ranks are distinct up to here, where a priority reaches a job's 32 bits
ADMISSION_LOCK = 0x67617465  # the advisory lock under which runs are admitted: "gate"

# A scalar for the statement that adds a run, with its :priority and :user_id.
NEXT_RANK = """greatest(0,
    (select min(w.rank) from runs w where w.status = 'PENDING' and w.priority = :priority),
    (select max(w.rank) + 1 from runs w where w.status = 'PENDING' and w.priority = :priority
                                          and w.user_id = :user_id))"""

# How many single runs of :user_id have not ended.
WAITING_RUNS = """(select count(*) from runs w where w.user_id = :user_id and w.status in ('PENDING', 'RUNNING')
                                             and w.batch is null)"""


@dataclass(frozen=True, slots=True)
class AdmittedRun:
    """A run that has just been admitted."""

    id: UUID
    priority: int
    rank: int


def admit_held(conn: Connection, *, max_running_per_user: int, max_running_per_model: int) -> Sequence[AdmittedRun]:
    """Admit runs on hold while their users and models have room, best rank first; 0 means no cap.

    Whoever calls this in the transaction that adds a run on hold, and again after the one that ends a run,
    leaves none behind: the lock is kept until the transaction ends.
    """
    conn.execute(sql("select pg_advisory_xact_lock(:gate)"), {"gate": ADMISSION_LOCK})
    found = []
    while (
        row := conn.execute(_ADMIT_HELD, {"user": max_running_per_user, "model": max_running_per_model}).one_or_none()
    ) is not None:
        found.append(AdmittedRun(row.id, row.priority, row.rank))
    return found


def any_on_hold(conn: Connection) -> bool:
    """Return whether any run is on hold."""
    found = conn.execute(sql("select exists (select from runs where on_hold and status = 'PENDING')"))
    return bool(found.scalar_one())


def queue_position(conn: Connection, run_id: UUID) -> int:
    """Return how many waiting runs go before this one."""
    statement = sql("""
        select count(*) from runs r, runs mine where mine.id = :id and r.status = 'PENDING'
        and (r.priority > mine.priority
             or (r.priority = mine.priority and (r.rank, r.id) < (mine.rank, mine.id)))""")
    return int(conn.execute(statement, {"id": run_id}).scalar_one())


def queue_counts(conn: Connection) -> tuple[int, int]:
    """Return how many of people's runs wait and how many are running."""
    statement = sql(f"""
        select count(*) filter (where status = 'PENDING') as waiting, count(*) as all
        from runs r where status in ('PENDING', 'RUNNING') and {BY_PEOPLE}""")  # noqa: S608 - our own words
    row = conn.execute(statement).one()
    return row.waiting, row.all - row.waiting


# A run below priority 0 waits for every other, so that nothing may wait for it.
_ADMIT_HELD = sql("""
update runs set on_hold = false where id = (
    select h.id from runs h where h.on_hold and h.status = 'PENDING'
    and h.user_id <> all(array(
        select user_id from runs where status in ('PENDING', 'RUNNING') and not on_hold and priority >= 0 and :user > 0
        group by user_id having count(*) >= :user))
    and h.app_id <> all(array(
        select app_id from runs where status in ('PENDING', 'RUNNING') and not on_hold and priority >= 0 and :model > 0
        group by app_id having count(*) >= :model))
    order by h.priority desc, h.rank, h.id limit 1)
returning id, priority, rank
""")
