"""Three fits of mortality by age and year: Lee-Carter by Poisson likelihood or SVD, and Cairns-Blake-Dowd.

Chosen: Fisher scoring on all parameters at once, which takes some ten steps where the alternating updates of
Brouhns et al. take hundreds; singular directions (the constraints) are left to least squares.
Left out: cohort effects, and standard errors of the parameters.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, gammaln, xlogy

STEPS = 200
LOGS = (-40.0, 20.0)  # logarithms of rates beyond these are steps gone astray
TIGHT = 1e-12  # relative change of the deviance at which a fit has arrived


@dataclass(frozen=True)
class Fit:
    """A fitted model.

    Attributes:
        rates: fitted central death rates (Lee-Carter) or probabilities (CBD), shape (ages, years).
        periods: period indices, shape (k, years); k is 1 or 2.
        by_age: {"ax", "bx"} or {}: shape (ages,) each.
        measures: what the fit is judged by, {label: number}.
        residuals: signed deviance residuals, shape (ages, years); 0 where a cell has no weight.
    """

    rates: np.ndarray
    periods: np.ndarray
    by_age: dict
    measures: dict
    residuals: np.ndarray


def lee_carter_svd(grid, _weight):
    """Fit log m(x, t) = a(x) + b(x) k(t) by the leading singular vectors; sum b = 1, sum k = 0.

    Raises:
        ValueError: a cell without deaths has no logarithm.

    Source: Lee and Carter (1992), JASA 87, section 3, first stage.
    """
    empty = np.argwhere(grid.deaths == 0)[:20]
    if len(empty):
        cells = ", ".join(f"{grid.ages[a]} in {grid.years[b]}" for a, b in empty)
        raise ValueError(f"data: nobody dies at age {cells}. Use the Poisson fit, which takes zeros.")
    logs = np.log(grid.deaths / grid.exposure)
    ax, bx, kt, share = _leading(logs)
    rates = np.exp(ax[:, None] + np.outer(bx, kt))
    measures = {"Variance explained": share}
    residuals = logs - np.log(rates)
    return Fit(rates, kt[None, :], {"ax": ax, "bx": bx}, measures, residuals)


def lee_carter_poisson(grid, weight):
    """Fit deaths ~ Poisson(E m), log m(x, t) = a(x) + b(x) k(t), by maximum likelihood; sum b = 1, sum k = 0.

    Raises:
        ValueError: the likelihood has no maximum that the data can name.

    Source: Brouhns, Denuit and Vermunt (2002), Insurance: Mathematics and Economics 31, section 3.
    """
    deaths, exposure = grid.deaths, grid.exposure
    ax, bx, kt, _ = _leading(np.log((deaths + 0.5) / exposure))
    n, years = deaths.shape
    deviance = _poisson_deviance(deaths, exposure * np.exp(ax[:, None] + np.outer(bx, kt)), weight).sum()
    for _ in range(STEPS):
        expected = weight * exposure * np.exp(ax[:, None] + np.outer(bx, kt))
        miss = weight * deaths - expected
        score = np.concatenate((miss.sum(axis=1), miss @ kt, bx @ miss))
        information = np.zeros((2 * n + years, 2 * n + years))
        a, b, k = slice(0, n), slice(n, 2 * n), slice(2 * n, None)
        information[a, a] = np.diag(expected.sum(axis=1))
        information[a, b] = information[b, a] = np.diag(expected @ kt)
        information[b, b] = np.diag(expected @ kt**2)
        information[k, k] = np.diag(bx**2 @ expected)
        information[a, k] = expected * bx[:, None]
        information[b, k] = expected * bx[:, None] * kt[None, :]
        information[k, a], information[k, b] = information[a, k].T, information[b, k].T
        move = np.linalg.lstsq(information, score, rcond=1e-12)[0]
        length = 1.0
        while length > 1e-6:
            trial = ax + length * move[a], bx + length * move[b], kt + length * move[k]
            fitted = exposure * np.exp(np.clip(trial[0][:, None] + np.outer(trial[1], trial[2]), *LOGS))
            reached = _poisson_deviance(deaths, fitted, weight).sum()
            if reached <= deviance * (1 + TIGHT):
                break
            length /= 2
        ax, bx, kt = _constrained(*trial)
        arrived = abs(deviance - reached) <= TIGHT * max(deviance, 1.0)
        deviance = reached
        if arrived:
            break
    else:
        raise ValueError("data: the Poisson fit does not settle. Use fewer ages or years, or the singular values.")
    rates = np.exp(ax[:, None] + np.outer(bx, kt))
    fitted = exposure * rates
    likelihood = weight * (xlogy(deaths, fitted) - fitted - gammaln(deaths + 1))
    parts = _poisson_deviance(deaths, fitted, weight)
    measures = _measures(parts.sum(), likelihood.sum(), 2 * n + years - 2, weight)
    return Fit(rates, kt[None, :], {"ax": ax, "bx": bx}, measures, np.sign(deaths - fitted) * np.sqrt(parts))


def cairns_blake_dowd(grid, weight):
    """Fit deaths ~ Binomial(E0, q), logit q(x, t) = k1(t) + k2(t) (x - mean age), year by year.

    E0 = E + deaths / 2 is the initial exposure.

    Source: Cairns, Blake and Dowd (2006), Journal of Risk and Insurance 73, section 3; binomial likelihood as in
    Villegas, Kaishev and Millossovich (2018), JSS 84(3), section 4.
    """
    initial = grid.exposure + grid.deaths / 2
    share = np.clip(grid.deaths / initial, 0, 1)
    z = (grid.ages - grid.ages.mean())[:, None]
    start = np.clip(share.sum(axis=0) / len(z), 1e-6, 1 - 1e-6)
    k1, k2 = np.log(start / (1 - start)), np.full(len(grid.years), 0.1)
    for _ in range(STEPS):
        q = expit(k1 + k2 * z)
        w = weight * initial * q * (1 - q)
        miss = weight * initial * (share - q)
        s0, s1, s2 = w.sum(axis=0), (w * z).sum(axis=0), (w * z**2).sum(axis=0)
        g0, g1 = miss.sum(axis=0), (miss * z).sum(axis=0)
        room = s0 * s2 - s1**2
        if np.any(room <= 1e-12 * np.maximum(s0 * s2, 1e-300)):
            break
        step1, step2 = (s2 * g0 - s1 * g1) / room, (s0 * g1 - s1 * g0) / room
        # A year's step is cut where it would jump: the likelihood is concave, so cut steps still arrive.
        cut = np.minimum(1, 2 / np.maximum(np.abs(step1), 1e-12))
        k1, k2 = k1 + cut * step1, k2 + cut * step2
        if np.max(np.abs(step1)) < 1e-11 and np.max(np.abs(step2)) < 1e-11:
            break
    if not (np.all(np.isfinite(k1)) and np.all(np.isfinite(k2))) or np.any(room <= 1e-12 * s0 * s2):
        raise ValueError("clip, data: a year is left with too few ages to fit. Clip fewer cohorts or use more ages.")
    q = expit(k1 + k2 * z)
    number = np.round(initial), np.round(share * initial)
    choose = gammaln(number[0] + 1) - gammaln(number[1] + 1) - gammaln(number[0] - number[1] + 1)
    likelihood = weight * (initial * (xlogy(share, q) + xlogy(1 - share, 1 - q)) + choose)
    best = xlogy(share, share) + xlogy(1 - share, 1 - share)
    parts = 2 * weight * initial * np.maximum(best - xlogy(share, q) - xlogy(1 - share, 1 - q), 0)
    measures = _measures(parts.sum(), likelihood.sum(), 2 * len(k1), weight)
    return Fit(q, np.stack((k1, k2)), {}, measures, np.sign(share - q) * np.sqrt(parts))


MODELS = {"lc_poisson": lee_carter_poisson, "lc_svd": lee_carter_svd, "cbd": cairns_blake_dowd}


def _leading(logs):
    ax = logs.mean(axis=1)
    u, s, vt = np.linalg.svd(logs - ax[:, None], full_matrices=False)
    if s[0] <= 1e-9:
        raise ValueError("data: mortality is the same in every year, so there is no trend. Use other data.")
    ax, bx, kt = _constrained(ax, u[:, 0], s[0] * vt[0])
    return ax, bx, kt, float(s[0] ** 2 / (s**2).sum())


def _constrained(ax, bx, kt):
    total = bx.sum()
    if abs(total) < 1e-6 * np.abs(bx).sum():
        raise ValueError("data: the ages move against each other, so b(x) cannot sum to 1. Use fewer ages.")
    shift = kt.mean()
    return ax + bx * shift, bx / total, (kt - shift) * total


def _poisson_deviance(deaths, fitted, weight):
    """Return deviance by cell, shape (ages, years), never below 0."""
    return 2 * weight * np.maximum(xlogy(deaths, deaths) - xlogy(deaths, fitted) - deaths + fitted, 0)


def _measures(deviance, likelihood, parameters, weight):
    cells = weight.sum()
    return {
        "Deviance": float(deviance),
        "Log-likelihood": float(likelihood),
        "Parameters": parameters,
        "AIC": float(2 * parameters - 2 * likelihood),
        "BIC": float(parameters * np.log(cells) - 2 * likelihood),
    }
