"""Volatility that changes from day to day: exponential weights (RiskMetrics) and GARCH(1,1).

Chosen: the recursion s[t] = x[t] + b s[t-1] is summed by doubling, so a likelihood with its exact gradient costs a
few dozen array operations and needs neither a loop nor a compiler; the presample variance is the mean squared
residual, as in the benchmark of Fiorentini, Calzolari and Panattoni (1996).
Left out: asymmetric models and other laws of the errors.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

NEGLIGIBLE = 1e-18


@dataclass(frozen=True)
class Garch:
    """A fitted GARCH(1,1); parameters in the units of the returns given, `variance` for days 1..n+1."""

    mu: float
    omega: float
    alpha: float
    beta: float
    errors: tuple
    loglik: float | None
    variance: np.ndarray

    @property
    def long_run(self):
        """Long-run variance of a day, or None where alpha + beta is 1."""
        left = 1 - self.alpha - self.beta
        return self.omega / left if left > 1e-9 else None

    def forecast(self, days):
        """Return the variance of each of the next `days` days, shape (days,).

        h[k] = H + (alpha + beta)^(k-1) (h[1] - H), H the long-run variance; linear growth where
        alpha + beta is 1. Source: Bollerslev (1986), J. Econometrics 31, section 3.
        """
        level, out = self.variance[-1], np.empty(days)
        for k in range(days):
            out[k] = level
            level = self.omega + (self.alpha + self.beta) * level
        return out


def discounted_sums(x, b):
    """Return s with s[0] = x[0] and s[t] = x[t] + b s[t-1], along the first axis, for |b| <= 1."""
    s = np.array(x, float)
    step, factor = 1, b
    while step < len(s) and abs(factor) > NEGLIGIBLE:
        s[step:] = s[step:] + factor * s[:-step]
        step, factor = 2 * step, factor * factor
    return s


def ewma(returns, lam, start=None):
    """Return variances for days 1..n+1 under exponential weights, each from the returns before its day alone.

    With a start v[1], v[t+1] = lam v[t] + (1 - lam) r[t]^2. Without one the weights are scaled to add up to 1 over the
    returns there are, v[t+1] = sum lam^i r[t-i]^2 / sum lam^i over i = 0..t-1: v[2] is r[1]^2, and day 1, which has no
    past, has no variance (NaN).

    Args:
        returns: shape (n,).
        lam: weight of the past, above 0 and below 1.
        start: variance of day 1, or None.

    Returns:
        Shape (n + 1,); the last is tomorrow's.

    Source: J.P. Morgan/Reuters (1996), RiskMetrics technical document, eq. 5.3, and 5.1 for the finite sum.
    """
    squares = np.square(returns)
    if start is not None:
        return discounted_sums(np.concatenate([[start], (1 - lam) * squares]), lam)
    weighted = discounted_sums(squares, lam) / discounted_sums(np.ones(len(squares)), lam)
    return np.concatenate([[np.nan], weighted])


def given_garch(returns, mu, omega, alpha, beta, start=None):
    """Return the GARCH(1,1) with these parameters: h[t+1] = omega + alpha (r[t] - mu)^2 + beta h[t].

    Args:
        returns: shape (n,), n at least 1.
        mu: mean, in the units of the returns.
        omega: constant of the variance, in their square.
        alpha: weight of the latest squared return.
        beta: weight of the latest variance; alpha + beta at most 1.
        start: variance of day 1; None for the long-run variance omega/(1 - alpha - beta), or where there is none for
            omega, the least that a variance can be. Neither looks at a return.

    Source: Hull (2018), eq. 23.10, and section 23.5 for the steps.
    """
    if start is None:
        persistence = alpha + beta
        start = omega / (1 - persistence) if persistence < 1 - 1e-12 else omega
    e2 = np.square(returns - mu)
    h = discounted_sums(np.concatenate([[start], omega + alpha * e2]), beta)
    loglik = None
    if np.all(h[:-1] > 0):
        loglik = float(-0.5 * np.sum(np.log(2 * np.pi * h[:-1]) + e2 / h[:-1]))
    return Garch(mu, omega, alpha, beta, (None,) * 4, loglik, h)


def fit_garch(returns):
    """Return the GARCH(1,1) with constant mean fitted by Gaussian maximum likelihood.

    Args:
        returns: shape (n,), n at least 100, not all equal.

    Returns:
        A `Garch`; its errors are from the inverse of the observed information.

    Raises:
        ValueError: the likelihood has no maximum that the optimiser can find.

    Source: Bollerslev (1986), J. Econometrics 31, section 5.
    """
    mean, scale = returns.mean(), returns.std()
    z = (returns - mean) / scale
    best = None
    for alpha, beta in ((0.05, 0.9), (0.15, 0.8), (0.1, 0.5)):
        found = minimize(
            _loss,
            [0.0, 1 - alpha - beta, alpha, beta],
            args=(z,),
            jac=True,
            method="SLSQP",
            bounds=[(-1, 1), (1e-8, 10), (0, 1), (0, 1)],
            constraints={"type": "ineq", "fun": lambda p: 1 - p[2] - p[3], "jac": lambda _p: [0, 0, -1, -1]},
            options={"ftol": 1e-14, "maxiter": 500},
        )
        if np.isfinite(found.fun) and (best is None or found.fun < best.fun - 1e-9):
            best = found
    if best is None:
        raise ValueError("inputs.prices: the likelihood of GARCH(1,1) has no maximum for these returns. Use EWMA.")
    mu, omega, alpha, beta = best.x
    errors = _errors(best.x, z) * np.array([scale, scale**2, 1, 1])
    variance = _variance(best.x, z)[0] * scale**2
    n = len(z)
    loglik = -best.fun * n - n * np.log(scale) - 0.5 * n * np.log(2 * np.pi)
    known = tuple(float(e) if np.isfinite(e) else None for e in errors)
    return Garch(
        float(mu * scale + mean), float(omega * scale**2), float(alpha), float(beta), known, float(loglik), variance
    )


def _variance(p, z):
    """Return variances for days 1..n+1 and their slopes by mu, omega, alpha and beta, shape (n + 1, 4)."""
    mu, omega, alpha, beta = p
    e = z - mu
    e2 = e * e
    first, first_slope = e2.mean(), -2 * e.mean()
    # Day 1 is omega + (alpha + beta) * mean(e^2): its past is the mean squared residual.
    drive = np.concatenate([[omega + (alpha + beta) * first], omega + alpha * e2])
    h = discounted_sums(drive, beta)
    slopes = np.empty((len(h), 4))
    slopes[0] = (alpha + beta) * first_slope, 1, first, first
    slopes[1:, 0] = -2 * alpha * e
    slopes[1:, 1] = 1
    slopes[1:, 2] = e2
    slopes[1:, 3] = h[:-1]
    return h, discounted_sums(slopes, beta), e


def _loss(p, z):
    """Return minus the mean log-likelihood, its constant left out, and its gradient."""
    h, slopes, e = _variance(p, z)
    h, slopes = np.maximum(h[:-1], 1e-12), slopes[:-1]
    n = len(z)
    pull = (1 / h - e * e / (h * h)) / (2 * n)
    gradient = pull @ slopes
    gradient[0] -= (e / h).mean()
    return 0.5 * (np.log(h) + e * e / h).mean(), gradient


def _errors(p, z):
    """Return standard errors from central differences of the gradient; NaN at the edge of the parameters."""
    step = 1e-5
    information = np.empty((4, 4))
    for i in range(4):
        move = np.zeros(4)
        move[i] = step
        information[i] = (_loss(p + move, z)[1] - _loss(p - move, z)[1]) / (2 * step)
    information = 0.5 * (information + information.T) * len(z)
    try:
        spread = np.diag(np.linalg.inv(information))
    except np.linalg.LinAlgError:
        return np.full(4, np.nan)
    return np.sqrt(np.where(spread > 0, spread, np.nan))
