"""Cases of scr_market.json as runs of `scr_market`: stressed rates, tables of shocks, equity and aggregation."""

MODELS = ("scr_market",)
MODULES = ("interest", "equity", "property", "spread", "concentration", "currency")
AMOUNT, PERCENT = 8, 10  # decimals that the form takes
NOTHING = {
    "bonds": [],
    "exposures": [],
    "currencies": [],
    "cash_flows": [],
    "property": 0,
    "infrastructure_equity": 0,
}
SUMMARY = {
    "scr": "SCR market",
    "scr_market": "SCR market",
    "sum": "Sum of the modules",
    "diversification": "Diversification",
    "scr_type1": "SCR equity type 1",
    "scr_type2": "SCR equity type 2",
    **{f"scr_{name}": f"SCR {name}" for name in MODULES},
    "scr_interest": "SCR interest rate",
}
SHOCKS = {
    ("2027", "up"): ("maturity", "up_relative", "up_additive"),
    ("2027", "down"): ("maturity", "down_relative", "down_additive"),
    ("2015/35", "up"): ("maturity", "up_relative"),
    ("2015/35", "down"): ("maturity", "down_relative"),
}


def runs(case, folder):
    """Return the runs of this case: one, or one per pair of index levels."""
    del folder
    given = case["inputs"]
    inputs = {"regime": _regime(given)}
    points = given.get("points", [])
    if "components" in given:
        inputs |= {"modules": "given", "interest_direction": given.get("interest_direction", "up")}
        inputs |= {f"given_{name}": round(given["components"].get(name, 0), AMOUNT) for name in MODULES}
    elif points and "current" in points[0]:
        return [
            (
                "scr_market",
                {
                    **inputs,
                    "adjustment_from": "index",
                    "index_current": round(point["current"], AMOUNT),
                    "index_average": round(point["average"], AMOUNT),
                },
            )
            for point in points
        ]
    elif points:
        inputs["points"] = [
            {
                "maturity": point["maturity"],
                "rate": 100 * point["rate"],
                "direction": point.get("direction", given.get("direction", "down")),
                "smoothing_point": point.get("first_smoothing_point"),
            }
            for point in points
        ]
    elif "type1" in given or "type2" in given:
        inputs |= NOTHING | {
            "equity_type1": round(given.get("type1", 0), AMOUNT),
            "equity_type2": round(given.get("type2", 0), AMOUNT),
            "symmetric_adjustment": round(100 * given.get("symmetric_adjustment", 0), PERCENT),
        }
    return [("scr_market", inputs)]


def measured(case, results):
    """Return the figures that the case expects, read off the results."""
    given, result = case["inputs"], results[0]
    found = {key: result["summary"][label] for key, label in SUMMARY.items() if label in result["summary"]}
    found["sa"] = [each["summary"]["Symmetric adjustment"] for each in results]
    found["stressed"] = [row["stressed"] for row in result["tables"].get("Stressed rates", [])]
    columns = SHOCKS[_regime(given), given.get("direction", "down")]
    found["rows"] = [[row[key] for key in columns] for row in result["tables"]["Interest rate shocks"]]
    return {key: found[key] for key in case["expect"] if key in found}


def _regime(given):
    return "2027" if "2027" in str(given.get("regime", "")) else "2015/35"
