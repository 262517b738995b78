"""One stock within a portfolio, metric by metric, all on the snapshot of prices taken first.

Chosen: prices and holdings are read once, and every metric is worked out from that reading, so that figures streamed
one after the other cannot come from different data; the portfolio keeps today's weights through the past.
Left out: dividends, unless the prices are adjusted for them, and corporate actions.
"""

from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np

COLUMNS = tuple(f"a{i}" for i in range(1, 13))
SHOWN = 8  # problems named in one message
ROLLING = 12  # periods of the rolling volatility
NOISE = 1e-8  # share of the largest return below which a deviation is rounding and no risk
THIN = 0.01  # share of the gross value below which weights are not taken of the net value
PACE = 1.5  # factor between the years that dates span and those that the periods make, beyond which they disagree
DAYS = 365.25  # of a year


@dataclass(frozen=True)
class Snapshot:
    """Prices (n + 1, k), returns (n, k), shares held (k,) and the index of the stock looked at.

    `years` is what the dates span, or None where not every price has one.
    """

    tickers: list
    dates: list
    years: float | None
    prices: np.ndarray
    returns: np.ndarray
    shares: np.ndarray
    at: int

    @property
    def values(self):
        """Market values of the holdings, money, shape (k,)."""
        return self.shares * self.prices[-1]

    @property
    def base(self):
        """What weights and the portfolio's returns are shares of, money.

        Its value; where positions nearly cancel out or are sold short on balance, its gross value, the sum of the
        positions without their signs.
        """
        net, gross = self.values.sum(), np.abs(self.values).sum()
        return net if net >= THIN * gross else gross

    @property
    def weights(self):
        """Shares of the portfolio's value, shape (k,)."""
        return self.values / self.base

    @property
    def portfolio(self):
        """Returns of the portfolio at today's weights, shape (n,)."""
        return self.returns @ self.weights

    @property
    def stock(self):
        """Returns of the stock, shape (n,)."""
        return self.returns[:, self.at]


def run(inputs):
    """Yield the metrics of one stock in turn (keys of `inputs` as in manifest.json).

    Raises:
        ValueError: the stock is not held, or prices and holdings do not fit together.
    """
    view, periods, rate = read(inputs), inputs["periods_per_year"], inputs["risk_free"] / 100
    ticker, confidence = view.tickers[view.at], inputs["confidence"] / 100
    charts = []

    def part(done, message, summary, *more, **others):
        charts.extend(more)
        return {"progress": done, "message": message, "summary": summary, "charts": list(charts), **others}

    yield part(
        0.2,
        "return and volatility",
        {"Snapshot": f"{view.dates[-1]}, {len(view.prices)} prices", **growth_figures(view, periods, rate)},
        indexed_chart(view),
        volatility_chart(view, periods),
    )
    depth = drawdowns(view.prices[:, view.at])
    yield part(0.4, "drawdown", {"Maximum drawdown": float(depth.min())}, drawdown_chart(view, depth))
    yield part(0.6, "beta", market_line(view, periods, rate), scatter_chart(view))
    # Whoever has sold a stock short loses where it gains.
    side = -1 if view.shares[view.at] < 0 else 1
    var, es = tail(side * view.stock, confidence)
    yield part(
        0.8,
        "value at risk",
        {"Value at risk": var, "Expected shortfall": es},
        return_chart(view, side * var, side * es, confidence),
    )
    rows, risk = contributions(view, periods)
    yield part(
        1.0,
        "risk contribution",
        {
            "Market value": float(view.values[view.at]),
            "Weight": float(view.weights[view.at]),
            "Risk contribution": rows[view.at]["contribution"],
            "Share of risk": rows[view.at]["share"],
            "Portfolio volatility": risk,
        },
        contribution_chart(rows),
        table=rows,
        tables={"Further figures": further_figures(view, periods, rate, depth)},
        warnings=find_warnings(view, periods, confidence),
        notes=f"{ticker} within {len(rows)} holdings, each figure from the same {len(view.prices)} prices. Beta, alpha "
        "and contributions are against the portfolio at today's weights.",
    )


def read(inputs):
    """Return the snapshot of `inputs`.

    Raises:
        ValueError: naming every cell that does not fit.
    """
    tickers = [row["ticker"].strip() for row in inputs["holdings"]]
    shares = np.array([row["shares"] for row in inputs["holdings"]], float)
    problems, k, wanted = [], len(tickers), inputs["ticker"].strip()
    if len(set(tickers)) < k:
        problems.append("inputs.holdings.ticker: a stock is duplicated. Add up its shares in one row.")
    if wanted not in tickers:
        problems.append(f"inputs.ticker: {wanted!r} is not held. Give one of {', '.join(tickers)}.")
    spare = [c for c in COLUMNS[k:] if any(row.get(c) is not None for row in inputs["prices"])]
    if spare:
        problems.append(f"inputs.prices.{spare[0]}: no holding goes with it. Add a holding, or clear the column.")
    rows = [[np.nan if row.get(c) is None else row[c] for c in COLUMNS[:k]] for row in inputs["prices"]]
    prices = np.array(rows, float)
    for i, j in np.argwhere(~(prices > 0)):
        found = "the cell is empty" if np.isnan(prices[i, j]) else f"{prices[i, j]:g} is not above 0"
        problems.append(f"inputs.prices[{i}].{COLUMNS[j]}: {found}. Give the price of {tickers[j]}.")
    dates, years = read_dates(inputs["prices"], problems)
    if not problems and not np.isfinite(prices[1:] / prices[:-1]).all():
        problems.append("inputs.prices: some prices change by more than a number can hold. Correct them.")
    if not problems and not np.any(shares):
        problems.append("inputs.holdings.shares: no shares are held. Give at least one number other than 0.")
    if problems:
        more = len(problems) - SHOWN
        raise ValueError("\n".join(problems[:SHOWN]) + (f"\nand {more} more." if more > 0 else ""))
    return Snapshot(tickers, dates, years, prices, prices[1:] / prices[:-1] - 1, shares, tickers.index(wanted))


def read_dates(rows, problems):
    """Return the rows' dates in ISO form and the years they span, or row numbers and None where not every row has one.

    Dates are compared as dates, so that it does not matter in which form each was written.
    """
    given = [row.get("date") for row in rows]
    if any(not day for day in given):
        return [str(i + 1) for i in range(len(rows))], None
    days = [date.fromisoformat(str(day)) for day in given]
    for i, (before, after) in enumerate(pairwise(days), start=1):
        if after <= before:
            problems.append(f"inputs.prices[{i}].date: {after} comes after {before}. Put the oldest price first.")
    return [day.isoformat() for day in days], (days[-1] - days[0]).days / DAYS


def find_warnings(view, periods, confidence):
    """Return warnings about figures that the data cannot bear."""
    found, n = [], len(view.returns)
    years, net = n / periods, view.values.sum()
    if view.years and not 1 / PACE < view.years / years < PACE:
        found.append(
            f"The dates span {view.years:,.2f} years, {n} periods at {periods} a year {years:,.2f}: the figures by the "
            "year are wrong unless the periods a year are. Correct them, or the dates."
        )
    if net < THIN * np.abs(view.values).sum():
        found.append(
            f"What is held less what is sold short is {net / np.abs(view.values).sum():.2%} of the two together: "
            "weights and returns of the portfolio are shares of the two together."
        )
    if n * (1 - confidence) < 1 - 1e-9:
        found.append(
            f"{n} returns do not show what happens once in {1 / (1 - confidence):,.0f} periods: value at risk and "
            "expected shortfall rest on the worst of them."
        )
    if years < 1:
        found.append(f"The prices span {years:.2f} years: returns and ratios by the year are extrapolated.")
    return found


def deviation(returns):
    """Return the sample standard deviation of `returns`, 0 where it is rounding alone.

    Prices that grow by the same share every period have returns that differ in their last digits only.
    """
    sd = float(np.std(returns, ddof=1))
    return sd if sd > NOISE * np.max(np.abs(returns)) else 0.0


def growth_figures(view, periods, rate):
    """Return return, volatility, Sharpe and Sortino ratio of the stock, by the year.

    Compound return (P[n]/P[0])^(periods/n) - 1; volatility s √periods with the sample's s; Sharpe ratio
    (mean - rate/periods)/s √periods; a ratio over a deviation of 0, or of rounding, is left out.

    Source: Sharpe (1994), J. Portfolio Management 21(1), p. 50.
    """
    r, price = view.stock, view.prices[:, view.at]
    sd, excess = deviation(r), r - rate / periods
    down = downside(excess)
    total = price[-1] / price[0]
    found = {
        "Annual return": compound(total, len(r) / periods),
        "Total return": float(total - 1),
        "Annual volatility": float(sd * np.sqrt(periods)),
    }
    for label, spread in (("Sharpe ratio", sd), ("Sortino ratio", down)):
        if spread > 0:
            found[label] = float(excess.mean() / spread * np.sqrt(periods))
    return found


def downside(excess):
    """Return the root mean square of the excess returns below 0; 0 where those are rounding alone."""
    down = float(np.sqrt(np.mean(np.square(np.minimum(excess, 0)))))
    return down if down > NOISE * np.max(np.abs(1 + excess)) else 0.0


def further_figures(view, periods, rate, depth):
    """Return the rows of figures beside the cards: Calmar ratio, downside deviation, shape and extremes of returns.

    Skewness and kurtosis are the moments of the returns themselves, without a correction for the sample's size; of
    returns that do not differ there are none.

    Source: Young (1991), Calmar Ratio, Futures 20(1); Sortino and van der Meer (1991), J. Portfolio Management 17(4).
    """
    r, price = view.stock, view.prices[:, view.at]
    sd, worst = deviation(r), float(depth.min())
    rows = []
    if worst < -NOISE:
        rows.append(("Calmar ratio", compound(price[-1] / price[0], len(r) / periods) / -worst))
    rows.append(("Downside deviation, annual", downside(r - rate / periods) * float(np.sqrt(periods))))
    if sd > 0:
        z = (r - r.mean()) / r.std()
        rows += [("Skewness", float(np.mean(z**3))), ("Excess kurtosis", float(np.mean(z**4) - 3))]
    rows += [
        ("Mean return, a period", float(r.mean())),
        ("Best period", float(r.max())),
        ("Worst period", float(r.min())),
        ("Share of periods with a gain", float(np.mean(r > 0))),
        ("Longest time below a high, periods", int(longest_below_high(depth))),
    ]
    return [{"figure": name, "figure_value": value} for name, value in rows]


def longest_below_high(depth):
    """Return the largest number of periods in a row below an earlier high."""
    most = now = 0
    for below in depth < 0:
        now = now + 1 if below else 0
        most = max(most, now)
    return most


def compound(ratio, years):
    """Return the yearly rate that makes 1 into `ratio` over `years`; kept finite for absurd prices."""
    return float(np.expm1(np.clip(np.log(ratio) / years, -700, 700)))


def drawdowns(prices):
    """Return how far each price, shape (n,), lies below the highest so far, as shares from -1 to 0."""
    return prices / np.maximum.accumulate(prices) - 1


def market_line(view, periods, rate):
    """Return beta, alpha a year and correlation of the stock with the portfolio.

    beta = cov(r, p)/var(p); alpha = periods (mean(r - f) - beta mean(p - f)). Nothing where the
    portfolio does not move.

    Source: Sharpe (1964), J. Finance 19(3), p. 438.
    """
    (var_r, cov), (_, var_p) = np.cov(view.stock, view.portfolio)
    if not deviation(view.portfolio) > 0:
        return {}
    beta, f = cov / var_p, rate / periods
    found = {
        "Beta to portfolio": float(beta),
        "Alpha, annual": float(periods * ((view.stock.mean() - f) - beta * (view.portfolio.mean() - f))),
    }
    if deviation(view.stock) > 0:
        found["Correlation with portfolio"] = float(cov / np.sqrt(var_r * var_p))
    return found


def tail(returns, confidence):
    """Return historical (VaR, ES) of a period as shares lost: minus the quantile, and minus the mean up to it."""
    quantile = np.quantile(returns, 1 - confidence)
    return float(-quantile), float(-returns[returns <= quantile].mean())


def contributions(view, periods):
    """Return one row per holding with its share of the portfolio's volatility, and that volatility, by the year.

    weight_i cov(r_i, p)/σ(p): Euler's allocation of a risk measure of degree one, which adds up to σ(p).

    Source: Tasche (2008), section 2.2.
    """
    p, w = view.portfolio, view.weights
    cov = (view.returns - view.returns.mean(axis=0)).T @ (p - p.mean()) / (len(p) - 1)
    sd = deviation(p)
    year = np.sqrt(periods)
    part = w * cov / sd * year if sd > 0 else np.zeros(len(w))
    years = len(p) / periods
    rows = [
        {
            "ticker": name,
            "shares": float(view.shares[i]),
            "value": float(view.values[i]),
            "weight": float(w[i]),
            "annual_return": float(
                np.expm1(np.clip(np.log(view.prices[-1, i] / view.prices[0, i]) / years, -700, 700))
            ),
            "volatility": float(deviation(view.returns[:, i]) * year),
            "beta": float(cov[i] / sd**2) if sd > 0 else None,
            "contribution": float(part[i]),
            "share": float(part[i] / (sd * year)) if sd > 0 else 0.0,
        }
        for i, name in enumerate(view.tickers)
    ]
    return rows, float(sd * year)


def indexed_chart(view):
    """Return the stock and the portfolio at today's weights, both 100 at the start."""
    whole = np.concatenate([[1.0], np.cumprod(1 + view.portfolio)])
    price = view.prices[:, view.at]
    return {
        "kind": "line",
        "title": "Value of 100 invested",
        "x_label": "Date",
        "y_label": "Value (money)",
        "data": {
            "x": view.dates,
            "series": [
                {"name": view.tickers[view.at], "y": (100 * price / price[0]).tolist()},
                {"name": "Portfolio at today's weights", "y": (100 * whole).tolist()},
            ],
        },
    }


def volatility_chart(view, periods):
    """Return the rolling volatility of the stock and the portfolio."""
    width = min(ROLLING, len(view.stock))
    lines = [
        (name, np.lib.stride_tricks.sliding_window_view(r, width).std(axis=1, ddof=1) * np.sqrt(periods) * 100)
        for name, r in ((view.tickers[view.at], view.stock), ("Portfolio at today's weights", view.portfolio))
    ]
    return {
        "kind": "line",
        "title": f"Volatility over {width} periods",
        "x_label": "Date",
        "y_label": "Volatility (% a year)",
        "data": {"x": view.dates[width:], "series": [{"name": n, "y": y.tolist()} for n, y in lines]},
    }


def drawdown_chart(view, depth):
    """Return the stock's drawdown over time."""
    return {
        "kind": "line",
        "title": "Drawdown",
        "x_label": "Date",
        "y_label": "Below the earlier high (%)",
        "data": {"x": view.dates, "series": [{"name": view.tickers[view.at], "y": (100 * depth).tolist()}]},
    }


def scatter_chart(view):
    """Return the stock's returns against the portfolio's."""
    name = view.tickers[view.at]
    return {
        "kind": "scatter",
        "title": f"Returns of {name} against the portfolio",
        "x_label": "Return of the portfolio (% a period)",
        "y_label": f"Return of {name} (% a period)",
        "data": {"x": (100 * view.portfolio).tolist(), "series": [{"name": name, "y": (100 * view.stock).tolist()}]},
    }


def return_chart(view, var, es, confidence):
    """Return the histogram of the stock's returns with VaR and ES marked."""
    counts, edges = np.histogram(100 * view.stock, bins=min(50, max(8, len(view.stock) // 5)))
    level = f"{100 * confidence:g} %"
    return {
        "kind": "histogram",
        "title": f"Returns of {view.tickers[view.at]}",
        "x_label": "Return (% a period)",
        "y_label": "Periods",
        "data": {
            "edges": edges.tolist(),
            "counts": counts.tolist(),
            "markers": [{"label": f"VaR {level}", "x": -100 * var}, {"label": f"ES {level}", "x": -100 * es}],
        },
    }


def contribution_chart(rows):
    """Return weights beside shares of risk."""
    return {
        "kind": "bar",
        "title": "Weight and share of risk",
        "x_label": "Stock",
        "y_label": "Share of the portfolio (%)",
        "data": {
            "x": [r["ticker"] for r in rows],
            "series": [
                {"name": "Weight", "y": [100 * r["weight"] for r in rows]},
                {"name": "Share of risk", "y": [100 * r["share"] for r in rows]},
            ],
        },
    }
