"""Cases of chain_ladder_mack.json as runs of `chain_ladder`: the triangle becomes the object that the model takes.

Figures that a case expects as printed (whole units, thousands, whole percent) are rounded in the same way.
"""

import math
import re

from tests.models.triangle_inputs import triangle_of

MODELS = ("chain_ladder",)
SIGMA_RULES = {"mack": "mack", "log-linear": "log-linear", "loglinear": "log-linear", "log_linear": "log-linear"}
AVERAGING = {
    **dict.fromkeys(("volume", "weighted", "volume-weighted", "volume_weighted", "1"), "volume"),
    **dict.fromkeys(("simple", "straight", "0"), "simple"),
    **dict.fromkeys(("regression", "least-squares", "ols", "2"), "regression"),
}
METHODS = {
    "mack": "chain_ladder",
    "chain_ladder": "chain_ladder",
    "chain-ladder": "chain_ladder",
    "bornhuetter_ferguson": "bornhuetter_ferguson",
    "bf": "bornhuetter_ferguson",
    "cape_cod": "cape_cod",
}
# Triangles that a case may name in place of its cells.
DATA = {
    "genins": "taylor_ashe",
    "taylor_ashe": "taylor_ashe",
    "taylor-ashe": "taylor_ashe",
    "raa": "raa",
    "mortgage": "mortgage",
    "abc": "abc",
    "ukmotor": "uk_motor",
    "uk_motor": "uk_motor",
    "mw2008": "merz_wuthrich",
    "merz_wuthrich": "merz_wuthrich",
}
NUMBERS = {int, float}
# Names of an input, of which a case gives one.
NAMES = {
    "tail": ("tail", "tail_factor"),
    "tail_error": ("tail_se", "tail_error", "tail_factor_se"),
    "tail_sigma": ("tail_sigma",),
    "years": ("n_periods", "last_n", "years"),
}


def runs(case, folder):
    """Return the one run of this case; options it leaves out keep their defaults.

    Raises:
        LookupError: an option has a value that is not known here.
    """
    del folder
    given = case["inputs"]
    inputs = {
        **table(given),
        "sigma_rule": chosen(SIGMA_RULES, _first(given, "sigma_last", "est_sigma", "sigma_rule"), "mack"),
        "averaging": chosen(AVERAGING, _first(given, "averaging", "average", "alpha"), "volume"),
        "method": chosen(METHODS, given.get("method"), "chain_ladder"),
    }
    if inputs["sigma_rule"] == "log-linear" and re.search(r"\bR\b", case.get("source", "")):
        inputs["sigma_rule"] = "log-linear-or-mack"  # what the R package does under that name
    for key, names in NAMES.items():
        value = _first(given, *names)
        if value is None:
            continue
        if type(value) not in NUMBERS:
            raise LookupError(f"{names[0]} is {value!r}; only numbers are known")
        inputs[key] = value
    if "years" in inputs:
        inputs["years"] = max(inputs["years"], 0)  # some write -1 for all years
    for key in ("a_priori", "trend", "decay"):
        if key in given:
            inputs[key] = 100 * given[key]
    return [("chain_ladder", inputs)]


def measured(case, results):
    """Return totals, factors and figures by origin year."""
    figures = _figures(results[0])
    expect = case["expect"]
    for key, tail in (
        ("ldf", "tail"),
        ("f", "tail"),
        ("ldf_se", "tail_se"),
        ("f_se", "tail_se"),
        ("sigma", "tail_sigma"),
    ):
        if tail in figures and len(expect.get(key) or ()) == len(figures[key]) + 1:
            figures[key] = [*figures[key], figures[tail]]
    found = {key: _like(figures[key], expect[key]) for key in expect if figures.get(key) is not None}
    for key in ("published_rounded", "printed", "rounded"):
        if isinstance(expect.get(key), dict):
            found[key] = _printed(expect[key], figures)
    return found


def table(given):
    """Return the inputs of a model that hold a case's triangle: its cells, or the name of a published one."""
    triangle = given["triangle"]
    if isinstance(triangle, str):
        return {"data": chosen(DATA, triangle, None)}
    premium, origins = _first(given, "premium", "premiums"), _first(given, "origins", "origin")
    return {"data": "own", "triangle": triangle_of({"amount": triangle}, _cumulative(given), premium, origins)}


def chosen(known, value, default):
    """Return what a case's word for an option means.

    Raises:
        LookupError: the word is not known.
    """
    if value is None:
        return default
    key = str(value).lower().removesuffix(".0")
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
    return chosen({"cumulative": True, "incremental": False}, given.get("amounts"), True)


def _figures(result):
    """Return every figure of a run under the names that cases use."""
    summary, table = result["summary"], result["table"]
    factors = result["tables"]["Development factors"]
    links = [row for row in factors if row["from"] != "tail"]
    tail = next((row for row in factors if row["from"] == "tail"), None)
    found = {
        "total_ibnr": summary["Total IBNR"],
        "total_reserve": summary["Total IBNR"],
        "total_ultimate": summary["Total ultimate"],
        "total_latest": summary["Latest diagonal"],
        "total_se": summary.get("Mack standard error"),
        "total_process_se": summary.get("Process error"),
        "total_parameter_se": summary.get("Parameter error"),
        "total_cv": summary.get("Coefficient of variation"),
        "total_cdr_1y_se": summary.get("One-year standard error (CDR)"),
        "p99_5": summary.get("Reserve at 99.5 %"),
        "elr": summary.get("Expected loss ratio"),
        "ldf": [row["factor"] for row in links],
        "ldf_se": [row["error"] for row in links],
        "sigma": [row["sigma"] for row in links],
        "sigma2": [row["sigma"] ** 2 for row in links],
        "cdf": [row["to_ultimate"] for row in links],
    }
    found |= {"f": found["ldf"], "f_se": found["ldf_se"], "sigma_squared": found["sigma2"]}
    if tail:
        found |= {"tail": tail["factor"], "tail_se": tail["error"], "tail_sigma": tail["sigma"]}
    for name, column in (
        ("ibnr", "ibnr"),
        ("reserve", "ibnr"),
        ("ultimate", "ultimate"),
        ("ult", "ultimate"),
        ("latest", "latest"),
        ("se", "se"),
        ("process_se", "process"),
        ("parameter_se", "parameter"),
        ("cv", "cv"),
        ("cdr_1y_se", "one_year"),
    ):
        values = [row.get(column) for row in table]
        if any(v is not None for v in values):
            found[f"{name}_by_origin"] = values
    for row in result["tables"].get("Claims development result by year", [])[:-1]:
        found[f"total_cdr_{row['year']}y_se"] = row["se"]
        lines = result["tables"]["Claims development result by origin year"]
        found[f"cdr_{row['year']}y_se_by_origin"] = [line.get(f"year_{row['year']}") or 0.0 for line in lines]
    found["cdr_se_by_year"] = [
        row["se"] for row in result["tables"].get("Claims development result by year", [])[:-1]
    ] or None
    for name, label in (
        ("individual_factors", "Individual factors"),
        ("individual_factor_se", "Standard errors of individual factors"),
        ("se_triangle", "Standard errors by development year"),
        ("full_triangle", "Completed triangle"),
    ):
        if label in result["tables"]:
            found[name] = [[v for k, v in row.items() if k != "origin"] for row in result["tables"][label]]
    return found


def _like(value, expected):
    """Return `value` in the length of what is expected: the youngest origin years, or the first factors."""
    if isinstance(value, list) and isinstance(expected, list) and len(value) > len(expected):
        return value[len(value) - len(expected) :] if value[0] in (0, None) else value[: len(expected)]
    return value


def _printed(expect, figures):
    """Return figures rounded as publications print them: whole units, thousands, or whole percent."""
    found = {}
    for key in expect:
        base, _, unit = key.partition("_")
        name = {"R": "ibnr", "r": "ibnr", "reserve": "ibnr", "ibnr": "ibnr", "se": "se", "cv": "cv"}.get(base)
        if name and unit in {"", "thousands", "pct", "by_origin"}:
            found[key] = _rounded(figures[f"{'cv' if unit == 'pct' else name}_by_origin"], unit)
        elif key in {"total", "total_ibnr", "total_reserve"}:
            found[key] = _rounded(figures["total_ibnr"], "")
        elif key in {"total_thousands", "total_se_thousands"}:
            found[key] = _rounded(figures["total_se" if "_se_" in key else "total_ibnr"], "thousands")
        elif key in {"total_pct", "total_cv_pct", "total_se_pct"}:
            found[key] = _rounded(figures["total_cv"], "pct")
        elif key in figures:
            found[key] = _rounded(figures[key], "")
    return found


def _rounded(value, unit):
    if isinstance(value, list):
        return [_rounded(v, unit) for v in value]
    if value is None:
        return None
    scaled = value * {"pct": 100, "thousands": 0.001}.get(unit, 1)
    return math.floor(scaled + 0.5)
