"""Cases of benchmark_mortality_tables.json as runs of `benchmark_comparator`: values at an age, or rates at several."""

import re

MODELS = ("benchmark_comparator",)
DIGITS = 8


def number(table):
    """Return the archive's number of a table given as a number or as a text such as "AM92 (pymort id 2513)"."""
    return table if isinstance(table, int) else int(re.search(r"\bid (\d+)", table)[1])


def runs(case, folder):
    """Return the one run of this case; its tables come by number, so any of the archive will do."""
    del folder
    given = case["inputs"]
    tables = given.get("tables") or {"the table": given["table"]}
    ages = given.get("ages") or [given["age"]]
    inputs = {
        "age": ages[0],
        "tables": [],
        "archive": [{"number": number(value), "label": name} for name, value in tables.items()],
        "internal_rates": [{"age": age, "q": None} for age in ages[1:]],
    }
    if given.get("i") is not None:
        inputs["interest"] = round(100 * given["i"], DIGITS)
    return [("benchmark_comparator", inputs)]


def measured(case, results):
    """Return values at the age, or `{table: {age: q}}` where the case names tables."""
    table, rates = results[0]["table"], results[0]["tables"]["Rates by age"]
    if "tables" in case["inputs"]:
        found = {}
        for row in rates:
            found.setdefault(row["table"], {})[str(row["age"])] = row["q"]
        return found
    row = table[0]
    found = {"adue": row["annuity_due"], "A": row["whole_life"], "qx": row["q"], "e": row["expectation"]}
    return {key: found[key] for key in case["expect"] if key in found}
