"""Claims reserves from a run-off triangle, with Mack's prediction error and the one-year view of Solvency II.

Chosen: chain ladder, Bornhuetter-Ferguson and Cape Cod on the same development factors.
Left out: simulation (see stochastic reserving), inflation, and errors of the premium-based methods.
"""

import math

import development
import errors
import numpy as np
import triangles
from scipy.special import ndtr, ndtri

BINS = 60  # of the chart of the distribution
LEVELS = (0.5, 0.75, 0.9, 0.95, 0.99, 0.995)
WIDEST = float(ndtri(LEVELS[-1]))  # lognormal sigma beyond which the highest percentile falls as the error rises


def run(inputs):
    """Return reserves, their errors and charts for `inputs` (keys as in manifest.json).

    Raises:
        ValueError: the triangle or the premiums do not fit, with every cell named.
    """
    warnings = []
    triangle = triangles.choose(inputs, warnings)
    years, tail = int(inputs["years"]), float(inputs["tail"])
    developed = development.fit(
        triangle,
        averaging=inputs["averaging"],
        years=years or None,
        sigma_rule=inputs["sigma_rule"],
        tail=(tail, inputs["tail_error"], inputs["tail_sigma"]),
        warnings=warnings,
    )
    full = development.complete(triangle, developed)
    latest, to_ultimate = triangle.diagonal, developed.to_ultimate[triangle.latest]
    chain, method, loss_ratio, premium = full[:, -1] - latest, inputs["method"], None, triangle.premium
    if method == "chain_ladder":
        reserve = chain
    else:
        premium = premiums(triangle, inputs["premium_each"], typed=inputs["data"] == "own")
        if method == "bornhuetter_ferguson":
            loss_ratio = np.full(len(latest), inputs["a_priori"] / 100)
        else:
            loss_ratio = cape_cod(latest, premium, to_ultimate, inputs["trend"] / 100, inputs["decay"] / 100)
        reserve = premium * loss_ratio * (1 - 1 / to_ultimate)
    mack = run_off = one_year = None
    if method == "chain_ladder" and developed.links.max() > 1:
        mack = errors.to_ultimate(triangle, developed, full)
        run_off, why = one_year_errors(triangle, developed, full, inputs)
        one_year = None if run_off is None else (run_off[0][:, 0], float(run_off[1][0]))
        if why:
            warnings.append(f"The one-year error is left out: {why}.")
        warnings += doubts(triangle, reserve, mack, inputs)
    elif method == "chain_ladder":
        warnings = [w for w in warnings if not w.startswith("No variance")]
        warnings.append("Standard errors are left out: no development year has two links, which alone show a variance.")
    table = rows(triangle, to_ultimate, reserve, chain, mack, one_year, premium, loss_ratio)
    summary, distribution = summarise(latest, reserve, mack, one_year)
    if loss_ratio is not None:
        summary["Expected loss ratio"] = float(premium @ loss_ratio / premium.sum())
    if (reserve < 0).any():
        names = ", ".join(triangle.origins[i] for i in np.flatnonzero(reserve < 0))
        warnings.append(f"The reserve of {names} is below 0: amounts are expected to be recovered.")
    result = {
        "summary": summary,
        "table": table,
        "tables": {
            "Development factors": factors(triangle, developed),
            "Completed triangle": matrix(triangle, full),
            "Individual factors": matrix(triangle, individual_factors(triangle), links=True),
        },
        "charts": charts(triangle, developed, full, table, mack, one_year),
        "notes": NOTES[method],
        "warnings": warnings,
    }
    if mack is not None:
        result["tables"] |= {
            "Standard errors of individual factors": matrix(triangle, errors.individual(developed, full), links=True),
            "Standard errors by development year": matrix(triangle, mack.path),
        }
    if run_off is not None:
        result["tables"] |= {
            "Claims development result by year": development_results(run_off[1], mack.total),
            "Claims development result by origin year": coming_years(triangle, run_off[0]),
        }
    if distribution:
        result["tables"]["Total reserve"] = distribution
        result["charts"].append(distribution_chart(float(reserve.sum()), mack.total, distribution))
    return result


def individual_factors(triangle):
    """Return the observed factors from each development year to the next, shape (m, n - 1), NaN where there is none."""
    now, after = triangle.values[:, :-1], triangle.values[:, 1:]
    return np.divide(after, now, out=np.full(now.shape, np.nan), where=now > 0)


def one_year_errors(triangle, developed, full, inputs):
    """Return the errors of the coming years' claims development results, or None and why there are none."""
    if triangle.grain["development"] != "year":
        return None, f"a diagonal of this triangle is a {triangle.grain['development']} and not a year"
    if inputs["averaging"] != "volume":
        return None, "its formulas hold for factors averaged by volume"
    if inputs["years"]:
        return None, "its formulas hold for factors of all years"
    if inputs["tail"] != 1:
        return None, "its formulas hold without a tail"
    found = errors.run_off(triangle, developed, full)
    if found is None:
        return None, "its formulas hold for one origin year on each diagonal, with a latest amount above 0"
    return found, None


def development_results(by_year, ultimate):
    """Return the standard error of each coming year's claims development result, and its share of the variance."""
    variance = float(np.sum(np.square(by_year)))
    return [
        {"year": k + 1, "se": float(e), "share": float(e * e / variance) if variance > 0 else None}
        for k, e in enumerate(by_year)
    ] + [{"year": "to ultimate", "se": ultimate, "share": 1.0 if variance > 0 else None}]


def matrix(triangle, values, *, links=False):
    """Return one row for each origin: year_1, year_2, ... or month_12, ...; link_1, ... for links from a column on.

    Columns that hold no number at all are left out. Cells without a number are None, so that the columns stand in their
    order whatever the first row holds.
    """
    prefix = "link" if links else triangle.head_unit.replace("-", "_")
    return _by_column(triangle, values, [f"{prefix}_{triangle.head(k)}" for k in range(values.shape[1])])


def coming_years(triangle, values):
    """Return one row for each origin with a column for each coming year, those without an error left empty."""
    return _by_column(triangle, np.where(values > 0, values, np.nan), [f"year_{k + 1}" for k in range(values.shape[1])])


def _by_column(triangle, values, keys):
    shown = np.flatnonzero(~np.isnan(values).all(axis=0))
    return [
        {"origin": name, **{keys[k]: None if math.isnan(line[k]) else float(line[k]) for k in shown}}
        for name, line in zip(triangle.origins, values, strict=True)
    ]


def premiums(triangle, each, *, typed=True):
    """Return the premium of every origin year, shape (m,): the table's, or `each` where it gives none.

    `typed` says whether the triangle is the table of the inputs, or a published one.

    Raises:
        ValueError: naming the origin years without a premium.
    """
    premium = np.where(np.isnan(triangle.premium), each, triangle.premium)
    zero = [
        f"inputs.triangle.measures.premium[{i}][0]: {p:,.10g} is not above 0, and this method takes claims to "
        "premiums. Give more, or leave it empty for the one premium of all years."
        for i, p in enumerate(triangle.premium)
        if p <= 0
    ]
    if zero:
        raise ValueError("\n".join(zero[:10]) + (f"\nand {len(zero) - 10} more." if len(zero) > 10 else ""))
    lacking = [name for name, p in zip(triangle.origins, premium, strict=True) if not p > 0]
    if lacking and typed:
        raise ValueError(
            f"inputs.triangle.measures.premium: origins {', '.join(lacking[:10])} have no premium, which this method "
            "needs. Fill the column, or give one premium for all years."
        )
    if lacking:
        raise ValueError(
            f"inputs.premium_each: the published triangle has no premiums for {', '.join(lacking[:10])}, which this "
            "method needs. Give one premium for all years."
        )
    return premium


def doubts(triangle, reserve, mack, inputs):
    """Return sentences about figures that are exact by their formulas and say little all the same."""
    found = []
    empty = [name for name, amount in zip(triangle.origins, triangle.diagonal, strict=True) if amount == 0]
    if empty:
        found.append(
            f"The latest amount of {', '.join(empty[:10])} is 0, so chain ladder reserves nothing for it. "
            "Bornhuetter-Ferguson or Cape Cod reserve for such years."
        )
    total = float(reserve.sum())
    if mack.total > abs(total) > 0:
        found.append(
            f"The standard error is {mack.total / abs(total):,.3g} times the reserve: neither it nor any percentile "
            "says much about this triangle. Look at its early development years."
        )
    if inputs["tail"] == 1 and (inputs["tail_error"] or inputs["tail_sigma"]):
        found.append("Standard error and sigma of the tail are not used, because the tail factor is 1.")
    return found


def cape_cod(latest, premium, to_ultimate, trend, decay):
    """Return the expected loss ratio of each origin year, shape (m,).

    ELR_i = Σ_j C_j (1 + trend)^(i - j) d^|i-j| / Σ_j (P_j / CDF_j) d^|i-j|; with d = 1 and no trend it is one figure.

    Source: Bühlmann (1983), Estimation of IBNR reserves by the methods chain ladder, Cape Cod and complementary loss
    ratio; Gluck (1997), Balancing Development and Trend in Loss Reserve Analysis, PCAS 84.
    """
    apart = np.subtract.outer(np.arange(len(latest)), np.arange(len(latest)))
    weight = np.where(apart == 0, 1.0, decay ** np.abs(apart))
    return (weight * (1 + trend) ** apart) @ latest / (weight @ (premium / to_ultimate))


def summarise(latest, reserve, mack, one_year):
    """Return summary figures, and percentiles of the total reserve under a lognormal distribution.

    Source: Mack (1994), Measuring the Variability of Chain Ladder Reserve Estimates, CAS Forum, Spring 1994, section 5.
    """
    total = float(reserve.sum())
    summary = {
        "Total IBNR": total,
        "Total ultimate": float(latest.sum()) + total,
        "Latest diagonal": float(latest.sum()),
    }
    if mack is None:
        return summary, []
    summary |= {
        "Mack standard error": mack.total,
        "Process error": mack.total_process,
        "Parameter error": mack.total_parameter,
    }
    if one_year is not None:
        summary["One-year standard error (CDR)"] = one_year[1]
    if total <= 0 or mack.total <= 0:
        return summary, []
    summary["Coefficient of variation"] = mack.total / total
    if math.sqrt(math.log1p((mack.total / total) ** 2)) > WIDEST:
        return summary, []
    found = []
    for level in LEVELS:
        item = {"level": 100 * level, "reserve": lognormal(total, mack.total, level)}
        if one_year is not None:
            item["one_year"] = lognormal(total, one_year[1], level)
        found.append(item)
    summary["Reserve at 99.5 %"] = found[-1]["reserve"]
    if one_year is not None:
        summary["One-year loss at 99.5 %"] = found[-1]["one_year"] - total
    return summary, found


def lognormal(mean, deviation, level):
    """Return the quantile at `level` of the lognormal distribution with this mean and standard deviation."""
    s = math.sqrt(math.log1p((deviation / mean) ** 2))
    return mean * math.exp(s * float(ndtri(level)) - s * s / 2)


def rows(triangle, to_ultimate, reserve, chain, mack, one_year, premium, loss_ratio):
    """Return one row per origin year."""
    found, latest = [], triangle.diagonal
    for i, name in enumerate(triangle.origins):
        ultimate = latest[i] + reserve[i]
        row = {
            "origin": name,
            "latest": float(latest[i]),
            "developed": float(1 / to_ultimate[i]) if to_ultimate[i] > 0 else None,
            "to_ultimate": float(to_ultimate[i]),
            "ultimate": float(ultimate),
            "ibnr": float(reserve[i]),
        }
        if mack is not None:
            row["se"] = float(mack.by_origin[i])
            row["cv"] = float(mack.by_origin[i] / reserve[i]) if reserve[i] > 0 else None
            row["process"], row["parameter"] = float(mack.process[i]), float(mack.parameter[i])
        if one_year is not None:
            row["one_year"] = float(one_year[0][i])
        if loss_ratio is not None:
            row["chain_ladder"] = float(chain[i])
            row["a_priori"] = float(loss_ratio[i])
        if (premium > 0).all():
            row["premium"], row["loss_ratio"] = float(premium[i]), float(ultimate / premium[i])
        found.append(row)
    return found


def factors(triangle, developed):
    """Return one row per development factor, the tail last."""
    n = triangle.values.shape[1]
    return [
        {
            "from": f"{triangle.head(k)} to {triangle.head(k + 1)}" if k < n - 1 else "tail",
            "factor": float(developed.factor[k]),
            "error": float(developed.error[k]),
            "sigma": float(developed.sigma[k]),
            "links": int(developed.links[k]),
            "sigma_from": "extrapolated" if developed.extrapolated[k] else "estimated",
            "to_ultimate": float(developed.to_ultimate[k]),
        }
        for k in range(len(developed.factor))
    ]


def charts(triangle, developed, full, table, mack, one_year):
    """Return the completed triangle, the reserves, the factors and the development curves."""
    n, names = full.shape[1], triangle.origins
    heads, by_origin = triangle.heads, f"Origin {triangle.grain['origin']}"
    columns = [str(head) for head in heads] + ["ultimate"] * (n - len(heads))
    reserve = {"name": "IBNR", "y": [r["ibnr"] for r in table]}
    if mack is not None:
        reserve["lower"] = [r["ibnr"] - r["se"] for r in table]
        reserve["upper"] = [r["ibnr"] + r["se"] for r in table]
    low, high = developed.factor - developed.error, developed.factor + developed.error
    shown = range(max(0, len(names) - 12), len(names))
    found = [
        {
            "kind": "triangle",
            "title": "Cumulative amounts, completed by chain ladder",
            "x_label": f"Development {triangle.head_unit}",
            "y_label": by_origin,
            "unit": "currency",
            "data": {
                "rows": names,
                "columns": columns,
                "values": [[None if math.isnan(v) else v for v in line] for line in full.tolist()],
                "projected": [[k > last for k in range(n)] for last in triangle.latest.tolist()],
            },
        },
        {
            "kind": "bar",
            "title": "Reserve by origin year" + ("" if mack is None else ", with one standard error"),
            "x_label": by_origin,
            "y_label": "IBNR (currency)",
            "data": {"x": names, "series": [reserve]},
        },
        {
            "kind": "line",
            "title": "Development factors, with one standard error",
            "x_label": f"From development {triangle.head_unit}",
            "y_label": "Factor",
            "data": {
                "x": [triangle.head(k) for k in range(len(developed.factor))],
                "series": [
                    {"name": "Factor", "y": developed.factor.tolist(), "lower": low.tolist(), "upper": high.tolist()}
                ],
            },
        },
        {
            "kind": "line",
            "title": "Development to date" + (" of the last 12 origins" if len(names) > 12 else ""),
            "x_label": f"Development {triangle.head_unit}",
            "y_label": "Cumulative amount (currency)",
            "data": {
                "x": heads,
                "series": [
                    {"name": names[i], "y": [None if math.isnan(v) else v for v in triangle.values[i].tolist()]}
                    for i in shown
                ],
            },
        },
    ]
    if one_year is not None:
        found.append(
            {
                "kind": "bar",
                "title": "Standard error to ultimate and over one year",
                "x_label": by_origin,
                "y_label": "Standard error (currency)",
                "data": {
                    "x": names,
                    "series": [
                        {"name": "To ultimate (Mack)", "y": [r["se"] for r in table]},
                        {"name": "One year (Merz-Wüthrich)", "y": [r["one_year"] for r in table]},
                    ],
                },
            }
        )
    return found


def distribution_chart(mean, deviation, distribution):
    """Return the lognormal distribution of the total reserve as probabilities of bins, percentiles marked."""
    s = math.sqrt(math.log1p((deviation / mean) ** 2))
    z = np.linspace(-3.5, 3.5, BINS + 1)
    edges = np.linspace(mean * math.exp(s * z[0] - s * s / 2), mean * math.exp(s * z[-1] - s * s / 2), BINS + 1)
    chances = np.diff(ndtr((np.log(edges / mean) + s * s / 2) / s))
    marked = [item for item in distribution if item["level"] in {75.0, 95.0, 99.5}]
    return {
        "kind": "histogram",
        "title": "Distribution of the total reserve, lognormal",
        "x_label": "Total reserve (currency)",
        "y_label": "Probability",
        "data": {
            "edges": edges.tolist(),
            "counts": chances.tolist(),
            "markers": [{"label": "Mean", "x": mean}]
            + [{"label": f"{item['level']:g} %", "x": item["reserve"]} for item in marked],
        },
    }


NOTES = {
    "chain_ladder": "Reserve = latest amount × (factor to ultimate - 1). The total's percentiles are those of a "
    "lognormal distribution with the chain-ladder mean and Mack's standard error.",
    "bornhuetter_ferguson": "Reserve = premium × a-priori loss ratio × share still to develop. The column chain ladder "
    "is for comparison.",
    "cape_cod": "Reserve = premium × expected loss ratio × share still to develop, the loss ratio estimated from the "
    "triangle. The column chain ladder is for comparison.",
}
