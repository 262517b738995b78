"""Cases of stochastic_reserving.json as runs of `odp_bootstrap`; plain Cape Cod cases as runs of `chain_ladder`."""

MODELS = ("odp_bootstrap", "chain_ladder")
SIMULATIONS = 50_000  # the least drawn for a distribution: its tail must be settled to the case's tolerance
PROCESSES = {"gamma": "gamma", "od_poisson": "od_poisson", "od.pois": "od_poisson", "odp": "od_poisson"}
SIGMA_RULES = {"mack": "mack", "log-linear": "log-linear", "loglinear": "log-linear"}


def rows(triangle, premium=None):
    """Return the rows of the table that hold `triangle`; `premium` is one for all or one per origin year."""
    each = premium if isinstance(premium, list) else [premium] * len(triangle)
    return [
        {
            "origin": str(i + 1),
            **({} if each[i] is None else {"premium": each[i]}),
            **{f"d{j + 1}": v for j, v in enumerate(line) if v is not None},
        }
        for i, line in enumerate(triangle)
    ]


def kind(given):
    """Return which method a case asks for, from the inputs it names."""
    if "paid" in given:
        return "munich"
    if "growth" in given:
        return "clark"
    if "premium" in given:
        return "cape_cod"
    return "analytic" if given.get("method") == "analytic" else "bootstrap"


def runs(case, folder):
    """Return the one run of this case."""
    del folder
    given = case["inputs"]
    method = kind(given)
    if method == "munich":
        rule = SIGMA_RULES[str(given.get("sigma_last", "mack")).lower()]
        tables = {key: rows(given[key]) for key in ("paid", "incurred")}
        return [("odp_bootstrap", {"method": method, "sigma_rule": rule, **tables})]
    table = rows(given["triangle"], given.get("premium"))
    if method == "cape_cod":
        inputs = {"method": method, "data": "own", "triangle": table}
        inputs |= {"trend": 100 * given.get("trend", 0), "decay": 100 * given.get("decay", 1)}
        return [("chain_ladder", inputs)]
    inputs = {"method": method, "data": "own", "triangle": table}
    if method == "clark":
        inputs |= {
            "curve": given["growth"],
            "level": "ldf" if given.get("premium") is None else "cape_cod",
            "last_age": given.get("maxage_months") or 0,
            "months": given.get("months", 12),
        }
    elif method == "bootstrap":
        inputs |= {
            "simulations": max(SIMULATIONS, given.get("n_sims", 0)),
            "process": PROCESSES[str(given.get("process", "gamma")).lower()],
            "zero_residuals": given.get("zero_residuals", "keep"),
        }
    return [("odp_bootstrap", inputs)]


def measured(case, results):
    """Return the figures of the method; origin years that the case leaves out are the oldest, already run off."""
    found = PICK[kind(case["inputs"])](results[0]["summary"], results[0])
    expect = case["expect"]
    for key, value in found.items():
        if isinstance(value, list) and isinstance(expect.get(key), list):
            found[key] = value[len(value) - len(expect[key]) :]
    return {key: found[key] for key in expect if found.get(key) is not None}


def tolerance(case, path):
    """Return the wider tolerances that the file states in words for simulated deviations and tails."""
    simulated = kind(case["inputs"]) == "bootstrap"
    return {"rtol": 0.04} if simulated and path[0] in {"sd", "p99_5"} else {}


def _analytic(summary, result):
    return {
        "total_reserve": summary["Total reserve"],
        "total_prediction_error": summary["Prediction error"],
        "total_cv": summary["Coefficient of variation"],
        "dispersion": summary["Dispersion"],
        "reserve_by_origin": [row["reserve"] for row in result["table"]],
        "prediction_error_by_origin": [row["error"] for row in result["table"]],
    }


def _bootstrap(summary, result):
    ladder = {f"{row['percentile']:g}": row["reserve"] for row in result["tables"]["Percentiles"]}
    return {
        "mean": summary["Mean reserve"],
        "sd": summary["Standard deviation"],
        **{f"p{key.replace('.', '_')}": value for key, value in ladder.items()},
    }


def _munich(summary, result):
    return {
        "ult_paid": [row["ultimate_paid"] for row in result["table"]],
        "ult_incurred": [row["ultimate_incurred"] for row in result["table"]],
        "total_paid": summary["Total ultimate, paid"],
        "total_incurred": summary["Total ultimate, incurred"],
        "lambda_paid": summary["Correlation, paid"],
        "lambda_incurred": summary["Correlation, incurred"],
    }


def _clark(summary, result):
    return {
        "total_reserve": summary["Total reserve"],
        "total_se": summary["Standard error"],
        "total_cv": summary["Coefficient of variation"],
        "elr": summary.get("Expected loss ratio"),
        "omega": summary["Shape ω"],
        "theta": summary["Scale θ"],
        "reserve_by_origin": [row["reserve"] for row in result["table"]],
        "se_by_origin": [row["error"] for row in result["table"]],
    }


def _cape_cod(summary, result):
    return {
        "total_ibnr": summary["Total IBNR"],
        "total_ultimate": summary.get("Total ultimate"),
        "elr": summary.get("Expected loss ratio"),
        "ibnr_by_origin": [row["ibnr"] for row in result["table"]],
    }


PICK = {
    "analytic": _analytic,
    "bootstrap": _bootstrap,
    "munich": _munich,
    "clark": _clark,
    "cape_cod": _cape_cod,
}
