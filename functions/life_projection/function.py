"""Project a portfolio of life policies month by month: cash flows, best estimate, Solvency II life stresses.

Chosen: lifelib's basic term model as the base case, to its last digit, worked on cells of equal policies.
Left out: investment returns, reinsurance, profit sharing, disability and revision risk.
"""

from dataclasses import replace

import numpy as np
import portfolio
import solvency
from assumptions import MONTHS, best_estimate, pricing
from projection import project

MOST_ROWS = 1000  # policies listed one by one
MANY_CELLS = 10_000  # from here on a stress takes a noticeable time
PARTS = ("Premiums", "Death claims", "Maturities", "Income", "Surrenders", "Expenses", "Commissions")


def run(inputs):
    """Yield progress of a large portfolio, then cash flows, present values, best estimate and capital.

    Raises:
        ValueError: rows or tables cannot be projected; every problem is named.
    """
    priced = pricing(inputs)
    policies = portfolio.choose(inputs)
    _check_ages(policies, priced, inputs)
    cells = portfolio.cells(policies)
    assumed = best_estimate(priced, inputs)
    premium = premiums(inputs, policies, priced)
    weights = {
        "count": cells.totals(policies.count),
        "amount": cells.totals(policies.count * policies.amount),
        "premium": cells.totals(policies.count * premium),
    }
    base = project(cells, assumed, weights=weights)
    base_parts = present_values(inputs, base.values, weights)
    best = liability(base_parts)
    summary = {
        "Policies": float(policies.count.sum()),
        "Premium a month": float(weights["premium"].sum()),
        "Present value of premiums": float(base_parts["Premiums"].sum()),
        "Present value of claims": float(sum(base_parts[k].sum() for k in ("Death claims", "Maturities", "Income"))),
        "Present value of surrenders": float(base_parts["Surrenders"].sum()),
        "Present value of expenses": float(base_parts["Expenses"].sum()),
        "Present value of commissions": float(base_parts["Commissions"].sum()),
        "Present value of net cash flows": 0.0 - float(best.sum()),  # never -0.0
        "Best estimate liability": float(best.sum()),
    }
    stresses, capital, in_force = [], {}, {"Best estimate": base.flows["in_force"]}
    for done, name in enumerate(inputs["stresses"], 1):
        under = solvency.stressed(assumed, name)
        shown = name.startswith("lapse")
        hit = project(cells, under, weights=weights if shown else None)
        value = liability(present_values(inputs, hit.values, weights))
        capital[name] = solvency.requirement(best, value)
        module, label, article = solvency.STRESSES[name]
        change = float(value.sum() - best.sum())
        stresses.append(
            {"stress": label, "module": module, "article": article, "liability": float(value.sum())}
            | {"change": change, "capital": capital[name]}
        )
        if shown:
            in_force[label] = hit.flows["in_force"]
        if len(cells.age) > MANY_CELLS:
            yield {"progress": done / (len(inputs["stresses"]) + 1), "message": label}
    if capital:
        modules, total = solvency.aggregate(capital)
        summary["SCR life underwriting"] = total
        summary["Diversification"] = total - sum(modules.values())
    monthly_flows = flows_by_month(inputs, base.flows)
    tables = {"Stresses": stresses} if stresses else {}
    if len(policies) <= MOST_ROWS:
        tables["Policies"] = _policies(inputs, policies, cells, premium, base.values)
    yearly = {name: _by_year(flow) for name, flow in monthly_flows.items()}
    yield {
        "summary": summary,
        "table": _yearly_table(base.flows, yearly),
        "tables": tables,
        "charts": _charts(yearly, base_parts, in_force, stresses),
        "warnings": _doubts(policies, priced, inputs),
        "notes": f"{len(policies):,} rows in {len(cells.age):,} cells of equal age, term and months in force, "
        f"projected over {int(cells.term.max()) * MONTHS} months. Outgo is positive in the best estimate.",
    }


def premiums(inputs, policies, priced):
    """Return each policy's premium a month, shape (n,): the given one, or the loaded net premium to two decimals.

    P = round((1 + loading) * amount * PV(benefits) / PV(in force), 2), both at entry on the tables as they stand.

    Source: lifelib, BasicTerm_S: net_premium_pp, premium_pp.
    """
    if inputs["product"] == "annuity":
        return np.zeros(len(policies))
    entry = portfolio.cells(replace(policies, months=np.zeros(len(policies), dtype=int)))
    unit = project(entry, priced).values
    benefit = unit["deaths"] + (unit["maturity"] if inputs["product"] == "endowment" else 0)
    rate = (benefit / unit["in_force"])[entry.of_policy]
    found = np.round((1 + inputs["loading"] / 100) * policies.amount * rate, 2)
    return np.where(np.isnan(policies.premium), found, policies.premium)


def present_values(inputs, values, weights):
    """Return the present value of each of PARTS by cell, shape (c,) each.

    Args:
        inputs: product, commission and surrender value.
        values: present values per policy and unit, from the projection.
        weights: totals by cell of `count`, `amount` and `premium`, or per policy where those are of one policy.
    """
    product, zero = inputs["product"], np.zeros(len(values["in_force"]))
    pays_death = product != "annuity"
    return {
        "Premiums": values["in_force"] * weights["premium"],
        "Death claims": values["deaths"] * weights["amount"] if pays_death else zero,
        "Maturities": values["maturity"] * weights["amount"] if product == "endowment" else zero,
        "Income": zero if pays_death else values["in_force"] * weights["amount"] / MONTHS,
        "Surrenders": values["surrenders"] * weights["premium"] * inputs["surrender"] / 100,
        "Expenses": (values["maintenance"] + values["acquisition"]) * weights["count"],
        "Commissions": values["first_year"] * weights["premium"] * inputs["commission"] / 100,
    }


def liability(parts):
    """Return the best estimate by cell, shape (c,): the present value of outgo less that of premiums."""
    return sum(parts[name] for name in PARTS[1:]) - parts["Premiums"]


def flows_by_month(inputs, flows):
    """Return the portfolio's cash flows by month, by the names of PARTS and "Net", shape (t,) each."""
    product = inputs["product"]
    none = np.zeros_like(flows["in_force"])
    by_month = {
        "Premiums": flows["premiums"],
        "Death claims": none if product == "annuity" else flows["claims"],
        "Maturities": flows["maturities"] if product == "endowment" else none,
        "Income": flows["income"] / MONTHS if product == "annuity" else none,
        "Surrenders": flows["surrenders"] * inputs["surrender"] / 100,
        "Expenses": flows["expenses"],
        "Commissions": flows["first_premiums"] * inputs["commission"] / 100,
    }
    return by_month | {"Net": by_month["Premiums"] - sum(by_month[name] for name in PARTS[1:])}


def _check_ages(policies, priced, inputs):
    low, high = int(policies.age.min()), int(policies.age.max())
    if low < priced.first_age or high > priced.last_age:
        where = "points" if inputs["portfolio"] == "own" else "mortality"
        raise ValueError(
            f"inputs.{where}: ages at entry run from {low} to {high}, but the mortality table from {priced.first_age} "
            f"to {priced.last_age} years. Choose another table or leave those policies out."
        )


def _doubts(policies, priced, inputs):
    """Return warnings on what the figures rest on and an analyst may not expect."""
    found = []
    beyond = policies.age + policies.term > priced.last_age + 1
    if np.any(beyond):
        found.append(
            f"{policies.count[beyond].sum():,.10g} of the policies run beyond age {priced.last_age}, where the "
            "mortality table ends: all who are alive then are counted as dead in the year after. Extend the table or "
            "shorten the terms."
        )
    if inputs["product"] == "annuity" and np.any(policies.premium > 0):
        found.append("Premiums of the rows are not used: an annuity in payment takes none.")
    return found


def _policies(inputs, policies, cells, premium, values):
    """Return present values of one policy of each row, as columns."""
    own = {name: value[cells.of_policy] for name, value in values.items()}
    one = {"count": np.ones(len(policies)), "amount": policies.amount, "premium": premium}
    parts = present_values(inputs, own, one)
    return {
        "age": policies.age.tolist(),
        "term": policies.term.tolist(),
        "sum_assured": policies.amount.tolist(),
        "policies": policies.count.tolist(),
        "premium": premium.tolist(),
        "pv_premiums": parts["Premiums"].tolist(),
        "pv_claims": (parts["Death claims"] + parts["Maturities"] + parts["Income"]).tolist(),
        "pv_surrenders": parts["Surrenders"].tolist(),
        "pv_expenses": parts["Expenses"].tolist(),
        "pv_commissions": parts["Commissions"].tolist(),
        "pv_net": (-liability(parts)).tolist(),
    }


def _by_year(flow):
    """Return sums over years of a flow by month."""
    years = -(-len(flow) // MONTHS)
    return np.pad(flow, (0, years * MONTHS - len(flow))).reshape(years, MONTHS).sum(axis=1)


def _yearly_table(flows, yearly):
    years = len(yearly["Net"])
    start = np.pad(flows["in_force"], (0, years * MONTHS - len(flows["in_force"])))[::MONTHS]
    return (
        {"year": list(range(1, years + 1)), "in_force": start.tolist()}
        | {"deaths": _by_year(flows["deaths"]).tolist(), "lapses": _by_year(flows["lapses"]).tolist()}
        | {name.lower().replace(" ", "_"): flow.tolist() for name, flow in yearly.items()}
    )


def _charts(yearly, parts, in_force, stresses):
    years = list(range(1, len(yearly["Net"]) + 1))
    bars = [{"name": "Premiums", "y": yearly["Premiums"].tolist()}]
    bars += [{"name": name, "y": (-yearly[name]).tolist()} for name in PARTS[1:] if np.any(yearly[name])]
    charts = [
        {
            "kind": "bar",
            "title": "Cash flows",
            "x_label": "Projection year",
            "y_label": "Cash flow a year (currency)",
            "data": {"x": years, "series": bars, "stacked": True},
        },
        {
            "kind": "waterfall",
            "title": "Best estimate liability",
            "x_label": "Cash flow",
            "y_label": "Present value (currency)",
            "data": [
                *(
                    {"label": name, "value": float(parts[name].sum()), "kind": "relative"}
                    for name in PARTS[1:]
                    if np.any(parts[name])
                ),
                {"label": "Premiums", "value": -float(parts["Premiums"].sum()), "kind": "relative"},
                {"label": "Best estimate", "value": float(liability(parts).sum()), "kind": "total"},
            ],
        },
        {
            "kind": "line",
            "title": "Policies in force",
            "x_label": "Months from now",
            "y_label": "Policies in force",
            "data": {
                "x": list(range(len(in_force["Best estimate"]))),
                "series": [{"name": name, "y": flow.tolist()} for name, flow in in_force.items()],
            },
        },
    ]
    if stresses:
        charts.append(
            {
                "kind": "tornado",
                "title": "Change of the best estimate under stress",
                "x_label": "Change of the best estimate (currency)",
                "y_label": "Stress",
                "data": [
                    {"label": s["stress"], "low": min(s["change"], 0.0), "high": max(s["change"], 0.0), "base": 0.0}
                    for s in sorted(stresses, key=lambda s: -abs(s["change"]))
                ],
            }
        )
    return charts
