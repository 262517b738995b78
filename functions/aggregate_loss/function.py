"""Distribution of a year's total claims, its risk measures and return periods, and the price of excess layers.

Chosen: FFT by default; Panjer's recursion, convolution and simulation stand beside it to check it.
Left out: several lines of business and dependence.
"""

import aggregate
import frequency
import layers
import numpy as np
import severity as sizes
from scipy.optimize import brentq

RETURN_PERIODS = (2, 5, 10, 20, 50, 100, 200, 250, 500, 1000)
MOST_DISTRIBUTION_ROWS = 2000
POINTS = 400  # of the distribution of continuous claims
BINS = 60


def run(inputs):
    """Yield progress of a simulation, then the total's distribution, measures, return periods and layers.

    Raises:
        ValueError: the method does not suit the inputs, or typed probabilities are no distribution.
    """
    count, severity = frequency.choose(inputs), sizes.choose(inputs)
    priced = [layers.price(count, severity, row) for row in inputs["layers"]]
    warnings = []
    if inputs["method"] == "monte_carlo":
        totals, payments = [], [[] for _ in priced]
        rng, done, number = np.random.default_rng(inputs["seed"]), 0, inputs["simulations"]
        for years, year, claims in aggregate.simulated_years(count, severity, number, rng):
            totals.append(np.bincount(year, weights=claims, minlength=years))
            for row, blocks in zip(inputs["layers"], payments, strict=True):
                blocks.append(layers.paid(row, years, year, claims))
            done += years
            yield {"progress": done / number, "message": f"{done:,} of {number:,} years"}
        total = aggregate.of_sample(np.concatenate(totals))
        for found, blocks in zip(priced, payments, strict=True):
            sample = np.concatenate(blocks)
            found["paid_simulated"] = float(sample.mean())
            found["standard_error"] = float(sample.std(ddof=1) / np.sqrt(number))
        notes = f"{number:,} simulated years."
    else:
        total, step, beyond = aggregate.on_grid(count, severity, inputs)
        notes = f"A grid of {len(total.x):,} steps of {step:,.6g}; probability {beyond:.1e} lies beyond it."
        worst = max(row["level"] for row in inputs["levels"])
        if beyond > (1 - worst / 100) / 10:
            warnings.append(
                f"The grid ends at {total.x[-1]:,.6g} with a probability of {beyond:.2g} beyond it: measures near "
                "or above that level are too low. Use more points or a wider step."
            )
    measures = [_measure(total, count, severity, row["level"] / 100) for row in inputs["levels"]]
    periods = [_period(total, count, severity, years) for years in RETURN_PERIODS]
    on_units = inputs["method"] != "monte_carlo" and isinstance(severity, sizes.Discrete)
    yield {
        "summary": _summary(total, count, severity, inputs),
        "table": measures,
        "tables": {
            "Return periods": periods,
            "Layers": priced,
            "Stop loss": [
                {"retention": row["retention"], "premium": total.stop_loss(row["retention"])}
                for row in inputs["retentions"]
                if np.isfinite(total.mean)
            ],
            "Distribution": _distribution(total, on_units=on_units),
        },
        "charts": _charts(total, measures, periods, priced),
        "notes": notes,
        "warnings": warnings + _missing_moments(total, severity),
    }


def _summary(total, count, severity, inputs):
    mean = count.mean * severity.mean
    variance = count.mean * severity.variance + count.variance * severity.mean**2
    summary = {"Expected number of claims": count.mean}
    if np.isfinite(mean):
        summary |= {"Mean claim": severity.mean, "Mean": mean}
    if np.isfinite(variance):
        summary |= {"Standard deviation": float(np.sqrt(variance))}
        if mean > 0:
            summary["Coefficient of variation"] = float(np.sqrt(variance) / mean)
    summary["Probability of no loss"] = float(np.clip(np.real(count.pgf(severity.cdf(0.0))), 0, 1))
    if inputs["method"] == "monte_carlo":
        summary["Simulated mean"] = total.mean
        summary["Standard error of the mean"] = total.capped(0, np.inf)[1] / float(np.sqrt(len(total.x)))
    level = inputs["levels"][-1]["level"] / 100
    summary[f"VaR {100 * level:g} %"] = total.quantile(level)
    tail = total.tail_mean(level)
    if np.isfinite(tail):
        summary[f"TVaR {100 * level:g} %"] = tail
    return summary


def _missing_moments(total, severity):
    if not np.isfinite(total.mean):
        return ["The mean claim is infinite: mean, TVaR and stop-loss premiums do not exist."]
    if not np.isfinite(severity.variance):
        return ["The variance of a claim is infinite: no standard deviation exists."]
    return []


def _measure(total, count, severity, level):
    tail = total.tail_mean(level)
    return {
        "level": 100 * level,
        "var": total.quantile(level),
        "tvar": tail if np.isfinite(tail) else None,
        "largest": largest_claim(count, severity, level),
    }


def _period(total, count, severity, years):
    level = 1 - 1 / years
    return {
        "years": years,
        "aep": total.quantile(level),
        "oep": largest_claim(count, severity, level),
    }


def largest_claim(count, severity, level):
    """Return the quantile of a year's largest claim, 0 where a year without claims is likely enough.

    P(max <= x) = pgf(F(x)).

    Source: Klugman, Panjer and Willmot, Loss Models, section 6.6 (the pgf of N); Embrechts et al. (1997), p. 283.
    """

    def short(u):
        return float(np.real(count.pgf(u))) - level

    if short(0.0) >= 0:
        return 0.0
    return severity.quantile(brentq(short, 0.0, 1.0, xtol=1e-15)) if short(1.0) > 0 else severity.quantile(1 - 1e-15)


def _distribution(total, *, on_units):
    if on_units:
        rows = min(int(np.searchsorted(total.cdf, 1 - 1e-12)) + 1, MOST_DISTRIBUTION_ROWS, len(total.x))
        return {
            "x": total.x[:rows].tolist(),
            "probability": total.p[:rows].tolist(),
            "cdf": total.cdf[:rows].tolist(),
        }
    ends = np.linspace(0, total.quantile(0.9995), POINTS + 1)
    at = np.searchsorted(total.x, ends * (1 + 1e-12), side="right")
    cdf = np.where(at > 0, total.cdf[np.maximum(at - 1, 0)], 0.0)
    return {"x": ends.tolist(), "probability": np.diff(cdf, prepend=0.0).tolist(), "cdf": cdf.tolist()}


def _charts(total, measures, periods, priced):
    top = total.quantile(0.999)
    edges = np.linspace(0, top if top > 0 else 1.0, BINS + 1)
    at = np.searchsorted(total.x, edges, side="left")
    cumulated = np.concatenate(([0.0], np.cumsum(total.p)))
    chances = np.diff(cumulated[at])
    # One level is marked, the highest asked for that lies in sight: a line for each would hide the distribution.
    marked = max((m for m in measures if m["var"] <= top), key=lambda m: m["level"], default=None)
    markers = [] if marked is None else [{"label": f"VaR {marked['level']:g} %", "x": marked["var"]}]
    if marked is not None and marked["tvar"] is not None and marked["tvar"] <= top:
        markers.append({"label": f"TVaR {marked['level']:g} %", "x": marked["tvar"]})
    if np.isfinite(total.mean) and total.mean <= top:
        markers.insert(0, {"label": "Mean", "x": total.mean})
    charts = [
        {
            "kind": "histogram",
            "title": "Total claims of a year",
            "x_label": "Total (currency)",
            "y_label": "Probability",
            "data": {"edges": edges.tolist(), "counts": chances.tolist(), "markers": markers},
        },
        {
            "kind": "line",
            "title": "Exceedance curves",
            "x_label": "Return period (years)",
            "y_label": "Loss (currency)",
            "x_scale": "log",
            "data": {
                "x": [p["years"] for p in periods],
                "series": [
                    {"name": "Total of a year (AEP)", "y": [p["aep"] for p in periods]},
                    {"name": "Largest claim of a year (OEP)", "y": [p["oep"] for p in periods]},
                ],
            },
        },
    ]
    if priced:
        names = [f"{row['limit']:,.6g} xs {row['attachment']:,.6g}" for row in priced]
        charts.append(
            {
                "kind": "bar",
                "title": "Layers",
                "x_label": "Layer",
                "y_label": "Amount a year (currency)",
                "data": {
                    "x": names,
                    "series": [
                        {"name": "Expected loss, unlimited", "y": [row["expected_loss"] for row in priced]},
                        {"name": "Expected payment", "y": [row["paid"] for row in priced]},
                        {"name": "Premium with reinstatements", "y": [row["premium"] for row in priced]},
                    ],
                },
            }
        )
    return charts
