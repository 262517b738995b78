"""The capital requirement for market risk by Solvency II's standard formula.

Chosen: interest rate, equity, property, spread, concentration and currency from a balance sheet, or the six given;
the rules of Delegated Regulation (EU) 2015/35 and those that apply from 30 January 2027 side by side.
Left out: look-through, the loss-absorbing capacity of provisions and taxes, matching adjustment portfolios.
"""

import concentration
import interest
import numpy as np
import spread

BASIS_POINT = 1e-4
MODULES = ("interest", "equity", "property", "spread", "concentration", "currency")
LABELS = ("Interest rate", "Equity", "Property", "Spread", "Concentration", "Currency")
SHOCK_TYPE1, SHOCK_TYPE2 = 0.39, 0.49  # Article 169, before the symmetric adjustment
SHOCK_INFRASTRUCTURE, SHOCK_INFRASTRUCTURE_CORPORATE = 0.30, 0.36  # Article 169(3) and (4)
PART_INFRASTRUCTURE, PART_INFRASTRUCTURE_CORPORATE = 0.77, 0.92  # of the symmetric adjustment, the same
SHOCK_STRATEGIC = 0.22  # strategic and long-term holdings, Articles 169 and 171a
EQUITY_CORRELATION = 0.75  # Article 168(4)
SHOCK_PROPERTY = 0.25  # Article 174
ADJUSTMENT_LIMIT = {"2015/35": 0.10, "2027": 0.13}  # Article 172(4)
YEARS = np.arange(1.0, 61)  # of the curves shown


def run(inputs):
    """Return the requirement for `inputs` (keys as in manifest.json).

    Raises:
        ValueError: the curve, the cash flows or the index levels do not fit.
    """
    notes, warnings = [NOTES[inputs["regime"]]], []
    adjustment = symmetric_adjustment(inputs, warnings)
    result = {"tables": {}, "charts": [], "series": []}
    if inputs["modules"] == "given":
        found = {name: inputs[f"given_{name}"] for name in MODULES}
        direction, summary = inputs["interest_direction"], {}
    else:
        found, direction, summary = calculated(inputs, adjustment, result, warnings)
    matrix = correlation(direction, inputs["regime"])
    amounts = np.array([found[name] for name in MODULES], float)
    total = float(np.sqrt(max(amounts @ matrix @ amounts, 0)))
    alone = float(amounts.sum())
    if inputs["points"]:
        result["tables"]["Stressed rates"] = stressed_points(inputs, warnings)
    result["tables"]["Interest rate shocks"] = shock_table(inputs["regime"])
    return result | {
        "summary": {
            "SCR market": total,
            "Sum of the modules": alone,
            "Diversification": total - alone,
            **{f"SCR {label.lower()}": float(found[name]) for name, label in zip(MODULES, LABELS, strict=True)},
            **summary,
            "Binding interest rate stress": direction,
            "Symmetric adjustment": adjustment,
        },
        "table": [
            {"module": label, "alone": x, "allocated": x * y / total if total > 0 else 0.0}
            for label, x, y in zip(LABELS, amounts.tolist(), (matrix @ amounts).tolist(), strict=True)
        ],
        "charts": [waterfall(amounts, total), heatmap(matrix), *result["charts"]],
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


def symmetric_adjustment(inputs, warnings):
    """Return the symmetric adjustment of the equity shock as a fraction, within the regime's limit.

    (CI / AI - 1 - 8 %) / 2 from the current level of the index and its average over 36 months.

    Source: Delegated Regulation (EU) 2015/35, Article 172(2) to (4).
    """
    limit = ADJUSTMENT_LIMIT[inputs["regime"]]
    if inputs["adjustment_from"] == "index":
        now, average = inputs["index_current"], inputs["index_average"]
        raw = 0.5 * ((now - average) / average - 0.08)
    else:
        raw = inputs["symmetric_adjustment"] / 100
        if abs(raw) > limit:
            warnings.append(f"The symmetric adjustment is held at {limit:.0%}, the limit of Article 172(4).")
    return float(np.clip(raw, -limit, limit))


def calculated(inputs, adjustment, result, warnings):
    """Return the six modules, the binding interest rate stress and further figures; fill tables and charts."""
    up, down = interest_risk(inputs, result, warnings)
    direction = "down" if down > up else "up"
    type1, type2, equity = equity_risk(inputs, adjustment)
    rows, fall = bond_losses(inputs["bonds"])
    total_spread = float(fall.sum())
    names, concentrated = concentration_risk(inputs, rows)
    foreign, currency = currency_risk(inputs["currencies"])
    for name, table in (("Bonds", rows), ("Names", names), ("Currencies", foreign)):
        if table:
            result["tables"][name] = table
    if rows:
        result["charts"].append(bond_chart(rows))
    found = {
        "interest": max(up, down, 0.0),
        "equity": equity,
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
    if t.size and inputs["regime"] == "2015/35" and t.max() > curve.maturities[-1]:
        warnings.append(
            f"Cash flows run to {t.max():g} years, the curve to {curve.maturities[-1]:g}: its last rate goes on."
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
        ValueError: a maturity comes twice, or the curve ends before the first smoothing point.
    """
    rows = sorted(inputs["curve"], key=lambda row: row["maturity"])
    t = np.array([row["maturity"] for row in rows], float)
    problems = []
    if (np.diff(t) <= 0).any():
        problems.append("inputs.curve.maturity: a maturity comes twice. Give each once.")
    if inputs["regime"] == "2027" and t[-1] < inputs["smoothing_point"]:
        problems.append(
            f"inputs.curve.maturity: the curve ends at {t[-1]:g} years, before the first smoothing point of "
            f"{inputs['smoothing_point']:g} years. Add rates or lower that point."
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


def equity_risk(inputs, adjustment):
    """Return the charges of type 1 and type 2 and that of all equities.

    √(T1² + 2 · 0.75 · T1 · (T2 + I) + (T2 + I)²), I the charges of both kinds of infrastructure.

    Source: Delegated Regulation (EU) 2015/35, Articles 168(4) and 169.
    """
    type1 = (SHOCK_TYPE1 + adjustment) * inputs["equity_type1"] + SHOCK_STRATEGIC * inputs["strategic_type1"]
    type2 = (SHOCK_TYPE2 + adjustment) * inputs["equity_type2"] + SHOCK_STRATEGIC * inputs["strategic_type2"]
    other = (
        type2
        + (SHOCK_INFRASTRUCTURE + PART_INFRASTRUCTURE * adjustment) * inputs["infrastructure_equity"]
        + (SHOCK_INFRASTRUCTURE_CORPORATE + PART_INFRASTRUCTURE_CORPORATE * adjustment)
        * inputs["infrastructure_corporate_equity"]
    )
    return type1, type2, float(np.sqrt(type1**2 + 2 * EQUITY_CORRELATION * type1 * other + other**2))


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


def concentration_risk(inputs, bonds):
    """Return the names with their charges and the requirement; bonds without an issuer stand for themselves."""
    held = [
        (
            row.get("issuer") or row.get("name") or f"Bond {i + 1}",
            row["kind"] if row["kind"] in {"covered", "sovereign", "sovereign_other"} else "name",
            row.get("step"),
            row["value"],
        )
        for i, row in enumerate(bonds)
    ]
    held += [(row["name"], row["kind"], row.get("step"), row["value"]) for row in inputs["exposures"]]
    equities = sum(inputs[k] for k in EQUITIES)
    own = sum(row["value"] for row in bonds) + equities + inputs["property"]
    return concentration.charges(held, inputs["concentration_base"] or own)


def currency_risk(positions):
    """Return the positions with their charges, and the sum over currencies.

    Each currency's charge is the larger loss of a rise and a fall by 25 %, or by the factor of a pegged currency.

    Source: Delegated Regulation (EU) 2015/35, Article 188.
    """
    rows = []
    for row in positions:
        share = 25.0 if row.get("stress") is None else row["stress"]
        rows.append({"currency": row["currency"], "net": row["net"], "charge": abs(row["net"]) * share / 100})
    return rows, float(sum(row["charge"] for row in rows))


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


def shock_table(regime):
    """Return the shocks of the regime at the maturities its tables print."""
    columns = interest.SHOCKS[regime]
    t = columns["maturity"][np.isfinite(np.stack(list(columns.values()))).all(axis=0)]
    (ur, ua), (dr, da) = (interest.shocks(t, d, regime) for d in ("up", "down"))
    if regime == "2015/35":
        ua = np.full(t.size, interest.FLOOR_2015)
    return [
        {"maturity": m, "up_relative": a, "up_additive": b, "down_relative": c, "down_additive": d}
        for m, a, b, c, d in zip(*(x.tolist() for x in (t, ur, ua, dr, da)), strict=True)
    ]


def waterfall(amounts, total):
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


def heatmap(matrix):
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
