"""Cases of portfolio_optimisation.json as runs of `optimiser`.

Cases with equal inputs ask for different portfolios: a key of the expected values says which (`erc_pct`), otherwise
the id. A case without any of these words asks for the target portfolio where it names a target, otherwise for the
highest Sharpe ratio. Values are percentages where a key of the case says so, else decimals.
"""

import re

MODELS = ("optimiser",)
ROUND = 8  # decimals of a percentage that the form takes
OBJECTIVES = {
    "gmv": "min_variance",
    "min_var": "min_variance",
    "minvar": "min_variance",
    "min_variance": "min_variance",
    "global_minimum": "min_variance",
    "minimum_variance": "min_variance",
    "tangency": "max_sharpe",
    "max_sharpe": "max_sharpe",
    "erc": "equal_risk",
    "equal_risk": "equal_risk",
    "risk_parity": "equal_risk",
    "equal_weight": "equal_weights",
    "target": "target",
    "litterman": "black_litterman",
    "equal": "equal_weights",
    "1_n": "equal_weights",
    "ew": "equal_weights",
    "market": "market",
    "mkt": "market",
}
LABELS = {
    "min_variance": "Minimum variance",
    "target": "Target return",
    "max_sharpe": "Highest Sharpe ratio",
    "equal_risk": "Equal risk contribution",
    "equal_weights": "Equal weights",
    "black_litterman": "Black-Litterman, unconstrained",
    "market": "Market",
}
# What a key asks for, by the words in it, after those of the portfolio. Without any it asks for weights.
FIGURES = {
    "risk_contribution": "risk",
    "contribution": "risk",
    "risk_share": "contribution",
    "marginal": "marginal",
    "sharpe": "sharpe",
    "ret": "mean",
    "return": "mean",
    "mean": "mean",
    "vol": "volatility",
    "volatility": "volatility",
    "sd": "volatility",
    "variance": "variance",
    "effective": "effective",
    "diversification": "diversification",
}
SINGLE = {"mean", "volatility", "variance", "sharpe", "effective", "diversification"}
PLAIN_NUMBERS = {"sharpe", "effective", "diversification"}
DEFAULT_OMEGA = "diag(taupsp^t)"


def runs(case, folder):
    """Return a run for each setting of short positions and each target that the case names."""
    del folder
    given = case["inputs"]
    shared = _shared(case)
    return [("optimiser", shared | {"long_only": flag} | target) for flag in _flags(case) for target in _targets(given)]


def measured(case, results):
    """Return means, weights, risk, return and volatility in the units the case's keys name."""
    targets = _targets(case["inputs"])
    found = {}
    for key, expected in case["expect"].items():
        flag = _flag(key, case)
        first = _flags(case).index(flag) * len(targets)
        per_target = [_measure(key, expected, case, result) for result in results[first : first + len(targets)]]
        found[key] = per_target if isinstance(_target(case["inputs"]), list) else per_target[0]
    return {key: value for key, value in found.items() if value is not None}


def _measure(key, expected, case, result):
    """Return what one key asks for: a list by asset, a figure of a portfolio, or a mapping of either by portfolio."""
    factor = 1 if _in_percent(key, case) else 0.01
    assets = {name: [row.get(name) for row in result["table"]] for name in ("mean", "equilibrium")}
    name = key.removeprefix("exact_").removesuffix("_pct")
    market = "mkt_weight_pct" in case["inputs"] or "mkt_weight" in case["inputs"]
    if name in {"pi", "equilibrium"} or (name == "exact" and market):
        return [factor * v for v in assets["equilibrium"]]
    if name in {"mu", "posterior", "posterior_mu"}:
        return [factor * v for v in assets["mean"]]
    if isinstance(expected, dict):
        return {k: _measure(f"{key}_{k}" if _portfolio(k) else k, v, case, result) for k, v in expected.items()}
    objective = _portfolio(name) or _objective(case)
    label = LABELS[objective]
    figure = next((FIGURES[word] for word in sorted(FIGURES, key=len, reverse=True) if _has(name, word)), None)
    if figure in SINGLE:
        row = next((row for row in result["tables"]["Portfolios"] if row["portfolio"] == label), None)
        if row is None or (figure != "variance" and row.get(figure) is None):
            return None
        if figure == "variance":
            return (factor * row["volatility"]) ** 2
        return row[figure] if figure in PLAIN_NUMBERS else factor * row[figure]
    column = figure or "weight"
    rows = [row for row in result["tables"]["Risk contributions"] if row["portfolio"] == label]
    return [factor * row[column] for row in rows] or None


def _shared(case):
    given = case["inputs"]
    matrix = given.get("cov", given.get("corr"))
    market = _percent(given, "mkt_weight", "market_weight")
    columns = {
        "mean": _percent(given, "mu"),
        "volatility": _percent(given, "vol", "sigma"),
        "market": market,
        "low": _percent(given, "lower", "min_weight"),
        "high": _percent(given, "upper", "max_weight"),
    }
    if "bounds" in given:
        columns["low"], columns["high"] = ([100 * pair[end] for pair in given["bounds"]] for end in (0, 1))
    lists = [v for v in (given.get("assets"), matrix, *columns.values()) if isinstance(v, list)]
    names = given.get("assets", [f"Asset {i + 1}" for i in range(len(lists[0]))])
    assets = [{"name": name} for name in names]
    for key, values in columns.items():
        for i, row in enumerate(assets):
            if values is not None:
                row[key] = values[i] if isinstance(values, list) else values
    objective = _objective(case)
    inputs = {
        "objective": "equal_weights" if objective == "market" else objective,
        "returns_from": "stated" if market is None else "views",
        "assets": assets,
        "matrix": "covariance" if "cov" in given else "correlation",
        "correlations": [_row(line) for line in matrix] if isinstance(matrix, list) else [],
        "views": _views(given),
        "points": 5,
    }
    if not isinstance(matrix, list):
        inputs["correlation"] = 0 if matrix is None else matrix
    for keys, name, factor in (
        (("rf", "riskless", "risk_free"), "riskless", 100),
        (("delta", "risk_aversion", "aversion"), "aversion", 1),
        (("tau",), "tau", 1),
    ):
        for key in keys:
            if key in given:
                inputs[name] = round(factor * given[key], ROUND)
    return inputs


def _views(given):
    """Return the rows of views; a stated Omega must be a diagonal, as a matrix or as its elements."""
    picks, returns = given.get("P", []), given.get("Q", [])
    omega = given.get("omega", DEFAULT_OMEGA)
    doubts = [None] * len(picks)
    if isinstance(omega, list):
        if any(isinstance(row, list) and x for i, row in enumerate(omega) for j, x in enumerate(_list(row)) if i != j):
            raise LookupError("inputs.omega: the model takes views that are independent of one another")
        doubts = [(row[i] if isinstance(row, list) else row) ** 0.5 for i, row in enumerate(omega)]
    elif re.sub(r"[\s*·]", "", omega.lower()).replace("sigma", "s").replace("p'", "p^t") != DEFAULT_OMEGA:
        raise LookupError(f"inputs.omega: {omega!r} is not known")
    rows = [_row([100 * x for x in pick]) | {"return": 100 * view} for pick, view in zip(picks, returns, strict=True)]
    return [row | ({} if d is None else {"doubt": 100 * d}) for row, d in zip(rows, doubts, strict=True)]


def _percent(given, *names):
    """Return an input in percent, whether it is given so (`vol_pct`) or as decimals (`vol`), or None."""
    for name in names:
        for key, factor in ((f"{name}_pct", 1), (name, 100)):
            if key in given:
                value = given[key]
                return [factor * v for v in value] if isinstance(value, list) else factor * value
    return None


def _target(given):
    target = _percent(given, "target", "target_return")
    return _percent(given, "targets") if target is None else target


def _targets(given):
    """Return the inputs of each target return that the case names, one run without any."""
    target = _target(given)
    if target is None:
        return [{}]
    return [{"target": round(value, ROUND)} for value in _list(target)]


def _objective(case):
    found = _portfolio(case["id"].lower())
    if found:
        return found
    given = case["inputs"]
    if "mkt_weight_pct" in given or "mkt_weight" in given:
        return "black_litterman"
    return "max_sharpe" if _target(given) is None else "target"


def _portfolio(text):
    """Return the portfolio that a text names, or None."""
    return next((objective for word, objective in OBJECTIVES.items() if _has(text, word)), None)


def _has(text, word):
    return re.search(rf"(^|[^a-z]){re.escape(word)}s?($|[^a-z])", text) is not None


def _flag(key, case):
    """Return whether a key is about weights without short positions."""
    if re.search("unconstrained|unbounded|long_short|short_allowed", key):
        return False
    if "long_only" in key:
        return True
    return bool(case["inputs"].get("long_only", _objective(case) in {"equal_risk", "equal_weights"}))


def _flags(case):
    return sorted({_flag(key, case) for key in case["expect"]})


def _in_percent(key, case):
    """Return whether a key's values are percentages; exact values are in the unit of the printed ones beside them."""
    if "pct" in key or "percent" in key:
        return True
    return key.startswith("exact") and any("pct" in other for other in case["expect"])


def _list(value):
    return value if isinstance(value, list) else [value]


def _row(values):
    return {f"a{i}": value for i, value in enumerate(values, start=1)}
