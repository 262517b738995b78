"""The Regulation's own tables as results: shocks by maturity, spread stresses by duration, factors, correlations.

Chosen: each is worked out by the functions that the calculation itself uses, so that the two cannot differ.
"""

import concentration
import equity
import interest
import numpy as np
import spread

STEP_LABELS = (*map(str, range(7)), "unrated")
SPREAD_COLUMNS = (*(f"step{i}" for i in range(7)), "unrated")
SPREAD_DURATIONS = (*map(float, range(1, 21)), 25.0, 30.0, 40.0, 50.0)  # years of modified duration shown


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


def spread_table(inputs):
    """Return the spread stress of one kind of bond: a row per modified duration, a column per credit quality step.

    Source: Delegated Regulation (EU) 2015/35, Articles 176 and 180.
    """
    rows = spread_grid(inputs["spread_table_kind"]).tolist()
    return [
        {"duration": d, **dict(zip(SPREAD_COLUMNS, row, strict=True))}
        for d, row in zip(SPREAD_DURATIONS, rows, strict=True)
    ]


def spread_grid(kind):
    """Return the spread stresses of a kind of bond, shape (durations, 8): a column per step, unrated last."""
    steps, durations = np.meshgrid(np.arange(8), np.array(SPREAD_DURATIONS))
    return spread.stress(spread.KINDS.index(kind), steps, durations)


def spread_factors(inputs):
    """Return the factors from which the stresses of that table are made, as the Regulation prints them.

    stress = level + slope · (duration - from), by credit quality step and band of modified duration.

    Source: Delegated Regulation (EU) 2015/35, Articles 176(3) and (4) and 180.
    """
    kind = spread.KINDS.index(inputs["spread_table_kind"])
    ends = [*spread.KNOTS[1:].tolist(), None]
    return [
        {"quality_step": STEP_LABELS[step], "duration_from": low, "duration_to": high, "level": a, "slope": b}
        for step in range(8)
        for low, high, a, b in zip(
            spread.KNOTS.tolist(),
            ends,
            spread.LEVEL[kind, step].tolist(),
            spread.SLOPE[kind, step].tolist(),
            strict=True,
        )
    ]


def concentration_table():
    """Return threshold and risk factor of a name by its credit quality step (Articles 185 and 186)."""
    columns = (concentration.THRESHOLD, concentration.FACTOR, concentration.SOVEREIGN_FACTOR)
    return [
        {"quality_step": STEP_LABELS[step], "threshold_share": a, "factor": b, "sovereign_factor": c}
        for step, (a, b, c) in enumerate(zip(*(x.tolist() for x in columns), strict=True))
    ]


def equity_table(inputs):
    """Return the equity stresses of Article 169, before the symmetric adjustment, with it, and the part of it."""
    # With modules given the form hides the adjustment, so what stands in it must not count.
    adjustment = 0.0 if inputs["modules"] == "given" else equity.symmetric_adjustment(inputs, [])
    return [
        {"equity": name, "stress_before": shock, "adjustment_part": part, "stress": shock + part * adjustment}
        for name, shock, part in (
            ("Type 1", equity.SHOCK_TYPE1, 1.0),
            ("Type 2", equity.SHOCK_TYPE2, 1.0),
            ("Strategic and long-term", equity.SHOCK_STRATEGIC, 0.0),
            ("Qualifying infrastructure", equity.SHOCK_INFRASTRUCTURE, equity.PART_INFRASTRUCTURE),
            (
                "Qualifying infrastructure corporate",
                equity.SHOCK_INFRASTRUCTURE_CORPORATE,
                equity.PART_INFRASTRUCTURE_CORPORATE,
            ),
        )
    ]


def correlation_table(matrix, names, labels):
    """Return the correlations in force, a row and a column per module."""
    return [
        {"module": label, **dict(zip((f"with_{name}" for name in names), row, strict=True))}
        for label, row in zip(labels, matrix.tolist(), strict=True)
    ]


def spread_map(inputs):
    """Return the chart of the spread stress by duration and credit quality step."""
    stresses = 100 * spread_grid(inputs["spread_table_kind"]).T
    return {
        "kind": "heatmap",
        "title": "Spread stress by duration and credit quality step",
        "x_label": "Modified duration (years)",
        "y_label": "Credit quality step",
        "unit": "%",
        "data": {"x": list(SPREAD_DURATIONS), "y": list(STEP_LABELS), "z": stresses.tolist()},
    }


TABLES = {
    "interest": ("Interest rate shocks", lambda inputs, *_: shock_table(inputs["regime"])),
    "spread": ("Spread stresses", lambda inputs, *_: spread_table(inputs)),
    "spread_factors": ("Spread factors", lambda inputs, *_: spread_factors(inputs)),
    "concentration": ("Concentration factors", lambda *_: concentration_table()),
    "equity": ("Equity stresses", lambda inputs, *_: equity_table(inputs)),
    "correlations": ("Correlations", lambda _, *correlations: correlation_table(*correlations)),
}
