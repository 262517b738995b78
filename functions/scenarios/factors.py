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
SHORT = 1.0  # mean reversion times span: below it a quadrature is exact and the closed forms cancel


def decay(k, t):
    """Return B(t) = (1 - e^(-kt)) / k, t where k is 0; shapes broadcast."""
    k, t = np.broadcast_arrays(np.asarray(k, float), np.asarray(t, float))
    return np.where(k * t < 1e-12, t, -np.expm1(-k * t) / np.where(k == 0, 1, k))


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
        both, scale = k[:, None] + k[None, :], s[:, None] * s[None, :] * self.rho
        values = scale * decay(both, t)
        if m == 0:
            return values, np.zeros((n, 0)), np.zeros((0, 0))
        if k.max() * t < SHORT:
            u = t * (NODES + 1) / 2
            fall, b = np.exp(-k[:, None] * u), decay(self.k[:, None], u)
            mixed = (fall * WEIGHTS) @ b.T * t / 2
            integrals = (b * WEIGHTS) @ b.T * t / 2
        else:
            single, double = decay(k, t), decay(both, t)
            mixed = (single[:, None] - double[:, :m]) / self.k
            inner = t - single[:m, None] - single[None, :m] + double[:m, :m]
            integrals = inner / (self.k[:, None] * self.k[None, :])
        return values, scale[:, :m] * mixed, scale[:m, :m] * integrals

    def joint(self, t):
        """Return the covariance of (values, integrals) over a span, shape (n + m, n + m)."""
        values, mixed, integrals = self.covariances(t)
        return np.block([[values, mixed], [mixed.T, integrals]])

    def integral_variance(self, t, which):
        """Return Var of the sum of the integrals of the factors `which` (positions), in the shape of `t`."""
        t = np.asarray(t, float)
        found = [self.covariances(one)[2][np.ix_(which, which)].sum() for one in t.ravel()]
        return np.array(found).reshape(t.shape)


def root(covariance):
    """Return A with A Aᵀ = covariance, whatever the scales of its variables and where some are fixed."""
    size = np.sqrt(np.maximum(np.diag(covariance), 0))
    safe = np.where(size > 0, size, 1)
    correlation = covariance / safe[:, None] / safe[None, :]
    values, vectors = np.linalg.eigh((correlation + correlation.T) / 2)
    return size[:, None] * vectors * np.sqrt(np.maximum(values, 0))
