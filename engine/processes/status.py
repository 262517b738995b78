"""How the installation does: its workers, its queue, its figures.

Left out: telemetry, which goes to a collector (`engine.observability`).
"""

from typing import Any

from contract.actor import Actor
from contract.worker import WorkerInfo
from engine.authorization import Action, require
from engine.processes.context import AppContext
from engine.runs.visibility import viewer_of
from storage import fair_queue, search, workers


def list_workers(context: AppContext, *, actor: Actor) -> list[WorkerInfo]:
    """Return the workers heard of lately, on any host, by name."""
    require(actor, Action.READ_STATUS)
    with context.database.read() as conn:
        return workers.list_alive(conn, silence=context.limits.worker_timeout)


def queue_counts(context: AppContext, *, actor: Actor) -> tuple[int, int]:
    """Return how many runs are queued and how many are running."""
    require(actor, Action.READ_STATUS)
    with context.database.read() as conn:
        return fair_queue.queue_counts(conn)


def usage_stats(context: AppContext, *, actor: Actor) -> dict[str, Any]:
    """Return totals of the runs that the actor may read, by model and day (see `storage.search.usage_stats`).

    Raises:
        SearchTooSlow: it takes too long.
    """
    require(actor, Action.READ_STATUS)
    viewer = viewer_of(context, actor=actor)
    with context.database.read() as conn:
        return search.usage_stats(conn, viewer=viewer)
