"""Results of the four methods as summary, tables and charts.

Left out: any formula; numbers arrive computed.
"""

from dataclasses import dataclass

import clark as curves
import numpy as np

LADDER = (0.5, 1, 5, 10, 25, 50, 75, 90, 95, 99, 99.5, 99.9)  # percentiles shown, %
BANDS = (50, 90, 99)
BINS = 60
AGES = {1: "months", 12: "years"}


NOTES = {
    "chain_ladder": "The reserve is the chain ladder's. The error is one standard deviation of the payments around it, "
    "with the uncertainty of the parameters.",
    "gamma": "The reserve is the gamma model's, in which the variance of an increment grows with the square of its "
    "mean; its dispersion has no unit. The error is one standard deviation of the payments around it, with the "
    "uncertainty of the parameters.",
    "prior": "Reserve = a-priori ultimate × share still to develop. The error is one standard deviation of the "
    "payments around it: chance, the spread of the a-priori ultimates, and the uncertainty of the pattern.",
}


@dataclass(frozen=True)
class OdpFit:
    """The over-dispersed Poisson model, or the gamma model, fitted to a triangle.

    Attributes:
        increments: fitted, shape (m, n).
        residuals: unscaled Pearson residuals, shape (m, n), NaN in the future.
        freedom: cells less parameters.
        phi: the dispersion that errors and draws use.
        pearson: Σ r² / freedom.
        deviance: deviance / freedom, None where an increment is below 0.
    """

    increments: np.ndarray
    residuals: np.ndarray
    freedom: int
    phi: float
    pearson: float
    deviance: float | None

    def summary(self, *, unit=True):
        """Return both estimates of the dispersion, the one in use first; without a currency where `unit` is False."""
        found = {"Dispersion": self.phi, "Dispersion by Pearson": self.pearson}
        if self.deviance is not None:
            found["Dispersion by deviance"] = self.deviance
        found["Pearson chi-square"] = self.pearson * self.freedom
        return found if unit else {k: {"value": v, "unit": "", "format": ",.4f"} for k, v in found.items()}


def bootstrap(triangle, fitted, by_origin, by_year, prior, warnings):
    """Return the distribution of the reserve from resamples by origin year and by calendar year."""
    total = by_origin.sum(axis=0)
    plain = np.where(triangle.known, 0, fitted.increments).sum(axis=1)
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
    years, period = list(range(1, len(by_year) + 1)), triangle.grain["development"]
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
            "Dispersion": fitted.phi,
        },
        "table": table,
        "tables": {
            "Percentiles": [{"percentile": p, "reserve": v} for p, v in at.items()],
            f"Payments by calendar {period}": payments,
            "Cells of the fit": _cells(triangle, fitted.increments, fitted.residuals, fitted.phi),
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
                "title": f"Payments by calendar {period}",
                "x_label": f"{period.capitalize()}s from the valuation date",
                "y_label": f"Payments in the {period} (currency)",
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
            _residual_map(triangle, fitted.residuals, fitted.phi),
        ],
        "notes": f"{len(total):,} resamples. The histogram leaves out the highest 0.1 %. "
        + (
            "The bootstrap's mean lies somewhat above the chain ladder's reserve, because a ratio of random sums is "
            "biased."
            if prior is None
            else "Each resample draws the a-priori ultimates and takes its own development pattern to them."
        ),
        "warnings": warnings,
    }


def analytic(triangle, fitted, reserve, errors, prior, warnings, *, by_gamma):
    """Return reserves with standard errors of prediction in closed form.

    Args:
        triangle: observed.
        fitted: the model.
        reserve: by origin year, and last the total, shape (m + 1,).
        errors: "process", "parameter" and, with a-priori ultimates, "prior": shape (m + 1,) each.
        prior: a-priori ultimates and their coefficient of variation, or None.
        warnings: sentences to show.
        by_gamma: whether the model is the gamma model, whose reserves are not the chain ladder's.
    """
    total = np.sqrt(sum(np.square(part) for part in errors.values()))
    chain = np.where(triangle.known, 0, fitted.increments).sum(axis=1)
    table = [
        {
            "origin": name,
            "latest": float(triangle.diagonal[i]),
            **({} if prior is None else {"a_priori": float(prior[0][i]), "chain_ladder": float(chain[i])}),
            "reserve": float(reserve[i]),
            **{f"{part}_error": float(values[i]) for part, values in errors.items()},
            "error": float(total[i]),
            "cv": float(total[i] / reserve[i]) if reserve[i] > 0 else None,
        }
        for i, name in enumerate(triangle.origins)
    ]
    whole, error = float(reserve[-1]), float(total[-1])
    summary = {
        "Total reserve": whole,
        "Prediction error": error,
        "Coefficient of variation": error / whole if whole > 0 else None,
        **{f"{part.capitalize()} error": float(values[-1]) for part, values in errors.items()},
        **({} if prior is None else {"Chain ladder reserve": float(chain.sum())}),
        **fitted.summary(unit=not by_gamma),
        "Degrees of freedom": fitted.freedom,
    }
    return {
        "summary": {key: value for key, value in summary.items() if value is not None},
        "table": table,
        "tables": {"Cells of the fit": _cells(triangle, fitted.increments, fitted.residuals, fitted.phi)},
        "charts": [
            _bars(triangle, reserve[:-1].tolist(), total[:-1].tolist()),
            _residual_map(triangle, fitted.residuals, fitted.phi),
        ],
        "notes": NOTES["gamma" if by_gamma else "chain_ladder" if prior is None else "prior"],
        "warnings": warnings,
    }


def munich(paid, incurred, full_paid, full_incurred, slopes, points, warnings):
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
            "x_label": f"Origin {paid.grain['origin']}",
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
    warnings += [
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


def clark(triangle, found, curve, months, last, premium, unit, warnings):
    """Return the growth curve's reserves with process and parameter errors.

    Args:
        triangle: observed.
        found: a clark.Fit.
        curve: "loglogistic" or "weibull".
        months: length of a period.
        last: months at which development ends, infinity for never.
        premium: of each origin year, shape (m,), or None.
        unit: months in the unit of ages, 1 or 12.
        warnings: sentences to show.
    """
    error = None if found.doubt else np.hypot(found.process, found.parameter)
    shown = ("process_error", "parameter_error", "error") if error is not None else ()
    parts = dict(zip(shown, (found.process, found.parameter, error), strict=False))
    ages = months * (triangle.latest + 1)
    table = []
    for i, name in enumerate(triangle.origins):
        row = {"origin": name, "latest": float(triangle.diagonal[i]), "age": float(ages[i] / unit)}
        if premium is not None:
            row |= {"premium": float(premium[i]), "expected": float(found.levels[i])}
        row |= {
            "developed": float(found.reached[i]),
            "to_ultimate": float(1 / found.reached[i]),
            "to_last_age": float(found.limit / found.reached[i]),
            "ultimate": float(triangle.diagonal[i] + found.reserves[i]),
            "reserve": float(found.reserves[i]),
            **{key: float(values[i]) for key, values in parts.items()},
        }
        if error is not None:
            row["cv"] = float(error[i] / found.reserves[i]) if found.reserves[i] > 0 else None
        table.append(row)
    total = float(found.reserves[-1])
    summary = {"Total reserve": total}
    if error is not None:
        summary |= {
            "Standard error": float(error[-1]),
            "Coefficient of variation": float(error[-1]) / total if total > 0 else None,
            "Process error": float(found.process[-1]),
            "Parameter error": float(found.parameter[-1]),
        }
    scale = {"value": found.theta / unit, "unit": "years"} if unit == 12 else found.theta
    summary |= {"Shape ω": found.omega, "Scale θ": scale, "Variance over mean": found.sigma2}
    if found.ratio is not None:
        summary["Expected loss ratio"] = found.ratio
    n = triangle.values.shape[1]
    horizon = last if np.isfinite(last) else 2 * months * n
    ages = np.linspace(found.loss_age, horizon, 60)
    share, _, _ = curves.growth(ages - found.loss_age, found.omega, found.theta, curve)
    seen = months * np.arange(1, n + 1)
    observed = triangle.values / found.levels[:, None]
    if found.doubt:
        warnings.append(
            f"Standard errors are left out: {found.doubt}. The reserve rests on that curve too; compare another curve, "
            "or Cape Cod."
        )
    elif error[-1] > abs(total):
        warnings.append("The standard error exceeds the reserve: these amounts say little about the curve's tail.")
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
        "summary": {key: value for key, value in summary.items() if value is not None},
        "table": table,
        "tables": {
            "Growth curve": _growth_table(found, curve, months, n, last, unit),
            "Parameters": _parameters(triangle, found, unit),
            "Cells of the fit": _cells(
                triangle, found.mean, (triangle.increments - found.mean) / np.sqrt(found.mean), found.sigma2
            ),
        },
        "charts": [
            {
                "kind": "line",
                "title": "Growth curve",
                "x_label": f"Age from the start of the origin year ({AGES[unit]})",
                "y_label": "Share developed (%)",
                "data": {"x": (ages / unit).tolist(), "series": [{"name": "Fitted", "y": (100 * share).tolist()}]},
            },
            {
                "kind": "scatter",
                "title": "Observed development over the fitted level",
                "x_label": f"Age from the start of the origin year ({AGES[unit]})",
                "y_label": "Share developed (%)",
                "data": {
                    "x": (seen / unit).tolist(),
                    "series": [
                        {"name": name, "y": [None if np.isnan(v) else 100 * float(v) for v in line]}
                        for name, line in list(zip(triangle.origins, observed, strict=True))[:12]
                    ],
                },
            },
            _bars(triangle, found.reserves[:-1].tolist(), None if error is None else error[:-1].tolist()),
        ],
        "notes": f"The curve counts from {found.loss_age / unit:.4g} {AGES[unit]} into the origin year, where its "
        "claims happen on average.",
        "warnings": warnings,
    }


def _to_ultimate(triangle):
    """Return the volume-weighted factors to ultimate by development year, shape (n,)."""
    known = triangle.known[:, 1:]
    above = np.where(known, triangle.values[:, 1:], 0).sum(axis=0)
    factor = above / np.where(known, triangle.values[:, :-1], 0).sum(axis=0)
    return np.concatenate((np.cumprod(factor[::-1])[::-1], [1.0]))


def _growth_table(found, curve, months, n, last, unit):
    """Return the growth curve at each development year and at the last age, with factors to ultimate and to there."""
    ages = [float(months * (k + 1)) for k in range(n)]
    if np.isfinite(last) and last > ages[-1]:
        ages.append(float(last))
    share, _, _ = curves.growth(np.array(ages) - found.loss_age, found.omega, found.theta, curve)
    return [
        {
            "age": age / unit,
            "average_age": (age - found.loss_age) / unit,
            "developed": g,
            "to_ultimate": 1 / g,
            "to_last_age": found.limit / g,
        }
        for age, g in zip(ages, share.tolist(), strict=True)
        if g > 0
    ]


def _parameters(triangle, found, unit):
    """Return the fitted parameters with their standard errors where they are known."""
    errors = found.shape_errors or (None, None)
    rows = [("ω", found.omega, errors[0]), ("θ", found.theta / unit, errors[1] and errors[1] / unit)]
    if found.ratio is not None:
        rows.append(("Expected loss ratio", found.ratio, found.ratio_error))
    else:
        rows += [
            (f"Ultimate of {name}", float(level), None)
            for name, level in zip(triangle.origins, found.levels, strict=True)
        ]
    rows += [("σ²", found.sigma2, None), ("Log-likelihood", found.likelihood, None)]
    return [{"parameter": name, "value": value, "error": error} for name, value, error in rows]


def _cells(triangle, fit, residuals, phi):
    """Return one row for each observed cell: amount, fit, Pearson residual as it is and in standard deviations."""
    scale = np.sqrt(phi) if phi > 0 else 1.0
    return [
        {
            "origin": triangle.origins[i],
            "development": triangle.heads[j],
            "amount": float(triangle.increments[i, j]),
            "fitted": float(fit[i, j]),
            "residual": float(residuals[i, j]),
            "standardised": float(residuals[i, j] / scale),
        }
        for i, j in np.argwhere(triangle.known)
    ]


def _bars(triangle, values, errors):
    """Return the bar chart of reserves with one standard error on either side, where there is one."""
    if errors is None:
        return {
            "kind": "bar",
            "title": "Reserve by origin year",
            "x_label": f"Origin {triangle.grain['origin']}",
            "y_label": "Reserve (currency)",
            "data": {"x": triangle.origins, "series": [{"name": "Reserve", "y": values}]},
        }
    return {
        "kind": "bar",
        "title": "Reserve by origin year",
        "x_label": f"Origin {triangle.grain['origin']}",
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
        "x_label": f"Development {triangle.head_unit}",
        "y_label": f"Origin {triangle.grain['origin']}",
        "unit": "standard deviations",
        "data": {
            "columns": [str(head) for head in triangle.heads],
            "rows": triangle.origins,
            "values": [[None if np.isnan(v) else float(v / scale) for v in line] for line in raw],
        },
    }


def _developed(title, triangle, full):
    """Return the developed triangle as a chart."""
    return {
        "kind": "triangle",
        "title": title,
        "x_label": f"Development {triangle.head_unit}",
        "y_label": f"Origin {triangle.grain['origin']}",
        "unit": "currency",
        "data": {
            "rows": triangle.origins,
            "columns": [str(head) for head in triangle.heads],
            "values": full.tolist(),
            "projected": (~triangle.known).tolist(),
        },
    }
