"""Cases of portfolio_gbm.json as runs of `pricer`: assets bought and held, sampled with Sobol's points.

Only the value at the horizon is looked at, so yearly steps do: they are exact at any length. A portfolio that is
rebalanced takes the steps that its case names. `published` is what a textbook prints after rounding its logarithms.
"""

import re

MODELS = ("pricer",)
COMMENTARY = ("published",)
PERCENT = {"corr": "correlation", "rho": "correlation", "r": "risk_free", "rf": "risk_free"}
PLAIN = {"S0": "initial", "initial": "initial", "T": "years", "years": "years", "seed": "seed"}
PLAIN |= {"steps_per_year": "steps_per_year"}
PATHS = 131_072
DIGITS = 8


def runs(case, folder):
    """Return a run for each confidence that the case names; one that names no number of assets has one asset."""
    del folder
    given = case["inputs"]
    inputs = {"n_assets": 1, "correlation": 0, "sampling": "sobol", "paths": PATHS, "steps_per_year": 1}
    inputs |= {PLAIN[key]: round(given[key], DIGITS) for key in PLAIN if key in given}
    inputs |= {
        PERCENT[key]: _percent(given[key]) for key in PERCENT if key in given and not isinstance(given[key], list)
    }
    if given.get("rebalance", given.get("strategy", "hold")) not in {False, "hold", "buy_and_hold"}:
        inputs["strategy"] = "rebalance"
    inputs |= _assets(given)
    if "lower" in case["expect"] and not given.get("exact_quantile"):
        inputs["normal_quantile"] = "printed"  # textbooks take 1.96
    return [("pricer", inputs | {"confidence": level}) for level in _levels(case)]


def measured(case, results):
    """Return moments, percentiles (`p5`), `var_995` and `es_995`, the chance of a loss, and the interval of one asset."""
    by_level = dict(zip(_levels(case), results, strict=True))
    result = results[0]
    summary, asset = result["summary"], result["tables"]["Assets in closed form"][0]
    percentiles = {row["percentile"]: row["value"] for row in result["table"]}
    found = {
        "mean": summary["Mean value"],
        "exact_mean": summary["Exact mean value"],
        "sd": summary["Standard deviation"],
        "exact_sd": summary["Exact standard deviation"],
        "median": summary["Median value"],
        "prob_loss": summary["Probability of a loss"],
        "p_loss": summary["Probability of a loss"],
        "lower": asset["lower"],
        "upper": asset["upper"],
        "variance": summary["Standard deviation"] ** 2,
    }
    for key in case["expect"]:
        if re.fullmatch(r"p\d+([._]\d+)?", key):
            found[key] = _percentile(percentiles, key[1:].replace("_", "."))
            continue
        match = re.fullmatch(r"(var|es|cte|tvar)(?:_?(\d+(?:\.\d+)?))?", key)
        if match:
            level = _level(match[2]) if match[2] else next(iter(by_level))
            label = "Value at risk" if match[1] == "var" else "Expected shortfall"
            found[key] = by_level[level]["summary"][label]
    return {key: found[key] for key in case["expect"] if found.get(key) is not None}


def tolerance(case, path):
    """Return the tolerances that a case states in words: the mean within 4 standard errors, the deviation within 3 %."""
    if "sd within 3%" not in case.get("note", ""):
        return None
    if path == ["sd"]:
        return {"rtol": 0.03}
    if path == ["mean"] and "sd" in case["expect"]:
        return {"atol": 4 * case["expect"]["sd"] / PATHS**0.5}
    return None


def _assets(given):
    """Return the assets: equal ones, or a table where anything differs between them."""
    lists = {key: given[key] for key in ("mu", "sigma", "weights", "corr", "rho") if isinstance(given.get(key), list)}
    count = int(given.get("n_assets", max((len(v) for v in lists.values()), default=1)))
    if not lists:
        return {"n_assets": count, "drift": _percent(given["mu"]), "volatility": _percent(given["sigma"])}
    if any(len(v) != count for v in lists.values()):
        raise LookupError(f"inputs: lists of other lengths than {count} assets")
    columns = {"weight": given.get("weights", 1), "drift": given["mu"], "volatility": given["sigma"]}
    rows = [{"asset": f"Asset {i + 1}"} for i in range(count)]
    for key, values in columns.items():
        for row, value in zip(rows, values if isinstance(values, list) else [values] * count, strict=True):
            row[key] = value if key == "weight" else _percent(value)
    matrix = lists.get("corr", lists.get("rho", []))
    correlations = [{f"c{j}": value for j, value in enumerate(line, start=1)} for line in matrix]
    return {"portfolio": "own", "assets": rows, "correlations": correlations}


def _percent(value):
    return round(100 * value, DIGITS)


def _percentile(percentiles, text):
    """Return the percentile of a key's digits: p5 is 5, and p995, which no percentage is, 99.5."""
    value = float(text)
    return percentiles.get(value if value <= 100 else value / 10 ** (len(text.split(".")[0]) - 2))


def _level(text):
    """Return a confidence in percent from a key's digits: 95, 99.5, and 995, which no percentage is."""
    value = float(text)
    return value if value <= 100 else value / 10 ** (len(text) - 2)


def _levels(case):
    """Return the confidences in percent that inputs and keys name, the inputs' own first."""
    own = [_percent(case["inputs"]["confidence"])] if "confidence" in case["inputs"] else []
    named = [re.fullmatch(r"(?:var|es|cte|tvar)_?(\d+(?:\.\d+)?)", key) for key in case["expect"]]
    return list(dict.fromkeys([*own, *(_level(m[1]) for m in named if m)])) or [99.5]
