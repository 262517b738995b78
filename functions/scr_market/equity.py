"""Equity risk: the stresses of Article 169, the symmetric adjustment and how the kinds of equity add up.

Left out: equity by duration (Article 170) and the transitional measure of Article 173.
"""

import numpy as np

SHOCK_TYPE1, SHOCK_TYPE2 = 0.39, 0.49  # Article 169, before the symmetric adjustment
SHOCK_INFRASTRUCTURE, SHOCK_INFRASTRUCTURE_CORPORATE = 0.30, 0.36  # Article 169(3) and (4)
PART_INFRASTRUCTURE, PART_INFRASTRUCTURE_CORPORATE = 0.77, 0.92  # of the symmetric adjustment, the same
SHOCK_STRATEGIC = 0.22  # strategic and long-term holdings, Articles 169 and 171a
EQUITY_CORRELATION = 0.75  # Article 168(4)
ADJUSTMENT_LIMIT = {"2015/35": 0.10, "2027": 0.13}  # Article 172(4)


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
