"""Cases of option_pricer.json as runs of `options`.

`lsm_published` and `lsm_se` are one sample of the authors' own simulation: no other generator reproduces them, so
they are remarks here, and tests/models/test_options.py holds our simulation to three of those standard errors.
"""

import re

MODELS = ("options",)
COMMENTARY = ("lsm_published", "lsm_se")
ROUND = 8  # decimals of a percentage that the form takes

# What a case may expect, and the label of the summary that shows it.
SUMMARY = {
    "european": "European price",
    "black_scholes": "European price",
    "bs": "European price",
    "american_fd": "Bermudan price",
    "bermudan": "Bermudan price",
    "american": "American price",
    "american_exact": "American price",
    "american_continuous": "American price",
    "american_continuous_quantlib": "American price",
    "early_exercise_premium": "Early exercise premium",
    "tree": "Tree price",
    "binomial": "Tree price",
    "monte_carlo": "Monte Carlo price",
    "lsm": "Monte Carlo price",
    "continuous": "Continuously watched price",
    "gamma": "Gamma",
}
# Greeks by name: the row of the table, and the column for a key without an ending.
GREEKS = {
    "delta": "Delta",
    "gamma": "Gamma",
    "vega": "Vega",
    "theta": "Theta",
    "rho": "Rho",
    "rho_q": "Rho of the yield",
    "rho_foreign": "Rho of the yield",
    "phi": "Rho of the yield",
    "vanna": "Vanna",
    "volga": "Volga",
    "vomma": "Volga",
}
ORDER = ("price", "delta", "gamma", "vega", "theta", "rho")  # of a list of exact values
SCALED = ("pct", "percent", "point", "1pct", "day", "calendar_day", "daily")
BARRIERS = {("down", "out"), ("down", "in"), ("up", "out"), ("up", "in")}
NAMES = {
    "spot": ("S", "S0", "F", "spot"),
    "strike": ("K", "X", "strike"),
    "maturity": ("T", "maturity", "years"),
}
PERCENT = {
    "rate": ("r", "rate"),
    "dividend_yield": ("q", "dividend_yield", "rf", "r_f", "foreign_rate"),
    "volatility": ("sigma", "vol", "volatility"),
}
PLAIN = {
    "paths": ("paths", "n_paths"),
    "seed": ("seed",),
    "tree_steps": ("steps", "n_steps", "tree_steps"),
    "watched": ("watched",),
    "exercise_dates": ("exercise_dates",),
}


def runs(case, folder):
    """Return the one run of this case."""
    del folder
    given = case["inputs"]
    inputs = {"contract": "vanilla", "option_type": _side(given), **_exercise(given)}
    for names in (NAMES, PLAIN):
        for key, aliases in names.items():
            value = _first(given, aliases)
            if value is not None:
                inputs[key] = value
    for key, aliases in PERCENT.items():
        value = _first(given, aliases)
        if value is not None:
            inputs[key] = round(100 * value, ROUND)
    inputs.setdefault("dividend_yield", 0)
    if "b" in given:  # Haug's cost of carry: the rate less the yield
        inputs["dividend_yield"] = round(inputs["rate"] - 100 * given["b"], ROUND)
    elif "F" in given:  # a future: Black's model
        inputs["dividend_yield"] = inputs["rate"]
    if "H" in given or "barrier" in given:
        inputs |= {
            "contract": "barrier",
            "barrier": _first(given, ("H", "barrier")),
            "rebate": given.get("rebate", 0),
            "barrier_type": _barrier(given),
        }
        del inputs["exercise"]
    if any(key in case["expect"] for key in ("monte_carlo", "lsm")):
        inputs |= {"engine": "monte_carlo", "paths": inputs.get("paths", 100_000)}
    return [("options", inputs)]


def measured(case, results):
    """Return the prices and Greeks the case expects."""
    summary = results[0]["summary"]
    rows = (
        results[0].get("table", []) + results[0]["tables"]["Greeks"] if "tables" in results[0] else results[0]["table"]
    )
    greeks = {row["greek"]: row for row in rows if "greek" in row}
    found = {key: summary[label] for key, label in SUMMARY.items() if label in summary}
    found["price"] = summary["Price"]
    for key in case["expect"]:
        value = _greek(key, greeks)
        if value is not None:
            found[key] = value
    exact = case["expect"].get("exact")
    if isinstance(exact, list):
        found["exact"] = [found[name] if name == "price" else greeks[GREEKS[name]]["value"] for name in ORDER][
            : len(exact)
        ]
    else:
        found["exact"] = summary["Price"]
    return {key: found[key] for key in case["expect"] if key in found}


def _first(given, aliases):
    for key in aliases:
        if key in given:
            return given[key]
    return None


def _side(given):
    text = str(_first(given, ("type", "option_type", "option")) or "call").lower()
    for side in ("call", "put"):
        if side in text:
            return side
    if text in {"c", "p"}:
        return {"c": "call", "p": "put"}[text]
    raise LookupError(f"inputs.type: {text!r} is neither a call nor a put")


def _exercise(given):
    """Return exercise style and dates of texts such as "american (50 dates/year)"."""
    text = str(_first(given, ("exercise", "style")) or "european").lower()
    dates = re.search(r"(\d+)\s*(?:exercise\s*)?(?:dates|times)", text)
    if dates:
        return {"exercise": "bermudan", "exercise_dates": int(dates[1])}
    for style in ("european", "bermudan", "american"):
        if style in text:
            return {"exercise": style}
    raise LookupError(f"inputs.exercise: {text!r} is not known")


def _barrier(given):
    words = re.findall(r"down|up|out|in", str(_first(given, ("barrier_type", "knock"))).lower())
    if tuple(words) not in BARRIERS:
        raise LookupError(f"inputs.barrier_type: {words} is not known")
    return "_".join(words)


def _greek(key, greeks):
    """Return the Greek that a key names: as Hull prints it, or per point, day or trading day where the key says so."""
    name = next((n for n in sorted(GREEKS, key=len, reverse=True) if key == n or key.startswith(f"{n}_")), None)
    if name is None or GREEKS[name] not in greeks:
        return None
    rest = key[len(name) + 1 :].removeprefix("per_")
    if rest.startswith("trading") and name == "theta":
        return greeks["Theta, trading days"]["scaled"]
    if rest in SCALED:
        return greeks[GREEKS[name]]["scaled"]
    return greeks[GREEKS[name]]["value"] if rest in {"", "year", "annual", "exact"} else None
