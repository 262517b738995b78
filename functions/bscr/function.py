"""Solvency II's capital requirements from modules to ratios: BSCR, SCR, MCR and risk margin.

Chosen: modules are given as amounts, the life module if wished by its seven sub-modules.
Left out: the modules' own calculations (see SCR Market Risk), tiers of own funds, ring-fenced funds.
"""

import capital
import numpy as np

LABELS = ("Market", "Counterparty default", "Life", "Health", "Non-life")
LIFE_LABELS = ("Mortality", "Longevity", "Disability", "Expense", "Revision", "Lapse", "Catastrophe")


def run(inputs):
    """Return the requirements for `inputs` (keys as in manifest.json).

    Raises:
        ValueError: the projection of the risk margin names a year twice.
    """
    warnings, notes, tables = [], [], {}
    summary = {}
    life = inputs["life"]
    if inputs["life_from"] == "submodules":
        parts = [inputs[f"life_{name}"] for name in capital.LIFE]
        life, share = capital.aggregate(parts, capital.UNDERWRITING)
        summary = {"SCR life": life, "Diversification within life": life - sum(parts)}
        tables["Life sub-modules"] = rows(LIFE_LABELS, parts, share)
    amounts = [life if name == "life" else inputs[name] for name in capital.MODULES]
    diversified, share = capital.aggregate(amounts, capital.BASIC)
    basic = diversified + inputs["intangible"]
    operational = operational_risk(inputs, basic)
    absorbed = inputs["absorbed_by_provisions"] + inputs["absorbed_by_taxes"]
    required = basic + operational - absorbed
    if required < 0:
        warnings.append("Provisions and taxes absorb more than the whole requirement; the SCR is held at 0.")
        required = 0.0
    least = capital.minimum(inputs["mcr_linear"], required, inputs["mcr_floor"])
    if least > required > 0:
        notes.append("The absolute floor holds the MCR above the SCR.")
    margin = margin_rows(inputs)
    tables["Risk margin"] = margin
    summary = {
        "SCR": required,
        "BSCR": basic,
        "Sum of the modules": float(sum(amounts)),
        "Diversification": diversified - float(sum(amounts)),
        **summary,
        "SCR operational": operational,
        "MCR": least,
        "Risk margin": float(sum(row["margin"] for row in margin)),
    }
    if required > 0:
        summary["Solvency ratio"] = inputs["own_funds"] / required
    if least > 0:
        summary["MCR ratio"] = inputs["own_funds"] / least
    return {
        "summary": summary,
        "table": rows(LABELS, amounts, share),
        "tables": tables,
        "charts": [
            waterfall(amounts, diversified, inputs, operational, required),
            correlations(),
            *([margin_chart(margin)] if margin else []),
        ],
        "notes": "\n\n".join(notes),
        "warnings": warnings,
    }


def rows(labels, amounts, share):
    """Return a row per module: alone, and its share of the diversified total."""
    return [
        {"module": label, "alone": float(x), "allocated": float(y)}
        for label, x, y in zip(labels, amounts, share, strict=True)
    ]


def operational_risk(inputs, basic):
    """Return the operational requirement, given or calculated."""
    if inputs["operational_from"] == "given":
        return inputs["operational"]
    pairs = (("life", "nonlife"), ("premiums", "premiums_before", "provisions"))
    premiums, before, provisions = ([inputs[f"{kind}_{name}"] for kind in pairs[0]] for name in pairs[1])
    return capital.operational(basic, premiums, before, provisions, inputs["unit_expenses"])


def margin_rows(inputs):
    """Return a row per year of the projection with its part of the risk margin.

    Raises:
        ValueError: a year comes twice.
    """
    given = sorted(inputs["projection"], key=lambda row: row["year"])
    years, required, rates = (np.array([row[key] for row in given], float) for key in ("year", "scr", "rate"))
    if (np.diff(years) <= 0).any():
        twice = years[1:][np.diff(years) <= 0][0]
        raise ValueError(f"inputs.projection.year: {twice:g} comes twice. Add up the two rows.")
    regime = inputs["regime"]
    cost = inputs["cost_of_capital"] / 100 if inputs["cost_from"] == "given" else capital.COST[regime]
    parts = capital.risk_margin(years, required, rates / 100, regime, cost)
    return [
        {"year": t, "scr": s, "rate": r / 100, "margin": m}
        for t, s, r, m in zip(*(x.tolist() for x in (years, required, rates, parts)), strict=True)
    ]


def waterfall(amounts, diversified, inputs, operational, required):
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


def correlations():
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
            "series": [{"name": "Risk margin", "y": [row["margin"] for row in margin]}],
        },
    }
