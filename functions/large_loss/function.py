"""Fit the tail of large losses, and read quantiles, return levels and excess of loss prices off it.

Chosen: peaks over a threshold with the charts that help to choose it.
Left out: trends, clusters and other tails than the generalised Pareto.
"""

import layers
import numpy as np
import tails

NORMAL_95 = 1.959963984540054
HILL_MOST = 400
STABILITY_POINTS = 25


def run(inputs):
    """Return the tail, its measures, layers and diagnostic charts.

    Raises:
        ValueError: too few losses exceed the threshold, or a layer starts where nothing is known.
    """
    source, warnings = inputs["source"], []
    losses = None if source == "given" else np.array([row["loss"] for row in inputs["losses"]], dtype=float)
    tail, frequency, rate, summary = None, None, None, {}
    if source == "given":
        tail = tails.Tail(inputs["threshold"], inputs["xi"], inputs["beta"])
        frequency, rate = inputs["frequency"], inputs["share"] / 100 or None
    elif source == "fitted":
        tail = tails.fit(losses, inputs["threshold"])
        exceeding = int((losses > tail.threshold).sum())
        rate, frequency = exceeding / len(losses), exceeding / inputs["years"]
        if exceeding < 30:
            warnings.append(f"Only {exceeding} losses exceed the threshold: the shape is known roughly.")
        if tail.xi <= tails.LOWEST_SHAPE + 0.01:
            warnings.append("The shape is at its lower bound: the tail ends near the largest loss.")
    if tail is not None:
        if tail.xi >= 1:
            warnings.append("The shape is 1 or more: the tail has no mean, and no expected shortfall exists.")
        summary = {"Shape xi": tail.xi, "Scale beta": tail.beta, "Exceedances a year": frequency}
    if losses is not None:
        summary |= {"Losses": len(losses)}
    if source == "fitted":
        errors = np.sqrt(np.diag(tail.covariance))
        summary |= {
            "Exceedances": exceeding,
            "Standard error of xi": float(errors[0]),
            "Log-likelihood": tails.log_likelihood(
                losses[losses > tail.threshold] - tail.threshold, tail.xi, tail.beta
            ),
            "Standard error of beta": float(errors[1]),
            "Mean excess": float((losses[losses > tail.threshold] - tail.threshold).mean()),
        }
    if source == "empirical":
        summary |= {"Mean loss": float(losses.mean()), "Largest loss": float(losses.max())}
    measures = _measures(tail, rate, losses, inputs["levels"], warnings)
    priced = [layers.price(tail, frequency, row, losses, inputs["years"]) for row in inputs["layers"]]
    levels = _return_levels(tail, frequency, losses, inputs["return_periods"]) if tail is not None else []
    return {
        "summary": summary,
        "table": priced,
        "tables": {
            **({"Return levels": levels} if levels else {}),
            **({"Risk measures": measures} if measures else {}),
            **(_empirical(losses, inputs) if losses is not None else {}),
        },
        "charts": _charts(tail, losses, rate, levels, priced),
        "notes": _notes(tail, losses),
        "warnings": warnings,
    }


def _measures(tail, rate, losses, rows, warnings):
    """Return VaR and ES at each level, the empirical quantile beside them; without a tail that alone."""
    if tail is None:
        return [
            {
                "level": row["level"],
                "empirical": _quantile(losses, row["level"] / 100),
                "interpolated": float(np.quantile(losses, row["level"] / 100)),
            }
            for row in rows
        ]
    if rate is None:
        return []
    measures = [_measure(tail, rate, row["level"] / 100, losses) for row in rows]
    low = [f"{m['level']:g} %" for m in measures if m["var"] is None]
    if low:
        warnings.append(f"The level {', '.join(low)} lies below the threshold, where the tail says nothing.")
    return measures


def _empirical(losses, inputs):
    """Return what needs no tail: description, largest losses, mean excess and Hill's estimates where asked for.

    An estimate from k losses needs one more above 0, and is left out where there is none.
    """
    quartiles = np.quantile(losses, [0.25, 0.5, 0.75])
    described = {
        "Losses": len(losses),
        "Mean": losses.mean(),
        "Standard deviation": losses.std(ddof=1),
        "Smallest": losses.min(),
        "First quartile": quartiles[0],
        "Median": quartiles[1],
        "Third quartile": quartiles[2],
        "Largest": losses.max(),
    }
    found = {"Description": [{"measure": k, "value": float(v)} for k, v in described.items()]}
    most = min(inputs["largest"], len(losses))
    if most:
        ordered = np.sort(losses)[::-1][:most]
        found["Largest losses"] = [{"rank": i + 1, "loss": float(x)} for i, x in enumerate(ordered)]
    excesses = []
    for row in inputs["mean_excess_at"]:
        mean, error, beyond = tails.mean_excess_at(losses, row["threshold"])
        excesses.append({"threshold": row["threshold"], "beyond": beyond, "mean_excess": mean, "error": error})
    if excesses:
        found["Mean excess"] = excesses
    estimates, positive = [], losses[losses > 0]
    for row in inputs["hill_at"]:
        if row["k"] < len(positive):
            after, last = tails.hill_at(positive, row["k"])
            estimates.append(
                {
                    "k": row["k"],
                    "xi": after,
                    "alpha": 1 / after if after > 0 else None,
                    "error": after / np.sqrt(row["k"]),
                    "xi_last": last,
                    "base": float(np.sort(positive)[::-1][row["k"]]),
                }
            )
    if estimates:
        found["Hill's estimates"] = estimates
    return found


def _quantile(losses, level):
    return float(np.quantile(losses, level, method="inverted_cdf"))


def _measure(tail, rate, level, losses):
    """Return VaR and ES of one loss at `level`; empirical ones beside them."""
    inside = 1 - level <= rate
    beyond = tail.expected_shortfall(level, rate) if inside else np.nan
    return {
        "level": 100 * level,
        "var": tail.value_at_risk(level, rate) if inside else None,
        "es": float(beyond) if np.isfinite(beyond) else None,
        **({} if losses is None else {"empirical": _quantile(losses, level)}),
    }


def _return_levels(tail, frequency, losses, periods):
    rows = []
    for years in sorted({row["years"] for row in periods}):
        if frequency * years <= 1:
            continue
        row = {"years": years, "loss": float(tail.exceeded(1 / (frequency * years)))}
        if losses is not None:
            low, high = tails.level_interval(tail, losses, frequency * years)
            row |= {"low": low, "high": high if np.isfinite(high) else None}
        rows.append(row)
    return rows


def _notes(tail, losses):
    if losses is None:
        return f"A given tail above {tail.threshold:g}. VaR of a single loss needs the share of losses beyond it too."
    if tail is None:
        return f"{len(losses):,} losses as they are, without a tail: quantiles, mean excess, burning cost."
    return (
        f"Peaks over the threshold {tail.threshold:g} of {len(losses):,} losses, fitted by maximum likelihood. "
        "Layers below the threshold count the losses themselves. Bands are 95 %, for the tail's parameters alone; "
        "those of the return levels are by profile likelihood, so they reach further up than down."
    )


def _charts(tail, losses, rate, levels, priced):
    charts = []
    if losses is not None:
        charts += [_tail_chart(tail, losses, rate)] if tail is not None else []
        charts.append(_mean_excess_chart(losses))
        charts += [_stability_chart(tail, losses)] if tail is not None else []
        if np.sum(losses > 0) > 3:
            charts.append(_hill_chart(losses[losses > 0]))
        charts += [_quantile_chart(tail, losses)] if tail is not None else []
    if levels:
        series = {"name": "Loss", "y": [row["loss"] for row in levels]}
        if "low" in levels[0]:
            series |= {"lower": [row["low"] for row in levels], "upper": [row["high"] for row in levels]}
        charts.append(
            {
                "kind": "line",
                "title": "Return levels",
                "x_label": "Return period (years)",
                "y_label": "Loss (currency)",
                "x_scale": "log",
                "y_scale": "log",
                "data": {"x": [row["years"] for row in levels], "series": [series]},
            }
        )
    if priced:
        bars = [] if tail is None else [{"name": "From the tail", "y": [row["expected_loss"] for row in priced]}]
        if losses is not None:
            bars.append({"name": "Burning cost", "y": [row["burning_cost"] for row in priced]})
        charts.append(
            {
                "kind": "bar",
                "title": "Expected layer losses",
                "x_label": "Layer",
                "y_label": "Expected loss a year (currency)",
                "data": {
                    "x": [f"{row['limit']:,.6g} xs {row['attachment']:,.6g}" for row in priced],
                    "series": bars,
                },
            }
        )
    return charts


def _tail_chart(tail, losses, rate):
    ordered = np.sort(losses[losses > tail.threshold])
    share = rate * (len(ordered) - np.arange(len(ordered)) - 0.5) / len(ordered)
    return {
        "kind": "line",
        "title": "Tail of the losses",
        "x_label": "Loss (currency)",
        "y_label": "Probability that a loss is larger",
        "x_scale": "log",
        "y_scale": "log",
        "data": {
            "x": ordered.tolist(),
            "series": [
                {"name": "Losses", "y": share.tolist(), "kind": "scatter"},
                {"name": "Fitted tail", "y": (rate * tail.survival(ordered)).tolist(), "kind": "line"},
            ],
        },
    }


def _mean_excess_chart(losses):
    at, mean, _ = tails.mean_excess(losses)
    return {
        "kind": "scatter",
        "title": "Mean excess",
        "x_label": "Threshold (currency)",
        "y_label": "Mean excess over it (currency)",
        "data": {"x": at.tolist(), "series": [{"name": "Mean excess", "y": mean.tolist()}]},
    }


def _stability_chart(tail, losses):
    """Return the shape by threshold, from the median loss up to that with 15 losses beyond it."""
    ordered = np.sort(losses)
    last = max(len(ordered) - 16, 0)
    first = min(len(ordered) // 2, last)
    picks = np.unique(ordered[np.linspace(first, last, STABILITY_POINTS).astype(int)])
    rows = []
    for threshold in np.unique(np.append(picks, tail.threshold)):
        exceedances = losses[losses > threshold]
        if len(exceedances) < 5 or np.ptp(exceedances) == 0:
            continue
        found = tails.fit(losses, threshold)
        rows.append((float(threshold), found.xi, NORMAL_95 * float(np.sqrt(found.covariance[0, 0]))))
    return {
        "kind": "line",
        "title": "Shape by threshold",
        "x_label": "Threshold (currency)",
        "y_label": "Shape xi",
        "data": {
            "x": [row[0] for row in rows],
            "series": [
                {
                    "name": "Shape, with 95 % band",
                    "y": [row[1] for row in rows],
                    "lower": [row[1] - row[2] for row in rows],
                    "upper": [row[1] + row[2] for row in rows],
                }
            ],
        },
    }


def _hill_chart(losses):
    k, estimate, error = tails.hill(losses, min(HILL_MOST, len(losses) - 1))
    return {
        "kind": "line",
        "title": "Hill plot",
        "x_label": "Number of largest losses",
        "y_label": "Shape xi",
        "data": {
            "x": k.tolist(),
            "series": [
                {
                    "name": "Hill's estimate, with 95 % band",
                    "y": estimate.tolist(),
                    "lower": (estimate - NORMAL_95 * error).tolist(),
                    "upper": (estimate + NORMAL_95 * error).tolist(),
                }
            ],
        },
    }


def _quantile_chart(tail, losses):
    ordered = np.sort(losses[losses > tail.threshold])
    share = 1 - (np.arange(len(ordered)) + 0.5) / len(ordered)
    fitted = tail.exceeded(share)
    return {
        "kind": "scatter",
        "title": "Quantiles of the exceedances",
        "x_label": "Fitted quantile (currency)",
        "y_label": "Loss (currency)",
        "data": {
            "x": fitted.tolist(),
            "series": [
                {"name": "Losses", "y": ordered.tolist()},
                {"name": "Where the fit is exact", "y": fitted.tolist(), "kind": "line"},
            ],
        },
    }
