"""Cases of credibility.json as runs of `credibility`: matrices of ratios and weights become rows."""

import re

MODELS = ("credibility",)
ESTIMATORS = {
    "unbiased": "unbiased",
    "buhlmann gisler": "unbiased",
    "ohlsson": "ohlsson",
    "iterative": "iterative",
    "pseudo": "iterative",
    "bichsel straub": "iterative",
}
METHODS = {
    "buhlmann straub": "buhlmann_straub",
    "buhlmann": "buhlmann",
    "hierarchical": "hierarchical",
    "jewell": "hierarchical",
    "limited": "limited",
    "limited fluctuation": "limited",
    "classical": "limited",
    "american": "limited",
}
GROUPS = ("cohort", "cohorts", "groups", "group", "classes", "class", "sector")
WEIGHTS = ("weights", "exposures", "exposure", "volumes", "claims")
RATIOS = ("ratios", "data", "observations", "x", "X")
PROBABILITY = ("probability", "p", "P")
MARGIN = ("margin", "k", "r", "tolerance")
SEVERITY_CV = ("severity_cv", "cv")
MANUAL = ("manual", "prior", "manual_premium", "complement")
SUMMARY = {
    "collective": "Collective premium",
    "collective_premium": "Collective premium",
    "between_var": "Between variance",
    "between": "Between variance",
    "a": "Between variance",
    "between_state_var": "Between variance",
    "within_cohort_var": "Between variance",
    "between_risk_var": "Between variance",
    "between_cohort_var": "Between group variance",
    "between_group_var": "Between group variance",
    "b": "Between group variance",
    "within_var": "Within variance",
    "within": "Within variance",
    "s2": "Within variance",
    "within_state_var": "Within variance",
    "K": "Credibility coefficient K",
    "k": "Credibility coefficient K",
    "full_credibility": "Full credibility standard",
    "full_credibility_claims": "Full credibility standard",
    "full_credibility_standard": "Full credibility standard",
}
RISKS = {
    "premium": "premium",
    "premiums": "premium",
    "state_premium": "premium",
    "z": "z",
    "Z": "z",
    "state_z": "z",
    "individual": "mean",
    "individual_mean": "mean",
    "individual_means": "mean",
    "means": "mean",
    "state_mean": "mean",
    "weight": "weight",
    "total_weight": "weight",
    "state_weight": "weight",
}
OF_GROUPS = {
    "premium": "premium",
    "z": "z",
    "factor": "z",
    "mean": "mean",
    "individual": "mean",
    "weight": "group_weight",
}
GROUP_KEY = re.compile(r"(?:cohort|group|class|sector)s?_(\w+)")
EQUAL = 1e-12  # credibilities that a case states once for all risks


def runs(case, folder):
    """Return the one run of this case; a case without weights is Bühlmann's model, one with groups hierarchical."""
    del folder
    given = case["inputs"]
    names = next((key for key in GROUPS if key in given), None)
    weights = next((given[key] for key in WEIGHTS if key in given), None)
    method = _method(given, grouped=names is not None, weighted=weights is not None)
    inputs = {"method": method}
    estimator = given.get("estimator", given.get("variance_estimator"))
    if estimator is None and str(given.get("method", "")) and _plain(given.get("method", "")) in ESTIMATORS:
        estimator = given["method"]
    if estimator is not None:
        inputs["estimator"] = _named(ESTIMATORS, estimator)
    if method == "limited":
        inputs |= _limited(given)
    ratios = next((given.raw(key) if hasattr(given, "raw") else given[key] for key in RATIOS if key in given), None)
    if ratios is None:
        inputs["experience"] = _without_experience(given)
        return [("credibility", inputs)]
    lines = ratios if isinstance(ratios, dict) else {f"Risk {i + 1}": line for i, line in enumerate(ratios)}
    rows = []
    for i, (risk, line) in enumerate(lines.items()):
        for j, ratio in enumerate(line):
            weight = _weight(weights, risk, i, j)
            if ratio is not None and weight is not None:
                row = {"risk": risk, "period": str(j + 1), "ratio": ratio, "weight": weight}
                rows.append(row | ({} if names is None else {"group": str(_of(given[names], risk, i))}))
    inputs["experience"] = rows
    return [("credibility", inputs)]


def measured(case, results):
    """Return parameters, premiums and credibilities; one credibility where the case expects one for all."""
    return {key: _one(key, expected, results[0]) for key, expected in case["expect"].items()}


def _one(key, expected, result):
    if key in SUMMARY:
        return result["summary"].get(SUMMARY[key])
    of_group = GROUP_KEY.fullmatch(key)
    if of_group and of_group[1] in OF_GROUPS:
        values = {row["group"]: row[OF_GROUPS[of_group[1]]] for row in result["tables"]["Groups"]}
    elif key in RISKS:
        values = {row["risk"]: row[RISKS[key]] for row in result["table"]}
    else:
        message = f"the adapter does not know the expected value {key}"
        raise LookupError(message)
    if isinstance(expected, dict):
        return {name: values.get(name, values.get(f"Risk {name}")) for name in expected}
    found = list(values.values())
    if isinstance(expected, list):
        return found
    if max(found) - min(found) > EQUAL:
        message = f"one {key} is expected, and the risks have {len(found)} different ones"
        raise LookupError(message)
    return found[0]


def _method(given, *, grouped, weighted):
    for key in ("model", "method"):
        if key in given and _plain(given[key]) not in ESTIMATORS:
            return _named(METHODS, given[key])
    if grouped:
        return "hierarchical"
    if any(key in given for key in PROBABILITY):
        return "limited"
    return "buhlmann_straub" if weighted else "buhlmann"


def _limited(given):
    found = {}
    for ours, names in (("probability", PROBABILITY), ("margin", MARGIN)):
        value = next((given[name] for name in names if name in given), None)
        if value is not None:
            found[ours] = round(100 * value, 12) if value < 1 else value
    cv = next((given[name] for name in SEVERITY_CV if name in given), None)
    if cv is not None:
        found["severity_cv"] = cv
    manual = next((given[name] for name in MANUAL if name in given), None)
    if manual is not None:
        found |= {"complement": "given", "manual": manual}
    return found


def _without_experience(given):
    """Return one risk for a case that states a number of claims and their mean only, or nothing at all."""
    number = given.get("n", given.get("n_claims", 1))
    observed = given.get("observed", given.get("observed_mean", 1.0))
    return [{"risk": f"Risk {i + 1}", "period": "1", "ratio": observed, "weight": number} for i in range(2)]


def _weight(weights, risk, i, j):
    if weights is None:
        return 1
    line = _of(weights, risk, i)
    return line[j] if isinstance(line, list) else line


def _of(values, risk, i):
    return values[risk] if hasattr(values, "keys") else values[i]


def _plain(text):
    return re.sub(r"[\s_-]+", " ", str(text).lower().replace("ü", "u")).strip()


def _named(options, text):
    if _plain(text) not in options:
        message = f"{text!r} is none of {', '.join(options)}"
        raise LookupError(message)
    return options[_plain(text)]
