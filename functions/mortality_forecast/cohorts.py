"""Cohort effects of years of birth that the data do not hold: a time series fitted to those that they do.

Chosen: exact likelihood of a stationary autoregression with a mean, on the effects or on their yearly changes, as R's
arima fits it; independent of the period indices.
Left out: moving averages, and a choice of the order by a criterion.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

# Name of the process: order of the autoregression, and whether it is of the yearly changes.
PROCESSES = {"ar1_changes": (1, True), "ar2_levels": (2, False), "walk": (0, True)}
FEWEST = 6  # values that an autoregression is fitted to; with fewer it has no memory


@dataclass(frozen=True)
class CohortProcess:
    """A fitted process of the cohort effect.

    Attributes:
        known: the effects it was fitted to, by year of birth without gaps, shape (c,).
        changes: whether it is of their yearly changes.
        mean: of the stationary series.
        weights: of its last values, the latest first, shape (p,).
        sigma: standard deviation of a shock.
    """

    known: np.ndarray
    changes: bool
    mean: float
    weights: np.ndarray
    sigma: float

    def ahead(self, number, shocks=None):
        """Return the effects of the next `number` years of birth.

        Args:
            number: of cohorts after the last known.
            shocks: standard normal draws, shape (paths, number); without them the central forecast.

        Returns:
            Shape (number,), or (paths, number).
        """
        series = np.diff(self.known) if self.changes else self.known
        p = len(self.weights)
        paths = 1 if shocks is None else len(shocks)
        past = np.tile(series[len(series) - p :] - self.mean, (paths, 1))
        found = np.empty((paths, number))
        for h in range(number):
            value = past[:, ::-1] @ self.weights if p else np.zeros(paths)
            if shocks is not None:
                value = value + self.sigma * shocks[:, h]
            found[:, h] = value + self.mean
            if p:
                past = np.column_stack((past[:, 1:], value))
        if self.changes:
            found = self.known[-1] + np.cumsum(found, axis=1)
        return found[0] if shocks is None else found


def fitted(effects, process):
    """Return the process fitted to the known cohort effects.

    Args:
        effects: by year of birth, shape (c,); NaN at the ends where unknown.
        process: a key of PROCESSES.

    Source: Box and Jenkins (1976), chapter 7: exact likelihood of an autoregression.
    """
    order, changes = PROCESSES[process]
    known = effects[np.isfinite(effects)]
    series = np.diff(known) if changes else known
    if len(series) < FEWEST or np.ptp(series) < 1e-9:
        order = 0
    if order == 0:
        mean = float(series.mean()) if len(series) else 0.0
        return CohortProcess(known, changes, mean, np.zeros(0), float(series.std()) if len(series) else 0.0)
    best = min(
        (minimize(_concentrated, np.full(order, start), args=(series,), method="BFGS") for start in (0.0, 0.5)),
        key=lambda found: found.fun,
    )
    weights = _stationary(best.x)
    mean, variance, _ = _whitened(series, weights)
    return CohortProcess(known, changes, mean, weights, float(np.sqrt(variance)))


def _stationary(free):
    """Return weights of a stationary autoregression from numbers of any size: partial correlations by tanh."""
    partial = np.tanh(free)
    if len(partial) == 1:
        return partial
    return np.array([partial[0] * (1 - partial[1]), partial[1]])


def _concentrated(free, series):
    """Return -2 log likelihood without its constants, mean and variance at their best."""
    _, variance, log_determinant = _whitened(series, _stationary(free))
    return len(series) * np.log(max(variance, 1e-300)) + log_determinant


def _whitened(series, weights):
    """Return the best mean, the variance of a shock, and log determinant of the first values' covariance."""
    p = len(weights)
    if p == 1:
        covariance = np.array([[1 / max(1 - weights[0] ** 2, 1e-12)]])
    else:
        one, two = weights
        level = (1 - two) / max((1 + two) * ((1 - two) ** 2 - one**2), 1e-12)
        beside = one * level / (1 - two)
        covariance = np.array([[level, beside], [beside, level]])
    root = np.linalg.cholesky(covariance)

    def shocks(values):
        later = values[p:] - sum(w * values[p - i - 1 : len(values) - i - 1] for i, w in enumerate(weights))
        return np.concatenate((np.linalg.solve(root, values[:p]), later))

    y, x = shocks(series), shocks(np.ones_like(series))
    mean = float(x @ y / (x @ x))
    return mean, float(((y - mean * x) ** 2).mean()), float(2 * np.log(np.diag(root)).sum())
