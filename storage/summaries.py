"""The summary figures of many runs at once, for lists of runs.

Chosen: one statement for a page of runs; taken from the document, whose figures keep the model's order.
Left out: the rest of a result, which is read run by run.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from storage.sql import sql
from storage.visibility import Viewer, readable


def read_summaries(conn: Connection, ids: Sequence[UUID], *, viewer: Viewer | None = None) -> dict[UUID, Any]:
    """Return the summaries of those of these runs that `viewer` may read, by run; runs without one are left out.

    A run that reuses a result has that of the run that made it.
    """
    condition, values = readable(viewer)
    statement = sql(f"""
        select r.id, s.doc->'summary' as summary from runs r join results s on s.run_id = coalesce(r.reused_from, r.id)
        where r.id = any(:ids) and r.status = 'SUCCESS' and s.summary is not null
        and {condition}""")  # noqa: S608 - words of our own
    return {
        row.id: row.summary for row in conn.execute(statement, {**values, "ids": list(ids)}) if row.summary is not None
    }
