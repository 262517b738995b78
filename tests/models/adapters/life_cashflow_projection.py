"""Runs life_projection for the cases of life_cashflow_projection.json and reads the expected values off its results."""

import json
import re

MODELS = ("life_projection",)
MODEL = "life_projection"
ALL = 10_000  # policies of lifelib's sample
DURATIONS = 6
LABELS = {
    "premium": "Premium a month",
    "pv_premiums": "Present value of premiums",
    "pv_claims": "Present value of claims",
    "pv_expenses": "Present value of expenses",
    "pv_commissions": "Present value of commissions",
    "pv_net": "Present value of net cash flows",
}


def runs(case, folder):
    """Return the runs of life_projection that this case needs: one for each portfolio it asks about."""
    inputs = case["inputs"]
    base = _assumptions(json.loads((folder / inputs["assumptions"]).read_text())) | {"stresses": []}
    for key in ("mortality_multiplier", "lapse_multiplier"):
        if key in inputs:
            base[key] = round(inputs[key] * 100, 6)
    points = inputs.get("points")
    if points is None:
        points = [{key: inputs[key] for key in ("age", "term", "sum_assured")}]
    if isinstance(points, list):
        return [(MODEL, base | {"portfolio": "own", "points": points})]
    first = int(re.fullmatch(r"first (\d+)", points)[1])
    return [(MODEL, base | {"portfolio": "lifelib", "policies": n}) for n in _sizes(case["expect"], first)]


def measured(case, results):
    """Return what the results say about each expected value."""
    expect = case["expect"]
    if isinstance(case["inputs"].get("points"), str):
        return {
            key: result["summary"][LABELS[re.sub(r"_(block\d+|all)$", "", key)]]
            for key, result in zip(expect, results, strict=True)
        }
    return {key: results[0]["summary"][LABELS[key]] for key in expect}


def _sizes(expect, first):
    return [ALL if key.endswith("_all") else first for key in expect]


def _assumptions(data):
    start = data["mort_table_start_age"]
    rows = [
        {"age": start + i} | {f"duration_{k}": q for k, q in enumerate(row[:DURATIONS])}
        for i, row in enumerate(data["mort_table"])
    ]
    top, step, floor = map(
        float, re.match(r"max\(([\d.]+)-([\d.]+)\*duration,([\d.]+)\)", data["lapse"].replace(" ", "")).groups()
    )
    lapses = [max(top - step * k, floor) for k in range(80)]
    commission = re.match(r"([\d.]+)%", data["commission"])
    return {
        "mortality": "own",
        "own_mortality": rows,
        "lapses": [{"year": k + 1, "rate": rate * 100} for k, rate in enumerate(lapses)],
        "curve": [{"year": k + 1, "rate": rate * 100} for k, rate in enumerate(data["disc_rate_annual"])],
        "acquisition": data["expense_acq"],
        "maintenance": data["expense_maint"],
        "inflation": round(data["inflation"] * 100, 6),
        "loading": round(data["loading"] * 100, 6),
        "commission": float(commission[1]),
    }
