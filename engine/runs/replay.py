"""Replay a run: compute it again on its own version, inputs and seed, and say whether the result is identical.

Chosen: the replay is an ordinary run, made anew even where a result is stored, so that it has a link and a place in the
history; comparing is a verb of its own and takes any two runs that have ended with a result.
Left out: other versions of a model, which are compared figure by figure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contract.actor import Actor
from contract.errors import NotReadyError
from contract.problems import Problem
from contract.result import PART
from contract.run import LinkKind, Run, Status
from engine.authorization import Action, require
from engine.export.rerun import differences
from engine.processes.context import AppContext
from engine.runs.export import read_columns
from engine.runs.follow import Snapshot, snapshot
from engine.runs.submit import submit


@dataclass(frozen=True, slots=True)
class Difference:
    """The first value in which two results differ: where it is, such as `result.summary.Total`, and both values."""

    where: str
    was: Any
    found: Any


def replay(context: AppContext, run_id: UUID, *, actor: Actor) -> Run:
    """Compute a successful run again, and return the new run.

    Raises:
        NotFoundError: there is no such run.
        NotReadyError: it has no result to compare with.
    """
    require(actor, Action.RUN_MODELS)
    original = _with_result(context, run_id, actor).run
    return submit(
        context,
        original.app_id,
        original.inputs,
        actor=actor,
        version=original.version,
        fresh=True,
        source=original.id,
        seed=original.seed,
        visibility=original.visibility,
        origin=(LinkKind.REPLAY, original.id),
    )


def first_difference(context: AppContext, run_id: UUID, other_id: UUID, *, actor: Actor) -> Difference | None:
    """Return the first value of the other run's result that differs from the first run's, None where all are equal.

    Raises:
        NotFoundError: one of them does not exist.
        NotReadyError: one of them has no result.
    """
    require(actor, Action.READ_RUNS)
    one, other = _with_result(context, run_id, actor), _with_result(context, other_id, actor)
    found = next(iter(differences(_whole(context, one, actor), _whole(context, other, actor), {}, 0.0)), None)
    return None if found is None else Difference(*found)


def _with_result(context: AppContext, run_id: UUID, actor: Actor) -> Snapshot:
    now = snapshot(context, run_id, actor=actor)
    if now.run.status is not Status.SUCCESS:
        problem = Problem("run", f"run {run_id} has no result to compare with", "Choose a run that succeeded.")
        raise NotReadyError([problem])
    return now


def _whole(context: AppContext, now: Snapshot, actor: Actor) -> Any:
    """Return the result's document with its large tables in place, as columns."""

    def fill(node: Any) -> Any:
        if isinstance(node, Mapping) and PART in node:
            rest = {k: v for k, v in node.items() if k not in {PART, "rows", "columns", "head"}}
            return {**rest, **read_columns(context, now.run.id, node[PART], actor=actor)}
        if isinstance(node, Mapping):
            return {k: fill(v) for k, v in node.items()}
        return [fill(v) for v in node] if isinstance(node, list) else node

    return fill(now.shown)
