"""Cases of chain_ladder_mack.json as runs of `chain_ladder`: the triangle becomes rows of the table."""

MODELS = ("chain_ladder",)
SIGMA_RULES = {"mack": "mack", "log-linear": "log-linear", "loglinear": "log-linear"}
OPTIONS = {
    "averaging": "averaging",
    "tail": "tail",
    "tail_se": "tail_error",
    "tail_sigma": "tail_sigma",
    "n_periods": "years",
    "last_n": "years",
}


def rows(triangle, premium=None):
    """Return the rows of the table that hold `triangle`; `premium` is one for all or one per origin year."""
    each = premium if isinstance(premium, list) else [premium] * len(triangle)
    return [
        {"origin": str(i + 1), "premium": each[i], **{f"d{j + 1}": v for j, v in enumerate(line) if v is not None}}
        for i, line in enumerate(triangle)
    ]


def runs(case, folder):
    """Return the one run of this case; options it leaves out keep their defaults."""
    del folder
    given = case["inputs"]
    inputs = {"data": "own", "triangle": rows(given["triangle"], given.get("premium"))}
    if given.get("sigma_last"):
        inputs["sigma_rule"] = SIGMA_RULES[str(given["sigma_last"]).lower()]
    inputs |= {OPTIONS[key]: value for key, value in given.items() if key in OPTIONS and value is not None}
    if "years" in inputs:
        inputs["years"] = max(inputs["years"], 0)  # some write -1 for all years
    return [("chain_ladder", inputs)]


def measured(case, results):
    """Return totals, factors and figures by origin year."""
    summary, table = results[0]["summary"], results[0]["table"]
    factors = results[0]["tables"]["Development factors"]
    links = [row for row in factors if row["from"] != "tail"]
    found = {
        "total_ibnr": summary["Total IBNR"],
        "total_ultimate": summary["Total ultimate"],
        "total_latest": summary["Latest diagonal"],
        "total_se": summary.get("Mack standard error"),
        "total_process_se": summary.get("Process error"),
        "total_parameter_se": summary.get("Parameter error"),
        "total_cv": summary.get("Coefficient of variation"),
        "total_cdr_1y_se": summary.get("One-year standard error (CDR)"),
        "ldf": [row["factor"] for row in links],
        "ldf_se": [row["error"] for row in links],
        "sigma": [row["sigma"] for row in links],
        "cdf": [row["to_ultimate"] for row in links],
        "ibnr_by_origin": [row["ibnr"] for row in table],
        "ultimate_by_origin": [row["ultimate"] for row in table],
        "latest_by_origin": [row["latest"] for row in table],
        "se_by_origin": [row.get("se") for row in table],
        "cv_by_origin": [row.get("cv") for row in table],
        "cdr_1y_se_by_origin": [row.get("one_year") for row in table],
    }
    return {key: found[key] for key in case["expect"] if found.get(key) is not None}
