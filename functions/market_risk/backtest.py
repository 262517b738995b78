"""Backtesting of value at risk: exceptions, Basel's traffic light, Kupiec's and Christoffersen's tests.

Chosen: Basel's printed plus factors for 250 days at 99 %; elsewhere the same zones by cumulative probability and
the factor that restores the coverage under a normal law, from which the printed ones are rounded.
Left out: tests of expected shortfall.
"""

import numpy as np
from scipy.special import bdtr, chdtrc, ndtri, xlog1py, xlogy

YELLOW, RED = 0.95, 0.9999  # cumulative probabilities at which the zones begin
PLUS = {5: 0.40, 6: 0.50, 7: 0.65, 8: 0.75, 9: 0.85}


def traffic_light(exceptions, days, rate):
    """Return (cumulative probability, zone, plus factor) of `exceptions` in `days`.

    Args:
        exceptions: days on which the loss was beyond VaR.
        days: days compared, at least 1.
        rate: expected share of exceptions, 1 less the confidence.

    Source: Basel Committee (January 1996), Supervisory framework for the use of "backtesting",
    table 2 and section III.
    """
    cumulative = float(bdtr(exceptions, days, rate))
    zone = "green" if cumulative < YELLOW else "yellow" if cumulative < RED else "red"
    if zone != "yellow":
        return cumulative, zone, 0.0 if zone == "green" else 1.0
    if days == 250 and abs(rate - 0.01) < 1e-12 and exceptions in PLUS:
        return cumulative, zone, PLUS[exceptions]
    observed = min(exceptions / days, 0.499)
    return cumulative, zone, float(np.clip(3 * (ndtri(1 - rate) / ndtri(1 - observed) - 1), 0, 1))


def kupiec(exceptions, days, rate):
    """Return (likelihood ratio, p-value) of the share of exceptions against `rate`.

    Source: Kupiec (1995), J. Derivatives 3(2), eq. 6; chi-squared with one degree of freedom.
    """
    share = exceptions / days

    def loglik(p):
        return xlogy(exceptions, p) + xlog1py(days - exceptions, -p)

    ratio = max(0.0, float(2 * (loglik(share) - loglik(rate))))
    return ratio, float(chdtrc(1, ratio))


def transitions(hits):
    """Return how often a day without or with an exception was followed by one without or with one.

    Args:
        hits: whether there was an exception, by day, shape (n,).

    Returns:
        ((n00, n01), (n10, n11)), n01 being the days with an exception after one without.
    """
    before, after = hits[:-1], hits[1:]
    return tuple(tuple(int(np.sum((before == i) & (after == j))) for j in (False, True)) for i in (False, True))


def christoffersen(n):
    """Return (likelihood ratio, p-value) of independence of exceptions, from their `transitions`.

    Source: Christoffersen (1998), International Economic Review 39, section 3.2; chi-squared with one
    degree of freedom.
    """

    def loglik(p, stay, move):
        return xlogy(move, p) + xlog1py(stay, -p)

    total = sum(map(sum, n))
    pooled = (n[0][1] + n[1][1]) / total if total else 0.0
    free = sum(loglik(row[1] / sum(row), *row) for row in n if sum(row))
    bound = sum(loglik(pooled, *row) for row in n if sum(row))
    ratio = max(0.0, float(2 * (free - bound)))
    return ratio, float(chdtrc(1, ratio))


def exception_tests(exceptions, days, rate, n=None):
    """Return the row of all tests of `exceptions` in `days` against `rate`.

    The test of conditional coverage adds the ratios of Kupiec's and Christoffersen's; with `n`, the transitions, None,
    those two tests are left out.

    Source: Christoffersen (1998), section 3.3; chi-squared with two degrees of freedom.
    """
    cumulative, zone, plus = traffic_light(exceptions, days, rate)
    ratio, p = kupiec(exceptions, days, rate)
    row = {"exceptions": exceptions, "expected": days * rate, "kupiec": ratio, "kupiec_p": p}
    if n is not None:
        clustering, clustering_p = christoffersen(n)
        both = ratio + clustering
        row |= {"independence": clustering, "independence_p": clustering_p}
        row |= {"conditional": both, "conditional_p": float(chdtrc(2, both))}
    return row | {"cumulative": 100 * cumulative, "zone": zone, "plus_factor": plus}
