"""The generalised Pareto tail above a threshold: its fit, quantiles, expected shortfalls, layers and return levels.

Chosen: maximum likelihood by Grimshaw's one-dimensional profile, which cannot wander off; standard errors from the
expected information.
Left out: declustering, trends in time, and tails with an end (a shape below -1/2 has no usual standard errors).
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq, minimize_scalar

FEWEST = 5  # exceedances that a tail may be fitted to
LOWEST_SHAPE = -0.5  # below it the likelihood is not regular (Smith 1985)
NODES, WEIGHTS = np.polynomial.legendre.leggauss(200)
HIGHEST_SHAPE = 3.0  # of a profile, or twice the fitted one where that is higher
LARGEST_THETA = 1e4  # times the median excess: a shape of 13
SHAPE_ZERO = 1e-6
IMPOSSIBLE = 1e12
DROP_95 = 3.841458820694124 / 2  # chi-square with one degree of freedom
LARGEST_STEP = 14  # e^14 is a million


@dataclass(frozen=True)
class Tail:
    """Losses beyond `threshold`: (1 + xi (x - u) / beta)^(-1/xi) of them exceed x.

    Attributes:
        threshold: u, in units of the losses.
        xi: shape; above 0 the tail is heavy, and from 1 on it has no mean.
        beta: scale, in units of the losses.
        covariance: of the estimates (xi, beta), shape (2, 2); None where they were given.
    """

    threshold: float
    xi: float
    beta: float
    covariance: np.ndarray | None = None

    def survival(self, x):
        """Return the share of exceedances beyond x, elementwise; 1 at or below the threshold."""
        y = np.maximum(np.asarray(x, dtype=float) - self.threshold, 0) / self.beta
        if abs(self.xi) < 1e-9:
            return np.exp(-y)
        inside = np.maximum(1 + self.xi * y, 0)
        with np.errstate(divide="ignore"):
            return np.where(inside > 0, np.exp(-np.log(inside) / self.xi), 0.0)

    def exceeded(self, share):
        """Return the loss that this share of the exceedances exceed: x = u + beta/xi (share^-xi - 1)."""
        if abs(self.xi) < 1e-9:
            return self.threshold - self.beta * np.log(share)
        return self.threshold + self.beta / self.xi * np.expm1(-self.xi * np.log(share))

    def value_at_risk(self, level, rate):
        """Return the quantile at `level` of all losses, `rate` of which exceed the threshold.

        VaR = u + beta/xi (((1 - p) / rate)^-xi - 1)

        Source: McNeil (1997), ASTIN Bulletin 27, equation 5.
        """
        return float(self.exceeded((1 - level) / rate))

    def expected_shortfall(self, level, rate):
        """Return the mean of losses beyond VaR: (VaR + beta - xi u) / (1 - xi); infinite from xi = 1 on.

        Source: McNeil, Frey and Embrechts (2005), Quantitative Risk Management, equation 7.19.
        """
        if self.xi >= 1:
            return np.inf
        return (self.value_at_risk(level, rate) + self.beta - self.xi * self.threshold) / (1 - self.xi)

    def area(self, low, high):
        """Return the integral of survival from low to high, both at or above the threshold, in closed form."""
        y0, y1 = (np.maximum(v - self.threshold, 0) / self.beta for v in (low, high))
        if abs(self.xi) < 1e-9:
            return float(self.beta * (np.exp(-y0) - np.exp(-y1)))
        z0, z1 = (np.maximum(1 + self.xi * y, 0) for y in (y0, y1))
        power = 1 - 1 / self.xi
        if abs(power) < 1e-9:
            return float(self.beta * (np.log(z1) - np.log(z0)))
        # z = 0 is the tail's end, where the shape is negative and the power positive.
        return float(self.beta / self.xi * (z1**power - z0**power) / power)


def fit(losses, threshold):
    """Return the tail fitted to the losses above `threshold` by maximum likelihood.

    With theta = xi / beta the likelihood is highest at xi = mean log(1 + theta y), and what is left to search is
    -n (log(xi / theta) + xi + 1) over theta.

    Args:
        losses: all losses, shape (n,).
        threshold: u.

    Raises:
        ValueError: fewer than FEWEST losses exceed it, or they are all equal.

    Source: Grimshaw (1993), Technometrics 35, p. 185; standard errors: Smith (1987), Annals of Statistics 15.
    """
    y = losses[losses > threshold] - threshold
    n = len(y)
    if n < FEWEST or np.ptp(y) == 0:
        raise ValueError(_too_few(losses, threshold, n))
    mean, largest = y.mean(), y.max()

    def shape(theta):
        return np.log1p(theta * y).mean()

    def cost(theta):
        if abs(theta) * mean < 1e-9:
            return np.log(mean) + 1
        xi = shape(theta)
        return np.log(xi / theta) + xi + 1 if xi > LOWEST_SHAPE else np.inf

    negative = -np.geomspace(1e-6, 1 - 1e-6, 40)[::-1] / largest
    # theta times the median excess is 2^xi - 1: of a very heavy tail the mean says nothing about its scale.
    grid = np.concatenate((negative, [0.0], np.geomspace(1e-6 / mean, LARGEST_THETA / np.median(y), 100)))
    costs = np.array([cost(theta) for theta in grid])
    best = int(np.argmin(costs))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    with np.errstate(invalid="ignore"):  # costs beside the lowest shape are infinite
        found = minimize_scalar(cost, bounds=(low, high), method="bounded", options={"xatol": 1e-12 / np.median(y)})
    theta = found.x if found.fun < costs[best] else grid[best]
    if abs(theta) * mean < 1e-8:
        xi, beta = 0.0, mean
    else:
        xi = shape(theta)
        beta = xi / theta
    information = np.array([[(1 + xi) ** 2, -beta * (1 + xi)], [-beta * (1 + xi), 2 * beta**2 * (1 + xi)]]) / n
    return Tail(float(threshold), float(xi), float(beta), information)


def _too_few(losses, threshold, n):
    """Return why no tail can be fitted and what to do: a lower threshold, where one is left at all."""
    equal = n >= FEWEST
    found = f"{n} losses exceed {threshold:g}, " + ("all equal: no tail" if equal else "too few to fit a tail") + "."
    # Below a value of the losses themselves, with at least twice FEWEST of them beyond it, not all equal.
    lower = [u for u in np.unique(losses) if u < threshold]
    enough = [u for u in lower if (losses > u).sum() >= FEWEST and np.ptp(losses[losses > u]) > 0]
    roomy = [u for u in enough if (losses > u).sum() >= 2 * FEWEST]
    if enough:
        return f"inputs.threshold: {found} Lower the threshold to {(roomy or enough)[-1]:g} or less."
    if threshold > 0 and (losses > 0).sum() >= FEWEST and np.ptp(losses[losses > 0]) > 0:
        return f"inputs.threshold: {found} Lower the threshold below {losses[losses > 0].min():g}."
    return (
        f"inputs.losses: {(losses > 0).sum()} of {len(losses)} losses are above 0, and too few or too equal to fit a "
        "tail at any threshold. Give more losses, or a tail of your own."
    )


def hill(losses, most):
    """Return Hill's estimates of the shape from the k largest losses, for k = 2 to `most`.

    Returns:
        (k, estimate, standard error), shape (most - 1,) each; the error is estimate / sqrt(k).

    Source: Hill (1975), Annals of Statistics 3; Embrechts, Klüppelberg and Mikosch (1997), p. 330.
    """
    logs = np.log(np.sort(losses)[::-1][: most + 1])
    k = np.arange(1, len(logs))
    estimate = np.cumsum(logs[:-1]) / k - logs[1:]
    return k[1:], estimate[1:], estimate[1:] / np.sqrt(k[1:])


def hill_at(losses, k):
    """Return Hill's estimate from the k largest losses, with the loss after them and with the last of them as base.

    Args:
        losses: above 0, shape (n,).
        k: from 2 to n - 1.

    Returns:
        (1/k sum of log X(i) - log X(k+1), 1/k sum of log X(i) - log X(k)).

    Source: Hill (1975), Annals of Statistics 3; McNeil, Frey and Embrechts (2005), equation 7.24, for the second.
    """
    logs = np.log(np.sort(losses)[::-1][: k + 1])
    mean = float(logs[:k].mean())
    return mean - float(logs[k]), mean - float(logs[k - 1])


def mean_excess_at(losses, threshold):
    """Return (mean excess, its standard error, losses) beyond a threshold; None where there are too few."""
    y = losses[losses > threshold] - threshold
    error = float(y.std(ddof=1) / np.sqrt(len(y))) if len(y) > 1 else None
    return float(y.mean()) if len(y) else None, error, len(y)


def mean_excess(losses, most=200):
    """Return thresholds and the mean of losses beyond each, less the threshold, for at least 5 exceedances.

    Source: Embrechts, Klüppelberg and Mikosch (1997), section 6.2.2: a straight rise is a generalised Pareto tail.
    """
    ordered = np.sort(losses)
    beyond = len(ordered) - np.searchsorted(ordered, ordered, side="right")
    sums = ordered.sum() - np.cumsum(ordered)[np.searchsorted(ordered, ordered, side="right") - 1]
    kept = np.flatnonzero(beyond >= 5)
    kept = kept[np.unique(ordered[kept], return_index=True)[1]]
    kept = kept[np.linspace(0, len(kept) - 1, min(most, len(kept))).astype(int)] if len(kept) else kept
    return ordered[kept], sums[kept] / beyond[kept] - ordered[kept], beyond[kept]


def level_interval(tail, losses, events, drop=DROP_95):
    """Return the ends of the interval for the loss exceeded once in `events` exceedances, by profile likelihood.

    The likelihood is written in the shape and that loss x, beta = xi (x - u) / (events^xi - 1); the interval holds
    every x at which its maximum over the shape lies within `drop` of the highest. Unlike that of the delta method it
    is not symmetric: the data bound a far quantile from below much better than from above.

    Args:
        tail: the fitted tail.
        losses: all losses, shape (n,).
        events: exceedances in the return period, above 1.
        drop: half the quantile of chi-square with one degree of freedom.

    Returns:
        (low, high); high is infinite where no loss up to a million times the fitted one is ruled out.

    Source: Coles (2001), An Introduction to Statistical Modeling of Extreme Values, section 4.3.3.
    """
    y = losses[losses > tail.threshold] - tail.threshold
    fitted = float(tail.exceeded(1 / events)) - tail.threshold
    top = max(HIGHEST_SHAPE, 2 * tail.xi)
    highest, log_events = log_likelihood(y, tail.xi, tail.beta), np.log(events)

    def profile(excess):
        def cost(xi):
            growth = np.expm1(xi * log_events) / xi if abs(xi) > SHAPE_ZERO else log_events
            return -log_likelihood(y, xi, excess / growth)

        found = minimize_scalar(cost, bounds=(LOWEST_SHAPE, top), method="bounded", options={"xatol": 1e-7})
        return -found.fun - highest + drop

    def end(direction):
        step = 1.0
        while profile(fitted * np.exp(direction * step)) > 0:
            step *= 2
            if step > LARGEST_STEP:
                return np.inf if direction > 0 else 0.0
        return fitted * np.exp(brentq(lambda s: profile(fitted * np.exp(s)), 0.0, direction * step, xtol=1e-6))

    return float(tail.threshold + end(-1)), float(tail.threshold + end(1))


def log_likelihood(y, xi, beta):
    """Return the log-likelihood of the excesses y, minus a large number where one of them is impossible."""
    if abs(xi) <= SHAPE_ZERO:
        return float(-len(y) * np.log(beta) - y.sum() / beta)
    inside = 1 + xi * y / beta
    if inside.min() <= 0:
        return -IMPOSSIBLE
    return float(-len(y) * np.log(beta) - (1 + 1 / xi) * np.log(inside).sum())
