"""The over-dispersed Poisson model of a triangle: prediction errors in closed form, and its bootstrap.

Chosen: residuals of all cells share one pool and one dispersion; pseudo triangles are drawn and developed in
blocks with the resample as last axis, so every step is one operation on contiguous memory.
Left out: dispersion by development year, and residuals by strata.
"""

import numpy as np
import triangles

NUMBERS = 204_800  # of one block of resamples: under 2 MB an array, about a core's cache
TINY = 1e-12


def residuals(triangle):
    """Return fit, unscaled Pearson residuals, degrees of freedom and dispersion.

    r = (X - m) / √|m|, φ = Σ r² / (cells - parameters), with as many parameters as rows + columns - 1.

    Returns:
        fitted increments, shape (m, n); residuals, shape (m, n), NaN in the future; cells less parameters; φ.

    Raises:
        ValueError: there are no more cells than parameters.

    Source: England and Verrall (1999), Insurance: Mathematics and Economics 25, section 3.
    """
    fit, known = triangles.fitted(triangle), triangle.known
    size = np.sqrt(np.abs(fit))
    scale = np.maximum(size, TINY * size.max())
    # A cell that stands alone in its row or column is fitted exactly; rounding must not leave a residual.
    gap = np.where(
        np.abs(triangle.increments - fit) <= TINY * triangle.values[known].max(), 0, triangle.increments - fit
    )
    found = np.where(known, gap / scale, np.nan)
    freedom = int(known.sum()) - sum(known.shape) + 1
    if freedom < 1:
        raise ValueError("inputs.triangle: no more cells than parameters. Give a triangle with more rows or columns.")
    return fit, found, freedom, float(np.nansum(np.square(found)) / freedom)


def prediction_errors(triangle, fit, phi):
    """Return the standard errors of prediction by origin year, shape (m,), and of the total.

    φ Σ m + mᵀ V m over the future cells, V the covariance of their linear predictors: φ X (Xᵀ W X)⁻¹ Xᵀ.

    Raises:
        ValueError: a development year's fitted increments are not above 0, so they have no logarithm.

    Source: England and Verrall (1999), Insurance: Mathematics and Economics 25, section 2.2.
    """
    m, n = fit.shape
    if np.any(fit <= 0):
        j = int(np.flatnonzero((fit <= 0).any(axis=0))[0])
        raise ValueError(
            f"inputs.triangle: the increments of development year {j + 1} add up to 0 or less, which a logarithmic "
            "link cannot fit. Correct them, or use the bootstrap."
        )
    row, column = (a.ravel() for a in np.indices((m, n)))
    design = np.zeros((m * n, m + n - 1))
    design[np.arange(m * n), row] = 1
    later = column > 0
    design[np.flatnonzero(later), m + column[later] - 1] = 1
    past, mean = triangle.known.ravel(), fit.ravel()
    information = (design[past] * mean[past, None]).T @ design[past]
    covariance = phi * np.linalg.inv(information)
    # Gradient of each origin year's reserve in the parameters: Σ m x over its future cells.
    future = np.where(past, 0, mean)
    slopes = np.stack([(future * (row == i)) @ design for i in range(m)])
    process = phi * np.bincount(row, future, minlength=m)
    each = process + np.einsum("ij,jk,ik->i", slopes, covariance, slopes)
    whole = slopes.sum(axis=0)
    return np.sqrt(np.maximum(each, 0)), float(np.sqrt(process.sum() + whole @ covariance @ whole))


def pool(triangle, raw, freedom, *, keep_zero):
    """Return the residuals to draw from, each times √(cells / degrees of freedom), shape (k,).

    Args:
        triangle: of the residuals.
        raw: unscaled Pearson residuals.
        freedom: cells less parameters.
        keep_zero: whether the cells that any model fits exactly (a row's or a column's only cell) stay in.

    Source: England (2002), Addendum, Insurance: Mathematics and Economics 31, p. 463 (scaling).
    """
    cells = int(triangle.known.sum())
    found = raw[triangle.known]
    return (found if keep_zero else found[found != 0]) * np.sqrt(cells / freedom)


def bootstrap(triangle, fit, drawn, phi, *, simulations, process, seed):
    """Yield the number of resamples done with their future increments, shape (future cells, block).

    A pseudo triangle m + r √|m| is refitted by the chain ladder; its future increments are the means of the process
    drawn from them: gamma or over-dispersed Poisson with variance φ |mean|, or none.

    Args:
        triangle: observed, m x n.
        fit: its fitted increments, shape (m, n).
        drawn: residuals to draw from, shape (k,).
        phi: dispersion.
        simulations: resamples.
        process: "gamma", "od_poisson" or "none".
        seed: of numpy's SFC64; equal seeds give equal values.

    Source: England and Verrall (2002), British Actuarial Journal 8(3), appendix 3.
    """
    rng = np.random.Generator(np.random.SFC64(seed))
    known = triangle.known
    mean, size = fit[known][:, None], np.sqrt(np.abs(fit[known]))[:, None]
    block = max(32, NUMBERS // known.size)
    for start in range(0, simulations, block):
        count = min(block, simulations - start)
        pseudo = np.zeros((*known.shape, count))
        pseudo[known] = mean + size * drawn[rng.integers(len(drawn), size=(len(mean), count))]
        future = project(np.cumsum(pseudo, axis=1), triangle.latest)[~known]
        yield start + count, _process(rng, future, phi, process)


def project(cumulative, latest):
    """Return increments of pseudo triangles developed by their own chain ladder factors, shape (m, n, block).

    Cells up to `latest` (shape (m,)) are past and come out as 0.
    """
    m, n, _ = cumulative.shape
    found = np.zeros_like(cumulative)
    now = cumulative[np.arange(m), latest].copy()
    for k in range(n - 1):
        both, ahead = latest > k, latest <= k
        below, above = cumulative[both, k].sum(axis=0), cumulative[both, k + 1].sum(axis=0)
        # A resample may leave a column's sum at 0; it then develops no further.
        factor = np.divide(above, below, out=np.ones_like(above), where=np.abs(below) > TINY * np.abs(above))
        step = now[ahead] * (factor - 1)
        found[ahead, k + 1] = step
        now[ahead] += step
    return found


def _process(rng, mean, phi, process):
    """Return draws with the means given and variance φ |mean|, mirrored where a mean is below 0."""
    if process == "none" or phi <= 0:
        return mean
    size = np.abs(mean) / phi
    drawn = rng.standard_gamma(size) if process == "gamma" else rng.poisson(np.minimum(size, 1e15))
    return np.copysign(phi * drawn, mean)
