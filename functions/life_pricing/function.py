"""Price a contract on one or two lives and follow its policy values: term, whole life, endowment, annuities.

Chosen: the equivalence principle on a yearly grid, with payments within the year exact under UDD or constant
force.
Left out: select mortality, dependent lives, profit sharing.
"""

from dataclasses import dataclass, replace

import charts
import contracts
import life_tables
import life_values as lv
import losses
import numpy as np
import profits
import statuses

ONE, JOINT, LAST = "single", "joint", "last"
LABELS = {ONE: "One life", JOINT: "Both lives", LAST: "Either life"}


@dataclass(frozen=True)
class Lives:
    """Who is insured: tables and ages of the first and, with two lives, of the second; `kind` is ONE, JOINT or LAST."""

    kind: str
    tables: tuple
    ages: tuple

    @property
    def chances(self):
        """One-year probabilities of death from each life's age up, an array each."""
        return tuple(table.q[age - table.start :] for table, age in zip(self.tables, self.ages, strict=True))

    def status(self, multiplier=1.0):
        """Return what premiums and benefits hang on, with every probability of death multiplied, at most to 1."""
        found = [np.append(np.minimum(q[:-1] * multiplier, 1.0), 1.0) for q in self.chances]
        if self.kind == ONE:
            return statuses.single(*found)
        return (statuses.joint if self.kind == JOINT else statuses.last_survivor)(*found)


def run(inputs):
    """Return premiums, policy values and the actuarial functions of the chosen age or ages.

    Raises:
        ValueError: age, table and contract do not fit together; every problem is named.
    """
    lives = _lives(inputs)
    status = lives.status()
    basis = lv.Basis(inputs["interest"] / 100, inputs["fraction"])
    timing, m = inputs["benefit_timing"], inputs["frequency"]
    plan = contracts.schedule(inputs, len(status.q))
    s = contracts.streams(plan, status, basis, timing=timing, m=m)
    net, gross, value = contracts.premiums(s)
    charged = inputs["premium"] if inputs["premium_basis"] == "given" else gross
    net_values = contracts.policy_values(s, net, gross=False)
    gross_values = contracts.policy_values(s, charged, gross=True)
    functions = lv.functions(status, basis, timing, m)
    summary = {
        "Net premium a year": net,
        "Gross premium a year": gross,
        "Gross premium per payment": gross / (1 if plan.single else m),
        "Value of benefits": value["benefits"] + net * value["refunds"],
        "Value of expenses": value["expenses"] + gross * value["percent"],
        "Value of premiums of 1 a year": value["premiums"],
        "Life expectancy": float(status.survival[1:].sum()),
    }
    if inputs["premium_basis"] == "given":
        summary["Premium charged a year"] = charged
        summary["Expected profit at issue"] = -float(gross_values[0])
    warnings = _cut_short(inputs, lives, status)
    t = inputs["duration"]
    if t < len(net_values) and status.survival[t] > 0:
        for label, values in (("Net premium policy value", net_values), ("Policy value", gross_values)):
            summary[f"{label} after {t} years"] = float(values[t])
    else:
        ended = "Nobody is insured any more after" if t < len(net_values) else "The contract ends before"
        warnings.append(f"{ended} {t} years: no policy value is shown for that time.")
    if inputs["group"] and lives.kind == ONE:
        summary["Average net premium in force"] = _average_premium(inputs, lives, basis)
    table = {
        "t": list(range(len(net_values))),
        "age": [lives.ages[0] + k for k in range(len(net_values))],
        **({"second_age": [lives.ages[1] + k for k in range(len(net_values))]} if lives.kind != ONE else {}),
        "in_force": status.survival[: len(net_values)].tolist(),
        "death_benefit": [*plan.death_benefit.tolist(), None],
        "net_value": net_values.tolist(),
        "gross_value": gross_values.tolist(),
    }
    preliminary = contracts.full_preliminary_term(s) if inputs["product"] in contracts.DEATH else None
    if preliminary is not None:
        table["fpt_value"] = preliminary.tolist()
    if lives.kind == LAST:
        by_state = _values_by_state(lives, plan, charged, basis, timing=timing, m=m)
        table |= {f"value_{state}": values.tolist() for state, values in by_state.items()}
    tables = {
        "Actuarial functions": {"n": list(range(1, len(status.q) + 1))}
        | {name: column.tolist() for name, column in functions.items()},
        "Whole life": {name: [float(functions[name][-1])] for name in functions if name != "pure_endowment"},
    }
    if lives.kind != ONE:
        tables["Two lives"] = _two_lives(lives, basis, timing, m)
    first = lives.tables[0]
    tables["Life table"] = {
        "age": list(range(lives.ages[0], first.last + 1)),
        "lx": first.lives[lives.ages[0] - first.start :].tolist(),
        "qx": lives.chances[0].tolist(),
    }
    if m == 1 and timing == "year_end":
        tables |= _losses(plan, status, basis, net, charged)
    parts = {
        "Benefits": net,
        "Expenses as a share of premium": gross * value["percent"] / value["premiums"],
        "Other expenses": value["expenses"] / value["premiums"],
        "Refund of the loading": (gross - net) * value["refunds"] / value["premiums"],
    }
    lines = {"With expenses, at the premium charged": gross_values}
    if not np.allclose(net_values, gross_values, rtol=1e-9, atol=1e-6):
        lines["Net premium"] = net_values
    drawn = charts.contract_charts(lines, status.survival, _words(lives), parts, gross)
    if inputs["profit_test"]:
        reserves = {"gross": gross_values, "net": net_values, "none": np.zeros_like(net_values)}[inputs["reserves"]]
        test, found, partial = _profit(inputs, lives, plan, charged, reserves, s)
        summary |= found
        tables["Profit by year"] = {name: column.tolist() for name, column in test.items()}
        tables["Profit by year"]["partial"] = partial.tolist()
        drawn += charts.profit_charts(test, partial)
    return {
        "summary": summary,
        "table": table,
        "tables": tables,
        "charts": drawn,
        "notes": _notes(lives),
        "warnings": warnings,
    }


def _lives(inputs):
    """Return the lives that the inputs ask for.

    Raises:
        ValueError: an age is outside its table, or the contract does not fit the table.
    """
    table = life_tables.choose(inputs)
    kind = inputs["lives"]
    tables, ages, keys = (table,), (inputs["age"],), ["age"]
    if kind != ONE:
        second = table
        if inputs["second_table"] == "archive":
            second = life_tables.choose(
                inputs | {"table": "archive", "archive_number": inputs["second_archive_number"]},
                where="second_archive_number",
            )
        tables, ages, keys = (table, second), (inputs["age"], inputs["second_age"]), ["age", "second_age"]
    problems = []
    insured = list(zip(keys, ages, tables, strict=True))
    if kind == ONE:
        insured += [(f"group[{i}].age", row["age"], table) for i, row in enumerate(inputs["group"])]
    for where, age, held in insured:
        if not held.start <= age < held.last:
            problems.append(
                f"inputs.{where}: {age} is outside {held.name}, which runs from {held.start} to {held.last - 1} years. "
                "Give an age in that range or choose another table."
            )
    lives = Lives(kind, tables, ages)
    if not problems and all(np.all(q[:-1] == 0) for q in lives.chances):
        where = "own_table" if inputs["table"] == "own" else "table"
        problems.append(f"inputs.{where}: nobody dies before the last age. Give probabilities above 0.")
    if not problems and inputs["product"] == "deferred_annuity":
        reach = len(lives.status().q)
        if inputs["deferral"] >= reach:
            problems.append(
                f"inputs.deferral: the annuity would start after {inputs['deferral']} years, but the tables end "
                f"{reach} years after issue. Shorten the deferral."
            )
    if problems:
        raise ValueError("\n".join(problems))
    return lives


def _cut_short(inputs, lives, status):
    """Return a warning where the mortality table ends before the contract does."""
    limit = contracts.years_of(inputs)
    if limit is None or limit <= len(status.q):
        return []
    ends = " and ".join(dict.fromkeys(f"{table.name} ends at age {table.last}" for table in lives.tables))
    found = [f"{ends}: the contract is cut to {len(status.q)} years."]
    if inputs["product"] in contracts.SURVIVAL:
        found.append("Nobody reaches the end of the term, so nothing is paid on survival.")
    return found


def _average_premium(inputs, lives, basis):
    """Return the mean net premium per policy still in force after `duration` years, over all ages at issue."""
    table, t = lives.tables[0], inputs["duration"]
    paid, remaining = 0.0, 0.0
    for row in inputs["group"]:
        status = replace(lives, ages=(row["age"],)).status()
        in_force = row["policies"] * (status.survival[t] if t < len(status.survival) else 0.0)
        plan = contracts.schedule(inputs, len(status.q))
        s = contracts.streams(plan, status, basis, timing=inputs["benefit_timing"], m=inputs["frequency"])
        paid += in_force * contracts.premiums(s)[0]
        remaining += in_force
    if remaining <= 0:
        raise ValueError(
            f"inputs.group: no policy is in force after {t} years on {table.name}. Shorten the duration or give "
            "policies above 0."
        )
    return paid / remaining


def _values_by_state(lives, plan, premium, basis, *, timing, m):
    """Return policy values of a last survivor contract while both, only the first or only the second is alive."""
    x, y = statuses.padded(*lives.chances)
    alive = {"both": statuses.both_alive(x, y), "first": statuses.single(x), "second": statuses.single(y)}
    by_state = {name: contracts.streams(plan, status, basis, timing=timing, m=m) for name, status in alive.items()}
    return contracts.policy_values_by_state(by_state, premium, (x, y), basis)


def _two_lives(lives, basis, timing, m):
    """Return whole-life values of each life, of both together and of either, and the reversionary annuities."""
    x, y = lives.chances
    kinds = {
        "First life": statuses.single(x),
        "Second life": statuses.single(y),
        "Until the first death": statuses.joint(x, y),
        "Until the second death": statuses.last_survivor(x, y),
    }
    rows = []
    for name, status in kinds.items():
        whole = {key: float(column[-1]) for key, column in lv.functions(status, basis, timing, m).items()}
        rows.append(
            {"status": name, "expectation": float(status.survival[1:].sum())}
            | {key: whole[key] for key in ("annuity_due", "annuity_due_m", "term_insurance", "second_moment")}
            | {"variance": whole["variance"]}
        )
    both = rows[2]
    for name, row in (("To the second after the first's death", rows[1]), ("To the first after the second's", rows[0])):
        annuities = {key: row[key] - both[key] for key in ("annuity_due", "annuity_due_m")}
        rows.append({"status": name} | annuities)
    keys = list(rows[0])
    return {key: [row.get(key) for row in rows] for key in keys}


def _losses(plan, status, basis, net, charged):
    """Return the tables of the loss at issue: by year in which the status ends, and its moments."""
    n = len(plan.paying)
    chance = losses.chances(status, n)
    found = {
        "Net premium, without expenses": losses.by_year_of_death(plan, basis, net, gross=False),
        "Premium charged, with expenses": losses.by_year_of_death(plan, basis, charged, gross=True),
    }
    rows = [{"basis": name} | losses.moments(loss, chance) for name, loss in found.items()]
    net_loss, gross_loss = found.values()
    # Nobody outlasts a contract for life: that outcome is left out.
    shown = n + (chance[n] > 0)
    return {
        "Loss at issue": rows,
        "Loss by year of death": {
            "outcome": ["Ends"] * n + ["Outlasts the contract"] * (shown - n),
            "ends_in": [*range(1, n + 1), None][:shown],
            "chance": chance[:shown].tolist(),
            "net_loss": net_loss[:shown].tolist(),
            "gross_loss": gross_loss[:shown].tolist(),
        },
    }


def _profit(inputs, lives, plan, premium, reserves, s):
    """Return the profit test's columns, its measures and the discounted profit so far."""
    earned = lv.Basis(inputs["earned_interest"] / 100, inputs["fraction"])
    status = lives.status(inputs["experience_mortality"] / 100)
    share = inputs["experience_expenses"] / 100
    experienced = replace(
        plan,
        start_expense=plan.start_expense * share,
        initial_expense=plan.initial_expense * share,
        end_expense=plan.end_expense * share,
        death_expense=plan.death_expense * share,
        maturity_expense=plan.maturity_expense * share,
    )
    on = contracts.streams(experienced, status, earned, timing=inputs["benefit_timing"], m=inputs["frequency"])
    held, initial = reserves.copy(), 0.0
    if inputs["initial_expenses"] == "at_issue":
        initial = experienced.initial_expense + premium * plan.initial_percent * on.premiums[0]
        if inputs["reserves"] == "gross":
            # The gross policy value at issue counts the initial expenses, which are spent by then.
            held[0] -= plan.initial_expense + premium * plan.initial_percent * s.premiums[0]
    test = profits.emerging(on, status, earned.interest, premium, held, initial)
    found, partial = profits.measures(test, inputs["risk_discount"] / 100)
    return test, found, partial


def _words(lives):
    if lives.kind == ONE:
        return {
            "words": f"a life of {lives.ages[0]}",
            "axis": "Age (years)",
            "from": lives.ages[0],
            "lasting": "Alive at that age",
            "ending": "Dies at that age",
            "ending_title": "Deaths by age",
            "ending_axis": "Age last birthday at death (years)",
        }
    order = "first" if lives.kind == JOINT else "second"
    return {
        "words": f"lives of {lives.ages[0]} and {lives.ages[1]}",
        "axis": "Years since issue",
        "from": 0,
        "lasting": "Both alive" if lives.kind == JOINT else "At least one alive",
        "ending": f"The {order} death",
        "ending_title": f"Year of the {order} death",
        "ending_axis": "Whole years since issue",
    }


def _notes(lives):
    tables = dict.fromkeys(f"{table.name}, ages {table.start} to {table.last}" for table in lives.tables)
    found = f"Mortality: {'; '.join(tables)}. Functions per unit are of a benefit of 1 on {_words(lives)['words']}"
    if lives.kind == ONE:
        return found + "."
    until = "the first death" if lives.kind == JOINT else "the second death"
    return (
        found + f", until {until}. The lives are independent; premiums and benefits run until {until}, and policy "
        f"values are {'those while both live' if lives.kind == JOINT else 'averages over who is alive'}."
    )
