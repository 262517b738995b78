"""Solvency II's capital requirements from modules to ratios: BSCR, SCR, MCR and risk margin.

Chosen: modules are given as amounts, the life module if wished by its seven sub-modules.
Left out: the modules' own calculations (see SCR Market Risk), tiers of own funds, ring-fenced funds.
"""

import capital
import numpy as np

from actuarial import standard_formula

LABELS = ("Market", "Counterparty default", "Life", "Health", "Non-life")
LIFE_LABELS = ("Mortality", "Longevity", "Disability", "Expense", "Revision", "Lapse", "Catastrophe")


def run(inputs):
    """Return the requirements for `inputs` (keys as in manifest.json).

    Raises:
        ValueError: unit-linked volumes exceed the totals they are part of, or the projection of the risk margin
            repeats a year or does not begin with a best estimate.
    """
    warnings, notes, tables = [], [], {}
    summary = {}
    life = inputs["life"]
    if inputs["life_from"] == "submodules":
        parts = [inputs[f"life_{name}"] for name in standard_formula.LIFE]
        life, share = standard_formula.aggregate(parts, standard_formula.LIFE_CORRELATION)
        summary = {"SCR life": life, "Diversification within life": life - sum(parts)}
        tables["Life sub-modules"] = module_rows(LIFE_LABELS, parts, share)
    amounts = [life if name == "life" else inputs[name] for name in capital.MODULES]
    diversified, share = standard_formula.aggregate(amounts, capital.BASIC)
    basic = diversified + inputs["intangible"]
    operational = operational_risk(inputs, basic, tables, notes)
    absorbed = inputs["absorbed_by_provisions"] + inputs["absorbed_by_taxes"]
    required = basic + operational - absorbed
    if required < 0:
        warnings.append("Provisions and taxes absorb more than the whole requirement; the SCR is held at 0.")
        required = 0.0
    least = capital.minimum_requirement(inputs["mcr_linear"], required, inputs["mcr_floor"])
    if least > required > 0:
        notes.append("The absolute floor holds the MCR above the SCR.")
    margin = margin_rows(inputs, warnings)
    tables["Risk margin"] = margin
    if not margin:
        notes.append("Without a projection of the reference undertaking's SCR there is no risk margin.")
    summary = {
        "SCR": required,
        "BSCR": basic,
        "Sum of the modules": float(sum(amounts)),
        "Diversification": diversified - float(sum(amounts)),
        **summary,
        "SCR operational": operational,
        "MCR": least,
        "Risk margin": float(sum(row["margin"] for row in margin)),
        "Risk margin, rules of 2015/35": float(sum(row["margin_2015"] for row in margin)),
        "Risk margin, rules of 2027": float(sum(row["margin_2027"] for row in margin)),
    }
    if required > 0:
        summary["Solvency ratio"] = inputs["own_funds"] / required
    if least > 0:
        summary["MCR ratio"] = inputs["own_funds"] / least
    return {
        "summary": summary,
        "table": module_rows(LABELS, amounts, share),
        "tables": tables,
        "charts": [
            waterfall_chart(amounts, diversified, inputs, operational, required),
            correlation_chart(),
            *([margin_chart(margin)] if margin else []),
        ],
        "notes": "\n\n".join(notes),
        "warnings": warnings,
    }


def module_rows(labels, amounts, share):
    """Return a row per module: alone, and its share of the diversified total."""
    return [
        {"module": label, "alone": float(x), "allocated": float(y)}
        for label, x, y in zip(labels, amounts, share, strict=True)
    ]


def operational_risk(inputs, basic, tables, notes):
    """Return the operational requirement, given or calculated; the latter with a table of its parts.

    Raises:
        ValueError: a unit-linked volume exceeds the total it is part of.
    """
    if inputs["operational_from"] == "given":
        return inputs["operational"]
    volumes, problems = {}, []
    for key in ("life_premiums", "life_premiums_before", "life_provisions"):
        linked = inputs[f"{key}_unit_linked"]
        if linked > inputs[key]:
            problems.append(
                f"inputs.{key}_unit_linked: {linked:,.12g} exceeds the total of {inputs[key]:,.12g}. "
                "Give the total with unit-linked business in it, or a smaller part."
            )
        volumes[key] = inputs[key] - linked
    if problems:
        raise ValueError("\n".join(problems))
    premiums = (volumes["life_premiums"], inputs["nonlife_premiums"])
    before = (volumes["life_premiums_before"], inputs["nonlife_premiums_before"])
    provisions = (volumes["life_provisions"], inputs["nonlife_provisions"])
    parts = capital.operational_parts(basic, premiums, before, provisions, inputs["unit_expenses"])
    grown = [max(0.0, now - capital.GROWTH * then) for now, then in zip(premiums, before, strict=True)]
    factors = (capital.LIFE_PREMIUM, capital.NONLIFE_PREMIUM)
    shares = (capital.LIFE_PROVISION, capital.NONLIFE_PROVISION)
    lines = [
        ("Life premiums without unit-linked", premiums[0], factors[0], parts["premium"][0]),
        ("Non-life premiums", premiums[1], factors[1], parts["premium"][1]),
        ("Life premiums beyond 120 % of the year before", grown[0], factors[0], parts["growth"][0]),
        ("Non-life premiums beyond 120 % of the year before", grown[1], factors[1], parts["growth"][1]),
        ("By premiums", None, None, parts["by_premiums"]),
        ("Life provisions without unit-linked", provisions[0], shares[0], parts["provision"][0]),
        ("Non-life provisions", provisions[1], shares[1], parts["provision"][1]),
        ("By provisions", None, None, parts["by_provisions"]),
        ("Cap on the larger of the two", basic, capital.OPERATIONAL_CAP, parts["cap"]),
        ("Expenses of unit-linked business", inputs["unit_expenses"], capital.UNIT_EXPENSE, parts["unit_linked"]),
        ("Operational risk", None, None, parts["required"]),
    ]
    tables["Operational risk"] = [
        {"item": item, "volume": volume, "factor": factor, "charge": charge} for item, volume, factor, charge in lines
    ]
    if max(parts["by_premiums"], parts["by_provisions"]) > parts["cap"]:
        notes.append("Operational risk before unit-linked expenses is capped at 30 % of the BSCR.")
    return parts["required"]


def project_requirements(inputs, warnings):
    """Return years, SCR(t) and rates for t + 1 (fractions) of the reference undertaking, shape (n,) each.

    Raises:
        ValueError: a year is duplicated, or there is no best estimate at year 0 to run off from.
    """
    key, column = ("run_off", "best_estimate") if inputs["projection_from"] == "run_off" else ("projection", "scr")
    given = sorted(inputs[key], key=lambda row: row["year"])
    years, amounts, rates = (np.array([row[name] for row in given], float) for name in ("year", column, "rate"))
    if (np.diff(years) <= 0).any():
        repeated = years[1:][np.diff(years) <= 0][0]
        raise ValueError(f"inputs.{key}.year: {repeated:g} is duplicated. Give each year once.")
    missing = sorted(set(range(int(years[-1]))) - set(years.astype(int).tolist())) if years.size else []
    if key == "run_off":
        if not years.size or years[0] != 0 or amounts[0] <= 0:
            raise ValueError(
                "inputs.run_off: there is no best estimate above 0 at year 0. The run-off begins there: give it."
            )
        amounts = capital.run_off(inputs["reference_scr"], amounts)
    if missing:
        named = ", ".join(map(str, missing[:5])) + (", ..." if len(missing) > 5 else "")
        warnings.append(f"The projection of the risk margin has no year {named}: no requirement is counted there.")
    return years, amounts, rates / 100


def margin_rows(inputs, warnings):
    """Return a row per year of the projection: its part of the risk margin as asked for and by both sets of rules."""
    regime = inputs["regime"]
    cost = inputs["cost_of_capital"] / 100 if inputs["cost_from"] == "given" else capital.COST[regime]
    taper = (inputs["taper"], inputs["taper_floor"]) if inputs["taper_from"] == "given" else capital.TAPER[regime]
    years, required, rates = project_requirements(inputs, warnings)
    parts = [
        capital.risk_margin(years, required, rates, cost, *taper),
        *(capital.risk_margin(years, required, rates, capital.COST[r], *capital.TAPER[r]) for r in capital.COST),
    ]
    factors = np.maximum(taper[0] ** years, taper[1])
    columns = (years, required, rates, factors, (1 + rates) ** -(years + 1), *parts)
    names = ("year", "scr", "rate", "taper", "discount", "margin", "margin_2015", "margin_2027")
    return [dict(zip(names, row, strict=True)) for row in zip(*(x.tolist() for x in columns), strict=True)]


def waterfall_chart(amounts, diversified, inputs, operational, required):
    """Return the chart from the modules to the SCR."""
    steps = [{"label": label, "value": float(x), "kind": "relative"} for label, x in zip(LABELS, amounts, strict=True)]
    basic = diversified + inputs["intangible"]
    absorbed = inputs["absorbed_by_provisions"] + inputs["absorbed_by_taxes"]
    steps += [
        {"label": "Diversification", "value": diversified - float(sum(amounts)), "kind": "relative"},
        *(
            [{"label": "Intangibles", "value": inputs["intangible"], "kind": "relative"}]
            if inputs["intangible"]
            else []
        ),
        {"label": "BSCR", "value": basic, "kind": "total"},
        {"label": "Operational", "value": operational, "kind": "relative"},
        {"label": "Loss absorption", "value": -min(absorbed, basic + operational), "kind": "relative"},
        {"label": "SCR", "value": required, "kind": "total"},
    ]
    return {
        "kind": "waterfall",
        "title": "From the modules to the SCR",
        "x_label": "Module",
        "y_label": "Capital requirement (M EUR)",
        "unit": "M EUR",
        "data": steps,
    }


def correlation_chart():
    """Return the chart of the correlations between modules."""
    return {
        "kind": "heatmap",
        "title": "Correlations of the modules",
        "x_label": "Module",
        "y_label": "Module",
        "data": {"x": list(LABELS), "y": list(LABELS), "z": capital.BASIC.tolist()},
    }


def margin_chart(margin):
    """Return the chart of the risk margin by year."""
    return {
        "kind": "bar",
        "title": "Risk margin by year",
        "x_label": "Year from now",
        "y_label": "Discounted cost of capital (M EUR)",
        "unit": "M EUR",
        "data": {
            "x": [row["year"] for row in margin],
            "series": [
                {"name": "Risk margin", "y": [row["margin"] for row in margin]},
                {"name": "Rules of 2015/35", "y": [row["margin_2015"] for row in margin]},
                {"name": "Rules of 2027", "y": [row["margin_2027"] for row in margin]},
            ],
        },
    }
