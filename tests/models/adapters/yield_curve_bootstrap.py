"""Cases of yield_curve_bootstrap.json as runs of `yield_curve`: bonds, par swaps, zero and forward rates, bond prices.

Rates are fractions, or percentages where the name of the input says `pct`. A compounding, an interpolation or a name
that is not known here raises a LookupError with it.
"""

import re

MODELS = ("yield_curve",)
PER_YEAR = {1: "annual", 2: "semi-annual", 4: "quarterly", 12: "monthly"}
COMPOUNDING = {
    "annual": ("annual", "annually", "1"),
    "semi-annual": ("semi-annual", "semiannual", "semi annual", "semi-annually", "half-yearly", "2"),
    "quarterly": ("quarterly", "4"),
    "monthly": ("monthly", "12"),
    "continuous": ("continuous", "continuously", "cont"),
}
INTERPOLATION = {
    "linear_zero": ("linear zero", "linear zero rate", "linear on zero rates", "linear_zero"),
    "constant_forward": (
        "log linear discount",
        "loglinear discount",
        "log linear discount factors",
        "constant forward",
        "flat forward",
        "piecewise constant forward",
    ),
}
ZERO = ("zero_pct_cont", "zero_pct", "zero_rates_pct", "zero_cont", "zero_rates", "zero", "zeros")
PAR = ("par_swap", "par_swap_pct", "par_pct", "par_rates", "par", "swap_rates", "swaps")
TIMES = ("times", "maturities", "t", "years")
SPANS = ("periods", "forward_periods", "spans", "pairs")
ROUND = 8  # decimals of a percentage that the form takes


def runs(case, folder):
    """Return the one run of this case."""
    del folder
    given, expect = case["inputs"], case["expect"]
    inputs = {"method": "bootstrap", "horizon": 10, "compounding": _compounding(given)}
    if "instruments" in given:
        inputs |= {"quotes_are": "bonds", "quotes": [_bond(row, given) for row in given["instruments"]]}
    elif _name(given, PAR):
        often = PER_YEAR[_first(given, ("frequency", "freq"), 1)]
        inputs |= {"quotes_are": "par", "quotes": _quotes(given, _name(given, PAR)), "frequency": often}
    else:
        inputs |= {"quotes_are": "zero", "quotes": _quotes(given, _name(given, ZERO))}
    if "coupon_pct" in given or "coupon" in given:
        coupon = given["coupon_pct"] if "coupon_pct" in given else 100 * given["coupon"]
        last = max(row["maturity"] for row in inputs["quotes"])
        inputs |= {
            "value_bond": True,
            "bond_coupon": round(coupon, ROUND),
            "bond_maturity": _first(given, ("maturity", "bond_maturity"), last),
            "bond_frequency": PER_YEAR[_first(given, ("freq", "frequency"), 2)],
        }
    if "interpolation" in given:
        inputs["interpolation"] = _option(INTERPOLATION, given["interpolation"], "interpolation")
    if "cra_bp" in given:
        inputs["credit_adjustment"] = given["cra_bp"]
    inputs["forwards"] = [{"start": a, "end": b} for a, b in _spans(given, expect)]
    inputs["targets"] = [{"maturity": t} for t in _targets(given, expect)]
    return [("yield_curve", inputs)]


def measured(case, results):
    """Return rates and discount factors at the quotes, or at the maturities the case names, and the bond's figures."""
    (result,) = results
    return {key: _or_reason(_read, key, value, case["inputs"], result) for key, value in case["expect"].items()}


def _bond(row, given):
    known = {"maturity", "coupon_pct", "coupon", "price", "freq", "frequency"}
    if set(row) - known:
        raise LookupError(f"columns of a row: {', '.join(sorted(set(row) - known))}")
    return {
        "maturity": row["maturity"],
        "rate": row["coupon_pct"] if "coupon_pct" in row else 100 * row.get("coupon", 0),
        "price": row["price"],
        "frequency": row.get("freq", row.get("frequency", _first(given, ("freq", "frequency"), 2))),
    }


def _quotes(given, name):
    if name is None:
        raise LookupError("there are no bonds, par rates or zero rates")
    rates = given.raw(name)
    scale = 1 if "pct" in name else 100
    pairs = rates.items() if isinstance(rates, dict) else zip(_first(given, TIMES), rates, strict=True)
    return [{"maturity": float(t), "rate": scale * r} for t, r in pairs]


def _compounding(given):
    named = given.get("compounding")
    quoted = _name(given, ZERO)
    if named is None:
        return "continuous" if quoted and quoted.endswith("cont") else "annual"
    return _option(COMPOUNDING, named, "compounding")


def _option(options, named, what):
    plain = " ".join(str(named).lower().split())
    for option, names in options.items():
        if plain in names or plain.replace("-", " ") in names:
            return option
    raise LookupError(f"{what}: {named}")


def _spans(given, expect):
    """Return the periods whose forward rates are asked for: listed, or as keys such as "1-2" of what is expected."""
    name = _name(given, SPANS)
    if name is not None:
        return [(float(a), float(b)) for a, b in given[name]]
    if "start" in given and "end" in given:
        return [(given["start"], given["end"])]
    found = {key for value in expect.values() if isinstance(value, dict) for key in value if _span(key)}
    return [_span(key) for key in sorted(found)]


def _span(key):
    ends = re.fullmatch(r"([\d.]+) ?(?:-|x|to|,|y) ?([\d.]+)y?", str(key))
    return (float(ends[1]), float(ends[2])) if ends else None


def _targets(given, expect):
    listed = _first(given, ("targets", "target", "at"), [])
    named = [t for value in expect.values() if isinstance(value, dict) for t in value if _is_number(t)]
    return sorted({float(t) for t in [*(listed if isinstance(listed, list) else [listed]), *named]})


def _read(key, value, given, result):
    rows, summary, tables = result["tables"]["Quotes"], result["summary"], result["tables"]
    if key == "exact":
        return {k: _read(k, v, given, result) for k, v in value.items()}
    scale = 100 if "pct" in key else 1
    if key in {"price", "bond_price"}:
        return summary["Bond price"]
    if key.startswith(("yield", "bond_yield")):
        return scale * summary["Bond yield, continuous" if "cont" in key else "Bond yield"]
    if key.startswith("par_yield"):
        return scale * summary["Par yield"]
    column = {"df": "discount", "spot": "zero", "fwd": "forward"}.get(key.split("_")[0], key.split("_")[0])
    if column not in {"zero", "forward", "discount"}:
        raise LookupError(f"expected value {key}")
    at = {row["maturity"]: row for row in tables.get("Chosen maturities", [])}
    between = {(row["start"], row["end"]): scale * row["between"] for row in tables.get("Forward rates", [])}
    if isinstance(value, dict):
        return {t: between[_span(t)] if _span(t) else scale * at[float(t)][column] for t in value}
    if column == "forward" and between:
        return list(between.values()) if isinstance(value, list) else next(iter(between.values()))
    found = [scale * row[column] for row in (at.values() if at else rows)]
    if column == "forward" and isinstance(value, list) and len(value) == len(found) - 1:
        return found[1:]  # the first period, from today, is no forward rate in Hull's table 4.5
    return found if isinstance(value, list) else found[0]


def _is_number(text):
    return re.fullmatch(r"\d+(\.\d*)?", str(text)) is not None


def _name(given, names):
    return next((name for name in names if name in given), None)


def _first(given, names, *default):
    """Return the first of the named inputs that is given."""
    for name in names:
        if name in given:
            return given[name]
    if default:
        return default[0]
    raise LookupError(f"none of {', '.join(names)}")


def _or_reason(read, *arguments):
    """Return a figure, or why it is not there: what the adapter does not know is a miss of that figure alone."""
    try:
        return read(*arguments)
    except LookupError as error:
        return f"{type(error).__name__}: {error}"
