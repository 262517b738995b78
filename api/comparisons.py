"""Comparisons over HTTP: runs side by side against a baseline.

Chosen: one answer with inputs, figures and how the tables differ; series are named, because a caller has them with the
runs. A table's cells are an answer of their own.
Left out: charts, which are the page's.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.auth import CurrentActor
from api.schemas import ComparisonBody, TableDifferenceBody
from contract.errors import AnalysisError, NotFoundError
from contract.problems import Problem
from engine.analysis.compare import compare_runs, compare_table
from engine.processes import context as contexts

router = APIRouter(tags=["analysis"])

Runs = Annotated[str, Query(description="ids of 2 to 50 runs, separated by commas", max_length=3_000)]


@router.get("/compare")
def compare(runs: Runs, actor: CurrentActor, baseline: UUID | None = None) -> ComparisonBody:
    """Compare runs with a baseline: one of them, the model's pinned one where it is among them, or the first."""
    return ComparisonBody.of(compare_runs(contexts.current(), run_ids(runs), baseline, actor=actor))


@router.get("/compare/table")
def compare_one_table(
    before: UUID, now: UUID, actor: CurrentActor, name: Annotated[str, Query(max_length=1_000)] = "Table"
) -> TableDifferenceBody:
    """Compare a table of two runs cell by cell, up to 2,000 rows."""
    context = contexts.current()
    found = compare_runs(context, [before, now], before, actor=actor)
    difference = compare_table(context, found, 1, name, actor=actor)
    if difference is None:
        names = ", ".join(found.table_names[:20]) or "none"
        problem = Problem("name", f"one of the runs has no table {name[:100]!r}", f"There are: {names}.")
        raise NotFoundError([problem])
    return TableDifferenceBody.of(difference)


def run_ids(text: str) -> list[UUID]:
    """Return the ids in a text with commas between them.

    Raises:
        AnalysisError: with every one that is none.
    """
    found, problems = [], []
    for one in filter(None, (part.strip() for part in text.split(","))):
        try:
            found.append(UUID(one))
        except ValueError:
            problems.append(Problem("runs", f"{one[:80]!r} is not a valid id", "Take the ids from the list of runs."))
    if problems:
        raise AnalysisError(problems)
    return found
