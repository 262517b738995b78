"""Economic scenarios of interest rates, equity and inflation under one measure, tested and written to a file.

Chosen: Hull-White or G2++ around EIOPA's or the analyst's curve, Black-Scholes or Heston equity, Jarrow-Yildirim
inflation, correlated; what can be stepped exactly is. Every run tests its own scenarios: martingales, and options
against closed forms.
Left out: real-world scenarios, credit spreads, exchange rates, and property.
"""

import time

import checks
import files
import market as markets
import numpy as np
import simulation as simulations

BETWEEN = 0.5  # seconds from one partial result to the next
SHOWN = 8  # problems named in one message
BANDS = ((98, 1, 99), (90, 5, 95), (50, 25, 75))
FAR = 4.0  # standard errors beyond which a gap is no chance
RISK_NEUTRAL = (
    "Scenarios are risk-neutral: discounted by the bank account, every asset's mean is its price today. They are for "
    "valuation, not for forecasts."
)
KINDS = ("Swaptions", "Bond options", "Equity options", "Inflation options")


def run(inputs):
    """Yield progress, then the scenarios' distribution, their tests and the file, for `inputs` as in manifest.json.

    Raises:
        ValueError: naming what does not fit, or why there would be no answer.
    """
    notes, warnings = [], []
    _check(inputs)
    market = markets.read(inputs, notes, warnings)
    per_year, horizon = inputs["steps_per_year"], inputs["horizon"]
    keep = {t * per_year for t in range(horizon + 1)}
    for row in _options(inputs):
        step = row["expiry"] * per_year
        if abs(step - round(step)) < checks.ON_GRID and row["expiry"] <= horizon:
            keep.add(round(step))
    simulation = simulations.Simulation(
        market,
        years=horizon,
        per_year=per_year,
        scenarios=inputs["scenarios"],
        antithetic=inputs["antithetic"],
        seed=inputs["seed"],
        keep=keep,
        hand_over=files.months(inputs)[0] if inputs["file"] != "none" else (),
    )
    number, rows, writer, derived = simulation.scenarios, 0, None, None
    if inputs["file"] != "none":
        rows = files.check(inputs, number)
        derived = files.Derived(market, simulation, inputs)
        writer = files.Writer(inputs["file"], files.columns(inputs))
    reported = time.monotonic()
    for done, block in simulation.blocks(derived):
        if writer:
            writer.add(block)
        if time.monotonic() - reported > BETWEEN:
            reported = time.monotonic()
            yield {"progress": 0.9 * done / number, "message": f"{done:,} of {number:,} scenarios"}
    if writer:
        writer.close()
    yield _result(inputs, checks.Scenarios(market, simulation), rows, writer, notes, warnings)


def _options(inputs):
    rows = [*inputs["swaptions"], *inputs["bond_options"], *inputs["equity_options"]]
    return rows + (inputs["inflation_options"] if inputs["inflation"] != "none" else [])


def _check(inputs):
    """Refuse what no figure could be given for.

    Raises:
        ValueError: naming every problem.
    """
    problems = [
        f"inputs.bond_options[{i}].maturity: {row['maturity']:g} years are no later than the expiry of "
        f"{row['expiry']:g}. Give a later maturity."
        for i, row in enumerate(inputs["bond_options"])
        if row["maturity"] <= row["expiry"]
    ]
    if problems:
        more = len(problems) - SHOWN
        raise ValueError("\n".join(problems[:SHOWN]) + (f"\nand {more} more." if more > 0 else ""))


def _result(inputs, scenarios, rows, writer, notes, warnings):
    market, horizon = scenarios.market, inputs["horizon"]
    inflation = market.real is not None
    tests = checks.martingales(scenarios, horizon)
    options = {
        "Swaptions": checks.swaptions(scenarios, inputs["swaptions"]),
        "Bond options": checks.bond_options(scenarios, inputs["bond_options"]),
        "Equity options": checks.equity_options(scenarios, inputs["equity_options"]),
        "Inflation options": checks.inflation_options(scenarios, inputs["inflation_options"]) if inflation else [],
    }
    scores = {name: [row["score"] for row in found if "score" in row] for name, found in options.items()}
    all_scores = [score for found in scores.values() for score in found]
    worst = max(tests, key=lambda row: abs(row["score"]))
    if abs(worst["score"]) > FAR:
        warnings.append(
            f"{worst['asset']} at {worst['year']} years: the discounted mean is {abs(worst['score']):.1f} standard "
            "errors from today's price. Take more scenarios or shorter steps."
        )
    for name, found in options.items():
        exact = name != "Equity options" or market.equity.exact
        far = [row["option"] for row in found if abs(row.get("score", 0)) > FAR]
        if far and exact:
            warnings.append(
                f"{name}: {', '.join(far)} simulated more than {FAR:g} standard errors from the closed form. Take more "
                "scenarios or shorter steps."
            )
        missing = [row["option"] for row in found if "score" not in row]
        if missing:
            warnings.append(
                f"{name}: {', '.join(missing)} expire between two steps or after the horizon, and are not simulated."
            )
    if not market.equity.exact:
        notes.append(
            "Equity is correlated with rates and has a stochastic variance: the transform behind its closed form is "
            "then an approximation (Grzelak and Oosterlee 2011), the simulation is not."
        )
    ten = np.array([scenarios.rate(t, 10) for t in range(horizon + 1)])
    equity = np.exp(np.array([scenarios.at("log_equity", t) for t in range(horizon + 1)]))
    index = np.exp(np.array([scenarios.at("log_index", t) for t in range(horizon + 1)])) if inflation else None
    fitted = market.rates
    summary = {
        "Largest martingale gap": abs(worst["score"]),
        "Martingale gaps within 2 standard errors": float(np.mean([abs(row["score"]) <= 2 for row in tests])),
        "Scenarios": scenarios.simulation.scenarios,
        "Steps": scenarios.simulation.steps,
        "Zero rate, 10 years": float(ten[0].mean()),
        "Mean reversion": float(fitted.a[0]),
        "Volatility of rates": float(fitted.s[0]),
    }
    if all_scores:
        summary["Largest gap of an option"] = max(map(abs, all_scores))
        summary["Options within 2 standard errors"] = float(np.mean([abs(score) <= 2 for score in all_scores]))
    if len(fitted.a) > 1:
        summary["Mean reversion of the second factor"] = float(fitted.a[1])
        summary["Volatility of the second factor"] = float(fitted.s[1])
        summary["Correlation of the factors"] = fitted.rho
    quoted = [row for row in options["Swaptions"] if row["market_volatility"]]
    if quoted:
        gaps = [(row["closed_volatility"] or 0) - row["market_volatility"] for row in quoted]
        summary["Gap to quoted swaptions"] = float(np.sqrt(np.mean(np.square(gaps))))
    summary["Negative 10-year rate at the horizon"] = float((ten[-1] < 0).mean())
    summary["Median equity at the horizon"] = float(np.median(equity[-1]))
    if inflation:
        summary["Median price index at the horizon"] = float(np.median(index[-1]))
    result = {"summary": summary}
    if writer:
        summary["Rows of the file"] = rows
        result["files"] = {writer.path: writer.path}
    tables = {"Martingale tests": tests, **{name: found for name, found in options.items() if found}}
    return result | {
        "progress": 1.0,
        "table": _distribution(market, ten, equity, index),
        "tables": tables,
        "charts": _charts(inputs, scenarios, tests, options, ten, equity, index),
        "notes": "\n\n".join([*notes, *_notes(inputs)]),
        "warnings": warnings,
    }


def _distribution(market, ten, equity, index):
    years = np.arange(len(ten))
    zero = np.exp(-market.rates.curve.log_discount(np.maximum(years, 1).astype(float)) / np.maximum(years, 1)) - 1
    picked = [(ten, "rate"), (equity, "equity")] + ([] if index is None else [(index, "index")])
    table = {"year": years.tolist(), "zero": zero.tolist(), "forward": market.rates.curve.forward(1.0 * years).tolist()}
    table["zero"][0] = None
    for values, name in picked:
        for p in (5, 50, 95):
            table[f"{name}_{p}"] = np.percentile(values, p, axis=1).tolist()
    return table


def _charts(inputs, scenarios, tests, options, ten, equity, index):
    years = list(range(len(ten)))
    charts = [_fan("Ten-year rate", "Rate (% a year)", years, 100 * ten, mean=True)]
    assets = list(dict.fromkeys(row["asset"] for row in tests))
    for asset in assets:
        rows = [row for row in tests if row["asset"] == asset]
        gap, error = (100 * np.array([row[key] / row["price"] for row in rows]) for key in ("simulated", "error"))
        gap -= 100
        charts.append(
            {
                "kind": "line",
                "title": f"Martingale test: {asset[0].lower() + asset[1:]}",
                "x_label": "Time (years)",
                "y_label": "Simulated less today's price (% of it)",
                "data": {
                    "x": [row["year"] for row in rows],
                    "series": [
                        {
                            "name": "Gap, two standard errors to either side",
                            "y": gap.tolist(),
                            "lower": (gap - 2 * error).tolist(),
                            "upper": (gap + 2 * error).tolist(),
                        },
                        {"name": "Today's price", "y": [0.0] * len(rows)},
                    ],
                },
            }
        )
    charts += [chart for name, rows in options.items() if (chart := _option_chart(name, rows))]
    charts.append(_fan("Equity, dividends reinvested", "Value of 1 invested", years, equity, log=True))
    if index is not None:
        charts.append(_fan("Price index", "Index, 1 today", years, index))
    curve = scenarios.market.rates.curve
    at = np.linspace(0.25, max(inputs["horizon"], 20), 200)
    lines = [
        ("Zero rate", np.expm1(-curve.log_discount(at) / at)),
        ("Forward rate", np.expm1(curve.forward(at))),
    ]
    if scenarios.market.real is not None:
        lines.append(("Real zero rate", np.expm1(-scenarios.market.real.log_discount(at) / at)))
    charts.append(
        {
            "kind": "line",
            "title": "Today's curve",
            "x_label": "Maturity (years)",
            "y_label": "Rate (% a year)",
            "data": {"x": at.tolist(), "series": [{"name": name, "y": (100 * y).tolist()} for name, y in lines]},
        }
    )
    return charts


def _option_chart(name, rows):
    """Return closed forms as bars and the simulation as points with two standard errors to either side, or None."""
    if not rows:
        return None
    by_volatility = name in {"Swaptions", "Equity options"}
    scale, label = {
        "Swaptions": (1, "Normal volatility (bp)"),
        "Equity options": (100, "Black volatility (%)"),
    }.get(name, (1, "Value per 100"))

    def values(key):
        return [None if (found := row.get(key)) is None else scale * found for row in rows]

    if by_volatility:
        closed, middle, low, high = (values(k) for k in ("closed_volatility", "volatility", "low", "high"))
    else:
        closed, middle = values("closed"), values("simulated")
        low, high = (
            [None if m is None else m + sign * 2 * row["error"] for m, row in zip(middle, rows, strict=True)]
            for sign in (-1, 1)
        )
    # A bound beyond the reach of a volatility has none: the point itself stands for it.
    low = [m if a is None else a for a, m in zip(low, middle, strict=True)]
    high = [m if a is None else a for a, m in zip(high, middle, strict=True)]
    series = [{"name": "Closed form", "kind": "bar", "y": closed}]
    if any(m is not None for m in middle):
        series.append({"name": "Simulated", "kind": "scatter", "y": middle, "lower": low, "upper": high})
    if name == "Swaptions" and any(row["market_volatility"] for row in rows):
        series.append({"name": "Market", "kind": "scatter", "y": values("market_volatility")})
    return {
        "kind": "bar",
        "title": f"Market consistency: {name.lower()}",
        "x_label": "Option",
        "y_label": label,
        "data": {"x": [row["option"] for row in rows], "series": series},
    }


def _fan(title, label, years, values, *, mean=False, log=False):
    lines = np.percentile(values, sorted({p for _, *ends in BANDS for p in ends} | {50}), axis=1)
    named = dict(zip(sorted({p for _, *ends in BANDS for p in ends} | {50}), lines.tolist(), strict=True))
    data = {
        "x": years,
        "bands": [{"level": level, "lower": named[low], "upper": named[high]} for level, low, high in BANDS],
        "median": named[50],
    }
    if mean:
        data["mean"] = values.mean(axis=1).tolist()
    chart = {"kind": "fan", "title": title, "x_label": "Time (years)", "y_label": label, "data": data}
    return chart | ({"y_scale": "log"} if log else {})


def _notes(inputs):
    notes = [RISK_NEUTRAL]
    if inputs["antithetic"]:
        notes.append("Scenarios 1 and 2, 3 and 4, and so on mirror each other; standard errors are those of the pairs.")
    return notes
