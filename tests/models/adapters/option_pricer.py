"""Cases of option_pricer.json as runs of `options`.

`lsm_published` and `lsm_se` are one sample of the authors' own simulation: no other generator reproduces them, so
they are left out here, and tests/models/test_options.py holds our simulation to three of those standard errors.
"""

import re

MODELS = ("options",)
ROUND = 8  # decimals of a percentage that the form takes

# What a case may expect, and the label of the summary that shows it.
SUMMARY = {
    "exact": "European price",
    "european": "European price",
    "american_fd": "Bermudan price",
    "bermudan": "Bermudan price",
    "american": "American price",
    "american_exact": "American price",
    "american_continuous_quantlib": "American price",
    "delta": "Delta",
    "gamma": "Gamma",
}


def runs(case, folder):
    """Return the one run of this case."""
    del folder
    given = case["inputs"]
    text = str(given.get("exercise", "european")).lower()
    dates = re.search(r"(\d+)\s*dates", text)
    style = "bermudan" if dates else text.split()[0]
    inputs = {
        "contract": "vanilla",
        "option_type": given.get("type", "call").lower(),
        "exercise": style,
        "spot": given["S"],
        "strike": given["K"],
        "rate": round(100 * given["r"], ROUND),
        "dividend_yield": round(100 * given.get("q", 0), ROUND),
        "volatility": 100 * given["sigma"],
        "maturity": given["T"],
    }
    for key, name in (("paths", "paths"), ("seed", "seed"), ("steps", "tree_steps")):
        if key in given:
            inputs[name] = given[key]
    if dates:
        inputs["exercise_dates"] = int(dates[1])
    if "H" in given or "barrier" in given:
        inputs |= {
            "contract": "barrier",
            "barrier": given.get("H", given.get("barrier")),
            "rebate": given.get("rebate", 0),
            "barrier_type": re.sub(r"[\s-]+(and[\s-]+)?", "_", given["barrier_type"].lower()),
        }
        del inputs["exercise"]
    return [("options", inputs)]


def measured(case, results):
    """Return the prices the case expects."""
    summary = results[0]["summary"]
    found = {"price": summary["Price"]}
    found |= {key: summary[label] for key, label in SUMMARY.items() if label in summary}
    if "exact" in case["expect"] and "european" not in str(case["inputs"].get("exercise", "european")):
        found["exact"] = summary["Price"]
    return {key: found[key] for key in case["expect"] if key in found}
