"""Read the audit log, and verify that nobody has changed it.

Left out: writing it, which each verb does in its own transaction (`storage.audit.append`).
"""

from collections.abc import Sequence

from contract.actor import Actor
from contract.audit import AuditRow, Verification
from engine.authorization import Action, require
from engine.processes.context import AppContext
from storage import audit


def list_audit_rows(
    context: AppContext,
    *,
    actor: Actor,
    before: int | None = None,
    limit: int = 50,
    by: str | None = None,
    action: str | None = None,
) -> Sequence[AuditRow]:
    """Return rows of the log, the newest first: below the number `before`, of one person or kind of action if given."""
    require(actor, Action.READ_AUDIT_LOG)
    with context.database.read() as conn:
        return audit.list_rows(conn, before=before, limit=limit, actor=by, action=action)


def verify_audit_log(context: AppContext, *, actor: Actor, expected: str | None = None) -> Verification:
    """Recompute the log's hashes; `expected` is the last hash of an earlier verification, if one was kept."""
    require(actor, Action.READ_AUDIT_LOG)
    with context.database.read() as conn:
        return audit.verify(conn, expected=expected)
