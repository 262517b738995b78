"""Claims without phases: gamma, lognormal, Pareto and one fixed amount; ruin as a compound geometric distribution.

Chosen: bounds from claims rounded down and up, so that the error is seen.
Left out: claims without phases between arrivals that are not Poisson, which are only simulated.
"""

from dataclasses import dataclass

import numpy as np
from scipy import special, stats

POINTS = 2**16
TILT = 6.0  # against what wraps around: it shrinks by exp(-12)


@dataclass(frozen=True)
class Claim:
    """A size of a claim.

    Attributes:
        moments: E[X], E[X^2], E[X^3]; infinite where they do not exist.
        limited: E[min(X, x)], elementwise.
        draw: draw(number, rng) -> amounts.
        transform: E[exp(r X)] and E[X exp(r X)] as functions of r, or None where they are infinite for all r above 0.
        end: below which r they are finite.
    """

    moments: tuple
    limited: object
    draw: object
    transform: object = None
    transform_slope: object = None
    end: float = 0.0

    def moment(self, k):
        """Return E[X^k], k from 1 to 3."""
        return self.moments[k - 1]

    @property
    def least_rate(self):
        """The rate below which E[exp(r X)] is finite."""
        return self.end


def gamma(shape, rate):
    """Return gamma claims; the mean is shape / rate."""
    frozen = stats.gamma(shape, scale=1 / rate)
    return Claim(
        tuple(float(frozen.moment(k)) for k in (1, 2, 3)),
        lambda x: shape / rate * special.gammainc(shape + 1, rate * x) + x * special.gammaincc(shape, rate * x),
        lambda n, rng: rng.gamma(shape, 1 / rate, n),
        lambda r: float((1 - r / rate) ** -shape),
        lambda r: float(shape / rate * (1 - r / rate) ** (-shape - 1)),
        rate,
    )


def fixed(amount):
    """Return claims of one amount."""
    return Claim(
        (amount, amount**2, amount**3),
        lambda x: np.minimum(x, amount),
        lambda n, _rng: np.full(n, amount),
        lambda r: float(np.exp(r * amount)),
        lambda r: float(amount * np.exp(r * amount)),
        np.inf,
    )


def lognormal(mu, sigma):
    """Return lognormal claims, which have no adjustment coefficient."""

    def limited(x):
        with np.errstate(divide="ignore"):
            z = (np.log(x) - mu) / sigma
        return np.exp(mu + sigma**2 / 2) * special.ndtr(z - sigma) + x * special.ndtr(-z)

    with np.errstate(over="ignore"):
        moments = tuple(float(np.exp(k * mu + k * k * sigma**2 / 2)) for k in (1, 2, 3))
    return Claim(moments, limited, lambda n, rng: rng.lognormal(mu, sigma, n))


def pareto(alpha, theta):
    """Return Pareto claims, P(X > x) = (theta / (x + theta))^alpha, which have no adjustment coefficient."""
    moments = [np.inf] * 3
    for k in range(1, 4):
        if alpha > k:
            moments[k - 1] = float(
                theta**k * np.exp(special.gammaln(k + 1) + special.gammaln(alpha - k) - special.gammaln(alpha))
            )

    def limited(x):
        grown = np.log1p(x / theta)
        return theta * (grown if abs(alpha - 1) < 1e-9 else -np.expm1((1 - alpha) * grown) / (alpha - 1))

    return Claim(tuple(moments), limited, lambda n, rng: theta * rng.pareto(alpha, n))


def ruin_bounds(claim, rate, capital):
    """Return bounds of the probability of ruin from each capital with Poisson arrivals, shape (n,) each.

    The largest loss is a geometric number of ladder heights with distribution E[min(X, x)] / E[X]; rounded down and
    up to a grid of POINTS steps up to the highest capital they enclose it.

    Args:
        claim: the size of a claim.
        rate: expected claims over premium, below 1; psi(0).
        capital: u, shape (n,).

    Source: Beekman (1968), Transactions of the Society of Actuaries 20; the bounds as in Dutang, Goulet and Pigeon
    (2008), section 5.
    """
    top = max(float(np.max(capital)), claim.moment(1) / 100)
    step = top / (POINTS - 1)
    height = np.minimum(claim.limited(step * np.arange(POINTS + 1)) / claim.moment(1), 1.0)
    down = np.diff(height)
    up = np.concatenate(([0.0], np.diff(height[:-1])))
    capital = np.asarray(capital, float)
    at = np.minimum(np.floor(capital / step + 1e-9).astype(int), POINTS - 1)
    bounds = (np.clip(1 - np.cumsum(_geometric(pmf, rate))[at], 0, 1) for pmf in (down, up))
    return tuple(np.where(capital > 0, bound, rate) for bound in bounds)


def _geometric(pmf, rate):
    tilt = np.exp(-TILT / POINTS * np.arange(2 * POINTS))
    padded = np.zeros(2 * POINTS)
    padded[:POINTS] = pmf
    heights = np.fft.rfft(padded * tilt)
    return np.fft.irfft((1 - rate) / (1 - rate * heights), 2 * POINTS)[:POINTS] / tilt[:POINTS]
