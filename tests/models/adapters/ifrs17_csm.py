"""Cases of ifrs17_csm.json as runs of `csm`.

A case gives its contracts, or says in words which example of the standard it goes on with ("as ie2a, year 3"): those
are the presets of the model. The standard prints whole currency units, so figures that are all whole are read off a
run whose summary is printed likewise, and those under `exact` off an unrounded one.
"""

import json
import re
from pathlib import Path

MODELS = ("csm",)
PRESETS = Path(__file__).parents[3] / "functions" / "csm" / "cases.json"
SUMMARY = {
    "pv_outflows": "Present value of outflows",
    "ra": "Risk adjustment",
    "fcf": "Fulfilment cash flows",
    "csm": "CSM",
    "loss": "Loss",
    "loss_component": "Loss component",
    "total": "Total liability",
    "finance_pv": "Finance on present value",
    "finance_csm": "Finance on CSM",
    "csm_release": "CSM released",
    "ra_release": "Risk adjustment released",
    "experience": "Experience",
    "revenue": "Insurance revenue",
    "service_result": "Insurance service result",
}
AMOUNT, PERCENT = 6, 8  # decimals that the form takes


def runs(case, folder):
    """Return the run of this case as printed, and the unrounded one."""
    del folder
    inputs = _inputs(case)
    return [("csm", inputs | {"rounding": "units"}), ("csm", inputs)]


def measured(case, results):
    """Return the figures of the reporting year."""
    expect = dict(case["expect"])
    exact = expect.pop("exact", None)
    numbers = [v for v in expect.values() if isinstance(v, int | float)]
    printed, unrounded = (result["summary"] for result in results)
    year = _inputs(case)["year"]
    read = _read(expect, printed if all(float(v).is_integer() for v in numbers) else unrounded, year)
    return read if exact is None else read | {"exact": _read(exact, unrounded, year)}


def _read(expect, summary, year):
    found = {key: summary[label] for key, label in SUMMARY.items() if label in summary} | {"year": year}
    return {key: found[key] for key in expect if key in found}


def _inputs(case):
    """Return the inputs that case and model share."""
    given = case["inputs"]
    year = case["expect"].get("exact", case["expect"]).get("year", 0)
    if isinstance(given, str):
        told = re.search(r"year\s*(\d+)", given)
        return _preset(given) | {"year": int(told[1] if told else year)}
    n = len(given["outflows"])
    columns = {"claims": given["outflows"]}
    for key, names in (
        ("ra_release", ("ra_release",)),
        ("coverage_units", ("coverage_units", "units")),
        ("premiums", ("premiums",)),
    ):
        columns[key] = next((given[name] for name in names if name in given), [None] * n)
    inputs = {
        "year": int(given.get("year", year)),
        "premium": round(given.get("premium", 0), AMOUNT),
        "acquisition_costs": round(given.get("acquisition", given.get("acquisition_costs", 0)), AMOUNT),
        "risk_adjustment": round(given.get("ra", 0), AMOUNT),
        "rate": round(100 * given.get("rate", 0), PERCENT),
        "expected": [{"year": i + 1, **{key: column[i] for key, column in columns.items()}} for i in range(n)],
        "paid": [],
        "revisions": [],
    }
    actual = given.get("actual", given.get("paid", {}))
    pairs = actual.items() if isinstance(actual, dict) else enumerate(actual, start=1)
    inputs["paid"] = [{"year": int(year), "claims": claims} for year, claims in pairs if claims is not None]
    inputs["revisions"] = [
        {
            "end_of_year": r.get("end_of_year", r.get("year")),
            "for_year": r.get("for_year", r.get("year", 0) + 1),
            "claims": r.get("claims", r.get("outflow")),
            "ra_release": r.get("ra_release", r.get("ra")),
        }
        for r in given.get("revisions", [])
    ]
    return inputs


def _preset(words):
    """Return the inputs of the example of the standard that `words` name."""
    example = re.search(r"ie\s*(\d+\s*[ab]?)", words.lower())[1].replace(" ", "").upper()
    presets = json.loads(PRESETS.read_text(encoding="utf-8"))
    return dict(next(p["inputs"] for p in presets if f"Example {example}" in p["name"]))
