"""The policies to project: the analyst's own rows or lifelib's sample, and the cells they fall into.

Chosen: policies of one age at entry, term and months in force share every rate, so the projection works on those
cells and money enters as weights. 100,000 new policies at 40 ages and 3 terms are 120 cells.
Left out: sex. The basic term table has none; give each sex its own run.
"""

from dataclasses import dataclass

import numpy as np

SAMPLE_POLICIES = 10_000
SAMPLE_SEED = 12345


@dataclass(frozen=True)
class Policies:
    """Policies by column, each of shape (n,).

    Attributes:
        age: age at entry in whole years.
        term: in years.
        months: in force so far.
        amount: sum assured, or income a year of an annuity.
        count: number of policies a row stands for.
        premium: given premium a month; NaN where the model sets it.
    """

    age: np.ndarray
    term: np.ndarray
    months: np.ndarray
    amount: np.ndarray
    count: np.ndarray
    premium: np.ndarray

    def __len__(self):
        """Return the number of rows."""
        return len(self.age)


@dataclass(frozen=True)
class Cells:
    """Distinct combinations of age, term and months, shape (c,), and the cell of each policy, shape (n,)."""

    age: np.ndarray
    term: np.ndarray
    months: np.ndarray
    of_policy: np.ndarray

    def totals(self, weights):
        """Return the sum of `weights` (n,) over the policies of each cell, shape (c,)."""
        return np.bincount(self.of_policy, weights=weights, minlength=len(self.age))


def choose(inputs):
    """Return the policies that the inputs ask for.

    Raises:
        ValueError: with every row that cannot be projected, at most 20 of them.
    """
    if inputs["portfolio"] == "lifelib":
        return sample(inputs["policies"])
    rows = inputs["points"]
    if not rows:
        raise ValueError("inputs.points: there is no policy. Paste at least one row or choose the sample portfolio.")

    def column(key, missing):
        found = np.array([row.get(key) for row in rows], dtype=float)  # an empty cell, None, becomes NaN
        found[np.isnan(found)] = missing
        return found

    policies = Policies(
        column("age", 0).astype(int),
        column("term", 0).astype(int),
        column("months", 0).astype(int),
        column("sum_assured", 0),
        column("policies", 1),
        column("premium", np.nan),
    )
    ended = np.flatnonzero(policies.months >= policies.term * 12)[:20]
    if len(ended):
        raise ValueError(
            "\n".join(
                f"inputs.points[{i}].months: {policies.months[i]} months in force are no less than the term of "
                f"{policies.term[i]} years. Give fewer months or leave the row out."
                for i in ended
            )
        )
    return policies


def sample(number):
    """Return the first `number` policies of lifelib's sample of 10,000, repeated in that order beyond.

    The sample is drawn anew from its published recipe: ages 20 to 59, sexes, terms of 10, 15 or 20 years and sums
    from 10,000 to 1,000,000 in thousands, in this order, from numpy's default generator seeded with 12345.

    Source: lifelib, library basiclife, generate_model_points (MIT licence).
    """
    rng = np.random.default_rng(SAMPLE_SEED)
    age = rng.integers(20, 60, SAMPLE_POLICIES)
    rng.integers(0, 2, SAMPLE_POLICIES)  # sexes: drawn for what follows to be the same, and not used
    term = 10 + 5 * rng.integers(0, 3, SAMPLE_POLICIES)
    amount = np.round(10_000 + 990_000 * rng.random(SAMPLE_POLICIES), -3)
    chosen = np.arange(number) % SAMPLE_POLICIES
    return Policies(
        age[chosen],
        term[chosen],
        np.zeros(number, dtype=int),
        amount[chosen],
        np.ones(number),
        np.full(number, np.nan),
    )


def cells(policies):
    """Return the cells of `policies`, ordered by term, then age, then months in force."""
    key = (policies.term * 200 + policies.age) * 2000 + policies.months
    found, of_policy = np.unique(key, return_inverse=True)
    return Cells(found // 2000 % 200, found // 400_000, found % 2000, of_policy)
