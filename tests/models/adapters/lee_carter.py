"""Runs mortality_forecast for the cases of lee_carter.json and reads the expected values off its results."""

import contextlib
import json
import re
from collections.abc import Mapping

MODELS = ("mortality_forecast",)
MODEL = "mortality_forecast"
DEFAULT_HORIZON = 25
# Names of models in cases -> the model's family, and the link a case means where it names none.
FAMILIES = {"LC": ("lc", "log"), "APC": ("apc", "log"), "RH": ("rh", "log"), "PLAT": ("plat", "logit")}
FAMILIES |= {"LEE-CARTER": ("lc", "log"), "RENSHAW-HABERMAN": ("rh", "log")}
FAMILIES |= {"CBD": ("cbd", "logit"), "M5": ("cbd", "logit"), "M7": ("m7", "logit")}
LINKS = {"log": "poisson", "logit": "logit"}
METHODS = {"poisson": "log", "binomial": "logit", "logit": "logit"}
# What the model's fits keep to: a case that says so asks for nothing else.
CONSTRAINTS = {"sumb=1", "sumk=0", "sumc=0", "sumg=0", "sumgc=0", "sumgamma=0", "sumcgc=0", "sumc^2gc=0", "b0=1"}
COHORT_ORDERS = {(1, 1, 0): "ar1_changes", (2, 0, 0): "ar2_levels", (0, 1, 0): "walk"}
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
    data = inputs.raw("data") if isinstance(inputs["data"], Mapping) else _read(folder / inputs["data"])
    rows = [
        {"age": age, "year": year, "deaths": data["deaths"][i][j], "exposure": data["exposure"][i][j]}
        for i, age in enumerate(data["ages"])
        for j, year in enumerate(data["years"])
    ]
    ages, years = (_ends(inputs.get(key, data[key])) for key in ("ages", "years"))
    _check_constraint(inputs)
    simulated = {key: node for key, node in expect.items() if _quantile(key)}
    ahead = [y - years[1] for y in _years(simulated)]
    values = {
        "data": rows,
        "model": _model(inputs),
        "ages": ages,
        "years": years,
        "clip": inputs.get("clip_cohorts", inputs.get("clip", 0)),
        "age": inputs.get("age", ages[0]),
        "horizon": inputs["horizon"] if "horizon" in inputs else max(ahead, default=DEFAULT_HORIZON),
        "report": [{"year": y} for y in dict.fromkeys(_years(expect))],
        "simulations": max(inputs.get("nsim", 100), 100),
        "drift_uncertainty": inputs.get("drift_uncertainty", False),
    }
    if "seed" in inputs:
        values["seed"] = inputs["seed"]
    for name in ("gc_order", "cohort_order"):
        if name in inputs:
            values["cohort_process"] = COHORT_ORDERS[tuple(inputs[name])]
    if "approx_const" in inputs:
        values["level_cohorts"] = inputs["approx_const"]
    if "bootstrap" in inputs:
        values["bootstrap"] = inputs["bootstrap"]
    return [(MODEL, values)]


def measured(case, results):
    """Return what the result says about each expected value; what the model does not have is left out, and missed."""
    found = {}
    for key, expected in case["expect"].items():
        with contextlib.suppress(LookupError, ValueError):
            found[key] = _one(key, expected, results[0])
    return found


def _read(path):
    return json.loads(path.read_text())


def _ends(values):
    """Return first and last of a list, or of a text such as "60-89"."""
    if isinstance(values, str):
        values = [int(part) for part in re.split(r"\s*(?:-|to)\s*", values)]
    return [values[0], values[-1]]


def _model(inputs):
    name = str(inputs.get("model", "LC")).upper()
    if name not in FAMILIES:
        raise LookupError(f"the adapter does not know the model {name}")
    family, link = FAMILIES[name]
    method = inputs.get("method")
    if method == "svd" and family == "lc":
        return "lc_svd"
    if method is not None:
        if method not in METHODS:
            raise LookupError(f"the adapter does not know the method {method}")
        link = METHODS[method]
    link = inputs.get("link", link)
    if family in {"cbd", "m7"}:
        if link != "logit":
            raise LookupError(f"the model has no {name} with a {link} link")
        return family
    return f"{family}_{LINKS[link]}"


def _check_constraint(inputs):
    for name in ("constraint", "constraints"):
        if name in inputs:
            parts = inputs[name] if isinstance(inputs[name], list) else re.split(r"[,;]", inputs[name])
            unknown = [part for part in parts if re.sub(r"[\s*]", "", part) not in CONSTRAINTS]
            if unknown:
                raise LookupError(f"the model's fits do not keep to {', '.join(unknown)}")


def _quantile(key):
    """Return the column of a simulated quantile such as q05, q50 or q97.5 (or q975), or None."""
    found = re.fullmatch(r"q(\d\d)(?:[._]?(5))?", key)
    return f"p{found[1]}" + ("_5" if found[2] else "") if found else None


def _one(key, expected, result):
    summary, tables = result["summary"], result["tables"]
    walk, periods = tables["Random walk"], tables["Period indices"]
    names = walk["index"]
    if key in MEASURES:
        return summary[MEASURES[key]]
    if key == "drift":
        return walk["drift"] if isinstance(expected, list) else walk["drift"][0]
    if key in {"sigma2", "sigma"}:
        covariance = [[walk[f"covariance_{name}"][i] for name in names] for i in range(len(names))]
        if isinstance(expected, list):
            return covariance if isinstance(expected[0], list) else walk["step_variance"]
        return covariance[0][0] if key == "sigma2" else covariance[0][0] ** 0.5
    if _quantile(key) and isinstance(expected, Mapping):
        column = result["table"][_quantile(key)]
        return {year: column[result["table"]["year"].index(int(year))] for year in expected}
    at = re.fullmatch(r"k(\d)?_(first|last|\d{4})", key)
    if at:
        row = {"first": 0, "last": -1}.get(at[2])
        row = periods["year"].index(int(at[2])) if row is None else row
        chosen = [names[int(at[1]) - 1]] if at[1] else names
        found = [periods[name][row] for name in chosen]
        return found if isinstance(expected, list) else found[0]
    if key in {"k", "kt"} or re.fullmatch(r"kt?\d", key):
        line = periods[names[int(key[-1]) - 1 if key[-1].isdigit() else 0]]
        if isinstance(expected, list):
            return line
        return {year: line[periods["year"].index(int(year))] for year in expected}
    return _by_age(key, expected, tables)


def _by_age(key, expected, tables):
    """Return parameters by age or cohort, or rates and life expectancies by age and year."""
    parameter = re.fullmatch(r"(ax|bx|gc)(?:_(\d+))?", key)
    if parameter:
        name, at = parameter.groups()
        table = tables["Cohort effects"] if name == "gc" else tables["Age parameters"]
        index, column = (table["born"], table["effect"]) if name == "gc" else (table["age"], table[name])
        if at:
            return column[index.index(int(at))]
        return column if isinstance(expected, list) else {k: column[index.index(int(k))] for k in expected}
    single = re.fullmatch(r"(qx|mx|q|m|ex|e)_?(\d+)(?:_(\d{4}))?", key)
    kinds = {"qx": "q", "q": "q", "mx": "rate", "m": "rate", "ex": "life_expectancy", "e": "life_expectancy"}
    name = single[1] if single else key
    if name not in kinds:
        raise LookupError(f"the adapter does not know the expected value {key}")
    table = tables["Years asked for"]
    rows = zip(table["age"], table["year"], table[kinds[name]], strict=True)
    found = {(age, year): value for age, year, value in rows}
    if not single:
        return {age: {year: found[int(age), int(year)] for year in years} for age, years in expected.items()}
    if single[3]:
        return found[int(single[2]), int(single[3])]
    return {year: found[int(single[2]), int(year)] for year in expected}


def _years(node):
    """Return every calendar year that is a key anywhere in `node`, or ends one that names an age and a year."""
    found = []
    if isinstance(node, Mapping):
        for key, value in node.items():
            year = re.fullmatch(r"(?:(?:qx|mx|q|m|ex|e)_?\d+_)?([12]\d\d\d)", key)
            found += [int(year[1])] if year else []
            found += [] if key in {"gc", "k", "kt"} else _years(value)
    return found
