"""Runs aggregate_loss, or ruin, for the cases of aggregate_loss_reinsurance.json and reads its results.

A case names its distributions as R's actuar, Loss Models or plain words do; each parameter may stand at the top or
within the distribution.
"""

import math
import re

MODELS = ("aggregate_loss", "ruin")
MODEL = "aggregate_loss"

# Of each distribution: our key, and for each of our inputs the names it goes by, in the order of preference.
SHAPE = ("shape", "alpha", "shape1", "a")
SCALE = ("scale", "theta", "beta")
SCALE_LM = ("theta", "scale", "sigma", "beta")
TAU = ("tau", "shape", "shape2", "shape1")
SEVERITIES = {
    "lognormal": ("lognormal", {"mu": ("mu", "meanlog", "mulog"), "sigma": ("sigma", "sdlog", "sigmalog")}),
    "gamma": ("gamma", {"shape": SHAPE, "scale": SCALE}),
    "weibull": ("weibull", {"shape": ("shape", "tau", "k"), "scale": (*SCALE, "lambda")}),
    "exponential": ("exponential", {"scale": ("scale", "theta", "mean", "mu")}),
    "pareto": ("pareto", {"alpha": SHAPE, "theta": SCALE_LM}),
    "pareto1": ("pareto1", {"alpha": SHAPE, "theta": ("min", "theta", "minimum", "x_m", "xm", "scale", "threshold")}),
    "pareto2": ("pareto2", {"alpha": SHAPE, "theta": SCALE_LM, "minimum": ("min", "mu", "location", "minimum", "loc")}),
    "generalised_pareto": ("generalised_pareto", {"alpha": ("shape1", "alpha"), "tau": TAU[::-1], "theta": SCALE_LM}),
    "burr": ("burr", {"alpha": ("alpha", "shape1"), "gamma": ("gamma", "shape2"), "theta": SCALE_LM}),
    "loglogistic": ("loglogistic", {"gamma": ("gamma", "shape"), "theta": SCALE_LM}),
    "paralogistic": ("paralogistic", {"alpha": SHAPE, "theta": SCALE_LM}),
    "transformed_beta": (
        "transformed_beta",
        {
            "alpha": ("alpha", "shape1"),
            "gamma": ("gamma", "shape2"),
            "tau": ("tau", "shape3"),
            "theta": SCALE_LM,
        },
    ),
    "inverse_burr": ("inverse_burr", {"tau": ("tau", "shape1"), "gamma": ("gamma", "shape2"), "theta": SCALE_LM}),
    "inverse_pareto": ("inverse_pareto", {"tau": ("tau", "shape"), "theta": SCALE_LM}),
    "inverse_paralogistic": ("inverse_paralogistic", {"tau": ("tau", "shape"), "theta": SCALE_LM}),
    "transformed_gamma": (
        "transformed_gamma",
        {"alpha": ("alpha", "shape1"), "tau": ("tau", "shape2"), "theta": SCALE_LM},
    ),
    "inverse_transformed_gamma": (
        "inverse_transformed_gamma",
        {"alpha": ("alpha", "shape1"), "tau": ("tau", "shape2"), "theta": SCALE_LM},
    ),
    "inverse_gamma": ("inverse_gamma", {"alpha": SHAPE, "theta": SCALE_LM}),
    "inverse_weibull": ("inverse_weibull", {"tau": ("tau", "shape"), "theta": SCALE_LM}),
    "inverse_exponential": ("inverse_exponential", {"theta": SCALE_LM}),
    "inverse_gaussian": (
        "inverse_gaussian",
        {"mean_claim": ("mean", "mu"), "dispersion_shape": ("shape", "theta", "lambda")},
    ),
    "uniform": ("uniform", {"minimum": ("min", "minimum", "low", "a"), "maximum": ("max", "maximum", "high", "b")}),
}
NAMES = {
    "lnorm": "lognormal",
    "exp": "exponential",
    "lomax": "pareto",
    "pareto ii": "pareto2",
    "pareto 2": "pareto2",
    "pareto type ii": "pareto2",
    "pareto i": "pareto1",
    "pareto 1": "pareto1",
    "pareto type i": "pareto1",
    "single parameter pareto": "pareto1",
    "single-parameter pareto": "pareto1",
    "genpareto": "generalised_pareto",
    "generalized pareto": "generalised_pareto",
    "llogis": "loglogistic",
    "log-logistic": "loglogistic",
    "paralogis": "paralogistic",
    "trbeta": "transformed_beta",
    "invburr": "inverse_burr",
    "invpareto": "inverse_pareto",
    "invparalogis": "inverse_paralogistic",
    "trgamma": "transformed_gamma",
    "invtrgamma": "inverse_transformed_gamma",
    "invgamma": "inverse_gamma",
    "invweibull": "inverse_weibull",
    "frechet": "inverse_weibull",
    "invexp": "inverse_exponential",
    "invgauss": "inverse_gaussian",
    "unif": "uniform",
}
METHODS = {
    "fft": "fft",
    "fast fourier transform": "fft",
    "panjer": "panjer",
    "recursive": "panjer",
    "recursion": "panjer",
    "exact": "fft",
    "convolution": "convolution",
    "simulation": "monte_carlo",
    "monte carlo": "monte_carlo",
}
# actuar names a discretisation by the side its distribution function lies on: "upper" rounds claims down.
ACTUAR_SIDES = {"lower": "upper", "upper": "lower"}
STEP = ("step", "span", "h", "bandwidth", "lattice")
RANGE = ("xmax", "to", "range", "upper_end")
ATTACHMENT = ("attachment", "retention", "deductible", "priority")
LIMIT = ("limit", "cover", "width")
DEDUCTIBLE = ("aad", "annual_aggregate_deductible", "annual_deductible", "aggregate_deductible")
REINSTATEMENTS = ("reinstatements", "n_reinstatements")
RATE = ("rate", "reinstatement_rate", "reinstatement_premium", "reinstatement_premium_pct")
AGGREGATE_LIMIT = ("aal", "annual_aggregate_limit", "aggregate_limit")
TAIL_NAMES = {"tvar", "cte", "tce", "tail_var"}
SHORTFALL_NAMES = {"es", "expected_shortfall", "tvar_average", "avar"}
VAR_NAMES = {"var", "quantile", "quantiles", "q", "value_at_risk"}
RATIOS = ("ler", "loss_elimination_ratio")
LIMITED = ("lev", "limited_expected_value", *RATIOS)
PER_CLAIM = {"expected_layer_loss_per_claim", "layer_mean_per_claim", "per_claim"}
APPROXIMATIONS = {
    "normal": "normal",
    "normal_quantile": "normal",
    "npower": "normal_power",
    "normal_power": "normal_power",
    "normal_power_quantile": "normal_power",
    "translated_gamma": "translated_gamma",
}
SURVIVAL_NAMES = {"sf", "survival", "exceedance", "exceedance_probability"}
SUMMARY = {
    "mean": "Mean",
    "sd": "Standard deviation",
    "std": "Standard deviation",
    "stdev": "Standard deviation",
    "standard_deviation": "Standard deviation",
    "cv": "Coefficient of variation",
    "skewness": "Skewness",
    "claim_mean": "Mean claim",
    "severity_mean": "Mean claim",
    "mean_claim": "Mean claim",
    "expected_claims": "Expected number of claims",
    "frequency_mean": "Expected number of claims",
    "p0": "Probability of no loss",
    "prob_zero": "Probability of no loss",
    "probability_of_no_loss": "Probability of no loss",
}
LAYER = {
    "expected_layer_loss": "expected_loss",
    "expected_loss": "expected_loss",
    "layer_loss": "expected_loss",
    "pure_premium": "expected_loss",
    "rate_on_line": "rate_on_line",
    "rol": "rate_on_line",
    "claims": "claims",
    "expected_layer_claims": "claims",
    "layer_frequency": "claims",
    "layer_sd": "deviation",
    "deviation": "deviation",
    "paid": "paid",
    "expected_payment": "paid",
    "premium": "premium",
    "prob_attach": "any_loss",
    "any_loss": "any_loss",
    "prob_exhaust": "exhausted",
    "exhausted": "exhausted",
}
FIRST = re.compile(r"(pmf|cdf)_first_?(\d+)")
LEVEL = re.compile(r"(var|tvar|cte|q|quantile|es)_?p?(\d+(?:\.\d+)?)")
RUIN = {"u", "claim_rate", "arrival_rate", "premium_rate", "safety_loading", "initial_capital", "initial_surplus"}
CLAIMS = ("claims", "claim", "claim_distribution", "par_claims")
WAITS = ("wait", "waits", "arrivals", "arrival", "interarrival", "par_wait")
PREMIUM = ("premium_rate", "premium", "c")
LOADING = ("safety_loading", "loading", "theta")
HORIZON = ("horizon", "T", "t", "time")
RETENTION_KEYS = {"retention_shares", "retentions", "proportions"}
RUIN_SEVERITIES = {
    "fixed": ("fixed", {"claim_amount": ("amount", "size")}),
    "constant": ("fixed", {"claim_amount": ("amount", "size")}),
    "lognormal": ("lognormal", {"mu": ("mu", "meanlog"), "sigma": ("sigma", "sdlog")}),
    "pareto": ("pareto", {"alpha": ("alpha", "shape"), "theta": ("theta", "scale")}),
}
RUIN_SUMMARY = {
    "R": "Adjustment coefficient",
    "adjustment_coefficient": "Adjustment coefficient",
    "adjcoef": "Adjustment coefficient",
    "cramer_constant": "Cramér's constant",
    "C": "Cramér's constant",
    "safety_loading": "Safety loading",
    "theta": "Safety loading",
}
RUIN_COLUMNS = {
    "psi": "psi",
    "ruin_probability": "psi",
    "psi_lower": "low",
    "psi_upper": "high",
    "lundberg_bound": "bound",
    "lundberg": "bound",
    "cramer_lundberg": "asymptote",
    "de_vylder": "de_vylder",
    "psi_finite": "finite",
    "psi_T": "finite",
    "finite_time": "finite",
}


def runs(case, folder):
    """Return the one run that this case needs."""
    del folder
    given, expect = case["inputs"], case["expect"]
    if RUIN & set(given):
        return [("ruin", _ruin(given, expect))]
    inputs = _frequency(given) | _severity(given) | _grid(case)
    if "method" in given and given["method"] not in APPROXIMATIONS:
        inputs["method"] = _named(METHODS, given["method"], "method")
    for key, name in (("simulations", "simulations"), ("n_sims", "simulations"), ("seed", "seed")):
        if key in given:
            inputs[name] = given[key]
    levels = sorted({level for key in expect for level in _levels(key.lower(), expect[key])})
    if levels:
        inputs["levels"] = [{"level": level} for level in levels]
    inputs["tvar"] = _definition(case, inputs)
    if "stop_loss" in expect:
        wanted = expect["stop_loss"]
        keys = wanted if isinstance(wanted, dict) else [_one_of(given, ATTACHMENT, required=True)]
        inputs["retentions"] = [{"retention": float(key)} for key in keys]
    # Limited expected values are layers from 0, after those of the case.
    limited = [d for key in LIMITED for d in expect.get(key, ())]
    inputs["layers"] = _layers(given, expect) + [{"attachment": 0, "limit": float(d)} for d in limited]
    inputs["points"] = [{"x": x} for x in _points(expect, given)]
    return [(MODEL, inputs)]


def measured(case, results):
    """Return what the result says about each expected value."""
    result = results[0]
    if RUIN & set(case["inputs"]):
        return _ruin_measured(case, result)
    return {key: _one(key, expected, case, result) for key, expected in case["expect"].items()}


def _one(key, expected, case, result):
    tables = result["tables"]
    first, level = FIRST.fullmatch(key), LEVEL.fullmatch(key)
    if key in SUMMARY:
        return result["summary"].get(SUMMARY[key])
    if key == "variance":
        return result["summary"]["Standard deviation"] ** 2
    if first:
        rows = {row["x"]: row["probability" if first[1] == "pmf" else "cdf"] for row in _at_points(tables)}
        return [rows[x] for x in _first_points(case["inputs"], int(first[2]))]
    if level:
        return _level_row(result, float(level[2]))[_column(level[1])]
    name = key.lower()
    if name in VAR_NAMES and case["inputs"].get("method") in APPROXIMATIONS:
        name = case["inputs"]["method"]
    if name in VAR_NAMES | TAIL_NAMES | SHORTFALL_NAMES:
        return {p: _level_row(result, float(p))[_column(name)] for p in expected}
    if name in {"cdf", "pmf"} | SURVIVAL_NAMES:
        column = {"cdf": "cdf", "pmf": "probability"}.get(name, "exceeded")
        rows = {row["x"]: row[column] for row in _at_points(tables)}
        return {x: rows[float(x)] for x in expected}
    if key == "stop_loss":
        rows = {row["retention"]: row["premium"] for row in tables["Stop loss"]}
        if not isinstance(expected, dict):
            return tables["Stop loss"][0]["premium"]
        return {d: rows[float(d)] for d in expected}
    if name in LIMITED:
        rows = {row["limit"]: row["expected_loss"] for row in tables["Layers"] if row["attachment"] == 0}
        claims = result["summary"]["Expected number of claims"]
        whole = result["summary"]["Mean claim"] if name in RATIOS else 1
        return {d: rows[float(d)] / claims / whole for d in expected}
    if key in PER_CLAIM:
        return tables["Layers"][0]["expected_loss"] / result["summary"]["Expected number of claims"]
    if key in LAYER:
        limited = sum(len(case["expect"].get(name, ())) for name in LIMITED)
        values = [row[LAYER[key]] for row in tables["Layers"][: len(tables["Layers"]) - limited]]
        if isinstance(expected, dict):
            return dict(zip(expected, values, strict=True))
        return values if isinstance(expected, list) else values[0]
    if name in {"aep", "oep"}:
        rows = {round(row["level"], 9): row["var" if name == "aep" else "largest"] for row in result["table"]}
        return {years: rows[_return_level(years)] for years in expected}
    if name in APPROXIMATIONS:
        rows = {round(row["level"], 9): row[APPROXIMATIONS[name]] for row in tables["Approximations"]}
        return {p: rows[_percent(p)] for p in expected}
    if name in {"var_layer", "layer_variance"}:
        return tables["Layers"][0]["deviation"] ** 2
    message = f"the adapter does not know the expected value {key} of {case.get('id')}"
    raise LookupError(message)


def _column(name):
    return "var" if name in VAR_NAMES else "tvar" if name in TAIL_NAMES else "shortfall"


def _level_row(result, level):
    wanted = _percent(level)
    return next(row for row in result["table"] if abs(row["level"] - wanted) < 1e-9)


def _levels(key, value):
    found = LEVEL.fullmatch(key)
    if found:
        return [_percent(found[2])]
    if key in {"aep", "oep"}:
        return [_return_level(years) for years in value]
    names = VAR_NAMES | TAIL_NAMES | SHORTFALL_NAMES
    names |= set(APPROXIMATIONS)
    return [_percent(p) for p in value] if key in names and isinstance(value, dict) else []


def _return_level(years):
    """Return the level of a return period in percent."""
    return round(100 * (1 - 1 / float(years)), 9)


def _percent(level):
    """Return a level in percent; up to 1 it is a probability."""
    value = float(level)
    return round(value * 100 if value < 1 else value, 9)


def _points(expect, given):
    found = set()
    for key, value in expect.items():
        if key.lower() in {"cdf", "pmf"} | SURVIVAL_NAMES:
            found |= {float(x) for x in value}
    for first in filter(None, map(FIRST.fullmatch, expect)):
        found |= set(_first_points(given, int(first[2])))
    return sorted(found)


def _first_points(given, number):
    """Return the first points of a case's grid: units of own probabilities, else the given step."""
    step = given.get("unit", 1) if "severity_pmf" in given else _one_of(given, STEP, required=True)
    return [float(step * i) for i in range(number)]


def _at_points(tables):
    return tables["Distribution at given points"]


def _definition(case, inputs):
    """Return which TVaR a case means: what it says, else E[S | S > VaR] wherever the total takes single values."""
    given = case["inputs"]
    text = given.get("tvar_definition", given.get("tvar"))
    words = str(text if text is not None else case.get("note", "")).lower()
    if re.search(r"average|quantiles|acerbi|integral|mean of var", words):
        return "average"
    if re.search(r"\|\s*s\s*>|beyond|conditional|cte|exceed", words):
        return "beyond"
    if text is not None:
        message = f"TVaR defined as {text!r}"
        raise LookupError(message)
    return "beyond" if inputs["severity"] == "own" or inputs.get("grid") == "given" else "automatic"


def _grid(case):
    given, inputs = case["inputs"], {}
    text = given.get("discretisation", given.get("discretization"))
    if text is not None:
        words = str(text).lower()
        side = next((s for s in ("lower", "upper") if re.match(rf"{s}\b", words)), None)
        if "unbiased" in words or "mean" in words:
            inputs["discretisation"] = "unbiased"
        elif "round" in words or "mid" in words:
            inputs["discretisation"] = "rounding"
        elif side:
            actuar = "actuar" in str(case.get("source", "")).lower() or "difference" in words
            inputs["discretisation"] = ACTUAR_SIDES[side] if actuar else side
        else:
            message = f"discretisation {text!r}"
            raise LookupError(message)
    step, end = _one_of(given, STEP), _one_of(given, RANGE)
    if step is not None:
        inputs |= {"grid": "given", "step": step}
    if end is not None:
        inputs["claim_range"] = end[-1] if isinstance(end, list) else end
    return inputs


def _layers(given, expect):
    """Return the layers of a case: one at the top, or several in a list."""
    if "layers" in given:
        return [_layer(row) for row in given["layers"]]
    if "stop_loss" in expect and not set(LIMIT) & set(given):
        return []
    if not set(ATTACHMENT) & set(given):
        return []
    attachments, limits = _one_of(given, ATTACHMENT), _one_of(given, LIMIT)
    if isinstance(attachments, list):
        widths = limits if isinstance(limits, list) else [limits] * len(attachments)
        return [{"attachment": a, "limit": w} for a, w in zip(attachments, widths, strict=True)]
    return [_layer(given)]


def _layer(row):
    if isinstance(row, list):
        return {"attachment": row[0], "limit": row[1]}
    limit = _one_of(row, LIMIT)
    limit = None if limit in {"inf", "infinity", "unlimited"} else limit
    found = {"attachment": _one_of(row, ATTACHMENT, required=True), "limit": limit}
    found["aad"] = _one_of(row, DEDUCTIBLE)
    found["reinstatements"] = _one_of(row, REINSTATEMENTS)
    aggregate = _one_of(row, AGGREGATE_LIMIT)
    if aggregate is not None:
        if aggregate % limit:
            message = f"an annual aggregate limit of {aggregate} is no multiple of the limit {limit}"
            raise LookupError(message)
        found["reinstatements"] = int(aggregate / limit) - 1
    rate = _one_of(row, RATE)
    # A share up to 10 is 1,000 % at most; percentages of reinstatements are 50, 100, 150.
    found["rate"] = None if rate is None else 100 * rate if rate <= 10 else rate
    return found


def _frequency(given):
    if "frequency_pmf" in given:
        return {"frequency": "own", "frequency_pmf": [{"probability": p} for p in given["frequency_pmf"]]}
    kind = given.get("frequency", given.get("lam"))
    if kind is None:  # of one claim alone
        return {"frequency": "own", "frequency_pmf": [{"probability": 0}, {"probability": 1}]}
    if isinstance(kind, int | float):
        return {"frequency": "poisson", "lam": kind}
    parameters = given if isinstance(kind, str) else kind
    name = kind if isinstance(kind, str) else _one_of(kind, ("dist", "name", "distribution", "type"), required=True)
    name = name.lower().replace("_", " ").replace("-", " ")
    if name in {"poisson", "pois"}:
        return {"frequency": "poisson", "lam": _one_of(parameters, ("lam", "lambda", "mean", "rate"), required=True)}
    if name in {"binomial", "binom"}:
        size = _one_of(parameters, ("m", "n", "size"), required=True)
        return {
            "frequency": "binomial",
            "risks": size,
            "claim_probability": _one_of(parameters, ("q", "p", "prob"), required=True),
        }
    if name in {"geometric", "geom"}:
        beta = _one_of(parameters, ("beta",))
        p = 1 / (1 + beta) if beta is not None else _one_of(parameters, ("p", "prob"), required=True)
        return {"frequency": "negative_binomial", "r": 1, "p": round(p, 15)}
    if name in {"negative binomial", "nbinom", "negbin"}:
        size = _one_of(parameters, ("r", "size", "k"), required=True)
        p, beta = _one_of(parameters, ("p", "prob")), _one_of(parameters, ("beta",))
        if p is None and beta is None:
            p = size / (size + _one_of(parameters, ("mu", "mean"), required=True))
        return {"frequency": "negative_binomial", "r": size, "p": round(p if beta is None else 1 / (1 + beta), 15)}
    message = f"the number of claims {name!r}"
    raise LookupError(message)


def _severity(given):
    if "severity_pmf" in given:
        rows = [{"probability": p} for p in given["severity_pmf"]]
        return {"severity": "own", "severity_pmf": rows, "unit": given.get("unit", 1)}
    kind = given["severity"]
    parameters = given if isinstance(kind, str) else kind
    name = kind if isinstance(kind, str) else _one_of(kind, ("dist", "name", "distribution", "type"), required=True)
    plain = re.sub(r"[\s_]+", " ", name.lower()).strip()
    key = NAMES.get(plain, plain.replace(" ", "_").replace("generalized", "generalised"))
    if key not in SEVERITIES:
        message = f"the severity {name!r}"
        raise LookupError(message)
    ours, wanted = SEVERITIES[key]
    spread = _one_of(parameters, ("cv",))
    if spread is None and "sd" in parameters and "mean" in parameters:
        spread = parameters["sd"] / parameters["mean"]
    if spread is not None and "mean" in parameters:
        return {k: _digits(v) for k, v in _by_moments(key, parameters["mean"], spread).items()}
    found, used = {"severity": ours}, set()
    for ours, names in wanted.items():
        theirs = next((n for n in names if n in parameters and n not in used), None)
        if theirs is not None:
            used.add(theirs)
            found[ours] = parameters[theirs]
        elif "rate" in parameters and ours in {"scale", "theta"}:
            found[ours] = 1 / parameters["rate"]
        elif "dispersion" in parameters and ours == "dispersion_shape":
            found[ours] = 1 / parameters["dispersion"]
        elif key == "pareto2" and ours == "minimum":
            found["severity"] = "pareto"  # without a least claim the two are one
        else:
            message = f"{name} needs {' or '.join(names)}"
            raise LookupError(message)
    return {k: _digits(v) for k, v in found.items()}


def _by_moments(key, mean, cv):
    """Return the severity of this mean and coefficient of variation."""
    if key == "lognormal":
        variance = math.log1p(cv**2)
        return {"severity": key, "mu": math.log(mean) - variance / 2, "sigma": math.sqrt(variance)}
    if key == "gamma":
        return {"severity": key, "shape": cv**-2, "scale": mean * cv**2}
    if key == "pareto" and cv > 1:
        alpha = 2 * cv**2 / (cv**2 - 1)
        return {"severity": key, "alpha": alpha, "theta": mean * (alpha - 1)}
    message = f"{key} by mean {mean} and coefficient of variation {cv}"
    raise LookupError(message)


def _digits(value):
    """Return a number with the 15 decimals that the inputs take."""
    return value if isinstance(value, str) else round(value, 15)


def _ruin(given, expect):
    """Return the inputs of ruin, whose distributions go by their names in R's actuar or in words."""
    inputs = _phases("claim", "claims", _ruin_part(given, CLAIMS, "claim"))
    inputs |= _phases("arrival", "arrivals", _ruin_part(given, WAITS, "arrival"))
    premium, loading = _one_of(given, PREMIUM), _one_of(given, LOADING)
    if loading is not None:
        inputs |= {"premium_by": "loading", "loading": _digits(100 * loading)}
    elif premium is not None:
        inputs["premium_rate"] = premium
    capitals = _capitals(given, expect)
    inputs |= {"capital": capitals[0], "capitals": [{"u": u} for u in capitals]}
    horizon = _one_of(given, HORIZON)
    inputs["finite_time"] = horizon is not None
    if horizon is not None:
        inputs["horizon"] = horizon
        for name in ("simulations", "seed"):
            inputs |= {name: given[name]} if name in given else {}
    if RETENTION_KEYS & set(given):
        shares = _one_of(given, tuple(RETENTION_KEYS))
        inputs |= {"reinsurance": "proportional", "retentions": [{"share": _digits(100 * s)} for s in shares]}
        inputs["reinsurer_loading"] = _digits(100 * given["reinsurer_loading"])
    return inputs


def _ruin_part(given, names, prefix):
    """Return the distribution of claims or waits: its own mapping, or the parameters of its prefix at the top."""
    for name in names:
        if name in given and hasattr(given[name], "keys"):
            return given[name]
    named = next((name for name in names if name in given), None)
    found = {} if named is None else {"dist": given[named]}
    for key in list(given.keys()):
        if key.startswith(f"{prefix}_"):
            found[key.removeprefix(f"{prefix}_")] = given.raw(key)
    return found


def _phases(prefix, key, given):
    """Return our inputs for a distribution with or without phases."""
    name = str(_one_of(given, ("dist", "name", "distribution", "type")) or "exponential").lower()
    rate, weights = _one_of(given, ("rate", "rates", "lambda")), _one_of(given, ("weights", "prob", "probabilities"))
    if isinstance(rate, list) and isinstance(rate[0], list):  # a matrix by rows
        rows = [
            {"start": p} | {f"r{j + 1}": v for j, v in enumerate(row)} for p, row in zip(weights, rate, strict=True)
        ]
        return {key: "phases", f"{prefix}_phases": rows}
    if isinstance(rate, list) and "erlang" not in name:
        if not isinstance(weights, list):
            share = 1 / len(rate) if weights is None else weights
            weights = [share] * (len(rate) - 1) + [1 - share * (len(rate) - 1)]
        rows = [{"weight": w, "rate": r} for w, r in zip(weights, rate, strict=True)]
        return {key: "mixture", f"{prefix}_mixture": rows}
    if rate is None and name in {"exponential", "exp", "e", "gamma", "erlang", "poisson"}:
        scale = _one_of(given, ("scale", "mean"), required=True)
        rate = 1 / scale
    if name in {"exponential", "exp", "e", "poisson"}:
        return {key: "exponential", f"{prefix}_rate": _digits(rate)}
    if name in {"erlang", "gamma"}:
        shape = _one_of(given, ("shape", "alpha", "n"), required=True)
        if name == "gamma" and prefix == "claim" and shape != int(shape):
            return {key: "gamma", "claim_rate": _digits(rate), "claim_gamma_shape": shape}
        return {key: "erlang", f"{prefix}_rate": _digits(rate), f"{prefix}_shape": int(shape)}
    if prefix == "claim" and name in RUIN_SEVERITIES:
        ours, names = RUIN_SEVERITIES[name]
        return {key: ours} | {to: _digits(_one_of(given, theirs, required=True)) for to, theirs in names.items()}
    message = f"{key} {name!r}"
    raise LookupError(message)


def _capitals(given, expect):
    found = _one_of(given, ("u", "capital", "initial_capital", "initial_surplus"))
    found = found if isinstance(found, list) else [] if found is None else [found]
    keys = {float(u) for key in RUIN_COLUMNS if isinstance(expect.get(key), dict) for u in expect[key]}
    return sorted({float(u) for u in found} | keys) or [0.0]


def _ruin_measured(case, result):
    """Return what a run of ruin says about each expected value, by capital in the shape expected."""
    given, found = case["inputs"], {}
    for key, expected in case["expect"].items():
        if key in RUIN_SUMMARY:
            found[key] = result["summary"].get(RUIN_SUMMARY[key])
            continue
        if key in {"R_by_retention", "adjustment_coefficients", "rho"} and RETENTION_KEYS & set(given):
            values = {row["share"]: row["coefficient"] for row in result["tables"]["Retentions"]}
            found[key] = (
                {s: values[round(100 * float(s), 9)] for s in expected}
                if isinstance(expected, dict)
                else [*values.values()]
            )
            continue
        if key not in RUIN_COLUMNS:
            message = f"the adapter does not know the expected value {key} of a ruin case"
            raise LookupError(message)
        column = RUIN_COLUMNS[key]
        if column == "finite":
            table = result["tables"]["Up to the horizon"]
            rows = {row["u"]: row.get("exact", row["simulated"]) for row in table}
        else:
            rows = {row["u"]: row.get(column) for row in result["table"]}
        if isinstance(expected, dict):
            found[key] = {u: rows[float(u)] for u in expected}
        else:
            asked = _one_of(given, ("u", "capital", "initial_capital", "initial_surplus"))
            values = [rows[float(u)] for u in (asked if isinstance(asked, list) else [asked])]
            found[key] = values if isinstance(expected, list) else values[0]
    return found


def _named(options, text, what):
    key = re.sub(r"[\s_-]+", " ", str(text).lower()).strip()
    found = options.get(key) or next((v for k, v in options.items() if k in key), None)
    if found is None:
        message = f"{what} {text!r}"
        raise LookupError(message)
    return found


def _one_of(mapping, names, *, required=False):
    """Return the value that stands under the first of these names, None where none does."""
    for name in names:
        if name in mapping:
            return mapping[name]
    if required:
        message = f"none of {', '.join(names)} among {', '.join(mapping)}"
        raise LookupError(message)
    return None
