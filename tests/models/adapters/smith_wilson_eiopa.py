"""Cases of smith_wilson_eiopa.json as runs of `yield_curve`.

A case with the published weights Qb is run from them, as its tolerance demands; tests/models/test_yield_curve.py
holds the same cases, calibrated from the published zero rates, to their `atol_from_zero` and
`alpha_recalibration_rtol`. A case without weights is calibrated from its zero or par rates.

EIOPA's published weights and zero rates have the credit risk adjustment in them already, so `cra_bp` comes off par rates
alone.
"""

MODELS = ("yield_curve",)
RATE, SPEED = 8, 10  # decimals that the form takes
ZERO = ("zero_rates", "zero_rates_at_liquid", "zero", "spot_rates", "rates")
PAR = ("par_swap", "par_rates", "swap_rates", "par")
COLUMNS = {
    **dict.fromkeys(("spot", "spot_rates", "zero", "zero_rates", "spot_va"), "zero"),
    **dict.fromkeys(("discount", "discount_factors", "df", "price"), "discount"),
    **dict.fromkeys(("forward", "instantaneous_forward", "forward_intensity"), "instantaneous"),
}
SUMMARY = {
    "alpha": "Alpha",
    "llp": "Last liquid point",
    "convergence_point": "Convergence point",
    "gap_bp": "Distance from ultimate forward rate",
}
COMPOUNDING = {"annual", "semi-annual", "quarterly", "monthly", "continuous"}
ABOUT = ("currency", "country", "date", "name")  # say which curve it is, and change nothing of it


def runs(case, folder):
    """Return the run of the curve, and one more that finds alpha where the case expects it."""
    del folder
    given = case["inputs"]
    for name in ABOUT:
        given.get(name)
    flags = _first(given, ("dlt", "liquid"), None)
    liquid = [t for i, t in enumerate(given["maturities"]) if flags is None or flags[i]]
    last = _first(given, ("llp", "last_liquid_point"), max(liquid))
    point = _first(given, ("convergence_point", "cp"), None)
    shared = {
        "method": "smith_wilson",
        "ultimate_forward_rate": round(100 * given["ufr"], RATE),
        "last_liquid_point": last,
        "convergence_period": given.get("convergence", 40) if point is None else point - last,
        "volatility_adjustment": _first(given, ("va_bp", "va"), 0),
        "convergence_tolerance": _first(given, ("tolerance_bp", "tau_bp"), 1),
        "horizon": 150,
        "compounding": given.get("compounding", "annual"),
    }
    if shared["compounding"] not in COMPOUNDING:
        raise LookupError(f"compounding: {shared['compounding']}")
    if "alpha" in given:
        shared |= {"alpha_choice": "given", "alpha": round(given["alpha"], SPEED)}
    quoted = _quotes(given, flags)
    curve = {**shared, **quoted, "targets": [{"maturity": t} for t in _maturities(case)]}
    if "Qb" in given and "alpha" in given:
        weights = [{"maturity": t, "qb": q} for t, q in zip(given["maturities"], given["Qb"], strict=True)]
        curve |= {"quotes_are": "qb", "published_weights": weights, "quotes": []}
    found = [("yield_curve", curve)]
    if "alpha_calibrated" in case["expect"]:
        found.append(("yield_curve", {**shared, **quoted, "alpha_choice": "auto"}))
    return found


def measured(case, results):
    """Return rates and discount factors at the maturities of the case, and alpha where it was found."""
    return {key: _or_reason(_read, key, wanted, case, results) for key, wanted in case["expect"].items()}


def _quotes(given, flags):
    zero, par = _name(given, ZERO), _name(given, PAR)
    name = zero or par
    adjustment = given.get("cra_bp", 0)
    if name is None:
        return {"quotes_are": "zero"}
    rows = [
        {"maturity": t, "rate": 100 * rate}
        for i, (t, rate) in enumerate(zip(given["maturities"], given[name], strict=True))
        if flags is None or flags[i]
    ]
    if zero:
        return {"quotes_are": "zero", "quotes": rows}
    often = {1: "annual", 2: "semi-annual", 4: "quarterly", 12: "monthly"}[given.get("frequency", 1)]
    return {"quotes_are": "par", "quotes": rows, "credit_adjustment": adjustment, "frequency": often}


def _read(key, wanted, case, results):
    rows = results[0]["tables"]["Chosen maturities"]
    if key == "target":
        return [row["maturity"] for row in rows]
    if key == "alpha_calibrated":
        return results[1]["summary"]["Alpha"]
    if key in SUMMARY:
        return results[0]["summary"][SUMMARY[key]]
    if key in {"forward_annual", "forward_1y"}:
        at = {float(row["year"]): row["forward"] for row in results[0]["table"]}
    elif key in COLUMNS:
        at = {row["maturity"]: row[COLUMNS[key]] for row in rows}
    else:
        raise LookupError(f"expected value {key}")
    if isinstance(wanted, dict):
        return {t: at[float(t)] for t in wanted}
    found = [at[float(t)] for t in _maturities(case)]
    return found if isinstance(wanted, list) else found[0]


def _maturities(case):
    """Return the maturities the case wants: named as targets, as keys of what is expected, or those it quotes."""
    given, expect = case["inputs"], case["expect"]
    listed = expect.get("target", _first(given, ("target", "targets"), None))
    if listed is not None:
        return [float(t) for t in (listed if isinstance(listed, list) else [listed])]
    named = [t for value in expect.values() if isinstance(value, dict) for t in value]
    return [float(t) for t in dict.fromkeys(named)] or [float(t) for t in given["maturities"]]


def _name(given, names):
    return next((name for name in names if name in given), None)


def _first(given, names, default):
    """Return the first of the named inputs that is given."""
    return next((given[name] for name in names if name in given), default)


def _or_reason(read, *arguments):
    """Return a figure, or why it is not there: what the adapter does not know is a miss of that figure alone."""
    try:
        return read(*arguments)
    except LookupError as error:
        return f"{type(error).__name__}: {error}"
