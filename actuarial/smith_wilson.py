"""Smith and Wilson's curve: it meets the market up to the last liquid point and an ultimate forward rate beyond.

Chosen: EIOPA's form and notation; the smallest alpha that brings the forward rate to the ultimate one is found by
bisection on six decimals, as EIOPA publishes it.
Left out: the alternative extrapolation that applies from 30 January 2027.

Source: EIOPA, Technical documentation of the methodology to derive EIOPA's risk-free interest rate term structures,
section 7; Smith and Wilson (2001), Fitting yield curves with long term constraints.
"""

from dataclasses import dataclass

import numpy as np

LOWEST, HIGHEST = 0.05, 1.0  # EIOPA's lower bound, and a speed at which a forward rate moves within a year
GRID = 1_000_000  # alphas are whole millionths
WORST_CONDITION = 1e13


class NoCurveError(Exception):
    """No Smith-Wilson curve goes through the quotes. The caller knows which input they came from."""


class NoAlphaError(Exception):
    """No alpha brings the forward rate to the ultimate forward rate in time."""


@dataclass(frozen=True)
class Curve:
    """A calibrated curve: P(t) = e^(-omega t) (1 + H(t, u) Qb)."""

    omega: float  # ultimate forward rate, continuously compounded
    alpha: float
    times: np.ndarray  # u: years of the cash flows of the quotes, shape (n,)
    weights: np.ndarray  # Qb, shape (n,)

    def discount(self, t):
        """Return discount factors at `t` years, shape of `t`."""
        t = np.asarray(t, dtype=float)
        return np.exp(-self.omega * t) * (1 + heart(t[..., None], self.times, self.alpha) @ self.weights)

    def forward(self, t):
        """Return instantaneous forward rates at `t` years, continuously compounded: -d ln P(t) / dt."""
        t = np.asarray(t, dtype=float)
        level = 1 + heart(t[..., None], self.times, self.alpha) @ self.weights
        return self.omega - slope(t[..., None], self.times, self.alpha) @ self.weights / level

    def gap(self, convergence_point):
        """Return the distance of the forward rate from the ultimate one at a time beyond every cash flow.

        alpha / |1 - kappa e^(alpha T)| with kappa = (1 + alpha u'Qb) / (sinh(alpha u')Qb).
        """
        return gap(self.alpha, self.times, self.weights, convergence_point)


def heart(t, u, alpha):
    """Return Wilson's function without its discounting: H(t, u) = alpha min - e^(-alpha max) sinh(alpha min).

    Args:
        t: years, of any shape.
        u: years, of a shape that broadcasts with that of `t`.
        alpha: speed of convergence, a year.

    Returns:
        H, of the broadcast shape.
    """
    low, high = np.minimum(t, u), np.maximum(t, u)
    return alpha * low - (np.exp(-alpha * (high - low)) - np.exp(-alpha * (high + low))) / 2


def slope(t, u, alpha):
    """Return dH(t, u)/dt; arguments as in `heart`."""
    low, high = np.minimum(t, u), np.maximum(t, u)
    near, far = np.exp(-alpha * (high - low)), np.exp(-alpha * (high + low))
    return np.where(t < u, alpha - alpha * (near + far) / 2, alpha * (near - far) / 2)


def calibrate(flows, times, prices, omega, alpha):
    """Return the curve through the quotes, for a given alpha.

    Args:
        flows: amounts of each quote (columns) at each time (rows), shape (n, m).
        times: years, ascending, shape (n,).
        prices: market prices, shape (m,).
        omega: ultimate forward rate, continuously compounded.
        alpha: speed of convergence, a year, above 0.

    Raises:
        NoCurveError: the quotes contradict or repeat each other, so that no curve goes through them.
    """
    weighted = flows * np.exp(-omega * times)[:, None]  # Q
    system = weighted.T @ heart(times[:, None], times, alpha) @ weighted
    if np.linalg.cond(system) > WORST_CONDITION:
        raise NoCurveError("two quotes are all but the same instrument")
    b = np.linalg.solve(system, prices - weighted.sum(axis=0))
    return Curve(omega, alpha, times, weighted @ b)


def gap(alpha, times, weights, convergence_point):
    """Return |forward - omega| at the convergence point, continuously compounded; arguments as in `Curve.gap`.

    Numerator and denominator are both multiplied by sinh(alpha u')Qb e^(-alpha T), so that nothing overflows.
    """
    T = convergence_point
    fall = (np.exp(alpha * (times - T)) - np.exp(-alpha * (times + T))) / 2 @ weights
    rest = abs(fall - 1 - alpha * times @ weights)
    return float(alpha * abs(fall) / rest) if rest > 0 else float("inf")


def find_alpha(calibrated, convergence_point, tolerance):
    """Return the smallest alpha from 0.05 up whose curve is within `tolerance` at the convergence point.

    Args:
        calibrated: alpha -> Curve.
        convergence_point: years, beyond the last cash flow.
        tolerance: distance of the forward rate from the ultimate one; EIOPA takes 0.0001.

    Returns:
        Alpha, a whole number of millionths.

    Raises:
        NoAlphaError: no alpha up to 1 is enough.
    """

    def converged(grid):
        return calibrated(grid / GRID).gap(convergence_point) <= tolerance

    low = round(LOWEST * GRID)
    if converged(low):
        return LOWEST
    for high in (round(a * GRID) for a in (0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.8, HIGHEST)):
        if converged(high):
            break
        low = high
    else:
        raise NoAlphaError("no alpha up to 1 is enough")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if converged(middle) else (middle, high)
    return high / GRID
