"""The number of claims a year: moments, probability generating function, Panjer's a and b, draws.

Chosen: the (a, b, 0) class; everything the total needs is the generating function.
Left out: zero-modified counts, except as own probabilities, which a model puts into a Count itself.

Source: Klugman, Panjer and Willmot, Loss Models, Appendix B.
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


def poisson(lam):
    """Return a Poisson number with mean `lam`, 0 or more."""
    return Count(lam, lam, lam, lambda z: np.exp(lam * (z - 1)), (0.0, lam), lambda n, rng: rng.poisson(lam, n))


def negative_binomial(r, p):
    """Return a negative binomial number of mean r (1 - p) / p and variance r (1 - p) / p^2, for p from 0 to 1."""
    mean = r * (1 - p) / p
    return Count(
        mean,
        mean / p,
        mean * (2 - p) / p**2,
        lambda z: np.exp(r * (np.log(p) - np.log(1 - (1 - p) * z))),
        (1 - p, (r - 1) * (1 - p)),
        lambda n, rng: rng.negative_binomial(r, p, n),
    )


def binomial(m, q):
    """Return a binomial number of `m` risks, each with a claim with probability `q` below 1."""
    ratio = q / (1 - q)
    return Count(
        m * q,
        m * q * (1 - q),
        m * q * (1 - q) * (1 - 2 * q),
        lambda z: (1 + q * (z - 1)) ** m,
        (-ratio, (m + 1) * ratio),
        lambda n, rng: rng.binomial(m, q, n),
    )
