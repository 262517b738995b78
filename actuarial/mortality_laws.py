"""Laws of mortality: one-year probabilities of death from a few parameters.

Left out: fitting them to data.
"""

import numpy as np


def makeham(ages, *, a, b, c):
    """Return one-year probabilities of death under Makeham's law; Gompertz's where `a` is 0.

    q(x) = 1 - exp(-a - b c^x (c - 1) / ln c), from the force of mortality a + b c^x.

    Args:
        ages: exact ages in years, shape (n,), any order.
        a: force of mortality that does not depend on age, per year.
        b: force of mortality at age 0 that grows with age, per year.
        c: its growth over one year of age, above 0; 1 leaves it as it is.

    Returns:
        Probabilities, shape (n,), in the order of `ages`.

    Source: Makeham (1860), Journal of the Institute of Actuaries 8; Dickson, Hardy and Waters, Actuarial Mathematics
    for Life Contingent Risks, 3rd ed., section 2.6.
    """
    growth = (c - 1) / np.log(c) if c != 1 else 1.0
    return -np.expm1(-a - b * c ** np.asarray(ages) * growth)
