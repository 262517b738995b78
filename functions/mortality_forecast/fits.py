"""Fits of mortality by age, year and year of birth: the family of generalised age-period-cohort models.

    g(rate(x, t)) = a(x) + sum over i of b_i(x) k_i(t) + c(t - x)

Chosen: Fisher scoring on all parameters at once, which takes some ten steps where alternating updates take hundreds;
the directions that constraints settle are held still by a trace of ridge, then the constraints are put on exactly.
Lee-Carter by singular values, which has no likelihood, stands beside them.
Left out: standard errors by formula (see `bootstrap`), and age factors of the cohort effect.
"""

from dataclasses import dataclass, field, replace

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.special import expit, gammaln, xlogy

STEPS = 200
LOGS = (-40.0, 20.0)  # logarithms of rates beyond these are steps gone astray
TIGHT = 1e-12  # relative change of the deviance at which a fit has arrived
RIDGE = 1e-10  # of the information scaled to a diagonal of 1
OPEN = 1e-9  # of the same: a direction with less information is not determined
STIFF = 1e6  # times the information on one cohort: what a trend of the cohort effect costs where it is held level
FLAT = 1e-9  # trend so small that it is the rounding of equal rates


@dataclass(frozen=True)
class Structure:
    """What a model is made of.

    Attributes:
        name: as tables and charts print it.
        link: "log" (Poisson deaths, central rates) or "logit" (binomial deaths, probabilities).
        static: whether there is an a(x).
        terms: how each k(t) acts by age: "free" (b(x) is fitted), "one", "age", "square" or "down".
        cohort: whether there is a c(t - x).
        constraints: how many the parameters are under.
        level: whether the cohort effect is held free of a trend, though the model would allow one.
    """

    name: str
    link: str
    static: bool
    terms: tuple
    cohort: bool
    constraints: int
    level: bool = False


MODELS = {
    "lc_poisson": Structure("Lee-Carter, Poisson", "log", True, ("free",), False, 2),
    "lc_logit": Structure("Lee-Carter, binomial", "logit", True, ("free",), False, 2),
    "lc_svd": Structure("Lee-Carter, singular values", "log", True, ("free",), False, 2),
    "apc_poisson": Structure("Age-period-cohort, Poisson", "log", True, ("one",), True, 3),
    "apc_logit": Structure("Age-period-cohort, binomial", "logit", True, ("one",), True, 3),
    "rh_poisson": Structure("Renshaw-Haberman, Poisson", "log", True, ("free",), True, 3),
    "rh_logit": Structure("Renshaw-Haberman, binomial", "logit", True, ("free",), True, 3),
    "plat_poisson": Structure("Plat, reduced, Poisson", "log", True, ("one", "down"), True, 5),
    "plat_logit": Structure("Plat, reduced, binomial", "logit", True, ("one", "down"), True, 5),
    "cbd": Structure("Cairns-Blake-Dowd", "logit", False, ("one", "age"), False, 0),
    "m7": Structure("M7", "logit", False, ("one", "age", "square"), True, 3),
}


@dataclass(frozen=True)
class Parameters:
    """A model's parameters.

    Attributes:
        ax: static age function, shape (ages,); 0 where the model has none.
        bx: age functions of the period indices, shape (k, ages).
        kt: period indices, shape (k, years).
        cohorts: years of birth, from the oldest to the youngest in the data, shape (c,).
        gc: cohort effect by year of birth, shape (c,); NaN where no cell of that cohort has weight, 0 where the model
            has no cohort effect.
    """

    ax: np.ndarray
    bx: np.ndarray
    kt: np.ndarray
    cohorts: np.ndarray
    gc: np.ndarray


@dataclass(frozen=True)
class Fit:
    """A fitted model.

    Attributes:
        key: of MODELS.
        structure: the model's.
        parameters: under the model's constraints.
        rates: fitted central death rates (log link) or probabilities (logit link), shape (ages, years).
        measures: what the fit is judged by, {label: number}.
        residuals: signed deviance residuals, shape (ages, years); 0 where a cell has no weight.
        doubts: sentences on what is not settled about it.
    """

    key: str
    structure: Structure
    parameters: Parameters
    rates: np.ndarray
    measures: dict
    residuals: np.ndarray
    doubts: list = field(default_factory=list)

    @property
    def names(self):
        """Names of the period indices: k, or k1, k2, ..."""
        number = len(self.structure.terms)
        return ["k"] if number == 1 else [f"k{i + 1}" for i in range(number)]


def structure_of(key, *, level):
    """Return the Structure of a model, its cohort effect held free of a trend where `level` is set and it matters.

    Only Renshaw-Haberman has to choose: in the others a trend of the cohort effect is settled by a constraint.

    Source: Hunt and Villegas (2015), Insurance: Mathematics and Economics 63, section 4.
    """
    structure = MODELS[key]
    if level and key.startswith("rh_"):
        return replace(structure, level=True, constraints=structure.constraints + 1)
    return structure


def fit(key, grid, weight, start=None, *, level=False, steps=STEPS, diagnose=True):
    """Fit a model of MODELS to a grid of deaths and exposures.

    Args:
        key: of MODELS.
        grid: ages, years, deaths and central exposures.
        weight: 1 for cells to fit, 0 for others, shape (ages, years).
        start: Parameters to start from.
        level: as `structure_of` has it.
        steps: the most that are taken.
        diagnose: whether to look for directions that the data leave open.

    Raises:
        ValueError: the data do not determine the model.

    Source: Villegas, Kaishev and Millossovich (2018), JSS 84(3), sections 2 and 5. Models: Lee and Carter (1992);
    Brouhns, Denuit and Vermunt (2002); Renshaw and Haberman (2006), with a cohort effect equal at all ages (Haberman
    and Renshaw 2011); Currie (2006); Cairns, Blake and Dowd (2006); M7 of Cairns et al. (2009); Plat (2009) without its
    term for young ages.
    """
    if key == "lc_svd":
        return lee_carter_svd(grid)
    structure = structure_of(key, level=level)
    counted = parameters_of(structure, grid, weight)
    if counted >= weight.sum():
        raise ValueError(
            f"inputs.model: {structure.name} has {counted} parameters for {int(weight.sum())} cells. Use more ages and "
            "years, or a model with fewer parameters."
        )
    _check_cohorts(structure, grid, weight)
    likelihood = (_Poisson if structure.link == "log" else _Binomial)(grid, weight)
    if start is None:
        start = _start(key, grid, weight, likelihood)
    parameters, settled = _score(structure, grid, likelihood, start, steps)
    loose = _undetermined(structure, grid, parameters, likelihood) if diagnose else 0
    fitted = likelihood.rates(predictor(parameters, grid.ages, grid.years))
    parts = likelihood.deviance(fitted)
    observed = likelihood.observed
    measures = _measures(parts.sum(), likelihood.log_likelihood(fitted).sum(), counted, weight)
    doubts = [] if settled else [_unsettled(structure, steps)]
    if loose > 0:
        doubts.append(
            f"{structure.name}: the data leave {loose} of the {counted} parameters open, so single parameters and "
            "their forecast are arbitrary. Use more ages or years, or leave fewer cohorts out."
        )
    return Fit(key, structure, parameters, fitted, measures, np.sign(observed - fitted) * np.sqrt(parts), doubts)


def lee_carter_svd(grid):
    """Fit log m(x, t) = a(x) + b(x) k(t) by the leading singular vectors; sum b = 1, sum k = 0.

    Raises:
        ValueError: a cell without deaths has no logarithm.

    Source: Lee and Carter (1992), JASA 87, section 3, first stage.
    """
    empty = np.argwhere(grid.deaths == 0)[:20]
    if len(empty):
        cells = ", ".join(f"{grid.ages[a]} in {grid.years[b]}" for a, b in empty)
        raise ValueError(f"inputs.data: nobody dies at age {cells}. Use the Poisson fit, which takes zeros.")
    logs = np.log(grid.deaths / grid.exposure)
    ax, bx, kt, share = _leading(logs)
    cohorts = _cohorts(grid)
    parameters = Parameters(ax, bx[None, :], kt[None, :], cohorts, np.zeros(len(cohorts)))
    rates = np.exp(ax[:, None] + np.outer(bx, kt))
    return Fit("lc_svd", MODELS["lc_svd"], parameters, rates, {"Variance explained": share}, logs - np.log(rates))


def predictor(parameters, ages, years):
    """Return the linear predictor, shape (ages, years), of ages and years that the parameters belong to."""
    return (
        parameters.ax[:, None]
        + np.einsum("ia,it->at", parameters.bx, parameters.kt)
        + cohort_effect(parameters, ages, years)
    )


def cohort_effect(parameters, ages, years):
    """Return the cohort effect by age and year, shape (ages, years); that of the nearest cohort where it has none."""
    if not np.any(parameters.gc):
        return np.zeros((len(ages), len(years)))
    known = np.flatnonzero(np.isfinite(parameters.gc))
    index = np.clip(years[None, :] - ages[:, None] - parameters.cohorts[0], known[0], known[-1])
    return np.where(np.isfinite(parameters.gc), parameters.gc, 0.0)[index]


def _unsettled(structure, steps):
    found = (
        f"{structure.name}: the fit had not settled after {steps} steps, so its parameters and forecast are in doubt."
    )
    if structure.cohort and structure.terms == ("free",) and not structure.level:
        found += " Trends by year and by year of birth are hard to tell apart: hold the cohort effect free of a trend."
    return found


def parameters_of(structure, grid, weight):
    """Return the number of free parameters of a model: those fitted less the constraints."""
    n, years = weight.shape
    found = n * structure.static + years * len(structure.terms) + n * structure.terms.count("free")
    if structure.cohort:
        index = (grid.years[None, :] - grid.ages[:, None]).ravel()
        found += int(np.count_nonzero(np.bincount(index - index.min(), weight.ravel()) > 0))
    return found - structure.constraints


class _Poisson:
    """Deaths ~ Poisson(E m), log m linear. Source: Brouhns, Denuit and Vermunt (2002), section 3."""

    def __init__(self, grid, weight):
        self.deaths, self.exposure, self.weight = grid.deaths, grid.exposure, weight
        self.observed = grid.deaths / grid.exposure

    def rates(self, eta):
        return np.exp(np.clip(eta, *LOGS))

    def scores(self, eta):
        """Return residuals and weights of a scoring step, shape (ages, years) each."""
        expected = self.weight * self.exposure * self.rates(eta)
        return self.weight * self.deaths - expected, expected

    def deviance(self, rates):
        fitted = self.exposure * rates
        parts = xlogy(self.deaths, self.deaths) - xlogy(self.deaths, fitted) - self.deaths + fitted
        return 2 * self.weight * np.maximum(parts, 0)

    def log_likelihood(self, rates):
        fitted = self.exposure * rates
        return self.weight * (xlogy(self.deaths, fitted) - fitted - gammaln(self.deaths + 1))


class _Binomial:
    """Deaths ~ Binomial(E + deaths / 2, q), logit q linear. Source: Villegas et al. (2018), sections 2 and 4."""

    def __init__(self, grid, weight):
        self.initial, self.weight = grid.exposure + grid.deaths / 2, weight
        self.observed = np.clip(grid.deaths / self.initial, 0, 1)

    def rates(self, eta):
        return expit(eta)

    def scores(self, eta):
        q = self.rates(eta)
        number = self.weight * self.initial
        return number * (self.observed - q), number * q * (1 - q)

    def deviance(self, rates):
        share = self.observed
        best = xlogy(share, share) + xlogy(1 - share, 1 - share)
        return 2 * self.weight * self.initial * np.maximum(best - self._log(rates), 0)

    def log_likelihood(self, rates):
        total, dead = np.round(self.initial), np.round(self.observed * self.initial)
        choose = gammaln(total + 1) - gammaln(dead + 1) - gammaln(total - dead + 1)
        return self.weight * (self.initial * self._log(rates) + choose)

    def _log(self, rates):
        return xlogy(self.observed, rates) + xlogy(1 - self.observed, 1 - rates)


def _score(structure, grid, likelihood, start, steps=STEPS):
    """Return the parameters of the greatest likelihood, and whether the steps arrived there."""
    current = _constrained(structure, grid, start)
    deviance = likelihood.deviance(likelihood.rates(predictor(current, grid.ages, grid.years))).sum()
    for _ in range(steps):
        residual, weights = likelihood.scores(predictor(current, grid.ages, grid.years))
        step = _step(structure, grid, current, residual, weights)
        length = 1.0
        while True:
            trial = _moved(current, step, length)
            reached = likelihood.deviance(likelihood.rates(predictor(trial, grid.ages, grid.years))).sum()
            if reached <= deviance * (1 + TIGHT) or length < 1e-6:
                break
            length /= 2
        if not np.isfinite(reached) or reached > deviance * (1 + TIGHT):
            # No part of the step leads lower: this is as low as the arithmetic goes.
            return current, True
        current = _constrained(structure, grid, trial)
        arrived = abs(deviance - reached) <= TIGHT * max(deviance, 1.0)
        deviance = reached
        if arrived:
            return current, True
    return current, False


def _step(structure, grid, parameters, residual, weights):
    """Return one scoring step as {block: change}."""
    blocks = _blocks(structure, grid, parameters)
    information, score = _information(blocks, residual, weights)
    if structure.level:
        _hold_level(information, score, parameters)
    scaled, scale = _scaled(information)
    # A parameter on which nothing depends, such as a cohort without weight, keeps its value.
    scaled[np.diag_indices_from(scaled)] = 1 + RIDGE
    move = scale * cho_solve(cho_factor(scaled, check_finite=False), scale * score, check_finite=False)
    ends = np.cumsum([size for _, _, size, _ in blocks])
    return {name: move[end - size : end] for (name, _, size, _), end in zip(blocks, ends, strict=True)}


def _hold_level(information, score, parameters):
    """Let steps keep the cohort effect free of a trend: a deviation from it costs far more than anything gained."""
    known = np.isfinite(parameters.gc)
    c = np.where(known, parameters.cohorts, 0.0)
    trend = np.where(known, c - c[known].mean(), 0.0)
    trend /= np.sqrt(trend @ trend)
    here = slice(len(score) - len(trend), None)  # the cohort effect is the last block
    cost = STIFF * np.diag(information)[here].mean()
    information[here, here] += cost * np.outer(trend, trend)
    score[here] -= cost * trend * (trend[known] @ parameters.gc[known])


def _blocks(structure, grid, parameters):
    """Return the parameters by blocks: name, index of each cell's parameter, their number, each cell's coefficient."""
    shape = (len(grid.ages), len(grid.years))
    age = np.broadcast_to(np.arange(shape[0])[:, None], shape).ravel()
    year = np.broadcast_to(np.arange(shape[1])[None, :], shape).ravel()
    ones = np.ones(age.size)
    blocks = [("ax", age, shape[0], ones)] if structure.static else []
    for i, term in enumerate(structure.terms):
        if term == "free":
            blocks.append((("bx", i), age, shape[0], parameters.kt[i][year]))
        blocks.append((("kt", i), year, shape[1], parameters.bx[i][age]))
    if structure.cohort:
        cohort = (grid.years[None, :] - grid.ages[:, None] - parameters.cohorts[0]).ravel()
        blocks.append(("gc", cohort, len(parameters.cohorts), ones))
    return blocks


def _information(blocks, residual, weights):
    """Return the information matrix and the score: each pair of blocks is a sum of products over cells."""
    starts = np.concatenate(([0], np.cumsum([size for _, _, size, _ in blocks])))
    information = np.zeros((starts[-1], starts[-1]))
    score = np.zeros(starts[-1])
    w, r = weights.ravel(), residual.ravel()
    for p, (_, index, size, factor) in enumerate(blocks):
        here = slice(starts[p], starts[p + 1])
        score[here] = np.bincount(index, r * factor, size)
        for o in range(p, len(blocks)):
            _, other, width, acting = blocks[o]
            there = slice(starts[o], starts[o + 1])
            both = np.bincount(index * width + other, w * factor * acting, size * width).reshape(size, width)
            information[here, there] = both
            information[there, here] = both.T
    return information, score


def _scaled(information):
    """Return the information scaled to a diagonal of 1, and the scale."""
    scale = np.sqrt(np.diag(information))
    scale = np.divide(1.0, scale, out=np.zeros_like(scale), where=scale > 0)
    return information * scale[:, None] * scale[None, :], scale


def _undetermined(structure, grid, parameters, likelihood):
    """Return how many directions the data leave open beyond those that the constraints settle."""
    residual, weights = likelihood.scores(predictor(parameters, grid.ages, grid.years))
    information, score = _information(_blocks(structure, grid, parameters), residual, weights)
    if structure.level:
        _hold_level(information, score, parameters)
    scaled, scale = _scaled(information)
    used = scale > 0
    values = np.linalg.eigvalsh(scaled[np.ix_(used, used)])
    return max(int(np.count_nonzero(values < OPEN)) - structure.constraints + structure.level, 0)


def _moved(parameters, step, length):
    """Return the parameters after a part of a step."""
    ax, gc = parameters.ax, parameters.gc
    bx, kt = parameters.bx.copy(), parameters.kt.copy()
    for name, change in step.items():
        if name == "ax":
            ax = ax + length * change
        elif name == "gc":
            gc = gc + length * change
        elif name[0] == "bx":
            bx[name[1]] += length * change
        else:
            kt[name[1]] += length * change
    return replace(parameters, ax=ax, bx=bx, kt=kt, gc=gc)


def _constrained(structure, grid, p):
    """Return the same fit under the model's constraints, as StMoMo puts them.

    Cohort effects sum to 0, and are free of a line (age-period-cohort) or a parabola (M7, Plat) in the year of birth;
    period indices beside a static age function sum to 0; a fitted b(x) sums to 1.

    Source: Villegas et al. (2018), section 2.2.
    """
    x, t = grid.ages.astype(float), grid.years.astype(float)
    ax, bx, kt, gc = p.ax, p.bx.copy(), p.kt.copy(), p.gc
    if structure.cohort:
        degree = {"rh": 0, "apc": 1}.get(_family(structure), 2)
        fitted = np.isfinite(p.gc)
        # The year of birth is counted from the middle, where its powers are least alike.
        middle = float(np.round(p.cohorts.mean()))
        c = p.cohorts - middle
        phi = np.polynomial.polynomial.polyfit(c[fitted], gc[fitted], degree)
        gc = np.where(fitted, gc - np.polynomial.polynomial.polyval(c, phi), gc)
        phi = np.append(phi, np.zeros(2 - degree))
        ax, kt = _absorb(structure, ax, kt, phi, x, t - middle)
    if structure.static:
        means = kt.mean(axis=1)
        ax = ax + means @ bx
        kt -= means[:, None]
    for i, term in enumerate(structure.terms):
        if term == "free":
            total = bx[i].sum()
            if abs(total) < 1e-6 * np.abs(bx[i]).sum():
                raise ValueError(
                    "inputs.ages: the ages move against each other, so b(x) cannot sum to 1. Use fewer ages."
                )
            bx[i] /= total
            kt[i] *= total
    return replace(p, ax=ax, bx=bx, kt=kt, gc=gc)


def _absorb(structure, ax, kt, phi, x, t):
    """Give phi0 + phi1 (t - x) + phi2 (t - x)^2, taken from the cohort effect, to the other parameters."""
    kt = kt.copy()
    if _family(structure) == "m7":
        u, mean = x - x.mean(), x.mean()
        s, spread = t - mean, (u**2).mean()
        kt[0] += phi[0] + phi[1] * s + phi[2] * (s**2 + spread)
        kt[1] -= phi[1] + 2 * phi[2] * s
        kt[2] += phi[2]
        return ax, kt
    ax = ax + phi[0] - phi[1] * x + phi[2] * x**2
    kt[0] += phi[1] * t + phi[2] * t**2
    if _family(structure) == "plat":
        # -2 x t = 2 (mean - x) t - 2 mean t
        kt[0] -= 2 * phi[2] * x.mean() * t
        kt[1] += 2 * phi[2] * t
    return ax, kt


def _family(structure):
    if not structure.static:
        return "m7" if structure.cohort else "cbd"
    if structure.terms == ("one", "down"):
        return "plat"
    if structure.terms == ("one",):
        return "apc"
    return "rh" if structure.cohort else "lc"


def _start(key, grid, weight, likelihood):
    """Return where the steps begin: average rates by age and a trend, as each model can hold them."""
    structure, x = MODELS[key], grid.ages - grid.ages.mean()
    cohorts = _cohorts(grid)
    flat = np.zeros(len(cohorts))
    index = (grid.years[None, :] - grid.ages[:, None] - cohorts[0]).ravel()
    used = np.bincount(index, weight.ravel(), len(cohorts)) > 0
    effects = np.where(used, 0.0, np.nan) if structure.cohort else flat
    shapes = {"one": np.ones_like(x), "age": x, "square": x**2 - (x**2).mean(), "down": -x}
    if structure.link == "log":
        levels = np.log((grid.deaths + 0.5) / grid.exposure)
    else:
        share = np.clip(likelihood.observed, 0, 1) * likelihood.initial + 0.5
        levels = np.log(share / np.maximum(likelihood.initial + 1 - share, 0.5))
    if structure.terms == ("free",):
        ax, bx, kt, _ = _leading(levels)
        start = Parameters(ax, bx[None, :], kt[None, :], cohorts, flat)
        if structure.cohort:
            # From Lee-Carter's own maximum, as the cohort effect alone has many valleys.
            lee_carter = MODELS["lc_poisson" if structure.link == "log" else "lc_logit"]
            start, _ = _score(lee_carter, grid, likelihood, start)
        return replace(start, gc=effects)
    bx = np.array([shapes[term] for term in structure.terms])
    ax = levels.mean(axis=1) if structure.static else np.zeros(len(x))
    kt = np.zeros((len(bx), levels.shape[1]))
    if not structure.static:
        basis = np.stack((np.ones_like(x), x), axis=1)
        kt[:2] = np.linalg.lstsq(basis, levels, rcond=None)[0]
    return Parameters(ax, bx, kt, cohorts, effects)


def _check_cohorts(structure, grid, weight):
    if not structure.cohort:
        return
    index = (grid.years[None, :] - grid.ages[:, None]).ravel()
    index = index - index.min()
    cells, deaths = np.bincount(index, weight.ravel()), np.bincount(index, (weight * grid.deaths).ravel())
    empty = _cohorts(grid)[(cells > 0) & (deaths == 0)]
    if len(empty):
        born = ", ".join(map(str, empty[:10])) + ("" if len(empty) <= 10 else ", ...")
        raise ValueError(
            f"inputs.clip: nobody born in {born} dies in the cells used, so that cohort's effect has no bound. "
            "Leave more outer cohorts out, or choose a model without a cohort effect."
        )


def _cohorts(grid):
    return np.arange(grid.years[0] - grid.ages[-1], grid.years[-1] - grid.ages[0] + 1)


def _leading(logs):
    ax = logs.mean(axis=1)
    u, s, vt = np.linalg.svd(logs - ax[:, None], full_matrices=False)
    if s[0] <= FLAT:
        raise ValueError("inputs.data: mortality is the same in every year, so there is no trend. Use other data.")
    bx, kt = u[:, 0], s[0] * vt[0]
    total = bx.sum()
    if abs(total) < 1e-6 * np.abs(bx).sum():
        raise ValueError("inputs.ages: the ages move against each other, so b(x) cannot sum to 1. Use fewer ages.")
    shift = kt.mean()
    return ax + bx * shift, bx / total, (kt - shift) * total, float(s[0] ** 2 / (s**2).sum())


def _measures(deviance, likelihood, parameters, weight):
    cells = weight.sum()
    return {
        "Deviance": float(deviance),
        "Log-likelihood": float(likelihood),
        "Parameters": parameters,
        "AIC": float(2 * parameters - 2 * likelihood),
        "BIC": float(parameters * np.log(cells) - 2 * likelihood),
    }
