"""Concentration risk: what is held of one name beyond its threshold.

Chosen: names carry the average credit quality step of what is held of them, weighted by value and rounded up;
covered bonds, properties and governments count as names apart, as each has its own threshold or factor.
Left out: the exclusions of Article 184(2) beyond what the tables leave out, and steps from solvency ratios.
"""

import numpy as np

THRESHOLD = np.array([0.03, 0.03, 0.03, 0.015, 0.015, 0.015, 0.015])  # Article 185, steps 0 to 6
FACTOR = np.array([0.12, 0.12, 0.21, 0.27, 0.73, 0.73, 0.73])  # Article 186(1)
SOVEREIGN_FACTOR = np.array([0, 0, 0.12, 0.21, 0.27, 0.73, 0.73])  # Article 187(4)
COVERED_THRESHOLD = 0.15  # Article 187(1), steps 0 and 1
PROPERTY_THRESHOLD, PROPERTY_FACTOR = 0.10, 0.12  # Article 187(2)
RESIDUAL_STEP = 5  # Article 182(11)


def charges(held, assets):
    """Return a row per name with its exposure, step, threshold, excess and charge, and their root sum of squares.

    Args:
        held: (name, kind, step or None, value) of everything in scope; kind is "name", "covered", "property",
            "sovereign" or "sovereign_other".
        assets: the base of the thresholds, in the unit of the values.

    Source: Delegated Regulation (EU) 2015/35, Articles 182 to 187.
    """
    names, shown = {}, {}
    for name, kind, step, amount in held:
        # Article 187(1) gives covered bonds their threshold in the two best steps only.
        own = kind if kind != "covered" or step in {0, 1} else "name"
        # "Bank A" and "bank a " are one name: read as two, each would have a threshold of its own.
        key = (" ".join(name.split()).casefold(), own)
        shown.setdefault(key, " ".join(name.split()))
        total = names.setdefault(key, [0.0, 0.0])
        total[0] += amount
        total[1] += amount * (RESIDUAL_STEP if step is None else step)
    rows = []
    for (key, kind), (amount, weighted) in names.items():
        if kind == "sovereign" or amount <= 0:
            continue
        # Rounded at the ninth decimal first: 2 x 0.1 / 0.1 must not become step 3.
        step = int(np.ceil(round(weighted / amount, 9)))
        share, factor = {
            "covered": (COVERED_THRESHOLD, FACTOR[step]),
            "property": (PROPERTY_THRESHOLD, PROPERTY_FACTOR),
            "sovereign_other": (THRESHOLD[step], SOVEREIGN_FACTOR[step]),
        }.get(kind, (THRESHOLD[step], FACTOR[step]))
        excess = max(0.0, amount - share * assets) if factor > 0 else 0.0
        rows.append(
            {
                "name": shown[key, kind],
                "kind": kind,
                "exposure": amount,
                "step": None if kind == "property" else step,
                "threshold": float(share * assets),
                "excess": float(excess),
                "charge": float(excess * factor),
            }
        )
    rows.sort(key=lambda row: -row["charge"])
    return rows, float(np.sqrt(sum(row["charge"] ** 2 for row in rows)))
