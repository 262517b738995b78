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
SATURATED = 1e-12  # a dispersion that small is rounding: the density would be without bound
DEPENDENT = 1e-9  # share of a column's size that the columns before it must leave
UNSETTLED = (
    "inputs.experience: the estimates do not settle: some combination of levels has no claims, or rates lie too many "
    "powers of ten apart. Join levels."
)
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
        design: shape (n, p), its first column ones, of full rank (see `aliased`).
        y: responses per unit of weight, shape (n,), 0 or above; above 0 for power 2.
        weights: shape (n,), above 0.
        power: of the variance function, from 1 to 2.

    Raises:
        ValueError: the estimates run away.

    Source: McCullagh and Nelder (1989), section 2.5.
    """
    # Rows of equal design are one cell: their weighted mean is sufficient for the coefficients.
    cells, index = np.unique(design, axis=0, return_inverse=True)
    index = index.ravel()
    w = np.bincount(index, weights=weights)
    mean = np.bincount(index, weights=weights * y) / w
    cells, back = standardised(cells, w)
    overall = w @ mean / w.sum()
    beta = np.zeros(design.shape[1])
    beta[0] = np.log(overall)
    # From half way to the data, as rates that lie many powers of ten apart are out of reach of the mean's weights.
    eta = np.log((mean + overall) / 2)
    for _ in range(ITERATIONS):
        mu = np.exp(np.clip(eta, -LARGEST, LARGEST))
        work = w * mu ** (2 - power)
        weighted = cells * work[:, None]
        try:
            new = np.linalg.solve(cells.T @ weighted, weighted.T @ (eta + (mean - mu) / mu))
        except np.linalg.LinAlgError:
            raise ValueError(UNSETTLED) from None
        # Half steps keep a first step that overshoots from running away.
        for _ in range(30):
            if np.all(np.abs(cells @ new) < LARGEST):
                break
            new = 0.5 * (new + beta)
        done = np.max(np.abs(new - beta)) <= TOLERANCE * (1 + np.max(np.abs(new)))
        beta = new
        eta = cells @ beta
        if done:
            break
    else:
        raise ValueError(UNSETTLED)
    mu = np.exp(eta)
    work = w * mu ** (2 - power)
    covariance = np.linalg.inv(cells.T @ (cells * work[:, None]))
    return Fit(back @ beta, back @ covariance @ back.T, mu[index])


def standardised(matrix, weights):
    """Return the columns with mean 0 and deviation 1 where they are no ones and zeros, and the way back.

    A sum insured of a million beside an intercept of 1 would leave half of the digits.

    Returns:
        (matrix, shape (n, p); `back`, shape (p, p): coefficients of the columns as given are `back @` these).
    """
    back = np.eye(matrix.shape[1])
    found = matrix.copy()
    for k in range(1, matrix.shape[1]):
        column = matrix[:, k]
        if not np.all((column == 0) | (column == 1)):
            middle = float(weights @ column / weights.sum())
            size = float(np.sqrt(weights @ np.square(column - middle) / weights.sum()))
            found[:, k] = (column - middle) / size
            back[k, k] = 1 / size
            back[0, k] = -middle / size
    return found, back


def aliased(matrix):
    """Return {column: {earlier column: coefficient}} for each column that is a sum of columns before it.

    Args:
        matrix: shape (n, p), rows of equal design at most once or as often as they like.
    """
    cells = np.unique(matrix, axis=0)
    size = np.sqrt(np.square(cells).sum(axis=0))
    kept, basis, found = [], np.zeros((len(cells), 0)), {}
    for k in range(matrix.shape[1]):
        column = cells[:, k]
        # Twice, since one projection leaves rounding behind.
        rest = column - basis @ (basis.T @ column)
        rest = rest - basis @ (basis.T @ rest)
        if np.sqrt(rest @ rest) <= DEPENDENT * max(size[k], 1e-300):
            weights = np.linalg.lstsq(cells[:, kept], column, rcond=None)[0] if kept else np.zeros(0)
            found[k] = {j: float(v) for j, v in zip(kept, weights, strict=True) if abs(v) > 1e-6}
        else:
            kept.append(k)
            basis = np.column_stack([basis, rest / np.sqrt(rest @ rest)])
    return found


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


def gamma_aic(y, means, weights, parameters):
    """Return Akaike's criterion of gamma means of `weights` claims, with the dispersion deviance / sum of weights.

    Source: as R's Gamma family counts it, the dispersion as one more parameter.
    """
    spread = deviance(y, means, weights, 2).sum() / weights.sum()
    if not spread > SATURATED:
        return None
    shape = 1 / spread
    logs = shape * np.log(shape * y / means) - shape * y / means - np.log(y) - gammaln(shape)
    return float(-2 * weights @ logs + 2 + 2 * parameters)
