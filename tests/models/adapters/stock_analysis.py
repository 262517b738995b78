"""Cases of stock_analysis.json as runs of `stock_analysis`: its prices are pasted into the table of the form."""

import json
import re

MODELS = ("stock_analysis",)
ROUND = 8  # decimals of a percentage that the form takes

SUMMARY = {
    "annual_return": "Annual return",
    "total_return": "Total return",
    "annual_vol": "Annual volatility",
    "sharpe": "Sharpe ratio",
    "sortino": "Sortino ratio",
    "max_drawdown": "Maximum drawdown",
    "beta_to_portfolio": "Beta to portfolio",
    "alpha": "Alpha, annual",
    "correlation": "Correlation with portfolio",
    "var": "Value at risk",
    "es": "Expected shortfall",
    "weight": "Weight",
    "market_value": "Market value",
    "risk_contribution": "Risk contribution",
    "risk_share": "Share of risk",
    "portfolio_vol": "Portfolio volatility",
}


def runs(case, folder):
    """Return one run per confidence that the case's keys name: var95, es99."""
    given = case["inputs"]
    data = json.loads((folder / given["data"]).read_text())
    tickers = list(given["holdings"])
    inputs = {
        "ticker": given["ticker"],
        "holdings": [{"ticker": t, "shares": given["holdings"][t]} for t in tickers],
        "prices": [
            {"date": date, **{f"a{i}": data["prices"][t][row] for i, t in enumerate(tickers, start=1)}}
            for row, date in enumerate(data["dates"])
        ],
        "periods_per_year": given.get("periods_per_year", 12),
        "risk_free": round(100 * given.get("rf", 0), ROUND),
    }
    return [("stock_analysis", inputs | {"confidence": level}) for level in _levels(case)]


def measured(case, results):
    """Return the figures the case expects."""
    by_level = dict(zip(_levels(case), results, strict=True))
    found = {}
    for key in case["expect"]:
        name, level = _split(key)
        result = by_level[level] if level else results[0]
        label = SUMMARY.get(name)
        if label in result["summary"]:
            found[key] = result["summary"][label]
    return found


def _split(key):
    """Return ("var", 97.5) for var97.5 or var975, and (key, None) for a key without a confidence."""
    match = re.fullmatch(r"(var|es)_?(\d+(?:\.\d+)?)", key)
    if match is None:
        return key, None
    level = float(match[2])
    return match[1], level / 10 if level > 100 else level


def _levels(case):
    named = {_split(key)[1] for key in case["expect"]} - {None}
    return sorted(named) or [95.0]
