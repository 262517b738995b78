"""Cases of nelson_siegel.json as runs of `yield_curve`: curves evaluated, and fitted for given or free tau."""

MODELS = ("yield_curve",)
RATE, YEARS = 10, 14  # decimals that the form takes, of a percentage and of a time of decay
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


def runs(case, folder):
    """Return the one run of this case."""
    del folder
    given = case["inputs"]
    svensson = "svensson" in str(given.get("model", "")).lower() or "beta3" in given or "tau2" in given
    inputs = {"method": "svensson" if svensson else "nelson_siegel", "quotes_are": "zero", "horizon": 30}
    for key, name in (("tau", "tau1"), ("tau1", "tau1"), ("tau2", "tau2")):
        if key in given:
            inputs[name] = round(given[key], YEARS)
    if "y" in given:
        inputs["parameters"] = "fit_betas" if "tau1" in inputs else "fit"
        inputs["quotes"] = [{"maturity": t, "rate": 100 * y} for t, y in zip(given["t"], given["y"], strict=True)]
    else:
        inputs |= {"parameters": "given", "targets": [{"maturity": t} for t in given["t"]]}
        inputs |= {k: round(100 * given[k], RATE) for k in ("beta0", "beta1", "beta2", "beta3") if k in given}
    return [("yield_curve", inputs)]


def measured(case, results):
    """Return zero rates at the maturities of the case, or what was fitted."""
    (result,) = results
    found = {key: result["summary"][label] for key, label in LABELS.items() if label in result["summary"]}
    rows = result["tables"].get("Chosen maturities", [])
    found |= {"zero": [r["zero"] for r in rows], "discount": [r["discount"] for r in rows]}
    return {key: found[key] for key in case["expect"] if key in found}
