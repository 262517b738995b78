"""Cases of portfolio_optimisation.json as runs of `optimiser`.

Cases with equal inputs ask for different portfolios: the id says which. A case without any of these words asks for
the target portfolio where it names a target, otherwise for the highest Sharpe ratio.
"""

MODELS = ("optimiser",)
ROUND = 8  # decimals of a percentage that the form takes
OBJECTIVES = {
    "gmv": "min_variance",
    "min_var": "min_variance",
    "minimum_variance": "min_variance",
    "tangency": "max_sharpe",
    "max_sharpe": "max_sharpe",
    "erc": "equal_risk",
    "equal_risk": "equal_risk",
    "risk_parity": "equal_risk",
    "target": "target",
    "litterman": "black_litterman",
}


def runs(case, folder):
    """Return the one run of this case."""
    del folder
    given = case["inputs"]
    market = given.get("mkt_weight_pct")
    count = len(given.get("cov") or given["corr"])
    names = given.get("assets") or [f"Asset {i + 1}" for i in range(count)]
    assets = [{"name": name} for name in names]
    for i, row in enumerate(assets):
        for key, values, factor in (
            ("mean", given.get("mu"), 100),
            ("mean", given.get("mu_pct"), 1),
            ("volatility", given.get("vol_pct"), 1),
            ("volatility", given.get("vol"), 100),
            ("market", market, 1),
        ):
            if values is not None:
                row[key] = factor * values[i]
    objective = _objective(case)
    if objective == "equal_risk" and market is None:
        assets = [{"mean": 0} | row for row in assets]  # equal risk needs no means; the form does
    inputs = {
        "objective": objective,
        "returns_from": "stated" if market is None else "views",
        "assets": assets,
        "matrix": "covariance" if "cov" in given else "correlation",
        "correlations": [_row(line) for line in given.get("cov") or given["corr"]],
        "long_only": given.get("long_only", objective == "equal_risk"),
        "views": [
            _row([100 * x for x in pick]) | {"return": 100 * view}
            for pick, view in zip(given.get("P", []), given.get("Q", []), strict=True)
        ],
        "points": 5,
    }
    for key, name, factor in (
        ("rf", "riskless", 100),
        ("target", "target", 100),
        ("delta", "aversion", 1),
        ("tau", "tau", 1),
    ):
        if key in given:
            inputs[name] = round(factor * given[key], ROUND)
    return [("optimiser", inputs)]


def measured(case, results):
    """Return means, weights, return and volatility in the units the case's keys name."""
    summary, table = results[0]["summary"], results[0]["table"]
    column = {key: [row.get(key) for row in table] for key in ("mean", "weight", "equilibrium", "contribution")}
    found = {
        "pi_pct": column["equilibrium"],
        "exact": column["equilibrium"],
        "mu_pct": column["mean"],
        "exact_mu": column["mean"],
        "weight_pct": column["weight"],
        "exact_w": column["weight"],
        "weights": [w / 100 for w in column["weight"]],
        "ret": summary["Expected return"] / 100,
        "vol": summary["Volatility"] / 100,
        "sharpe": summary["Sharpe ratio"],
        "risk_share": [c / 100 for c in column["contribution"]],
    }
    return {key: found[key] for key in case["expect"] if key in found}


def _objective(case):
    for word, objective in OBJECTIVES.items():
        if word in case["id"].lower():
            return objective
    if "mkt_weight_pct" in case["inputs"]:
        return "black_litterman"
    return "target" if "target" in case["inputs"] else "max_sharpe"


def _row(values):
    return {f"a{i}": value for i, value in enumerate(values, start=1)}
