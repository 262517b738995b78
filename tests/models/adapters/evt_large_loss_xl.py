"""Runs large_loss for the cases of evt_large_loss_xl.json and reads the expected values off its results."""

import json

MODELS = ("large_loss",)
MODEL = "large_loss"
MEASURES = {"xi": "Shape xi", "beta": "Scale beta", "n_exceed": "Exceedances"}
LAYER = {"expected_layer_loss": "expected_loss", "rate_on_line": "rate_on_line"}


def runs(case, folder):
    """Return the one run of large_loss that this case needs."""
    given, expect = case["inputs"], case["expect"]
    inputs = {"threshold": given["threshold"]}
    if "data" in given:
        losses = json.loads((folder / given["data"]).read_text())["values"]
        inputs |= {"losses": [{"loss": loss} for loss in losses]}
        levels = sorted({key for name in ("var", "es") for key in expect.get(name, {})}, key=float)
        if levels:
            inputs["levels"] = [{"level": _percent(key)} for key in levels]
        if "years" in given:
            inputs["years"] = given["years"]
    else:
        inputs |= {"source": "given"} | {key: given[key] for key in ("xi", "beta", "frequency")}
    if "attachment" in given:
        inputs["layers"] = [{"attachment": given["attachment"], "limit": given["limit"]}]
    return [(MODEL, inputs)]


def measured(case, results):
    """Return what the result says about each expected value."""
    result = results[0]
    return {key: _one(key, expected, result) for key, expected in case["expect"].items()}


def _one(key, expected, result):
    if key in MEASURES:
        return result["summary"][MEASURES[key]]
    if key in LAYER:
        return result["table"][0][LAYER[key]]
    rows = {round(row["level"], 9): row[key] for row in result["tables"]["Risk measures"]}
    return {level: rows[round(_percent(level), 9)] for level in expected}


def _percent(level):
    return round(float(level) * 100, 9)
