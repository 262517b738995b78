"""Runs life_projection for the cases of life_cashflow_projection.json and reads the expected values off its results.

A case names a file of assumptions, one policy or a portfolio, and what it changes: multipliers, single assumptions,
stresses. What is expected of several portfolios says which by its ending: `_block30`, `_all`.
"""

import contextlib
import json
import re

MODELS = ("life_projection",)
MODEL = "life_projection"
ALL = 10_000  # policies of lifelib's sample
DURATIONS = 6
LABELS = {
    "premium": "Premium a month",
    "policies": "Policies",
    "pv_premiums": "Present value of premiums",
    "pv_claims": "Present value of claims",
    "pv_surrenders": "Present value of surrenders",
    "pv_expenses": "Present value of expenses",
    "pv_commissions": "Present value of commissions",
    "pv_net": "Present value of net cash flows",
    "pv_net_cf": "Present value of net cash flows",
    "bel": "Best estimate liability",
    "scr_life": "SCR life underwriting",
}
POINT = {
    "age": "age",
    "age_at_entry": "age",
    "term": "term",
    "policy_term": "term",
    "sum_assured": "sum_assured",
    "policies": "policies",
    "policy_count": "policies",
    "months": "months",
    "duration_mth": "months",
    "premium": "premium",
}
MULTIPLIERS = ("mortality_multiplier", "lapse_multiplier", "expense_multiplier")
# Inputs of a case that stand for one assumption of its file.
OVERRIDES = ("lapse", "expense_acq", "expense_maint", "inflation", "loading", "commission", "disc_rate_annual")
PRODUCTS = {"term": "term", "endowment": "endowment", "annuity": "annuity"}
YEARS = 80


def runs(case, folder):
    """Return the runs of life_projection that this case needs: one for each portfolio it asks about."""
    inputs = case["inputs"]
    data = json.loads((folder / inputs["assumptions"]).read_text())
    data |= {key: inputs.raw(key) for key in OVERRIDES if key in inputs}
    base = _assumptions(data) | {"stresses": inputs.get("stresses", [])}
    for key in MULTIPLIERS:
        if key in inputs:
            base[key] = round(inputs[key] * 100, 6)
    if "product" in inputs:
        base["product"] = PRODUCTS[inputs["product"]]
    if "surrender" in inputs:
        base["surrender"] = round(inputs["surrender"] * 100, 6)
    points = inputs.get("points")
    if points is None:
        points = [{key: inputs[key] for key in POINT if key in inputs}]
    if isinstance(points, list):
        return [(MODEL, base | {"portfolio": "own", "points": [_point(row) for row in points]})]
    sizes = dict.fromkeys(_size(key, str(points)) for key in case["expect"])
    return [(MODEL, base | {"portfolio": "lifelib", "policies": size}) for size in sizes]


def measured(case, results):
    """Return what the results say about each expected value; what the model does not have is left out, and missed."""
    points, expect = case["inputs"].get("points"), case["expect"]
    sampled = isinstance(points, str)
    sizes = list(dict.fromkeys(_size(key, points) for key in expect)) if sampled else []
    found = {}
    for key in expect:
        result = results[sizes.index(_size(key, points))] if sampled else results[0]
        with contextlib.suppress(LookupError):
            found[key] = _figure(re.sub(r"_(block\d+|all)$", "", key), result)
    return found


def _figure(key, result):
    if key in LABELS:
        return result["summary"][LABELS[key]]
    in_force = re.fullmatch(r"in_force_year_(\d+)", key)
    if in_force:
        return result["table"]["in_force"][int(in_force[1]) - 1]
    raise LookupError(f"the adapter does not know the expected value {key}")


def _size(key, points):
    """Return how many policies of the sample an expected value is about."""
    named = re.search(r"_block(\d+)$", key)
    if named:
        return int(named[1])
    first = re.fullmatch(r"first (\d+)", points)
    if key.endswith("_all") or points == "all":
        return ALL
    if not first:
        raise LookupError(f"the adapter does not know the points {points!r}")
    return int(first[1])


def _point(row):
    unknown = [key for key in row if key not in POINT]
    if unknown:
        raise LookupError(f"the adapter does not know {', '.join(unknown)} of a policy")
    return {POINT[key]: value for key, value in row.items()}


def _assumptions(data):
    start = data["mort_table_start_age"]
    rows = [
        {"age": start + i} | {f"duration_{k}": q for k, q in enumerate(row[:DURATIONS])}
        for i, row in enumerate(data["mort_table"])
    ]
    rates = data["disc_rate_annual"]
    rates = rates if isinstance(rates, list) else [rates]
    return {
        "mortality": "own",
        "own_mortality": rows,
        "lapses": [{"year": k + 1, "rate": rate * 100} for k, rate in enumerate(_lapses(data["lapse"]))],
        "curve": [{"year": k + 1, "rate": rate * 100} for k, rate in enumerate(rates)],
        "acquisition": data["expense_acq"],
        "maintenance": data["expense_maint"],
        "inflation": round(data["inflation"] * 100, 6),
        "loading": round(data["loading"] * 100, 6),
        "commission": _commission(data["commission"]),
    }


def _lapses(lapse):
    """Read yearly lapse rates by policy year: a list, one number, or a text such as `max(0.10-0.02*duration,0.02)`."""
    if isinstance(lapse, list):
        return lapse
    if isinstance(lapse, int | float):
        return [float(lapse)]
    falling = re.match(r"max\(([\d.]+)-([\d.]+)\*duration,([\d.]+)\)", lapse.replace(" ", ""))
    if falling:
        top, step, floor = map(float, falling.groups())
        return [max(top - step * k, floor) for k in range(YEARS)]
    level = re.match(r"([\d.]+)\s+annual", lapse)
    if not level:
        raise LookupError(f"the adapter does not know the lapse rates {lapse!r}")
    return [float(level[1])]


def _commission(commission):
    if isinstance(commission, int | float):
        return round(commission * 100, 6)
    stated = re.match(r"([\d.]+)% of first-year premiums", commission)
    if not stated:
        raise LookupError(f"the adapter does not know the commission {commission!r}")
    return float(stated[1])
