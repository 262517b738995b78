"""Find where a figure reaches a target, within bounds: on a line of real numbers, or on a grid of them.

Chosen: scipy's Algorithm 748 (Alefeld, Potra and Shi, 1995) on the line, bisection on a grid, where only its points may
be run. A pair of ends that does not enclose the target is searched for a pair that does. A jump past the target is told
from a root by the figure on its two sides.
Left out: how the figure is worked out; the caller does that, and remembers.
"""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from scipy.optimize import toms748  # type: ignore[import-untyped]

PROBES = 8  # parts that bounds without a change of sign are divided into
TOLERANCE = 1e-6  # of the target's size, or of the figure's range where the target is 0
JUMP = 1e-3  # of the figure's change between the bounds: a change that stays as the bracket closes is a jump
STEPS = 60


class Ending(StrEnum):
    """How a search ended."""

    REACHED = "reached"
    BETWEEN = "between"  # two neighbours of the grid enclose the target
    JUMP = "jump"  # the figure passes the target without taking it
    MISSED = "missed"  # it lies on one side of the target at every value tried
    NO_FIGURE = "no figure"


@dataclass(frozen=True, slots=True)
class Found:
    """How a search ended: the value nearest to the target with its figure, and the other side where there is one."""

    ending: Ending
    value: float | None = None
    figure: float | None = None
    other_value: float | None = None
    other_figure: float | None = None
    lowest: float | None = None
    highest: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON takes it."""
        return {**{name: getattr(self, name) for name in self.__slots__}, "ending": str(self.ending)}


class NoFigureError(Exception):
    """The figure could not be worked out at a value; the search ends."""


def find_root(
    figure: Callable[[float], float], target: float, low: float, high: float, *, step: float | None = None
) -> Found:
    """Search for a value from `low` to `high` at which the figure is `target`.

    Args:
        figure: the figure at a value; called at most about 70 times, at values within the bounds.
        target: what it is to be.
        low: the lower bound.
        high: the upper bound, above it.
        step: the distance of the values allowed, counted from `low`; None where every number between is.

    Raises:
        NoFigureError: raised by `figure`, and handed on.
    """
    seen: dict[float, float] = {}

    def miss(value: float) -> float:
        value = float(value)  # the solver hands over numpy numbers
        if value not in seen:
            seen[value] = figure(value)
        return seen[value] - target

    ends = (low, high) if step is None else (low, low + step * math.floor((high - low) / step + 1e-9))
    bracket = _bracket(miss, *ends, step)
    if bracket is None:
        return _nearest(Ending.MISSED, seen, target)
    low, high = bracket
    spread = abs(seen[low] - seen[high])
    near = TOLERANCE * (abs(target) or max(map(abs, seen.values())) or 1.0)
    if step is None:
        if miss(low) and miss(high):
            toms748(miss, low, high, xtol=1e-12 * max(abs(low), abs(high), 1e-300), rtol=1e-12, maxiter=STEPS)
    else:
        while high - low > 1.5 * step and miss(low) and miss(high):
            middle = low + step * round((high - low) / step / 2)
            low, high = (low, middle) if miss(low) * miss(middle) <= 0 else (middle, high)
    best = min(seen, key=lambda value: abs(seen[value] - target))
    if abs(seen[best] - target) <= near:
        return _nearest(Ending.REACHED, seen, target)
    if step is not None:
        return _sides(Ending.BETWEEN, seen, target)
    found = _sides(Ending.JUMP, seen, target)
    assert found.figure is not None
    left_over = abs(found.figure - (found.other_figure if found.other_figure is not None else found.figure))
    return found if left_over > JUMP * spread else _nearest(Ending.REACHED, seen, target)


def _bracket(miss: Callable[[float], float], low: float, high: float, step: float | None) -> tuple[float, float] | None:
    """Return two values between which the figure passes the target, the ends where they do."""
    first, last = miss(low), miss(high)
    if first * last <= 0:
        return low, high
    values = [low]
    for i in range(1, PROBES):
        value = low + (high - low) * i / PROBES
        if step is not None:
            value = low + step * round((value - low) / step)
        if value > values[-1] and value < high:
            values.append(value)
    values.append(high)
    for before, value in itertools.pairwise(values):
        if miss(before) * miss(value) <= 0:
            return before, value
    return None


def _nearest(ending: Ending, seen: dict[float, float], target: float) -> Found:
    best = min(seen, key=lambda value: abs(seen[value] - target))
    return Found(ending, best, seen[best], lowest=min(seen.values()), highest=max(seen.values()))


def _sides(ending: Ending, seen: dict[float, float], target: float) -> Found:
    """Return the two neighbours among the values seen that enclose the target, the nearer figure first."""
    ordered = sorted(seen)
    pairs = [(a, b) for a, b in itertools.pairwise(ordered) if (seen[a] - target) * (seen[b] - target) <= 0]
    a, b = min(pairs, key=lambda pair: pair[1] - pair[0])
    if abs(seen[b] - target) < abs(seen[a] - target):
        a, b = b, a
    return Found(ending, a, seen[a], b, seen[b], min(seen.values()), max(seen.values()))
