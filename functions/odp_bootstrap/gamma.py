"""The gamma model of a triangle: logarithmic link, variance in proportion to the square of the mean, closed form.

Chosen: maximum likelihood by iteratively reweighted least squares from the chain ladder's fit.
Left out: increments of 0 or below, which the gamma distribution does not have.
"""

import numpy as np
import triangles
from odp import design_matrix

CONVERGED = 1e-12  # largest step of a linear predictor
STEPS = 200


def fit(triangle):
    """Return fitted increments, shape (m, n), unscaled Pearson residuals (X - m) / m, and degrees of freedom.

    Raises:
        ValueError: naming increments that are not above 0; no more cells than parameters; no convergence.

    Source: Mack (1991), A simple parametric model for rating automobile insurance or estimating IBNR claims reserves,
    ASTIN Bulletin 21(1); England and Verrall (2002), British Actuarial Journal 8(3).
    """
    m, n = triangle.values.shape
    known = triangle.known
    low = np.argwhere(known & (np.nan_to_num(triangle.increments) <= 0))
    if len(low):
        named = ", ".join(f"{triangle.origins[i]} in development {triangle.named(j)}" for i, j in low[:5])
        raise ValueError(
            f"inputs.triangle: the increment of {named} is not above 0, which the gamma model cannot fit. "
            "Use the over-dispersed Poisson model."
        )
    freedom = int(known.sum()) - m - n + 1
    if freedom < 1:
        raise ValueError("inputs.triangle: no more cells than parameters. Give a triangle with more rows or columns.")
    design = design_matrix(m, n)
    past, paid = design[known.ravel()], triangle.increments[known]
    inverse = np.linalg.inv(past.T @ past) @ past.T  # all weights are 1: variance and link cancel
    predictor = np.log(np.maximum(triangles.fitted(triangle)[known], paid.min()))
    for _ in range(STEPS):
        mean = np.exp(predictor)
        parameters = inverse @ (predictor + (paid - mean) / mean)
        step, predictor = past @ parameters - predictor, past @ parameters
        if np.abs(step).max() < CONVERGED * max(1, np.abs(predictor).max()):
            fitted = np.exp(design @ parameters).reshape(m, n)
            return fitted, np.where(known, triangle.increments / fitted - 1, np.nan), freedom
    raise ValueError("inputs.triangle: the gamma model finds no fit. Use the over-dispersed Poisson model.")


def deviance(triangle, fitted):
    """Return the deviance 2 Σ ((X - m) / m - ln(X / m)).

    Source: McCullagh and Nelder (1989), Generalized Linear Models, section 2.3.
    """
    ratio = triangle.increments[triangle.known] / fitted[triangle.known]
    return float(2 * np.sum(ratio - 1 - np.log(ratio)))


def prediction_errors(triangle, fitted, phi):
    """Return process and parameter errors of prediction, by origin year and last of the total, shape (m + 1,) each.

    φ Σ m² + mᵀ V m over the future cells, V = φ X (Xᵀ X)⁻¹ Xᵀ the covariance of their linear predictors.

    Source: England and Verrall (1999), Insurance: Mathematics and Economics 25, section 2.2.
    """
    m, n = fitted.shape
    design, past = design_matrix(m, n), triangle.known.ravel()
    covariance = phi * np.linalg.inv(design[past].T @ design[past])
    future = np.where(triangle.known, 0, fitted)
    slopes = np.stack([future[i] @ design[i * n : (i + 1) * n] for i in range(m)])
    slopes = np.vstack([slopes, slopes.sum(axis=0)])
    process = phi * np.square(future).sum(axis=1)
    parameter = np.einsum("ij,jk,ik->i", slopes, covariance, slopes)
    return np.sqrt(np.append(process, process.sum())), np.sqrt(np.maximum(parameter, 0))
