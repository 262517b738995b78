"""Cases of scr_market.json as runs of `scr_market`: stresses, the Regulation's tables, modules and their aggregation.

A case with `components` aggregates given modules; every other one is calculated from the positions that it holds and no
others. What a row or a name holds that is not known here raises a LookupError with its name.
"""

from itertools import product

MODELS = ("scr_market",)
MODULES = ("interest", "equity", "property", "spread", "concentration", "currency")
AMOUNT, PERCENT = 8, 10  # decimals that the form takes
EQUITIES = {
    "equity_type1": ("type1", "type_1", "equity_type1", "equity"),
    "equity_type2": ("type2", "type_2", "equity_type2"),
    "strategic_type1": ("strategic", "strategic_type1", "long_term", "long_term_type1"),
    "strategic_type2": ("strategic_type2", "long_term_type2"),
    "infrastructure_equity": ("infrastructure", "infrastructure_equity", "qualifying_infrastructure"),
    "infrastructure_corporate_equity": ("infrastructure_corporate", "infrastructure_corporate_equity"),
}
NOTHING = {
    **dict.fromkeys((*EQUITIES, "property", "symmetric_adjustment"), 0),
    **{key: [] for key in ("bonds", "exposures", "currencies", "cash_flows")},
}
TABLES = ["interest", "spread", "spread_factors", "concentration", "equity", "correlations"]
NAMES = {"interest_rate": "interest", "rates": "interest", "fx": "currency", "concentrations": "concentration"}
KINDS = {
    "corporate": ("corporate", "bond", "bonds", "loan", "loans", "bonds_and_loans", "bond_or_loan"),
    "covered": ("covered", "covered_bond", "covered_bonds"),
    "sovereign": ("sovereign", "eea_government", "eea_sovereign", "government_eea", "member_state"),
    "sovereign_other": ("sovereign_other", "other_government", "non_eea_government", "third_country_government"),
    "infrastructure": ("infrastructure", "qualifying_infrastructure"),
}
STEPS = {"AAA": 0, "AA": 1, "A": 2, "BBB": 3, "BB": 4, "B": 5, "CCC": 6, "UNRATED": None, "NR": None, "NONE": None}
STEP, DURATION = ("step", "cqs", "credit_quality_step", "rating"), ("duration", "modified_duration")
STRESSED = {
    **dict.fromkeys(("up", "stressed_up", "rate_up", "rates_up"), "up"),
    **dict.fromkeys(("down", "stressed_down", "rate_down", "rates_down"), "down"),
}
SUMMARY = {
    "scr": "SCR market",
    "scr_market": "SCR market",
    "market": "SCR market",
    "sum": "Sum of the modules",
    "undiversified": "Sum of the modules",
    "diversification": "Diversification",
    "scr_type1": "SCR equity type 1",
    "scr_type2": "SCR equity type 2",
    "loss_up": "Loss, rates up",
    "loss_down": "Loss, rates down",
    "scr_up": "Loss, rates up",
    "scr_down": "Loss, rates down",
    "direction": "Binding interest rate stress",
    **{f"scr_{name}": f"SCR {name}" for name in MODULES},
    "scr_interest": "SCR interest rate",
    "scr_interest_rate": "SCR interest rate",
    "scr_fx": "SCR currency",
}


def runs(case, folder):
    """Return the runs of this case: one, or one per pair of index levels."""
    del folder
    given = case["inputs"]
    inputs = {"regime": _regime(case), "regulation_tables": TABLES}
    if "components" in given:
        return [("scr_market", inputs | _aggregation(given))]
    inputs |= (
        NOTHING
        | _equity(given)
        | _interest(given, case["expect"])
        | _spread(given)
        | _concentration(given)
        | _currency(given)
    )
    levels = [row for row in _rows(given) if "current" in row]
    if levels:
        return [("scr_market", inputs | _index(_known(row, "current", "average"))) for row in levels]
    return [("scr_market", inputs)]


def measured(case, results):
    """Return the figures that the case expects, read off the results."""
    return {key: _or_reason(_read, key, wanted, case["inputs"], results) for key, wanted in case["expect"].items()}


def _aggregation(given):
    parts = {NAMES.get(key, key): value for key, value in given["components"].items()}
    given["components"].read_all()
    if set(parts) - set(MODULES):
        raise LookupError(f"components: {', '.join(sorted(set(parts) - set(MODULES)))}")
    found = {"modules": "given"} | {f"given_{name}": round(parts.get(name, 0), AMOUNT) for name in MODULES}
    if "A" in given:
        found["interest_direction"] = {0: "up", 0.5: "down"}[given["A"]]
    else:
        found["interest_direction"] = _first(given, "interest_direction", "direction", default="up")
    return found


def _equity(given):
    found = {}
    for key, names in EQUITIES.items():
        value = _first(given, *names, default=None)
        if value is not None:
            found[key] = round(value, AMOUNT)
    adjustment = _first(given, "symmetric_adjustment", "sa", default=None)
    if adjustment is not None:
        found["symmetric_adjustment"] = round(100 * adjustment, PERCENT)
    if "current" in given:
        found |= _index(given)
    value = _first(given, "property", "property_value", "real_estate", default=None)
    if value is not None:
        found["property"] = round(value, AMOUNT)
    return found


def _index(levels):
    return {
        "adjustment_from": "index",
        "index_current": round(levels["current"], AMOUNT),
        "index_average": round(levels["average"], AMOUNT),
    }


def _interest(given, expect):
    found, direction = {}, given.get("direction")
    points = [row for row in _rows(given) if "rate" in row or set(row) <= {"maturity", "direction"}]
    smoothing = _first(given, "first_smoothing_point", "smoothing_point", "fsp", default=None)
    t = _first(given, "maturities", "maturity", default=None)
    rates = _first(given, "rates", "rate", "zero_rates", default=None)
    if t is not None and "cash_flows" not in given:
        at, quoted = _list(t), _list(rates)
        quoted = quoted * len(at) if len(quoted) == 1 else quoted
        points = [{"maturity": m} if r is None else {"maturity": m, "rate": r} for m, r in zip(at, quoted, strict=True)]
    found["points"] = [
        {
            "maturity": row["maturity"],
            "rate": 100 * row.get("rate", 0.0),
            "direction": each,
            "smoothing_point": row.get("first_smoothing_point", row.get("smoothing_point", smoothing)),
        }
        for row in (
            _known(p, "rate", "maturity", "direction", "first_smoothing_point", "smoothing_point") for p in points
        )
        for each in _directions(row.get("direction", direction), points[0], expect)
    ]
    if smoothing is not None:
        found["smoothing_point"] = smoothing
    if "cash_flows" in given:
        flows = [_known(row, "year", "assets", "liabilities") for row in given["cash_flows"]]
        found |= {"cash_flows": flows, "curve": _curve(given, t, rates)}
    for name, key in (("ufr", "ultimate_forward_rate"), ("convergence_speed", "convergence_speed")):
        if name in given:
            found[key] = round(100 * given[name], 4)
    if "va_bp" in given:
        found["volatility_adjustment"] = given["va_bp"]
    return found


def _curve(given, t, rates):
    if "curve" in given:
        curve = given.raw("curve")
        pairs = curve.items() if isinstance(curve, dict) else [(row["maturity"], row["rate"]) for row in curve]
    else:
        at = [1.0] if t is None else _list(t)
        pairs = zip(at, _list(rates) * (len(at) if not isinstance(rates, list) else 1), strict=True)
    return [{"maturity": float(m), "rate": 100 * r} for m, r in pairs]


def _directions(named, first, expect):
    """Return the directions of a point: both, down before up, where the case names none and wants both."""
    if named in {"up", "down"}:
        return [named]
    if named not in {None, "both"}:
        raise LookupError(f"direction: {named}")
    both = "rate" not in first or any(key.endswith("up") or key.startswith("up") for key in expect)
    return ["down", "up"] if both else ["down"]


def _spread(given):
    rows = [row for row in [*_rows(given), *given.get("bonds", [])] if _has(row, DURATION)]
    kind = _first(given, "kind", "type", "asset_class", default="corporate")
    found = {}
    if rows:
        found["bonds"] = [_bond(row, kind) for row in rows]
    elif any(name in given for name in ("durations", "duration", "modified_duration")):
        durations, steps = _grid(given)
        inner, outer = (durations, steps) if _steps_first(given) else (steps, durations)
        pairs = [(b, a) if _steps_first(given) else (a, b) for a, b in product(outer, inner)]
        value = _first(given, "market_value", "value", default=1)
        found["bonds"] = [_bond({"duration": duration, "step": step, "value": value}, kind) for duration, step in pairs]
    if kind != "corporate":
        found["spread_table_kind"] = _kind(kind)
    return found


def _grid(given):
    durations = _list(_first(given, "durations", "duration", "modified_duration", default=None))
    return durations, _list(_first(given, "steps", "cqs", "step", "credit_quality_step", "rating", default=None))


def _steps_first(given):
    """Say whether a grid of stresses is written step by step: whichever of the two stands first in the case."""
    keys = list(given)
    at = [min((keys.index(k) for k in names if k in keys), default=0) for names in (("steps", *STEP), ("durations",))]
    return at[0] < at[1]


def _bond(row, kind):
    row = _known(row, *DURATION, *STEP, "value", "market_value", "kind", "type", "issuer", "name")
    return {
        "kind": _kind(_first(row, "kind", "type", default=kind)),
        "step": _step(_first(row, *STEP, default=None)),
        "duration": _first(row, *DURATION),
        "value": round(_first(row, "value", "market_value", default=1), AMOUNT),
        "issuer": row.get("issuer", row.get("name")),
    }


def _kind(name):
    plain = str(name).lower().replace("-", "_").replace(" ", "_")
    for kind, names in KINDS.items():
        if plain in names:
            return kind
    raise LookupError(f"kind of bond: {name}")


def _step(step):
    return STEPS[step.upper()] if isinstance(step, str) else step


def _concentration(given):
    found = {}
    if "exposures" in given:
        rows = (
            _known(r, "name", "kind", "type", *STEP, "value", "exposure") if isinstance(r, dict) else {"value": r}
            for r in given["exposures"]
        )
        found["exposures"] = [
            {
                "name": str(row.get("name", f"Name {i + 1}")),
                "kind": _first(row, "kind", "type", default="name"),
                "step": _step(_first(row, *STEP, default=None)),
                "value": round(_first(row, "value", "exposure"), AMOUNT),
            }
            for i, row in enumerate(rows)
        ]
    base = _first(given, "assets", "total_assets", "concentration_base", "calculation_base", default=None)
    if base is not None:
        found["concentration_base"] = round(base, AMOUNT)
    return found


def _currency(given):
    found = {}
    if "reporting_currency" in given:
        found["reporting_currency"] = given["reporting_currency"]
    name = next((key for key in ("currencies", "positions", "fx", "net") if key in given), None)
    if name is None:
        return found
    positions = given.raw(name)
    if isinstance(positions, dict):
        rows = [{"currency": code, "net": net} for code, net in positions.items()]
    elif isinstance(positions, list):
        rows = [
            row if isinstance(row, dict) else {"currency": f"Currency {i + 1}", "net": row}
            for i, row in enumerate(positions)
        ]
    else:
        rows = [{"currency": "Foreign", "net": positions}]
    return found | {
        "currencies": [
            {
                "currency": row["currency"],
                "net": _first(row, "net", "value", default=row.get("assets", 0) - row.get("liabilities", 0)),
                "stress": None if row.get("stress") is None else 100 * row["stress"],
            }
            for row in (_known(r, "currency", "net", "value", "assets", "liabilities", "stress") for r in rows)
        ]
    }


def _read(key, wanted, given, results):
    result = results[0]
    tables = result["tables"]
    if key in SUMMARY:
        return result["summary"].get(SUMMARY[key])
    if key in MODULES:
        return result["summary"][SUMMARY[f"scr_{key}"]]
    if key in {"sa", "symmetric_adjustment"}:
        return _shaped([each["summary"]["Symmetric adjustment"] for each in results], wanted)
    if key in {"stressed", "stressed_rates", "rate"}:
        return _shaped([row["stressed"] for row in tables["Stressed rates"]], wanted)
    if any(row["rate"] for row in tables.get("Stressed rates", [])) and key in STRESSED:
        rows = [row for row in tables["Stressed rates"] if row["direction"] == STRESSED[key]]
        return _shaped([row["stressed"] for row in rows], wanted)
    if key in {"stress", "stresses", "loss", "losses", "scr"}:
        return _shaped([row["loss" if key.startswith("los") else "stress"] for row in tables["Bonds"]], wanted)
    if key in {"allocated", "allocation"}:
        return {name: row["allocated"] for name, row in zip(MODULES, result["table"], strict=True)}
    if key in {"correlation", "correlations", "matrix"}:
        return [[row[f"with_{name}"] for name in MODULES] for row in tables["Correlations"]]
    if key in {"threshold", "thresholds"}:
        return [row["threshold_share"] for row in tables["Concentration factors"]][: len(wanted)]
    if key in {"factor", "factors", "g"}:
        return [row["factor"] for row in tables["Concentration factors"]][: len(wanted)]
    return _shocks(key, wanted, given, tables)


def _shocks(key, wanted, given, tables):
    """Return a column of the interest rate shocks, or its rows in the form in which the case prints them."""
    rows = _shock_rows(given, tables)
    columns = {"maturity": "maturity", "maturities": "maturity", "up": "up_relative", "down": "down_relative"}
    columns |= {f"{d}_{kind}": f"{d}_{kind}" for d in ("up", "down") for kind in ("relative", "additive")}
    columns |= {f"{d}_{short}": f"{d}_additive" for d in ("up", "down") for short in ("b", "add", "absolute")}
    columns |= {f"{d}_s": f"{d}_relative" for d in ("up", "down")}
    if key in columns:
        return _shaped([row[columns[key]] for row in rows], wanted)
    if key != "rows":
        raise LookupError(f"expected value {key}")
    direction, width = given.get("direction"), len(wanted[0])
    if direction is not None:
        names = ("maturity", f"{direction}_relative", f"{direction}_additive")[:width]
    else:
        names = ("maturity", "up_relative", "down_relative")
        if width == 5:
            names = ("maturity", "up_relative", "up_additive", "down_relative", "down_additive")
    return [[row[name] for name in names] for row in rows]


def _shock_rows(given, tables):
    if "Stressed rates" not in tables:
        return tables["Interest rate shocks"]
    found = {}
    for row in tables["Stressed rates"]:
        at = found.setdefault(row["maturity"], {"maturity": row["maturity"]})
        at |= {f"{row['direction']}_{kind}": row[kind] for kind in ("relative", "additive")}
    return list(found.values())


def _shaped(values, wanted):
    """Return a list as the case writes it: a single figure, a list, a list of rows or a mapping in order."""
    if isinstance(wanted, dict):
        return dict(zip(wanted, values, strict=True))
    if not isinstance(wanted, list):
        return values[0] if len(values) == 1 else values
    if wanted and isinstance(wanted[0], list):
        width = len(wanted[0])
        return [values[i : i + width] for i in range(0, len(values), width)]
    return values


def _regime(case):
    named = str(case["inputs"].get("regime", ""))
    if not named:
        return "2027" if "2027" in str(case.get("id", "")) else "2015/35"
    for regime in ("2027", "2015"):
        if regime in named:
            return "2027" if regime == "2027" else "2015/35"
    raise LookupError(f"regime: {named}")


def _rows(given):
    return [row for row in given.get("points", []) if isinstance(row, dict)]


def _list(value):
    return list(value) if isinstance(value, list) else [value]


def _has(row, names):
    return any(name in row for name in names)


def _known(row, *names):
    """Return a row of which every key is among `names`."""
    if set(row) - set(names):
        raise LookupError(f"columns of a row: {', '.join(sorted(set(row) - set(names)))}")
    return row


def _first(given, *names, **default):
    """Return the first of the named inputs that is given."""
    for name in names:
        if name in given:
            return given[name]
    if default:
        return default["default"]
    raise LookupError(f"none of {', '.join(names)}")


def _or_reason(read, *arguments):
    """Return a figure, or why it is not there: what the adapter does not know is a miss of that figure alone."""
    try:
        return read(*arguments)
    except LookupError as error:
        return f"{type(error).__name__}: {error}"
