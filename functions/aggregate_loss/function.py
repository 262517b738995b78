"""Distribution of a year's total claims, its risk measures and return periods, and the price of excess layers.

Chosen: FFT by default; Panjer's recursion, convolution and simulation stand beside it to check it.
Left out: several lines of business and dependence.
"""

import aggregate
import frequency
import numpy as np
import severity as sizes
from scipy.optimize import brentq
from scipy.special import gammaincinv, ndtri

from actuarial import compound, layers
from actuarial.severities import Discrete

RETURN_PERIODS = (2, 5, 10, 20, 50, 100, 200, 250, 500, 1000)
MOST_DISTRIBUTION_ROWS = 2000
POINTS = 400  # of the distribution of continuous claims
BINS = 60
MOST_GRID_ROWS = 10_000  # of the grid itself as a table
FEW_ABOVE = 20  # simulated years beyond a level: fewer make a rough TVaR
SYMMETRIC = 1e-3  # a skewness below which a translated gamma is the normal
CUT = 1e-6  # probability of a claim beyond the range given for its grid
WIDE = 0.02  # share of a measure that a step may be before it is said


def run(inputs):
    """Yield progress of a simulation, then the total's distribution, measures, return periods and layers.

    Raises:
        ValueError: the method does not suit the inputs, or typed probabilities are no distribution.
    """
    count, severity = frequency.choose(inputs), sizes.choose(inputs)
    priced, warnings = _priced(count, severity, inputs["layers"])
    if inputs["method"] == "monte_carlo":
        totals, payments = [], [[] for _ in priced]
        rng, done, number = np.random.default_rng(inputs["seed"]), 0, inputs["simulations"]
        for years, year, claims in aggregate.simulated_years(count, severity, number, rng):
            totals.append(np.bincount(year, weights=claims, minlength=years))
            for row, blocks in zip(inputs["layers"], payments, strict=True):
                blocks.append(layers.paid(row, years, year, claims))
            done += years
            yield {"progress": done / number, "message": f"{done:,} of {number:,} years"}
        total = compound.of_sample(np.concatenate(totals), count.mean * severity.mean)
        for found, blocks in zip(priced, payments, strict=True):
            sample = np.concatenate(blocks)
            found["paid_simulated"] = float(sample.mean())
            found["standard_error"] = float(sample.std(ddof=1) / np.sqrt(number))
        notes = f"{number:,} simulated years."
        rough = [row["level"] for row in inputs["levels"] if number * (1 - row["level"] / 100) < FEW_ABOVE]
        if rough:
            warnings.append(
                f"Fewer than {FEW_ABOVE} simulated years lie beyond the level {max(rough):g} %: VaR and TVaR there are "
                "rough. Simulate more years or use FFT."
            )
    else:
        total, step = aggregate.on_grid(count, severity, inputs)
        notes = f"A grid of {len(total.x):,} steps of {step:,.6g}; probability {total.beyond:.1e} lies beyond it."
        warnings += _grid_warnings(total, step, count, severity, inputs)
    average = _average(inputs, severity)
    notes += " " + TVAR_NOTES[average]
    measures = [_measure(total, count, severity, row["level"] / 100, average=average) for row in inputs["levels"]]
    periods = [_period(total, count, severity, years) for years in RETURN_PERIODS]
    simulated, discrete = inputs["method"] == "monte_carlo", isinstance(severity, Discrete)
    on_units = not simulated and (discrete or (inputs["grid"] == "given" and _rows(total) <= MOST_GRID_ROWS))
    given_points = [_at_point(total, severity, row["x"], simulated=simulated) for row in inputs["points"]]
    approximated = approximations(count, severity, [row["level"] for row in inputs["levels"]])
    yield {
        "summary": _summary(total, count, severity, inputs, measures[-1]),
        "table": measures,
        "tables": {
            "Return periods": periods,
            "Layers": priced,
            "Stop loss": [
                {"retention": row["retention"], "premium": total.stop_loss(row["retention"])}
                for row in inputs["retentions"]
                if np.isfinite(total.mean)
            ],
            "Distribution": _distribution(total, on_units=on_units, most=MOST_GRID_ROWS if not discrete else None),
            **({"Approximations": approximated} if approximated else {}),
            **({"Distribution at given points": given_points} if given_points else {}),
        },
        "charts": _charts(total, measures, periods, priced),
        "notes": notes,
        "warnings": warnings + _missing_moments(total, severity),
    }


def _priced(count, severity, rows):
    """Return the table of layers, and a warning for each layer whose grid was too coarse for it."""
    priced, warnings = [], []
    endless = [i for i, row in enumerate(rows) if row.get("limit") is None and not np.isfinite(severity.mean)]
    if endless:
        raise ValueError(
            "\n".join(
                f"inputs.layers[{i}].limit: it is empty, and the claims have no mean, so the layer has no price. Give "
                "a limit."
                for i in endless
            )
        )
    for row in rows:
        found, change = layers.price(count, severity, row)
        priced.append(found)
        if change > layers.SETTLED:
            warnings.append(
                f"Layer {_name(row)}: its payment is known to about {change:.1%} only, on "
                f"up to {layers.MOST_POINTS:,} points. Take it as rough, or give a lower limit."
            )
    return priced, warnings


def _name(row):
    limit = "unlimited" if row.get("limit") is None else f"{row['limit']:,.6g}"
    return f"{limit} xs {row['attachment']:,.6g}"


def _grid_warnings(total, step, count, severity, inputs):
    """Say where a grid ends too early or is too coarse for the highest level."""
    found, worst = [], max(row["level"] for row in inputs["levels"])
    if total.beyond > (1 - worst / 100) / 10:
        found.append(
            f"The grid ends at {total.x[-1]:,.6g} with a probability of {total.beyond:.2g} beyond it: measures near "
            "or above that level are too low. Use more points or a wider step."
        )
    if isinstance(severity, Discrete):
        return found
    var = total.quantile(worst / 100)
    if step > WIDE * var:
        found.append(
            f"The step {step:,.6g} is wide for a VaR of {var:,.6g}: measures are known to about one step. Use more "
            "points or a smaller step."
        )
    exact = count.mean * severity.mean
    if np.isfinite(exact) and abs(total.mean - exact) > WIDE * exact:
        found.append(
            f"Rounding claims to the grid moves the mean from {exact:,.6g} to {total.mean:,.6g}. Use more points, a "
            "smaller step, or a discretisation that keeps the mean."
        )
    if inputs["grid"] == "given" and inputs["claim_range"]:
        cut = float(severity.survival(inputs["claim_range"]))
        if cut > CUT:
            found.append(
                f"A claim is larger than the range {inputs['claim_range']:,.6g} with probability {cut:.2g}, and counts "
                "as that range."
            )
    return found


def _average(inputs, severity):
    """Say whether TVaR is the mean of the quantiles beyond the level, or E[S | S > VaR].

    For continuous claims the two are equal, and on a grid the first is the better approximation: the second jumps
    with the probability of a single grid point.
    """
    wanted = inputs["tvar"]
    return not isinstance(severity, Discrete) if wanted == "automatic" else wanted == "average"


def _at_point(total, severity, x, *, simulated):
    cdf, at = total.probability_up_to(x)
    found = {"x": x, "cdf": cdf, "exceeded": 1 - cdf}
    return found if simulated and not isinstance(severity, Discrete) else found | {"probability": at}


TVAR_NOTES = {
    True: "TVaR is the mean of the quantiles beyond the level.",
    False: "TVaR is E[S | S > VaR].",
}


def _summary(total, count, severity, inputs, last):
    mean, variance, skewness = moments(count, severity)
    summary = {"Expected number of claims": count.mean}
    if np.isfinite(mean):
        summary |= {"Mean claim": severity.mean, "Mean": mean}
    if np.isfinite(variance):
        summary |= {"Standard deviation": float(np.sqrt(variance))}
        if mean > 0:
            summary["Coefficient of variation"] = float(np.sqrt(variance) / mean)
        if np.isfinite(skewness):
            summary["Skewness"] = skewness
    summary["Probability of no loss"] = float(np.clip(np.real(count.pgf(severity.cdf(0.0))), 0, 1))
    if inputs["method"] == "monte_carlo" and np.isfinite(mean):
        summary["Simulated mean"] = total.mean
        if np.isfinite(variance):
            summary["Standard error of the mean"] = total.capped(0, np.inf)[1] / float(np.sqrt(len(total.x)))
    summary[f"VaR {last['level']:g} %"] = last["var"]
    if last["tvar"] is not None:
        summary[f"TVaR {last['level']:g} %"] = last["tvar"]
    return summary


def moments(count, severity):
    """Return mean, variance and skewness of a year's total, infinite where they do not exist.

    Source: Klugman, Panjer and Willmot, Loss Models, section 9.3.
    """
    mean = count.mean * severity.mean
    variance = count.mean * severity.variance + count.variance * severity.mean**2
    if not (np.isfinite(mean) and 0 < variance < np.inf):
        return mean, variance, np.inf
    third = count.mean * severity.third + 3 * count.variance * severity.mean * severity.variance
    return mean, variance, (third + count.third * severity.mean**3) / variance**1.5


def approximations(count, severity, levels):
    """Return VaR by three approximations from the moments of the total, a row for each level; none without moments.

    With z the normal quantile: normal m + s z; normal power m + s (z + g (z^2 - 1) / 6), for z of 1 or more; translated
    gamma with shape 4 / g^2, for a skewness g above 0.

    Source: Daykin, Pentikäinen and Pesonen (1994), Practical Risk Theory for Actuaries, section 4.2.
    """
    mean, variance, skewness = moments(count, severity)
    if not np.isfinite(skewness):
        return []
    deviation, rows = np.sqrt(variance), []
    for level in levels:
        z = float(ndtri(level / 100))
        row = {"level": level, "normal": mean + deviation * z, "normal_power": None, "translated_gamma": None}
        if z >= 1:
            row["normal_power"] = mean + deviation * (z + skewness * (z * z - 1) / 6)
        if skewness > SYMMETRIC:
            shape = 4 / skewness**2
            row["translated_gamma"] = mean + deviation * (gammaincinv(shape, level / 100) - shape) / np.sqrt(shape)
        rows.append({key: None if value is None else float(value) for key, value in row.items()})
    return rows


def _missing_moments(total, severity):
    if not np.isfinite(total.mean):
        return ["The mean claim is infinite: mean, TVaR and stop-loss premiums do not exist."]
    if not np.isfinite(severity.variance):
        text = "The variance of a claim is infinite: no standard deviation exists, and a simulated mean or TVaR has no "
        return [text + "standard error and settles slowly."]
    return []


def _measure(total, count, severity, level, *, average):
    shortfall = total.shortfall(level)
    tail = shortfall if average else total.tail_mean(level)
    return {
        "level": 100 * level,
        "var": total.quantile(level),
        "tvar": tail if np.isfinite(tail) else None,
        "largest": largest_claim(count, severity, level),
        "shortfall": shortfall if np.isfinite(shortfall) else None,
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


def _rows(total):
    return min(int(np.searchsorted(total.cdf, 1 - 1e-12)) + 1, len(total.x))


def _distribution(total, *, on_units, most):
    if on_units:
        rows = min(_rows(total), most or MOST_DISTRIBUTION_ROWS)
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
        names = [_name(row) for row in priced]
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
