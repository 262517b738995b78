"""The lapse stresses of the life module: stressed rates, and the policies they leave.

Chosen: the three stresses of Article 142 on one rate a year; a policy can lapse at the end of a year it survives.
Left out: which policies lose by which stress; that takes their cash flows.
"""

import numpy as np

RELATIVE, LARGEST_FALL = 0.5, 0.20  # Article 142(2) and (3)
MASS, MASS_GROUP = 0.40, 0.70  # Article 142(6): others, and group pension business


def up(rate):
    """Return rates risen by half, at most 1 (Article 142(2))."""
    return np.minimum((1 + RELATIVE) * np.asarray(rate, float), 1.0)


def down(rate):
    """Return rates fallen by half, by no more than 20 points (Article 142(3))."""
    rate = np.asarray(rate, float)
    return np.maximum((1 - RELATIVE) * rate, rate - LARGEST_FALL)


def in_force(initial, death, rate, years):
    """Return policies at the ends of years 0 to `years`: N(t+1) = N(t) (1 - q)(1 - w)."""
    return initial * ((1 - death) * (1 - rate)) ** np.arange(years + 1.0)
