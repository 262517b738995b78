"""How the installation does: health for machines, figures for people.

Chosen: the MCLAVIER Marketplace's three monitor routes beside a health check that touches the database.
Left out: metrics for collectors.
"""

from typing import Any

from fastapi import APIRouter

from api.schemas import RunSummary
from contract.run import Status
from engine.processes import context as contexts
from storage import workers
from storage.search import Filter, search_runs, usage_stats

router = APIRouter(tags=["monitor"])


@router.get("/health")
def health() -> dict[str, Any]:
    """Say whether database and workers answer. 503 where the database does not."""
    context = contexts.current()
    with context.database.read() as conn:
        alive = workers.list_alive(conn, silence=context.limits.worker_timeout)
    return {
        "status": "ok" if alive else "no workers",
        "database": "ok",
        "workers": len(alive),
        "tiers": sorted({w.tier for w in alive}),
    }


@router.get("/monitor/stats")
def stats() -> dict[str, Any]:
    """Return totals by model, success rate, durations and runs a day."""
    with contexts.current().database.read() as conn:
        return usage_stats(conn)


@router.get("/monitor/live")
def live() -> list[RunSummary]:
    """Return the runs that are waiting or going."""
    with contexts.current().database.read() as conn:
        page = search_runs(conn, Filter(statuses=(Status.PENDING, Status.RUNNING)), after=None, limit=200)
    return [RunSummary.of(run) for run in page.runs]


@router.get("/monitor/history")
def history(limit: int = 100) -> list[RunSummary]:
    """Return the newest runs."""
    with contexts.current().database.read() as conn:
        return [RunSummary.of(r) for r in search_runs(conn, Filter(), after=None, limit=min(limit, 500)).runs]
