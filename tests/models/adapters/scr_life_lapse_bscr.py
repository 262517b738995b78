"""Cases of scr_life_lapse_bscr.json: aggregation, operational risk, minimum and risk margin by `bscr`, lapses by
`lapse_stress`.

A case is recognised by what it gives: lapse rates, a projection of SCRs with rates, or modules, volumes and minima, of
which there may be several under `cases`. A name that is not known here raises a LookupError with it.
"""

MODELS = ("bscr", "lapse_stress")
MODULES = ("market", "default", "life", "health", "nonlife")
LIFE = ("mortality", "longevity", "disability", "expense", "revision", "lapse", "catastrophe")
NAMES = {
    "counterparty": "default",
    "counterparty_default": "default",
    "non_life": "nonlife",
    "non-life": "nonlife",
    "morbidity": "disability",
    "disability_morbidity": "disability",
    "expenses": "expense",
    "cat": "catastrophe",
    "life_cat": "catastrophe",
}
AMOUNT, PERCENT = 8, 8  # decimals that the form takes
HIGHEST_LEVEL = 0.5  # lapse rate that the form takes as the level one
ALONE = {
    **dict.fromkeys((*MODULES, "intangible", "operational", "absorbed_by_provisions", "absorbed_by_taxes"), 0),
    "life_from": "given",
    "operational_from": "given",
    "mcr_linear": 0,
    "mcr_floor": 0,
    "projection": [],
}
VOLUMES = {
    "life_premiums": ("earned_life", "life_premiums", "premiums_life"),
    "life_premiums_unit_linked": ("earned_life_ul", "life_premiums_ul", "premiums_life_ul"),
    "nonlife_premiums": ("earned_nonlife", "nonlife_premiums", "premiums_nonlife"),
    "life_premiums_before": ("previous_life", "life_premiums_before"),
    "life_premiums_before_unit_linked": ("previous_life_ul", "life_premiums_before_ul"),
    "nonlife_premiums_before": ("previous_nonlife", "nonlife_premiums_before"),
    "life_provisions": ("tp_life", "life_provisions"),
    "life_provisions_unit_linked": ("tp_life_ul", "life_provisions_ul"),
    "nonlife_provisions": ("tp_nonlife", "nonlife_provisions"),
    "unit_expenses": ("expenses_ul", "unit_expenses"),
}
AMOUNTS = {
    "intangible": ("intangible", "intangibles"),
    "operational": ("operational", "scr_op", "op", "operational_risk"),
    "absorbed_by_provisions": ("absorbed_by_provisions", "lac_tp", "adj_tp", "adjustment_tp"),
    "absorbed_by_taxes": ("absorbed_by_taxes", "lac_dt", "adj_dt", "adjustment_dt"),
    "own_funds": ("own_funds", "eligible_own_funds", "eof"),
    "mcr_linear": ("linear", "linear_mcr", "mcr_linear"),
    "mcr_floor": ("absolute_floor", "amcr", "floor"),
}
KNOWN = {
    *(name for names in (*VOLUMES.values(), *AMOUNTS.values()) for name in names),
    *("components", "life_components", "bscr", "scr"),
}
SUMMARY = {
    "bscr": "BSCR",
    "scr": "SCR",
    "sum": "Sum of the modules",
    "scr_life": "SCR life",
    "life": "SCR life",
    "scr_op": "SCR operational",
    "operational": "SCR operational",
    "mcr": "MCR",
    "solvency_ratio": "Solvency ratio",
    "ratio": "Solvency ratio",
    "mcr_ratio": "MCR ratio",
    "rm": "Risk margin",
    "risk_margin": "Risk margin",
    "rm_2015": "Risk margin, rules of 2015/35",
    "rm_2027": "Risk margin, rules of 2027",
}
STRESSES = ("base", "up", "down", "mass", "own")
LAPSE_NAMES = {"stressed": "own", "shocked": "own", "in_force_base": "base", "in_force_stressed": "own"}


def runs(case, folder):
    """Return the run of this case, or one for each of its `cases`."""
    del folder
    given = case["inputs"]
    if "lapse" in given or "lapse_rate" in given:
        return [("lapse_stress", _lapse(given))]
    if "rates" in given or "rate" in given:
        return [("bscr", _risk_margin(case))]
    if "cases" in given:
        return [("bscr", _required(each)) for each in given["cases"]]
    if any(isinstance(given.get(name), list) for name in KNOWN - {"components"}):
        columns = {name: given[name] for name in given}
        count = max(len(values) for values in columns.values() if isinstance(values, list))
        rows = ({name: v[i] if isinstance(v, list) else v for name, v in columns.items()} for i in range(count))
        return [("bscr", _required(row)) for row in rows]
    return [("bscr", _required(given))]


def measured(case, results):
    """Return the figures that the case expects, read off the results."""
    given = case["inputs"]
    if "lapse" in given or "lapse_rate" in given:
        return {key: _or_reason(_lapsed, key, wanted, given, results[0]) for key, wanted in case["expect"].items()}
    return {key: _or_reason(_read, key, wanted, results) for key, wanted in case["expect"].items()}


def _required(given):
    """Return the inputs of `bscr` for modules, volumes and minima, with nothing that the case does not give."""
    if set(given) - KNOWN - {"regime"}:
        raise LookupError(f"inputs: {', '.join(sorted(set(given) - KNOWN - {'regime'}))}")
    found = dict(ALONE)
    parts = {NAMES.get(key, key): value for key, value in _plain(given, "components").items()}
    life = {NAMES.get(key, key): value for key, value in _plain(given, "life_components").items()}
    if set(parts) & set(LIFE):
        if life or set(parts) - set(LIFE) - set(MODULES):
            raise LookupError(f"components: {', '.join(parts)}")
        life = {key: value for key, value in parts.items() if key in LIFE}
        parts = {key: value for key, value in parts.items() if key not in LIFE}
    if set(parts) - set(MODULES) or set(life) - set(LIFE):
        raise LookupError(f"components: {', '.join([*parts, *life])}")
    found |= {key: _amount(value) for key, value in parts.items()}
    if life:
        found |= {"life_from": "submodules"} | {f"life_{key}": _amount(life.get(key, 0)) for key in LIFE}
    for name in ("bscr", "scr"):
        if name in given:
            # One module alone, with nothing around it, is the whole requirement.
            found["market"] = _amount(given[name])
    for key, names in AMOUNTS.items():
        if _has(given, names):
            found[key] = _amount(_first(given, names))
    if any(_has(given, names) for names in VOLUMES.values()):
        found |= {"operational_from": "calculated"}
        found |= {key: _amount(_first(given, names, 0)) for key, names in VOLUMES.items()}
    if "regime" in given:
        found["regime"] = "2027" if "2027" in str(given["regime"]) else "2015/35"
    return found


def _risk_margin(case):
    """Return the inputs of `bscr` for a risk margin: its projection, cost of capital and taper."""
    given = case["inputs"]
    tapered = "2027" in f"{given.get('regime', '')} {case.get('id', '')}"
    scrs = _first(given, ("scr", "scrs", "projection"))
    found = {**ALONE, "regime": "2027" if tapered else "2015/35"}
    driver = _first(given, ("best_estimate", "best_estimates", "driver", "run_off"), None)
    count = len(driver if driver is not None else scrs)
    rates = _first(given, ("rates", "rate"))
    rates = rates if isinstance(rates, list) else [rates] * count
    years = _first(given, ("years", "t"), list(range(count)))
    if driver is None:
        columns = zip(years, scrs, rates, strict=True)
        found["projection"] = [{"year": t, "scr": scr, "rate": 100 * r} for t, scr, r in columns]
    else:
        columns = zip(years, driver, rates, strict=True)
        found |= {
            "projection_from": "run_off",
            "reference_scr": _amount(scrs[0] if isinstance(scrs, list) else scrs),
            "run_off": [{"year": t, "best_estimate": b, "rate": 100 * r} for t, b, r in columns],
        }
    cost = _first(given, ("coc", "cost_of_capital"), None)
    if cost is not None:
        found |= {"cost_from": "given", "cost_of_capital": round(100 * cost, PERCENT)}
    taper = _first(given, ("lambda", "taper", "decay"), None)
    if taper is not None:
        # The Union's taper of 0.96 stops at 0.5, the United Kingdom's of 0.9 at 0.25.
        least = _first(given, ("taper_floor", "floor", "lambda_floor", "min_taper"), 0.5 if taper > 0.95 else 0.25)
        found |= {"taper_from": "given", "taper": taper, "taper_floor": least}
    return found


def _read(key, wanted, results):
    rows = results[0]["tables"]["Risk margin"]
    if key in {"terms", "by_year", "margins", "contributions"}:
        return [row["margin"] for row in rows]
    if key in {"discount", "discount_factors"}:
        return [row["discount"] for row in rows]
    if key in {"projection", "scr_projection", "scrs"}:
        return [row["scr"] for row in rows]
    if key in {"taper", "tapers"}:
        return [row["taper"] for row in rows]
    if key in {"allocated", "allocation"}:
        life = "Life sub-modules" in results[0]["tables"]
        table = results[0]["tables"]["Life sub-modules"] if life else results[0]["table"]
        return {name: row["allocated"] for name, row in zip(LIFE if life else MODULES, table, strict=True)}
    if key == "diversification":
        found = [_diversification(each["summary"]) for each in results]
    elif key in SUMMARY:
        found = [each["summary"].get(SUMMARY[key]) for each in results]
    else:
        raise LookupError(f"expected value {key}")
    return found if isinstance(wanted, list) else found[0]


def _diversification(summary):
    """Return that between the modules, or that within life where the case is of nothing but life."""
    within = summary.get("Diversification within life")
    return summary["Diversification"] if within is None or summary["Diversification"] else within


def _lapse(given):
    rates = _first(given, ("lapse", "lapse_rate"))
    found = {"initial": round(given.get("initial", 1.0), 6), "mortality": 0}
    deaths = _first(given, ("qx", "q", "mortality"), None)
    if deaths is not None:
        found["mortality"] = round(100 * deaths, PERCENT)
    multiplier = _first(given, ("multiplier", "stress_multiplier", "own_multiplier"), None)
    if multiplier is not None:
        # Beyond 3 it can only be meant in percent.
        found["multiplier"] = round(multiplier if multiplier > 3 else 100 * multiplier, 6)
    for name, key, digits in (("interest", "interest", PERCENT), ("i", "interest", PERCENT)):
        if name in given:
            found[key] = round(100 * given[name], digits)
    if "margin" in given:
        found["margin"] = round(given["margin"], 4)
    if "business" in given or "group_pension" in given:
        group = given.get("group_pension", False) or "group" in str(given.get("business", ""))
        found["business"] = "group_pension" if group else "standard"
    years = _first(given, ("years", "duration", "term"), None)
    if years is not None:
        found["years"] = years
    if "mass" in given:
        found["business"] = {0.4: "standard", 0.7: "group_pension"}[given["mass"]]
    if "regime" in given and not any(named in str(given["regime"]) for named in ("2015", "2027")):
        raise LookupError(f"regime: {given['regime']}")  # Article 142 is the same under both
    if not isinstance(rates, list):
        found["rates"] = [{"group": "1", "lapse": 100 * rates}]
        if years is None or rates <= HIGHEST_LEVEL:
            return found | ({} if years is None else {"lapse": round(100 * rates, 10)})
        return found | {"pattern": "by_year", "lapse_by_year": [{"year": 1, "lapse": 100 * rates}]}
    found["rates"] = [{"group": str(i + 1), "lapse": 100 * rate} for i, rate in enumerate(rates)]
    if years is not None:
        by_year = [{"year": i + 1, "lapse": 100 * rate} for i, rate in enumerate(rates)]
        found |= {"pattern": "by_year", "lapse_by_year": by_year}
    return found


def _lapsed(key, wanted, given, result):
    summary, tables = result["summary"], result["tables"]
    mass = [row["mass"] for row in tables["Mass lapse"]]
    if key.startswith("mass_"):
        return {"mass_standard": mass[0], "mass_special": mass[1], "mass_group": mass[1]}[key]
    by_name = {row["stress"].lower(): row for row in tables["Stresses"]}
    if key in {"scr", "scr_lapse", "capital"}:
        return summary["Capital requirement for lapse risk"]
    if key in {"ratio", "stressed_over_base"}:
        return summary["Own stress over base"]
    if key in {"lost", "difference"}:
        return summary["Policies lost under own stress"]
    for prefix, column in (("value", "value"), ("loss", "loss"), ("rate", "rate"), ("persistency", "persistency")):
        if key.startswith(f"{prefix}_"):
            return by_name[_stress(key.removeprefix(f"{prefix}_"))][column]
    name = _stress(key.removesuffix("_rate").removesuffix("_series"))
    if not _has(given, ("years", "duration", "term")) or key.endswith("_rate"):
        found = [row[name] for row in tables["Stressed rates"]]
        return found if isinstance(wanted, list) else found[0]
    if isinstance(wanted, list):
        lives = [row[name] for row in result["table"]]
        return lives if len(wanted) == len(lives) else lives[1:]
    return by_name[name]["end"]


def _stress(name):
    name = LAPSE_NAMES.get(name, name)
    if name not in STRESSES:
        raise LookupError(f"expected value {name}")
    return name


def _plain(given, key):
    """Return a mapping of a case with all of it read, or an empty one."""
    if key not in given:
        return {}
    found = given[key]
    if hasattr(found, "read_all"):
        found.read_all()
    return dict(found.items())


def _has(given, names):
    return any(name in given for name in names)


def _first(given, names, *default):
    """Return the first of the named inputs that is given."""
    for name in names:
        if name in given:
            return given[name]
    if default:
        return default[0]
    raise LookupError(f"none of {', '.join(names)}")


def _amount(value):
    return round(value, AMOUNT)


def _or_reason(read, *arguments):
    """Return a figure, or why it is not there: what the adapter does not know is a miss of that figure alone."""
    try:
        return read(*arguments)
    except LookupError as error:
        return f"{type(error).__name__}: {error}"
