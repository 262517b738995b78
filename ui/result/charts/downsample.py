"""Fewer points of a long series, chosen on the server so that what is seen stays what is there.

Chosen: MinMaxLTTB (Van Der Donckt et al. 2023, arXiv:2305.00332) beyond 5,000 points, to 2,000: a browser draws a
million points in most of a minute and these at once, with every peak still in place. Gaps stay gaps.
Left out: new points on zooming in; the CSV holds them all.
"""

from collections.abc import Sequence
from typing import Any

LIMIT = 5_000
POINTS = 2_000


def downsample(x: Sequence[Any], y: Sequence[Any]) -> list[int | None] | None:
    """Return the places of the points to draw, None between two with a gap between them; None for all.

    Args:
        x: ascending numbers, or anything else, which is then taken as evenly spaced.
        y: numbers and None, as many as `x`.
    """
    if len(y) <= LIMIT:
        return None
    import numpy as np
    from tsdownsample import MinMaxLTTBDownsampler

    heights = np.array([np.nan if v is None else v for v in y], dtype=float)
    given = np.flatnonzero(np.isfinite(heights))
    if len(given) <= POINTS:
        places = given
    else:
        widths = _is_ascending(x, given)
        values = np.ascontiguousarray(heights[given])
        sampler = MinMaxLTTBDownsampler()
        chosen = (
            sampler.downsample(values, n_out=POINTS)
            if widths is None
            else sampler.downsample(widths, values, n_out=POINTS)
        )
        places = given[chosen.astype(np.int64)]
    missing = np.cumsum(~np.isfinite(heights))
    found: list[int | None] = []
    for before, place in zip([None, *places.tolist()], places.tolist(), strict=False):
        if before is not None and missing[place] != missing[before]:
            found.append(None)
        found.append(place)
    return found


def take_values(values: Sequence[Any], places: Sequence[int | None] | None, gap: Any = None) -> list[Any]:
    """Return the values at `places`, all of them where it is None."""
    if places is None:
        return list(values)
    return [gap if place is None else values[place] for place in places]


def _is_ascending(x: Sequence[Any], given: Any) -> Any:
    import numpy as np

    try:
        widths = np.asarray(x, dtype=float)[given]
    except (TypeError, ValueError):
        return None
    if not np.isfinite(widths).all() or (np.diff(widths) < 0).any():
        return None
    return np.ascontiguousarray(widths)
