"""A multiplicative tariff by a generalised linear model: relativities, tests, and how well it tells risks apart.

Chosen: frequency as Poisson with exposure, severity as gamma weighted with claims, burning cost as Tweedie, all with
log link, so that the exponential of a coefficient is a relativity.
Left out: choice of the model for the analyst; the analysis of deviance says what each factor brings.
"""

import design
import fitting
import numpy as np
from scipy.special import chdtrc, ndtri, stdtr, stdtrit

TENTHS = 10
EQUAL_DIGITS = 10  # of the logarithm of a fitted rate
OUT = -1  # place of an effect that was left out


def run(inputs):
    """Return relativities, coefficients, tests and lift for `inputs` (keys as in manifest.json).

    Raises:
        ValueError: cells that do not fit, levels without claims, or effects that cannot be told apart.
    """
    problems, warnings = [], []
    factors = design.read_factors(inputs, problems)
    plan = design.build(factors, inputs["interactions"], len(inputs["experience"]), problems)
    y, weights = respond(inputs, problems)
    known = known_factors(inputs, problems)
    if not problems:
        problems += bare_levels(plan, y * weights, weights)
    if problems:
        more = len(problems) - design.SHOWN
        raise ValueError("\n".join(problems[: design.SHOWN]) + (f"\nand {more} more." if more > 0 else ""))
    kept = weights > 0
    matrix, y, weights, known = plan.matrix[kept], y[kept], weights[kept], known[kept]
    power = {"frequency": 1, "severity": 2, "burning_cost": inputs["power"]}[inputs["response"]]
    plan, matrix = told_apart(plan, matrix, inputs["aliasing"], warnings)
    # E[y] = k m, Var[y] = phi (k m)^p / w is the same as E[y/k] = m with weight w k^(2-p), deviance included.
    reduced, heavy = y / known, weights * known ** (2 - power)
    found = fitting.fit(matrix, reduced, heavy, power)
    mu, freedom = found.means * known, len(y) - matrix.shape[1]
    total = float(fitting.deviance(y, mu, weights, power).sum())
    null = float(fitting.deviance(y, known * (heavy @ reduced / heavy.sum()), weights, power).sum())
    spread = fitting.pearson(y, mu, weights, power, freedom)
    fixed = inputs["response"] == "frequency" and inputs["dispersion"] == "one"
    scale = 1.0 if fixed or spread is None else spread
    summary = {
        "Base rate": float(np.exp(found.coefficients[0])),
        "Deviance": total,
        "Null deviance": null,
        "Residual degrees of freedom": freedom,
        "Gini": gini(y, mu, weights),
    }
    if null > 0:
        summary["Deviance explained"] = 1 - total / null
    if spread is not None:
        summary["Pearson dispersion"] = spread
    if fixed:
        summary["AIC"] = fitting.poisson_aic(y * weights, mu * weights, matrix.shape[1])
        counts = y * weights
        if np.any(np.abs(counts - np.round(counts)) > 1e-9 * np.maximum(counts, 1)):
            warnings.append("Some numbers of claims are not whole: AIC and the test at dispersion 1 are rough.")
    if inputs["response"] == "severity":
        aic = fitting.gamma_aic(y, mu, weights, matrix.shape[1])
        summary |= {} if aic is None else {"AIC": aic}
    if "AIC" in summary:
        parameters = matrix.shape[1] + (0 if fixed else 1)
        summary["Log-likelihood"] = parameters - summary["AIC"] / 2
        summary["BIC"] = summary["AIC"] + parameters * (float(np.log(len(y))) - 2)
    if fixed and spread is not None and freedom >= 30 and spread > 1.5:
        warnings.append(
            f"Pearson's dispersion is {spread:.2f}: with dispersion 1 the standard errors are too small. Estimate it."
        )
    errors = np.sqrt(scale * np.diag(found.covariance))
    rows = relativities(plan, kept, found, errors, y, mu, weights, freedom if not fixed else None, inputs)
    lifted = lift(y, mu, weights)
    return {
        "summary": summary,
        "table": rows,
        "tables": {
            "Coefficients": coefficients(plan, found, errors, freedom if not fixed else None),
            "Analysis of deviance": without_each(plan, matrix, reduced, heavy, power, total, scale),
            "Lift": lifted,
        },
        "charts": [*factor_charts(plan, rows), lift_chart(lifted)],
        "notes": NOTES[inputs["response"]],
        "warnings": warnings,
    }


def respond(inputs, problems):
    """Return the response per unit of weight and the weights, shape (n,); rows of weight 0 carry nothing."""
    rows, kind = inputs["experience"], inputs["response"]
    needed = {"frequency": ("claims", "exposure"), "severity": ("amount", "claims")}
    top, bottom = needed.get(kind, ("amount", "exposure"))
    for key in (top, bottom):
        empty = [i for i, row in enumerate(rows) if row.get(key) is None]
        if empty:
            more = f" (and {len(empty) - 1} further rows)" if len(empty) > 1 else ""
            problems.append(f"inputs.experience[{empty[0]}].{key}: the cell is empty{more}. The {kind} needs it.")
    amount, weight = (np.array([row.get(key) or 0.0 for row in rows], float) for key in (top, bottom))
    for i in np.flatnonzero((weight <= 0) & (amount > 0)):
        problems.append(f"inputs.experience[{i}].{bottom}: it is 0, but {top} is {amount[i]:g}. Correct one of them.")
    if kind == "severity":
        for i in np.flatnonzero((weight > 0) & (amount <= 0)):
            problems.append(f"inputs.experience[{i}].amount: it is 0 for {weight[i]:g} claims. Leave out nil claims.")
    if not np.any(amount > 0):
        problems.append(f"inputs.experience.{top}: every row is 0, so there is nothing to fit.")
    return amount / np.where(weight > 0, weight, 1.0), weight


def known_factors(inputs, problems):
    """Return the known factor of every row, shape (n,): 1 where the cell is empty."""
    known = np.array([1.0 if row.get("known") is None else row["known"] for row in inputs["experience"]], float)
    for i in np.flatnonzero(known <= 0):
        problems.append(f"inputs.experience[{i}].known: {known[i]:g} is not above 0. Give a factor such as 1.25.")
    return known


def told_apart(plan, matrix, aliasing, warnings):
    """Return the plan and the matrix without columns that are sums of others.

    Raises:
        ValueError: there are such columns, and they are not to be left out; each is said in words.
    """
    found = fitting.aliased(matrix)
    if not found:
        return plan, matrix
    words = "; ".join(design.in_words(plan.terms, found, matrix))
    if aliasing == "refuse":
        raise ValueError(
            f"inputs.factors: {matrix.shape[1]} coefficients, but the data can tell only "
            f"{matrix.shape[1] - len(found)} effects apart: {words}. Leave out a factor or an interaction, join "
            "levels, or let such effects be left out."
        )
    warnings.append(f"Left out, since the data cannot tell them apart: {words}.")
    return plan.without(set(found)), np.delete(matrix, list(found), axis=1)


def bare_levels(plan, amounts, weights):
    """Return a problem for each level or pair without claims: its relativity would be 0, its error without bound."""
    found, factors = [], plan.factors
    for effect, columns in plan.effects.items():
        if ":" in effect:
            found += [
                f"inputs.interactions: {' and '.join(plan.terms[k].split(':'))} together have no claims. Join levels "
                f"or leave out {effect}."
                for k in columns
                if set(np.unique(plan.matrix[:, k])) == {0.0, 1.0}
                and weights[plan.matrix[:, k] == 1].sum() > 0
                and not amounts[plan.matrix[:, k] == 1].sum() > 0
            ]
    for factor in factors:
        if factor.kind == "levels":
            sums = np.bincount(factor.codes, weights=amounts, minlength=len(factor.levels))
            found += [
                f"inputs.experience: {factor.name} {level} has no claims. Join it with another level."
                for level, amount in zip(factor.levels, sums, strict=True)
                if not amount > 0
            ]
    if not weights.sum() > 0:
        found.append("inputs.experience: there is no exposure. Give some.")
    return found


def coefficients(plan, found, errors, freedom):
    """Return a row per coefficient with Wald's test: normal at known dispersion, else Student's t.

    An effect that was left out has a row without figures.
    """
    rows = []
    place = {term: i for i, term in enumerate(plan.terms)}
    for term in plan.every_term or plan.terms:
        if term not in place:
            rows.append({"term": term, "coefficient": None, "se": None, "statistic": None, "p": None})
            continue
        b, se = found.coefficients[place[term]], errors[place[term]]
        z = float(b / se) if se > 0 else None
        p = None if z is None else float(2 * stdtr(freedom or 1e9, -abs(z)))
        rows.append({"term": term, "coefficient": float(b), "se": float(se), "statistic": z, "p": p})
    return rows


def relativities(plan, kept, found, errors, y, mu, weights, freedom, inputs):
    """Return a row per factor and level: relativity to the base with its interval, observed and fitted."""
    tail = 0.5 * (1 + inputs["confidence"] / 100)
    reach = float(stdtrit(freedom, tail)) if freedom else float(ndtri(tail))
    place = {term: i for i, term in enumerate(plan.terms)}
    rows = []
    for factor in plan.factors:
        levels = factor.levels or ["per unit"]
        for i, level in enumerate(levels):
            term = factor.name if factor.kind == "number" else f"{factor.name}{level}"
            k = None if level == factor.base else place.get(term, OUT)
            if k == OUT:
                b, se = np.nan, np.nan
            else:
                b, se = (0.0, 0.0) if k is None else (found.coefficients[k], errors[k])
            here = np.ones(len(y), bool) if factor.kind == "number" else factor.codes[kept] == i
            low, high = (float(np.exp(np.clip(b + s * reach * se, -700, 700))) for s in (-1, 1))
            rows.append(
                {
                    "factor": factor.name,
                    "level": level,
                    "relativity": None if k == OUT else float(np.exp(b)),
                    "lower": None if k == OUT else low,
                    "upper": None if k == OUT else high,
                    "exposure": float(weights[here].sum()),
                    "observed": float(weights[here] @ y[here]),
                    "fitted": float(weights[here] @ mu[here]),
                }
            )
    return rows


def without_each(plan, matrix, y, weights, power, total, scale):
    """Return, for each effect, the rise in deviance when it alone is left out, with its likelihood ratio test.

    A factor within an interaction is not tested alone: without it the interaction means something else.

    Source: McCullagh and Nelder (1989), section 2.3.
    """
    rows, within = [], {name for effect in plan.effects if ":" in effect for name in effect.split(":")}
    for effect, columns in plan.effects.items():
        if effect in within or not len(columns):
            continue
        rest = np.delete(matrix, list(columns), axis=1)
        smaller = fitting.fit(rest, y, weights, power)
        rise = max(0.0, float(fitting.deviance(y, smaller.means, weights, power).sum()) - total)
        rows.append(
            {"factor": effect, "df": len(columns), "increase": rise, "p": float(chdtrc(len(columns), rise / scale))}
        )
    return rows


def lift(y, mu, weights):
    """Return observed and fitted rates of ten groups of equal weight, from the lowest fitted rate up.

    Rows of equal fitted rate are one, and a row across a border is split between the groups.
    """
    y, mu, weights = pooled(y, mu, weights)
    reached = np.concatenate([[0.0], np.cumsum(weights)])
    borders = np.linspace(0, reached[-1], TENTHS + 1)
    width = reached[-1] / TENTHS
    sums = [np.diff(np.interp(borders, reached, np.concatenate([[0.0], np.cumsum(weights * v)]))) for v in (y, mu)]
    return [
        {"group": i + 1, "observed_rate": float(o / width), "fitted_rate": float(f / width)}
        for i, (o, f) in enumerate(zip(*sums, strict=True))
    ]


def pooled(y, mu, weights):
    """Return observed and fitted rates and weights from the lowest fitted rate up, rows of equal rate as one.

    In any order of theirs such rows would seem to be told apart.
    """
    rate, index = np.unique(np.round(np.log(mu), EQUAL_DIGITS), return_inverse=True)
    weight = np.bincount(index.ravel(), weights=weights)
    return np.bincount(index.ravel(), weights=weights * y) / weight, np.exp(rate), weight


def gini(y, mu, weights):
    """Return the Gini index of the observed response along the fitted rate: 0 tells no risks apart.

    Source: Frees, Meyers and Cummings (2011), J. American Statistical Association 106, section 2.
    """
    y, mu, weights = pooled(y, mu, weights)
    x = np.concatenate([[0.0], np.cumsum(weights)]) / weights.sum()
    share = np.concatenate([[0.0], np.cumsum(weights * y)]) / (weights @ y)
    return float(1 - np.sum(np.diff(x) * (share[1:] + share[:-1])))


def factor_charts(plan, rows):
    """Return a chart of relativities with intervals for each factor with levels."""
    charts = []
    for factor in plan.factors:
        if factor.kind == "levels":
            own = [r for r in rows if r["factor"] == factor.name]
            series = {"name": "Relativity"} | {
                k: [r[c] for r in own] for k, c in (("y", "relativity"), ("lower", "lower"), ("upper", "upper"))
            }
            charts.append(
                {
                    "kind": "bar",
                    "title": f"Relativities of {factor.name} (base {factor.base})",
                    "x_label": factor.name,
                    "y_label": "Relativity to the base",
                    "data": {"x": [r["level"] for r in own], "series": [series]},
                }
            )
    return charts


def lift_chart(rows):
    """Return the chart of observed and fitted rates by tenth."""
    return {
        "kind": "line",
        "title": "Lift",
        "x_label": "Tenth of the exposure, by fitted rate",
        "y_label": "Response per unit of exposure",
        "data": {
            "x": [r["group"] for r in rows],
            "series": [
                {"name": "Observed", "y": [r["observed_rate"] for r in rows]},
                {"name": "Fitted", "y": [r["fitted_rate"] for r in rows]},
            ],
        },
    }


NOTES = {
    "frequency": "Claims are Poisson with mean exposure × base rate × relativities.",
    "severity": "The mean amount of a claim is gamma, weighted with the number of claims; rows without claims are "
    "left out.",
    "burning_cost": "The amount per exposure is Tweedie: nothing with positive probability, otherwise continuous.",
}
