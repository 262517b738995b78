"""Cases of glm_pricing.json as runs of `pricing_glm`: an R formula and rows of data become factors and columns."""

import json
import re

MODELS = ("pricing_glm",)
FORMULA = re.compile(r"\s*(?P<response>[^~]+?)\s*~\s*(?P<terms>.*)")
OFFSET = re.compile(r"[,+]?\s*offset\s*\(?\s*log\((?P<exposure>[^()]+)\)\s*\)?")
SUMMARY = {
    "deviance": "Deviance",
    "null_deviance": "Null deviance",
    "df_resid": "Residual degrees of freedom",
    "aic": "AIC",
    "dispersion": "Pearson dispersion",
}


def runs(case, folder):
    """Return the one run of this case; data given in words are the first case's."""
    given = case["inputs"]
    data = given["data"]
    if isinstance(data, str) and data.endswith(".json"):
        data = json.loads((folder / data).read_text())
    elif isinstance(data, str):
        cases = json.loads((folder / "glm_pricing.json").read_text())["cases"]
        data = next(c["inputs"]["data"] for c in cases if not isinstance(c["inputs"]["data"], str))
    response, exposure, names, pairs = _read(given["formula"])
    bases = given.get("reference_levels", {})
    inputs = {
        "response": "frequency",
        "factors": [
            {"name": name, "use": True, "kind": "levels"} | ({"base": str(bases[name])} if name in bases else {})
            for name in names
        ],
        "interactions": ", ".join(pairs),
        "experience": [
            {f"f{i}": str(row[name]) for i, name in enumerate(names, start=1)}
            | {"exposure": row[exposure] if exposure else 1, "claims": row[response]}
            for row in data
        ],
    }
    return [("pricing_glm", inputs)]


def measured(case, results):
    """Return coefficients and errors in the shape expected, deviances, AIC and relativities by term."""
    result, expect = results[0], case["expect"]
    rows = result["tables"]["Coefficients"]
    found = {key: result["summary"][label] for key, label in SUMMARY.items() if label in result["summary"]}
    for key, column in (("coef", "coefficient"), ("se", "se"), ("p", "p"), ("z", "statistic")):
        by_term = {row["term"]: row[column] for row in rows}
        found[key] = by_term if isinstance(expect.get(key), dict) else list(by_term.values())
    found["relativity"] = {row["factor"] + row["level"]: row["relativity"] for row in result["table"]}
    return {key: _cut(found[key], expect[key]) for key in expect if key in found}


def _cut(found, expected):
    if isinstance(expected, dict):
        return {key: found[key] for key in expected if key in found}
    return found


def _read(formula):
    """Return response, exposure, factors and pairs of a formula such as "Claims ~ A + A:B + offset(log(E))"."""
    offset = OFFSET.search(formula)
    match = FORMULA.fullmatch(OFFSET.sub("", formula))
    names, pairs = [], []
    for term in (part.strip() for part in match["terms"].split("+")):
        parts = [p.strip() for p in re.split(r"[*:]", term)]
        if "*" in term or len(parts) == 1:
            names += [p for p in parts if p and p not in names]
        if len(parts) == 2:
            pairs.append(":".join(parts))
    return match["response"], offset and offset["exposure"].strip(), names, pairs
