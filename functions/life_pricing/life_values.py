"""Expected present values on a status: annuities, insurances and their moments, by number of years.

Chosen: everything is a sum over policy years of (discounted survival) x (value within the year), so that payments
m times a year, deaths paid at once and both fractional-age assumptions are one factor a year, exactly. The status, one
life or two, says only how likely it is to last (see `statuses`).
Left out: interest that varies.
"""

from dataclasses import dataclass

import numpy as np

GAUSS = tuple((x + 1) / 2 if i == 0 else x / 2 for i, x in enumerate(np.polynomial.legendre.leggauss(16)))  # on 0 to 1


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


def dead_within_year(q, at, fraction):
    """Return the probability of being dead at part `at` (0 to 1) of each year, shape (n,).

    UDD: s q. Constant force: 1 - (1 - q)^s, except that a year that nobody survives is always spread evenly. Deaths
    rather than survivors, because 1 less a survival close to 1 has few digits.

    Source: AMLCR 3rd ed., section 3.3.
    """
    even = at * q
    if fraction == "udd":
        return even
    return np.where(q < 1, -np.expm1(at * np.log1p(-np.where(q < 1, q, 0.0))), even)


def annuity_factors(status, basis, m):
    """Return the value at each year's start of 1 a year paid in m parts in advance during that year, shape (n,).

    Source: AMLCR 3rd ed., section 5.6; under UDD the sum equals alpha(m) and beta(m)'s formula.
    """
    parts = np.arange(m) / m
    return sum(basis.v**s * (1 - status.ended(s, basis.fraction)) for s in parts) / m


def death_factors(status, basis, timing, m=1):
    """Return the value at each year's start of 1 paid when the status ends in that year, shape (n,).

    Args:
        status: what the benefit hangs on.
        basis: interest and fractional-age assumption.
        timing: "year_end", "part_end" (end of the m-th part of the year) or "at_once".
        m: parts of a year for "part_end".

    Source: AMLCR 3rd ed., sections 4.4 and 4.5: for one life UDD gives i/delta and i/i(m) times the year-end value.
    """
    v = basis.v
    if timing == "year_end":
        return v * status.q
    if timing == "part_end":
        edges = [status.ended(k / m, basis.fraction) for k in range(m + 1)]
        return sum(v ** ((k + 1) / m) * (edges[k + 1] - edges[k]) for k in range(m))
    # By parts: the integral of v^s over the rise of D(s) is v D(1) + delta x the integral of v^s D(s). D is made of
    # straight lines and exponentials, which 16 points integrate to the last digit.
    ended = sum(w * v**s * status.ended(s, basis.fraction) for s, w in zip(*GAUSS, strict=True))
    return v * status.q + np.log1p(basis.interest) * ended


def discounted_survival(status, basis):
    """Return v^t times the probability of lasting t years for t = 0 to n, shape (n + 1,): pure endowments of 1."""
    return status.survival * basis.v ** np.arange(len(status.q) + 1)


def from_each(start_values, discount):
    """Return, at each t, the expected present value there of everything from t on, given survival to t.

    Args:
        start_values: the value at each year's start of that year's payments, shape (n,) or (k, n).
        discount: v^t tpx, shape (n + 1,).

    Returns:
        Shape (n + 1,) or (k, n + 1): the last is 0. Years that nobody reaches give 0.
    """
    ahead = np.zeros((*start_values.shape[:-1], len(discount)))
    ahead[..., :-1] = np.cumsum((start_values * discount[:-1])[..., ::-1], axis=-1)[..., ::-1]
    return ahead / np.where(discount > 0, discount, np.inf)


def functions(status, basis, timing, m):
    """Return the usual actuarial functions for n = 1 to the end of the table, per unit of benefit.

    Returns:
        {name: shape (n,)}: `pure_endowment` nEx, `annuity_due`, `annuity_due_m`, `term_insurance`,
        `second_moment` (term insurance at twice the force), `variance` (of the term insurance's present value),
        `endowment` and `increasing` (I A, payable 1, 2, 3, ...).

    Source: Bowers et al. (1997), chapters 4 and 5; AMLCR 3rd ed., chapters 4 and 5.
    """
    discount = discounted_survival(status, basis)
    deaths = death_factors(status, basis, timing, m) * discount[:-1]
    double = basis.squared()
    second = np.cumsum(death_factors(status, double, timing, m) * discounted_survival(status, double)[:-1])
    term = np.cumsum(deaths)
    spread = second - term**2
    years = np.arange(1, len(status.q) + 1)
    return {
        "pure_endowment": discount[1:],
        "annuity_due": np.cumsum(discount[:-1]),
        "annuity_due_m": np.cumsum(annuity_factors(status, basis, m) * discount[:-1]),
        "term_insurance": term,
        "second_moment": second,
        # A difference within the rounding of its parts, as at no interest, is no variance.
        "variance": np.where(spread > 1e-14 * years * second, spread, 0.0),
        "endowment": term + discount[1:],
        "increasing": np.cumsum(years * deaths),
    }
