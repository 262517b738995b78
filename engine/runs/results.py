"""What is stored beside a result's document: rows of its large tables, and the files the model made.

Left out: the document itself, which comes with the run's snapshot (`engine.runs.follow`), and whole tables as files
(`engine.runs.export`).
"""

from typing import TYPE_CHECKING
from uuid import UUID

from contract.actor import Actor
from engine.authorization import Action, require
from engine.processes.context import AppContext
from storage import results

if TYPE_CHECKING:
    import pyarrow as pa


def read_result_part(
    context: AppContext, run_id: UUID, name: str, offset: int = 0, limit: int | None = None, *, actor: Actor
) -> "pa.Table":
    """Return rows of a part of the run's result from `offset`, at most `limit` of them.

    Raises:
        LookupError: the result has no such part.
    """
    require(actor, Action.READ_RUNS)
    with context.database.read() as conn:
        return results.read_part(conn, run_id, name, offset, limit)


def read_result_file(context: AppContext, run_id: UUID, name: str, *, actor: Actor) -> bytes:
    """Return the content of a file the model made.

    Raises:
        LookupError: the result has no such file.
    """
    require(actor, Action.READ_RUNS)
    with context.database.read() as conn:
        return results.read_file(conn, run_id, name)
