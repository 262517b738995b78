"""The over-dispersed Poisson model of a triangle: prediction errors in closed form, and its bootstrap.

Chosen: residuals of all cells share one pool and one dispersion; pseudo triangles are drawn and developed in
blocks with the resample as last axis, so every step is one operation on contiguous memory.
A resample that leaves a development year next to nothing to develop from is drawn again: its factor would be a division
by almost 0, and a few of them would make up all of the mean and the deviation.
Left out: dispersion by development year, and residuals by strata.
"""

import numpy as np
import triangles
from scipy.special import xlogy

NUMBERS = 204_800  # of one block of resamples: under 2 MB an array, about a core's cache
TINY = 1e-12
CANCELLED = 1e-9  # of a development year's amounts: a sum no larger is 0 but for rounding
LEAST = 0.1  # of its fitted amount: a development year that a resample leaves less is drawn again
MOST = 0.25  # share of resamples drawn again, beyond which nothing is left to call a distribution


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
    # The fit keeps the sum of every development year, so a year whose increments cancel is fitted by 0.
    paid = np.where(known, triangle.increments, 0)
    cancelled = (np.abs(paid.sum(axis=0)) <= CANCELLED * np.abs(paid).sum(axis=0)) & (paid != 0).any(axis=0)
    if cancelled.any():
        named = ", ".join(str(j + 1) for j in np.flatnonzero(cancelled))
        raise ValueError(
            f"inputs.triangle: the increments of development year {named} cancel to 0 and are not 0, so the model can "
            "give them no variance. Add the year to its neighbour, or correct the amounts."
        )
    return fit, found, freedom, float(np.nansum(np.square(found)) / freedom)


def prediction_errors(triangle, fit, phi):
    """Return process and parameter errors of prediction, by origin year and last of the total, shape (m + 1,) each.

    φ Σ m + mᵀ V m over the future cells, V the covariance of their linear predictors: φ X (Xᵀ W X)⁻¹ Xᵀ. A development
    year in which nothing was ever paid is fitted by 0 and adds no error.

    Raises:
        ValueError: a development year's fitted increments are below 0, so they have no logarithm.

    Source: England and Verrall (1999), Insurance: Mathematics and Economics 25, section 2.2.
    """
    m, n = fit.shape
    row = np.indices((m, n))[0].ravel()
    design, covariance = linear_predictors(triangle, fit, phi)
    past, mean = triangle.known.ravel(), fit.ravel()
    # Gradient of each origin year's reserve in the parameters: Σ m x over its future cells.
    future = np.where(past, 0, mean)
    slopes = np.stack([(future * (row == i)) @ design for i in range(m)])
    process = phi * np.bincount(row, future, minlength=m)
    slopes = np.vstack([slopes, slopes.sum(axis=0)])
    parameter = np.einsum("ij,jk,ik->i", slopes, covariance, slopes)
    return np.sqrt(np.append(process, process.sum())), np.sqrt(np.maximum(parameter, 0))


def prior_errors(triangle, fit, phi, ultimate, variation):
    """Return Bornhuetter-Ferguson reserves and their process, prior and parameter errors, shape (m + 1,) each.

    With γ the fitted pattern and ν the a-priori ultimates: reserve ν (1 - β), process variance φ ν (1 - β), prior
    variance Var(ν) (1 - β)², parameter variance ν ν' Cov(β, β'). Years are independent in all but the pattern. The
    last element of each array is the total.

    Args:
        triangle: observed, m x n.
        fit: its fitted increments, shape (m, n), which give the pattern.
        phi: dispersion.
        ultimate: a-priori ultimates, shape (m,), above 0.
        variation: their coefficient of variation.

    Source: Alai, Merz and Wüthrich (2009), Mean square error of prediction in the Bornhuetter-Ferguson claims reserving
    method, Annals of Actuarial Science 4(1), p. 7.
    """
    m = len(fit)
    pattern = fit[0] / fit[0].sum()
    _, covariance = linear_predictors(triangle, fit, phi)
    # Columns of the pattern's gradient belong to the development years' parameters, of which the first has none.
    gradient = (np.diag(pattern) - np.outer(pattern, pattern))[:, 1:]
    ahead = (~triangle.known).astype(float)
    share, slopes = ahead @ pattern, ultimate[:, None] * (ahead @ gradient)
    slopes = np.vstack([slopes, slopes.sum(axis=0)])
    reserve = np.append(ultimate * share, ultimate @ share)
    prior = variation * reserve[:-1]
    parameter = np.einsum("ij,jk,ik->i", slopes, covariance[m:, m:], slopes)
    return (
        reserve,
        np.sqrt(phi * np.maximum(reserve, 0)),
        np.append(np.abs(prior), np.sqrt(np.sum(prior**2))),
        np.sqrt(np.maximum(parameter, 0)),
    )


def linear_predictors(triangle, fit, phi):
    """Return the design matrix of all cells, shape (m n, p), and the covariance of its parameters, shape (p, p).

    Parameters are one for each origin year and one for each development year but the first. A development year fitted
    by 0 keeps its parameter with variance 0.

    Raises:
        ValueError: a development year's fitted increments are below 0.
    """
    m, n = fit.shape
    if np.any(fit < 0):
        j = int(np.flatnonzero((fit < 0).any(axis=0))[0])
        raise ValueError(
            f"inputs.triangle: the increments of development year {j + 1} add up to less than 0, which a logarithmic "
            "link cannot fit. Correct them, or use the bootstrap."
        )
    design = design_matrix(m, n)
    past, mean = triangle.known.ravel(), fit.ravel()
    information = (design[past] * mean[past, None]).T @ design[past]
    used = np.diag(information) > 0
    if not used[:m].all() or np.any(fit[:, 0] == 0):
        raise ValueError(
            "inputs.triangle: nothing was paid in the first development year. Leave that column out, so that the "
            "triangle begins with the first payments."
        )
    covariance = np.zeros_like(information)
    covariance[np.ix_(used, used)] = phi * np.linalg.inv(information[np.ix_(used, used)])
    return design, covariance


def design_matrix(m, n):
    """Return the design of m x n cells, shape (m n, m + n - 1): origin years, then development years but the first."""
    row, column = (a.ravel() for a in np.indices((m, n)))
    design = np.zeros((m * n, m + n - 1))
    design[np.arange(m * n), row] = 1
    later = column > 0
    design[np.flatnonzero(later), m + column[later] - 1] = 1
    return design


def deviance(triangle, fit):
    """Return the deviance of the fit, 2 Σ (X ln(X / m) - (X - m)), or None where an increment is below 0.

    Source: McCullagh and Nelder (1989), Generalized Linear Models, section 2.3.
    """
    paid, mean = triangle.increments[triangle.known], fit[triangle.known]
    paid = np.where(np.abs(paid) <= TINY * np.abs(paid).max(), 0, paid)
    if (paid < 0).any() or (mean < 0).any() or ((mean == 0) & (paid > 0)).any():
        return None
    return max(
        0.0,
        float(2 * np.sum(xlogy(paid, np.divide(paid, mean, out=np.ones_like(paid), where=mean > 0)) - (paid - mean))),
    )


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


def bootstrap(triangle, fit, drawn, phi, *, simulations, process, seed, prior=None, redrawn=None):
    """Yield the number of resamples done with their future increments, shape (future cells, block).

    A pseudo triangle m + r √|m| is refitted by the chain ladder; its future increments are the means of the process
    drawn from them: gamma or over-dispersed Poisson with variance φ |mean|, or none. Resamples that leave a development
    year less than `LEAST` of its fitted amount are drawn again.

    Args:
        triangle: observed, m x n.
        fit: its fitted increments, shape (m, n).
        drawn: residuals to draw from, shape (k,).
        phi: dispersion.
        simulations: resamples.
        process: "gamma", "od_poisson" or "none".
        seed: of numpy's SFC64; equal seeds give equal values.
        prior: a-priori ultimates, shape (m,), and their coefficient of variation, for Bornhuetter-Ferguson: the level
            of each year is drawn from a gamma distribution around them, only the pattern comes from the resample.
        redrawn: a list that gets how many resamples each block had to draw again.

    Raises:
        ValueError: more than `MOST` of the resamples had to be drawn again.

    Source: England and Verrall (2002), British Actuarial Journal 8(3), appendix 3.
    """
    rng = np.random.Generator(np.random.SFC64(seed))
    known, latest = triangle.known, triangle.latest
    mean, size = fit[known][:, None], np.sqrt(np.abs(fit[known]))[:, None]
    floor = LEAST * column_sums(np.cumsum(fit, axis=1)[..., None], latest)
    block, again = max(32, NUMBERS // known.size), 0

    def draw(count):
        pseudo = np.zeros((*known.shape, count))
        cells = np.take(drawn, rng.integers(len(drawn), size=(len(mean), count)))
        cells *= size
        cells += mean
        pseudo[known] = cells
        np.cumsum(pseudo, axis=1, out=pseudo)
        sums = column_sums(pseudo, latest)
        return pseudo, sums, np.flatnonzero((sums < floor).any(axis=(0, 1)))

    for start in range(0, simulations, block):
        count = min(block, simulations - start)
        pseudo, sums, bad = draw(count)
        while len(bad):
            again += len(bad)
            if again > MOST * (start + count + again):
                raise ValueError(
                    f"inputs.triangle: more than {MOST:.0%} of the resamples leave a development year next to nothing "
                    "to develop from, so a bootstrap of these amounts has no distribution to show. Use the closed "
                    "form, or put the first development years together."
                )
            better, better_sums, still = draw(len(bad))
            pseudo[..., bad], sums[..., bad] = better, better_sums
            bad = bad[still]
        future = project(pseudo, latest, sums) if prior is None else _from_prior(rng, sums, latest, *prior)
        if redrawn is not None:
            redrawn.append(again - sum(redrawn))
        yield start + count, _process(rng, future[~known], phi, process)


def column_sums(cumulative, latest):
    """Return what each development year's factor divides and is divided by, shape (2, n - 1, block).

    First the sums of the amounts of a development year over the rows that know the next one, then those of the next.
    """
    n = cumulative.shape[1]
    found = np.empty((2, n - 1, cumulative.shape[2]))
    for k in range(n - 1):
        both = latest > k
        cumulative[:, k].sum(axis=0, where=both[:, None], out=found[0, k])
        cumulative[:, k + 1].sum(axis=0, where=both[:, None], out=found[1, k])
    return found


def project(cumulative, latest, sums=None):
    """Return increments of pseudo triangles developed by their own chain ladder factors, shape (m, n, block).

    Cells up to `latest` (shape (m,)) are past and come out as 0. `sums` are those of `column_sums`.
    """
    m, n, _ = cumulative.shape
    below, above = column_sums(cumulative, latest) if sums is None else sums
    found = np.zeros_like(cumulative)
    now = cumulative[np.arange(m), latest].copy()
    for k in range(n - 1):
        ahead = latest <= k
        step = now[ahead] * (above[k] / below[k] - 1)
        found[ahead, k + 1] = step
        now[ahead] += step
    return found


def _from_prior(rng, sums, latest, ultimate, variation):
    """Return future increments of Bornhuetter-Ferguson, shape (m, n, block): ultimates drawn, pattern resampled."""
    share = 1 / np.cumprod((sums[1] / sums[0])[::-1], axis=0)[::-1]  # developed by the end of each year but the last
    share = np.concatenate([share, np.ones((1, share.shape[1]))])
    step = np.diff(share, axis=0, prepend=0)
    level = np.broadcast_to(ultimate[:, None], (len(ultimate), share.shape[1]))
    if variation > 0:
        level = ultimate[:, None] * variation**2 * rng.standard_gamma(1 / variation**2, size=level.shape)
    future = np.arange(len(share)) > latest[:, None]
    return level[:, None, :] * step[None] * future[..., None]


def _process(rng, mean, phi, process):
    """Return draws with the means given and variance φ |mean|, mirrored where a mean is below 0."""
    if process == "none" or phi <= 0:
        return mean
    size = np.abs(mean) / phi
    drawn = rng.standard_gamma(size) if process == "gamma" else rng.poisson(np.minimum(size, 1e15))
    return np.copysign(phi * drawn, mean)
