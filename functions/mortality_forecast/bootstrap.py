"""Uncertainty of the parameters: the model fitted again to deaths drawn anew.

Chosen: deaths drawn around the observed numbers (semiparametric) or around the fitted ones (parametric), each resample
fitted from the first fit's parameters, so that a resample takes a few steps.
Left out: resampling of residuals.
"""

from dataclasses import replace

import fits
import numpy as np

STEPS = 50  # of a refit, which starts close to where it ends


def resampled(grid, fit, around, rng):
    """Return a grid with deaths drawn from the model's distribution.

    Args:
        grid: as fitted.
        fit: the Fit.
        around: "observed" or "fitted" deaths.
        rng: numpy's generator.

    Source: Brouhns, Denuit and van Keilegom (2005), Scandinavian Actuarial Journal, section 3 (observed); Villegas et
    al. (2018), JSS 84(3), section 7.
    """
    if fit.structure.link == "log":
        mean = grid.deaths if around == "observed" else grid.exposure * fit.rates
        return replace(grid, deaths=rng.poisson(mean).astype(float))
    initial = grid.exposure + grid.deaths / 2
    share = np.clip(grid.deaths / initial if around == "observed" else fit.rates, 0, 1)
    deaths = np.minimum(rng.binomial(np.maximum(np.round(initial), 1).astype(np.int64), share), initial)
    # The initial exposure stays as it is: the central one follows from it and the new deaths.
    return replace(grid, deaths=deaths.astype(float), exposure=initial - deaths / 2)


def refitted(grid, weight, fit, around, number, rng):
    """Yield the fits to `number` resamples, or a sentence on why one is of no use."""
    for _ in range(number):
        try:
            drawn = resampled(grid, fit, around, rng)
            level = fit.structure.level
            refit = fits.fit(fit.key, drawn, weight, fit.parameters, level=level, steps=STEPS, diagnose=False)
        except np.linalg.LinAlgError:
            yield "the deaths drawn do not determine the model"
        except ValueError as error:
            yield str(error).partition(": ")[2].partition(". ")[0]
        else:
            yield f"fits had not settled after {STEPS} steps" if refit.doubts else refit


def intervals(fit, refits, grid, level):
    """Return the intervals of every parameter as columns of a table.

    Args:
        fit: the first fit, whose parameters are the estimates.
        refits: fits to resamples.
        grid: as fitted.
        level: of the intervals, in percent.
    """
    ends = [50 - level / 2, 50 + level / 2]
    blocks = [(name, grid.years, lambda p, i=i: p.kt[i]) for i, name in enumerate(fit.names)]
    if fit.structure.static:
        blocks.insert(0, ("ax", grid.ages, lambda p: p.ax))
    if fit.structure.terms == ("free",):
        blocks.insert(1, ("bx", grid.ages, lambda p: p.bx[0]))
    if fit.structure.cohort:
        known = np.isfinite(fit.parameters.gc)
        blocks.append(("cohort", fit.parameters.cohorts[known], lambda p: p.gc[known]))
    columns = {"parameter": [], "at": [], "estimate": [], "lower": [], "upper": []}
    for name, index, values in blocks:
        low, high = np.percentile([values(r.parameters) for r in refits], ends, axis=0)
        columns["parameter"] += [name] * len(index)
        columns["at"] += index.tolist()
        columns["estimate"] += values(fit.parameters).tolist()
        columns["lower"] += low.tolist()
        columns["upper"] += high.tolist()
    return columns
