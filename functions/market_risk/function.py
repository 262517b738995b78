"""Market risk of a portfolio: value at risk and expected shortfall by six methods, contributions, backtest.

Chosen: profits are today's values times the past's simple returns; every method that the data allow is run, and the
input `method` says which is the headline.
Left out: options and other positions whose value is not proportional to the price.
"""

import backtest
import numpy as np
import tails
import volatility
from portfolio import Portfolio, read

GARCH_LEAST = 100
FENCE = 6  # quartile ranges beyond the quartiles at which the histogram ends
LABELS = {
    "historical": "Historical simulation",
    "normal": "Normal",
    "student": "Student's t",
    "ewma": "EWMA",
    "garch": "GARCH(1,1)",
    "monte_carlo": "Monte Carlo",
}


def run(inputs):
    """Return VaR, ES, contributions and backtest for `inputs` (keys as in manifest.json).

    Raises:
        ValueError: prices, positions or correlations do not fit together; every problem is named.
    """
    book = read(inputs)
    confidence, days = inputs["confidence"] / 100, inputs["horizon"]
    variances, tables, charts, warnings = {}, {}, [], []
    garch = None
    if book.returns is not None:
        start = (inputs["start_volatility"] / 100) ** 2 or float(np.mean(np.square(book.returns)))
        variances["ewma"] = volatility.ewma(book.returns, inputs["decay"], start)
        if len(book.returns) >= GARCH_LEAST and book.returns.std() > 0:
            garch = volatility.fit_garch(100 * book.returns)
            variances["garch"] = garch.variance / 1e4
        elif inputs["method"] == "garch":
            warnings.append(f"GARCH(1,1) needs at least {GARCH_LEAST} returns that differ; it is left out.")
    methods = measure(book, variances, garch, confidence, days, inputs)
    chosen = methods.get(inputs["method"])
    if chosen is None:
        given = "stated volatilities" if book.returns is None else f"{len(book.returns)} returns"
        chosen = methods["normal"]
        warnings.append(
            f"{LABELS[inputs['method']]} needs more than {given}: the headline is the normal method's instead."
        )
    tables["Methods"] = [{"method": LABELS[key], **row} for key, row in methods.items()]
    tables["Positions"] = positions(book, confidence, days)
    tables["Traffic light"] = lights(inputs["backtest_days"], 1 - confidence)
    alone = sum(row["var_h"] for row in tables["Positions"])
    joint = tails.normal(confidence, 0.0, book.sd)[0] * np.sqrt(days)
    summary = {
        "Value at risk": chosen["var_h"],
        "Expected shortfall": chosen["es_h"],
        "Value at risk, one day": chosen["var_1d"],
        "Expected shortfall, one day": chosen["es_1d"],
        "Portfolio value": book.total,
        "Standard deviation, one day": book.sd,
        "Diversification benefit": float(alone - joint),
    }
    if variances:
        tables["Volatility"] = [
            {"model": LABELS[key], "variance": float(v[-1]), "volatility": float(np.sqrt(v[-1]))}
            for key, v in variances.items()
        ]
        charts.append(volatility_chart(book, variances))
    if garch:
        tables |= garch_tables(garch, max(days, 10))
    tested = min(inputs["backtest_days"], 0 if book.returns is None else len(book.returns) - 30)
    if tested >= 20:
        found = tested_methods(book, variances, confidence, tested, inputs)
        tables["Backtest"] = [row for row, _ in found.values()]
        row, line = found.get(inputs["method"]) or found["normal"]
        summary |= {"Exceptions": row["exceptions"], "Days tested": tested, "Zone": row["zone"]}
        summary["Kupiec p-value"] = row["kupiec_p"]
        charts.append(backtest_chart(book, line, tested, row["method"], confidence))
    elif book.returns is not None:
        warnings.append("There are too few returns for a backtest: 50 at least.")
    if book.returns is not None and len(book.returns) >= 20:
        charts.insert(0, loss_chart(book, chosen, inputs))
    charts.append(contribution_chart(tables["Positions"], confidence))
    return {
        "summary": summary,
        "table": tables.pop("Methods"),
        "tables": tables,
        "charts": charts,
        "notes": NOTES,
        "warnings": warnings,
    }


def measure(book: Portfolio, variances, garch, confidence, days, inputs):
    """Return VaR and ES over one day and over `days` by method, in money, losses positive.

    One-day figures grow with the root of time (means with time itself), except GARCH, whose daily
    variances are summed, and Monte Carlo, which draws the horizon as a whole.
    """
    root = np.sqrt(days)
    found = {}
    if book.returns is not None and len(book.returns) >= 20:
        var, es = tails.sample(-book.total * book.returns[-inputs["window"] :], confidence)
        found["historical"] = (var, es, var * root, es * root)
    for key, law in (
        ("normal", tails.normal),
        ("student", lambda c, m, s: tails.student(c, m, s, inputs["dof"])),
    ):
        found[key] = (*law(confidence, book.mean, book.sd), *law(confidence, book.mean * days, book.sd * root))
    if "ewma" in variances:
        var, es = tails.normal(confidence, 0.0, abs(book.total) * np.sqrt(variances["ewma"][-1]))
        found["ewma"] = (var, es, var * root, es * root)
    if garch:
        ahead = garch.forecast(days) / 1e4
        size, mean = abs(book.total), book.total * garch.mu / 100
        found["garch"] = (
            *tails.normal(confidence, mean, size * np.sqrt(ahead[0])),
            *tails.normal(confidence, mean * days, size * np.sqrt(ahead.sum())),
        )
    rng = np.random.Generator(np.random.SFC64(inputs["seed"]))
    drawn = [tails.sample(book.simulate(rng, inputs["scenarios"], d), confidence) for d in (1, days)]
    found["monte_carlo"] = (*drawn[0], *drawn[1])
    names = ("var_1d", "es_1d", "var_h", "es_h")
    return {key: dict(zip(names, map(float, row), strict=True)) for key, row in found.items()}


def positions(book, confidence, days):
    """Return one row per position: VaR alone and Euler's share of the portfolio's, under a normal law.

    Component i is value_i (Σ value)_i / sd × z: the components add up to the whole.

    Source: McNeil, Frey and Embrechts (2015), section 8.5.
    """
    z = tails.normal(confidence, 0.0, 1.0)[0]
    sds = np.sqrt(np.diag(book.covariance))
    slope = book.covariance @ book.values / (book.sd or 1.0)
    return [
        {
            "position": name,
            "value": float(value),
            "volatility": float(sd),
            "var_1d": float(abs(value) * sd * z),
            "var_h": float(abs(value) * sd * z * np.sqrt(days)),
            "component": float(value * s * z * np.sqrt(days)),
            "share": float(value * s / book.sd) if book.sd else 0.0,
        }
        for name, value, sd, s in zip(book.names, book.values, sds, slope, strict=True)
    ]


def lights(days, rate):
    """Return Basel's table for `days` and `rate`, with Kupiec's test: a row per number, into the red zone."""
    rows = []
    for k in range(days + 1):
        cumulative, zone, plus = backtest.traffic_light(k, days, rate)
        ratio, p = backtest.kupiec(k, days, rate)
        row = {"exceptions": k, "cumulative": 100 * cumulative, "zone": zone, "plus_factor": plus}
        rows.append(row | {"kupiec": ratio, "kupiec_p": p})
        if k >= 25 and sum(row["zone"] == "red" for row in rows) >= 5:
            break
    return rows


def tested_methods(book, variances, confidence, tested, inputs):
    """Return, by method, the row of the backtest and the value at risk of each of the last `tested` days.

    Day t's figure uses the `window` days before it. GARCH is the exception, as its parameters are
    fitted once on all days: a flattering test, which its row says.
    """
    losses = -book.total * book.returns
    n = len(losses)
    width = min(inputs["window"], n - tested)
    past = np.lib.stride_tricks.sliding_window_view(losses, width)[n - tested - width : n - width]
    mean, sd = -past.mean(axis=1), past.std(axis=1, ddof=1)
    size = abs(book.total)
    lines = {
        "historical": tails.sample(past, confidence)[0],
        "normal": tails.normal(confidence, mean, sd)[0],
        "student": tails.student(confidence, mean, sd, inputs["dof"])[0],
    }
    for key, v in variances.items():
        lines[key] = tails.normal(confidence, 0.0, size * np.sqrt(v[-tested - 1 : -1]))[0]
    found = {}
    for key, line in lines.items():
        hits = losses[-tested:] > line
        count = int(hits.sum())
        cumulative, zone, plus = backtest.traffic_light(count, tested, 1 - confidence)
        ratio, p = backtest.kupiec(count, tested, 1 - confidence)
        clustering, clustering_p = backtest.christoffersen(hits)
        row = {
            "method": LABELS[key] + (" (fitted on all days)" if key == "garch" else ""),
            "exceptions": count,
            "expected": tested * (1 - confidence),
            "kupiec": ratio,
            "kupiec_p": p,
            "independence": clustering,
            "independence_p": clustering_p,
            "cumulative": 100 * cumulative,
            "zone": zone,
            "plus_factor": plus,
        }
        found[key] = (row, line)
    return found


def garch_tables(garch, days):
    """Return the tables of parameters, for returns in percent, and of forecasts."""
    rows = [
        {"parameter": name, "estimate": value, "error": error}
        for name, value, error in zip(
            ("mu", "omega", "alpha", "beta"),
            (garch.mu, garch.omega, garch.alpha, garch.beta),
            garch.errors,
            strict=True,
        )
    ]
    rows.append({"parameter": "log-likelihood", "estimate": garch.loglik, "error": None})
    ahead = np.sqrt(garch.forecast(days))
    return {
        "GARCH(1,1)": rows,
        "GARCH forecast": [{"day": k + 1, "volatility_pct": float(v)} for k, v in enumerate(ahead)],
    }


def loss_chart(book, chosen, inputs):
    """Return the histogram of one-day losses with VaR and ES marked."""
    losses = -book.total * book.returns[-inputs["window"] :]
    level = f"{inputs['confidence']:g} %"
    ends = histogram_ends(losses, chosen["es_1d"])
    beyond = int(((losses < ends[0]) | (losses > ends[1])).sum())
    counts, edges = np.histogram(np.clip(losses, *ends), bins=min(60, max(20, len(losses) // 12)), range=ends)
    outside = f"; days beyond the ends, in the outermost bars: {beyond}" if beyond else ""
    return {
        "kind": "histogram",
        "title": "One-day losses of today's portfolio",
        "x_label": f"Loss (money){outside}",
        "y_label": "Days",
        "data": {
            "edges": edges.tolist(),
            "counts": counts.tolist(),
            "markers": [
                {"label": f"VaR {level}", "x": chosen["var_1d"]},
                {"label": f"ES {level}", "x": chosen["es_1d"]},
            ],
        },
    }


def histogram_ends(losses, shortfall):
    """Return the ends between which a histogram shows the losses: six quartile ranges out, and the shortfall inside.

    One day of a collapse that was made good would else squeeze all others into a few bars.
    """
    low, high = np.percentile(losses, [25, 75])
    reach = FENCE * (high - low)
    first, last = max(losses.min(), low - reach), min(losses.max(), high + reach)
    last = max(last, 1.1 * shortfall, first + 1e-9 * max(1.0, abs(first)))
    return float(first), float(last)


def backtest_chart(book, line, tested, name, confidence):
    """Return the days' losses against the value at risk that was forecast for them, exceptions marked."""
    losses = -book.total * book.returns
    first = len(losses) - tested
    hits = [first + i for i, limit in enumerate(np.asarray(line)) if losses[first + i] > limit]
    exceptions = {
        "name": f"Exceptions ({len(hits)})",
        "kind": "scatter",
        "x": [book.days[i] for i in hits],
        "y": [float(losses[i]) for i in hits],
    }
    return {
        "kind": "line",
        "title": f"Backtest: losses and value at risk at {100 * confidence:g} %, {name}",
        "x_label": "Day",
        "y_label": "Loss (money)",
        "data": {
            "x": book.days[-tested:],
            "series": [
                {"name": "Loss", "y": (-book.total * book.returns[-tested:]).tolist()},
                {"name": "Value at risk", "y": np.asarray(line).tolist()},
                *([exceptions] if hits else []),
            ],
        },
    }


def volatility_chart(book, variances):
    """Return the volatilities of the days by model."""
    return {
        "kind": "line",
        "title": "Volatility of the portfolio's daily return",
        "x_label": "Day",
        "y_label": "Volatility (% a day)",
        "data": {
            "x": book.days,
            "series": [{"name": LABELS[k], "y": (100 * np.sqrt(v[:-1])).tolist()} for k, v in variances.items()],
        },
    }


def contribution_chart(rows, confidence):
    """Return VaR alone and component VaR by position."""
    return {
        "kind": "bar",
        "title": f"Value at risk at {100 * confidence:g} %: alone and as part of the portfolio (normal)",
        "x_label": "Position",
        "y_label": "Value at risk over the horizon (money)",
        "data": {
            "x": [r["position"] for r in rows],
            "series": [
                {"name": "Alone", "y": [r["var_h"] for r in rows]},
                {"name": "Component", "y": [r["component"] for r in rows]},
            ],
        },
    }


NOTES = (
    "Losses are positive. Contributions and the diversification benefit are the normal method's with mean zero; they "
    "add up to its value at risk. In the backtest every day is forecast from the days before it alone, but for GARCH, "
    "whose parameters saw all of them."
)
