"""Cases of var_es_garch_backtest.json as runs of `market_risk`: the keys of a case say what it is about."""

import json

MODELS = ("market_risk",)
ROUND = 6  # decimals of a percentage that the form takes
METHODS = {"normal": "Normal", "t": "Student's t"}
LIGHTS = {
    "cumulative_pct": "cumulative",
    "zone": "zone",
    "plus_factor": "plus_factor",
    "kupiec_lr": "kupiec",
    "lr_pof": "kupiec",
    "kupiec_p": "kupiec_p",
    "p_value": "kupiec_p",
}


def runs(case, folder):
    """Return the one run of this case."""
    given = case["inputs"]
    inputs = {}
    if "confidence" in given:
        inputs["confidence"] = round(100 * given["confidence"], ROUND)
    if "horizon_days" in given:
        inputs["horizon"] = given["horizon_days"]
    if "data" in given:
        inputs |= _returns(json.loads((folder / given["data"]).read_text())["values"]) | {"method": "garch"}
    elif "values" in given:
        inputs |= _stated(given["values"], given["daily_vol"]) | _correlated(given["corr"])
    elif "exceptions" in given:
        inputs |= {"backtest_days": given["n"], "confidence": round(100 * (1 - given["p"]), ROUND)}
    elif "last_return" in given:
        inputs |= _returns([100 * given["last_return"]])
        inputs |= {"decay": given["lam"], "start_volatility": 100 * given["vol_prev"], "method": "ewma"}
    else:
        inputs |= _stated([1], [given.get("sigma", 1)], [given.get("mu", 0)]) | {"dof": given.get("nu", 4)}
    inputs.setdefault("horizon", 1)
    return [("market_risk", inputs)]


def measured(case, results):
    """Return what the case expects, read off the tables of the result."""
    result = results[0]
    tables, found = result["tables"], {}
    methods = {row["method"]: row for row in result["table"]}
    for key in case["expect"]:
        name, _, law = key.partition("_")
        law = law if law in METHODS else law.rstrip("0123456789")
        if name in {"var", "es"} and law in METHODS:
            found[key] = methods[METHODS[law]][f"{name}_h"]
    summary = result["summary"]
    days = case["inputs"].get("horizon_days", 1)
    found |= {
        "sd_1d": summary["Standard deviation, one day"],
        "var_1d_asset": [row["var_1d"] for row in tables["Positions"]],
        f"var_{days}d_asset": [row["var_h"] for row in tables["Positions"]],
        "var_1d": summary["Value at risk, one day"],
        f"var_{days}d": summary["Value at risk"],
        "es_1d": summary["Expected shortfall, one day"],
        f"es_{days}d": summary["Expected shortfall"],
        f"diversification_{days}d": summary["Diversification benefit"],
    }
    for row in tables.get("Volatility", []):
        if row["model"] == "EWMA":
            found |= {"variance": row["variance"], "vol": row["volatility"]}
    lights = {row["exceptions"]: row for row in tables["Traffic light"]}
    given = case["inputs"].get("exceptions", [])
    wanted = [lights.get(k) for k in (given if isinstance(given, list) else [given])]
    if wanted and all(wanted):
        for key, column in LIGHTS.items():
            values = [row[column] for row in wanted]
            found[key] = values if isinstance(given, list) else values[0]
    found |= {row["parameter"]: row["estimate"] for row in tables.get("GARCH(1,1)", [])}
    if "log-likelihood" in found:
        found["loglik"] = found["log-likelihood"]
        ahead = [row["volatility_pct"] for row in tables["GARCH forecast"]]
        found["vol_forecast"] = ahead[: len(case["expect"].get("vol_forecast", ahead))]
    return {key: found[key] for key in case["expect"] if key in found}


def _returns(values):
    return {
        "source": "history",
        "quantity": "returns",
        "positions": [{"name": "Asset", "value": 1}],
        "prices": [{"a1": value} for value in values],
    }


def _stated(values, volatilities, means=None):
    means = means or [0] * len(values)
    return {
        "source": "stated",
        "method": "normal",
        "positions": [
            {"name": f"Asset {i}", "value": value, "volatility": 100 * vol, "mean": 100 * mean}
            for i, (value, vol, mean) in enumerate(zip(values, volatilities, means, strict=True), start=1)
        ],
    }


def _correlated(given):
    if not isinstance(given, list):
        return {"correlation": given}
    return {"correlations": [{f"a{j}": rho for j, rho in enumerate(row, start=1)} for row in given]}
