"""What a run has sent so far: its log, its newest partial result, each event in order.

Chosen: events are kept while the run goes on; its end leaves the changes of status, and the log with the run.
Left out: writing them, which goes with the run's own row in one statement (`storage.runs`).
"""

from uuid import UUID

from sqlalchemy import Connection, text

from contract.run_event import RunEvent

# What the run `r` has printed: all of it once it has ended, what its events say of it before.
LOG_SQL = """coalesce(r.log, (select string_agg(e.payload->>'log', '' order by e.seq) from run_events e
                         where e.run_id = r.id and e.kind = 'progress'), '')"""
_LOG = text(f"select {LOG_SQL} from runs r where r.id = :id")  # noqa: S608 - the words above

_NEWER = text("select seq, kind, at, payload from run_events where run_id = :id and seq > :after order by seq")


def get_log(conn: Connection, run_id: UUID) -> str:
    """Return what the run has printed so far."""
    return str(conn.execute(_LOG, {"id": run_id}).scalar_one())


def list_events(conn: Connection, run_id: UUID, after: int) -> list[RunEvent]:
    """Return the run's events beyond the sequence number `after`, in order."""
    rows = conn.execute(_NEWER, {"id": run_id, "after": after})
    return [RunEvent(row.seq, row.kind, row.at, row.payload) for row in rows]
