"""Runs life_pricing for the cases of life_contingencies.json and reads the expected values off its results.

A case gives a table, a rate, perhaps a contract with premiums and expenses, and expects figures of that contract,
actuarial functions of its age, symbols that name their own age (`A30_10_4pct`, `a_joint_60_70`), or one of these by
age or by duration. What the contract is follows from the inputs that are there, not from the case's name.
"""

import contextlib
import json
import re
from collections.abc import Mapping
from decimal import Decimal
from itertools import pairwise

MODELS = ("life_pricing",)
MODEL = "life_pricing"
LIFELONG = 121
KNOWN_TABLES = {"SULT": "SULT", "SOA_ILT": "SOA_ILT", "ILT": "SOA_ILT", "AM92": "AM92"}
RATES = {"SULT": 0.05, "SOA_ILT": 0.06, "ILT": 0.06}  # the rate each table is printed at, where a case names none
YOUNGEST_ILT = 13  # the model's Illustrative Life Table starts here; younger ages take the file's own lives
STATUS = {"joint": "joint", "last": "last", "last_survivor": "last", "single": "single"}
PRODUCTS = {
    "whole_life": "whole_life",
    "term": "term",
    "endowment": "endowment",
    "pure_endowment": "pure_endowment",
    "annuity": "annuity",
    "life_annuity": "annuity",
    "temporary_annuity": "temporary_annuity",
    "deferred_annuity": "deferred_annuity",
}
# Inputs of a case that are the model's own under another name, as (model's name, factor to its unit).
CONTRACT = {
    "sum_assured": ("amount", 1),
    "benefit_amount": ("amount", 1),
    "maturity_benefit": ("amount", 1),
    "annuity": ("amount", 1),
    "term": ("term", 1),
    "n": ("term", 1),
    "deferral": ("deferral", 1),
    "premium_term": ("premium_term", 1),
    "frequency": ("frequency", 1),
    "m": ("frequency", 1),
    "first_year_pct": ("first_percent", 100),
    "renewal_pct": ("renewal_percent", 100),
    "first_year_fixed": ("first_fixed", 1),
    "renewal_fixed": ("renewal_fixed", 1),
    "first_year_per_mille": ("first_per_mille", 1),
    "renewal_per_mille": ("renewal_per_mille", 1),
    "expense_end_of_year": ("year_end_fixed", 1),
    "claim_expense": ("claim_fixed", 1),
    "claim_expenses": ("claim_fixed", 1),
    "settlement_expense": ("claim_fixed", 1),
    "claim_fixed": ("claim_fixed", 1),
    "claim_pct": ("claim_percent", 100),
    "benefit_pct": ("claim_percent", 100),
    "earned_i": ("earned_interest", 100),
    "experience_mortality": ("experience_mortality", 100),
    "experience_expenses": ("experience_expenses", 100),
    "earned_interest": ("earned_interest", 100),
    "risk_discount_rate": ("risk_discount", 100),
    "hurdle_rate": ("risk_discount", 100),
    "second_age": ("second_age", 1),
}
# Inputs that say the same of the first and of later years.
LEVEL = {
    "pct_premium": ("first_percent", "renewal_percent", 100),
    "fixed": ("first_fixed", "renewal_fixed", 1),
    "per_policy": ("first_fixed", "renewal_fixed", 1),
    "per_mille": ("first_per_mille", "renewal_per_mille", 1),
}
GIVEN_PREMIUM = ("net_premium", "gross_premium", "premium")
FRACTION = {"UDD": "udd", "udd": "udd", "constant_force": "constant_force"}
TIMING = {"end_of_year": "year_end", "end_of_period": "part_end", "moment_of_death": "at_once"}
SUMMARY = {
    "gross_premium": "Gross premium a year",
    "single_premium": "Gross premium a year",
    "net_single_premium": "Net premium a year",
    "net_premium": "Net premium a year",
    "premium": "Gross premium a year",
    "avg_premium": "Average net premium in force",
    "epv_benefits": "Value of benefits",
    "epv_expenses": "Value of expenses",
    "npv": "Net present value of profit",
    "npv_profit": "Net present value of profit",
    "profit_margin": "Profit margin",
    "irr": "Internal rate of return",
    "expected_profit": "Expected profit at issue",
    "e_x": "Life expectancy",
}
# Figures at a duration, or a list of them at the durations of the input `t`: column of the policy value table.
BY_DURATION = {
    "policy_value": "gross_value",
    "gross_policy_value": "gross_value",
    "gross_reserve": "gross_value",
    "reserve": "gross_value",
    "net_policy_value": "net_value",
    "net_reserve": "net_value",
    "fpt_reserve": "fpt_value",
}
LOSSES = {
    "mean": "mean",
    "variance": "variance",
    "sd": "standard_deviation",
    "standard_deviation": "standard_deviation",
}
SYMBOL = re.compile(r"(var_)?(IA|A2(?=_)|A|adue|a|P|E|e)_?(joint|last)?_?(\d+)((?:_\w+)*)")


def runs(case, folder):
    """Return the runs of life_pricing that this case needs."""
    inputs, expect = case["inputs"], case["expect"]
    base = _basis(inputs)
    requests = _requests(inputs, expect)
    found = []
    for request in requests:
        ages = [request[key] for key in ("age", "second_age") if key in request]
        found.append((MODEL, base | request | _young(inputs, ages, folder)))
    return found


def _requests(inputs, expect):
    """Return what each run asks of the model beside the basis."""
    if all(re.fullmatch(r"\d+", key) for key in expect):
        return [{"age": int(age)} for age in expect]
    if _names_its_own_ages(inputs):
        return [_symbol(key) for key in expect]
    return [_contract(inputs)]


def measured(case, results):
    """Return what the results say about each expected value; what the model does not have is left out, and missed.

    Raises:
        LookupError: the case's own lives are not those of the model's table.
    """
    inputs, expect = case["inputs"], case["expect"]
    _check_lives(inputs, results)
    if all(re.fullmatch(r"\d+", key) for key in expect):
        return {
            age: {key: _known(_function, key, result) for key in expect[age]}
            for age, result in zip(expect, results, strict=True)
        }
    if _names_its_own_ages(inputs):
        return {key: _known(_read_symbol, key, result) for key, result in zip(expect, results, strict=True)}
    found = {key: _known(_figure, key, value, inputs, results[0]) for key, value in expect.items() if key != "exact"}
    if "exact" in expect:
        # The same figure with all its digits, beside the published one.
        found["exact"] = next((value for value in found.values() if value is not None), None)
    return found


def _known(read, *arguments):
    """Return what `read` finds, or None where the model has no such figure."""
    with contextlib.suppress(LookupError):
        return read(*arguments)
    return None


def tolerance(case, path):
    """Return how closely the value at `path`, its keys, was published: {"rtol": ..., "atol": ...} as far as known.

    The tables print few digits of small numbers, so half a unit of the last place printed is the most they can
    say.
    """
    if "rtol_published" in case and path[-1] != "exact":
        return {"rtol": case["rtol_published"]}
    stated = re.search(r"atol ([\d.]+(?:e-?\d+)?)", case.get("note", ""))
    printed = case["expect"]
    for key in path:
        printed = printed[key]
    decimals = -Decimal(repr(printed)).as_tuple().exponent
    half_a_unit = 0.5 * 10.0**-decimals if decimals > 0 else 0.0
    return {"atol": max(half_a_unit, float(stated[1]) if stated else 0.0)}


def _names_its_own_ages(inputs):
    return not any(key in inputs for key in ("age", "ages"))


def _basis(inputs):
    name = inputs["table"]
    rate = inputs["i"] if "i" in inputs else RATES.get(name, 0.05)
    basis = {"interest": _percent(rate), "product": "whole_life", "premium_term": LIFELONG, "amount": 1}
    if "fraction" in inputs:
        basis["fraction"] = FRACTION[inputs["fraction"]]
    if "timing" in inputs:
        basis["benefit_timing"] = TIMING[inputs["timing"]]
    if "makeham" in inputs:
        law = inputs["makeham"]
        return basis | {"table": "makeham", "makeham_a": law["A"], "makeham_b": law["B"], "makeham_c": law["c"]}
    if isinstance(name, int) or str(name).isdigit():
        return basis | {"table": "archive", "archive_number": int(name)}
    if name in KNOWN_TABLES:
        return basis | {"table": KNOWN_TABLES[name]}
    own = next((kind for kind in ("lx", "qx") if kind in inputs), None)
    if own is None:
        raise LookupError(f"the adapter does not know the table {name}")
    values = inputs.raw(own)
    rows = values if isinstance(values, Mapping) else dict(enumerate(values))
    ages, values = [int(age) for age in rows], list(rows.values())
    return basis | {"table": "own", "own_table": _own_rows(ages[0], values, own)}


def _young(inputs, ages, folder):
    """Return the file's own lives as a table, where an age is below those of the model's Illustrative Life Table."""
    if inputs["table"] not in {"SOA_ILT", "ILT"} or min(ages, default=YOUNGEST_ILT) >= YOUNGEST_ILT:
        return {}
    lives = json.loads((folder / "life_contingencies.json").read_text())["tables"]["SOA_ILT_lx"]
    return {"table": "own", "own_table": _own_rows(0, lives, "lx")}


def _own_rows(first, values, kind):
    chances = [1 - b / a for a, b in pairwise([*values, 0])] if kind == "lx" else values
    return [{"age": first + i, "qx": q} for i, q in enumerate(chances)]


def _check_lives(inputs, results):
    """Compare the lives that a case lists beside its table with those that the model used."""
    if "lx_sample" not in inputs:
        return
    for result in results:
        table = result["tables"]["Life table"]
        for age, lives in inputs.raw("lx_sample").items():
            if int(age) in table["age"]:
                ours = table["lx"][table["age"].index(int(age))]
                if abs(ours / lives - 1) > 1e-6:
                    raise LookupError(f"the case has {lives} lives at {age} where the model's table has {ours}")


def _contract(inputs):
    """Return the contract that the inputs describe."""
    found = {}
    for theirs, (ours, factor) in CONTRACT.items():
        if theirs in inputs:
            found[ours] = inputs[theirs] if factor == 1 else _percent(inputs[theirs])
    for theirs, (first, later, factor) in LEVEL.items():
        if theirs in inputs:
            value = inputs[theirs] if factor == 1 else _percent(inputs[theirs])
            found = {first: value, later: value} | found
    found["product"] = _product(inputs)
    if found["product"] in {"term", "endowment", "pure_endowment"}:
        found.setdefault("premium_term", found.get("term", LIFELONG))
    if found["product"] == "deferred_annuity":
        found.setdefault("premium_term", 1)
        refund = inputs.get("refund", False)
        found["refund"] = refund not in {False, None, "none", "no"}
        if found["refund"] and refund is not True and not re.search(r"without interest|no interest", str(refund)):
            raise LookupError(f"the adapter does not know the refund {refund!r}")
    if "benefit" in inputs:
        found |= _benefit(inputs["benefit"])
    if found.get("product") == "whole_life" and "sum_assured" not in inputs and "benefit" not in inputs:
        found["amount"] = 1
    given = next((key for key in GIVEN_PREMIUM if key in inputs), None)
    if given:
        found |= {"premium_basis": "given", "premium": inputs[given]}
    return found | _lives(inputs) | _profit(inputs)


def _product(inputs):
    for key in ("product", "contract", "type"):
        if key in inputs:
            if inputs[key] not in PRODUCTS:
                raise LookupError(f"the adapter does not know the {key} {inputs[key]!r}")
            return PRODUCTS[inputs[key]]
    if "annuity" in inputs:
        if "deferral" in inputs:
            return "deferred_annuity"
        return "temporary_annuity" if "term" in inputs or "n" in inputs else "annuity"
    return "term" if "term" in inputs or "n" in inputs else "whole_life"


def _benefit(text):
    """Read a benefit such as "50000 first 20y, 100000 after"."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?) first (\d+)y, (\d+(?:\.\d+)?) after", str(text))
    if not found:
        raise LookupError(f"the adapter does not know the benefit {text!r}")
    first, years, after = found.groups()
    return {"amount": float(first), "benefit_steps": [{"from_year": int(years) + 1, "amount": float(after)}]}


def _lives(inputs):
    """Return ages and, with two lives, their status; several ages without one are a group of policies."""
    found = {}
    kind = next((key for key in ("status", "lives") if key in inputs), None)
    if kind:
        if inputs[kind] not in STATUS:
            raise LookupError(f"the adapter does not know the {kind} {inputs[kind]!r}")
        found["lives"] = STATUS[inputs[kind]]
    ages = inputs["ages"] if "ages" in inputs else [inputs["age"]]
    found["age"] = ages[0]
    if kind and len(ages) == 2:
        found["second_age"] = ages[1]
    elif len(ages) > 1:
        counts = inputs["policies"] if "policies" in inputs else [1] * len(ages)
        found["group"] = [{"age": age, "policies": n} for age, n in zip(ages, counts, strict=True)]
    if "t" in inputs and not isinstance(inputs["t"], list):
        found["duration"] = inputs["t"]
    return found


def _profit(inputs):
    if not any(key in inputs for key in ("earned_i", "earned_interest", "risk_discount_rate", "hurdle_rate")):
        return {}
    chosen = {key: inputs[key] for key in ("reserves", "initial_expenses") if key in inputs}
    return {"profit_test": True} | chosen


def _figure(key, expected, inputs, result):
    """Return one expected figure of a contract or of its age, or a list of them by duration."""
    if key in BY_DURATION:
        times = inputs.get("t")
        column = result["table"][BY_DURATION[key]]
        if isinstance(expected, Mapping):
            return {t: column[int(t)] for t in expected}
        if isinstance(expected, list):
            return [column[t] for t in times] if times is not None else column
        if times is None:
            raise LookupError(f"the case does not say at which time it expects {key}")
        return column[times[0] if isinstance(times, list) else times]
    if key in SUMMARY:
        return result["summary"][SUMMARY[key]]
    if key in {"profit_vector", "profit_signature"}:
        return result["tables"]["Profit by year"]["profit" if key == "profit_vector" else "signature"]
    if key in {"EL0", "E_L0", "expected_loss"}:
        return result["tables"]["Loss at issue"][1]["mean"]
    loss = re.fullmatch(r"(net_|gross_)?loss_(\w+)", key)
    if loss and loss[2] in LOSSES:
        return result["tables"]["Loss at issue"][1 if loss[1] == "gross_" else 0][LOSSES[loss[2]]]
    return _function(key, result)


def _function(key, result):
    """Return a function of the run's age: `adue_x`, `A_x_10_endow`, `E_5`, `lx`, ..."""
    if key in {"lx", "qx"}:
        return result["tables"]["Life table"][key][0]
    if key == "px":
        return 1 - result["tables"]["Life table"]["qx"][0]
    whole = {name: values[0] for name, values in result["tables"]["Whole life"].items()}
    found = re.fullmatch(r"(adue|ax|a|A2|A|E|IA|var_A)(?:_x)?(?:_(\d+))?(?:_(endow|term))?", key)
    if not found:
        raise LookupError(f"the adapter does not know the expected value {key}")
    name, years, kind = found.groups()
    row = whole if years is None else _row(result, int(years))
    if name == "E":
        return row["pure_endowment"]
    if name in {"a", "ax"}:  # in arrear: an annuity-due less its first payment, plus one at the end of a term
        return row["annuity_due"] - 1 + (row["pure_endowment"] if years else 0)
    if name == "A":
        return row["endowment" if kind == "endow" else "term_insurance"]
    return row[{"adue": "annuity_due", "A2": "second_moment", "IA": "increasing", "var_A": "variance"}[name]]


def _parse(key):
    """Read a symbol such as A30_10_4pct, IA50, P36, a65 or a_joint_60_70: its parts by name."""
    found = SYMBOL.fullmatch(key)
    if not found:
        raise LookupError(f"the adapter does not know the symbol {key}")
    variance, name, status, age, rest = found.groups()
    parts = {"variance": bool(variance), "name": name, "status": status, "age": int(age)}
    numbers = []
    for part in rest.split("_")[1:]:
        if re.fullmatch(r"\d+", part):
            numbers.append(int(part))
        elif rate := re.fullmatch(r"(\d+(?:\.\d+)?)pct", part):
            parts["interest"] = float(rate[1])
        elif scale := re.fullmatch(r"x(\d+)", part):
            parts["amount"] = float(scale[1])
        elif part == "endow":
            parts["endowment"] = True
        else:
            raise LookupError(f"the adapter does not know the part {part} of the symbol {key}")
    if status:
        parts["second_age"] = numbers.pop(0)
    if len(numbers) > 1:
        raise LookupError(f"the adapter does not know what {numbers[1:]} mean in the symbol {key}")
    return parts | ({"years": numbers[0]} if numbers else {})


def _symbol(key):
    parts = _parse(key)
    found = {name: parts[name] for name in ("age", "second_age", "interest") if name in parts}
    if parts["status"]:
        found["lives"] = parts["status"]
    if parts["name"] == "P" and "years" in parts:
        found |= {"product": "endowment" if "endowment" in parts else "term", "term": parts["years"]}
        found["premium_term"] = parts["years"]
    return found | {"amount": parts.get("amount", 1.0)}


def _read_symbol(key, result):
    """Return a symbol's value. Here `a` is an annuity-due, as the file's sources print it."""
    parts = _parse(key)
    years = parts.get("years")
    whole = {name: values[0] for name, values in result["tables"]["Whole life"].items()}
    row = _row(result, years) if years else whole
    if parts["name"] == "e":
        return result["summary"]["Life expectancy"]
    if parts["name"] == "P":
        return result["summary"]["Net premium a year"]
    amount = parts.get("amount", 1.0)
    if parts["variance"]:
        return row["variance"] * amount**2
    if parts["name"] == "A" and amount != 1 and not years:
        return result["summary"]["Value of benefits"]
    column = {"IA": "increasing", "A2": "second_moment", "A": "term_insurance", "E": "pure_endowment"}
    name = "endowment" if "endowment" in parts else column.get(parts["name"], "annuity_due")
    return row[name] * amount


def _row(result, years):
    table = result["tables"]["Actuarial functions"]
    return {name: values[years - 1] for name, values in table.items()}


def _percent(fraction):
    return round(fraction * 100, 10)
