"""Credibility premiums: own experience weighed against the collective's.

Chosen: Bühlmann-Straub with the unbiased or the iterative estimator of the between variance, and a collective
premium weighted with the credibilities; Bühlmann is the same with every weight 1; limited fluctuation beside them.
Left out: regression, hierarchical and multidimensional models.
"""

import numpy as np
from scipy.special import ndtri

SHOWN = 8  # problems named in one message
ITERATIONS, TOLERANCE = 500, 1e-13


def run(inputs):
    """Return premiums and structure parameters for `inputs` (keys as in manifest.json).

    Raises:
        ValueError: the experience has too few risks or periods, or a cell does not fit.
    """
    method, warnings = inputs["method"], []
    names, periods, risk, ratio, weight = read(inputs["experience"], equal=method == "buhlmann")
    total = np.bincount(risk, weights=weight)
    own = np.bincount(risk, weights=weight * ratio) / total
    if method == "limited":
        z, collective, summary = limited_fluctuation(total, own, inputs)
    else:
        within = within_variance(ratio, weight, risk, own)
        between = between_unbiased(own, total, within)
        if between <= 0:
            warnings.append(
                f"The unbiased estimate of the between variance is {between:,.6g}: the risks differ by no more than "
                "chance explains, so all of them pay the collective premium."
            )
        if inputs["estimator"] == "iterative" and between > 0:
            between = between_iterative(own, total, within, between)
        between = max(float(between), 0.0)
        z = credibility(total, within, between)
        collective = float(z @ own / z.sum()) if z.sum() > 0 else float(total @ own / total.sum())
        summary = {"Collective premium": collective, "Between variance": between, "Within variance": within}
        if between > 0:
            summary["Credibility coefficient K"] = within / between
    premium = z * own + (1 - z) * collective
    summary |= {"Lowest credibility": float(z.min()), "Highest credibility": float(z.max())}
    table = [
        {
            "risk": name,
            "periods": int(count),
            "weight": float(w),
            "mean": float(m),
            "z": float(c),
            "premium": float(p),
            "change": float(p / collective - 1) if collective else None,
        }
        for name, count, w, m, c, p in zip(names, np.bincount(risk), total, own, z, premium, strict=True)
    ]
    return {
        "summary": summary,
        "table": table,
        "charts": charts(names, periods, risk, ratio, table, collective),
        "notes": NOTES[method],
        "warnings": warnings,
    }


def read(rows, *, equal):
    """Return names of risks and periods, and per row the index of the risk, ratio and weight.

    Rows of weight 0 carry no experience and are left out; with `equal` every other weight is 1.

    Raises:
        ValueError: naming every cell that does not fit.
    """
    problems, seen, kept = [], set(), []
    for i, row in enumerate(rows):
        weight = row.get("weight")
        period = row.get("period")
        if weight is None:
            if not equal:
                problems.append(f"inputs.experience[{i}].weight: the cell is empty. Give a weight, or use Bühlmann.")
            weight = 1.0
        if period is not None and (row["risk"], period) in seen:
            problems.append(f"inputs.experience[{i}].period: {row['risk']} has {period} twice. Add up the two rows.")
        seen.add((row["risk"], period))
        if weight > 0:
            kept.append((row["risk"], period, row["ratio"], 1.0 if equal else weight))
    names = list(dict.fromkeys(k[0] for k in kept))
    if len(names) < 2:
        problems.append(f"inputs.experience.risk: there are {len(names)} risks with experience. Give at least 2.")
    elif len(kept) == len(names):
        problems.append("inputs.experience.period: no risk has a second period. Give one, or nothing can vary within.")
    if problems:
        more = len(problems) - SHOWN
        raise ValueError("\n".join(problems[:SHOWN]) + (f"\nand {more} more." if more > 0 else ""))
    index = {name: i for i, name in enumerate(names)}
    risk = np.array([index[k[0]] for k in kept])
    order = count_in_risk(risk)
    periods = [k[1] if k[1] is not None else str(n + 1) for k, n in zip(kept, order, strict=True)]
    return names, periods, risk, np.array([k[2] for k in kept], float), np.array([k[3] for k in kept], float)


def count_in_risk(risk):
    """Return, for each row, how many rows of its risk stand before it."""
    counts, found = {}, []
    for i in risk:
        found.append(counts.get(i, 0))
        counts[i] = found[-1] + 1
    return found


def within_variance(ratio, weight, risk, own):
    """Return the within variance: Σ w (X - X_i)² over Σ (n_i - 1).

    Source: Bühlmann and Gisler (2005), section 4.8, eq. 4.24.
    """
    freedom = len(ratio) - own.size
    return float(weight @ np.square(ratio - own[risk]) / freedom)


def between_unbiased(own, total, within):
    """Return the unbiased estimate of the between variance, which can be below 0.

    w (Σ w_i (X_i - X)² - (I - 1) s²) / (w² - Σ w_i²)

    Source: Bühlmann and Gisler (2005), section 4.8, eq. 4.26.
    """
    w = total.sum()
    spread = total @ np.square(own - total @ own / w)
    return float(w * (spread - (own.size - 1) * within) / (w * w - total @ total))


def between_iterative(own, total, within, start):
    """Return the fixed point of Σ z_i (X_i - X_z)² / (I - 1), with X_z weighted with the credibilities.

    Source: Bichsel and Straub, in Goovaerts and Hoogstad (1987), Credibility Theory, section 2.4;
    Dutang, Goulet and Pigeon (2008), section 4.2.
    """
    between = start
    for _ in range(ITERATIONS):
        z = credibility(total, within, between)
        if not z.sum() > 0:
            return 0.0
        new = float(z @ np.square(own - z @ own / z.sum()) / (own.size - 1))
        if abs(new - between) <= TOLERANCE * between:
            return new
        between = new
    return between


def credibility(total, within, between):
    """Return Z_i = w_i / (w_i + within / between), 0 where the risks do not differ.

    Source: Bühlmann and Gisler (2005), theorem 4.2.
    """
    return total * between / (total * between + within) if between > 0 else np.zeros_like(total)


def limited_fluctuation(total, own, inputs):
    """Return credibilities, complement and summary of limited fluctuation (square root rule).

    Full credibility takes (y/k)² (1 + cv²) claims, y the normal quantile of (1 + p)/2; below it
    Z = √(n / full). The complement is the mean over all risks.

    Source: Klugman, Panjer and Willmot (2019), sections 16.3 and 16.4.
    """
    y = ndtri((1 + inputs["probability"] / 100) / 2)
    full = float((y / (inputs["margin"] / 100)) ** 2 * (1 + inputs["severity_cv"] ** 2))
    collective = float(total @ own / total.sum())
    z = np.minimum(np.sqrt(total / full), 1.0)
    return z, collective, {"Collective premium": collective, "Full credibility standard": full}


def charts(names, periods, risk, ratio, table, collective):
    """Return the charts of premiums, credibilities and experience."""
    axis = sorted(set(periods), key=periods.index)
    lines = []
    for i, name in enumerate(names[:12]):
        given = dict(zip(np.array(periods)[risk == i], ratio[risk == i].tolist(), strict=True))
        lines.append({"name": name, "y": [given.get(p) for p in axis]})
    return [
        {
            "kind": "bar",
            "title": "Own mean, collective and credibility premium",
            "x_label": "Risk",
            "y_label": "Ratio (claims per unit of weight)",
            "data": {
                "x": names,
                "series": [
                    {"name": "Own mean", "y": [r["mean"] for r in table]},
                    {"name": "Credibility premium", "y": [r["premium"] for r in table]},
                    {"name": "Collective", "y": [collective] * len(names)},
                ],
            },
        },
        {
            "kind": "bar",
            "title": "Credibility by risk",
            "x_label": "Risk",
            "y_label": "Credibility Z (%)",
            "data": {"x": names, "series": [{"name": "Z", "y": [100 * r["z"] for r in table]}]},
        },
        {
            "kind": "line",
            "title": "Experience" + (" of the first 12 risks" if len(names) > 12 else ""),
            "x_label": "Period",
            "y_label": "Ratio (claims per unit of weight)",
            "data": {"x": axis, "series": lines},
        },
    ]


NOTES = {
    "buhlmann_straub": "Z = w / (w + K). The collective premium is weighted with the credibilities, not with the "
    "weights: it is the best linear estimate where the risks differ.",
    "buhlmann": "Every period counts the same; the weights given are not used.",
    "limited": "The square root rule: Z = √(claims / full credibility standard), at most 1.",
}
