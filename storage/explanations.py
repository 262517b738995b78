"""Explanations of runs: which run of a text model wrote one, for whom.

Chosen: the text stays where the run that wrote it has it; whoever may read the explained run may read its explanations,
although the run that wrote one is its asker's alone.
Left out: what is sent, which is `engine.gateway.explain`.
"""

from uuid import UUID

import uuid_utils.compat as uuids
from sqlalchemy import Connection

from contract.explanation import Explanation
from contract.gateway import USAGE
from contract.run import Status
from storage.sql import sql
from storage.visibility import Viewer, readable

MOST = 20  # of one run that are read


def insert_explanation(conn: Connection, run_id: UUID, text_run_id: UUID, user_id: int) -> UUID:
    """Store that a run of a text model explains another, and return the explanation's id."""
    new_id: UUID = uuids.uuid7()
    statement = sql(
        "insert into explanations (id, run_id, text_run_id, user_id) values (:id, :run, :text_run, :user) "
        "on conflict on constraint explanations_text_run do nothing"
    )
    conn.execute(statement, {"id": new_id, "run": run_id, "text_run": text_run_id, "user": user_id})
    return new_id


def list_explanations(conn: Connection, run_id: UUID, *, viewer: Viewer | None = None) -> list[Explanation]:
    """Return a run's explanations, the newest first, those that are being written among them; for who may read it."""
    condition, values = readable(viewer)
    statement = sql(f"""
        select e.id, e.text_run_id, u.name, e.created_at, t.status, t.reason, t.inputs->>'model' as asked,
               coalesce(s.doc, p.shown) as shown
        from explanations e
        join runs r on r.id = e.run_id
        join runs t on t.id = e.text_run_id
        join users u on u.id = e.user_id
        left join results s on s.run_id = coalesce(t.reused_from, t.id)
        left join run_partials p on p.run_id = t.id
        where e.run_id = :run and {condition}
        order by e.id desc limit {MOST}""")  # noqa: S608 - words of our own
    found = []
    for row in conn.execute(statement, {**values, "run": run_id}):
        shown = row.shown if isinstance(row.shown, dict) else {}
        usage = shown.get(USAGE)
        model = usage.get("model") if isinstance(usage, dict) else None
        text = shown.get("notes")
        found.append(
            Explanation(
                row.id,
                row.text_run_id,
                row.name,
                row.created_at,
                str(model or row.asked or ""),
                Status(row.status),
                text if isinstance(text, str) else "",
                row.reason,
            )
        )
    return found
