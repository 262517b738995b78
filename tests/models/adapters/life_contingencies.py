"""Runs life_pricing for the cases of life_contingencies.json and reads the expected values off its results."""

import json
import re
from decimal import Decimal
from itertools import pairwise

MODELS = ("life_pricing",)
MODEL = "life_pricing"
LIFELONG = 121
KNOWN_TABLES = {"SULT": "SULT", "SOA_ILT": "SOA_ILT", "AM92": "AM92"}
RATES = {"SULT": 0.05, "SOA_ILT": 0.06}  # the rate each table is printed at, where a case names none


def runs(case, folder):
    """Return the runs of life_pricing that this case needs."""
    inputs, expect = case["inputs"], case["expect"]
    base = _basis(inputs, folder)
    if "ages" in inputs:
        group = [{"age": age, "policies": 1} for age in inputs["ages"]]
        contract = _whole_life(inputs) | {"age": inputs["ages"][0], "group": group, "duration": inputs["t"]}
        return [(MODEL, base | contract)]
    if "annuity" in inputs:
        contract = {
            "product": "deferred_annuity",
            "age": inputs["age"],
            "amount": inputs["annuity"],
            "deferral": inputs["deferral"],
            "premium_term": 1,
            "refund": "refund" in inputs,
        }
        return [(MODEL, base | contract)]
    if "policy_value" in expect:
        first, years, after = re.fullmatch(r"(\d+) first (\d+)y, (\d+) after", inputs["benefit"]).groups()
        contract = {
            "product": "whole_life",
            "age": inputs["age"],
            "amount": float(first),
            "benefit_steps": [{"from_year": int(years) + 1, "amount": float(after)}],
            "premium_basis": "given",
            "premium": inputs["net_premium"],
            "premium_term": inputs.get("premium_term", LIFELONG),
            "duration": inputs["t"],
        }
        return [(MODEL, base | contract)]
    if "gross_premium" in expect:
        return [(MODEL, base | _whole_life(inputs) | _expenses(inputs) | {"age": inputs["age"]})]
    if "age" in inputs:
        return [(MODEL, base | {"age": inputs["age"]})]
    if all(key.isdigit() for key in expect):
        return [(MODEL, base | {"age": int(age)}) for age in expect]
    return [(MODEL, base | _symbol(key)) for key in expect]


def measured(case, results):
    """Return what the results say about each expected value."""
    inputs, expect = case["inputs"], case["expect"]
    if all(key.isdigit() for key in expect):
        return {age: _whole(result) for age, result in zip(expect, results, strict=True)}
    if len(results) == len(expect) and "age" not in inputs and "ages" not in inputs:
        return {key: _read_symbol(key, result) for key, result in zip(expect, results, strict=True)}
    result = results[0]
    if "adue_x" in expect:
        return {key: _read_function(key, result) for key in expect}
    summary = result["summary"]
    label = {
        "policy_value": f"Policy value after {inputs.get('t')} years",
        "single_premium": "Gross premium a year",
        "gross_premium": "Gross premium a year",
        "net_premium": "Net premium a year",
        "avg_premium": "Average net premium in force",
    }
    found = next(summary[label[key]] for key in expect if key in label)
    return dict.fromkeys(expect, found)


def tolerance(case, path):
    """Return how closely the value at `path`, its keys, was published: {"rtol": ..., "atol": ...} as far as known.

    The tables print few digits of small numbers, so half a unit of the last place printed is the most they can
    say.
    """
    if "rtol_published" in case and path[-1] != "exact":
        return {"rtol": case["rtol_published"]}
    stated = re.search(r"atol ([\d.]+(?:e-?\d+)?)", case.get("note", ""))
    printed = case["expect"]
    for key in path:
        printed = printed[key]
    decimals = -Decimal(repr(printed)).as_tuple().exponent
    half_a_unit = 0.5 * 10.0**-decimals if decimals > 0 else 0.0
    return {"atol": max(half_a_unit, float(stated[1]) if stated else 0.0)}


def _basis(inputs, folder):
    name = inputs["table"]
    basis = {"interest": _percent(inputs.get("i", RATES.get(name, 0.05))), "product": "whole_life"}
    basis["premium_term"] = LIFELONG
    if "makeham" in inputs:
        law = inputs["makeham"]
        return basis | {"table": "makeham", "makeham_a": law["A"], "makeham_b": law["B"], "makeham_c": law["c"]}
    if name in KNOWN_TABLES:
        return basis | {"table": KNOWN_TABLES[name]}
    lives = json.loads((folder / "life_contingencies.json").read_text())["tables"][f"{name}_lx"]
    rows = [{"age": x, "qx": 1 - b / a} for x, (a, b) in enumerate(pairwise(lives))]
    return basis | {"table": "own", "own_table": rows}


def _whole_life(inputs):
    contract = {"amount": inputs["sum_assured"], "premium_term": inputs.get("premium_term", LIFELONG)}
    if "term" in inputs:
        contract |= {"product": "term", "term": inputs["term"]}
        contract["premium_term"] = inputs.get("premium_term", inputs["term"])
    return contract


def _expenses(inputs):
    first, later = inputs.get("pct_premium", 0), inputs.get("fixed", 0)
    return {
        "first_percent": _percent(inputs.get("first_year_pct", first)),
        "renewal_percent": _percent(inputs.get("renewal_pct", first)),
        "first_fixed": inputs.get("first_year_fixed", later),
        "renewal_fixed": inputs.get("renewal_fixed", later),
        "first_per_mille": inputs.get("per_mille", 0),
        "renewal_per_mille": inputs.get("per_mille", 0),
    }


def _symbol(key):
    """Read a symbol such as A30_10_4pct, IA50, P36 or a65."""
    age = int(re.search(r"(\d+)", key.removeprefix("var_"))[1])
    found = {"age": age}
    rate = re.search(r"_(\d+(?:\.\d+)?)pct", key)
    if rate:
        found["interest"] = float(rate[1])
    scale = re.search(r"_x(\d+)$", key)
    return found | {"amount": float(scale[1]) if scale else 1.0}


def _read_symbol(key, result):
    term = re.match(r"(?:var_)?[A-Za-z]+\d+_(\d+)", key)
    row = _row(result, int(term[1])) if term else {k: v[0] for k, v in result["tables"]["Whole life"].items()}
    if key.startswith("var_"):
        return row["variance"]
    if re.match(r"A\d+_x\d+$", key):
        return result["summary"]["Value of benefits"]
    if key.startswith("IA"):
        return row["increasing"]
    if key.startswith("P"):
        return result["summary"]["Net premium a year"]
    return row["annuity_due"] if key.startswith("a") else row["term_insurance"]


def _read_function(key, result):
    whole = _whole(result)
    if key in {"lx", "qx"}:
        return result["tables"]["Life table"][key][0]
    named = {"adue_x": "adue", "A_x": "A", "A2_x": "A2"}
    if key in named:
        return whole[named[key]]
    years = int(re.search(r"_(\d+)", key)[1])
    row = _row(result, years)
    if key.startswith("adue"):
        return row["annuity_due"]
    if key.startswith("E"):
        return row["pure_endowment"]
    return row["endowment"] if key.endswith("endow") else row["term_insurance"]


def _whole(result):
    row = {name: values[0] for name, values in result["tables"]["Whole life"].items()}
    return {"adue": row["annuity_due"], "A": row["term_insurance"], "A2": row["second_moment"]}


def _row(result, years):
    table = result["tables"]["Actuarial functions"]
    return {name: values[years - 1] for name, values in table.items()}


def _percent(fraction):
    return round(fraction * 100, 10)
