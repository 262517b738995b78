"""What a run has said so far: its log, its newest partial result, each event in order.

Chosen: events are kept while the run goes on; its end leaves the changes of status, and the log with the run.
Left out: writing them, which goes with the run's own row in one statement (`storage.runs`).
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Connection, text


def log_of(conn: Connection, run_id: UUID) -> str:
    """Return what the run has printed so far."""
    kept = conn.execute(text("select log from runs where id = :id"), {"id": run_id}).scalar_one_or_none()
    if kept is not None:
        return str(kept)
    statement = text(
        "select coalesce(string_agg(payload->>'log', '' order by seq), '') from run_events "
        "where run_id = :id and kind = 'progress'"
    )
    return str(conn.execute(statement, {"id": run_id}).scalar_one())


def partial_of(conn: Connection, run_id: UUID) -> tuple[int, dict[str, Any], str]:
    """Return the sequence number of the newest partial result, all that is shown so far, and the log."""
    statement = text("select seq, shown from run_partials where run_id = :id")
    row = conn.execute(statement, {"id": run_id}).one_or_none()
    shown = {} if row is None else (row.shown if isinstance(row.shown, dict) else orjson.loads(row.shown))
    return (0 if row is None else row.seq), shown, log_of(conn, run_id)


def events_after(conn: Connection, run_id: UUID, seq: int) -> list[tuple[int, str, dict[str, Any], datetime]]:
    """Return (sequence number, kind, payload, time) of every event after `seq`, in order."""
    statement = text("select seq, kind, payload, at from run_events where run_id = :id and seq > :seq order by seq")
    return [(r.seq, r.kind, r.payload, r.at) for r in conn.execute(statement, {"id": run_id, "seq": seq})]
