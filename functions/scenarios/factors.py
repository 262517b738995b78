"""The Gaussian factors behind rates, inflation and equity: their exact joint distribution over any span of time.

A factor reverts to 0, dx = -k x dt + s dW, or is a Brownian motion itself. Over a span the values x, their integrals X
and the Brownian motions are jointly normal, so that a step of any length has no discretisation error, and every closed
form needs no more than the covariances below.
Left out: volatilities that change over time.

Source: Brigo and Mercurio (2006), Interest Rate Models, 2nd ed., sections 3.3 and 4.2; Glasserman (2004), Monte Carlo
Methods in Financial Engineering, section 3.3.
"""

from dataclasses import dataclass

import numpy as np

NODES, WEIGHTS = np.polynomial.legendre.leggauss(24)
TINY = 1e-12
SHORT = 1.0  # mean reversion times span: below it a quadrature is exact and the closed forms cancel


def decay(k, t):
    """Return B(t) = (1 - e^(-kt)) / k, t where k is 0; shapes broadcast."""
    span = k * np.asarray(t, float)
    # (1 - e^-x) / x, which keeps its digits for every x above 0.
    return t * np.where(span > TINY, -np.expm1(-span) / np.maximum(span, TINY), 1 - span / 2)


@dataclass(frozen=True)
class Factors:
    """Mean-reverting factors and Brownian motions.

    Attributes:
        names: of the reverting factors first, then of the Brownian motions.
        k: mean reversion a year of the former, shape (m,), above 0.
        s: volatility a year of the former, shape (m,).
        rho: correlations of all Brownian motions, shape (n, n), m of them behind the reverting factors.
    """

    names: list
    k: np.ndarray
    s: np.ndarray
    rho: np.ndarray

    def index(self, name):
        """Return the position of a factor or Brownian motion."""
        return self.names.index(name)

    def covariances(self, t):
        """Return covariances over a span of `t` years from 0: values, value with integral, and integrals.

        Brownian motions count as factors with k = 0 and s = 1 among the values; they have no integral.

        Returns:
            cov(x_i, x_j), shape (n, n); cov(x_i, X_j), shape (n, m); cov(X_i, X_j), shape (m, m).
        """
        m, n = len(self.k), len(self.names)
        k = np.concatenate((self.k, np.zeros(n - m)))
        s = np.concatenate((self.s, np.ones(n - m)))
        scale = s[:, None] * s[None, :] * self.rho
        values = scale * decay(k[:, None] + k[None, :], t)
        return (
            values,
            scale[:, :m] * _mixed(k[:, None], self.k, t),
            scale[:m, :m] * _integrals(self.k[:, None], self.k, t),
        )

    def mixed_covariance(self, name, factor, t):
        """Return the covariance of a Brownian motion with the integral of a factor, in the shape of `t`."""
        i, j = self.index(name), self.index(factor)
        return self.s[j] * self.rho[i, j] * _mixed(0.0, self.k[j], np.asarray(t, float))

    def joint(self, t):
        """Return the covariance of (values, integrals) over a span, shape (n + m, n + m)."""
        values, mixed, integrals = self.covariances(t)
        return np.block([[values, mixed], [mixed.T, integrals]])

    def integral_variance(self, t, which):
        """Return Var of the sum of the integrals of the factors `which` (positions), in the shape of `t`."""
        t = np.asarray(t, float)
        return sum(
            self.s[i] * self.s[j] * self.rho[i, j] * _integrals(self.k[i], self.k[j], t) for i in which for j in which
        )


def _mixed(k, other, t):
    """Return the integral of e^(-ku) B(u) over u from 0 to t, B of the mean reversion `other` > 0; shapes broadcast."""
    closed = (decay(k, t) - decay(k + other, t)) / other
    if np.min(other * t) >= SHORT:
        return closed
    t = np.asarray(t, float)[..., None]
    k, other = np.asarray(k)[..., None], np.asarray(other)[..., None]
    u = t * (NODES + 1) / 2
    short = (np.exp(-k * u) * decay(other, u)) @ WEIGHTS * t[..., 0] / 2
    return np.where(np.maximum(k, other)[..., 0] * t[..., 0] < SHORT, short, closed)


def _integrals(k, other, t):
    """Return the integral of B(u) B'(u) over u from 0 to t, of two mean reversions above 0; shapes broadcast."""
    closed = (t - decay(k, t) - decay(other, t) + decay(k + other, t)) / (k * other)
    if np.min(np.minimum(k, other) * t) >= SHORT:
        return closed
    t = np.asarray(t, float)[..., None]
    k, other = np.asarray(k)[..., None], np.asarray(other)[..., None]
    u = t * (NODES + 1) / 2
    short = (decay(k, u) * decay(other, u)) @ WEIGHTS * t[..., 0] / 2
    return np.where(np.maximum(k, other)[..., 0] * t[..., 0] < SHORT, short, closed)


def root(covariance):
    """Return A with A Aᵀ = covariance, whatever the scales of its variables and where some are fixed."""
    size = np.sqrt(np.maximum(np.diag(covariance), 0))
    safe = np.where(size > 0, size, 1)
    correlation = covariance / safe[:, None] / safe[None, :]
    values, vectors = np.linalg.eigh((correlation + correlation.T) / 2)
    return size[:, None] * vectors * np.sqrt(np.maximum(values, 0))
