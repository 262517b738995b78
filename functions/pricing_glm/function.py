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


def run(inputs):
    """Return relativities, coefficients, tests and lift for `inputs` (keys as in manifest.json).

    Raises:
        ValueError: cells that do not fit, levels without claims, or effects that cannot be told apart.
    """
    problems = []
    factors = design.read_factors(inputs, problems)
    plan = design.build(factors, inputs["interactions"], problems)
    y, weights = respond(inputs, problems)
    if not factors and not problems:
        problems.append("inputs.factors: none is in the model. Tick at least one.")
    if not problems:
        problems += bare_levels(factors, y * weights, weights)
    if problems:
        more = len(problems) - design.SHOWN
        raise ValueError("\n".join(problems[: design.SHOWN]) + (f"\nand {more} more." if more > 0 else ""))
    kept = weights > 0
    matrix, y, weights = plan.matrix[kept], y[kept], weights[kept]
    power = {"frequency": 1, "severity": 2, "burning_cost": inputs["power"]}[inputs["response"]]
    found = fitting.fit(matrix, y, weights, power)
    mu, freedom = found.means, len(y) - matrix.shape[1]
    total = float(fitting.deviance(y, mu, weights, power).sum())
    null = float(fitting.deviance(y, np.full(len(y), weights @ y / weights.sum()), weights, power).sum())
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
    warnings = []
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
            "Analysis of deviance": without_each(plan, matrix, y, weights, power, total, scale),
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
        problems.append(f"inputs.experience[{i}].{bottom}: it is 0, but {top} is {amount[i]:g}. Mend one of them.")
    if kind == "severity":
        for i in np.flatnonzero((weight > 0) & (amount <= 0)):
            problems.append(f"inputs.experience[{i}].amount: it is 0 for {weight[i]:g} claims. Leave out nil claims.")
    if not np.any(amount > 0):
        problems.append(f"inputs.experience.{top}: every row is 0, so there is nothing to fit.")
    return amount / np.where(weight > 0, weight, 1.0), weight


def bare_levels(factors, amounts, weights):
    """Return a problem for each level without claims: its relativity would be 0 and its error without bound."""
    found = []
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
    """Return a row per coefficient with Wald's test: normal at known dispersion, else Student's t."""
    rows = []
    for term, b, se in zip(plan.terms, found.coefficients, errors, strict=True):
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
            k = None if level == factor.base else place[term]
            b, se = (0.0, 0.0) if k is None else (found.coefficients[k], errors[k])
            here = np.ones(len(y), bool) if factor.kind == "number" else factor.codes[kept] == i
            low, high = (float(np.exp(np.clip(b + s * reach * se, -700, 700))) for s in (-1, 1))
            rows.append(
                {
                    "factor": factor.name,
                    "level": level,
                    "relativity": float(np.exp(b)),
                    "lower": low,
                    "upper": high,
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

    A row across a border is split between the groups.
    """
    order = np.argsort(mu, kind="stable")
    reached = np.concatenate([[0.0], np.cumsum(weights[order])])
    borders = np.linspace(0, reached[-1], TENTHS + 1)
    width = reached[-1] / TENTHS
    sums = [
        np.diff(np.interp(borders, reached, np.concatenate([[0.0], np.cumsum((weights * v)[order])]))) for v in (y, mu)
    ]
    return [
        {"group": i + 1, "observed_rate": float(o / width), "fitted_rate": float(f / width)}
        for i, (o, f) in enumerate(zip(*sums, strict=True))
    ]


def gini(y, mu, weights):
    """Return the Gini index of the observed response along the fitted rate: 0 tells no risks apart.

    Source: Frees, Meyers and Cummings (2011), J. American Statistical Association 106, section 2.
    """
    order = np.argsort(mu, kind="stable")
    x = np.concatenate([[0.0], np.cumsum(weights[order])]) / weights.sum()
    share = np.concatenate([[0.0], np.cumsum((weights * y)[order])]) / (weights @ y)
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
