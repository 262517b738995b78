"""Cases of yield_curve_bootstrap.json as runs of `yield_curve`: bonds, par swaps, and a bond off a zero curve."""

MODELS = ("yield_curve",)
PER_YEAR = {1: "annual", 2: "semi-annual", 4: "quarterly"}
ROUND = 8  # decimals of a percentage that the form takes


def runs(case, folder):
    """Return the one run of this case."""
    del folder
    given = case["inputs"]
    how = str(given.get("compounding", "annual"))
    inputs = {"method": "bootstrap", "horizon": 10}
    if "instruments" in given:
        inputs |= {"quotes_are": "bonds", "compounding": how}
        inputs["quotes"] = [
            {"maturity": i["maturity"], "rate": i["coupon_pct"], "price": i["price"], "frequency": i.get("freq", 2)}
            for i in given["instruments"]
        ]
    elif "par_swap" in given:
        swaps = given["par_swap"]
        pairs = (
            [(float(t), s) for t, s in swaps.items()]
            if isinstance(swaps, dict)
            else list(zip(given["maturities"], swaps, strict=True))
        )
        inputs |= {"quotes_are": "par", "compounding": how, "frequency": PER_YEAR[given.get("frequency", 1)]}
        inputs["quotes"] = [{"maturity": t, "rate": 100 * s} for t, s in pairs]
    else:
        quoted = "continuous" if "zero_pct_cont" in given else how
        rates = given.get("zero_pct_cont", given.get("zero_pct"))
        inputs |= {"quotes_are": "zero", "compounding": quoted, "value_bond": True}
        inputs["quotes"] = [{"maturity": t, "rate": r} for t, r in zip(given["times"], rates, strict=True)]
        inputs["bond_coupon"] = round(given["coupon_pct"], ROUND)
        inputs["bond_maturity"] = given.get("maturity", given["times"][-1])
        inputs["bond_frequency"] = PER_YEAR[given.get("freq", 2)]
    if "linear zero" in str(given.get("interpolation", "")).replace("-", " "):
        inputs["interpolation"] = "linear_zero"
    expected = case["expect"].get("discount")
    if isinstance(expected, dict):
        inputs["targets"] = [{"maturity": float(t)} for t in expected]
    return [("yield_curve", inputs)]


def measured(case, results):
    """Return rates and discount factors at the quotes, or at the maturities the case names, and the bond's figures."""
    (result,) = results
    return {key: found for key, value in case["expect"].items() if (found := _read(key, value, result)) is not None}


def _read(key, value, result):
    rows, summary = result["tables"]["Quotes"], result["summary"]
    if key == "exact":
        return {k: found for k, v in value.items() if (found := _read(k, v, result)) is not None}
    if isinstance(value, dict):
        at = {row["maturity"]: row for row in result["tables"]["Chosen maturities"]}
        column = key.split("_")[0]
        return {t: at[float(t)][column] for t in value if column in at[float(t)]}
    if key == "price":
        return summary["Bond price"]
    if key.startswith("yield"):
        return 100 * summary["Bond yield, continuous" if "cont" in key else "Bond yield"]
    if key.startswith("par_yield"):
        return 100 * summary["Par yield"]
    column = key.split("_")[0]
    if column not in {"zero", "forward", "discount"}:
        return None
    return [row[column] * (100 if key.endswith("pct") else 1) for row in rows]
