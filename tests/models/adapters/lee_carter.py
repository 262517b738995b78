"""Runs mortality_forecast for the cases of lee_carter.json and reads the expected values off its results."""

import json
import re

MODELS = ("mortality_forecast",)
MODEL = "mortality_forecast"
DEFAULT_HORIZON = 25
MEASURES = {
    "deviance": "Deviance",
    "loglik": "Log-likelihood",
    "npar": "Parameters",
    "aic": "AIC",
    "bic": "BIC",
    "explained": "Variance explained",
}


def runs(case, folder):
    """Return the one run of mortality_forecast that this case needs."""
    inputs, expect = case["inputs"], case["expect"]
    data = json.loads((folder / inputs["data"]).read_text())
    rows = [
        {"age": age, "year": year, "deaths": data["deaths"][i][j], "exposure": data["exposure"][i][j]}
        for i, age in enumerate(data["ages"])
        for j, year in enumerate(data["years"])
    ]
    future = [y for y in _years(expect) if y > data["years"][-1]]
    model = "cbd" if inputs.get("model") == "CBD" else f"lc_{inputs.get('method', 'poisson')}"
    return [
        (
            MODEL,
            {
                "data": rows,
                "model": model,
                "clip": inputs.get("clip_cohorts", 0),
                "age": inputs.get("age", data["ages"][0]),
                "horizon": max([y - data["years"][-1] for y in future], default=DEFAULT_HORIZON),
                "simulations": inputs.get("nsim", 100),
                "drift_uncertainty": False,
            },
        )
    ]


def measured(case, results):
    """Return what the result says about each expected value."""
    result = results[0]
    return {key: _one(key, expected, result) for key, expected in case["expect"].items()}


def _one(key, expected, result):
    summary, tables = result["summary"], result["tables"]
    periods = tables["Period indices"]
    names = [name for name in periods if name != "year"]
    if key in MEASURES:
        return summary[MEASURES[key]]
    if key == "drift":
        drift = [summary[f"Drift of {name} a year"] for name in names]
        return drift if isinstance(expected, list) else drift[0]
    if key.startswith("k_"):
        at = {"k_first": 0, "k_last": -1}.get(key)
        at = periods["year"].index(int(key[2:])) if at is None else at
        k = [periods[name][at] for name in names]
        return k if isinstance(expected, list) else k[0]
    if re.fullmatch(r"[ab]x_\d+", key):
        return _by_age(tables, key[:2], int(key[3:]))
    if key in {"ax", "bx"}:
        return {age: _by_age(tables, key, int(age)) for age in expected}
    if re.fullmatch(r"q\d\d5?", key):
        table, level = result["table"], key[1:3] + ("_5" if len(key) == 4 else "")
        return {year: table[f"p{level}"][table["year"].index(int(year))] for year in expected}
    if key in {"qx", "mx"}:
        table = tables["Central forecast"]
        column = table["q" if key == "qx" else "rate"]
        found = {(a, y): v for a, y, v in zip(table["age"], table["year"], column, strict=True)}
        return {age: {year: found[int(age), int(year)] for year in years} for age, years in expected.items()}
    return None


def _by_age(tables, name, age):
    table = tables["Age parameters"]
    return table[name][table["age"].index(age)]


def _years(node):
    """Return every calendar year that stands as a key anywhere in `node`."""
    found = []
    if isinstance(node, dict):
        for key, value in node.items():
            found += [int(key)] if re.fullmatch(r"[12]\d\d\d", key) else []
            found += _years(value)
    return found
