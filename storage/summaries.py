"""The summary figures of many runs at once, for lists of runs.

Chosen: one statement for a page of runs; taken from the document, whose figures keep the model's order.
Left out: the rest of a result, which is read run by run.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from storage.sql import sql


def read_summaries(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Any]:
    """Return the summaries of these runs, by run; runs without one are left out.

    A run that reuses a result has that of the run that made it.
    """
    statement = sql("""
        select r.id, s.doc->'summary' as summary from runs r join results s on s.run_id = coalesce(r.reused_from, r.id)
        where r.id = any(:ids) and r.status = 'SUCCESS' and s.summary is not null""")
    return {row.id: row.summary for row in conn.execute(statement, {"ids": list(ids)}) if row.summary is not None}
