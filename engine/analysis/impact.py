"""What an upgrade changes: each replayed run beside its original, and how the differences of a figure are spread.

Chosen: two results are identical where every value is, whatever the figure that is looked at. Of a figure, a difference
of a billionth of its value is told apart as rounding: reordered sums make it. Runs stand with the largest difference
first, those without a result before them.
Left out: why figures differ; a comparison or an analysis of change of two runs says that.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

import numpy as np

from contract.actor import Actor
from contract.errors import NotFoundError
from contract.problems import Problem
from contract.result import Chart
from contract.run import Status
from contract.run_group import GroupKind, GroupPoint, RunGroup
from engine.analysis.figures import figure_of
from engine.analysis.groups import find_group, list_points
from engine.authorization import Action, require
from engine.processes.context import AppContext
from engine.runs.replay import first_difference
from engine.runs.visibility import viewer_of
from storage import replayed_runs, summaries

ROUNDING = 1e-9  # of the larger figure; below it a difference is one of rounding
SHARES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
MOST_BARS = 40


class Outcome(StrEnum):
    """What a run's replay gave; a hidden one's original is not for the reader any more."""

    WAITING = "waiting"
    IDENTICAL = "identical"
    DIFFERENT = "different"
    FAILED = "failed"
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True)
class Replayed:
    """A run and its replay, with a figure of both where they have it."""

    number: int
    run_id: UUID
    version: str
    replay_id: UUID | None
    outcome: Outcome
    reason: str | None = None
    before: float | None = None
    after: float | None = None

    @property
    def difference(self) -> float | None:
        """The replay's figure less the run's; None where one of them is missing."""
        return None if self.before is None or self.after is None else self.after - self.before

    @property
    def relative(self) -> float | None:
        """The difference as a share of the run's figure; None where that is zero."""
        change = self.difference
        return change / abs(self.before) if change is not None and self.before else None

    @property
    def is_rounding(self) -> bool:
        """Whether the figures differ, and by rounding alone."""
        change = self.difference
        if not change or self.before is None or self.after is None:
            return False
        return abs(change) <= ROUNDING * max(abs(self.before), abs(self.after))


@dataclass(frozen=True, slots=True)
class Quantile:
    """A quantile of the differences and one of the relative differences, which need not be of the same run."""

    share: float
    difference: float
    relative: float | None


@dataclass(frozen=True, slots=True)
class Impact:
    """The replays of an upgrade, worst first, with how many of each outcome there are.

    Of the figure `equal` are exactly so, `rounded` but for rounding, `changed` differ and `missing` have it in one
    result only or in none; all four count replays that have ended with a result. `quantiles` are over these but the
    missing ones.
    """

    replays: tuple[Replayed, ...]
    outcomes: dict[Outcome, int]
    equal: int
    rounded: int
    changed: int
    missing: int
    quantiles: tuple[Quantile, ...]


def original_points(
    context: AppContext, group: RunGroup, points: Sequence[GroupPoint], *, actor: Actor
) -> list[GroupPoint]:
    """Return the runs that the points replay, in the points' order, each with the figures of its result."""
    require(actor, Action.READ_RUNS)
    ids = [UUID(one) for one in group.definition["runs"]]
    with context.database.read() as conn:
        found = summaries.read_summaries(conn, ids, viewer=viewer_of(context, actor=actor))
    versions = group.definition["versions"]
    return [
        GroupPoint(p.number, versions[p.number], {}, ids[p.number], summary=found.get(ids[p.number], {}))
        for p in points
    ]


def measure_impact(
    context: AppContext, group: RunGroup, points: Sequence[GroupPoint], label: str, *, actor: Actor
) -> Impact:
    """Return what an upgrade changes, as far as it has come.

    Args:
        context: the process's application context.
        group: the upgrade.
        points: its points, in their order.
        label: the figure to look at; one that no result has counts as missing.
        actor: who asks.
    """
    require(actor, Action.READ_RUNS)
    originals = original_points(context, group, points, actor=actor)
    same = _compare(context, [(o.run_id, p.run_id) for o, p in zip(originals, points, strict=True) if _has_result(p)],
                    actor=actor)  # fmt: skip
    replays = []
    for original, point in zip(originals, points, strict=True):
        assert original.run_id is not None
        outcome, reason = _outcome(point, same.get((original.run_id, point.run_id)))
        hidden = outcome is Outcome.HIDDEN
        replays.append(
            Replayed(
                point.number,
                original.run_id,
                original.version,
                point.run_id,
                outcome,
                reason,
                None if hidden else figure_of(original.summary, label),
                figure_of(point.summary, label),
            )
        )
    ended = [r for r in replays if r.outcome in {Outcome.IDENTICAL, Outcome.DIFFERENT}]
    known = [r for r in ended if r.difference is not None]
    outcomes = Counter(r.outcome for r in replays)
    equal = sum(r.difference == 0 for r in known)
    rounded = sum(r.is_rounding for r in known)
    return Impact(
        tuple(sorted(replays, key=_worst_first)),
        {outcome: outcomes[outcome] for outcome in Outcome},
        equal,
        rounded,
        len(known) - equal - rounded,
        len(ended) - len(known),
        tuple(_quantiles(known)),
    )


def read_impact(context: AppContext, group_id: UUID, label: str, *, actor: Actor) -> Impact:
    """Return what an upgrade changes of one figure, as far as it has come.

    Raises:
        NotFoundError: there is no such upgrade impact.
    """
    require(actor, Action.READ_RUNS)
    group = find_group(context, group_id, actor=actor)
    if group.kind is not GroupKind.UPGRADE:
        raise NotFoundError([Problem("group", f"{group_id} is a {group.kind}", "Name an upgrade impact.")])
    return measure_impact(context, group, list_points(context, group_id, actor=actor), label, actor=actor)


def impact_histogram(impact: Impact, title: str, unit: str | None, *, relative: bool) -> Chart | None:
    """Return how the differences are spread, in the figure's unit or in percent; None where nothing differs."""
    values = [_value(r, relative=relative) for r in impact.replays if r.outcome is not Outcome.HIDDEN]
    given = [v for v in values if v is not None and math.isfinite(v)]
    if not given or not 0 < max(given) - min(given) < math.inf:
        return None
    edges, counts = _bars(given)
    name = f"Difference of {title}" if not relative else f"Difference of {title}, percent"
    data = {"edges": edges, "counts": counts, "markers": [{"label": "Median", "x": float(np.median(given))}]}
    return Chart("histogram", f"{title}: differences", data, x_label=name, y_label="Runs",
                 unit="%" if relative else unit)  # fmt: skip


def _value(replay: Replayed, *, relative: bool) -> float | None:
    if not relative:
        return replay.difference
    return None if replay.relative is None else 100 * replay.relative


def _has_result(point: GroupPoint) -> bool:
    return point.status is Status.SUCCESS and point.run_id is not None


def _compare(context: AppContext, pairs: Sequence[tuple[Any, Any]], *, actor: Actor) -> dict[tuple[Any, Any], bool]:
    """Return by pair of runs whether the results are equal; rows that were stored otherwise are compared one by one."""
    with context.database.read() as conn:
        found = replayed_runs.compare_results(conn, pairs, viewer=viewer_of(context, actor=actor))
    return {
        pair: first_difference(context, *pair, actor=actor) is None if equal is None else equal
        for pair, equal in found.items()
    }


def _outcome(point: GroupPoint, same: bool | None) -> tuple[Outcome, str | None]:
    if point.status is None or not point.status.final:
        return Outcome.WAITING, None
    if point.status is not Status.SUCCESS:
        return Outcome.FAILED, point.reason or str(point.status)
    if same is None:
        return Outcome.HIDDEN, None
    return (Outcome.IDENTICAL if same else Outcome.DIFFERENT), None


def _worst_first(replay: Replayed) -> tuple[int, float, int]:
    if replay.outcome is Outcome.FAILED:
        return 0, 0.0, replay.number
    change = replay.difference
    if change is None:
        return (1 if replay.outcome in {Outcome.DIFFERENT, Outcome.IDENTICAL} else 4), 0.0, replay.number
    size = abs(replay.relative) if replay.relative is not None else (math.inf if change else 0.0)
    return (3 if replay.outcome is Outcome.IDENTICAL else 2), -size, replay.number


def _quantiles(replays: Sequence[Replayed]) -> list[Quantile]:
    changes = [r.difference for r in replays if r.difference is not None]
    shares = [r.relative for r in replays if r.relative is not None]
    if not changes:
        return []
    with np.errstate(invalid="ignore"):  # a difference beyond the largest float
        of_changes = np.quantile(changes, SHARES).tolist()
        of_shares = np.quantile(shares, SHARES).tolist() if shares else [None] * len(SHARES)
    return [Quantile(*one) for one in zip(SHARES, of_changes, of_shares, strict=True)]


def _bars(values: Sequence[float]) -> tuple[list[float], list[int]]:
    """Return edges and counts of equally wide bars, about the square root of the values of them (Sturges at least)."""
    low, high = min(values), max(values)
    bars = min(MOST_BARS, max(math.ceil(math.log2(len(values))) + 1, round(math.sqrt(len(values)))))
    if low + (high - low) / bars == low or high - (high - low) / bars == high:  # so near that edges would fall together
        bars = 1
    counts, edges = np.histogram(values, bars, (low, high))
    return edges.tolist(), counts.tolist()
