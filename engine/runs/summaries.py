"""Read the summary figures of a page of runs, for the history.

Chosen: all of the page at once.
Left out: which of the figures is shown.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from contract.actor import Actor
from contract.run import Run
from engine.authorization import Action, require
from engine.processes.context import AppContext
from engine.runs.visibility import viewer_of
from storage import summaries


def read_summaries(context: AppContext, found: Sequence[Run], *, actor: Actor) -> dict[UUID, Any]:
    """Return the summaries of these runs' results as stored, by run; runs without one are left out."""
    require(actor, Action.READ_RUNS)
    viewer = viewer_of(context, actor=actor)
    with context.database.read() as conn:
        return summaries.read_summaries(conn, [run.id for run in found], viewer=viewer)
