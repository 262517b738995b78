"""One metric of one holding in a portfolio, on the snapshot of prices and holdings that it is given.

Chosen: one model with a choice of metric, so that the five runs of an analysis differ by that choice alone; a metric
needs the prices of its own holding only, and the risk contribution the periods in which every price is known.
Left out: dividends and corporate actions, unless the prices are adjusted for them.
"""

import numpy as np

from actuarial import holding_risk

COLUMNS = tuple(f"a{i}" for i in range(1, 25))
SHOWN = 8  # problems named in one message
LEAST = 3  # prices that a metric needs
WORST = 10  # losses in the table
THIN = 0.01  # share of the gross value below which weights are not taken of the net value


def run(inputs):
    """Return one metric (keys of `inputs` as in manifest.json).

    Raises:
        ValueError: the holding is not there, or prices and holdings do not fit together.
    """
    view = read(inputs)
    found = METRICS[inputs["metric"]](view, inputs)
    notes = f"{view['ticker']}, {len(view['prices'])} prices from {view['dates'][0]} to {view['dates'][-1]}."
    if inputs.get("snapshot"):
        notes += f" Snapshot {inputs['snapshot']}."
    return {**found, "notes": notes}


def read(inputs):
    """Return the holding's prices, dates and returns, and those of the whole portfolio.

    Raises:
        ValueError: naming every cell that does not fit.
    """
    tickers = [row["ticker"].strip() for row in inputs["holdings"]]
    quantities = np.array([row["quantity"] for row in inputs["holdings"]], float)
    wanted, k, problems = inputs["ticker"].strip(), len(inputs["holdings"]), []
    if len(set(tickers)) < k:
        problems.append("inputs.holdings.ticker: a ticker is duplicated. Add up its quantities in one row.")
    if wanted not in tickers:
        problems.append(f"inputs.ticker: {wanted!r} is not held. Give one of {', '.join(tickers)}.")
    spare = [c for c in COLUMNS[k:] if any(row.get(c) is not None for row in inputs["prices"])]
    if spare:
        problems.append(f"inputs.prices.{spare[0]}: no holding goes with it. Add a holding, or clear the column.")
    names = ("benchmark", *COLUMNS[:k])
    cells = [[np.nan if row.get(c) is None else row[c] for c in names] for row in inputs["prices"]]
    table = np.array(cells, float).reshape(len(cells), k + 1)
    for i, j in np.argwhere(table <= 0):
        problems.append(f"inputs.prices[{i}].{names[j]}: {table[i, j]:g} is not above 0. Give a price, or clear it.")
    at = tickers.index(wanted) if wanted in tickers else 0
    known = np.isfinite(table[:, at + 1])
    if not problems and known.sum() < LEAST:
        message = (
            f"{known.sum()} prices of {wanted} are too few. Give at least {LEAST}, or wait for more of the market."
        )
        problems.append(f"inputs.prices.{COLUMNS[at]}: {message}")
    if not problems:
        with np.errstate(all="ignore"):
            moves = table[1:] / table[:-1]
        if np.isinf(moves).any() or (moves == 0).any():
            problems.append("inputs.prices: some prices change by more than a number can hold. Correct them.")
    if problems:
        more = len(problems) - SHOWN
        raise ValueError("\n".join(problems[:SHOWN]) + (f"\nand {more} more." if more > 0 else ""))
    dates = [str(row.get("date") or i + 1) for i, row in enumerate(inputs["prices"])]
    prices = table[known, at + 1]
    return {
        "ticker": wanted,
        "tickers": tickers,
        "at": at,
        "dates": [day for day, there in zip(dates, known, strict=True) if there],
        "prices": prices,
        "returns": prices[1:] / prices[:-1] - 1,
        "quantity": quantities[at],
        "quantities": quantities,
        "benchmark": table[:, 0],
        "held": table[:, 1:],
    }


def return_volatility(view, inputs):
    """Return growth and volatility, by the year."""
    prices, returns, periods = view["prices"], view["returns"], inputs["periods_per_year"]
    years = len(returns) / periods
    total = prices[-1] / prices[0]
    rows = [
        ("Best period", float(returns.max())),
        ("Worst period", float(returns.min())),
        ("Mean return, a period", float(returns.mean())),
        ("Share of periods with a gain", float(np.mean(returns > 0))),
    ]
    return {
        "summary": {
            "Annual return": holding_risk.compound(total, years),
            "Total return": float(total - 1),
            "Annual volatility": holding_risk.deviation(returns) * float(np.sqrt(periods)),
        },
        "table": [{"figure": name, "value": value} for name, value in rows],
        "charts": [line("Price", "Price (money)", view["dates"], prices, view["ticker"])],
        "warnings": [f"The prices span {years:.2f} years: figures by the year are extrapolated."] if years < 1 else [],
    }


def beta(view, inputs):
    """Return beta, alpha and correlation against the benchmark."""
    periods = inputs["periods_per_year"]
    both = np.isfinite(view["benchmark"]) & np.isfinite(view["held"][:, view["at"]])
    own, benchmark = view["held"][both, view["at"]], view["benchmark"][both]
    if len(own) < LEAST:
        raise ValueError(
            f"inputs.prices.benchmark: {len(own)} rows have a price of both the benchmark and {view['ticker']}. "
            f"Give at least {LEAST}."
        )
    r, b = own[1:] / own[:-1] - 1, benchmark[1:] / benchmark[:-1] - 1
    slope, intercept, correlation = holding_risk.beta(r, b)
    found = {
        "Beta": slope,
        "Alpha, annual": None if intercept is None else intercept * periods,
        "Correlation": correlation,
    }
    rows = [
        ("Periods compared", len(r)),
        ("Annual volatility of the holding", holding_risk.deviation(r) * float(np.sqrt(periods))),
        ("Annual volatility of the benchmark", holding_risk.deviation(b) * float(np.sqrt(periods))),
    ]
    return {
        "summary": {name: value for name, value in found.items() if value is not None}
        or {"Beta": "not defined: the benchmark does not move"},
        "table": [{"figure": name, "value": float(value)} for name, value in rows],
        "charts": [
            {
                "kind": "scatter",
                "title": f"Returns of {view['ticker']} against the benchmark",
                "x_label": "Return of the benchmark (% a period)",
                "y_label": f"Return of {view['ticker']} (% a period)",
                "data": {"x": (100 * b).tolist(), "series": [{"name": view["ticker"], "y": (100 * r).tolist()}]},
            }
        ],
    }


def drawdown(view, _inputs):
    """Return how deep the holding fell below an earlier high."""
    depth = holding_risk.drawdowns(view["prices"])
    deepest = np.argsort(depth, kind="stable")[:WORST]
    return {
        "summary": {"Maximum drawdown": float(depth.min()), "Drawdown now": float(depth[-1])},
        "table": [{"date": view["dates"][i], "drawdown": float(depth[i])} for i in deepest],
        "charts": [line("Drawdown", "Below the earlier high (%)", view["dates"], 100 * depth, view["ticker"])],
    }


def tail_risk(view, inputs):
    """Return value at risk and expected shortfall of a period by historical simulation."""
    confidence = inputs["confidence"] / 100
    # Whoever has sold short loses where the price gains.
    side = -1 if view["quantity"] < 0 else 1
    returns = side * view["returns"]
    var, es = holding_risk.historical_tail(returns, confidence)
    losses = np.sort(-returns)[::-1][:WORST]
    few = len(returns) * (1 - confidence) < 1 - 1e-9
    return {
        "summary": {
            "Value at risk": var,
            "Expected shortfall": es,
            "Value at risk, amount": var * float(abs(view["quantity"] * view["prices"][-1])),
        },
        "table": [{"rank": i, "loss": float(loss)} for i, loss in enumerate(losses, start=1)],
        "charts": [return_histogram(view, 100 * side * np.array([-var, -es]), confidence)],
        "warnings": [f"{len(returns)} returns do not show what happens once in {1 / (1 - confidence):,.0f} periods."]
        if few
        else [],
    }


def risk_contribution(view, inputs):
    """Return the holding's share of the portfolio's volatility at today's weights."""
    held = view["held"]
    whole = np.isfinite(held).all(axis=1)
    if whole.sum() < LEAST or not np.any(view["quantities"]):
        found = f"{whole.sum()} rows have a price of every holding" if np.any(view["quantities"]) else "nothing is held"
        raise ValueError(f"inputs.prices: {found}. Give at least {LEAST} rows, and a quantity other than 0.")
    prices = held[whole]
    values = view["quantities"] * prices[-1]
    net, gross = values.sum(), np.abs(values).sum()
    weights = values / (net if net >= THIN * gross else gross)
    parts, sd = holding_risk.euler_contributions(prices[1:] / prices[:-1] - 1, weights)
    year = float(np.sqrt(inputs["periods_per_year"]))
    shares = parts / sd if sd > 0 else np.zeros(len(parts))
    rows = [
        {
            "ticker": name,
            "weight": float(weights[i]),
            "contribution": float(parts[i] * year),
            "share": float(shares[i]),
        }
        for i, name in enumerate(view["tickers"])
    ]
    own = rows[view["at"]]
    warnings = []
    if net < THIN * gross:
        warnings.append("What is sold short nearly cancels out what is held: weights are shares of the two together.")
    return {
        "summary": {
            "Risk contribution": own["contribution"],
            "Share of risk": own["share"],
            "Weight": own["weight"],
            "Portfolio volatility": sd * year,
        },
        "table": rows,
        "charts": [
            {
                "kind": "bar",
                "title": "Weight and share of risk",
                "x_label": "Holding",
                "y_label": "Share of the portfolio (%)",
                "data": {
                    "x": view["tickers"],
                    "series": [
                        {"name": "Weight", "y": (100 * weights).tolist()},
                        {"name": "Share of risk", "y": (100 * shares).tolist()},
                    ],
                },
            }
        ],
        "warnings": warnings,
    }


METRICS = {
    "return_volatility": return_volatility,
    "beta": beta,
    "drawdown": drawdown,
    "tail_risk": tail_risk,
    "risk_contribution": risk_contribution,
}


def line(title, label, dates, values, name):
    """Return a line chart of one series over the dates."""
    return {
        "kind": "line",
        "title": title,
        "x_label": "Date",
        "y_label": label,
        "data": {"x": list(dates), "series": [{"name": name, "y": [float(v) for v in values]}]},
    }


def return_histogram(view, marks, confidence):
    """Return the histogram of the holding's returns, in %, with VaR and ES marked at `marks`."""
    values = 100 * view["returns"]
    counts, edges = np.histogram(values, bins=min(50, max(8, len(values) // 5)))
    level = f"{100 * confidence:g} %"
    return {
        "kind": "histogram",
        "title": f"Returns of {view['ticker']}",
        "x_label": "Return (% a period)",
        "y_label": "Periods",
        "data": {
            "edges": edges.tolist(),
            "counts": counts.tolist(),
            "markers": [
                {"label": f"{name} {level}", "x": float(x)} for name, x in zip(("VaR", "ES"), marks, strict=True)
            ],
        },
    }
