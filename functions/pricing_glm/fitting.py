"""Generalised linear models with log link, fitted by iteratively reweighted least squares.

Chosen: one fitting routine for all variance functions mu^p (Poisson 1, Tweedie between, gamma 2), on cells of equal
design, which have the same estimates as their rows; a package for this takes about two seconds to import in a fresh
process, and the fit some milliseconds.
Left out: other links, penalties, and estimation of the power.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, xlogy

ITERATIONS, TOLERANCE = 100, 1e-13
LARGEST = 60.0  # a coefficient beyond it means a level without claims


@dataclass(frozen=True)
class Fit:
    """Coefficients (p,), their covariance at dispersion 1 (p, p), and the mean of every row (n,)."""

    coefficients: np.ndarray
    covariance: np.ndarray
    means: np.ndarray


def fit(design, y, weights, power):
    """Return the maximum likelihood fit of E[y] = exp(design b), Var[y] = dispersion mu^power / weight.

    Args:
        design: shape (n, p), its first column ones.
        y: responses per unit of weight, shape (n,), 0 or above; above 0 for power 2.
        weights: shape (n,), above 0.
        power: of the variance function, from 1 to 2.

    Raises:
        ValueError: two effects cannot be told apart, or the estimates run away.

    Source: McCullagh and Nelder (1989), section 2.5.
    """
    # Rows of equal design are one cell: their weighted mean is sufficient for the coefficients.
    cells, index = np.unique(design, axis=0, return_inverse=True)
    index = index.ravel()
    w = np.bincount(index, weights=weights)
    mean = np.bincount(index, weights=weights * y) / w
    rank = np.linalg.matrix_rank(cells)
    if rank < design.shape[1]:
        raise ValueError(
            f"inputs.factors: {design.shape[1]} coefficients, but the data can tell only {rank} effects apart. "
            "Leave out a factor or an interaction, or join levels."
        )
    beta = np.zeros(design.shape[1])
    beta[0] = np.log(w @ mean / w.sum())
    for _ in range(ITERATIONS):
        eta = cells @ beta
        mu = np.exp(np.clip(eta, -LARGEST, LARGEST))
        work = w * mu ** (2 - power)
        weighted = cells * work[:, None]
        new = np.linalg.solve(cells.T @ weighted, weighted.T @ (eta + (mean - mu) / mu))
        # Half steps keep a first step that overshoots from running away.
        for _ in range(30):
            if np.all(np.abs(cells @ new) < LARGEST):
                break
            new = 0.5 * (new + beta)
        done = np.max(np.abs(new - beta)) <= TOLERANCE * (1 + np.max(np.abs(new)))
        beta = new
        if done:
            break
    else:
        raise ValueError(
            "inputs.experience: the estimates do not settle: some combination of levels has no claims. Join levels."
        )
    mu = np.exp(cells @ beta)
    work = w * mu ** (2 - power)
    return Fit(beta, np.linalg.inv(cells.T @ (cells * work[:, None])), np.exp(design @ beta))


def deviance(y, mu, weights, power):
    """Return the deviance of every row, 0 or above, shape (n,).

    Source: McCullagh and Nelder (1989), section 2.3; Jorgensen (1997) for powers between 1 and 2.
    """
    if power == 1:
        unit = xlogy(y, y / mu) - (y - mu)
    elif power == 2:
        unit = (y - mu) / mu - np.log(y / mu)
    else:
        unit = y ** (2 - power) / ((1 - power) * (2 - power)) - y * mu ** (1 - power) / (1 - power)
        unit += mu ** (2 - power) / (2 - power)
    return 2 * weights * np.maximum(unit, 0)


def pearson(y, mu, weights, power, freedom):
    """Return Pearson's estimate of the dispersion, or None without degrees of freedom."""
    return float(weights @ (np.square(y - mu) / mu**power) / freedom) if freedom > 0 else None


def poisson_aic(counts, means, parameters):
    """Return Akaike's criterion -2 log L + 2 p of Poisson counts, shape (n,), with these means."""
    return float(-2 * np.sum(xlogy(counts, means) - means - gammaln(counts + 1)) + 2 * parameters)
