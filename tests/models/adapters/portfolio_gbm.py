"""Cases of portfolio_gbm.json as runs of `pricer`: equal assets bought and held, sampled with Sobol's points.

Only the value at the horizon is looked at, so yearly steps do: they are exact at any length.
"""

import re

MODELS = ("pricer",)
PERCENT = {"mu": "drift", "sigma": "volatility", "corr": "correlation", "confidence": "confidence", "r": "risk_free"}
PLAIN = {"n_assets": "n_assets", "S0": "initial", "T": "years", "years": "years", "seed": "seed"}
PATHS = 131_072
DIGITS = 8


def runs(case, folder):
    """Return the one run of this case; a case that names no number of assets has one."""
    del folder
    given = case["inputs"]
    inputs = {"n_assets": 1, "correlation": 0, "sampling": "sobol", "paths": PATHS, "steps_per_year": 1}
    inputs |= {PERCENT[key]: round(100 * value, DIGITS) for key, value in given.items() if key in PERCENT}
    inputs |= {PLAIN[key]: round(value, DIGITS) for key, value in given.items() if key in PLAIN}
    if "lower" in case["expect"]:
        inputs["normal_quantile"] = "printed"  # textbooks take 1.96
    return [("pricer", inputs)]


def measured(case, results):
    """Return simulated moments, percentiles (`p5`), `var_995` and `es_995`, and the interval of one asset."""
    result, expect = results[0], case["expect"]
    summary, asset = result["summary"], result["tables"]["Assets in closed form"][0]
    percentiles = {row["percentile"]: row["value"] for row in result["table"]}
    found = {
        "mean": summary["Mean value"],
        "sd": summary["Standard deviation"],
        "lower": asset["lower"],
        "upper": asset["upper"],
    }
    for key in expect:
        if re.fullmatch(r"p\d+(_\d+)?", key):
            found[key] = percentiles.get(float(key[1:].replace("_", ".")))
        elif re.fullmatch(r"var(_\d+)?", key):
            found[key] = summary["Value at risk"]
        elif re.fullmatch(r"es(_\d+)?", key):
            found[key] = summary["Expected shortfall"]
    return {key: found[key] for key in expect if found.get(key) is not None}


def tolerance(case, path):
    """Return the tolerances that a case states in words: the mean within 4 standard errors, the deviation within 3 %."""
    if "sd within 3%" not in case.get("note", ""):
        return None
    if path == ["sd"]:
        return {"rtol": 0.03}
    if path == ["mean"] and "sd" in case["expect"]:
        return {"atol": 4 * case["expect"]["sd"] / PATHS**0.5}
    return None
