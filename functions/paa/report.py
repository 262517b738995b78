"""Statements of a result: profit or loss, financial position, reconciliations, warnings and charts."""

import numpy as np

TINY = 1e-9
YEAR_LONG = 1 + 1e-9  # years of coverage up to which no eligibility test is needed (53(b))


def statements(group, measured, held):
    """Return profit or loss and financial position by period, two lists of dictionaries.

    Args:
        group: the group.
        measured: every step of the measurement.
        held: rows of reinsurance held, or None.
    """
    profit, position = [], []
    cash = equity = 0.0
    for t, (cover, incurred) in enumerate(zip(measured["coverage"], measured["incurred"], strict=True)):
        component = measured["components"][t + 1]
        before = measured["components"][t] if t else 0.0
        current = incurred["incurred"] + incurred["margin_current"]
        past = incurred["past"] + incurred["margin_past"]
        acquisition = cover["amortised"] + cover["expensed"]
        losses = component - before
        expenses = current + past + acquisition + losses
        mirror = held[t] if held else None
        row = {
            "period": t + 1,
            "revenue": cover["revenue"],
            "current": current,
            "past": past,
            "acquisition": acquisition,
            "losses": losses,
            "expenses": expenses,
            "service_result": cover["revenue"] - expenses,
            "reinsurance": mirror["service"] if mirror else 0.0,
            "finance": cover["interest"] + incurred["finance"],
            "reinsurance_finance": mirror["interest"] + mirror["finance"] if mirror else 0.0,
            "oci": -incurred["oci"] + (mirror["oci"] if mirror else 0.0),
        }
        row["profit"] = row["service_result"] + row["reinsurance"] - row["finance"] + row["reinsurance_finance"]
        profit.append(row)
        cash += group.premiums[t] - group.acquisition[t] - incurred["paid"]
        cash += mirror["received"] - mirror["premiums"] if mirror else 0.0
        equity += row["profit"] + row["oci"]
        place = {
            "period": t + 1,
            "cash": cash,
            "coverage": cover["closing"],
            "loss_component": component,
            "incurred_value": incurred["closing"],
            "incurred_margin": incurred["margin_closing"],
            "reinsurance_asset": mirror["asset"] if mirror else 0.0,
            "equity": equity,
        }
        place["incurred"] = place["incurred_value"] + place["incurred_margin"]
        place["liability"] = place["coverage"] + component + place["incurred"]
        position.append(place)
    return profit, position


def result(inputs, group, measured, held, warnings):
    """Return the result of a run."""
    profit, position = statements(group, measured, held)
    at = inputs["period"] - 1
    tables = {
        "Profit or loss": [_shown(row, PROFIT, held) for row in profit],
        "Remaining coverage": [
            {"period": t + 1, **{key: sign * row[key] + 0.0 for key, sign in COVERAGE.items()}}
            for t, row in enumerate(measured["coverage"])
        ],
        "Incurred claims": [
            {"period": t + 1, **{key: sign * row[key] + 0.0 for key, sign in INCURRED.items()}}
            for t, row in enumerate(measured["incurred"])
        ],
        "Loss component": _components(measured),
        "Claims by period of loss": _by_period(measured, at),
    }
    if held:
        tables["Reinsurance held"] = [
            {"period": t + 1, **{key: row[key] + 0.0 for key in HELD}} for t, row in enumerate(held)
        ]
    tables["Reconciliation"] = _reconciliation(measured, profit, at)
    return {
        "summary": _summary(profit[at], position[at], held, at),
        "table": [_shown(row, POSITION, held) for row in position],
        "tables": tables,
        "charts": [_position_chart(position), _profit_chart(profit, held=bool(held)), _revenue_chart(measured)],
        "notes": "Premiums and acquisition costs are exchanged at the start of a period, claims are incurred over it "
        "and paid at ends of periods. Cash has no return. Equity is the profit so far with other comprehensive income.",
        "warnings": warnings,
    }


def warnings_of(inputs, group, measured):
    """Return what to look at: onerous groups, eligibility, choices that the standard does not allow."""
    found = []
    covered = float(group.lengths[np.flatnonzero(group.coverage)].sum())
    components = measured["components"]
    if components[0] > TINY:
        found.append(f"The group is onerous from the start: a loss of {components[0]:,.2f} is recognised.")
    onerous = [t for t in range(1, len(components)) if components[t] > components[t - 1] + TINY]
    if onerous:
        t = onerous[0]
        found.append(
            f"The loss component rises in period {t}: a loss of {components[t] - components[t - 1]:,.2f} is recognised."
        )
    if covered > YEAR_LONG:
        found.append(
            f"Coverage lasts {12 * covered:,.4g} months: beyond one year the approach needs a test that the liability "
            "would not differ materially from that of the general model (53(a))."
        )
        if not group.deferred:
            found.append(
                "Acquisition costs may be expensed as they are paid only where each contract's coverage is one year or "
                "less (59(a))."
            )
        if not inputs["financing"] and group.premiums.sum() > 0:
            found.append(
                "Without a financing component: allowed where the time between coverage and its premium is one year or "
                "less (56)."
            )
    late = np.cumsum(group.lengths)
    delay = len(inputs["pattern"]) - 1
    if not inputs["discounted"] and delay and delay * float(group.lengths.max()) > YEAR_LONG:
        found.append("Incurred claims are not discounted: allowed where they are paid within one year (59(b)).")
    if any(row["closing"] < -TINY for row in measured["coverage"]):
        found.append("The liability for remaining coverage is an asset at times: premiums come after the coverage.")
    left = measured["incurred"][-1]["closing"]
    if left > TINY:
        found.append(
            f"Claims worth {left:,.2f} are still to be paid after the last period, {late[-1] * 12:,.4g} months from "
            "the start. Add periods without coverage to see them run off."
        )
    return found


def _shown(row, keys, held):
    wanted = [key for key in keys if held or key not in OF_HELD]
    return {key: row[key] + 0.0 if isinstance(row[key], float) else row[key] for key in wanted}


def _components(measured):
    rows = []
    for t, (component, flows) in enumerate(zip(measured["components"], measured["flows"], strict=True)):
        first = measured["coverage"][0]
        carried = first["premiums"] - first["acquisition"] if t == 0 else measured["coverage"][t - 1]["closing"]
        before = measured["components"][t - 1] if t else 0.0
        rows.append(
            {
                "period": t,
                "flows": float(flows),
                "coverage": float(carried),
                "loss_component": float(component),
                "loss": float(max(component - before, 0.0)),
                "reversal": float(max(before - component, 0.0)),
            }
        )
    return rows


def _by_period(measured, at):
    return [
        {
            "period": loss.period,
            "estimate": float(loss.estimate),
            "paid": float(loss.paid),
            "outstanding": float(loss.estimate - loss.paid),
        }
        for loss in measured["losses"]
        if abs(loss.estimate) > TINY or loss.period <= at + 1
    ]


def _reconciliation(measured, profit, at):
    """Return the reconciliation of paragraph 100 for one period, a row a step, positive where a liability rises."""
    cover, incurred, row = measured["coverage"][at], measured["incurred"][at], profit[at]
    before = measured["components"][at] if at else 0.0
    steps = [
        ("At the start", cover["opening"], before, incurred["opening"], incurred["margin_opening"]),
        ("Insurance revenue", -cover["revenue"], 0.0, 0.0, 0.0),
        ("Incurred claims", 0.0, 0.0, incurred["incurred"], incurred["margin_current"]),
        ("Changes of past claims", 0.0, 0.0, incurred["past"], incurred["margin_past"]),
        ("Acquisition costs amortised", cover["amortised"], 0.0, 0.0, 0.0),
        ("Losses and their reversal", 0.0, row["losses"], 0.0, 0.0),
        ("Finance expenses", cover["interest"], 0.0, incurred["finance"] + incurred["oci"], 0.0),
        ("Premiums received", cover["premiums"], 0.0, 0.0, 0.0),
        ("Acquisition costs paid", -cover["acquisition"], 0.0, 0.0, 0.0),
        ("Claims paid", 0.0, 0.0, -incurred["paid"], 0.0),
    ]
    keys = ("coverage", "loss_component", "incurred_value", "incurred_margin")
    rows = [{"step": name, **dict(zip(keys, (float(v) + 0.0 for v in values), strict=True))} for name, *values in steps]
    rows.append({"step": "At the end", **{key: sum(r[key] for r in rows) for key in keys}})
    return [r | {"liability": sum(r[key] for key in keys)} for r in rows]


def _summary(profit, position, held, at):
    found = {
        "Insurance contract liability": position["liability"],
        "Liability for remaining coverage": position["coverage"] + position["loss_component"],
        "Loss component": position["loss_component"],
        "Liability for incurred claims": position["incurred"],
        "Insurance revenue": profit["revenue"],
        "Insurance service expenses": profit["expenses"],
        "Insurance service result": profit["service_result"],
        "Finance expenses": profit["finance"],
        "Profit": profit["profit"],
        "Equity": position["equity"],
        "Onerous": "yes" if position["loss_component"] > TINY else "no",
    }
    if held:
        found |= {
            "Reinsurance asset": position["reinsurance_asset"],
            "Loss-recovery component": held[at]["recovery_component"],
            "Net result of reinsurance": profit["reinsurance"],
        }
    return {key: value + 0.0 if isinstance(value, float) else value for key, value in found.items()}


def _position_chart(position):
    parts = (
        ("Remaining coverage", "coverage"),
        ("Loss component", "loss_component"),
        ("Incurred claims", "incurred_value"),
        ("Risk adjustment", "incurred_margin"),
    )
    return {
        "kind": "bar",
        "title": "Liability by part",
        "x_label": "End of period",
        "y_label": "Liability (currency)",
        "data": {
            "x": [row["period"] for row in position],
            "series": [{"name": name, "y": [row[key] for row in position]} for name, key in parts],
            "stacked": True,
        },
    }


def _profit_chart(profit, *, held):
    parts = [
        ("Revenue", lambda r: r["revenue"]),
        ("Claims of the period", lambda r: -r["current"]),
        ("Changes of past claims", lambda r: -r["past"]),
        ("Acquisition costs", lambda r: -r["acquisition"]),
        ("Losses and their reversal", lambda r: -r["losses"]),
        ("Finance expenses", lambda r: -r["finance"]),
    ]
    if held:
        parts.append(("Reinsurance", lambda r: r["reinsurance"] + r["reinsurance_finance"]))
    return {
        "kind": "bar",
        "title": "Profit by source",
        "x_label": "Period",
        "y_label": "Profit (currency)",
        "data": {
            "x": [row["period"] for row in profit],
            "series": [{"name": name, "y": [read(row) + 0.0 for row in profit]} for name, read in parts],
            "stacked": True,
        },
    }


def _revenue_chart(measured):
    """Return the chart of remaining coverage against its fulfilment cash flows, whose excess is the loss component."""
    rows = _components(measured)
    return {
        "kind": "line",
        "title": "Remaining coverage and its fulfilment cash flows",
        "x_label": "End of period",
        "y_label": "Amount (currency)",
        "data": {
            "x": [row["period"] for row in rows],
            "series": [
                {"name": "Liability without loss component", "y": [row["coverage"] for row in rows]},
                {"name": "Fulfilment cash flows", "y": [row["flows"] for row in rows]},
            ],
        },
    }


OF_HELD = {"reinsurance", "reinsurance_finance", "reinsurance_asset"}
POSITION = (
    "period",
    "cash",
    "coverage",
    "loss_component",
    "incurred_value",
    "incurred_margin",
    "liability",
    "reinsurance_asset",
    "equity",
)
PROFIT = (
    "period",
    "revenue",
    "current",
    "past",
    "acquisition",
    "losses",
    "expenses",
    "service_result",
    "reinsurance",
    "finance",
    "reinsurance_finance",
    "profit",
    "oci",
)
# Columns of the movements, with the sign in which they move the liability.
COVERAGE = {"opening": 1, "premiums": 1, "acquisition": -1, "interest": 1, "amortised": 1, "revenue": -1, "closing": 1}
INCURRED = {
    "opening": 1,
    "incurred": 1,
    "past": 1,
    "finance": 1,
    "oci": 1,
    "paid": -1,
    "closing": 1,
    "margin_opening": 1,
    "margin_current": 1,
    "margin_past": 1,
    "margin_closing": 1,
}
HELD = (
    "coverage_opening",
    "premiums",
    "interest",
    "allocated",
    "coverage",
    "recovery_component",
    "incurred_value",
    "incurred_margin",
    "asset",
    "recovered",
    "loss_recovered",
    "service",
    "received",
)
