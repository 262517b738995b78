"""Runs aggregate_loss for the cases of aggregate_loss_reinsurance.json and reads its results."""

import re

MODELS = ("aggregate_loss",)
MODEL = "aggregate_loss"
FREQUENCIES = {"poisson": {"lam": "lam"}, "negative binomial": {"r": "r", "p": "p"}}
FREQUENCIES["binomial"] = {"m": "risks", "n": "risks", "q": "claim_probability", "p": "claim_probability"}
SEVERITIES = {
    "lognormal": ("mu", "sigma"),
    "gamma": ("shape", "scale"),
    "weibull": ("shape", "scale"),
    "pareto": ("alpha", "theta"),
}
MEASURES = {"mean": "Mean", "sd": "Standard deviation"}


def runs(case, folder):
    """Return the one run of aggregate_loss that this case needs."""
    given, expect = case["inputs"], case["expect"]
    inputs = _frequency(given) | _severity(given)
    if "method" in given:
        inputs["method"] = given["method"].lower().replace(" ", "_")
    levels = [key for name in ("var", "tvar", "quantile") for key in expect.get(name, {})]
    if levels:
        inputs["levels"] = [{"level": _percent(key)} for key in sorted(set(levels), key=float)]
    if "stop_loss" in expect:
        inputs["retentions"] = [{"retention": float(key)} for key in expect["stop_loss"]]
    if "attachment" in given:
        layer = {key: given[key] for key in ("attachment", "limit")}
        layer |= {"aad": given.get("aad"), "reinstatements": given.get("reinstatements"), "rate": given.get("rate")}
        inputs["layers"] = [layer]
    return [(MODEL, inputs)]


def measured(case, results):
    """Return what the result says about each expected value."""
    result = results[0]
    return {key: _one(key, expected, result) for key, expected in case["expect"].items()}


def _one(key, expected, result):
    tables = result["tables"]
    if key in MEASURES:
        return result["summary"][MEASURES[key]]
    first = re.fullmatch(r"(pmf|cdf)_first(\d+)", key)
    if first:
        return tables["Distribution"]["probability" if first[1] == "pmf" else "cdf"][: int(first[2])]
    if key in {"var", "quantile", "tvar"}:
        rows = {round(row["level"], 9): row for row in result["table"]}
        return {p: rows[round(_percent(p), 9)]["tvar" if key == "tvar" else "var"] for p in expected}
    if key == "stop_loss":
        rows = {row["retention"]: row["premium"] for row in tables["Stop loss"]}
        return {d: rows[float(d)] for d in expected}
    names = {"expected_layer_loss": "expected_loss"}
    return tables["Layers"][0].get(names.get(key, key))


def _frequency(given):
    if "frequency_pmf" in given:
        return {"frequency": "own", "frequency_pmf": [{"probability": p} for p in given["frequency_pmf"]]}
    kind = given["frequency"]
    if not isinstance(kind, str):
        return {"frequency": "poisson", "lam": kind}
    names = FREQUENCIES[kind.lower().replace("_", " ")]
    found = {"frequency": kind.lower().replace(" ", "_")}
    return found | {ours: given[theirs] for theirs, ours in names.items() if theirs in given}


def _severity(given):
    if "severity_pmf" in given:
        rows = [{"probability": p} for p in given["severity_pmf"]]
        return {"severity": "own", "severity_pmf": rows, "unit": given.get("unit", 1)}
    kind = given["severity"]
    parameters = given if isinstance(kind, str) else kind
    kind = kind if isinstance(kind, str) else kind["dist"]
    if kind == "exponential":
        scale = parameters.get("scale", parameters.get("mean", parameters.get("theta")))
        return {"severity": "gamma", "shape": 1, "scale": scale}
    return {"severity": kind} | {name: parameters[name] for name in SEVERITIES[kind]}


def _percent(level):
    return round(float(level) * 100, 9)
