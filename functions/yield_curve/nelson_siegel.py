"""Nelson and Siegel's curve and Svensson's second hump: evaluated, or fitted to zero rates by least squares.

Chosen: for given times of decay the betas are an ordinary regression; the times themselves are found on a
logarithmic grid and refined from its best point. Every quote weighs the same. Times of decay at which the quotes cannot
tell the betas apart are passed over: there the betas are huge, of opposite signs, and anything between the quotes.
Left out: weights by duration, bounds on betas.

Source: Nelson and Siegel (1987), Parsimonious Modeling of Yield Curves, J. Business 60(4); Svensson (1994), IMF
Working Paper 94/114; Diebold and Li (2006), J. Econometrics 130.
"""

from dataclasses import dataclass

import numpy as np
from instruments import PER_YEAR, to_discount
from scipy.optimize import minimize

SHORTEST, LONGEST = 0.05, 30.0  # years of decay
GRID = 48
PEAK = 1.7932821329007607  # x at which h(x) = (1 - e^-x)/x - e^-x is largest: the root of e^-x (1 + x + x²) = 1
OUT_OF_REACH = 1e6  # far above any sum of squared rates, and finite, as the simplex needs it
WORST_CONDITION = 1e3  # of the loadings, each column of length 1, beyond which betas are not told apart


@dataclass(frozen=True)
class Curve:
    """Zero rates b0 + b1 g(t/tau1) + b2 h(t/tau1) + b3 h(t/tau2), compounded as the caller says."""

    betas: np.ndarray  # fractions, shape (3,) or (4,)
    taus: np.ndarray  # years, shape (1,) or (2,)
    compounding: str

    def zero(self, t):
        """Return zero rates at `t` years, 0 included, shape of `t`."""
        return loadings(np.asarray(t, dtype=float), self.taus) @ self.betas

    def discount(self, t):
        """Return discount factors at `t` years, shape of `t`."""
        return to_discount(self.zero(t), np.asarray(t, dtype=float), self.compounding)

    def forward(self, t):
        """Return instantaneous forward rates at `t` years, continuously compounded."""
        t, z = np.asarray(t, dtype=float), self.zero(t)
        rise = slopes(t, self.taus) @ self.betas
        if self.compounding == "continuous":
            return z + t * rise
        m = PER_YEAR[self.compounding]
        return m * np.log1p(z / m) + t * rise / (1 + z / m)


def loadings(t, taus):
    """Return 1, g, h for each time of decay: g(x) = (1 - e^-x)/x, h(x) = g(x) - e^-x; shape of t and (1 + 1 + k,)."""
    columns = [np.ones_like(t)]
    for i, tau in enumerate(taus):
        x = t / tau
        g = np.where(x > 0, -np.expm1(-x) / np.where(x > 0, x, 1), 1.0)
        columns += [g, g - np.exp(-x)] if i == 0 else [g - np.exp(-x)]
    return np.stack(columns, axis=-1)


def slopes(t, taus):
    """Return the derivatives of the loadings by t."""
    columns = [np.zeros_like(t)]
    for i, tau in enumerate(taus):
        x = t / tau
        small = x < 1e-4
        safe = np.where(small, 1, x)
        g = np.where(small, -0.5 + x / 3, (np.exp(-x) * (1 + x) - 1) / safe**2) / tau
        h = g + np.exp(-x) / tau
        columns += [g, h] if i == 0 else [h]
    return np.stack(columns, axis=-1)


def fit(t, zero, taus, compounding):
    """Return the curve of given times of decay closest to the zero rates.

    Args:
        t: years, shape (n,), n at least the number of betas.
        zero: rates as fractions, shape (n,).
        taus: years, shape (1,) or (2,).
        compounding: of the rates.
    """
    betas, *_ = np.linalg.lstsq(loadings(t, taus), zero, rcond=None)
    return Curve(betas, np.asarray(taus, dtype=float), compounding)


def conditions(designs):
    """Return the condition numbers of loadings whose columns are scaled to length 1.

    Args:
        designs: loadings, shape (..., n, m).

    Returns:
        Condition numbers, shape (...).
    """
    lengths = np.linalg.norm(designs, axis=-2, keepdims=True)
    return np.linalg.cond(designs / np.where(lengths > 0, lengths, 1.0))


def find(t, zero, humps, compounding):
    """Return the curve closest to the zero rates over the times of decay from 0.05 to 30 years; arguments as in `fit`.

    Times of decay whose loadings have a condition number above WORST_CONDITION are passed over.

    Raises:
        ValueError: the quotes tell the betas apart at no time of decay.
    """
    grid = np.geomspace(SHORTEST, LONGEST, GRID)
    pairs = [(a,) for a in grid] if humps == 1 else [(a, b) for i, a in enumerate(grid) for b in grid[i + 3 :]]
    designs = np.stack([loadings(t, taus) for taus in pairs])
    q, _ = np.linalg.qr(designs)
    errors = zero @ zero - np.einsum("knb,n->kb", q, zero).__pow__(2).sum(axis=1)
    errors[conditions(designs) > WORST_CONDITION] = np.inf
    if not np.isfinite(errors).any():
        raise ValueError(
            "inputs.quotes: they lie too close together to tell the parameters apart. Add quotes at other maturities."
        )
    start = np.log(pairs[int(np.argmin(errors))])

    def squares(logs):
        design = loadings(t, np.exp(np.clip(logs, np.log(SHORTEST), np.log(LONGEST))))
        scaled = design / np.linalg.norm(design, axis=0)
        weights, _, _, singular = np.linalg.lstsq(scaled, zero, rcond=None)
        if singular[0] > WORST_CONDITION * singular[-1]:
            return OUT_OF_REACH
        errors = scaled @ weights - zero
        return float(errors @ errors)

    found = minimize(squares, start, method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-18, "maxiter": 600})
    return fit(t, zero, np.exp(np.clip(found.x, np.log(SHORTEST), np.log(LONGEST))), compounding)
