"""Cases of mortality_simulator.json as runs of `mortality`: survival by duration or by age, and sums of it.

The life table is Gompertz's law, a table of the archive, or one that the case holds as l(x) or q(x).
"""

import contextlib
import re
from collections.abc import Mapping

MODELS = ("mortality",)
MODEL = "mortality"
# What cases call an input -> what the model calls it.
NAMES = {
    "shock_rate": "shock_rate",
    "shock": "shock_rate",
    "max_age": "max_age",
    "omega": "max_age",
    "A": "gompertz_a",
    "B": "gompertz_b",
    "gompertz_a": "gompertz_a",
    "gompertz_b": "gompertz_b",
    "archive_number": "archive_number",
    "age": "age",
    "x": "age",
}
FIRST_AGE = ("first_age", "start_age", "age_start", "x0")
TABLES = {"AM92": "am92", "AF92": "af92", "IAM2012_M": "iam2012_male", "IAM2012_F": "iam2012_female"}
# Expected keys by the column of the model's table that holds them, the shock included.
COLUMNS = {
    "e_curtate": "expectation_shocked",
    "e_complete": "complete_shocked",
    "ex": "expectation_shocked",
    "S": "survival_shocked",
    "tpx": "survival_shocked",
    "tp": "survival_shocked",
    "q": "q_shocked",
    "qx": "q_shocked",
    "deaths": "deaths_shocked",
}
RADIX = 100_000  # of lives, where a case gives none
BY_DURATION = {"S", "tpx", "tp"}  # the keys of these are years ahead; those of the others are ages


def runs(case, folder):
    """Return the one run of this case; what a law's case leaves out keeps its default."""
    del folder
    inputs = case["inputs"]
    values = {ours: inputs[theirs] for theirs, ours in NAMES.items() if theirs in inputs}
    if "table" in inputs or "basis" in inputs:
        name = inputs["table"] if "table" in inputs else inputs["basis"]
        values |= _table(name)
        if values["basis"] != "gompertz":
            values.setdefault("shock_rate", 0)
    for kind in ("lx", "qx"):
        if kind in inputs:
            values |= _own_table(inputs, kind)
            values.setdefault("age", values["own_table"][0]["age"])
            values.setdefault("shock_rate", 0)
    return [(MODEL, values)]


def measured(case, results):
    """Return what the result says about each expected value; what the model does not have is left out, and missed."""
    found = {}
    for key, expected in case["expect"].items():
        with contextlib.suppress(LookupError):
            found[key] = _one(key, expected, results[0], case["inputs"])
    return found


def _one(key, expected, result, inputs):
    summary, table = result["summary"], result["table"]
    sums = result["tables"]["Sums of survival"]
    named = {
        "e_base": summary["Life expectancy, no shock"],
        "e_complete_base": summary["Complete expectation of life, no shock"],
        "q_first": summary["Probability of death in a year, shocked"],
        "life_expectancy_lost": summary["Years of life lost"],
        "origin_reported": sums[1]["shocked"],
        "years": summary.get("Doubling time of mortality"),
        "doubling_time": summary.get("Doubling time of mortality"),
        "median_age": summary.get("Median age at death, shocked"),
        "S_last": table[-1]["survival_shocked"],
    }
    if key in named:
        return named[key]
    at_age = re.fullmatch(r"(\w+?)_(\d+)", key)
    name = at_age[1] if at_age and key not in COLUMNS else key
    if name in {"px", "p", "dx", "lx"}:
        by_age = _derived(name, table, inputs)
    elif name not in COLUMNS:
        raise LookupError(f"the adapter does not know the expected value {key}")
    elif name in BY_DURATION and key == name:
        return _shaped(expected, {row["t"]: row[COLUMNS[name]] for row in table}, key)
    else:
        by_age = {row["age"]: row[COLUMNS[name]] for row in table}
    if key != name:  # S_65: survival to age 65; e_curtate_70: expectation at 70
        return by_age[int(at_age[2])]
    return _shaped(expected, by_age, key)


def _derived(name, table, inputs):
    """Return by age survival of a year, or lives and deaths of the case's radix."""
    if name in {"px", "p"}:
        return {row["age"]: None if row["q_shocked"] is None else 1 - row["q_shocked"] for row in table}
    radix = inputs.get("radix", RADIX)
    if "lx" in inputs:
        lives = inputs.raw("lx")
        radix = next(iter(lives.values() if isinstance(lives, Mapping) else lives))
    column = "deaths_shocked" if name == "dx" else "survival_shocked"
    return {row["age"]: None if row[column] is None else radix * row[column] for row in table}


def _shaped(expected, by_index, key):
    """Return values in the shape of `expected`: a number is that of the first row, a list runs on from there."""
    if isinstance(expected, Mapping):
        return {k: by_index.get(int(k)) for k in expected}
    if isinstance(expected, list):
        return list(by_index.values())
    if not by_index:
        raise LookupError(f"the model gives no value for {key}")
    return next(iter(by_index.values()))


def _table(name):
    if str(name).upper() in TABLES:
        return {"basis": TABLES[str(name).upper()]}
    if str(name).lower() in {"gompertz", *TABLES.values(), "gam83_male", "gam83_female", "archive"}:
        return {"basis": str(name).lower()}
    if str(name).isdigit():
        return {"basis": "archive", "archive_number": int(name)}
    raise LookupError(f"the adapter does not know the table {name}")


def _own_table(inputs, kind):
    values = inputs.raw(kind)
    if isinstance(values, Mapping):
        ages, values = [int(age) for age in values], list(values.values())
    elif "ages" in inputs:
        ages = inputs["ages"]
    else:
        first = next((inputs[name] for name in FIRST_AGE if name in inputs), 0)
        ages = [first + i for i in range(len(values))]
    rows = [{"age": age, "value": value} for age, value in zip(ages, values, strict=True)]
    return {"basis": "own", "own_kind": kind, "own_table": rows}
