"""The capital requirement for market risk by Solvency II's standard formula.

Chosen: interest rate, equity, property, spread, concentration and currency from a balance sheet, or the six given;
the rules of Delegated Regulation (EU) 2015/35 and those that apply from 30 January 2027 side by side.
Left out: look-through, the loss-absorbing capacity of provisions and taxes, matching adjustment portfolios.
"""

import concentration
import equity
import interest
import numpy as np
import regulation
import spread

from actuarial import standard_formula

BASIS_POINT = 1e-4
MODULES = ("interest", "equity", "property", "spread", "concentration", "currency")
LABELS = ("Interest rate", "Equity", "Property", "Spread", "Concentration", "Currency")
SHOCK_PROPERTY = 0.25  # Article 174
SHOCK_CURRENCY = 25.0  # %, Article 188(3)
ROUNDING = 1e-9  # share by which a sum of amounts may exceed its total
YEARS = np.arange(1.0, 61)  # of the curves shown


def run(inputs):
    """Return the requirement for `inputs` (keys as in manifest.json).

    Raises:
        ValueError: the curve, the cash flows or the index levels do not fit.
    """
    notes, warnings = [NOTES[inputs["regime"]]], []
    result = {"tables": {}, "charts": [], "series": []}
    if inputs["modules"] == "given":
        found = {name: inputs[f"given_{name}"] for name in MODULES}
        direction, summary, adjusted = inputs["interest_direction"], {}, {}
    else:
        adjustment = equity.symmetric_adjustment(inputs, warnings)
        found, direction, summary = calculate_modules(inputs, adjustment, result, notes, warnings)
        adjusted = {"Symmetric adjustment": adjustment}
    matrix = correlation(direction, inputs["regime"])
    amounts = np.array([found[name] for name in MODULES], float)
    total, _ = standard_formula.aggregate(amounts, matrix)
    alone = float(amounts.sum())
    if inputs["points"]:
        result["tables"]["Stressed rates"] = stressed_points(inputs, warnings)
    for key in inputs["regulation_tables"]:
        name, table = regulation.TABLES[key]
        result["tables"][name] = table(inputs, matrix, MODULES, LABELS)
    return result | {
        "summary": {
            "SCR market": total,
            "Sum of the modules": alone,
            "Diversification": total - alone,
            **{f"SCR {label.lower()}": float(found[name]) for name, label in zip(MODULES, LABELS, strict=True)},
            **summary,
            "Binding interest rate stress": direction,
            **adjusted,
        },
        "table": [
            {"module": label, "alone": x, "allocated": x * y / total if total > 0 else 0.0}
            for label, x, y in zip(LABELS, amounts.tolist(), (matrix @ amounts).tolist(), strict=True)
        ],
        "charts": [
            waterfall_chart(amounts, total),
            correlation_chart(matrix),
            *result["charts"],
            *([regulation.spread_map(inputs)] if "spread" in inputs["regulation_tables"] else []),
        ],
        "notes": "\n\n".join(notes),
        "warnings": warnings,
    }


def correlation(direction, regime):
    """Return the correlations of the modules, shape (6, 6) in the order of MODULES.

    A is 0.5 where falling rates bind, else 0; under the rules of 2027 spread has its own, 0.25 where they fall.

    Source: Delegated Regulation (EU) 2015/35, Article 164(3); as amended by (EU) 2026/269.
    """
    a = 0.5 if direction == "down" else 0.0
    b = a if regime == "2015/35" else a / 2
    return np.array(
        [
            [1, a, a, b, 0, 0.25],
            [a, 1, 0.75, 0.75, 0, 0.25],
            [a, 0.75, 1, 0.5, 0, 0.25],
            [b, 0.75, 0.5, 1, 0, 0.25],
            [0, 0, 0, 0, 1, 0],
            [0.25, 0.25, 0.25, 0.25, 0, 1],
        ]
    )


def calculate_modules(inputs, adjustment, result, notes, warnings):
    """Return the six modules, the binding interest rate stress and further figures; fill tables, charts and notes."""
    up, down = interest_risk(inputs, result, warnings)
    direction = "down" if down > up else "up"
    type1, type2, total_equity = equity.equity_risk(inputs, adjustment)
    rows, fall = bond_losses(inputs["bonds"])
    total_spread = float(fall.sum())
    names, concentrated = concentration_risk(inputs, rows, warnings)
    foreign, currency = currency_risk(inputs["currencies"], inputs["reporting_currency"], notes)
    for name, table in (("Bonds", rows), ("Names", names), ("Currencies", foreign)):
        if table:
            result["tables"][name] = table
    if rows:
        result["charts"].append(bond_chart(rows))
    found = {
        "interest": max(up, down, 0.0),
        "equity": total_equity,
        "property": SHOCK_PROPERTY * inputs["property"],
        "spread": total_spread,
        "concentration": concentrated,
        "currency": currency,
    }
    return (
        found,
        direction,
        {"SCR equity type 1": type1, "SCR equity type 2": type2, "Loss, rates up": up, "Loss, rates down": down},
    )


def interest_risk(inputs, result, warnings):
    """Return the fall in own funds where rates rise and where they fall (negative: a rise in own funds).

    Source: Delegated Regulation (EU) 2015/35, Articles 165 to 167.
    """
    curve, flows = read_curve(inputs), inputs["cash_flows"]
    t = np.array([row["year"] for row in flows], float)
    assets, liabilities = (np.array([row.get(key) or 0 for row in flows], float) for key in ("assets", "liabilities"))
    if t.size and t.max() > curve.maturities[-1]:
        warnings.append(
            f"Cash flows run to {t.max():,.12g} years, the curve to {curve.maturities[-1]:,.12g}: its last zero "
            "rate is kept beyond."
        )
    added = inputs["volatility_adjustment"] * BASIS_POINT
    lowest = min(float(curve.zero(np.append(t, YEARS), d).min()) for d in (None, "up", "down"))
    if lowest + min(added, 0) <= -0.99:
        raise ValueError("inputs.curve.rate: a rate falls below -99 % under stress. Check the curve.")
    rows, funds = [], {}
    for name, d in (("Base", None), ("Rates up", "up"), ("Rates down", "down")):
        a = interest.value(curve, t, assets, d)
        v = interest.value(curve, t, liabilities, d, added)
        funds[d] = a - v
        rows.append({"scenario": name, "assets": a, "liabilities": v, "own_funds": a - v, "loss": funds[None] - a + v})
    result["tables"]["Interest rate scenarios"] = rows
    result["series"] = [
        {"name": name, "x": YEARS.tolist(), "y": (100 * curve.zero(YEARS, d)).tolist(), "unit": "%"}
        for name, d in (("Basic rate", None), ("Rates up", "up"), ("Rates down", "down"))
    ]
    return funds[None] - funds["up"], funds[None] - funds["down"]


def read_curve(inputs):
    """Return the basic curve.

    Raises:
        ValueError: a maturity is duplicated, or the curve ends before the first smoothing point.
    """
    rows = sorted(inputs["curve"], key=lambda row: row["maturity"])
    t = np.array([row["maturity"] for row in rows], float)
    problems = []
    if (np.diff(t) <= 0).any():
        problems.append("inputs.curve.maturity: a maturity is duplicated. Give each once.")
    if inputs["regime"] == "2027" and t[-1] < inputs["smoothing_point"]:
        problems.append(
            f"inputs.curve.maturity: the curve ends at {t[-1]:,.12g} years, before the first smoothing point of "
            f"{inputs['smoothing_point']:,.12g} years. Add rates or lower that point."
        )
    if problems:
        raise ValueError("\n".join(problems))
    return interest.Curve(
        t,
        np.array([row["rate"] for row in rows], float) / 100,
        inputs["regime"],
        smoothing_point=inputs["smoothing_point"],
        ultimate=inputs["ultimate_forward_rate"] / 100,
        speed=inputs["convergence_speed"] / 100,
    )


def bond_losses(bonds):
    """Return the bonds with their stress and loss, and the losses, shape (n,)."""
    if not bonds:
        return [], np.zeros(0)
    kind = np.array([spread.KINDS.index(row["kind"]) for row in bonds])
    step = np.array([spread.UNRATED if row.get("step") is None else row["step"] for row in bonds])
    duration, worth = (np.array([row[key] for row in bonds], float) for key in ("duration", "value"))
    share = spread.stress(kind, step, duration)
    rows = [
        {**row, "stress": s, "loss": x}
        for row, s, x in zip(bonds, share.tolist(), (share * worth).tolist(), strict=True)
    ]
    return rows, share * worth


def concentration_risk(inputs, bonds, warnings):
    """Return the names with their charges and the requirement; bonds without an issuer stand for themselves."""
    held = [
        (
            (row.get("issuer") or "").strip() or (row.get("name") or "").strip() or f"Bond {i + 1}",
            row["kind"] if row["kind"] in {"covered", "sovereign", "sovereign_other"} else "name",
            row.get("step"),
            row["value"],
        )
        for i, row in enumerate(bonds)
    ]
    held += [(row["name"], row["kind"], row.get("step"), row["value"]) for row in inputs["exposures"]]
    equities = sum(inputs[k] for k in EQUITIES)
    base = inputs["concentration_base"] or sum(row["value"] for row in bonds) + equities + inputs["property"]
    total = sum(amount for *_, amount in held)
    if total > base * (1 + ROUNDING):
        warnings.append(
            f"The exposures by name of {total:,.2f} M EUR exceed the {base:,.2f} M EUR of assets that the "
            "thresholds are taken of: too much of each name counts as excess. Give the assets for the thresholds."
        )
    return concentration.charges(held, base)


def currency_risk(positions, reporting, notes):
    """Return a row per currency with its net position and charge, and the sum of the charges.

    Positions in one currency are netted first; the reporting currency bears no charge. Each other currency's charge is
    the larger loss of a rise and a fall by 25 %, or by the factor of a pegged currency.

    Args:
        positions: rows with currency, net (M EUR) and stress (%, None for 25 %).
        reporting: the currency of the financial statements.
        notes: list that gets a sentence where the reporting currency is among the positions.

    Raises:
        ValueError: two rows of one currency give different stresses.

    Source: Delegated Regulation (EU) 2015/35, Article 188.
    """
    net, stresses, first, problems = {}, {}, {}, []
    for i, row in enumerate(positions):
        code = name_key(row["currency"])
        stress = SHOCK_CURRENCY if row.get("stress") is None else row["stress"]
        if stresses.setdefault(code, stress) != stress:
            problems.append(
                f"inputs.currencies[{i}].stress: {stress:,.12g} % for {row['currency'].strip()}, which has "
                f"{stresses[code]:,.12g} % in row {first[code] + 1}. Give one stress for each currency."
            )
        first.setdefault(code, i)
        net[code] = net.get(code, 0.0) + row["net"]
    if problems:
        raise ValueError("\n".join(problems))
    own = name_key(reporting)
    if own in net:
        notes.append(f"The position in {reporting.strip()} is in the reporting currency and bears no charge.")
    rows = [
        {
            "currency": positions[first[code]]["currency"].strip(),
            "net": amount,
            "stress": 0.0 if code == own else stresses[code] / 100,
            "charge": 0.0 if code == own else abs(amount) * stresses[code] / 100,
        }
        for code, amount in net.items()
    ]
    return rows, float(sum(row["charge"] for row in rows))


def name_key(name):
    """Return the form in which a name or currency is compared: letter case and extra spaces do not count."""
    return " ".join(name.split()).casefold()


def stressed_points(inputs, warnings):
    """Return a row per rate asked for; beyond a smoothing point given with it there is no stressed rate in 2027."""
    rows, beyond = [], 0
    for row in inputs["points"]:
        t, rate, direction = row["maturity"], row["rate"] / 100, row.get("direction") or "down"
        last = row.get("smoothing_point")
        relative, absolute = interest.shocks(t, direction, inputs["regime"])
        found = float(interest.stress(rate, t, direction, inputs["regime"]))
        if inputs["regime"] == "2027" and last is not None and t > last:
            found, beyond = None, beyond + 1
        rows.append(
            {
                "maturity": t,
                "rate": rate,
                "direction": direction,
                "relative": float(relative),
                "additive": float(absolute),
                "stressed": found,
            }
        )
    if beyond:
        warnings.append(
            f"{beyond} of the rates to stress lie beyond their first smoothing point: there the stressed curve is "
            "extrapolated as a whole, and a rate alone has no stress."
        )
    return rows


def waterfall_chart(amounts, total):
    """Return the chart from the modules over diversification to the requirement."""
    steps = [
        {"label": label, "value": x, "kind": "relative"} for label, x in zip(LABELS, amounts.tolist(), strict=True)
    ]
    steps += [
        {"label": "Diversification", "value": total - float(amounts.sum()), "kind": "relative"},
        {"label": "SCR market", "value": total, "kind": "total"},
    ]
    return {
        "kind": "waterfall",
        "title": "From the modules to the requirement",
        "x_label": "Module",
        "y_label": "Capital requirement (M EUR)",
        "unit": "M EUR",
        "data": steps,
    }


def correlation_chart(matrix):
    """Return the chart of the correlations in force."""
    return {
        "kind": "heatmap",
        "title": "Correlations of the modules",
        "x_label": "Module",
        "y_label": "Module",
        "data": {"x": list(LABELS), "y": list(LABELS), "z": matrix.tolist()},
    }


def bond_chart(rows):
    """Return the chart of spread losses by credit quality step."""
    steps = [*range(7), None]
    found = [sum(row["loss"] for row in rows if row.get("step") == step) for step in steps]
    return {
        "kind": "bar",
        "title": "Spread loss by credit quality step",
        "x_label": "Credit quality step",
        "y_label": "Loss (M EUR)",
        "unit": "M EUR",
        "data": {"x": [*map(str, range(7)), "unrated"], "series": [{"name": "Loss", "y": [float(x) for x in found]}]},
    }


EQUITIES = (
    "equity_type1",
    "equity_type2",
    "strategic_type1",
    "strategic_type2",
    "infrastructure_equity",
    "infrastructure_corporate_equity",
)
NOTES = {
    "2015/35": "Delegated Regulation (EU) 2015/35 as it stood before the amendment of 2026.",
    "2027": "Rules from 30 January 2027, without transitional measures. Beyond the first smoothing point the "
    "stressed curve is extrapolated from the forward rate of the five years before it.",
}
