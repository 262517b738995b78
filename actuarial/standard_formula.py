"""What several models need of Solvency II's standard formula: lapse stresses, life correlations, aggregation.

Left out: the capital of each module.
"""

import numpy as np

LIFE = ("mortality", "longevity", "disability", "expense", "revision", "lapse", "catastrophe")
# Delegated Regulation (EU) 2015/35, Article 136(3), in the order of LIFE.
LIFE_CORRELATION = np.array(
    [
        [1, -0.25, 0.25, 0.25, 0, 0, 0.25],
        [-0.25, 1, 0, 0.25, 0.25, 0.25, 0],
        [0.25, 0, 1, 0.5, 0, 0, 0.25],
        [0.25, 0.25, 0.5, 1, 0.5, 0.5, 0.25],
        [0, 0.25, 0, 0.5, 1, 0, 0],
        [0, 0.25, 0, 0.5, 0, 1, 0.25],
        [0.25, 0, 0.25, 0.25, 0, 0.25, 1],
    ]
)

LAPSE_RISE, LAPSE_FALL, LAPSE_FALL_MOST = 0.5, 0.5, 0.20  # relative, the fall at most 20 points
MASS_LAPSE = {"standard": 0.40, "group_pension": 0.70}  # Delegated Regulation (EU) 2015/35, Article 142(6)


def lapse_up(rate):
    """Return min(1.5 rate, 1), shape of `rate`.

    Source: Delegated Regulation (EU) 2015/35, Article 142(2).
    """
    return np.minimum(np.multiply(rate, 1 + LAPSE_RISE), 1.0)


def lapse_down(rate):
    """Return max(0.5 rate, rate - 0.20), shape of `rate`.

    Source: Delegated Regulation (EU) 2015/35, Article 142(3).
    """
    return np.maximum(np.multiply(rate, LAPSE_FALL), np.subtract(rate, LAPSE_FALL_MOST))


def aggregate(amounts, correlation):
    """Return sqrt(x' C x) and the share of it that falls to each amount.

    Args:
        amounts: capital of each module, x, shape (n,).
        correlation: C, symmetric, shape (n, n), in the order of `amounts`.

    Returns:
        The total, and x C x' / total by module, shape (n,), which adds up to it; zeros where the total is 0.

    Source: Delegated Regulation (EU) 2015/35, Articles 87, 136 and 164.
    """
    amounts = np.asarray(amounts, float)
    total = float(np.sqrt(max(amounts @ correlation @ amounts, 0.0)))
    return total, amounts * (correlation @ amounts) / total if total > 0 else np.zeros_like(amounts)
