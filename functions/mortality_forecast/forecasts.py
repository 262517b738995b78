"""From period indices to the future: a random walk with drift, rates, and life expectancies.

Chosen: the walk starts from the last fitted index, as StMoMo's does; drift uncertainty can be added.
Left out: other time series models of the period indices.
"""

from dataclasses import dataclass

import cohorts
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


@dataclass(frozen=True)
class Forecast:
    """A fit carried on: its random walk and, with a cohort effect, the process of the cohorts to come."""

    fit: object
    grid: object
    walk: Walk
    process: cohorts.CohortProcess | None

    def central(self, horizon):
        """Return rates (log link) or probabilities (logit link) at all ages, shape (ages, horizon)."""
        p = self.fit.parameters
        eta = p.ax[:, None] + np.einsum("ia,it->at", p.bx, self.walk.central(horizon))
        if self.process is not None:
            years = self.grid.years[-1] + np.arange(1, horizon + 1)
            eta = eta + self._effects(years[None, :] - self.grid.ages[:, None])
        return self._rates(eta)

    def at_age(self, index, paths, rng):
        """Return rates at one age along simulated indices, shape (number, horizon) from (number, k, horizon)."""
        p = self.fit.parameters
        eta = p.ax[index] + np.einsum("i,nit->nt", p.bx[:, index], paths)
        if self.process is not None:
            born = self.grid.years[-1] + np.arange(1, paths.shape[2] + 1) - self.grid.ages[index]
            future = max(int(born[-1] - self._last_known), 0)
            shocks = rng.standard_normal((len(paths), future))
            eta = eta + self._effects(born, shocks)
        return self._rates(eta)

    @property
    def _last_known(self):
        p = self.fit.parameters
        return int(p.cohorts[np.isfinite(p.gc)][-1])

    def _effects(self, born, shocks=None):
        """Return effects by year of birth, in the shape of `born`; with shocks, one row of (paths, years) a path."""
        p = self.fit.parameters
        first = int(p.cohorts[np.isfinite(p.gc)][0])
        future = max(int(born.max()) - self._last_known, 0)
        known = self.process.known
        ahead = self.process.ahead(future, shocks)
        if shocks is not None:
            known = np.broadcast_to(known, (len(shocks), len(known)))
        line = np.concatenate((known, ahead), axis=-1)
        return line[..., np.maximum(born - first, 0)]

    def _rates(self, eta):
        return np.exp(np.minimum(eta, HIGHEST_LOG)) if self.fit.structure.link == "log" else expit(eta)


def carried_on(fit, grid, process):
    """Return the Forecast of a fit, its cohort effect by a process of `cohorts.PROCESSES`."""
    of_cohorts = cohorts.fitted(fit.parameters.gc, process) if fit.structure.cohort else None
    return Forecast(fit, grid, random_walk(fit.parameters.kt), of_cohorts)


def probabilities(link, found):
    """Return one-year probabilities of death: as they are on the logit scale, 1 - exp(-m) for central rates."""
    return found if link == "logit" else -np.expm1(-found)


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


def life_expectancy_by_age(q):
    """Return the period expectation of life by age and year, in the shape of `q`, whose last row is 1.

    e(x) = 1/2 + c(x), with c(x) = p(x) (1 + c(x + 1)) curtate.
    """
    curtate = np.zeros_like(q)
    for i in range(len(q) - 2, -1, -1):
        curtate[i] = (1 - q[i]) * (1 + curtate[i + 1])
    return 0.5 + curtate


def cohort_life_expectancy(q):
    """Return the expectation of life of those at the first row's age in the first year, ageing a year a year.

    Args:
        q: by age (rows) and year, at least as many years as ages.
    """
    ageing = q[np.arange(len(q)), np.arange(len(q))]
    return float(0.5 + np.cumprod(1 - ageing).sum())
