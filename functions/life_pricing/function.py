"""Price a contract on one life and follow its policy values: term, whole life, endowment, annuities.

Chosen: the equivalence principle on a yearly grid, with payments within the year exact under UDD or constant
force.
Left out: select mortality, two lives, profit sharing.
"""

import contracts
import life_tables
import life_values as lv
import numpy as np

WIDEST_RESERVE_TABLE = 131  # years: nobody outlives a table of 131 ages


def run(inputs):
    """Return premiums, policy values and the actuarial functions of the chosen age.

    Raises:
        ValueError: age, table and contract do not fit together; every problem is named.
    """
    table = life_tables.choose(inputs)
    _check_ages(inputs, table)
    basis = lv.Basis(inputs["interest"] / 100, inputs["fraction"])
    q = table.q[inputs["age"] - table.start :]
    s = contracts.streams(inputs, q, basis)
    net, gross, value = contracts.premiums(s)
    charged = inputs["premium"] if inputs["premium_basis"] == "given" else gross
    net_values = contracts.policy_values(s, net, gross=False)
    gross_values = contracts.policy_values(s, charged, gross=True)
    per_unit = lv.functions(q, basis, inputs["benefit_timing"], inputs["frequency"])
    alive = lv.survival(q)
    t = inputs["duration"]
    summary = {
        "Net premium a year": net,
        "Gross premium a year": gross,
        "Gross premium per payment": gross / _payments(inputs),
        "Value of benefits": value["benefits"] + net * value["refunds"],
        "Value of expenses": value["expenses"] + gross * value["percent"],
        "Value of premiums of 1 a year": value["premiums"],
        "Life expectancy": float(alive[1:].sum()),
    }
    warnings = []
    if inputs["premium_basis"] == "given":
        summary["Premium charged a year"] = charged
        summary["Expected profit at issue"] = -float(gross_values[0])
    if t < len(net_values):
        for label, values in (("Net premium policy value", net_values), ("Policy value", gross_values)):
            summary[f"{label} after {t} years"] = float(values[t])
    else:
        warnings.append(f"The contract ends before {t} years: no policy value is shown for that time.")
    if inputs["group"]:
        summary["Average net premium in force"] = _average_premium(inputs, table, basis)
    limit = contracts.years_of(inputs)
    if limit is not None and limit > len(q):
        warnings.append(f"{table.name} ends at age {table.last}: the contract is cut to {len(q)} years.")
    rows = min(len(s.premiums), WIDEST_RESERVE_TABLE)
    return {
        "summary": summary,
        "table": {
            "t": list(range(rows + 1)),
            "age": [inputs["age"] + k for k in range(rows + 1)],
            "in_force": alive[: rows + 1].tolist(),
            "death_benefit": [*s.death_benefit.tolist(), None],
            "net_value": net_values[: rows + 1].tolist(),
            "gross_value": gross_values[: rows + 1].tolist(),
        },
        "tables": {
            "Actuarial functions": {"n": list(range(1, len(q) + 1))}
            | {name: column.tolist() for name, column in per_unit.items()},
            "Whole life": {name: [float(per_unit[name][-1])] for name in per_unit if name != "pure_endowment"},
            "Life table": {
                "age": list(range(inputs["age"], table.last + 1)),
                "lx": table.lives[inputs["age"] - table.start :].tolist(),
                "qx": q.tolist(),
            },
        },
        "charts": _charts(inputs, table, alive, net_values, gross_values, value, net, gross),
        "notes": f"Mortality: {table.name}, ages {table.start} to {table.last}. Functions per unit are of a benefit "
        f"of 1 on a life of {inputs['age']}.",
        "warnings": warnings,
    }


def _check_ages(inputs, table):
    problems = []
    lives = [("age", inputs["age"])] + [(f"group[{i}].age", row["age"]) for i, row in enumerate(inputs["group"])]
    for where, age in lives:
        if not table.start <= age < table.last:
            problems.append(
                f"{where}: {age} is outside {table.name}, which runs from {table.start} to {table.last - 1} years. "
                "Give an age in that range or choose another table."
            )
    if not problems and np.all(table.q[inputs["age"] - table.start :][:-1] == 0):
        problems.append(
            f"{'own_table' if inputs['table'] == 'own' else 'multiplier'}: nobody dies before the last age."
        )
    if inputs["product"] == "deferred_annuity" and inputs["age"] + inputs["deferral"] > table.last:
        problems.append(
            f"deferral: the annuity would start at {inputs['age'] + inputs['deferral']}, after the table's last age "
            f"{table.last}. Shorten the deferral."
        )
    if problems:
        raise ValueError(" ".join(problems))


def _payments(inputs):
    return 1 if contracts.premium_years(inputs) == 1 else inputs["frequency"]


def _average_premium(inputs, table, basis):
    """Return the mean net premium per policy still in force after `duration` years, over all ages at issue."""
    paid, lives = 0.0, 0.0
    for row in inputs["group"]:
        q = table.q[row["age"] - table.start :]
        alive = lv.survival(q)
        t = inputs["duration"]
        in_force = row["policies"] * (alive[t] if t < len(alive) else 0.0)
        net, _, _ = contracts.premiums(contracts.streams(inputs, q, basis))
        paid += in_force * net
        lives += in_force
    if lives <= 0:
        raise ValueError("group: no policy is in force after that many years. Shorten the duration.")
    return paid / lives


def _charts(inputs, table, alive, net_values, gross_values, value, net, gross):
    years = list(range(len(net_values)))
    ages = list(range(inputs["age"], table.last + 1))
    deaths = -np.diff(alive)
    flat = gross * value["percent"]
    room = value["premiums"]
    lines = [{"name": "With expenses, at the premium charged", "y": gross_values.tolist()}]
    if not np.allclose(net_values, gross_values, rtol=1e-9, atol=1e-6):
        lines.append({"name": "Net premium", "y": net_values.tolist()})
    parts = {
        "Expenses as a share of premium": flat / room,
        "Other expenses": value["expenses"] / room,
        "Refund of the loading": (gross - net) * value["refunds"] / room,
    }
    return [
        {
            "kind": "line",
            "title": "Policy values",
            "x_label": "Years since issue",
            "y_label": "Policy value per policy in force (currency)",
            "data": {
                "x": years,
                "series": lines,
            },
        },
        {
            "kind": "waterfall",
            "title": "From net to gross premium",
            "x_label": "Part of the premium",
            "y_label": "Premium a year (currency)",
            "data": [
                {"label": "Benefits", "value": net, "kind": "relative"},
                *({"label": k, "value": v, "kind": "relative"} for k, v in parts.items() if abs(v) > 1e-9 * gross),
                {"label": "Gross premium", "value": gross, "kind": "total"},
            ],
        },
        {
            "kind": "line",
            "title": "Survival",
            "x_label": "Age (years)",
            "y_label": f"Probability for a life of {inputs['age']}",
            "data": {"x": ages, "series": [{"name": "Alive at that age", "y": alive[:-1].tolist()}]},
        },
        {
            "kind": "bar",
            "title": "Deaths by age",
            "x_label": "Age last birthday at death (years)",
            "y_label": f"Probability for a life of {inputs['age']}",
            "data": {"x": ages, "series": [{"name": "Dies at that age", "y": deaths.tolist()}]},
        },
    ]
