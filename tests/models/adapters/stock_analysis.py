"""Cases of stock_analysis.json as runs of `stock_analysis`: prices are pasted into the table of the form.

The prices are those of a data file, or stand in the case; a case may take a part of them by its dates.
"""

import json
import re

MODELS = ("stock_analysis",)
ROUND = 8  # decimals of a percentage that the form takes

SUMMARY = {
    "annual_return": "Annual return",
    "cagr": "Annual return",
    "total_return": "Total return",
    "annual_vol": "Annual volatility",
    "volatility": "Annual volatility",
    "sharpe": "Sharpe ratio",
    "sortino": "Sortino ratio",
    "max_drawdown": "Maximum drawdown",
    "beta": "Beta to portfolio",
    "beta_to_portfolio": "Beta to portfolio",
    "alpha": "Alpha, annual",
    "correlation": "Correlation with portfolio",
    "var": "Value at risk",
    "es": "Expected shortfall",
    "cvar": "Expected shortfall",
    "weight": "Weight",
    "market_value": "Market value",
    "risk_contribution": "Risk contribution",
    "risk_share": "Share of risk",
    "portfolio_vol": "Portfolio volatility",
}
FURTHER = {
    "calmar": "Calmar ratio",
    "downside_vol": "Downside deviation, annual",
    "downside_risk": "Downside deviation, annual",
    "downside_deviation": "Downside deviation, annual",
    "skew": "Skewness",
    "skewness": "Skewness",
    "kurtosis": "Excess kurtosis",
    "excess_kurtosis": "Excess kurtosis",
    "mean_return": "Mean return, a period",
    "best": "Best period",
    "worst": "Worst period",
    "win_rate": "Share of periods with a gain",
}
COLUMNS = {
    "weights": "weight",
    "betas": "beta",
    "risk_contributions": "contribution",
    "risk_shares": "share",
    "volatilities": "volatility",
    "annual_returns": "annual_return",
    "market_values": "value",
}


def runs(case, folder):
    """Return one run per confidence that the case's inputs and keys name: var95, es99."""
    given = case["inputs"]
    dates, prices = _prices(given, folder)
    held = _holdings(given, prices)
    first, last = str(given.get("start", "")), str(given.get("end", "9999"))
    rows = [
        {"date": date, **{f"a{i}": prices[t][row] for i, t in enumerate(held, start=1)}}
        for row, date in enumerate(dates)
        if date is None or first <= date <= last
    ]
    inputs = {
        "ticker": given["ticker"],
        "holdings": [{"ticker": t, "shares": shares} for t, shares in held.items()],
        "prices": rows,
        "periods_per_year": given.get("periods_per_year", 12),
        "risk_free": round(100 * given.get("rf", given.get("risk_free", 0)), ROUND),
    }
    return [("stock_analysis", inputs | {"confidence": level}) for level in _levels(case)]


def measured(case, results):
    """Return the figures the case expects."""
    by_level = dict(zip(_levels(case), results, strict=True))
    found = {}
    for key, expected in case["expect"].items():
        name, level = _split(key)
        result = by_level[level] if level else results[0]
        further = {row["figure"]: row["figure_value"] for row in result["tables"]["Further figures"]}
        if name in COLUMNS:
            column = {row["ticker"]: row[COLUMNS[name]] for row in result["table"]}
            found[key] = column if isinstance(expected, dict) else list(column.values())
        elif SUMMARY.get(name) in result["summary"]:
            found[key] = result["summary"][SUMMARY[name]]
        elif FURTHER.get(name) in further:
            found[key] = further[FURTHER[name]]
    return found


def _prices(given, folder):
    """Return dates and prices by ticker."""
    if "data" in given:
        data = json.loads((folder / given["data"]).read_text())
        return data["dates"], data["prices"]
    prices = given.raw("prices") if hasattr(given, "raw") else given["prices"]
    count = len(next(iter(prices.values())))
    return given.get("dates", [None] * count), prices


def _holdings(given, prices):
    """Return shares by ticker; a case that speaks of weights holds them at the last price."""
    if "weights" in given:
        weights = given.raw("weights")
        return {t: weight / prices[t][-1] for t, weight in weights.items()}
    if "holdings" in given:
        return {t: given["holdings"][t] for t in given["holdings"]}
    return {given["ticker"]: 1}


def _split(key):
    """Return ("var", 97.5) for var97.5 or var975, and (key, None) for a key without a confidence."""
    match = re.fullmatch(r"(var|es|cvar)_?(\d+(?:\.\d+)?)", key)
    if match is None:
        return key, None
    level = float(match[2])
    return match[1], level / 10 if level > 100 else level


def _levels(case):
    """Return the confidences in percent, the inputs' own first."""
    own = [round(100 * case["inputs"]["confidence"], ROUND)] if "confidence" in case["inputs"] else []
    named = sorted({_split(key)[1] for key in case["expect"]} - {None})
    return list(dict.fromkeys([*own, *named])) or [95.0]
