"""Market risk of a portfolio: value at risk and expected shortfall by six methods, contributions, backtest.

Chosen: profits are today's values times the past's simple returns; every method that the data allow is run, and the
input `method` says which is the headline. Returns and volatilities of the portfolio are shares of its gross value, so
that positions may cancel out.
Left out: options and other positions whose value is not proportional to the price.
"""

import backtest
import counts
import numpy as np
import tails
import volatility
from portfolio import NOISE, Portfolio, read

GARCH_LEAST = 100
HISTORY_LEAST = 2
FAR_MOVE = 2.0  # move of a position over the horizon, of 1, beyond which no figure can be relied on
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
    """Return VaR, ES, contributions and backtest for `inputs` (keys as in manifest.json), or the tests of counts.

    Raises:
        ValueError: prices, positions or correlations do not fit together; every problem is named.
    """
    if inputs["source"] == "counts":
        return counts.result(inputs)
    book = read(inputs)
    confidence, days = inputs["confidence"] / 100, inputs["horizon"]
    tables, charts, warnings = {}, [], []
    variances, garch, reasons = conditional_variances(book, inputs)
    methods = measure_by_method(book, variances, garch, confidence, days, inputs)
    chosen = methods.get(inputs["method"])
    if chosen is None:
        chosen = methods["normal"]
        reason = reasons.get(inputs["method"], "a history; the volatilities are stated")
        warnings.append(f"{LABELS[inputs['method']]} needs {reason}: the headline is the normal method's instead.")
    warnings += find_warnings(book, chosen, garch, confidence, inputs)
    tables["Methods"] = [{"method": LABELS[key], **row} for key, row in methods.items()]
    tables["Positions"] = position_rows(book, confidence, days)
    tables["Traffic light"] = traffic_light_rows(inputs["backtest_days"], 1 - confidence)
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
        charts += volatility_chart(book, variances)
    if garch:
        tables |= garch_tables(garch, max(days, 10))
    tested = min(inputs["backtest_days"], 0 if book.returns is None else len(book.returns) - 30)
    if tested >= 20:
        found = backtest_methods(book, variances, confidence, tested, inputs)
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


def conditional_variances(book: Portfolio, inputs):
    """Return the variances of the days by EWMA and GARCH, the GARCH model or None, and why a method has none.

    Variances are of the portfolio's return on its gross value; the last is tomorrow's.
    """
    if book.returns is None:
        return {}, None, {}
    returns, start = book.returns, (inputs["start_volatility"] / 100) ** 2 or None
    variances, garch, reasons = {"ewma": volatility.ewma(returns, inputs["decay"], start)}, None, {}
    if len(returns) < HISTORY_LEAST:
        reasons["historical"] = f"at least {HISTORY_LEAST} returns, and there is {len(returns)}"
    if inputs["garch_parameters"] == "given":
        if inputs["alpha"] + inputs["beta"] > 1 + 1e-9:
            raise ValueError(
                f"inputs.beta: alpha and beta add up to {inputs['alpha'] + inputs['beta']:g}, more than 1, and the "
                "variance would grow without end. Lower one of them."
            )
        percent = (inputs["mu"], 1e4 * inputs["omega"], inputs["alpha"], inputs["beta"])
        garch = volatility.given_garch(100 * returns, *percent, None if start is None else 1e4 * start)
    elif returns.std() <= NOISE * np.abs(returns).max():
        reasons["garch"] = "returns that differ, and all are the same"
    elif len(returns) < GARCH_LEAST:
        reasons["garch"] = f"at least {GARCH_LEAST} returns, and there are {len(returns)}"
    else:
        garch = volatility.fit_garch(100 * returns)
    if garch:
        variances["garch"] = garch.variance / 1e4
    return variances, garch, reasons


def find_warnings(book, chosen, garch, confidence, inputs):
    """Return warnings about figures that the data or the method cannot bear."""
    found = []
    n = 0 if book.returns is None else min(len(book.returns), inputs["window"])
    if inputs["method"] == "historical" and n and n * (1 - confidence) < 1 - 1e-9:
        found.append(
            f"{n} returns do not show what happens once in {1 / (1 - confidence):,.0f} days: the historical value at "
            "risk is the worst of them. Give more returns, or lower the confidence."
        )
    fitted = garch and inputs["garch_parameters"] == "fitted"
    if fitted and None in garch.errors:
        found.append(
            "GARCH(1,1): the best parameters lie at the edge of what is allowed, and have no standard errors: these "
            "returns do not show the clustering that the model is about. Prefer another method."
        )
    if garch and inputs["method"] == "garch" and garch.long_run is None:
        found.append("GARCH(1,1): alpha and beta add up to 1, so the variance has no long-run level to return to.")
    days = inputs["horizon"]
    moves = np.maximum(np.sqrt(np.diag(book.covariance) * days), np.abs(book.means) * days)
    if moves.max() > FAR_MOVE:
        found.append(
            f"{book.names[int(moves.argmax())]} moves by {moves.max():.0%} over the horizon, by its deviation or its "
            "mean: no method here is made for that. Check whether the figures are % a day, or shorten the horizon."
        )
    if np.all(book.values >= 0) and chosen["var_h"] > book.total > 0:
        found.append(
            "The value at risk is more than the positions are worth: over this horizon a day's figures can no longer "
            "be scaled by the root of time. Shorten the horizon, or choose Monte Carlo."
        )
    return found


def measure_by_method(book: Portfolio, variances, garch, confidence, days, inputs):
    """Return VaR and ES over one day and over `days` by method, in money, losses positive.

    One-day figures grow with the root of time (means with time itself), except GARCH, whose daily
    variances are summed, and Monte Carlo, which draws the horizon as a whole.
    """
    root = np.sqrt(days)
    found = {}
    if book.returns is not None and len(book.returns) >= HISTORY_LEAST:
        between = inputs["historical_quantile"] == "interpolated"
        var, es = tails.sample(book.losses[-inputs["window"] :], confidence, interpolated=between)
        found["historical"] = (var, es, var * root, es * root)
    for key, law in (
        ("normal", tails.normal),
        ("student", lambda c, m, s: tails.student(c, m, s, inputs["dof"])),
    ):
        found[key] = (*law(confidence, book.mean, book.sd), *law(confidence, book.mean * days, book.sd * root))
    if "ewma" in variances:
        var, es = tails.normal(confidence, 0.0, book.gross * np.sqrt(variances["ewma"][-1]))
        found["ewma"] = (var, es, var * root, es * root)
    if garch:
        ahead = garch.forecast(days) / 1e4
        size, mean = book.gross, book.gross * garch.mu / 100
        found["garch"] = (
            *tails.normal(confidence, mean, size * np.sqrt(ahead[0])),
            *tails.normal(confidence, mean * days, size * np.sqrt(ahead.sum())),
        )
    rng = np.random.Generator(np.random.SFC64(inputs["seed"]))
    drawn = [tails.sample(book.simulate(rng, inputs["scenarios"], d), confidence) for d in (1, days)]
    found["monte_carlo"] = (*drawn[0], *drawn[1])
    names = ("var_1d", "es_1d", "var_h", "es_h")
    return {key: dict(zip(names, map(float, row), strict=True)) for key, row in found.items()}


def position_rows(book, confidence, days):
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


def traffic_light_rows(days, rate):
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


def backtest_methods(book, variances, confidence, tested, inputs):
    """Return, by method, the row of the backtest and the value at risk of each of the last `tested` days.

    Day t's figure uses the `window` days before it. GARCH is the exception, as its parameters are
    fitted once on all days: a flattering test, which its row says.
    """
    losses = book.losses
    n = len(losses)
    width = min(inputs["window"], n - tested)
    past = np.lib.stride_tricks.sliding_window_view(losses, width)[n - tested - width : n - width]
    mean = -past.mean(axis=1) if inputs["with_mean"] else np.zeros(tested)
    sd = past.std(axis=1, ddof=1)
    between = inputs["historical_quantile"] == "interpolated"
    lines = {
        "historical": tails.sample(past, confidence, interpolated=between)[0],
        "normal": tails.normal(confidence, mean, sd)[0],
        "student": tails.student(confidence, mean, sd, inputs["dof"])[0],
    }
    for key, v in variances.items():
        lines[key] = tails.normal(confidence, 0.0, book.gross * np.sqrt(v[-tested - 1 : -1]))[0]
    # A loss equal to its forecast but for rounding is no exception.
    least = 1e-12 * book.gross
    found = {}
    for key, line in lines.items():
        hits = losses[-tested:] > line + least
        fitted = key == "garch" and inputs["garch_parameters"] == "fitted"
        row = {"method": LABELS[key] + (" (fitted on all days)" if fitted else "")}
        row |= backtest.exception_tests(int(hits.sum()), tested, 1 - confidence, backtest.transitions(hits))
        found[key] = (row, line)
    return found


def garch_tables(garch, days):
    """Return the tables of parameters, for returns in percent, and of forecasts.

    The average to a day is the volatility that holds for all days up to it: Hull (2018), eq. 23.14.
    """
    rows = [
        {"parameter": name, "estimate": value, "error": error}
        for name, value, error in zip(
            ("mu", "omega", "alpha", "beta"),
            (garch.mu, garch.omega, garch.alpha, garch.beta),
            garch.errors,
            strict=True,
        )
    ]
    if garch.loglik is not None:
        rows.append({"parameter": "log-likelihood", "estimate": garch.loglik, "error": None})
    rows.append({"parameter": "alpha + beta", "estimate": garch.alpha + garch.beta, "error": None})
    if garch.long_run is not None:
        rows.append({"parameter": "long-run variance", "estimate": garch.long_run, "error": None})
        rows.append({"parameter": "long-run volatility", "estimate": float(np.sqrt(garch.long_run)), "error": None})
    ahead = garch.forecast(days)
    averages = np.sqrt(np.cumsum(ahead) / np.arange(1, days + 1))
    return {
        "GARCH(1,1)": rows,
        "GARCH forecast": [
            {
                "day": k + 1,
                "volatility_pct": float(np.sqrt(v)),
                "average_pct": float(mean),
                "variance_ahead": float(v / 1e4),
            }
            for k, (v, mean) in enumerate(zip(ahead, averages, strict=True))
        ],
    }


def loss_chart(book, chosen, inputs):
    """Return the histogram of one-day losses with VaR and ES marked."""
    losses = book.losses[-inputs["window"] :]
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
    losses = book.losses
    first, least = len(losses) - tested, 1e-12 * book.gross
    hits = [first + i for i, limit in enumerate(np.asarray(line)) if losses[first + i] > limit + least]
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
                {"name": "Loss", "y": losses[-tested:].tolist()},
                {"name": "Value at risk", "y": np.asarray(line).tolist()},
                *([exceptions] if hits else []),
            ],
        },
    }


def volatility_chart(book, variances):
    """Return the chart, in a list, of the volatilities of the days by model; none where no day has a past."""
    first = 1 if any(np.isnan(v[0]) for v in variances.values()) else 0
    if len(book.days) <= first:
        return []
    return [
        {
            "kind": "line",
            "title": "Volatility of the portfolio's daily return",
            "x_label": "Day",
            "y_label": "Volatility (% a day)",
            "data": {
                "x": book.days[first:],
                "series": [
                    {"name": LABELS[k], "y": (100 * np.sqrt(v[first:-1])).tolist()} for k, v in variances.items()
                ],
            },
        }
    ]


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
    "add up to its value at risk. Volatilities and GARCH parameters are of the portfolio's return on its gross value, "
    "the sum of the positions without their signs. In the backtest every day is forecast from the days before it "
    "alone, but for GARCH with fitted parameters, which saw all of them."
)
