"""Cases of nelson_siegel.json as runs of `yield_curve`: curves evaluated, fitted for given or free tau, and the decay.

The decay comes as tau in years, as Diebold and Li's lambda (1 over tau, a month or a year), or as the maturity at which
the curvature peaks.
"""

MODELS = ("yield_curve",)
RATE, YEARS = 10, 14  # decimals that the form takes, of a percentage and of a time of decay
BETAS = ("beta0", "beta1", "beta2", "beta3")
MONTHS = 12
LABELS = {
    "beta0": "Beta 0 (level)",
    "beta1": "Beta 1 (slope)",
    "beta2": "Beta 2 (curvature)",
    "beta3": "Beta 3 (second curvature)",
    "tau": "Tau 1",
    "tau1": "Tau 1",
    "tau2": "Tau 2",
    "sse": "Sum of squared errors",
}
KINDS = {"peak": ("peak", "maturity", "argmax", "hump"), "lambda": ("lambda", "decay"), "tau": ("tau",)}
SMALL_LAMBDA, LONG_PEAK = 0.2, 15  # below and above which a figure without a unit counts months
COMPOUNDING = {"annual", "semi-annual", "quarterly", "monthly", "continuous"}
MODEL_NAMES = {
    **dict.fromkeys(("nelson-siegel", "nelson_siegel", "nelson siegel", "ns", "diebold-li"), "nelson_siegel"),
    **dict.fromkeys(("svensson", "nelson-siegel-svensson", "nss", "nelson_siegel_svensson"), "svensson"),
}


def runs(case, folder):
    """Return the one run of this case."""
    del folder
    given = case["inputs"]
    svensson = "beta3" in given or "tau2" in given
    if "model" in given:
        svensson = MODEL_NAMES[str(given["model"]).lower()] == "svensson"
    inputs = {"method": "svensson" if svensson else "nelson_siegel", "quotes_are": "zero", "horizon": 30}
    inputs |= _decay(given)
    if "compounding" in given:
        if given["compounding"] not in COMPOUNDING:
            raise LookupError(f"compounding: {given['compounding']}")
        inputs["compounding"] = given["compounding"]
    t = [float(x) / _per_year(given) for x in _first(given, "t", "maturities", "times", "t_months", default=[])]
    name = next((name for name in ("y", "yields", "zero", "zero_rates", "y_pct") if name in given), None)
    if name is not None:
        scale = 1 if name.endswith("pct") else 100
        inputs["parameters"] = "fit_betas" if {"tau1", "peak1"} & set(inputs) else "fit"
        inputs["quotes"] = [{"maturity": m, "rate": scale * y} for m, y in zip(t, given[name], strict=True)]
        wanted = _first(given, "targets", "at", default=[])
        return [("yield_curve", inputs | {"targets": [{"maturity": float(m)} for m in wanted]})]
    inputs |= {"parameters": "given", "targets": [{"maturity": m} for m in t]}
    # Without a level the curve is that of its decay alone, which any level leaves as it is.
    inputs |= {key: round(100 * given[key], RATE) if key in given else 0 for key in BETAS[: 4 if svensson else 3]}
    return [("yield_curve", inputs)]


def measured(case, results):
    """Return zero rates, forward rates or discount factors at the maturities of the case, and what was fitted."""
    (result,) = results
    return {key: _or_reason(_read, key, wanted, case["inputs"], result) for key, wanted in case["expect"].items()}


def _meaning(name, value, unit=""):
    """Return what a name says of the decay, and how many of its units make a year (or a year's lambda).

    Any name with `peak` or `maturity` in it is where the curvature peaks; `tau` is the time of decay, `lambda` 1 over
    it. Months where the name or `unit` says so, or where the figure can mean nothing else: a lambda as small as Diebold
    and Li's 0.0609, or a peak beyond every bond's maturity.

    Returns:
        ("peak", "tau" or "lambda", units a year), or None where the name says nothing of the decay.
    """
    kind = next((k for k, words in KINDS.items() if any(word in name for word in words)), None)
    if kind is None:
        return None
    named = f"{name} {unit}"
    if "month" in named or "year" in named or "annual" in named:
        return kind, MONTHS if "month" in named else 1
    return kind, MONTHS if (kind == "lambda" and value < SMALL_LAMBDA) or (kind == "peak" and value > LONG_PEAK) else 1


def _decay(given):
    """Return the time of decay as the model takes it; empty where the fit is to find it."""
    found, unit = {}, str(_first(given, "unit", "units", "lambda_unit", default=""))
    for name in given:
        if name in {"t", "tau2", "maturities", "unit", "units", "lambda_unit"}:
            continue
        meaning = _meaning(name, given.get(name), unit) if _says_decay(name) else None
        if meaning is None:
            continue
        kind, units = meaning
        if kind == "lambda":
            found = {"tau1": round(1 / (given[name] * units), YEARS), "decay_given_as": "tau"}
        else:
            found = {f"{kind}1": round(given[name] / units, YEARS), "decay_given_as": kind}
    if "tau2" in given:
        found["tau2"] = round(given["tau2"], YEARS)
    return found


def _says_decay(name):
    return any(word in name for words in KINDS.values() for word in words)


def _per_year(given):
    return MONTHS if "t_months" in given or given.get("t_unit") == "months" else 1


def _read(key, wanted, given, result):
    summary = result["summary"]
    if key in LABELS:
        return summary[LABELS[key]]
    meaning = _meaning(key, wanted, str(given.get("unit", "")))
    if meaning is not None:
        kind, units = meaning
        if kind == "lambda":
            return summary["Decay, 1 over tau 1"] / units
        return summary["Curvature peaks at" if kind == "peak" else "Tau 1"] * units
    column = {"y": "zero", "yields": "zero", "spot": "zero", "forward": "instantaneous"}.get(key, key)
    if column not in {"zero", "discount", "instantaneous"}:
        raise LookupError(f"expected value {key}")
    rows = result["tables"].get("Chosen maturities", result["tables"].get("Quotes", []))
    if isinstance(wanted, dict):
        at = {row["maturity"]: row[column] for row in rows}
        return {t: at[float(t) / _per_year(given)] for t in wanted}
    return [row[column] for row in rows]


def _first(given, *names, default):
    """Return the first of the named inputs that is given."""
    return next((given[name] for name in names if name in given), default)


def _or_reason(read, *arguments):
    """Return a figure, or why it is not there: what the adapter does not know is a miss of that figure alone."""
    try:
        return read(*arguments)
    except LookupError as error:
        return f"{type(error).__name__}: {error}"
