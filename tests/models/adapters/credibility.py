"""Cases of credibility.json as runs of `credibility`: matrices of ratios and weights become rows."""

MODELS = ("credibility",)
ESTIMATORS = {"unbiased": "unbiased", "iterative": "iterative", "pseudo": "iterative", "bichsel-straub": "iterative"}


def runs(case, folder):
    """Return the one run of this case; a case without weights is Bühlmann's model."""
    del folder
    given = case["inputs"]
    weights = given.get("weights")
    rows = []
    for i, line in enumerate(given["ratios"]):
        for j, ratio in enumerate(line):
            if ratio is not None:
                weight = 1 if weights is None else weights[i][j]
                rows.append({"risk": f"Risk {i + 1}", "period": str(j + 1), "ratio": ratio, "weight": weight})
    inputs = {
        "method": "buhlmann" if weights is None else "buhlmann_straub",
        "estimator": ESTIMATORS[str(given.get("estimator", "unbiased")).lower()],
        "experience": rows,
    }
    return [("credibility", inputs)]


def measured(case, results):
    """Return parameters, premiums and credibilities; one credibility where the case expects one for all."""
    summary, table = results[0]["summary"], results[0]["table"]
    found = {
        "collective": summary["Collective premium"],
        "between_var": summary["Between variance"],
        "within_var": summary["Within variance"],
        "K": summary.get("Credibility coefficient K"),
        "k": summary.get("Credibility coefficient K"),
        "premium": [row["premium"] for row in table],
        "z": [row["z"] for row in table],
        "individual": [row["mean"] for row in table],
    }
    if not isinstance(case["expect"].get("z", []), list) and max(found["z"]) - min(found["z"]) < 1e-12:
        found["z"] = found["z"][0]
    return {key: found[key] for key in case["expect"] if found.get(key) is not None}
