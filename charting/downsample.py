"""Fewer points of a long series, chosen on the server so that what is seen stays what is there.

Chosen: MinMaxLTTB (Van Der Donckt et al. 2023, arXiv:2305.00332) beyond 5,000 points, to 2,000: a browser draws a
million points in most of a minute and these at once, with every peak still in place. Where a range of x is shown, its
points get the 2,000 and what lies beside it a few, so that moving on shows something at once. Gaps stay gaps.
Left out: who knows the range, which is the page.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

LIMIT = 5_000
POINTS = 2_000
BESIDE = 200  # points on each side of the range shown


@dataclass(frozen=True, slots=True)
class Detail:
    """How much of a series is drawn: `drawn` of the `given` points in the range shown, of `total` in all."""

    total: int = 0
    given: int = 0
    drawn: int = 0
    ranged: bool = False

    @property
    def note(self) -> str:
        """What the chart says of it; nothing where every point is drawn."""
        if not self.total:
            return ""
        if not self.ranged:
            return f"Drawn with about {POINTS:,} of {self.total:,} points: zoom in to see more; the CSV has them all."
        if self.drawn >= self.given:
            return f"In the range shown: all {self.given:,} points, of {self.total:,}."
        return (
            f"In the range shown: about {POINTS:,} of {self.given:,} points, of {self.total:,}; the CSV has them all."
        )


def downsample(
    x: Sequence[Any], y: Sequence[Any], shown: tuple[Any, Any] | None = None
) -> tuple[list[int | None] | None, Detail]:
    """Return the places of the points to draw, None between two with a gap between them, and how many they are.

    The places are None where all points are drawn.

    Args:
        x: ascending numbers or dates, or anything else, which is then taken as evenly spaced.
        y: numbers and None, as many as `x`.
        shown: the range of x in sight, in the words of its axis: numbers, dates, or places of names.
    """
    if len(y) <= LIMIT:
        return None, Detail()
    import numpy as np

    heights = np.array([np.nan if v is None else v for v in y], dtype=float)
    given = np.flatnonzero(np.isfinite(heights))
    widths = _is_ascending(x, given)
    span = _places_shown(x, given, widths, shown)
    if span is None:
        places = given[_choose(widths, heights[given], POINTS)]
        detail = Detail(len(y), len(given), len(places))
    else:
        inside = span[1] - span[0]
        # One point beyond each edge, so that the line reaches it.
        first, last = max(0, span[0] - 1), min(len(given), span[1] + 1)
        parts = [(slice(0, first), BESIDE), (slice(first, last), POINTS), (slice(last, None), BESIDE)]
        chosen = []
        for part, most in parts:
            own = given[part]
            limit = LIMIT if most == POINTS else most
            if len(own) > limit:
                own = own[_choose(None if widths is None else widths[part], heights[own], most)]
            chosen.append(own)
        places = np.concatenate(chosen)
        detail = Detail(len(y), inside, min(inside, len(chosen[1])), ranged=True)
    missing = np.cumsum(~np.isfinite(heights))
    found: list[int | None] = []
    for before, place in zip([None, *places.tolist()], places.tolist(), strict=False):
        if before is not None and missing[place] != missing[before]:
            found.append(None)
        found.append(place)
    return found, detail


def take_values(values: Sequence[Any], places: Sequence[int | None] | None, gap: Any = None) -> list[Any]:
    """Return the values at `places`, all of them where it is None."""
    if places is None:
        return list(values)
    return [gap if place is None else values[place] for place in places]


def _choose(widths: Any, heights: Any, most: int) -> Any:
    """Return the places of at most `most` points that show the line best."""
    import numpy as np
    from tsdownsample import MinMaxLTTBDownsampler

    if len(heights) <= most:
        return np.arange(len(heights))
    sampler = MinMaxLTTBDownsampler()
    values = np.ascontiguousarray(heights)
    if widths is None:
        return sampler.downsample(values, n_out=most).astype(np.int64)
    return sampler.downsample(np.ascontiguousarray(widths), values, n_out=most).astype(np.int64)


def _places_shown(x: Sequence[Any], given: Any, widths: Any, shown: tuple[Any, Any] | None) -> tuple[int, int] | None:
    """Return the first of the given points in the range and the first beyond it; None where that cannot be told."""
    import numpy as np

    if shown is None or not len(given):
        return None
    low, high = sorted(shown, key=str) if isinstance(shown[0], str) else sorted(shown)
    try:
        if widths is not None:
            ordered, edges = widths, np.array([low, high], dtype=float)
        elif isinstance(low, str):
            ordered, edges = _as_dates([x[i] for i in given]), _as_dates([low, high])
            if (np.diff(ordered).astype(int) < 0).any():
                return None
        else:
            ordered, edges = given, np.array([low, high], dtype=float)
    except (TypeError, ValueError):
        return None
    return int(np.searchsorted(ordered, edges[0])), int(np.searchsorted(ordered, edges[1], side="right"))


def _as_dates(values: Sequence[Any]) -> Any:
    import numpy as np

    return np.array([str(v)[:19].replace(" ", "T") for v in values], dtype="datetime64[s]")


def _is_ascending(x: Sequence[Any], given: Any) -> Any:
    import numpy as np

    try:
        widths = np.asarray(x, dtype=float)[given]
    except (TypeError, ValueError):
        return None
    if not np.isfinite(widths).all() or (np.diff(widths) < 0).any():
        return None
    return np.ascontiguousarray(widths)
