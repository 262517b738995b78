"""Cases of mortality_simulator.json as runs of `mortality`: survival by duration or by age, and sums of it."""

import re

MODELS = ("mortality",)
INPUTS = {"age": "age", "shock_rate": "shock_rate", "max_age": "max_age", "A": "gompertz_a", "B": "gompertz_b"}


def runs(case, folder):
    """Return the one run of this case; inputs it leaves out keep their defaults."""
    del folder
    return [("mortality", {INPUTS.get(key, key): value for key, value in case["inputs"].items()})]


def measured(case, results):
    """Return expectations, survival by duration (`S`) or to an age (`S_65`, `S_last`), and the doubling time."""
    result, expect = results[0], case["expect"]
    summary, table = result["summary"], result["table"]
    sums = result["tables"]["Sums of survival"]
    found = {
        "e_curtate": summary["Life expectancy, shocked"],
        "e_base": summary["Life expectancy, no shock"],
        "e_complete": summary["Complete expectation of life, shocked"],
        "q_first": summary["Probability of death in a year, shocked"],
        "life_expectancy_lost": summary["Years of life lost"],
        "origin_reported": sums[1]["shocked"],
        "years": summary.get("Doubling time of mortality"),
        "S_last": table[-1]["survival_shocked"],
    }
    by_age = {row["age"]: row["survival_shocked"] for row in table}
    by_duration = {str(row["t"]): row["survival_shocked"] for row in table}
    for key in expect:
        if re.fullmatch(r"S_\d+", key):
            found[key] = by_age.get(int(key[2:]))
    if "S" in expect:
        found["S"] = {t: by_duration[t] for t in expect["S"] if t in by_duration}
    return {key: found[key] for key in expect if found.get(key) is not None}
