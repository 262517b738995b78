"""Years of events: simulated from an event loss table, or given as a year loss table; by year, and by time within it.

Chosen: blocks of years that fit a cache, each with its events in order of time.
Left out: dependence between years.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import binom

BLOCK_EVENTS = 500_000
MOST_EVENTS = 30_000_000
DAYS = 365


@dataclass(frozen=True)
class Block:
    """Some years' events in order.

    Attributes:
        years: number of years, those without an event included.
        first: the first year's number, from 0.
        year: of each event within the block, from 0, ascending, shape (n,).
        when: share of the year that has passed, 0 to 1, ascending within each year.
        which: row of the table that it comes from.
        loss: in currency.
    """

    years: int
    first: int
    year: np.ndarray
    when: np.ndarray
    which: np.ndarray
    loss: np.ndarray

    @property
    def before(self):
        """Whether an event is the first of its year, shape (n,)."""
        return np.diff(self.year, prepend=-1) > 0

    def within_year(self, amounts):
        """Return the sum of `amounts` of each year up to and with each event, shape (n,)."""
        total = np.cumsum(amounts)
        start = np.maximum.accumulate(np.where(self.before, np.arange(len(amounts)), 0))
        return total - (total[start] - amounts[start])

    def by_year(self, amounts):
        """Return the sum of `amounts` of each year, shape (years,)."""
        return np.bincount(self.year, weights=amounts, minlength=self.years)

    def largest(self, amounts):
        """Return the largest of `amounts`, 0 or more, of each year, shape (years,)."""
        found = np.zeros(self.years)
        np.maximum.at(found, self.year, amounts)
        return found


def simulated(losses, count, number, season, rng):
    """Simulate years block by block.

    Args:
        losses: the loss of an event, with `draw(number, rng)`.
        count: the number of events a year, with `mean` and `draw(number, rng)`.
        number: of years.
        season: first and last month in which events happen, 0 to 12.
        rng: a numpy generator.

    Yields:
        Block.
    """
    size = max(int(BLOCK_EVENTS / max(count.mean, 1)), 1)
    start, end = season[0] / 12, season[1] / 12
    for first in range(0, number, size):
        years = min(size, number - first)
        year = np.repeat(np.arange(years), count.draw(years, rng))
        which, loss = losses.draw(len(year), rng)
        # Sizes and times do not depend on each other, so that times alone are put in order.
        moment = np.sort(year + np.minimum(rng.random(len(year)), 1 - 1e-9)) - year
        yield Block(years, first, year, start + (end - start) * np.clip(moment, 0, 1), which, loss)


def given(rows, number):
    """Return the years of a typed year loss table as one block; events without a day come in the order of the rows.

    Raises:
        ValueError: a row is of a year beyond the number of years.
    """
    problems = [
        f"inputs.years[{i}].year: {row['year']} is beyond the number of years, {number:,}. Correct one of the two."
        for i, row in enumerate(rows)
        if row["year"] > number
    ]
    if problems:
        raise ValueError("\n".join(problems[:20]))
    year = np.array([row["year"] - 1 for row in rows], dtype=int)
    day = np.array([0 if row.get("day") is None else row["day"] for row in rows], dtype=float)
    loss = np.array([row["loss"] for row in rows], dtype=float)
    order = np.lexsort((day, year))
    return Block(number, 0, year[order], np.minimum(day[order] / DAYS, 1.0), order, loss[order])


def interval(ordered, level, confidence):
    """Return the ends of a confidence interval of a quantile from its order statistics.

    Args:
        ordered: a sample, ascending, shape (n,).
        level: of the quantile.
        confidence: probability that the interval holds it.

    Returns:
        (low, high); high is None where the sample is too small to bound it.

    Source: David and Nagaraja (2003), Order Statistics, 3rd ed., section 7.1.
    """
    n = len(ordered)
    low = int(binom.ppf((1 - confidence) / 2, n, level))
    high = int(binom.ppf((1 + confidence) / 2, n, level)) + 1
    return float(ordered[max(low - 1, 0)]) if low else 0.0, float(ordered[high - 1]) if high <= n else None
