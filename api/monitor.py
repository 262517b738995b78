"""How the installation does: health for machines, figures for people.

Chosen: a health check touches the database; the queue's counts cost next to nothing, so that pages may ask often.
Left out: metrics for collectors.
"""

from typing import Annotated

from fastapi import APIRouter, Query

from api.auth import CurrentActor
from api.schemas import GatewayBody, Health, QueueCounts, RunSummary, StatsBody, WorkerBody
from contract.run import Status
from contract.run_search import Filter
from engine.gateway.spending import gateway_spending
from engine.processes import context as contexts
from engine.processes import status
from engine.runs.search import search_runs

router = APIRouter(tags=["monitor"])

MOST_RUNS = 500  # a larger `limit` gives this many


@router.get("/health")
def health(actor: CurrentActor) -> Health:
    """Say whether database and workers answer. 503 where the database does not."""
    alive = status.list_workers(contexts.current(), actor=actor)
    return Health(
        status="ok" if alive else "no workers",
        database="ok",
        workers=len(alive),
        tiers=sorted({w.tier for w in alive}),
    )


@router.get("/workers")
def list_workers(actor: CurrentActor) -> list[WorkerBody]:
    """List the workers that have been heard of lately, on any host."""
    return [WorkerBody.of(worker) for worker in status.list_workers(contexts.current(), actor=actor)]


@router.get("/monitor/stats")
def stats(actor: CurrentActor) -> StatsBody:
    """Return totals by model, success rate, durations and runs per day."""
    return StatsBody.model_validate(status.usage_stats(contexts.current(), actor=actor))


@router.get("/monitor/gateway")
def gateway(actor: CurrentActor) -> GatewayBody:
    """Return what was spent at the AI gateway: an administrator sees everybody's, others their own."""
    return GatewayBody.of(gateway_spending(contexts.current(), actor=actor))


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
