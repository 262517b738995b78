"""Deaths and exposures as a grid of ages and years, from rows in any order.

Chosen: every problem is named with its cell, at most twenty of them.
Left out: smoothing and filling of gaps; complete the data instead.
"""

from dataclasses import dataclass

import numpy as np

MOST_PROBLEMS = 20


@dataclass(frozen=True)
class Grid:
    """Deaths and central exposures, each of shape (ages, years); ages and years in order, without gaps."""

    ages: np.ndarray
    years: np.ndarray
    deaths: np.ndarray
    exposure: np.ndarray


def read(rows, ages, years):
    """Return the grid of `rows` within the bounds.

    Args:
        rows: {"age", "year", "deaths", "exposure"} each, in any order.
        ages: first and last age to use, in years.
        years: first and last calendar year to use.

    Raises:
        ValueError: cells are missing, duplicated or hold no exposure, or there is too little to fit.
    """
    table = np.array([[r["age"], r["year"], r["deaths"], r["exposure"]] for r in rows], dtype=float)
    table = table.reshape(-1, 4)
    kept = (table[:, 0] >= ages[0]) & (table[:, 0] <= ages[1])
    kept &= (table[:, 1] >= years[0]) & (table[:, 1] <= years[1])
    table = table[kept]
    if len(table) == 0:
        raise ValueError(
            "inputs.data: no row lies within the ages and years to use. Widen ages or years, or paste data."
        )
    found_ages, found_years = (np.arange(int(c.min()), int(c.max()) + 1) for c in (table[:, 0], table[:, 1]))
    if len(found_ages) < 3 or len(found_years) < 4:
        raise ValueError(
            f"inputs.data: {len(found_ages)} ages and {len(found_years)} years are too few to fit a trend. "
            "Use at least 3 ages and 4 years."
        )
    i = (table[:, 0] - found_ages[0]).astype(int)
    j = (table[:, 1] - found_years[0]).astype(int)
    seen = np.zeros((len(found_ages), len(found_years)), dtype=int)
    np.add.at(seen, (i, j), 1)
    deaths, exposure = (np.zeros(seen.shape) for _ in range(2))
    deaths[i, j], exposure[i, j] = table[:, 2], table[:, 3]
    problems = []
    for wrong, words in (
        (seen == 0, "is missing. Give every age in every year"),
        (seen > 1, "is duplicated. Give each cell once"),
        ((seen == 1) & (exposure <= 0), "has no exposure. Give a number above 0"),
    ):
        problems += [f"inputs.data: age {found_ages[a]} in {found_years[b]} {words}." for a, b in np.argwhere(wrong)]
    if not problems:
        bare = np.flatnonzero(deaths.sum(axis=1) == 0)
        problems += [f"inputs.data: nobody dies at age {found_ages[a]} in any year. Leave that age out." for a in bare]
        bare = np.flatnonzero(deaths.sum(axis=0) == 0)
        problems += [f"inputs.data: nobody dies in {found_years[b]} at any age. Leave that year out." for b in bare]
    if problems:
        more = len(problems) - MOST_PROBLEMS
        tail = [f"And {more} more cells."] if more > 0 else []
        raise ValueError("\n".join(problems[:MOST_PROBLEMS] + tail))
    return Grid(found_ages, found_years, deaths, exposure)


def weights(grid, clip):
    """Return 1 for cells to fit and 0 for the first and last `clip` cohorts, shape (ages, years)."""
    cohort = grid.years[None, :] - grid.ages[:, None]
    first, last = cohort.min(), cohort.max()
    return ((cohort >= first + clip) & (cohort <= last - clip)).astype(float)
