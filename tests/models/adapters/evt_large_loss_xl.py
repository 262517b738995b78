"""Runs large_loss for the cases of evt_large_loss_xl.json and reads the expected values off its results.

A case without a threshold, or that expects no tail, is of the losses alone.
"""

import json
import math
import re

MODELS = ("large_loss",)
MODEL = "large_loss"
SUMMARY = {
    "xi": "Shape xi",
    "shape": "Shape xi",
    "beta": "Scale beta",
    "scale": "Scale beta",
    "n_exceed": "Exceedances",
    "exceedances": "Exceedances",
    "frequency": "Exceedances a year",
    "se_xi": "Standard error of xi",
    "se_beta": "Standard error of beta",
    "loglik": "Log-likelihood",
    "log_likelihood": "Log-likelihood",
}
DESCRIPTION = {
    "n": "Losses",
    "mean": "Mean",
    "sd": "Standard deviation",
    "min": "Smallest",
    "q25": "First quartile",
    "q1": "First quartile",
    "median": "Median",
    "q75": "Third quartile",
    "q3": "Third quartile",
    "max": "Largest",
    "maximum": "Largest",
}
LAYER = {
    "expected_layer_loss": "expected_loss",
    "expected_loss": "expected_loss",
    "rate_on_line": "rate_on_line",
    "rol": "rate_on_line",
    "burning_cost": "burning_cost",
    "losses_seen": "losses_seen",
    "claims": "claims",
    "layer_frequency": "claims",
    "deviation": "deviation",
    "sd_layer": "deviation",
    "return_period": "return_period",
}
MEASURES = {"var": "var", "quantile": "var", "es": "es", "tvar": "es", "expected_shortfall": "es"}
EMPIRICAL = {"empirical_quantile", "empirical_var"}
LEVELS = {*MEASURES, *EMPIRICAL, "quantiles"}
RETURN_LEVELS = {"return_level", "return_levels"}
MEAN_EXCESS = {"mean_excess", "empirical_mean_excess", "mean_excess_at"}
BEYOND = {"n_beyond", "n_above", "exceed_counts"}
COUNTS = {"n_exceed", "exceedances"}  # by threshold where a mapping is expected
LARGEST = {"largest", "order_statistics", "largest_losses", "top"}
# Two usual bases of Hill's estimate: the loss after the k largest, and the last of them (evir, QRM).
LAST = re.compile(r"evir|qrm|x_?\(?k\)?\b(?!\+)|x_\{?k,n\}?", re.IGNORECASE)
NUMBER = re.compile(r"\d+(?:\.\d+)?")
TAIL = {*SUMMARY, *MEASURES, *RETURN_LEVELS, "expected_layer_loss", "expected_loss", "rate_on_line"}


def runs(case, folder):
    """Return the one run of large_loss that this case needs."""
    given, expect = case["inputs"], case["expect"]
    inputs = {"mean_excess_at": [{"threshold": u} for u in _thresholds(given, expect)]}
    inputs["hill_at"] = [{"k": k} for k in _counts(given, expect)]
    ranks = [_ranks(key, value, given) for key, value in expect.items() if _is_largest(key)]
    inputs["largest"] = max((max(r) for r in ranks), default=0)
    levels = sorted({_percent(p) for name in LEVELS & set(expect) for p in expect[name]})
    if levels:
        inputs["levels"] = [{"level": level} for level in levels]
    years = {float(y) for name in RETURN_LEVELS for y in expect.get(name, {})}
    if years:
        inputs["return_periods"] = [{"years": y} for y in sorted(years)]
    if "layers" in given:
        rows = [row if isinstance(row, list) else [row["attachment"], row["limit"]] for row in given["layers"]]
        inputs["layers"] = [{"attachment": a, "limit": w} for a, w in rows]
    else:
        one = [{"attachment": given["attachment"], "limit": given["limit"]}] if "attachment" in given else []
        inputs["layers"] = one
    if "xi" in given:
        return [(MODEL, inputs | _given_tail(given))]
    inputs["losses"] = [{"loss": loss} for loss in _losses(given, folder)]
    if "years" in given:
        inputs["years"] = given["years"]
    fitted = {key for key in TAIL & set(expect) if not (key in COUNTS and isinstance(expect[key], dict))}
    if "threshold" not in given:
        fitted -= {"var", "quantile"}  # of the losses themselves
    if fitted and "threshold" not in given:
        message = f"a tail without a threshold: {', '.join(sorted(fitted))}"
        raise LookupError(message)
    inputs |= {"threshold": given["threshold"]} if fitted else {"source": "empirical"}
    return [(MODEL, inputs)]


def measured(case, results):
    """Return what the result says about each expected value."""
    return {key: _one(key, expected, case, results[0]) for key, expected in case["expect"].items()}


def _one(key, expected, case, result):
    tables, given = result["tables"], case["inputs"]
    by_threshold = key in COUNTS and isinstance(expected, dict)
    if key in SUMMARY and not by_threshold:
        return result["summary"].get(SUMMARY[key])
    if key in DESCRIPTION:
        return next(row["value"] for row in tables["Description"] if row["measure"] == DESCRIPTION[key])
    if key in LAYER:
        values = [row.get(LAYER[key]) for row in result["table"]]
        return values if isinstance(expected, list) else values[0]
    if key in LEVELS:
        column = MEASURES.get(key, "empirical")
        if "interpolated" in tables["Risk measures"][0]:
            column = "interpolated" if key.startswith("quantile") else "empirical"
        rows = {round(row["level"], 9): row[column] for row in tables["Risk measures"]}
        return {level: rows[_percent(level)] for level in expected}
    if key in RETURN_LEVELS:
        rows = {row["years"]: row["loss"] for row in tables["Return levels"]}
        return {years: rows[float(years)] for years in expected}
    if key in MEAN_EXCESS | BEYOND or by_threshold:
        column = "mean_excess" if key in MEAN_EXCESS else "beyond"
        rows = {row["threshold"]: row[column] for row in tables["Mean excess"]}
        return _shaped(expected, rows, _thresholds(given, case["expect"]))
    if "hill" in key:
        return _hill(key, expected, case, tables)
    if _is_largest(key):
        rows = {row["rank"]: row["loss"] for row in tables["Largest losses"]}
        return _shaped(expected, rows, _ranks(key, expected, given))
    message = f"the adapter does not know the expected value {key} of {case.get('id')}"
    raise LookupError(message)


def _hill(key, expected, case, tables):
    """Return Hill's estimates as xi, alpha or its standard error, by the name of the value."""
    column = "alpha" if "alpha" in key else "error" if "se" in key.split("_") else "xi"
    last = LAST.search(f"{case.get('source', '')} {case.get('note', '')}")
    rows = {}
    for row in tables["Hill's estimates"]:
        xi = row["xi_last"] if last else row["xi"]
        rows[row["k"]] = {"xi": xi, "alpha": 1 / xi, "error": xi / math.sqrt(row["k"])}[column]
    return _shaped(expected, rows, _counts(case["inputs"], case["expect"]))


def _shaped(expected, rows, keys):
    """Return values in the shape expected: by key, in order, or the one."""
    if isinstance(expected, dict):
        return {key: rows[_number(key)] for key in expected}
    values = [rows[key] for key in keys]
    return values if isinstance(expected, list) else values[0]


def _losses(given, folder):
    for key in ("data", "losses", "values", "sample"):
        if key in given:
            data = given[key]
            if not isinstance(data, str):
                return list(data)
            read = json.loads((folder / data).read_text())
            return read["values"] if isinstance(read, dict) else read
    message = "a case without losses and without a tail"
    raise LookupError(message)


def _given_tail(given):
    share = given.get("share", given.get("rate"))
    number = given.get("n", given.get("n_total"))
    exceeding = given.get("n_exceed")
    if share is None and number is not None and exceeding is not None:
        share = exceeding / number
    frequency = given.get("frequency")
    if frequency is None and exceeding is not None and "years" in given:
        frequency = exceeding / given["years"]
    found = {"source": "given", "threshold": given["threshold"], "xi": given["xi"], "beta": given["beta"]}
    found |= {} if frequency is None else {"frequency": frequency}
    return found if share is None else found | {"share": round(100 * share, 15)}


def _thresholds(given, expect):
    """Return where the mean excess is asked for: in the keys expected, else in the case's thresholds."""
    asked = [expect[key] for key in MEAN_EXCESS | BEYOND if key in expect]
    asked += [expect[key] for key in COUNTS if isinstance(expect.get(key), dict)]
    keys = [_number(u) for value in asked if isinstance(value, dict) for u in value]
    if keys or not asked:
        return sorted(set(keys))
    found = given.get("thresholds", given.get("threshold"))
    return found if isinstance(found, list) else [found]


def _counts(given, expect):
    """Return from how many largest losses Hill's estimate is asked for."""
    asked = [value for key, value in expect.items() if "hill" in key]
    keys = [int(_number(k)) for value in asked if isinstance(value, dict) for k in value]
    if keys or not asked:
        return sorted(set(keys))
    found = given.get("k", given.get("hill_k"))
    return found if isinstance(found, list) else [found]


def _is_largest(key):
    return key in LARGEST or re.fullmatch(r"(largest|top)_?\d+", key) is not None


def _ranks(key, expected, given):
    """Return which of the largest losses are asked for: by the keys, the length of the list, or a number given."""
    if isinstance(expected, dict):
        return [int(_number(k)) for k in expected]
    given.get("n_largest")
    return list(range(1, len(expected) + 1)) if isinstance(expected, list) else [int(re.sub(r"\D", "", key) or 1)]


def _number(key):
    """Return the number in a key such as "5", "u=5" or "k100"."""
    return float(NUMBER.search(str(key))[0])


def _percent(level):
    value = float(level)
    return round(value * 100 if value < 1 else value, 9)
