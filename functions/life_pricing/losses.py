"""The loss at issue as a random variable: what each year of death costs in present value, its mean and variance.

Chosen: outcomes by the year in which the status ends, worked from the contract's payments themselves, so that moments
need no formula of their own for each product.
Left out: payments more often than yearly and benefits within the year, where the time of death has no such list.
"""

import numpy as np


def by_year_of_death(plan, basis, premium, *, gross):
    """Return the present value at issue of the insurer's loss by the year in which the status ends, shape (n + 1,).

    The last is that of a status that outlasts the contract.

    Args:
        plan: the Schedule, paid yearly, benefits at the end of the year of death.
        basis: interest.
        premium: the premium a year.
        gross: whether expenses count.

    Source: AMLCR 3rd ed., section 6.4: L = present value of outgo less that of income.
    """
    n = len(plan.paying)
    v = basis.v ** np.arange(n + 1)
    share = 1 + plan.claim_share if gross else 1.0
    each_year = share * plan.income * v[:-1] - premium * plan.paying * v[:-1]
    on_death = share * (plan.death_benefit + premium * plan.refund)
    at_end = share * plan.maturity
    if gross:
        each_year += (premium * plan.percent * plan.paying + plan.start_expense) * v[:-1] + plan.end_expense * v[1:]
        on_death = on_death + plan.death_expense
        at_end += plan.maturity_expense
    so_far = np.cumsum(each_year)
    return np.append(so_far + on_death * v[1:], so_far[-1] + at_end * v[-1])


def chances(status, n):
    """Return the probability that the status ends in each of n years, or outlasts them, shape (n + 1,)."""
    return np.append(status.survival[:n] * status.q[:n], status.survival[n])


def moments(loss, chance):
    """Return mean, variance, standard deviation and probability of a loss above 0.

    Args:
        loss: by outcome, shape (k,).
        chance: of each, shape (k,).
    """
    mean = float(chance @ loss)
    variance = float(chance @ (loss - mean) ** 2)
    size = float(chance @ np.abs(loss))
    return {
        "mean": 0.0 if abs(mean) <= 1e-12 * size else mean,
        "variance": variance,
        "standard_deviation": variance**0.5,
        "probability": float(chance[loss > 1e-12 * size].sum()),
    }
