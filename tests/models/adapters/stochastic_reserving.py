"""Cases of stochastic_reserving.json as runs of `odp_bootstrap`; plain Cape Cod and Bornhuetter-Ferguson cases as runs
of `chain_ladder`.

A case names its method or is known by the inputs that only one method has. Figures that a case expects in whole or
tenths of percent are rounded as it prints them.
"""

import math
from decimal import Decimal

from tests.models.triangle_inputs import triangle_of

MODELS = ("odp_bootstrap", "chain_ladder")
SIMULATIONS = 50_000  # the least drawn for a distribution: its tail must be settled to the case's tolerance
PROCESSES = {
    "gamma": "gamma",
    "od_poisson": "od_poisson",
    "od.pois": "od_poisson",
    "odp": "od_poisson",
    "poisson": "od_poisson",
    "none": "none",
}
SIGMA_RULES = {"mack": "mack", "log-linear": "log-linear", "loglinear": "log-linear", "log_linear": "log-linear"}
CURVES = {"loglogistic": "loglogistic", "log-logistic": "loglogistic", "weibull": "weibull"}
DISPERSIONS = {"pearson": "pearson", "deviance": "deviance"}
RESIDUALS = {"keep": "keep", "kept": "keep", "drop": "drop", "dropped": "drop", "true": "keep", "false": "drop"}
DATA = {
    "genins": "taylor_ashe",
    "taylor_ashe": "taylor_ashe",
    "taylor-ashe": "taylor_ashe",
    "raa": "raa",
    "mortgage": "mortgage",
    "abc": "abc",
    "ukmotor": "uk_motor",
    "uk_motor": "uk_motor",
}
AVERAGING = {"volume": "volume", "simple": "simple", "regression": "regression"}
KINDS = {
    "analytic": "analytic",
    "glm": "analytic",
    "closed_form": "analytic",
    "odp": "analytic",
    "bootstrap": "bootstrap",
    "munich": "munich",
    "clark": "clark",
    "clark_ldf": "clark",
    "clark_capecod": "clark",
    "cape_cod": "cape_cod",
    "capecod": "cape_cod",
    "bf": "bornhuetter_ferguson",
    "bornhuetter_ferguson": "bornhuetter_ferguson",
}
A_PRIORI = ("apriori_ultimate", "a_priori_ultimate", "prior_ultimate")
LOSS_RATIOS = ("apriori", "a_priori", "elr", "loss_ratio")
SPREADS = ("prior_cv", "a_priori_cv", "apriori_cv")
SIMULATED = ("n_sims", "simulations", "n_sim", "resamples")
OLDEST = 60  # years: a last age beyond it is one in months
DISTRIBUTIONS = {"mean", "sd", "p50", "p75", "p90", "p95", "p99", "p99_5", "percentiles"}


def kind(case):
    """Return which method a case asks for: as it says, or from the inputs that it names and the figures it expects."""
    given = case["inputs"]
    if given.get("method") is not None:
        return _chosen(KINDS, given["method"], None)
    if "paid" in given:
        return "munich"
    if "growth" in given or "curve" in given:
        return "clark"
    simulated = any(name in given for name in SIMULATED) or bool(DISTRIBUTIONS & set(case["expect"]))
    if _first(given, *A_PRIORI) is not None or _first(given, *LOSS_RATIOS) is not None:
        spread = _first(given, *SPREADS) is not None
        return "bootstrap" if simulated else "analytic" if spread else "bornhuetter_ferguson"
    if _first(given, "premium", "premiums") is not None:
        return "cape_cod"
    return "bootstrap" if simulated else "analytic"


def runs(case, folder):
    """Return the one run of this case.

    Raises:
        LookupError: an option has a value that is not known here.
    """
    del folder
    return [READ[kind(case)](case["inputs"], kind(case))]


def measured(case, results):
    """Return the figures of the method; origin years that the case leaves out are the oldest, already run off."""
    found = PICK[kind(case)](results[0]["summary"], results[0])
    expect = case["expect"]
    for key, value in found.items():
        if isinstance(value, list) and isinstance(expect.get(key), list):
            found[key] = value[len(value) - len(expect[key]) :]
    for key in expect:
        if key not in found and key.removesuffix("_pct") != key and found.get(key.removesuffix("_pct")) is not None:
            found[key] = _percent(found[key.removesuffix("_pct")], expect[key])
    for key, value in (("pct", "cv_by_origin"), ("total_pct", "total_cv")):
        if key in expect and found.get(value) is not None:
            like = found[value]
            if isinstance(like, list):
                like = like[len(like) - len(expect[key]) :]
            found[key] = _percent(like, expect[key])
    return {key: found[key] for key in expect if found.get(key) is not None}


def tolerance(case, path):
    """Return the wider tolerances that the file states in words for simulated deviations and tails."""
    simulated = kind(case) == "bootstrap"
    return {"rtol": 0.04} if simulated and path[0] in {"sd", "p99_5"} else {}


def _chosen(known, value, default):
    if value is None:
        return default
    key = str(value).lower()
    if key not in known:
        raise LookupError(f"{value!r} is not one of {', '.join(known)}")
    return known[key]


def _first(given, *names):
    """Return the first input of these names that a case gives, or None."""
    return next((given[name] for name in names if name in given), None)


def _cumulative(given):
    """Return whether the triangle's cells are cumulative or incremental."""
    if "cumulative" in given:
        return bool(given["cumulative"])
    if "incremental" in given:
        return not given["incremental"]
    return _chosen({"cumulative": True, "incremental": False}, given.get("amounts"), True)


def _table(given, premium=None):
    """Return the inputs that hold a case's triangle: its cells, or the name of a published one."""
    triangle = given["triangle"]
    if isinstance(triangle, str):
        return {"data": _chosen(DATA, triangle, None)}
    origins = _first(given, "origins", "origin")
    return {"data": "own", "triangle": triangle_of({"amount": triangle}, _cumulative(given), premium, origins)}


def _munich(given, method):
    names = _first(given, "origins", "origin")
    return "odp_bootstrap", {
        "method": method,
        "sigma_rule": _chosen(SIGMA_RULES, _first(given, "sigma_last", "est_sigma", "sigma_rule"), "mack"),
        "paid_incurred": triangle_of(
            {"paid": given["paid"], "incurred": given["incurred"]}, _cumulative(given), origins=names
        ),
    }


def _odp(given, method):
    """Return a run of the over-dispersed Poisson model, in closed form or by the bootstrap."""
    ultimate, ratio = _first(given, *A_PRIORI), _first(given, *LOSS_RATIOS)
    premium = ultimate if isinstance(ultimate, list) else _first(given, "premium", "premiums")
    inputs = {"method": method, **_table(given, premium)}
    inputs["dispersion_by"] = _chosen(DISPERSIONS, _first(given, "dispersion", "dispersion_by", "estimator"), "pearson")
    if ultimate is not None or ratio is not None:
        inputs["basis"] = "bornhuetter_ferguson"
        if ratio is not None or isinstance(ultimate, list):
            inputs["a_priori"] = 100 * (1 if ratio is None else ratio)
        else:
            inputs["ultimate_each"] = ultimate
        inputs["a_priori_error"] = 100 * (_first(given, *SPREADS) or 0)
    process = _chosen(PROCESSES, given.get("process"), "gamma")
    residuals = _chosen(RESIDUALS, given.get("zero_residuals"), "keep")
    if method == "analytic":
        # What is expected of the closed form is a variance: of the gamma, or else of the over-dispersed Poisson.
        variance = "gamma" if given.get("process") is not None and process == "gamma" else "od_poisson"
        return "odp_bootstrap", inputs | {"variance": variance}
    inputs |= {
        "simulations": max(SIMULATIONS, -(-(_first(given, *SIMULATED) or 0) // 1000) * 1000),
        "process": process,
        "zero_residuals": residuals,
    }
    if "seed" in given:
        inputs["seed"] = given["seed"]
    return "odp_bootstrap", inputs


def _clark(given, method):
    """Return a run of Clark's curve. Ages in years, as R counts them by default, are turned into months."""
    premium = _first(given, "premium", "premiums")
    period, ages = _first(given, "months", "period_months"), _first(given, "ages", "age_months")
    if ages is not None:
        if ages != [ages[0] * (k + 1) for k in range(len(ages))]:
            raise LookupError(f"ages {ages}: only multiples of the first one are known")
        period = ages[0]
    years = period in {None, 1}
    last = _first(given, "maxage_months", "maxage_years", "maxage")
    if last is None or str(last).lower() in {"inf", "infinity"}:
        last = 0
    elif "maxage_months" in given:
        years = False
    elif "maxage_years" in given or years:
        years = "maxage_years" in given or last <= OLDEST
        last = 12 * last if years else last
    inputs = {
        "method": method,
        **_table(given, premium),
        "curve": _chosen(CURVES, _first(given, "growth", "curve"), "loglogistic"),
        "level": "ldf" if premium is None or given.get("method") == "clark_ldf" else "cape_cod",
        "last_age": last,
        "months": 12 if period in {None, 1} else period,
        "age_unit": "years" if years else "months",
    }
    if given.get("adol") is False:
        inputs["loss_date"] = 0
    elif given.get("adol_age") is not None:
        inputs["loss_date"] = 100 * given["adol_age"] / (1 if years else inputs["months"])
    return "odp_bootstrap", inputs


def _chain_ladder(given, method):
    """Return a run of the deterministic methods with premiums."""
    ultimate = _first(given, *A_PRIORI)
    premium = _first(given, "premium", "premiums") if ultimate is None else ultimate
    inputs = {"method": method, **_table(given, premium)}
    inputs["averaging"] = _chosen(AVERAGING, _first(given, "averaging", "average"), "volume")
    if "tail" in given:
        inputs["tail"] = given["tail"]
    if method == "cape_cod":
        return "chain_ladder", inputs | {"trend": 100 * given.get("trend", 0), "decay": 100 * given.get("decay", 1)}
    ratio = _first(given, *LOSS_RATIOS)
    if ultimate is None and ratio is None:
        raise LookupError("no a-priori loss ratio or ultimate is given")
    return "chain_ladder", inputs | {"a_priori": 100 if ratio is None else 100 * ratio}


READ = {
    "analytic": _odp,
    "bootstrap": _odp,
    "munich": _munich,
    "clark": _clark,
    "cape_cod": _chain_ladder,
    "bornhuetter_ferguson": _chain_ladder,
}


def _percent(value, like):
    """Return shares in percent, to the decimals that are expected."""
    if isinstance(value, list):
        return [_percent(v, e) for v, e in zip(value, like, strict=True)]
    if value is None or isinstance(like, bool) or not isinstance(like, int | float):
        return value
    power = 10 ** max(0, -Decimal(repr(like)).normalize().as_tuple().exponent)
    return math.floor(100 * value * power + 0.5) / power


def _analytic(summary, result):
    cells, table = result["tables"]["Cells of the fit"], result["table"]
    summary = {key: value["value"] if isinstance(value, dict) else value for key, value in summary.items()}
    found = {
        "total_reserve": summary["Total reserve"],
        "total_prediction_error": summary["Prediction error"],
        "total_se": summary["Prediction error"],
        "total_process_se": summary["Process error"],
        "total_parameter_se": summary["Parameter error"],
        "total_prior_se": summary.get("Prior error"),
        "total_cv": summary.get("Coefficient of variation"),
        "dispersion_pearson": summary["Dispersion by Pearson"],
        "dispersion_deviance": summary.get("Dispersion by deviance"),
        "dispersion": summary["Dispersion"],
        "sum_sq_residuals": summary["Pearson chi-square"],
        "pearson_chi_square": summary["Pearson chi-square"],
        "degrees_of_freedom": summary["Degrees of freedom"],
        "df": summary["Degrees of freedom"],
        "first_residual": cells[0]["residual"],
        "last_residual": cells[-1]["residual"],
        "residuals": [cell["residual"] for cell in cells],
        "fitted": [cell["fitted"] for cell in cells],
        "cv_by_origin": [row["cv"] for row in table],
    }
    if found["dispersion_deviance"] is not None:
        found["deviance"] = found["dispersion_deviance"] * found["df"]
    return found | _by_origin(table)


def _by_origin(table):
    """Return the columns of a table of origin years under the names that cases use."""
    return {
        f"{name}_by_origin": [row.get(column) for row in table]
        for name, column in (
            ("reserve", "reserve"),
            ("ibnr", "reserve"),
            ("prediction_error", "error"),
            ("se", "error"),
            ("process_se", "process_error"),
            ("parameter_se", "parameter_error"),
            ("prior_se", "prior_error"),
            ("latest", "latest"),
            ("mean", "reserve"),
            ("sd", "error"),
        )
        if any(row.get(column) is not None for row in table)
    }


def _bootstrap(summary, result):
    ladder = {f"{row['percentile']:g}": row["reserve"] for row in result["tables"]["Percentiles"]}
    return {
        "mean": summary["Mean reserve"],
        "sd": summary["Standard deviation"],
        "cv": summary.get("Coefficient of variation"),
        "total_cv": summary.get("Coefficient of variation"),
        "dispersion": summary["Dispersion"],
        "median": ladder["50"],
        "tvar_99_5": summary["Expected shortfall beyond 99.5 %"],
        "chain_ladder": summary["Chain ladder reserve"],
        "percentiles": ladder,
        **{f"{p}{key.replace('.', '_')}": value for key, value in ladder.items() for p in "pq"},
        **_by_origin(result["table"]),
    }


def _munich_figures(summary, result):
    table = result["table"]
    return {
        "ult_paid": [row["ultimate_paid"] for row in table],
        "ult_incurred": [row["ultimate_incurred"] for row in table],
        "ultimate_paid": [row["ultimate_paid"] for row in table],
        "ultimate_incurred": [row["ultimate_incurred"] for row in table],
        "scl_paid": [row["own_paid"] for row in table],
        "scl_incurred": [row["own_incurred"] for row in table],
        "ratio": [row["ratio"] for row in table],
        "reserve_by_origin": [row["reserve"] for row in table],
        "total_paid": summary["Total ultimate, paid"],
        "total_incurred": summary["Total ultimate, incurred"],
        "total_reserve": summary["Total reserve"],
        "lambda_paid": summary["Correlation, paid"],
        "lambda_incurred": summary["Correlation, incurred"],
    }


def _clark_figures(summary, result):
    table, curve = result["table"], result["tables"]["Growth curve"]
    parameters = {row["parameter"]: row for row in result["tables"]["Parameters"]}
    theta = summary["Scale θ"]
    return {
        "total_reserve": summary["Total reserve"],
        "total_se": summary.get("Standard error"),
        "total_cv": summary.get("Coefficient of variation"),
        "total_process_se": summary.get("Process error"),
        "total_parameter_se": summary.get("Parameter error"),
        "elr": summary.get("Expected loss ratio"),
        "elr_se": parameters.get("Expected loss ratio", {}).get("error"),
        "omega": summary["Shape ω"],
        "omega_se": parameters["ω"]["error"],
        "theta": theta["value"] if isinstance(theta, dict) else theta,
        "theta_se": parameters["θ"]["error"],
        "sigma2": summary["Variance over mean"],
        "growth": [row["developed"] for row in curve],
        "ldf": [row["to_ultimate"] for row in curve],
        "truncated_ldf": [row["to_last_age"] for row in curve],
        "growth_by_origin": [row["developed"] for row in table],
        "ldf_by_origin": [row["to_ultimate"] for row in table],
        "truncated_ldf_by_origin": [row["to_last_age"] for row in table],
        "ultimate_by_origin": [row["ultimate"] for row in table],
        "cv_by_origin": [row.get("cv") for row in table],
        **_by_origin(table),
    }


def _premium_figures(summary, result):
    return {
        "total_ibnr": summary["Total IBNR"],
        "total_reserve": summary["Total IBNR"],
        "total_ultimate": summary.get("Total ultimate"),
        "elr": summary.get("Expected loss ratio"),
        "elr_by_origin": [row["a_priori"] for row in result["table"]],
        "ibnr_by_origin": [row["ibnr"] for row in result["table"]],
        "ultimate_by_origin": [row["ultimate"] for row in result["table"]],
        "cdf": [row["to_ultimate"] for row in result["table"]],
    }


PICK = {
    "analytic": _analytic,
    "bootstrap": _bootstrap,
    "munich": _munich_figures,
    "clark": _clark_figures,
    "cape_cod": _premium_figures,
    "bornhuetter_ferguson": _premium_figures,
}
