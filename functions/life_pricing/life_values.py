"""Expected present values on one life: annuities, insurances and their moments, by number of years.

Chosen: everything is a sum over policy years of (discounted survival) x (value within the year), so that payments
m times a year, deaths paid at once and both fractional-age assumptions are one factor a year, exactly.
Left out: two lives, and interest that varies.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Basis:
    """Interest, and what is assumed within a year.

    Attributes:
        interest: effective yearly rate, as a fraction.
        fraction: "udd" (deaths spread evenly over the year) or "constant_force".
    """

    interest: float
    fraction: str

    @property
    def v(self):
        """The value at the start of a year of 1 at its end."""
        return 1 / (1 + self.interest)

    def squared(self):
        """Return the basis at twice the force of interest: it gives second moments."""
        return Basis((1 + self.interest) ** 2 - 1, self.fraction)


def survival(q):
    """Return tpx for t = 0 to n, shape (n + 1,), from q of shape (n,)."""
    return np.concatenate(([1.0], np.cumprod(1 - q)))


def within_year(q, at, fraction):
    """Return the probability of being alive at part `at` (0 to 1) of each year, shape (n,).

    UDD: 1 - s q. Constant force: (1 - q)^s, except that a year that nobody survives is always spread evenly.

    Source: AMLCR 3rd ed., section 3.3.
    """
    even = 1 - at * q
    return even if fraction == "udd" else np.where(q < 1, (1 - q) ** at, even)


def annuity_factors(q, basis, m):
    """Return the value at each year's start of 1 a year paid in m parts in advance during that year, shape (n,).

    Source: AMLCR 3rd ed., section 5.6; under UDD the sum equals alpha(m) and beta(m)'s formula.
    """
    parts = np.arange(m) / m
    return sum(basis.v**s * within_year(q, s, basis.fraction) for s in parts) / m


def death_factors(q, basis, timing, m=1):
    """Return the value at each year's start of 1 paid on death in that year, shape (n,).

    Args:
        q: one-year probabilities of death, shape (n,).
        basis: interest and fractional-age assumption.
        timing: "year_end", "part_end" (end of the m-th part of the year) or "at_once".
        m: parts of a year for "part_end".

    Source: AMLCR 3rd ed., sections 4.4 and 4.5: UDD gives i/delta and i/i(m) times the year-end value.
    """
    v = basis.v
    if timing == "year_end":
        return v * q
    if timing == "part_end":
        edges = [within_year(q, k / m, basis.fraction) for k in range(m + 1)]
        return sum(v ** ((k + 1) / m) * (edges[k] - edges[k + 1]) for k in range(m))
    force = np.log1p(basis.interest)
    spread = q * ((1 - v) / force if force else 1.0)
    if basis.fraction == "udd":
        return spread
    mu = -np.log1p(-np.where(q < 1, q, 0.0))
    total = mu + force
    exact = mu * np.divide(1 - v * (1 - q), total, out=np.zeros_like(q), where=total > 0)
    return np.where(q < 1, exact, spread)


def discounted_survival(q, basis):
    """Return v^t tpx for t = 0 to n, shape (n + 1,): the pure endowments of 1."""
    return survival(q) * basis.v ** np.arange(len(q) + 1)


def from_each(start_values, discount):
    """Return, at each t, the expected present value there of everything from t on, given survival to t.

    Args:
        start_values: the value at each year's start of that year's payments, shape (n,).
        discount: v^t tpx, shape (n + 1,).

    Returns:
        Shape (n + 1,): the last is 0. Years that nobody reaches give 0.
    """
    ahead = np.append(np.cumsum((start_values * discount[:-1])[::-1])[::-1], 0.0)
    return np.divide(ahead, discount, out=np.zeros_like(ahead), where=discount > 0)


def functions(q, basis, timing, m):
    """Return the usual actuarial functions for n = 1 to the end of the table, per unit of benefit.

    Returns:
        {name: shape (n,)}: `pure_endowment` nEx, `annuity_due`, `annuity_due_m`, `term_insurance`,
        `second_moment` (term insurance at twice the force), `variance` (of the term insurance's present value),
        `endowment` and `increasing` (I A, payable 1, 2, 3, ...).

    Source: Bowers et al. (1997), chapters 4 and 5; AMLCR 3rd ed., chapters 4 and 5.
    """
    discount = discounted_survival(q, basis)
    deaths = death_factors(q, basis, timing, m) * discount[:-1]
    double = basis.squared()
    second = np.cumsum(death_factors(q, double, timing, m) * discounted_survival(q, double)[:-1])
    term = np.cumsum(deaths)
    years = np.arange(1, len(q) + 1)
    return {
        "pure_endowment": discount[1:],
        "annuity_due": np.cumsum(discount[:-1]),
        "annuity_due_m": np.cumsum(annuity_factors(q, basis, m) * discount[:-1]),
        "term_insurance": term,
        "second_moment": second,
        "variance": np.maximum(second - term**2, 0.0),
        "endowment": term + discount[1:],
        "increasing": np.cumsum(years * deaths),
    }
