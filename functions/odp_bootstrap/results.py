"""Results of the four methods as summary, tables and charts.

Left out: any formula; numbers arrive computed.
"""

import clark as curves
import numpy as np

LADDER = (0.5, 1, 5, 10, 25, 50, 75, 90, 95, 99, 99.5, 99.9)  # percentiles shown, %
BANDS = (50, 90, 99)
BINS = 60


def bootstrap(triangle, fit, raw, phi, by_origin, by_year, warnings):
    """Return the distribution of the reserve from resamples by origin year and by calendar year."""
    total = by_origin.sum(axis=0)
    plain = np.where(triangle.known, 0, fit).sum(axis=1)
    mean, sd = float(total.mean()), float(total.std(ddof=1))
    ladder = np.percentile(total, LADDER)
    at = dict(zip(LADDER, ladder.tolist(), strict=True))
    tail = total[total >= at[99.5]]
    table = []
    for i, name in enumerate(triangle.origins):
        low, mid, high, far = np.percentile(by_origin[i], (50, 75, 95, 99.5)).tolist()
        table.append(
            {
                "origin": name,
                "latest": float(triangle.diagonal[i]),
                "chain_ladder": float(plain[i]),
                "reserve": float(by_origin[i].mean()),
                "error": float(by_origin[i].std(ddof=1)),
                "p50": low,
                "p75": mid,
                "p95": high,
                "p995": far,
            }
        )
    years = list(range(1, len(by_year) + 1))
    levels = [(100 - b) / 2 for b in BANDS] + [50] + [(100 + b) / 2 for b in BANDS]
    spread = np.percentile(by_year, levels, axis=1)
    payments = [
        {
            "year": y,
            "mean": float(by_year[y - 1].mean()),
            "error": float(by_year[y - 1].std(ddof=1)),
            "p5": float(spread[1, y - 1]),
            "p95": float(spread[len(BANDS) + 2, y - 1]),
        }
        for y in years
    ]
    shown = total[total <= at[99.9]] if at[99.9] > total.min() else total
    counts, edges = np.histogram(shown, bins=BINS)
    return {
        "progress": 1.0,
        "summary": {
            "Mean reserve": mean,
            "Standard deviation": sd,
            "Coefficient of variation": sd / mean if mean > 0 else None,
            "Standard error of the mean": sd / len(total) ** 0.5,
            "Chain ladder reserve": float(plain.sum()),
            "75th percentile": at[75],
            "95th percentile": at[95],
            "99.5th percentile": at[99.5],
            "Expected shortfall beyond 99.5 %": float(tail.mean()),
            "Dispersion": phi,
        },
        "table": table,
        "tables": {
            "Percentiles": [{"percentile": p, "reserve": v} for p, v in at.items()],
            "Payments by calendar year": payments,
        },
        "charts": [
            {
                "kind": "histogram",
                "title": "Distribution of the reserve",
                "x_label": "Outstanding claims (currency)",
                "y_label": "Resamples",
                "data": {
                    "edges": edges.tolist(),
                    "counts": counts.tolist(),
                    "markers": [
                        {"label": "Mean", "x": mean},
                        {"label": "75 %", "x": at[75]},
                        {"label": "95 %", "x": at[95]},
                        {"label": "99.5 %", "x": at[99.5]},
                    ],
                },
            },
            {
                "kind": "fan",
                "title": "Payments by calendar year",
                "x_label": "Years from the valuation date",
                "y_label": "Payments in the year (currency)",
                "data": {
                    "x": years,
                    "bands": [
                        {
                            "level": b,
                            "lower": spread[k].tolist(),
                            "upper": spread[len(BANDS) + 1 + k].tolist(),
                        }
                        for k, b in enumerate(BANDS)
                    ],
                    "median": spread[len(BANDS)].tolist(),
                    "mean": [row["mean"] for row in payments],
                },
            },
            _bars(triangle, [row["reserve"] for row in table], [row["error"] for row in table]),
            _residual_map(triangle, raw, phi),
        ],
        "notes": f"{len(total):,} resamples. The histogram leaves out the highest 0.1 %. The bootstrap's mean lies "
        "somewhat above the chain ladder's reserve, because a ratio of random sums is biased.",
        "warnings": warnings,
    }


def analytic(triangle, reserves, errors, total, phi, freedom, raw):
    """Return reserves with standard errors of prediction in closed form."""
    whole = float(reserves.sum())
    table = [
        {
            "origin": name,
            "latest": float(triangle.diagonal[i]),
            "reserve": float(reserves[i]),
            "error": float(errors[i]),
            "cv": float(errors[i] / reserves[i]) if reserves[i] > 0 else None,
        }
        for i, name in enumerate(triangle.origins)
    ]
    return {
        "summary": {
            "Total reserve": whole,
            "Prediction error": total,
            "Coefficient of variation": total / whole if whole > 0 else None,
            "Dispersion": phi,
            "Degrees of freedom": freedom,
        },
        "table": table,
        "charts": [
            _bars(triangle, reserves.tolist(), errors.tolist()),
            _residual_map(triangle, raw, phi),
        ],
        "notes": "The reserve is the chain ladder's. The error is one standard deviation of the payments around it, "
        "with the uncertainty of the parameters.",
    }


def munich(paid, incurred, full_paid, full_incurred, slopes, points):
    """Return ultimates of both triangles beside their own chain ladders."""
    own = [t.diagonal * _to_ultimate(t)[t.latest] for t in (paid, incurred)]
    table = [
        {
            "origin": name,
            "latest_paid": float(paid.diagonal[i]),
            "latest_incurred": float(incurred.diagonal[i]),
            "ultimate_paid": float(full_paid[i, -1]),
            "ultimate_incurred": float(full_incurred[i, -1]),
            "ratio": float(full_paid[i, -1] / full_incurred[i, -1]),
            "own_paid": float(own[0][i]),
            "own_incurred": float(own[1][i]),
            "reserve": float(full_paid[i, -1] - paid.diagonal[i]),
        }
        for i, name in enumerate(paid.origins)
    ]
    totals = {key: sum(row[key] for row in table) for key in ("ultimate_paid", "ultimate_incurred", "reserve")}
    charts = [
        {
            "kind": "bar",
            "title": "Ratio of paid to incurred at ultimate",
            "x_label": "Origin year",
            "y_label": "Paid over incurred (%)",
            "data": {
                "x": paid.origins,
                "series": [
                    {"name": "Munich chain ladder", "y": [100 * row["ratio"] for row in table]},
                    {"name": "Separate chain ladders", "y": (100 * own[0] / own[1]).tolist()},
                ],
            },
        }
    ]
    for name, pairs in zip(("paid", "incurred"), points, strict=True):
        charts.append(
            {
                "kind": "scatter",
                "title": f"Residuals of the {name} triangle",
                "x_label": "Residual of the ratio to the other triangle",
                "y_label": "Residual of the development factor",
                "data": {
                    "x": [x for x, _ in pairs],
                    "series": [{"name": "Links", "y": [y for _, y in pairs]}],
                },
            }
        )
    for name, side, full in (("Paid", paid, full_paid), ("Incurred", incurred, full_incurred)):
        charts.append(_developed(f"{name}, developed", side, full))
    warnings = [
        f"The correlation of the {name} triangle is {value:.2f}, below 0: the method then drives the triangles apart."
        for name, value in zip(("paid", "incurred"), slopes, strict=True)
        if value < 0
    ]
    if np.any(full_paid <= 0) or np.any(full_incurred <= 0):
        warnings.append("A projected amount is 0 or less: the triangle is too unstable for this method.")
    return {
        "summary": {
            "Total ultimate, paid": totals["ultimate_paid"],
            "Total ultimate, incurred": totals["ultimate_incurred"],
            "Total reserve": totals["reserve"],
            "Correlation, paid": slopes[0],
            "Correlation, incurred": slopes[1],
        },
        "table": table,
        "charts": charts,
        "notes": "The reserve is the paid ultimate less payments to date.",
        "warnings": warnings,
    }


def clark(triangle, found, curve, months, last):
    """Return the growth curve's reserves with process and parameter errors."""
    error = np.hypot(found.process, found.parameter)
    table = [
        {
            "origin": name,
            "latest": float(triangle.diagonal[i]),
            "developed": float(found.reached[i]),
            "reserve": float(found.reserves[i]),
            "process_error": float(found.process[i]),
            "parameter_error": float(found.parameter[i]),
            "error": float(error[i]),
            "cv": float(error[i] / found.reserves[i]) if found.reserves[i] > 0 else None,
        }
        for i, name in enumerate(triangle.origins)
    ]
    total = float(found.reserves[-1])
    summary = {
        "Total reserve": total,
        "Standard error": float(error[-1]),
        "Coefficient of variation": float(error[-1]) / total if total > 0 else None,
        "Process error": float(found.process[-1]),
        "Parameter error": float(found.parameter[-1]),
        "Shape ω": found.omega,
        "Scale θ": found.theta,
        "Variance over mean": found.sigma2,
    }
    if found.ratio is not None:
        summary["Expected loss ratio"] = found.ratio
    n = triangle.values.shape[1]
    horizon = last if np.isfinite(last) else 2 * months * n
    ages = np.linspace(months / 2, horizon, 60)
    share, _, _ = curves.growth(ages - months / 2, found.omega, found.theta, curve)
    seen = months * np.arange(1, n + 1)
    observed = triangle.values / found.levels[:, None]
    warnings = []
    if found.limit < 0.95:
        warnings.append(
            f"At the last age {found.limit:.1%} are developed: the reserve leaves out what comes later, and depends on "
            "that age."
        )
    if not np.isfinite(last) and 1 - found.reached.max() > 0.1:
        warnings.append(
            f"The oldest year is {found.reached.max():.1%} developed: the curve extrapolates the rest without limit."
        )
    return {
        "summary": summary,
        "table": table,
        "charts": [
            {
                "kind": "line",
                "title": "Growth curve",
                "x_label": "Age from the start of the origin year (months)",
                "y_label": "Share developed (%)",
                "data": {"x": ages.tolist(), "series": [{"name": "Fitted", "y": (100 * share).tolist()}]},
            },
            {
                "kind": "scatter",
                "title": "Observed development over the fitted level",
                "x_label": "Age from the start of the origin year (months)",
                "y_label": "Share developed (%)",
                "data": {
                    "x": seen.tolist(),
                    "series": [
                        {"name": name, "y": [None if np.isnan(v) else 100 * float(v) for v in line]}
                        for name, line in list(zip(triangle.origins, observed, strict=True))[:12]
                    ],
                },
            },
            _bars(triangle, found.reserves[:-1].tolist(), error[:-1].tolist()),
        ],
        "notes": "Ages count from the middle of the origin year, where its claims happen on average.",
        "warnings": warnings,
    }


def _to_ultimate(triangle):
    """Return the volume-weighted factors to ultimate by development year, shape (n,)."""
    known = triangle.known[:, 1:]
    above = np.where(known, triangle.values[:, 1:], 0).sum(axis=0)
    factor = above / np.where(known, triangle.values[:, :-1], 0).sum(axis=0)
    return np.concatenate((np.cumprod(factor[::-1])[::-1], [1.0]))


def _bars(triangle, values, errors):
    """Return the bar chart of reserves with one standard error on either side."""
    return {
        "kind": "bar",
        "title": "Reserve by origin year",
        "x_label": "Origin year",
        "y_label": "Reserve and one standard error (currency)",
        "data": {
            "x": triangle.origins,
            "series": [
                {
                    "name": "Reserve",
                    "y": values,
                    "lower": [v - e for v, e in zip(values, errors, strict=True)],
                    "upper": [v + e for v, e in zip(values, errors, strict=True)],
                }
            ],
        },
    }


def _residual_map(triangle, raw, phi):
    """Return the heat map of residuals in standard deviations."""
    scale = np.sqrt(phi) if phi > 0 else 1.0
    return {
        "kind": "triangle",
        "title": "Residuals of the fit",
        "x_label": "Development year",
        "y_label": "Origin year",
        "unit": "standard deviations",
        "data": {
            "columns": [str(j + 1) for j in range(raw.shape[1])],
            "rows": triangle.origins,
            "values": [[None if np.isnan(v) else float(v / scale) for v in line] for line in raw],
        },
    }


def _developed(title, triangle, full):
    """Return the developed triangle as a chart."""
    return {
        "kind": "triangle",
        "title": title,
        "x_label": "Development year",
        "y_label": "Origin year",
        "unit": "currency",
        "data": {
            "rows": triangle.origins,
            "columns": [str(j + 1) for j in range(full.shape[1])],
            "values": full.tolist(),
            "projected": (~triangle.known).tolist(),
        },
    }
