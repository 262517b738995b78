"""Number of claims a year: moments, probability generating function, Panjer's a and b, draws.

Chosen: the (a, b, 0) class and own probabilities; everything the aggregate needs is the generating function.
Left out: zero-modified counts, except as own probabilities.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Count:
    """A number of claims.

    Attributes:
        mean, variance, third: its mean, variance and third central moment.
        pgf: E[z^N] for complex z, elementwise.
        panjer: (a, b) with p(n) = (a + b/n) p(n-1), or None.
        draw: draw(number, rng) -> integers.
        pmf: probabilities of 0, 1, 2, ... where they were typed, else None.
    """

    mean: float
    variance: float
    third: float
    pgf: object
    panjer: tuple | None
    draw: object
    pmf: np.ndarray | None = None


def choose(inputs):
    """Return the number of claims that the inputs ask for.

    Raises:
        ValueError: own probabilities are not a distribution.

    Source: Klugman, Panjer and Willmot, Loss Models, Appendix B.
    """
    kind = inputs["frequency"]
    if kind == "poisson":
        lam = inputs["lam"]
        return Count(lam, lam, lam, lambda z: np.exp(lam * (z - 1)), (0.0, lam), lambda n, rng: rng.poisson(lam, n))
    if kind == "negative_binomial":
        r, p = inputs["r"], inputs["p"]
        mean = r * (1 - p) / p
        return Count(
            mean,
            mean / p,
            mean * (2 - p) / p**2,
            lambda z: np.exp(r * (np.log(p) - np.log(1 - (1 - p) * z))),
            (1 - p, (r - 1) * (1 - p)),
            lambda n, rng: rng.negative_binomial(r, p, n),
        )
    if kind == "binomial":
        m, q = inputs["risks"], inputs["claim_probability"]
        ratio = q / (1 - q)
        return Count(
            m * q,
            m * q * (1 - q),
            m * q * (1 - q) * (1 - 2 * q),
            lambda z: (1 + q * (z - 1)) ** m,
            (-ratio, (m + 1) * ratio),
            lambda n, rng: rng.binomial(m, q, n),
        )
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
    return Count(
        mean,
        float((n - mean) ** 2 @ pmf),
        float((n - mean) ** 3 @ pmf),
        lambda z: np.polynomial.polynomial.polyval(z, pmf),
        None,
        lambda number, rng: rng.choice(len(pmf), size=number, p=pmf),
        pmf,
    )
