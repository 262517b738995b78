"""Ruin up to a horizon: simulated for any claims and arrivals, exact for exponential claims at Poisson times.

Chosen: the largest loss of every path at once, which gives the probability for every capital and time.
"""

import numpy as np
from scipy.integrate import quad

MOST_CLAIMS = 40_000_000
BLOCK = 20_000
LARGEST_EXPONENT, MOST_WAVES = 15.0, 2_000.0  # of the integrand of the exact formula


def largest_losses(claim, gap, premium, times, number, rng):
    """Simulate paths of claims less premium in blocks, and the largest loss of each up to every time.

    Args:
        claim: the size of a claim, with `draw(number, rng)`.
        gap: the time before it, likewise.
        premium: per unit of time.
        times: in order, shape (k,); the last is the horizon.
        number: of paths.
        rng: a numpy generator.

    Yields:
        Largest losses of a block of paths, shape (paths, k); minus infinity before a first claim.
    """
    for first in range(0, number, BLOCK):
        paths = min(BLOCK, number - first)
        clock, loss = np.zeros(paths), np.zeros(paths)
        largest = np.full((paths, len(times)), -np.inf)
        going, top = np.arange(paths), np.full(paths, -np.inf)
        while len(going):
            waited = gap.draw(len(going), rng)
            size = claim.draw(len(going), rng)
            before = clock[going]
            now = before + waited
            # Every time passed on the way keeps the largest loss up to it.
            first_time = np.searchsorted(times, before)
            passed = np.searchsorted(times, now) - first_time
            rows = np.repeat(np.arange(len(going)), passed)
            columns = np.arange(len(rows)) - np.repeat(np.cumsum(passed) - passed, passed) + first_time[rows]
            largest[going[rows], columns] = top[going[rows]]
            clock[going] = now
            loss[going] += size - premium * waited
            top[going] = np.maximum(top[going], loss[going])
            going = going[now <= times[-1]]
        yield largest


def work(gap_mean, horizon, number):
    """Return how many claims a simulation draws, about."""
    return number * (horizon / gap_mean + 1)


def exponential_ruin(rate, arrivals, premium, capital, horizon):
    """Return the probability of ruin up to the horizon for exponential claims at Poisson times.

    None where the formula keeps no digits: a premium that is next to nothing against a large capital.

    With claims of mean 1, a premium of 1 and l arrivals in the unit of time:
    l e^{-(1-l) u} - 1/pi integral from 0 to pi of f1 f2 / f3, for l below 1.

    Args:
        rate: of the claims, 1 over their mean.
        arrivals: per unit of time.
        premium: per unit of time.
        capital: u.
        horizon: T.

    Source: Asmussen and Albrecher (2010), Ruin Probabilities, proposition V.1.3; for l above 1 with the first term
    left at its bound 1.
    """
    u, t, l = rate * capital, rate * premium * horizon, arrivals / (rate * premium)
    root = np.sqrt(l)
    # Beyond it the integral is a small difference of large waves, and its digits are lost.
    if (2 * root - 1 - l) * t + u * (root - 1) > LARGEST_EXPONENT or u * root > MOST_WAVES:
        return None

    def inside(x):
        grown = np.exp(2 * root * t * np.cos(x) - (1 + l) * t + u * (root * np.cos(x) - 1))
        angle = u * root * np.sin(x)
        return l * grown * (np.cos(angle) - np.cos(angle + 2 * x)) / (1 + l - 2 * root * np.cos(x))

    area = quad(inside, 0, np.pi, limit=400, epsabs=1e-13)[0] / np.pi
    # Above 1 ruin is certain at last.
    return float(np.clip(min(l * np.exp(-(1 - l) * u), 1.0) - area, 0, 1)) if l != 1 else float(1 - area)
