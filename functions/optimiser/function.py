"""Portfolio choice: the efficient frontier and its named portfolios, from stated returns or from views.

Chosen: every portfolio is worked out, and the input `objective` says which is the headline; returns are excess or
total as typed, in percent a year.
Left out: estimation of means and covariances from prices.
"""

import markowitz
import numpy as np
import views
from assets import read

LABELS = {
    "min_variance": "Minimum variance",
    "target": "Target return",
    "max_sharpe": "Highest Sharpe ratio",
    "equal_risk": "Equal risk contribution",
    "black_litterman": "Black-Litterman, unconstrained",
    "market": "Market",
}


def run(inputs):
    """Return portfolios, frontier and views for `inputs` (keys as in manifest.json).

    Raises:
        ValueError: the matrix is no covariance, the bounds leave no portfolio, or the headline does not exist.
    """
    held = read(inputs)
    means, covariance, prior = held.means, held.covariance, None
    if inputs["returns_from"] == "views":
        prior = views.equilibrium(held.covariance, held.market, inputs["aversion"])
        implied = np.einsum("ki,ij,kj->k", held.picks, held.covariance, held.picks) * inputs["tau"]
        variances = np.array([v if d is None else d * d for v, d in zip(implied, held.doubts, strict=True)])
        means, covariance = views.posterior(prior, held.covariance, inputs["tau"], held.picks, held.views, variances)
    portfolios, warnings = choose(held, means, covariance, prior, inputs)
    objective = LABELS[inputs["objective"]]
    weights = portfolios[objective]
    riskless = inputs["riskless"] / 100
    edge = markowitz.frontier(means, covariance, held.low, held.high, inputs["points"])
    rows = [described(name, w, means, covariance, riskless) for name, w in portfolios.items()]
    own = next(row for row in rows if row["portfolio"] == objective)
    table = [
        {
            "asset": name,
            "weight": float(100 * weights[i]),
            "contribution": float(100 * c),
            "mean": float(100 * means[i]),
            "equilibrium": None if prior is None else float(100 * prior[i]),
            "volatility": float(100 * np.sqrt(held.covariance[i, i])),
        }
        for i, (name, c) in enumerate(zip(held.names, risk_shares(weights, covariance), strict=True))
    ]
    if prior is None:
        for row in table:
            del row["equilibrium"]
    return {
        "summary": {
            "Portfolio": objective,
            "Expected return": own["mean"],
            "Volatility": own["volatility"],
            "Sharpe ratio": own["sharpe"],
            "Effective number of assets": own["effective"],
            "Diversification ratio": own["diversification"],
        },
        "series": frontier_series(held, means, covariance, edge, rows, riskless),
        "table": table,
        "tables": {
            "Portfolios": rows,
            "Weights": [
                {"asset": name, **{p: float(100 * w[i]) for p, w in portfolios.items()}}
                for i, name in enumerate(held.names)
            ],
        },
        "charts": charts(held, edge, means, table, objective, prior),
        "notes": NOTES[inputs["returns_from"]],
        "warnings": warnings,
    }


def choose(held, means, covariance, prior, inputs):
    """Return the portfolios by label, shape (n,) each, and warnings for those that do not exist.

    Raises:
        ValueError: the headline is one of those that do not exist.
    """
    riskless, low, high = inputs["riskless"] / 100, held.low, held.high
    found, reasons = {LABELS["min_variance"]: markowitz.minimum_variance(covariance, low, high)}, {}
    target = inputs["target"] / 100
    bottom, top = markowitz.reach(means, low, high)
    try:
        found[LABELS["target"]] = markowitz.for_return(means, covariance, target, low, high)
    except markowitz.InfeasibleError:
        span = f"{100 * bottom:.2f} to {100 * top:.2f} %" if np.isfinite(bottom) and np.isfinite(top) else "the means"
        reasons["target"] = f"inputs.target: {inputs['target']:g} % cannot be reached; {span} can. Move it there."
    best = markowitz.tangency(means, covariance, riskless, low, high)
    if best is None:
        reasons["max_sharpe"] = (
            f"inputs.riskless: no efficient portfolio of these assets earns more than {inputs['riskless']:g} %. "
            "Lower it."
        )
    else:
        found[LABELS["max_sharpe"]] = best
    found[LABELS["equal_risk"]] = markowitz.equal_risk(covariance)
    if prior is None:
        reasons["black_litterman"] = "inputs.returns_from: Black-Litterman needs the market's weights. Choose views."
    else:
        found[LABELS["black_litterman"]] = views.optimal(means, covariance, inputs["aversion"])
        if np.any(held.market):
            found[LABELS["market"]] = held.market
    if inputs["objective"] in reasons:
        raise ValueError(reasons[inputs["objective"]])
    return found, [reason.split(": ", 1)[1] for key, reason in reasons.items() if key != "black_litterman"]


def described(name, weights, means, covariance, riskless):
    """Return the row of one portfolio; weights that do not add up to 1 leave the rest at the riskless rate."""
    variance = float(weights @ covariance @ weights)
    sd = np.sqrt(variance)
    cash = 1 - weights.sum()
    return {
        "portfolio": name,
        "mean": float(100 * (weights @ means + cash * riskless)),
        "volatility": float(100 * sd),
        "sharpe": markowitz.ratio(weights, means, covariance, riskless) if sd > 0 else None,
        "effective": float(1 / np.sum(np.square(weights))) if np.any(weights) else None,
        "diversification": float(np.abs(weights) @ np.sqrt(np.diag(covariance)) / sd) if sd > 0 else None,
        "cash": float(100 * cash) if abs(cash) > 1e-9 else 0.0,
    }


def risk_shares(weights, covariance):
    """Return each asset's share of the variance; the shares add up to 1."""
    slope = covariance @ weights
    total = weights @ slope
    return weights * slope / total if total > 0 else np.zeros_like(weights)


def frontier_series(held, means, covariance, edge, rows, riskless):
    """Return frontier, capital market line, assets and portfolios in the plane of volatility and return."""
    sd = 100 * np.sqrt(np.einsum("ki,ij,kj->k", edge, covariance, edge))
    series = [
        {"name": "Efficient frontier", "x": sd.tolist(), "y": (100 * edge @ means).tolist(), "kind": "line"},
        {
            "name": "Assets: " + ", ".join(held.names),
            "x": (100 * np.sqrt(np.diag(covariance))).tolist(),
            "y": (100 * means).tolist(),
            "kind": "scatter",
        },
    ]
    series += [
        {"name": row["portfolio"], "x": [row["volatility"]], "y": [row["mean"]], "kind": "scatter"} for row in rows
    ]
    best = next((row for row in rows if row["portfolio"] == LABELS["max_sharpe"]), None)
    if best and best["sharpe"] > 0:
        reach = max(float(sd.max()), best["volatility"])
        line = {"x": [0.0, reach], "y": [100 * riskless, 100 * riskless + best["sharpe"] * reach]}
        series.append({"name": "Capital market line", **line, "kind": "line"})
    return series


def charts(held, edge, means, table, objective, prior):
    """Return the charts of weights, risk, the frontier's mixes, correlations and, with views, returns."""
    names = held.names
    sds = np.sqrt(np.diag(held.covariance))
    found = [
        {
            "kind": "bar",
            "title": f"Weight and share of risk: {objective}",
            "x_label": "Asset",
            "y_label": "Share of the portfolio (%)",
            "data": {
                "x": names,
                "series": [
                    {"name": "Weight", "y": [r["weight"] for r in table]},
                    {"name": "Share of risk", "y": [r["contribution"] for r in table]},
                ],
            },
        },
        {
            "kind": "bar",
            "title": "Weights along the frontier",
            "x_label": "Expected return (% a year)",
            "y_label": "Weight (%)",
            "data": {
                "x": np.round(100 * edge @ means, 4).tolist(),
                "series": [{"name": n, "y": (100 * edge[:, i]).tolist()} for i, n in enumerate(names)],
                "stacked": True,
            },
        },
        {
            "kind": "heatmap",
            "title": "Correlations",
            "x_label": "Asset",
            "y_label": "Asset",
            "data": {"x": names, "y": names, "z": (held.covariance / np.outer(sds, sds)).tolist()},
        },
    ]
    if prior is not None:
        found.append(
            {
                "kind": "bar",
                "title": "Returns of the market's equilibrium and with the views",
                "x_label": "Asset",
                "y_label": "Expected excess return (% a year)",
                "data": {
                    "x": names,
                    "series": [
                        {"name": "Equilibrium", "y": (100 * prior).tolist()},
                        {"name": "With views", "y": (100 * means).tolist()},
                    ],
                },
            }
        )
    return found


NOTES = {
    "stated": "Weights add up to 100 % but for Black-Litterman's. Equal risk contribution is long only and knows no "
    "other bounds.",
    "views": "Returns are excess returns over the riskless rate, implied by the market's weights and tilted by the "
    "views; the covariance includes the uncertainty of the means. Black-Litterman's unconstrained weights leave "
    "tau/(1 + tau) of the portfolio riskless. Equal risk contribution is long only and knows no other bounds.",
}
