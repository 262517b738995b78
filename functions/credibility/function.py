"""Credibility premiums: own experience weighed against the collective's.

Chosen: Bühlmann-Straub with the unbiased or the iterative estimator of the between variance, and a collective
premium weighted with the credibilities; Bühlmann is the same with every weight 1; limited fluctuation beside them;
Jewell's hierarchical model, which puts groups between risks and collective.
Left out: regression, more than one level of groups, and multidimensional models.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

SHOWN = 8  # problems named in one message
ITERATIONS, TOLERANCE = 20_000, 1e-13
VANISHED = 1e-12  # of the unbiased estimate: an iteration that falls so low goes to 0
RESIDUE = 1e-28  # of the square of a mean: a variance that small is rounding


def run(inputs):
    """Return premiums and structure parameters for `inputs` (keys as in manifest.json).

    Raises:
        ValueError: the experience has too few risks or periods, or a cell does not fit.
    """
    method, warnings = inputs["method"], []
    data = read(inputs["experience"], method, alone=method == "limited" and inputs["complement"] == "given")
    total = np.bincount(data.risk, weights=data.weight)
    own = np.bincount(data.risk, weights=data.weight * data.ratio) / total
    groups = []
    if method == "limited":
        z, collective, summary = limited_fluctuation(total, own, inputs)
        premium = z * own + (1 - z) * collective
    else:
        within = within_variance(data.ratio, data.weight, data.risk, own)
        if method == "hierarchical":
            z, premium, summary, groups = jewell(own, total, data, within, inputs["estimator"], warnings)
            collective = summary["Collective premium"]
        else:
            z, collective, summary = one_level(own, total, within, inputs["estimator"], warnings)
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
            # Over its size, so that a rise is above 0 where the collective premium is below it.
            "change": float((p - collective) / abs(collective)) if collective else None,
        }
        for name, count, w, m, c, p in zip(data.names, np.bincount(data.risk), total, own, z, premium, strict=True)
    ]
    if groups:
        table = [{"group": data.groups[g], **row} for g, row in zip(data.group, table, strict=True)]
    return {
        "summary": summary,
        "table": table,
        "tables": {"Groups": groups} if groups else {},
        "charts": charts(data, table, groups, collective),
        "notes": NOTES[method],
        "warnings": warnings,
    }


@dataclass(frozen=True)
class Experience:
    """Names of risks and groups, the group of each risk, and per row period, index of the risk, ratio and weight."""

    names: list
    groups: list
    group: np.ndarray
    periods: list
    risk: np.ndarray
    ratio: np.ndarray
    weight: np.ndarray


def read(rows, method, *, alone=False):
    """Return the experience that the rows hold.

    Rows of weight 0 carry no experience and are left out; Bühlmann's model takes every other weight as 1.

    Args:
        rows: as typed.
        method: of `inputs`.
        alone: whether one risk is enough.

    Raises:
        ValueError: naming every cell that does not fit.
    """
    problems, seen, kept, member = [], set(), [], {}
    equal, nested = method == "buhlmann", method == "hierarchical"
    for i, row in enumerate(rows):
        weight, period, risk = row.get("weight"), (row.get("period") or "").strip() or None, row["risk"].strip()
        group = (row.get("group") or "").strip()
        if nested:
            # Risks of one name in two groups are two risks.
            risk = (group, risk)
            if not group:
                problems.append(f"inputs.experience[{i}].group: the cell is empty. Give the group of {row['risk']}.")
        if weight is None:
            if not equal:
                problems.append(f"inputs.experience[{i}].weight: the cell is empty. Give a weight, or use Bühlmann.")
            weight = 1.0
        if period is not None and (risk, period) in seen:
            problems.append(f"inputs.experience[{i}].period: {row['risk']} has {period} twice. Add up the two rows.")
        seen.add((risk, period))
        if weight > 0:
            kept.append((risk, period, row["ratio"], 1.0 if equal else weight))
            member[risk] = group
    names = list(dict.fromkeys(k[0] for k in kept))
    if len(names) < (1 if alone else 2):
        problems.append(f"inputs.experience.risk: there are {len(names)} risks with experience. Give at least 2.")
    elif len(kept) == len(names) and method != "limited":
        problems.append("inputs.experience.period: no risk has a second period. Give one, or nothing can vary within.")
    groups = list(dict.fromkeys(member[n] for n in names))
    if nested and len(groups) < 2:
        problems.append(f"inputs.experience.group: there are {len(groups)} groups with experience. Give at least 2.")
    elif nested and len(groups) == len(names):
        problems.append("inputs.experience.group: no group has a second risk. Give one, or use Bühlmann-Straub.")
    if problems:
        more = len(problems) - SHOWN
        raise ValueError("\n".join(problems[:SHOWN]) + (f"\nand {more} more." if more > 0 else ""))
    index = {name: i for i, name in enumerate(names)}
    risk = np.array([index[k[0]] for k in kept])
    order = count_in_risk(risk)
    periods = [k[1] if k[1] is not None else str(n + 1) for k, n in zip(kept, order, strict=True)]
    shown = [name[1] for name in names] if nested else names
    if nested:
        repeated = {n for n in shown if shown.count(n) > 1}
        shown = [f"{g}: {n}" if n in repeated else n for g, n in names]
    return Experience(
        shown,
        groups,
        np.array([groups.index(member[n]) for n in names]),
        periods,
        risk,
        np.array([k[2] for k in kept], float),
        np.array([k[3] for k in kept], float),
    )


def one_level(own, total, within, estimator, warnings):
    """Return credibilities, collective premium and summary of Bühlmann-Straub."""
    between = cleared(between_unbiased(own, total, within), own)
    if between <= 0:
        warnings.append(
            f"The unbiased estimate of the between variance is {between:,.6g}: the risks differ by no more than "
            "chance explains, so all of them pay the collective premium."
        )
    if estimator == "iterative" and between > 0:
        between = between_iterative(own, total, within, between)
    between = max(float(between), 0.0)
    z = credibility(total, within, between)
    collective = float(z @ own / z.sum()) if z.sum() > 0 else float(total @ own / total.sum())
    summary = {"Collective premium": collective, "Between variance": between, "Within variance": within}
    if between > 0:
        summary["Credibility coefficient K"] = within / between
    return z, collective, summary


def jewell(own, total, data, within, estimator, warnings):
    """Return credibilities, premiums, summary and the table of groups of the hierarchical model.

    Risks within their group by Z = w / (w + s²/a), groups by Z = Σ Z / (Σ Z + a/b); each group's mean is weighted
    with the credibilities of its risks, the collective premium with those of the groups.

    Args:
        own: mean of every risk, shape (n,).
        total: weight of every risk, shape (n,).
        data: the experience, which holds the group of every risk.
        within: s², the within variance.
        estimator: "unbiased" (Bühlmann-Gisler: the mean over groups, each at least 0), "ohlsson" (one ratio of sums)
            or "iterative".
        warnings: where a variance is not above 0.

    Source: Jewell (1975), Quaderni Istituto Matematica Università Milano; Bühlmann and Gisler (2005), chapter 6;
    Ohlsson (2005), ASTIN Bulletin 35; the iterative estimator as in Goulet (1998), J. Actuarial Practice 6.
    """
    group, number = data.group, len(data.groups)
    size = np.bincount(group)
    a = cleared(within_groups(own, total, group, within, pooled=estimator == "ohlsson"), own)
    if estimator == "iterative" and a > 0:
        a = fixed_point(a, lambda v: _spread(own, credibility(total, within, v), group, int((size - 1).sum())))
    a = max(a, 0.0)
    if a == 0:
        warnings.append(
            "The between variance of risks within their groups is not above 0: they differ by no more than chance "
            "explains, so every risk pays the premium of its group."
        )
    z = credibility(total, within, a)
    # Without credibilities to weight with, a group is one large risk.
    inner = z if a > 0 else total
    weight = np.bincount(group, weights=inner, minlength=number)
    mean = np.bincount(group, weights=inner * own, minlength=number) / weight
    noise = a if a > 0 else within
    b = cleared(between_unbiased(mean, weight, noise), own)
    if estimator == "iterative" and b > 0:
        b = between_iterative(mean, weight, noise, b)
    b = max(float(b), 0.0)
    if b == 0:
        warnings.append(
            "The between variance of the groups is not above 0: they differ by no more than chance explains, so every "
            "group pays the collective premium."
        )
    top = credibility(weight, noise, b)
    collective = float(top @ mean / top.sum()) if b > 0 else float(weight @ mean / weight.sum())
    premiums = top * mean + (1 - top) * collective
    premium = z * own + (1 - z) * premiums[group]
    summary = {
        "Collective premium": collective,
        "Between group variance": b,
        "Between variance": a,
        "Within variance": within,
    }
    rows = [
        {"group": g, "risks": int(n), "group_weight": float(w), "mean": float(m), "z": float(c), "premium": float(p)}
        for g, n, w, m, c, p in zip(data.groups, size, weight, mean, top, premiums, strict=True)
    ]
    return z, premium, summary, rows


def within_groups(own, total, group, within, *, pooled):
    """Return the unbiased estimate of the between variance of risks within their groups, which can be below 0.

    Of group i, with J risks: A = Σ w (X - X_i)² - (J - 1) s² has the mean c a, c = w_i - Σ w² / w_i. Pooled is
    Σ A / Σ c (Ohlsson); else the mean of max(A / c, 0) over groups of two risks or more (Bühlmann and Gisler).
    """
    weight = np.bincount(group, weights=total)
    mean = np.bincount(group, weights=total * own) / weight
    spread = np.bincount(group, weights=total * np.square(own - mean[group]))
    surplus = spread - (np.bincount(group) - 1) * within
    c = weight - np.bincount(group, weights=total * total) / weight
    several = np.bincount(group) > 1
    if pooled:
        return float(surplus[several].sum() / c[several].sum())
    return float(np.maximum(surplus[several] / c[several], 0.0).mean())


def _spread(own, z, group, freedom):
    mean = np.bincount(group, weights=z * own) / np.bincount(group, weights=z)
    return float(z @ np.square(own - mean[group]) / freedom)


def cleared(variance, means):
    """Return a variance, 0 where it is no more than the rounding of the means."""
    return 0.0 if abs(variance) <= RESIDUE * float(np.square(means).max()) else float(variance)


def fixed_point(start, step):
    """Return the value that `step` leaves as it is, 0 where it comes to next to nothing of the start."""
    value = start
    for _ in range(ITERATIONS):
        if not value > VANISHED * start:
            return 0.0
        new = step(value)
        if abs(new - value) <= TOLERANCE * value:
            return new
        value = new
    return value


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

    def step(between):
        z = credibility(total, within, between)
        return float(z @ np.square(own - z @ own / z.sum()) / (own.size - 1)) if z.sum() > 0 else 0.0

    return fixed_point(start, step)


def credibility(total, within, between):
    """Return Z_i = w_i / (w_i + within / between), 0 where the risks do not differ.

    Source: Bühlmann and Gisler (2005), theorem 4.2.
    """
    return total * between / (total * between + within) if between > 0 else np.zeros_like(total)


def limited_fluctuation(total, own, inputs):
    """Return credibilities, complement and summary of limited fluctuation (square root rule).

    Full credibility takes (y/k)² (1 + cv²) claims, y the normal quantile of (1 + p)/2; below it
    Z = √(n / full). The complement is the mean over all risks, or a given premium.

    Source: Klugman, Panjer and Willmot (2019), sections 16.3 and 16.4.
    """
    y = ndtri((1 + inputs["probability"] / 100) / 2)
    full = float((y / (inputs["margin"] / 100)) ** 2 * (1 + inputs["severity_cv"] ** 2))
    collective = inputs["manual"] if inputs["complement"] == "given" else float(total @ own / total.sum())
    z = np.minimum(np.sqrt(total / full), 1.0)
    return z, collective, {"Collective premium": collective, "Full credibility standard": full}


def charts(data, table, groups, collective):
    """Return the charts of premiums, credibilities and experience."""
    axis, names = sorted(set(data.periods), key=data.periods.index), data.names
    lines = []
    for i, name in enumerate(names[:12]):
        here = data.risk == i
        given = dict(zip(np.array(data.periods)[here], data.ratio[here].tolist(), strict=True))
        lines.append({"name": name, "y": [given.get(p) for p in axis]})
    of_group = {row["group"]: row["premium"] for row in groups}
    middle = {"name": "Group", "y": [of_group[row["group"]] for row in table]} if groups else None
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
                    *([middle] if middle else []),
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
    "hierarchical": "A risk's own mean counts against the premium of its group, that of the group against the "
    "collective premium; each mean is weighted with credibilities.",
    "limited": "The square root rule: Z = √(claims / full credibility standard), at most 1.",
}
