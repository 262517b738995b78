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
    "equal_weights": "Equal weights",
    "market": "Market",
}
LARGE = 10.0  # weight, of 1, from which a warning says that nobody holds that
NEARLY_RISKLESS = 1e-4  # least eigenvalue of the correlations below which weights hang on their last digits
LARGEST_VARIANCE = 4.0  # a year, of a volatility of 200 %, above which covariances were hardly given as decimals


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
        variances = np.array([v if d is None else d * d for v, d in zip(implied, held.view_deviations, strict=True)])
        means, covariance = views.posterior(prior, held.covariance, inputs["tau"], held.picks, held.views, variances)
    portfolios, warnings = named_portfolios(held, means, covariance, prior, inputs)
    warnings += find_warnings(held, portfolios, inputs)
    objective = LABELS[inputs["objective"]]
    weights = portfolios[objective]
    riskless = inputs["riskless"] / 100
    rows = [portfolio_row(name, w, means, covariance, riskless) for name, w in portfolios.items()]
    own = next(row for row in rows if row["portfolio"] == objective)
    shares = risk_shares(weights, covariance)
    table = []
    for i, name in enumerate(held.names):
        row = {"asset": name, "weight": float(100 * weights[i]), "contribution": float(100 * shares[i])}
        if means is not None:
            row["mean"] = float(100 * means[i])
        if prior is not None:
            row["equilibrium"] = float(100 * prior[i])
        table.append(row | {"volatility": float(100 * np.sqrt(held.covariance[i, i]))})
    summary = {
        "Portfolio": objective,
        "Expected return": own.get("mean"),
        "Volatility": own["volatility"],
        "Sharpe ratio": own.get("sharpe"),
        "Effective number of assets": own["effective"],
        "Diversification ratio": own["diversification"],
        "Spread of risk shares": float(100 * np.ptp(shares)),
    }
    if means is None:
        summary = {key: value for key, value in summary.items() if value is not None}
    edge, found = None, {}
    if means is not None:
        edge = markowitz.frontier(means, covariance, held.low, held.high, inputs["points"])
        found["series"] = frontier_series(held, means, covariance, edge, rows, riskless)
    return found | {
        "summary": summary,
        "table": table,
        "tables": {
            "Portfolios": rows,
            "Weights": [
                {"asset": name, **{p: float(100 * w[i]) for p, w in portfolios.items()}}
                for i, name in enumerate(held.names)
            ],
            "Risk contributions": risk_contribution_rows(held.names, portfolios, covariance),
        },
        "charts": charts(held, edge, means, table, objective, prior),
        "notes": NOTES[inputs["returns_from"]],
        "warnings": warnings,
    }


def risk_contribution_rows(names, portfolios, covariance):
    """Return one row an asset and portfolio: weight, marginal risk, contribution to the volatility and its share.

    Contributions w_i (C w)_i / σ add up to the volatility σ; under equal risk contribution all of them are equal.

    Source: Maillard, Roncalli and Teiletche (2010), section 2.
    """
    rows = []
    for label, weights in portfolios.items():
        sd = np.sqrt(weights @ covariance @ weights)
        marginal = covariance @ weights / sd if sd > 0 else np.zeros(len(names))
        rows += [
            {
                "portfolio": label,
                "asset": name,
                "weight": float(100 * w),
                "marginal": float(100 * m),
                "risk": float(100 * w * m),
                "contribution": float(100 * w * m / sd) if sd > 0 else 0.0,
            }
            for name, w, m in zip(names, weights, marginal, strict=True)
        ]
    return rows


def find_warnings(held, portfolios, inputs):
    """Return warnings about weights and matrices that are not to be relied on."""
    found = []
    spread = np.sqrt(np.diag(held.covariance))
    least = float(np.linalg.eigvalsh(held.covariance / np.outer(spread, spread))[0])
    if least < NEARLY_RISKLESS:
        found.append(
            f"Some mix of these assets has next to no risk (least eigenvalue of the correlations {least:.1e}): weights "
            "hang on the last digits of the correlations. Leave out an asset, or set bounds."
        )
    large = {name: float(np.max(np.abs(w))) for name, w in portfolios.items() if np.max(np.abs(w)) > LARGE}
    found += [
        f"{name}: a weight of {100 * size:,.0f} % is beyond what anybody holds. Set bounds, or exclude short positions."
        for name, size in large.items()
    ]
    if inputs["matrix"] == "covariance":
        if held.covariance.diagonal().max() > LARGEST_VARIANCE:
            found.append(
                f"The largest variance is a volatility of {100 * spread.max():,.0f} % a year: covariances are "
                "of returns as decimals, 0.04 for 20 %."
            )
        elif np.all(held.covariance.diagonal() == 1):
            found.append(
                "Every variance is 1, a volatility of 100 %: if the matrix holds correlations, choose Correlations."
            )
    if inputs["returns_from"] == "views" and abs(held.market.sum() - 1) > 0.005:
        found.append(
            f"The market's weights add up to {100 * held.market.sum():,.4g} %: the equilibrium takes the rest as "
            "riskless."
        )
    for key in ("equal_risk", "equal_weights"):
        weights = portfolios[LABELS[key]]
        broken = np.any(weights < held.low - 1e-6) or np.any(weights > held.high + 1e-6)
        if broken and inputs["objective"] == key:
            found.append(f"{LABELS[key]} knows no bounds, and does not keep those given.")
    return found


def named_portfolios(held, means, covariance, prior, inputs):
    """Return the portfolios by label, shape (n,) each, and warnings for those that do not exist.

    Raises:
        ValueError: the headline is one of those that do not exist.
    """
    riskless, low, high = inputs["riskless"] / 100, held.low, held.high
    found, reasons = {LABELS["min_variance"]: markowitz.minimum_variance(covariance, low, high)}, {}
    if means is not None:
        target = inputs["target"] / 100
        try:
            found[LABELS["target"]] = markowitz.for_return(means, covariance, target, low, high)
        except markowitz.InfeasibleError:
            span = reachable_range(*markowitz.reach(means, low, high), inputs["target"])
            reasons["target"] = (
                f"inputs.target: {inputs['target']:.10g} % cannot be reached; {span} can. Move it there."
            )
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
    found[LABELS["equal_weights"]] = np.full(len(held.names), 1 / len(held.names))
    if inputs["objective"] in reasons:
        raise ValueError(reasons[inputs["objective"]])
    return found, [
        f"{LABELS[key]} is left out: {reason.split(': ', 1)[1]}"
        for key, reason in reasons.items()
        if key != "black_litterman"
    ]


def reachable_range(bottom, top, target):
    """Return in words which expected returns can be reached, with the digits that tell `target`, in percent, apart."""
    ends = [100 * end for end in (bottom, top)]
    digits = next((d for d in range(2, 12) if not round(ends[0], d) <= round(target, d) <= round(ends[1], d)), 12)
    first, last = (f"{end:.{digits}f}" for end in ends)
    if first == last:
        return f"only {first} %"
    if np.all(np.isfinite(ends)):
        return f"{first} to {last} %"
    return f"{first} % and more" if np.isfinite(bottom) else f"up to {last} %"


def portfolio_row(name, weights, means, covariance, riskless):
    """Return the row of one portfolio; weights that do not add up to 1 leave the rest at the riskless rate."""
    variance = float(weights @ covariance @ weights)
    sd = np.sqrt(variance)
    cash = 1 - weights.sum()
    row = {"portfolio": name, "volatility": float(100 * sd)}
    if means is not None:
        row |= {
            "mean": float(100 * (weights @ means + cash * riskless)),
            "sharpe": markowitz.ratio(weights, means, covariance, riskless) if sd > 0 else None,
        }
    return row | {
        "effective": float(1 / np.sum(np.square(weights))) if np.any(weights) else None,
        "diversification": float(np.abs(weights) @ np.sqrt(np.diag(covariance)) / sd) if sd > 0 else None,
        "risk_spread": float(100 * np.ptp(risk_shares(weights, covariance))),
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
            "kind": "heatmap",
            "title": "Correlations",
            "x_label": "Asset",
            "y_label": "Asset",
            "data": {"x": names, "y": names, "z": (held.covariance / np.outer(sds, sds)).tolist()},
        },
    ]
    if edge is not None:
        found.insert(
            1,
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
        )
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
