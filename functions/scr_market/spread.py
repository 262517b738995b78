"""Spread risk of bonds and loans: the fall in value of each by kind, credit quality step and duration.

Chosen: bonds, loans and covered bonds, governments, qualifying infrastructure; all vectorised.
Left out: securitisations, credit derivatives, collateral, and unrated insurers by their solvency ratio.
"""

import numpy as np

KNOTS = np.array([0.0, 5, 10, 15, 20])  # years of modified duration where a band begins
LEAST_DURATION = 1.0  # Article 176(2)
UNRATED = 7
# Rows: credit quality steps 0 to 6, then unrated. Columns: bands from KNOTS; loss at its beginning, loss a year in it.
# Article 176(3) and (4); the loss of step 4 at 20 years is printed as 46.6 %, not the 46.5 % the band before ends on.
BONDS = (
    [
        [0, 0.045, 0.07, 0.095, 0.12],
        [0, 0.055, 0.085, 0.11, 0.135],
        [0, 0.07, 0.105, 0.13, 0.155],
        [0, 0.125, 0.2, 0.25, 0.3],
        [0, 0.225, 0.35, 0.44, 0.466],
        [0, 0.375, 0.585, 0.61, 0.635],
        [0, 0.375, 0.585, 0.61, 0.635],
        [0, 0.15, 0.235, 0.295, 0.355],
    ],
    [
        [0.009, 0.005, 0.005, 0.005, 0.005],
        [0.011, 0.006, 0.005, 0.005, 0.005],
        [0.014, 0.007, 0.005, 0.005, 0.005],
        [0.025, 0.015, 0.01, 0.01, 0.005],
        [0.045, 0.025, 0.018, 0.005, 0.005],
        [0.075, 0.042, 0.005, 0.005, 0.005],
        [0.075, 0.042, 0.005, 0.005, 0.005],
        [0.03, 0.017, 0.012, 0.012, 0.005],
    ],
)
# Article 180(1): covered bonds of steps 0 and 1; the others are bonds.
COVERED = (
    [[0, 0.035, 0.06, 0.085, 0.11], [0, 0.045, 0.07, 0.095, 0.12], *BONDS[0][2:]],
    [[0.007, 0.005, 0.005, 0.005, 0.005], [0.009, 0.005, 0.005, 0.005, 0.005], *BONDS[1][2:]],
)
# Article 180(3): governments and central banks outside the Union or in a foreign currency. Unrated as a bond.
# Step 2 is printed a tenth of a percent below what Article 176(3) prints for bonds of step 1 from 10 years on.
SOVEREIGN_OTHER = (
    [
        [0] * 5,
        [0] * 5,
        [0, 0.055, 0.084, 0.109, 0.134],
        *BONDS[0][2:4],
        [0, 0.225, 0.35, 0.44, 0.465],
        [0, 0.225, 0.35, 0.44, 0.465],
        BONDS[0][7],
    ],
    [[0] * 5, [0] * 5, *BONDS[1][1:4], BONDS[1][4], BONDS[1][4], BONDS[1][7]],
)
# Article 180(11): qualifying infrastructure, steps 0 to 3; unrated as step 3, the others as bonds.
INFRASTRUCTURE = (
    [
        [0, 0.032, 0.05, 0.068, 0.086],
        [0, 0.039, 0.0605, 0.0785, 0.0965],
        [0, 0.05, 0.075, 0.093, 0.111],
        [0, 0.0835, 0.1335, 0.167, 0.2005],
        *BONDS[0][4:7],
        [0, 0.0835, 0.1335, 0.167, 0.2005],
    ],
    [
        [0.0064, 0.0036, 0.0036, 0.0036, 0.0036],
        [0.0078, 0.0043, 0.0036, 0.0036, 0.0036],
        [0.01, 0.005, 0.0036, 0.0036, 0.0036],
        [0.0167, 0.01, 0.0067, 0.0067, 0.0036],
        *BONDS[1][4:7],
        [0.0167, 0.01, 0.0067, 0.0067, 0.0036],
    ],
)
NONE = ([[0] * 5] * 8, [[0] * 5] * 8)  # Article 180(2): the Union's governments in their own currency
KINDS = ("corporate", "covered", "sovereign", "sovereign_other", "infrastructure")
LEVEL, SLOPE = (np.array([t[i] for t in (BONDS, COVERED, NONE, SOVEREIGN_OTHER, INFRASTRUCTURE)]) for i in (0, 1))


def stress(kind, step, duration):
    """Return the share of value that each bond loses, at most 1.

    Args:
        kind: index in KINDS, shape (n,).
        step: credit quality step 0 to 6, UNRATED for none, shape (n,).
        duration: modified duration in years, shape (n,); less than 1 counts as 1.

    Source: Delegated Regulation (EU) 2015/35, Articles 176 and 180.
    """
    duration = np.maximum(duration, LEAST_DURATION)
    band = np.searchsorted(KNOTS, duration, side="left") - 1
    return np.minimum(LEVEL[kind, step, band] + SLOPE[kind, step, band] * (duration - KNOTS[band]), 1)
