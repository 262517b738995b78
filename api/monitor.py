"""How the installation does: health for machines, figures for people.

Chosen: the MCLAVIER Marketplace's three monitor routes beside a health check that touches the database.
Left out: metrics for collectors.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel

from api.auth import CurrentActor
from api.schemas import RunSummary
from contract.run import Status
from contract.run_search import Filter
from engine.processes import context as contexts
from engine.processes import status
from engine.runs.search import search_runs

router = APIRouter(tags=["monitor"])

MOST_RUNS = 500  # a larger `limit` gives this many, as the MCLAVIER Marketplace's clients expect


@router.get("/health")
def health(actor: CurrentActor) -> dict[str, Any]:
    """Say whether database and workers answer. 503 where the database does not."""
    alive = status.list_workers(contexts.current(), actor=actor)
    return {
        "status": "ok" if alive else "no workers",
        "database": "ok",
        "workers": len(alive),
        "tiers": sorted({w.tier for w in alive}),
    }


@router.get("/monitor/stats")
def stats(actor: CurrentActor) -> dict[str, Any]:
    """Return totals by model, success rate, durations and runs per day."""
    return status.usage_stats(contexts.current(), actor=actor)


class QueueCounts(BaseModel):
    """How many runs wait for a worker, and how many a worker executes."""

    queued: int
    running: int


@router.get("/monitor/queue")
def queue(actor: CurrentActor) -> QueueCounts:
    """Return how many runs are queued and how many are running."""
    queued, running = status.queue_counts(contexts.current(), actor=actor)
    return QueueCounts(queued=queued, running=running)


@router.get("/monitor/live")
def live(actor: CurrentActor) -> list[RunSummary]:
    """Return the runs that are queued or running."""
    wanted = Filter(statuses=(Status.PENDING, Status.RUNNING))
    page = search_runs(contexts.current(), wanted, actor=actor, limit=200)
    return [RunSummary.of(run) for run in page.runs]


@router.get("/monitor/history")
def history(actor: CurrentActor, limit: Annotated[int, Query(ge=1)] = 100) -> list[RunSummary]:
    """Return the newest runs, at most 500."""
    page = search_runs(contexts.current(), Filter(), actor=actor, limit=min(limit, MOST_RUNS))
    return [RunSummary.of(run) for run in page.runs]
