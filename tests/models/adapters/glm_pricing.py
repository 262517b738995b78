"""Cases of glm_pricing.json as runs of `pricing_glm`: an R formula and rows of data become factors and columns."""

import json
import math
import re

MODELS = ("pricing_glm",)
FORMULA = re.compile(r"\s*(?P<response>[^~]+?)\s*~\s*(?P<terms>.*)")
# offset(log(E)), offset(x), and in words ", offset log(E)"; log or not.
OFFSET = re.compile(r"[,+]?\s*offset\s*(?:\(\s*(log\()?([\w.]+)\s*\)?\s*\)|\s(log\()?([\w.]+)\)?)")
PLAIN = re.compile(r"(?:(?P<call>factor|as\.factor|C|as\.numeric|numeric)\()?\s*(?P<name>[\w.]+)\s*\)?")
RATE = re.compile(r"([\w.]+)\s*/\s*([\w.]+)")
SUMMARY = {
    "deviance": "Deviance",
    "null_deviance": "Null deviance",
    "df_resid": "Residual degrees of freedom",
    "df_residual": "Residual degrees of freedom",
    "aic": "AIC",
    "bic": "BIC",
    "loglik": "Log-likelihood",
    "log_likelihood": "Log-likelihood",
    "dispersion": "Pearson dispersion",
    "pearson_dispersion": "Pearson dispersion",
    "gini": "Gini",
    "base_rate": "Base rate",
}
COLUMNS = {
    "coef": "coefficient",
    "coefficients": "coefficient",
    "se": "se",
    "std_error": "se",
    "p": "p",
    "p_value": "p",
    "p_values": "p",
    "z": "statistic",
    "t": "statistic",
    "statistic": "statistic",
}
FAMILIES = {
    "poisson": ("frequency", "one"),
    "quasipoisson": ("frequency", "pearson"),
    "gamma": ("severity", None),
    "tweedie": ("burning_cost", None),
}
KNOWN_COLUMN = "known"


def runs(case, folder):
    """Return the one run of this case; data given in words are the first case's."""
    given = case["inputs"]
    data = _data(given, folder)
    formula = given["formula"]
    offsets = [(log or log2, name or name2) for log, name, log2, name2 in OFFSET.findall(formula)]
    if "offset" in given:
        text = str(given["offset"])
        inner = re.fullmatch(r"\s*log\(\s*([\w.]+)\s*\)\s*", text)
        offsets.append(("log(", inner[1]) if inner else ("", text.strip()))
    response, terms, pairs = _read(OFFSET.sub("", formula))
    response_kind, dispersion = _family(given)
    if str(given.get("link", "log")).lower() != "log":
        message = f"a {given['link']} link"
        raise LookupError(message)
    weights = given.get("weights")
    bases = given.raw("reference_levels") if "reference_levels" in given else {}
    inputs = {
        "response": response_kind,
        "factors": [_factor(name, call, data, bases, case["expect"]) for name, call in terms],
        "interactions": ", ".join(pairs),
        "experience": [_row(row, terms, response, weights, offsets, response_kind) for row in data],
    }
    inputs |= {} if dispersion is None else {"dispersion": given.get("dispersion", dispersion)}
    power = given.get("var_power", given.get("power"))
    inputs |= {} if power is None else {"power": power}
    aliased = any(v is None for v in _values(case["expect"].get("coef")))
    return [("pricing_glm", inputs | ({"aliasing": "drop"} if aliased or "aliased" in case["expect"] else {}))]


def measured(case, results):
    """Return coefficients and errors in the shape expected, deviances, AIC and relativities by term."""
    return {key: _one(key, expected, results[0]) for key, expected in case["expect"].items()}


def _one(key, expected, result):
    rows = result["tables"]["Coefficients"]
    if key in SUMMARY:
        return result["summary"].get(SUMMARY[key])
    if key == "pearson_chi2":
        return result["summary"]["Pearson dispersion"] * result["summary"]["Residual degrees of freedom"]
    if key == "df_null":
        return result["summary"]["Residual degrees of freedom"] + sum(r["coefficient"] is not None for r in rows) - 1
    if key == "intercept":
        return rows[0]["coefficient"]
    if key in COLUMNS:
        by_term = {row["term"]: row[COLUMNS[key]] for row in rows}
        by_term["(Intercept)"] = by_term["Intercept"]
        if isinstance(expected, dict):
            return {name: by_term.get(name) for name in expected}
        return [row[COLUMNS[key]] for row in rows]
    if key in {"relativity", "relativities", "exp_coef"}:
        found = {row["factor"] + row["level"].replace("per unit", ""): row["relativity"] for row in result["table"]}
        found |= {"Intercept": result["summary"]["Base rate"], "(Intercept)": result["summary"]["Base rate"]}
        if isinstance(expected, dict):
            return {name: found.get(name) for name in expected}
        return [found[row["term"]] for row in rows if row["term"] in found]
    if key == "aliased":
        return [row["term"] for row in rows if row["coefficient"] is None]
    if key in {"anova", "deviance_without", "drop1"}:
        found = {row["factor"]: row["increase"] for row in result["tables"]["Analysis of deviance"]}
        return {name: found.get(name) for name in expected}
    if key in {"fitted_total", "total_fitted"}:
        return result["summary"]["Base rate"] if not result["table"] else _total(result)
    message = f"the adapter does not know the expected value {key}"
    raise LookupError(message)


def _total(result):
    first = result["table"][0]["factor"]
    return sum(row["fitted"] for row in result["table"] if row["factor"] == first)


def _values(found):
    return list(found.values()) if isinstance(found, dict) else found if isinstance(found, list) else []


def _data(given, folder):
    data = given.raw("data")
    if isinstance(data, str) and data.endswith(".json"):
        data = json.loads((folder / data).read_text())
    elif isinstance(data, str):
        cases = json.loads((folder / "glm_pricing.json").read_text())["cases"]
        data = next(c["inputs"]["data"] for c in cases if not isinstance(c["inputs"]["data"], str))
    if isinstance(data, dict):  # by column
        return [dict(zip(data, values, strict=True)) for values in zip(*data.values(), strict=True)]
    return data


def _family(given):
    text = str(given.get("family", "poisson")).lower()
    for name in ("quasipoisson", "quasi-poisson", "poisson", "gamma", "tweedie"):
        if name in text:
            return FAMILIES[name.replace("-", "")]
    message = f"the family {text!r}"
    raise LookupError(message)


def _factor(name, call, data, bases, expect):
    numbers = all(isinstance(row[name], int | float) for row in data)
    # A column of numbers may be a factor, as districts are: then no coefficient has its plain name.
    plain = name in (expect.get("coef") or {}) if isinstance(expect.get("coef"), dict) else False
    kind = "number" if call in {"as.numeric", "numeric"} or (numbers and plain and call is None) else "levels"
    found = {"name": name, "use": True, "kind": kind}
    return found | ({"base": str(bases[name])} if name in bases else {})


def _row(row, terms, response, weights, offsets, kind):
    """Return a row of experience: amounts where the response is one per unit of weight, the offsets as exposure.

    Of a Poisson model exposure, weight and offset by logarithm are one thing; of the others an offset is a known factor.
    """
    found = {f"f{i}": str(row[name]) for i, (name, _) in enumerate(terms, start=1)}
    weight = row[weights] if isinstance(weights, str) else 1
    ratio = RATE.fullmatch(response)
    y = row[ratio[1]] / row[ratio[2]] if ratio else row[response]
    known, exposure = 1.0, weight
    for log, name in offsets:
        value = row[name] if log else math.exp(row[name])
        if kind == "frequency" and log and exposure == weight:
            exposure = weight * value
        else:
            known *= value
    if kind == "frequency":
        found |= {"exposure": exposure, "claims": y * weight}
    elif kind == "severity":
        found |= {"exposure": weight, "claims": weight, "amount": y * weight}
    else:
        found |= {"exposure": weight, "amount": y * weight}
    return found | ({} if known == 1 else {KNOWN_COLUMN: known})


def _read(formula):
    """Return response, (column, call) of each factor and the pairs of a formula such as "Claims ~ A + A:B"."""
    match = FORMULA.fullmatch(formula)
    names, pairs = {}, []
    for term in (part.strip() for part in match["terms"].split("+")):
        if term in {"1", ""}:
            continue
        parts = [PLAIN.fullmatch(p.strip()) for p in re.split(r"[*:]", term)]
        if not all(parts) or len(parts) > 2 or term in {"0", "-1"}:
            message = f"the term {term!r}"
            raise LookupError(message)
        if "*" in term or len(parts) == 1:
            names |= {p["name"]: p["call"] for p in parts if p["name"] not in names}
        if len(parts) == 2:
            pairs.append(":".join(p["name"] for p in parts))
    return match["response"], list(names.items()), pairs
