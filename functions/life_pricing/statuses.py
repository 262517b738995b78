"""What a contract hangs on: one life, two lives while both live, or two lives while either lives.

Chosen: two lives are independent, each with its own table, and each spreads its own deaths within the year; a status
is its probabilities of lasting, so that every value of `life_values` holds for it as it stands.
Left out: lives that die together or grieve (common shock), and benefits that depend on the order of deaths.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from life_values import dead_within_year


@dataclass(frozen=True)
class Status:
    """How likely a status is to last.

    Attributes:
        q: probability that it ends within the year, given that it stands at the year's start, shape (n,).
        survival: probability that it stands after t = 0 to n years, shape (n + 1,).
        ended: function of (part of a year, fractional-age assumption): the probability that it has ended there, given
            that it stands at the year's start, shape (n,).
    """

    q: np.ndarray
    survival: np.ndarray
    ended: Callable


def single(q):
    """Return the status of one life with one-year probabilities of death q, shape (n,)."""
    return Status(q, _running(q), lambda at, fraction: dead_within_year(q, at, fraction))


def joint(first, second):
    """Return the status that stands while both of two independent lives are alive.

    tp(xy) = tp(x) tp(y)

    Args:
        first: one-year probabilities of death from the first life's age up, shape (n,).
        second: the same of the second life, shape (k,).

    Source: AMLCR 3rd ed., section 10.3; Bowers et al. (1997), section 9.3.
    """
    n = min(len(first), len(second))
    x, y = first[:n], second[:n]
    q = x + y - x * y

    def ended(at, fraction):
        dead_x, dead_y = dead_within_year(x, at, fraction), dead_within_year(y, at, fraction)
        return dead_x + dead_y - dead_x * dead_y

    return Status(q, _running(q), ended)


def last_survivor(first, second):
    """Return the status that stands while at least one of two independent lives is alive, seen from issue.

    tp(last) = tp(x) + tp(y) - tp(x) tp(y); its yearly probabilities are averages over who is still alive.

    Source: AMLCR 3rd ed., section 10.3; Bowers et al. (1997), section 9.4.
    """
    x, y = padded(first, second)
    alive_x, alive_y = _running(x), _running(y)
    lasting = alive_x + alive_y - alive_x * alive_y
    at_start = lasting[:-1]

    def ended(at, fraction):
        # The later death falls between the year's start and this part of it.
        dying_x = alive_x[:-1] * dead_within_year(x, at, fraction)
        dying_y = alive_y[:-1] * dead_within_year(y, at, fraction)
        found = dying_x * (1 - alive_y[:-1] + dying_y) + dying_y * (1 - alive_x[:-1])
        return np.minimum(np.divide(found, at_start, out=np.ones_like(found), where=at_start > 0), 1.0)

    return Status(ended(1.0, "udd"), lasting, ended)


def both_alive(first, second):
    """Return, for two lives of whom both are alive at each year's start, how likely one of them still is in it.

    Only for values within a year: the survival over years is not that of a status (see `policy_values_by_state`).
    """
    x, y = padded(first, second)

    def ended(at, fraction):
        return dead_within_year(x, at, fraction) * dead_within_year(y, at, fraction)

    return Status(x * y, _running(x * y), ended)


def padded(first, second):
    """Return both arrays at the longer one's length; beyond a table's end the probability of death is 1."""
    n = max(len(first), len(second))
    return tuple(np.append(q, np.ones(n - len(q))) for q in (first, second))


def _running(q):
    return np.concatenate(([1.0], np.cumprod(1 - q)))
