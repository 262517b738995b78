"""Cases of smith_wilson_eiopa.json as runs of `yield_curve`.

A case with the published weights Qb is run from them, as its tolerance demands; tests/models/test_yield_curve.py
holds the same cases, calibrated from the published zero rates, to their `atol_from_zero` and
`alpha_recalibration_rtol`. A case without weights is calibrated from its zero rates.
"""

MODELS = ("yield_curve",)
RATE, SPEED = 8, 10  # decimals that the form takes


def runs(case, folder):
    """Return the run of the curve, and one more that finds alpha where the case expects it."""
    del folder
    given = case["inputs"]
    last = given.get("llp", max(given["maturities"]))
    shared = {
        "method": "smith_wilson",
        "ultimate_forward_rate": round(100 * given["ufr"], RATE),
        "last_liquid_point": last,
        "convergence_period": given.get("convergence", 40),
        "volatility_adjustment": given.get("va_bp", 0),
        "horizon": 150,
    }
    if "alpha" in given:
        shared |= {"alpha_choice": "given", "alpha": round(given["alpha"], SPEED)}
    rates = given.get("zero_rates", given.get("zero_rates_at_liquid"))
    quoted = {"quotes_are": "zero"}
    if rates is not None:
        quoted["quotes"] = [{"maturity": t, "rate": 100 * r} for t, r in zip(given["maturities"], rates, strict=True)]
    curve = {**shared, **quoted, "targets": [{"maturity": t} for t in _maturities(case)]}
    if "Qb" in given and "alpha" in given:
        weights = [{"maturity": t, "qb": q} for t, q in zip(given["maturities"], given["Qb"], strict=True)]
        curve |= {"quotes_are": "qb", "published_weights": weights, "quotes": []}
    found = [("yield_curve", curve)]
    if "alpha_calibrated" in case["expect"]:
        found.append(("yield_curve", {**shared, **quoted, "alpha_choice": "auto"}))
    return found


def measured(case, results):
    """Return annual spot rates at the maturities of the case, and alpha where it was found."""
    expect = case["expect"]
    at = {row["maturity"]: row for row in results[0]["tables"]["Chosen maturities"]}
    found = {}
    for key, column in (("spot", "zero"), ("discount", "discount"), ("forward", "instantaneous")):
        if isinstance(expect.get(key), dict):
            found[key] = {t: at[float(t)][column] for t in expect[key]}
        elif key in expect:
            found[key] = [at[float(t)][column] for t in _maturities(case)]
    if "target" in expect:
        found["target"] = [row["maturity"] for row in results[0]["tables"]["Chosen maturities"]]
    if "alpha_calibrated" in expect:
        found["alpha_calibrated"] = results[1]["summary"]["Alpha"]
    if "alpha" in expect:
        found["alpha"] = results[0]["summary"]["Alpha"]
    return found


def _maturities(case):
    expect = case["expect"]
    if "target" in expect:
        return [float(t) for t in expect["target"]]
    named = [t for value in expect.values() if isinstance(value, dict) for t in value]
    return [float(t) for t in dict.fromkeys(named)] or [float(t) for t in case["inputs"]["maturities"]]
