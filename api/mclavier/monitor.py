"""The MCLAVIER Marketplace's monitor: figures, live runs, runs per day."""

from fastapi import APIRouter

from api.auth import CurrentActor
from api.mclavier.schemas import AppStats, Day, History, Live, LiveRun, Stats, shown_status, times
from contract.run import Status
from contract.run_search import Filter
from engine.processes import context as contexts
from engine.processes import status
from engine.runs.search import search_runs

router = APIRouter(tags=["monitor"])

MAX_LIVE = 500


@router.get("/health")
def health(actor: CurrentActor) -> dict[str, str]:
    """Say that the server and its database answer."""
    status.list_workers(contexts.current(), actor=actor)
    return {"status": "ok"}


@router.get("/monitor/stats")
def stats(actor: CurrentActor) -> Stats:
    """Return figures of all runs and of each model."""
    found = status.usage_stats(contexts.current(), actor=actor)
    return Stats(
        total_runs=found["total"],
        success_rate=_percent(found["by_status"].get("SUCCESS", 0), found["total"]),
        avg_duration_seconds=_seconds(found["mean_seconds"]),
        runs_today=found["today"],
        per_app=[
            AppStats(
                app_name=model["app_name"],
                total=model["runs"],
                success_rate=_percent(model["successes"], model["runs"]),
                avg_duration=_seconds(model["mean"]),
                last_run=model["last_run_at"],
            )
            for model in found["by_model"]
        ],
    )


@router.get("/monitor/live")
def live(actor: CurrentActor) -> Live:
    """Return the runs that wait or run, the oldest first."""
    wanted = Filter(statuses=(Status.PENDING, Status.RUNNING))
    page = search_runs(contexts.current(), wanted, actor=actor, limit=MAX_LIVE)
    return Live(
        live=[
            LiveRun(
                run_id=str(run.id), started_at=times(run)[0], app_name=run.app_name, status=shown_status(run.status)
            )
            for run in reversed(page.runs)
        ]
    )


@router.get("/monitor/history")
def history(actor: CurrentActor) -> History:
    """Return the runs per day of the last thirty days."""
    found = status.usage_stats(contexts.current(), actor=actor)
    return History(history=[Day(day=str(d["day"]), count=d["runs"]) for d in found["by_day"]])


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 1) if whole else 0.0


def _seconds(value: float | None) -> float:
    return round(value, 1) if value else 0.0
