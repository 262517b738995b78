"""Cases of var_es_garch_backtest.json as runs of `market_risk`: the keys of a case say what it is about.

Positions with volatilities, a closed form, a series of returns or prices, one step of EWMA or GARCH, a GARCH fit, or
counts of exceptions. Keys that end in a number of days (`var_10d`) are read from a run over that many days.
"""

import json
import re
from itertools import pairwise

MODELS = ("market_risk",)
ROUND = 6  # decimals of a percentage that the form takes
FINE = 12  # decimals of a GARCH parameter that the form takes
METHODS = {
    "normal": "Normal",
    "gaussian": "Normal",
    "parametric": "Normal",
    "t": "Student's t",
    "student": "Student's t",
    "hist": "Historical simulation",
    "historical": "Historical simulation",
    "ewma": "EWMA",
    "garch": "GARCH(1,1)",
}
ENGINES = {"Normal": "normal", "Student's t": "student", "Historical simulation": "historical", "EWMA": "ewma"}
ENGINES["GARCH(1,1)"] = "garch"
LIGHTS = {
    "cumulative_pct": "cumulative",
    "zone": "zone",
    "plus_factor": "plus_factor",
    "expected": "expected",
    "kupiec_lr": "kupiec",
    "lr": "kupiec",
    "lr_pof": "kupiec",
    "lr_uc": "kupiec",
    "kupiec_p": "kupiec_p",
    "p_value": "kupiec_p",
    "pvalue": "kupiec_p",
    "p_pof": "kupiec_p",
    "p_uc": "kupiec_p",
    "pvalue_pof": "kupiec_p",
    "pvalue_uc": "kupiec_p",
    "lr_ind": "independence",
    "p_ind": "independence_p",
    "pvalue_ind": "independence_p",
    "lr_cc": "conditional",
    "p_cc": "conditional_p",
    "pvalue_cc": "conditional_p",
}
COUNTED = ("n", "x", "p", "n00", "n01", "n10", "n11", "exceptions", "days", "T", "hits")
GARCH = {"long_run_variance": 1e-4, "long_run_vol": 0.01, "persistence": 1.0}
GARCH_ROWS = {
    "long_run_variance": "long-run variance",
    "long_run_vol": "long-run volatility",
    "persistence": "alpha + beta",
    "loglik": "log-likelihood",
}
ALIASES = {"V_L": "long_run_variance", "VL": "long_run_variance", "variance_long_run": "long_run_variance"}
ALIASES |= {"vol_long_run": "long_run_vol", "log_likelihood": "loglik"}


def runs(case, folder):
    """Return a run for each horizon that the case names; counts and closed forms have one."""
    given = case["inputs"]
    inputs = {}
    if "confidence" in given:
        inputs["confidence"] = round(100 * given["confidence"], ROUND)
    if _counts(given):
        return [("market_risk", inputs | {"source": "counts", "counts": _counts(given)})]
    if "data" in given or _any(given, "returns", "returns_pct", "prices", "losses"):
        inputs |= _history(given, folder)
    elif _any(given, "values", "value"):
        inputs |= _positions(given)
    elif _any(given, "last_return", "u", "omega"):
        inputs |= _step(given)
    elif _any(given, "sigma", "mu", "nu"):
        inputs |= _closed_form(given)
    else:
        raise LookupError(f"inputs: {', '.join(given)} are of no known kind of case")
    if "method" in given:
        inputs["method"] = ENGINES[METHODS[str(given["method"]).lower()]]
    if "nu" in given:
        inputs["dof"] = given["nu"]
    return [("market_risk", inputs | {"horizon": days}) for days in _horizons(case)]


def measured(case, results):
    """Return what the case expects, read off the tables of the results."""
    given, expect = case["inputs"], case["expect"]
    if _counts(given):
        return _tests(given, expect, results[0]["table"])
    by_days = dict(zip(_horizons(case), results, strict=True))
    found = {}
    for key in expect:
        value = _figure(key, given, expect, by_days)
        if value is not None:
            found[key] = value
    return found


def _figure(key, given, expect, by_days):
    """Return the figure that one key of the expected values names, or None."""
    days = _days(key)
    result = by_days.get(days) or next(iter(by_days.values()))
    name = re.sub(r"_\d+d(ay)?s?(?=_|$)", "", ALIASES.get(key, key))
    summary, tables = result["summary"], result["tables"]
    one = days == 1
    rows = {row["model"]: row for row in tables.get("Volatility", [])}
    step = rows.get("GARCH(1,1)" if _any(given, "omega") else "EWMA")
    parameters = {row["parameter"]: row["estimate"] for row in tables.get("GARCH(1,1)", [])}
    ahead = tables.get("GARCH forecast", [])
    head, _, law = name.partition("_")
    law = law if law in METHODS else law.rstrip("0123456789")
    match name:
        case "sd":
            return summary["Standard deviation, one day"] * (days or 1) ** 0.5
        case "var" | "es":
            label = "Value at risk" if name == "var" else "Expected shortfall"
            return summary[f"{label}, one day" if one else label]
        case "var_asset" | "component_var" | "component":
            column = "component" if name != "var_asset" else "var_1d" if one else "var_h"
            return [row[column] for row in tables["Positions"]]
        case "risk_share":
            return [row["share"] for row in tables["Positions"]]
        case "undiversified" | "var_sum":
            return sum(row["var_1d" if one else "var_h"] for row in tables["Positions"])
        case "diversification" | "diversification_benefit":
            return summary["Diversification benefit"]
        case "portfolio_value":
            return summary["Portfolio value"]
        case "variance" | "vol" | "volatility" if step:
            return step["variance" if name == "variance" else "volatility"]
        case "vol_forecast" | "variance_forecast" if ahead:
            column = "volatility_pct" if name == "vol_forecast" else "variance_ahead"
            values = [row[column] for row in ahead]
            if _any(given, "omega") and name == "vol_forecast":
                values = [v / 100 for v in values]
            return values[: len(expect[key])] if isinstance(expect[key], list) else values[(days or len(values)) - 1]
        case "loglik" | "mu" | "omega" | "alpha" | "beta":
            return parameters.get(GARCH_ROWS.get(name, name))
        case "long_run_variance" | "long_run_vol" | "persistence":
            return parameters[GARCH_ROWS[name]] * GARCH[name]
    if head in {"var", "es"} and law in METHODS:
        methods = {row["method"]: row for row in result["table"]}
        return methods[METHODS[law]][f"{head}_{'1d' if one else 'h'}"]
    return None


def _tests(given, expect, rows):
    several = isinstance(given.get("exceptions"), list) or isinstance(given.get("x"), list) or "points" in given
    found = {}
    for key in expect:
        if key in {"multiplier", "capital_multiplier"}:
            values = [3 + row["plus_factor"] for row in rows]
        elif key in LIGHTS:
            values = [row.get(LIGHTS[key]) for row in rows]
        else:
            continue
        found[key] = values if several else values[0]
    return found


def _counts(given):
    """Return the rows of counts of exceptions that the case is about, or none."""
    if "points" in given:
        points = given["points"]
    elif _any(given, "exceptions", "x", "n00", "hits"):
        exceptions = given.get("exceptions", given.get("x"))
        shared = {key: given[key] for key in COUNTED if key in given and key not in {"exceptions", "x"}}
        points = [shared | {"x": k} for k in (exceptions if isinstance(exceptions, list) else [exceptions])]
    else:
        return []
    return [_count(point) for point in points]


def _count(point):
    unknown = set(point) - set(COUNTED)
    if unknown:
        raise LookupError(f"inputs.points: {', '.join(sorted(unknown))} are not known")
    row = {key: point[key] for key in ("n00", "n01", "n10", "n11") if key in point}
    days = point.get("n", point.get("days", point.get("T")))
    exceptions = point.get("x", point.get("exceptions"))
    if "hits" in point:
        hits = [bool(hit) for hit in point["hits"]]
        days, exceptions = len(hits), sum(hits)
        for before, after in ((0, 0), (0, 1), (1, 0), (1, 1)):
            pairs = pairwise(hits)
            row[f"n{before}{after}"] = sum((a, b) == (before, after) for a, b in pairs)
    if days is not None and exceptions is not None:
        row |= {"days": days, "exceptions": exceptions}
    if "p" in point:
        row["probability"] = round(100 * point["p"], FINE)
    return row


def _positions(given):
    values = given.get("values", given.get("value"))
    scale = 1.0
    vols = _either(given, "daily_vol", "daily_vols", "vol", "sigma")
    if vols is None:
        vols, scale = _either(given, "annual_vol", "annual_vols"), given.get("trading_days", 252) ** -0.5
    if vols is None:
        raise LookupError("inputs.daily_vol: there are values and no volatilities")
    values, vols = _listed(values), [scale * v for v in _listed(vols)]
    correlation = given.get("corr", 0)
    correlated = {"correlation": correlation}
    if isinstance(correlation, list):
        correlated = {"correlations": [{f"a{j}": rho for j, rho in enumerate(row, 1)} for row in correlation]}
    return _stated(values, vols, _listed(given.get("mu", [0] * len(values)))) | correlated


def _closed_form(given):
    """A loss with mean `mu` and deviation `sigma`, as McNeil, Frey and Embrechts write it; a profit has minus its mean."""
    sigma, mu = given.get("sigma", 1), given.get("mu", 0)
    size = max(1.0, sigma, abs(mu))
    return _stated([size], [sigma / size], [-mu / size])


def _stated(values, volatilities, means):
    return {
        "source": "stated",
        "method": "normal",
        "positions": [
            {"name": f"Asset {i}", "value": value, "volatility": 100 * vol, "mean": 100 * mean}
            for i, (value, vol, mean) in enumerate(zip(values, volatilities, means, strict=True), start=1)
        ],
    }


def _history(given, folder):
    """Return the inputs of a plain series: a GARCH fit where the case speaks of one, else all methods."""
    inputs = {"source": "history", "positions": [{"name": "Asset", "value": given.get("value", 1)}]}
    if "data" in given:
        values, quantity = json.loads((folder / given["data"]).read_text())["values"], "returns"
    elif "prices" in given:
        values, quantity = given["prices"], "prices"
    elif "losses" in given:  # money: returns on a position ten times the largest of them
        size, quantity = 10 * max(abs(loss) for loss in given["losses"]), "returns"
        inputs["positions"][0]["value"] = size
        values = [-100 * loss / size for loss in given["losses"]]
    else:
        values, quantity = given.get("returns_pct"), "returns"
        if values is None:
            values = [100 * r for r in given["returns"]]
    inputs |= {"quantity": quantity, "prices": [{"a1": value} for value in values]}
    if _any(given, "presample_variance", "p", "q"):
        inputs["method"] = "garch"
        for key, known in (("p", 1), ("q", 1), ("presample_variance", "mean of squared residuals")):
            if given.get(key, known) != known:
                raise LookupError(f"inputs.{key}: {given[key]!r} is not {known!r}, which the model takes")
    mean = given.get("mean", "constant" if inputs.get("method") == "garch" else "zero")
    if mean not in {"constant", "sample", "zero"} or (inputs.get("method") == "garch" and mean == "zero"):
        raise LookupError(f"inputs.mean: {mean!r} is not what the model takes")
    inputs["with_mean"] = mean != "zero"
    if "lam" in given:
        inputs["decay"] = given["lam"]
    if "vol_prev" in given:
        inputs["start_volatility"] = round(100 * given["vol_prev"], ROUND)
    if "window" in given:
        inputs["window"] = given["window"]
    elif len(values) > 500:
        inputs["window"] = min(5000, len(values))
    quantile = given.get("quantile", "order")
    if quantile not in {"order", "interpolated", "linear"}:
        raise LookupError(f"inputs.quantile: {quantile!r} is not known")
    return inputs | {"historical_quantile": "order" if quantile == "order" else "interpolated"} | _garch(given)


def _step(given):
    """Return the inputs of one day of EWMA or GARCH: a volatility, and the return that followed it."""
    last = _either(given, "last_return", "u", "return")
    volatility = _either(given, "vol_prev", "sigma_prev")
    if volatility is None:
        variance = _either(given, "variance_prev", "var_prev")
        volatility = None if variance is None else variance**0.5
    inputs = {"positions": [{"name": "Asset", "value": given.get("value", 1)}]}
    # Without a return the day before brings the variance that is expected of it.
    last = volatility or 0.0 if last is None else last
    inputs |= {"quantity": "returns", "prices": [{"a1": 100 * last}]}
    if volatility is not None:
        inputs["start_volatility"] = round(100 * volatility, ROUND)
    if "lam" in given:
        inputs |= {"decay": given["lam"], "method": "ewma"}
    return inputs | _garch(given)


def _garch(given):
    if "omega" not in given:
        return {}
    found = {"garch_parameters": "given", "method": "garch"}
    found |= {key: round(given[key], FINE) for key in ("omega", "alpha", "beta")}
    return found | {"mu": round(100 * given.get("mu", 0), FINE)}


def _horizons(case):
    """Return the numbers of days that the inputs and the expected keys name, 1 where there is none."""
    given = _either(case["inputs"], "horizon_days", "horizon", "days_ahead")
    named = {_days(key) for key in case["expect"]} - {None}
    # What a key without days means is over the horizon, and one day is shown beside every other horizon.
    first = given or max(named, default=1)
    return [first, *sorted(named - {first, 1})]


def _days(key):
    match = re.search(r"_(\d+)d(?:ay)?s?(?=_|$)", key)
    return int(match[1]) if match else None


def _any(given, *keys):
    return any(key in given for key in keys)


def _either(given, *keys):
    return next((given[key] for key in keys if key in given), None)


def _listed(value):
    return list(value) if isinstance(value, (list, tuple)) else [value]
