"""Compute a run again over HTTP, and compare two results.

Left out: waiting, which is done by following the new run.
"""

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.auth import CurrentActor
from api.schemas import RunStatus
from engine.processes import context as contexts
from engine.runs.replay import first_difference, replay

router = APIRouter(tags=["runs"])
NO_RESULT: dict[int | str, dict[str, Any]] = {409: {"description": "a run has not ended with a result"}}


class ResultDifference(BaseModel):
    """Whether two results are equal in every value; where not, the first value that differs."""

    identical: bool
    where: str | None = Field(default=None, description="such as `result.summary.Total` or `result.table.paid[2]`")
    was: Any = None
    found: Any = None


@router.post("/runs/{run_id}/replay", responses=NO_RESULT)
def replay_run(run_id: UUID, actor: CurrentActor) -> RunStatus:
    """Compute a successful run again on its own version, inputs and seed; returns the new run."""
    run = replay(contexts.current(), run_id, actor=actor)
    return RunStatus(run_id=str(run.id), status=str(run.status), url=f"/run?id={run.id}")


@router.get("/runs/{run_id}/differences/{other_id}", responses=NO_RESULT)
def get_difference(run_id: UUID, other_id: UUID, actor: CurrentActor) -> ResultDifference:
    """Compare the results of two runs value by value, exactly."""
    found = first_difference(contexts.current(), run_id, other_id, actor=actor)
    if found is None:
        return ResultDifference(identical=True)
    return ResultDifference(identical=False, where=found.where, was=found.was, found=found.found)
