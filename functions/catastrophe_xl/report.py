"""Tables, summary, warnings and charts of a result."""

import numpy as np
import treaty
import years

WIDE = 0.05  # share of the smallest total shown that a step may be before it is said
FEW_BEYOND = 10  # simulated years beyond a return period: fewer make a rough quantile
CURVE = 120
MOST_ROWS = 5_000  # of a table of events
MOST_BARS = 15
NEXT_TO_NOTHING = 1e-12


def layer_row(one, found, inputs):
    """Return a layer's row of the table, for the share placed."""
    share, given = one.share, one.row.get("premium")
    technical = treaty.premium(found["expected"], found["deviation"], found["cost"], one.limit, inputs)
    price = technical if given is None else float(given)
    income = price * (1 + found["cost"])
    result = income * (1 - inputs["expenses"] / 100) - price * inputs["brokerage"] / 100 - found["expected"]
    return {
        "layer": one.name,
        "attachment": one.row["attachment"],
        "limit": one.limit,
        "share": 100 * share,
        "any_loss": found["any_loss"],
        "full_event": found["full_event"],
        "exhausted": found["exhausted"],
        "expected": share * found["expected"],
        "deviation": None if found["deviation"] is None else share * found["deviation"],
        "loss_on_line": found["expected"] / one.limit,
        "technical": share * technical,
        "premium": share * price,
        "rate_on_line": price / one.limit,
        "reinstatement_premium": share * price * found["cost"],
        "income": share * income,
        "loss_ratio": found["expected"] / income if income > 0 else None,
        "result": share * result,
        "payback": one.limit / price if price > 0 else None,
    }


def return_periods(inputs, curves):
    """Return the table by return period, and a warning where the years are few for it."""
    rows, rough, confidence = [], [], inputs["confidence"] / 100
    for period in sorted({row["period"] for row in inputs["return_periods"]}):
        level = 1 - 1 / period
        if curves.number / period < FEW_BEYOND:
            rough.append(period)
        low, high = years.interval(curves.years["largest"].x, level, confidence)
        total_low, total_high = years.interval(curves.years["gross"].x, level, confidence)
        row = {
            "period": period,
            "oep": curves.largest.quantile(level),
            "oep_low": low,
            "oep_high": high,
            "oep_shortfall": curves.largest.shortfall(level),
            "aep": curves.total.quantile(level),
            "aep_low": total_low,
            "aep_high": total_high,
            "aep_shortfall": curves.total.shortfall(level),
            "net_oep": curves.years["net_largest"].quantile(level),
            "net_aep": curves.years["net"].quantile(level),
        }
        if curves.means is not None:
            row["oep_means"] = curves.means.quantile(level)
        rows.append(row)
    if not rough:
        return rows, []
    given = inputs["source"] == "ylt"
    text = (
        f"Fewer than {FEW_BEYOND} of {curves.number:,} {'given' if given else 'simulated'} years lie beyond the return "
        f"period {min(rough):,g}: what is read from them there is rough. {'Give' if given else 'Simulate'} more years."
    )
    return rows, [text]


def grid_warnings(total, step, periods):
    """Say where the grid of the total is too coarse or too short."""
    found = []
    if step is None:
        return found
    shown = [row["aep"] for row in periods if row["aep"] > 0]
    if shown and step > WIDE * min(shown):
        found.append(
            f"The grid's step {amount(step)} is wide for a total of {amount(min(shown))}: it is known to about one "
            "step. Use more points."
        )
    beyond = [row["period"] for row in periods if 1 / row["period"] < total.beyond * 10]
    if beyond:
        found.append(
            f"The grid ends within the return period {min(beyond):,g}: totals there are too low. Use more points."
        )
    return found


def layer_warnings(treaties, priced):
    """Say which layers pay next to nothing, or cost more in reinstatements than they can."""
    found = []
    for one, row in zip(treaties, priced, strict=True):
        if row["any_loss"] <= 0:
            found.append(f"{one.name}: no event reaches it.")
        elif one.row.get("premium") is not None and row["result"] < 0:
            found.append(f"{one.name}: the premium given does not cover expected recovery, brokerage and expenses.")
    return found


def summary(inputs, curves, mean, deviation, frequency, priced):
    """Return the figures of the summary."""
    level = 1 - 1 / inputs["period"]
    found = {
        "Average annual loss": mean,
        "Standard deviation": float(deviation),
        "Events a year": frequency,
        "Largest event (OEP)": curves.largest.quantile(level),
        "Total of a year (AEP)": curves.total.quantile(level),
        "Total of a year, mean beyond": curves.total.shortfall(level),
        "Total after layers": curves.years["net"].quantile(level),
    }
    if priced:
        limits = sum(row["limit"] * row["share"] / 100 for row in priced)
        found |= {
            "Expected recovery": sum(row["expected"] for row in priced),
            "Premium": sum(row["premium"] for row in priced),
            "Reinstatement premium": sum(row["reinstatement_premium"] for row in priced),
        }
        if limits > 0:
            found["Rate on line"] = found["Premium"] / limits
    return found


def event_rows(names, losses, curves):
    """Return the events by their part of the average annual loss, with how often one as large happens."""
    annual = losses.rate * losses.loss
    order = np.argsort(-annual, kind="stable")[:MOST_ROWS]
    exceeded = curves.largest.at_least(losses.loss[order])
    whole = float(annual.sum())
    return [
        {
            "event": names[k],
            "rate": float(losses.rate[k]),
            "mean": float(losses.loss[k]),
            "sd": float(losses.deviation[k]),
            "annual": float(annual[k]),
            "part": float(annual[k] / whole),
            "exceeded": float(p),
            "return_period": float(1 / p) if p > 0 else None,
        }
        for k, p in zip(order, exceeded, strict=True)
    ]


def recovery_rows(inputs, names, treaties, priced, block):
    """Return every event of the given years that a layer pays for, layer by layer."""
    rows = []
    for one, price in zip(treaties, priced, strict=True):
        paid, cost = one.applied(block)
        premium = price["premium"]
        for k in np.flatnonzero(paid > 0):
            if len(rows) >= MOST_ROWS:
                return rows
            source = inputs["years"][block.which[k]]
            rows.append(
                {
                    "year": int(block.year[k]) + 1,
                    "day": source.get("day"),
                    "event": names[block.which[k]],
                    "loss": float(block.loss[k]),
                    "layer": one.name,
                    "recovered": one.share * float(paid[k]),
                    "reinstatement_premium": float(cost[k]) * premium,
                }
            )
    return rows


def points_table(inputs, curves):
    """Return the table of exceedance at given losses, or none."""
    rows = []
    for row in inputs["points"]:
        largest, total = curves.at_least(row["loss"])
        rows.append(
            {
                "loss": row["loss"],
                "oep_probability": largest,
                "oep_period": 1 / largest if largest > 0 else None,
                "aep_probability": total,
                "aep_period": 1 / total if total > NEXT_TO_NOTHING else None,
            }
        )
    return {"Exceedance at given losses": rows} if rows else {}


def amount(value):
    """Return an amount as a text: whole where it is large, with six digits otherwise."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.6g}"


def notes(inputs, losses, step, number):
    """Return how the figures were found."""
    how = {
        "fft": f"by FFT on {2 ** inputs['points_log2']:,} steps of {amount(step or 0)}",
        "panjer": f"by Panjer's recursion on steps of {amount(step or 0)}",
        "simulation": "from the simulated years",
    }[inputs["method"]]
    kind = "beta distributions around their means" if losses.varies.any() else "their means alone"
    return (
        f"{len(losses.rate):,} events, {losses.frequency:,.4g} a year, with {kind}. The largest event is in closed "
        f"form, the total {how}; intervals, what is left after the layers and the check of each layer come from "
        f"{number:,} simulated years. After the layers, recoveries are taken off and reinstatement premiums are added; "
        "the layers' own premiums are not."
    )


def curve_chart(inputs, curves):
    """Return the chart of both curves by return period."""
    longest = max([row["period"] for row in inputs["return_periods"]] + [inputs["period"], 10])
    at = np.geomspace(1.25, max(longest, 2), CURVE)
    levels = 1 - 1 / at

    def points(curve):
        return curve.drawn(levels).tolist() if hasattr(curve, "drawn") else [curve.quantile(q) for q in levels]

    shown = [("Total of a year (AEP)", curves.total), ("Largest event (OEP)", curves.largest)]
    if curves.means is not None:
        shown.append(("Largest event, means alone", curves.means))
    if inputs["layers"]:
        shown.append(("Total after layers", curves.years["net"]))
    return {
        "kind": "line",
        "title": "Exceedance curves",
        "x_label": "Return period (years)",
        "y_label": "Loss (currency)",
        "x_scale": "log",
        "data": {
            "x": at.tolist(),
            "series": [{"name": name, "y": points(curve)} for name, curve in shown],
        },
    }


def layer_charts(treaties, priced):
    """Return the chart of the layers' prices, none without layers."""
    if not priced:
        return []
    return [
        {
            "kind": "bar",
            "title": "Layers",
            "x_label": "Layer",
            "y_label": "Amount a year (currency)",
            "data": {
                "x": [one.name for one in treaties],
                "series": [
                    {"name": "Expected recovery", "y": [row["expected"] for row in priced]},
                    {"name": "Premium", "y": [row["premium"] for row in priced]},
                    {"name": "Expected reinstatement premium", "y": [row["reinstatement_premium"] for row in priced]},
                ],
            },
        }
    ]


def events_chart(names, losses):
    """Return the chart of the events with the largest part of the average annual loss."""
    annual = losses.rate * losses.loss
    order = np.argsort(-annual, kind="stable")[:MOST_BARS]
    return {
        "kind": "bar",
        "title": "Events by average annual loss",
        "x_label": "Event",
        "y_label": "Rate times mean loss (currency)",
        "data": {
            "x": [names[k] for k in order],
            "series": [{"name": "Average annual loss", "y": annual[order].tolist()}],
        },
    }
