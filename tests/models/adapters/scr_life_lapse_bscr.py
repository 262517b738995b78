"""Cases of scr_life_lapse_bscr.json as runs of `bscr`: aggregation, minimum, risk margin and lapse stresses."""

MODELS = ("bscr",)
MODULES = ("market", "default", "life", "health", "nonlife")
LIFE = ("mortality", "longevity", "disability", "expense", "revision", "lapse", "catastrophe")
AMOUNT, PERCENT = 8, 8  # decimals that the form takes
ALONE = {
    **dict.fromkeys((*MODULES, "intangible", "operational", "absorbed_by_provisions", "absorbed_by_taxes"), 0),
    "life_from": "given",
    "operational_from": "given",
}


def runs(case, folder):
    """Return the run of this case, or one per trio of minimum, SCR and floor."""
    del folder
    given = case["inputs"]
    parts = given.get("components", {})
    if set(parts) & set(LIFE):
        return [("bscr", {"life_from": "submodules"} | {f"life_{k}": _amount(parts.get(k, 0)) for k in LIFE})]
    if parts:
        modules = {key: _amount(parts.get(key, 0)) for key in MODULES}
        return [("bscr", ALONE | modules | {"intangible": _amount(given.get("intangible", 0))})]
    if "linear" in given or "cases" in given:
        # One module alone, with nothing around it, is the whole SCR.
        return [
            (
                "bscr",
                ALONE
                | {
                    "market": _amount(each["scr"]),
                    "mcr_linear": _amount(each["linear"]),
                    "mcr_floor": _amount(each.get("absolute_floor", 0)),
                },
            )
            for each in given.get("cases", [given])
        ]
    if "rates" in given:
        return [("bscr", _risk_margin(case))]
    rates = given["lapse"] if isinstance(given["lapse"], list) else [given["lapse"]]
    inputs = {"lapse_rates": [{"rate": 100 * rate} for rate in rates]}
    for key, name, factor in (("years", "lapse_years", 1), ("qx", "lapse_mortality", 100)):
        if key in given:
            inputs[name] = round(factor * given[key], PERCENT)
    if "initial" in given:
        inputs["lapse_policies"] = _amount(given["initial"])
    return [("bscr", inputs)]


def measured(case, results):
    """Return the figures that the case expects, read off the results."""
    given, expect = case["inputs"], case["expect"]
    summary, tables = results[0]["summary"], results[0]["tables"]
    of_life = bool(set(given.get("components", {})) & set(LIFE))
    mass = {row["business"]: row["share"] for row in tables.get("Mass lapse", [])}
    found = {
        "bscr": summary["BSCR"],
        "scr": summary["SCR"],
        "scr_life": summary.get("SCR life"),
        "diversification": summary["Diversification within life" if of_life else "Diversification"],
        "mcr": [each["summary"]["MCR"] for each in results],
        "rm": summary["Risk margin"],
        "mass_standard": mass.get("Other policies"),
        "mass_special": mass.get("Group pension business"),
    }
    if not isinstance(expect.get("mcr", []), list):
        found["mcr"] = found["mcr"][0]
    if "years" in given:
        found |= {key: tables["Policies left"][0][key] for key in ("base", "up", "down", "mass")}
    elif "lapse" in given:
        found |= {key: [row[key] for row in tables["Lapse rates"]] for key in ("up", "down")}
    return {key: found[key] for key in expect if found.get(key) is not None}


def _risk_margin(case):
    given = case["inputs"]
    named = f"{given.get('regime', '')} {case['id']}"
    tapered = "2027" in named or {"lambda", "taper", "decay"} & set(given)
    found = {
        "regime": "2027" if tapered else "2015/35",
        "projection": [
            {"year": t, "scr": scr, "rate": 100 * rate}
            for t, (scr, rate) in enumerate(zip(given["scr"], given["rates"], strict=True))
        ],
    }
    if "coc" in given:
        found |= {"cost_from": "given", "cost_of_capital": round(100 * given["coc"], PERCENT)}
    return found


def _amount(value):
    return round(value, AMOUNT)
