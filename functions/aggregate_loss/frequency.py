"""The number of claims a year that the inputs ask for: the (a, b, 0) class or own probabilities.

Left out: zero-modified counts, except as own probabilities.
"""

import numpy as np

from actuarial import counts


def choose(inputs):
    """Return the number of claims that the inputs ask for.

    Raises:
        ValueError: own probabilities are not a distribution.

    Source: Klugman, Panjer and Willmot, Loss Models, Appendix B.
    """
    kind = inputs["frequency"]
    if kind == "poisson":
        return counts.poisson(inputs["lam"])
    if kind == "negative_binomial":
        return counts.negative_binomial(inputs["r"], inputs["p"])
    if kind == "binomial":
        return counts.binomial(inputs["risks"], inputs["claim_probability"])
    return own(inputs["frequency_pmf"])


def own(rows):
    """Return the number of claims of typed probabilities: row k is the probability of k claims.

    Raises:
        ValueError: they do not sum to 1, or there is never a claim.
    """
    pmf = np.array([row["probability"] for row in rows], dtype=float)
    if len(pmf) < 2 or pmf[1:].sum() <= 0:
        raise ValueError("inputs.frequency_pmf: there is never a claim. Give probabilities of 0, 1, 2, ... claims.")
    if abs(pmf.sum() - 1) > 1e-6:
        raise ValueError(f"inputs.frequency_pmf: the probabilities sum to {pmf.sum():.6f}. Make them sum to 1.")
    pmf = pmf / pmf.sum()
    n = np.arange(len(pmf))
    mean = float(n @ pmf)
    return counts.Count(
        mean,
        float((n - mean) ** 2 @ pmf),
        float((n - mean) ** 3 @ pmf),
        lambda z: np.polynomial.polynomial.polyval(z, pmf),
        None,
        lambda number, rng: rng.choice(len(pmf), size=number, p=pmf),
        pmf,
    )
