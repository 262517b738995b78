"""Cases of scr_life_lapse_bscr.json: aggregation, minimum and risk margin by `bscr`, lapses by `lapse_stress`."""

MODELS = ("bscr", "lapse_stress")
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
    return [("lapse_stress", _lapse(given))]


def measured(case, results):
    """Return the figures that the case expects, read off the results."""
    found = _lapsed(case, results[0]) if "lapse" in case["inputs"] else _required(case, results)
    return {key: found[key] for key in case["expect"] if found.get(key) is not None}


def _required(case, results):
    summary = results[0]["summary"]
    of_life = bool(set(case["inputs"].get("components", {})) & set(LIFE))
    least = [each["summary"]["MCR"] for each in results]
    return {
        "bscr": summary["BSCR"],
        "scr": summary["SCR"],
        "scr_life": summary.get("SCR life"),
        "diversification": summary["Diversification within life" if of_life else "Diversification"],
        "mcr": least if isinstance(case["expect"].get("mcr", []), list) else least[0],
        "rm": summary["Risk margin"],
    }


def _lapsed(case, result):
    summary, tables = result["summary"], result["tables"]
    mass = [row["mass"] for row in tables["Mass lapse"]]
    found = {"mass_standard": mass[0], "mass_special": mass[1]}
    if "years" in case["inputs"]:
        return found | {key: summary[f"In force at the end, {key}"] for key in ("base", "up", "down", "mass")}
    rows = tables["Stressed rates"]
    return found | {key: [row[key] for row in rows] for key in ("base", "up", "down")}


def _lapse(given):
    if isinstance(given["lapse"], list):
        return {"rates": [{"group": str(i + 1), "lapse": 100 * rate} for i, rate in enumerate(given["lapse"])]}
    found = {"lapse": round(100 * given["lapse"], PERCENT), "years": given["years"]}
    if "qx" in given:
        found["mortality"] = round(100 * given["qx"], PERCENT)
    if "initial" in given:
        found["initial"] = round(given["initial"], 6)
    return found


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
