"""From period indices to the future: a random walk with drift, rates, and life expectancies.

Chosen: the walk starts from the last fitted index, as StMoMo's does; drift uncertainty can be added.
Left out: other time series models, and uncertainty of the fitted parameters.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

LAST_AGE = 120
HIGHEST_LOG = 20.0  # of a central rate: far beyond anything alive, and still a number
CLOSING_AGES = 10  # ages from whose trend the table is closed


@dataclass(frozen=True)
class Walk:
    """A random walk with drift: `drift` of shape (k,), `covariance` of a step of shape (k, k), `steps` seen."""

    start: np.ndarray
    drift: np.ndarray
    covariance: np.ndarray
    steps: int

    def central(self, horizon):
        """Return the indices' central path, shape (k, horizon)."""
        return self.start[:, None] + self.drift[:, None] * np.arange(1, horizon + 1)

    def simulate(self, horizon, number, rng, *, drift_uncertainty):
        """Return simulated paths, shape (number, k, horizon).

        With `drift_uncertainty` each path draws its drift from its estimator, Normal(drift, covariance / steps).
        """
        k = len(self.drift)
        values, vectors = np.linalg.eigh(self.covariance)
        root = vectors * np.sqrt(np.maximum(values, 0))
        shocks = rng.standard_normal((number, horizon, k)) @ root.T
        paths = np.cumsum(self.drift + shocks, axis=1)
        if drift_uncertainty:
            off = rng.standard_normal((number, 1, k)) @ root.T / np.sqrt(self.steps)
            paths = paths + off * np.arange(1, horizon + 1)[None, :, None]
        return self.start[:, None] + paths.transpose(0, 2, 1)


def random_walk(periods):
    """Return the random walk with drift fitted to period indices of shape (k, years).

    Source: Lee and Carter (1992), section 5; Cairns, Blake and Dowd (2006), section 3.
    """
    steps = np.diff(periods, axis=1)
    n = steps.shape[1]
    drift = steps.mean(axis=1)
    off = steps - drift[:, None]
    return Walk(periods[:, -1], drift, off @ off.T / (n - 1), n)


def rates(model, fit, grid, periods):
    """Return death rates or probabilities at all ages for period indices, shape (ages, n) from (k, n)."""
    if model == "cbd":
        return expit(periods[0] + np.outer(grid.ages - grid.ages.mean(), periods[1]))
    return np.exp(np.minimum(fit.by_age["ax"][:, None] + np.outer(fit.by_age["bx"], periods[0]), HIGHEST_LOG))


def at_age(model, fit, grid, index, paths):
    """Return rates at one age along simulated paths, shape (number, horizon) from (number, k, horizon)."""
    if model == "cbd":
        return expit(paths[:, 0] + (grid.ages[index] - grid.ages.mean()) * paths[:, 1])
    return np.exp(np.minimum(fit.by_age["ax"][index] + fit.by_age["bx"][index] * paths[:, 0], HIGHEST_LOG))


def probabilities(model, found):
    """Return one-year probabilities of death: as they are for CBD, 1 - exp(-m) for central rates."""
    return found if model == "cbd" else -np.expm1(-found)


def table_to_the_end(q, last_age):
    """Return `q`, shape (ages, years), with rows added up to age 120 by the trend of logits; the last row is 1.

    Each year's line has the slope of the last ten ages' logits and starts at the last age's.

    Source: Kannisto (1994): old-age mortality is close to a logistic curve.
    """
    further = max(LAST_AGE - last_age, 0)
    tail = np.clip(q[-CLOSING_AGES:], 1e-12, 1 - 1e-12)
    logits = np.log(tail / (1 - tail))
    x = (np.arange(len(tail)) - (len(tail) - 1) / 2)[:, None]
    slope = np.maximum((x * (logits - logits.mean(axis=0))).sum(axis=0) / (x**2).sum(), 0)
    whole = np.concatenate((q, expit(logits[-1] + slope * np.arange(1, further + 1)[:, None])))
    whole[-1] = 1.0
    return whole


def period_life_expectancy(q):
    """Return the expectation of life by year, shape (years,), for a life of the first row's age.

    e = 1/2 + sum over t of tp: curtate years and half a year in the year of death.
    """
    return 0.5 + np.cumprod(1 - q, axis=0).sum(axis=0)


def cohort_life_expectancy(q):
    """Return the expectation of life of those at the first row's age in the first year, ageing a year a year.

    Args:
        q: by age (rows) and year, at least as many years as ages.
    """
    ageing = q[np.arange(len(q)), np.arange(len(q))]
    return float(0.5 + np.cumprod(1 - ageing).sum())
