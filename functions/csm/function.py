"""The contractual service margin of a group of contracts from initial recognition to its end, under IFRS 17.

Chosen: the table of expectations carries the years; tables of claims paid, revisions and current rates carry what
changes. Figures of the summary are those of the reporting year. Reinsurance held is the mirror of the reinsurer's
contract: its figures are those with the sign turned, so that a liability stays positive and an income too.
Left out: see rollforward.py.
"""

import numpy as np
import rollforward

ROUNDING = {"none": 0, "units": 1, "thousands": 1000}
COLUMNS = {"claims": "claims", "ra_release": "margin", "premiums": "premiums", "coverage_units": "units"}


def run(inputs):
    """Return the roll-forward of `inputs` (keys as in manifest.json).

    Raises:
        ValueError: years do not run from 1 without a gap, or a table speaks of other years.
    """
    problems = []
    estimates, locked = expectations(inputs, problems)
    n = locked.size
    paid, revisions, current = changes(inputs, n, locked, problems)
    if inputs["year"] > n:
        problems.append(f"inputs.year: {inputs['year']} is beyond the last year, {n}. Give 0 to {n}.")
    held = inputs["contracts"] == "reinsurance_held"
    recovered = losses_recovered(inputs, n, problems) if held else None
    if problems:
        raise ValueError("\n".join(problems))
    acquisition = inputs["acquisition_costs"]
    rows = rollforward.years(
        estimates, locked, current, paid=paid, revisions=revisions, acquisition=acquisition, recovered=recovered
    )
    at, warnings = inputs["year"], []
    if held:
        return held_result([mirrored(row) for row in rows], at, -acquisition, inputs["rounding"])
    for row in rows[1:]:
        if row["loss"] > rollforward.TINY:
            warnings.append(
                f"The group becomes onerous in year {row['year']}: a loss of {row['loss']:,.2f} is recognised."
            )
    if rows[0]["loss"] > rollforward.TINY:
        warnings.insert(0, f"The group is onerous from the start: a loss of {rows[0]['loss']:,.2f} is recognised.")
    warnings += leftover(rows)
    return {
        "summary": rounded(summary(rows[at]), ROUNDING[inputs["rounding"]]),
        "table": [{key: row.get(key, 0.0) for key in BALANCE} for row in rows],
        "tables": {
            "Roll-forward of the CSM": [{key: row[key] for key in MARGIN} for row in rows[1:]],
            "Profit or loss": [{key: row[key] for key in PROFIT} for row in rows[1:]],
            "Change of the liability": [movement(row, inputs["acquisition_costs"]) for row in rows[1:]],
        },
        "charts": [waterfall(rows, at), balance_chart(rows), profit_chart(rows)],
        "notes": "Figures of the summary are those at the end of the reporting year; year 0 is initial recognition, "
        "before the first premium is received.",
        "warnings": warnings,
    }


def expectations(inputs, problems):
    """Return the estimates at initial recognition and the locked-in forward rates, noting what does not fit."""
    rows = sorted(inputs["expected"], key=lambda r: r["year"])
    n = len(rows)
    if [r["year"] for r in rows] != list(range(1, n + 1)):
        problems.append("inputs.expected.year: the years do not run from 1 without a gap. Give each year once.")
    claims = np.array([r["claims"] for r in rows], dtype=float)
    premiums = np.array([r["premiums"] or 0.0 for r in rows], dtype=float)
    premiums[0] += inputs["premium"]
    units = np.array([1.0 if r["coverage_units"] is None else r["coverage_units"] for r in rows])
    if units.sum() <= 0:
        problems.append("inputs.expected.coverage_units: they are all 0. Give units to the years of coverage.")
    flat = inputs["rate"] / 100
    locked = np.array([flat if r["rate"] is None else r["rate"] / 100 for r in rows])
    pattern = np.array([r["ra_release"] or 0.0 for r in rows], dtype=float)
    weight = next((w for w in (pattern, claims) if w.sum() > 0), np.ones(n))
    margin = inputs["risk_adjustment"] * weight / weight.sum()
    return rollforward.Estimates(premiums, claims, margin, units), locked


def changes(inputs, n, locked, problems):
    """Return claims paid, revisions and current rates by year, noting rows about years that are not there."""
    paid, revisions, current = {}, {}, {}
    for i, row in enumerate(inputs["paid"]):
        if row["year"] > n:
            problems.append(f"inputs.paid[{i}].year: {row['year']} is beyond the last year, {n}. Remove the row.")
        paid[row["year"]] = float(row["claims"])
    for i, row in enumerate(inputs["revisions"]):
        after, year = row["end_of_year"], row["for_year"]
        if not after < year <= n:
            problems.append(
                f"inputs.revisions[{i}]: at the end of year {after} only years {after + 1} to {n} can be revised, "
                f"not {year}. Correct one of the two."
            )
            continue
        found = [(year, column, float(row[key])) for key, column in COLUMNS.items() if row[key] is not None]
        revisions.setdefault(after, []).extend(found)
    for i, row in enumerate(inputs["current_rates"]):
        if row["end_of_year"] > n:
            problems.append(
                f"inputs.current_rates[{i}].end_of_year: {row['end_of_year']} is beyond the last year, {n}. "
                "Remove the row."
            )
        current[row["end_of_year"]] = np.full(locked.size, row["rate"] / 100)
    return paid, revisions, current


def leftover(rows):
    """Return a warning where some margin is left after the last year."""
    if abs(rows[-1]["csm"]) > 1e-6 * max(1, *(abs(r["csm"]) for r in rows)):
        return ["Some margin is left after the last year: give coverage units to the last year."]
    return []


def losses_recovered(inputs, n, problems):
    """Return what reinsurance recovers of the underlying group's losses, by year, 0 for initial recognition.

    The loss of a year, or its reversal where negative, times the share of claims that the reinsurer bears (B119D).
    """
    found = {}
    for i, row in enumerate(inputs["underlying_losses"]):
        if row["end_of_year"] > n:
            problems.append(
                f"inputs.underlying_losses[{i}].end_of_year: {row['end_of_year']} is beyond the last year, {n}. "
                "Remove the row."
            )
        found[row["end_of_year"]] = float(row["loss"]) * inputs["recovered_share"] / 100
    return found


def mirrored(row):
    """Return a year of reinsurance held from the same year of the reinsurer's contract: every sign turned."""
    kept = {"year", "loss", "reversal", "loss_component", "revenue", "expenses"}
    turned = {key: value if key in kept else -value + 0.0 for key, value in row.items()}
    return turned | {"pv_outflows": row["pv_inflows"], "pv_inflows": row["pv_outflows"]}


def held_result(rows, at, acquisition, rounding):
    """Return the result for reinsurance held.

    Args:
        rows: mirrored rows; liabilities and incomes are positive.
        at: reporting year.
        acquisition: commission received at the start, as a negative cost.
        rounding: unit of the summary.
    """
    row = rows[at]
    found = {
        "CSM": row["csm"],
        "Present value of premiums": row["pv_outflows"],
        "Present value of recoveries": row["pv_inflows"],
        "Risk adjustment": row["risk_adjustment"],
        "Fulfilment cash flows": row["fulfilment"],
        "Reinsurance asset": -row["total"] + 0.0,
        "Loss recovered": row["loss"] - row.get("reversal", 0.0),
        "Loss-recovery component": row["loss_component"],
    }
    if row["year"]:
        found |= {
            "CSM released": row["csm_release"],
            "Finance on CSM": row["finance_csm"],
            "Finance on present value": row["finance_pv"],
            "Risk adjustment released": row["ra_release"],
            "Experience": row["experience"],
            "Amounts recovered": row["expenses"],
            "Premiums allocated": row["revenue"],
            "Insurance service result": row["service_result"],
            "Profit": row["profit"],
        }
    tables = {
        "Roll-forward of the CSM": [{key: r[key] for key in MARGIN} for r in rows[1:]],
        "Profit or loss": [{key: r[key] for key in HELD_PROFIT} for r in rows[1:]],
        "Change of the liability": [movement(r, acquisition) for r in rows[1:]],
    }
    return {
        "summary": rounded(found, ROUNDING[rounding]),
        "table": [held_columns({key: r.get(key, 0.0) for key in BALANCE}) for r in rows],
        "tables": {name: [held_columns(r) for r in table] for name, table in tables.items()},
        "charts": [held_waterfall(rows, at), balance_chart(rows), profit_chart(rows, held=True)],
        "notes": "Reinsurance held: liabilities and incomes are positive, so a reinsurance asset is a negative "
        "liability, and a CSM below 0 is the net cost of the reinsurance, yet to be expensed. Year 0 is initial "
        "recognition, before the first premium is paid.",
        "warnings": leftover(rows),
    }


def held_columns(row):
    """Return a row of a table with its columns named as reinsurance held has them."""
    return {HELD_COLUMNS.get(key, key): value for key, value in row.items()}


def held_waterfall(rows, at):
    """Return the chart from premiums and recoveries to the margin of reinsurance held, or of the margin's year."""
    row = rows[at]
    if at:
        return waterfall(rows, at)
    steps = [
        ("Premiums", -row["pv_outflows"], "relative"),
        ("Recoveries", row["pv_inflows"], "relative"),
        ("Risk adjustment", -row["risk_adjustment"], "relative"),
        ("Loss recovered", -row["loss"], "relative"),
        ("CSM", row["csm"], "total"),
    ]
    return {
        "kind": "waterfall",
        "title": "From premiums to the CSM of reinsurance held",
        "x_label": "Step",
        "y_label": "Amount (currency)",
        "data": [{"label": label, "value": value, "kind": kind} for label, value, kind in steps],
    }


def summary(row):
    """Return the figures of the reporting year under the labels an actuary prints."""
    found = {
        "CSM": row["csm"],
        "Present value of outflows": row["pv_outflows"],
        "Risk adjustment": row["risk_adjustment"],
        "Fulfilment cash flows": row["fulfilment"],
        "Total liability": row["total"],
        "Loss": row["loss"],
        "Loss component": row["loss_component"],
        "Onerous": "yes" if row["loss_component"] > rollforward.TINY else "no",
    }
    if row["year"]:
        found |= {
            "CSM released": row["csm_release"],
            "Finance on CSM": row["finance_csm"],
            "Finance on present value": row["finance_pv"],
            "Risk adjustment released": row["ra_release"],
            "Experience": row["experience"],
            "Loss reversed": row["reversal"],
            "Insurance revenue": row["revenue"],
            "Insurance service result": row["service_result"],
            "Profit": row["profit"],
        }
    return found


def rounded(figures, unit):
    """Return the figures as a statement prints them, in whole `unit`s of currency; as they are where it is 0."""
    if not unit:
        return figures
    return {k: v if isinstance(v, str) else float(unit * np.round(v / unit)) + 0.0 for k, v in figures.items()}


def movement(row, acquisition):
    """Return the change of the whole liability over a year (paragraph 101), which adds up to its end."""
    first = row["year"] == 1
    return {
        "year": row["year"],
        "opening": row["opening"],
        "premiums": row["premiums"],
        "acquisition": -acquisition if first else 0.0,
        "claims": -row["claims"] + 0.0,
        "finance": row["finance"],
        "service": -row["service_result"] + 0.0,
        "total": row["total"],
    }


def waterfall(rows, at):
    """Return the chart from the premium to the margin (year 0), or of the margin's year."""
    row = rows[at]
    if at == 0:
        steps = [
            ("Premiums", row["pv_inflows"], "relative"),
            ("Outflows", -row["pv_outflows"], "relative"),
            ("Risk adjustment", -row["risk_adjustment"], "relative"),
            ("CSM" if row["loss"] <= rollforward.TINY else "Loss", -row["fulfilment"], "total"),
        ]
        title = "From premiums to the CSM at initial recognition"
    else:
        steps = [
            ("CSM at the start", row["csm_opening"], "total"),
            ("Interest", row["finance_csm"], "relative"),
            ("Changes for future service", row["csm_change"], "relative"),
            ("Released", -row["csm_release"], "relative"),
            ("CSM at the end", row["csm"], "total"),
        ]
        title = f"The CSM over year {at}"
    return {
        "kind": "waterfall",
        "title": title,
        "x_label": "Step",
        "y_label": "Amount (currency)",
        "data": [{"label": label, "value": value, "kind": kind} for label, value, kind in steps],
    }


def balance_chart(rows):
    """Return the chart of the liability's parts at each year's end; year 0 shows them after the first premium."""
    first = rows[0] | {"pv_inflows": rows[0]["pv_inflows"] - rows[1]["premiums"]}
    shown = [first, *rows[1:]]
    return {
        "kind": "bar",
        "title": "Liability by part",
        "x_label": "End of year",
        "y_label": "Liability (currency)",
        "data": {
            "x": [row["year"] for row in shown],
            "series": [
                {"name": "Present value of cash flows", "y": [r["pv_outflows"] - r["pv_inflows"] for r in shown]},
                {"name": "Risk adjustment", "y": [r["risk_adjustment"] for r in shown]},
                {"name": "CSM", "y": [r["csm"] for r in shown]},
            ],
            "stacked": True,
        },
    }


def profit_chart(rows, *, held=False):
    """Return the chart of what makes up each year's profit; losses of an underlying group are income where held."""
    sign, losses = (1, "Losses recovered") if held else (-1, "Losses and reversals")
    parts = (
        ("CSM released", lambda r: r["csm_release"]),
        ("Risk adjustment released", lambda r: r["ra_release"]),
        ("Experience", lambda r: r["experience"]),
        (losses, lambda r: sign * (r["loss"] - r["reversal"])),
        ("Finance expenses", lambda r: -r["finance"]),
    )
    first = [sign * rows[0]["loss"] if name == losses else 0.0 for name, _ in parts]
    return {
        "kind": "bar",
        "title": "Profit by source",
        "x_label": "Year",
        "y_label": "Profit (currency)",
        "data": {
            "x": [row["year"] for row in rows],
            "series": [
                {"name": name, "y": [start, *(read(r) for r in rows[1:])]}
                for (name, read), start in zip(parts, first, strict=True)
            ],
            "stacked": True,
        },
    }


BALANCE = ("year", "pv_outflows", "pv_inflows", "risk_adjustment", "fulfilment", "csm", "total", "loss_component")
MARGIN = (
    "year",
    "csm_opening",
    "finance_csm",
    "csm_change",
    "csm_release",
    "csm",
    "loss",
    "reversal",
    "loss_component",
)
PROFIT = ("year", "revenue", "expenses", "service_result", "finance", "profit", "experience")
HELD_PROFIT = ("year", "expenses", "revenue", "service_result", "finance", "profit", "experience")
HELD_COLUMNS = {
    "pv_outflows": "pv_premiums",
    "pv_inflows": "pv_recoveries",
    "loss": "loss_recovered",
    "reversal": "recovery_reversed",
    "loss_component": "recovery_component",
    "expenses": "recovered",
    "revenue": "allocated",
    "premiums": "premiums_paid",
    "acquisition": "commission",
    "claims": "recoveries_received",
}
