"""Binomial trees for European, Bermudan and American options, many contracts at once.

Chosen: Leisen-Reimer's tree, whose error falls with the square of the number of steps; a batch of contracts is
one array, so a whole surface of American prices costs one walk back through the tree.
Left out: trinomial trees and discrete dividends.
"""

import numpy as np

EDGE = 1e-13  # keeps probabilities inside (0, 1) where volatility is next to nothing
FLAT, BUMP = 1e-9, 1e-6  # distance of two nodes taken as none, and the bump used there, as shares of the spot
SAFE = 600.0  # natural logarithm of the largest ratio of two spots in one tree


def peizer_pratt(z, steps):
    """Return Leisen and Reimer's inversion (1996), method 2, of the normal distribution at `z`."""
    inner = np.square(z / (steps + 1 / 3 + 0.1 / (steps + 1))) * (steps + 1 / 6)
    h = 0.5 + np.copysign(0.5, z) * np.sqrt(-np.expm1(-inner))
    return np.clip(h, EDGE, 1 - EDGE)


def price(S, K, r, q, sigma, T, sign, *, steps=1001, exercise=None):
    """Return values from a Leisen-Reimer tree.

    Args:
        S: spots, shape (m,) or scalar, above 0, as all that follow.
        K: strikes.
        r: risk-free rates a year, continuously compounded.
        q: dividend yields a year, continuously compounded.
        sigma: volatilities a year.
        T: years to expiry.
        sign: 1 for a call, -1 for a put.
        steps: number of steps, made odd, as the tree demands.
        exercise: None for European, 0 for every step (American), n for n equally spaced dates up to
            and including expiry (Bermudan), each moved to the step nearest to it.

    Returns:
        Values, shape (m,).

    Source: Leisen and Reimer (1996), Applied Mathematical Finance 3, p. 319; early exercise as
    Cox, Ross and Rubinstein (1979).
    """
    return _walk(S, K, r, q, sigma, T, sign, steps, exercise, beside=0)[1][:, 0]


def slopes(S, K, r, q, sigma, T, sign, *, steps=1001, exercise=None):
    """Return value, delta and gamma of each contract, shape (m,) each; arguments as those of `price`.

    The tree begins two steps before today, so that it has three nodes today, the middle one at the spot: their
    distance goes with the volatility and the time, where a bump of a fixed size may reach across the whole
    distribution. All three values come from one lattice, so their differences are free of its noise.

    Source: Pelsser and Vorst (1994), The Binomial Model and the Greeks, J. Derivatives 1(3), p. 45.
    """
    spots, values = _walk(S, K, r, q, sigma, T, sign, steps, exercise, beside=1)
    down, up = spots[:, 1] - spots[:, 0], spots[:, 2] - spots[:, 1]
    # Seven deviations from the strike the tree has one node for all: there the value is a straight line.
    flat = (down <= FLAT * spots[:, 1]) | (up <= FLAT * spots[:, 1])
    down, up = np.where(flat, 1.0, down), np.where(flat, 1.0, up)
    falls, rises = (values[:, 1] - values[:, 0]) / down, (values[:, 2] - values[:, 1]) / up
    delta, gamma = (falls * up + rises * down) / (up + down), 2 * (rises - falls) / (up + down)
    if flat.any():
        terms = (K, r, q, sigma, T, sign)
        above, below = (price(np.multiply(S, 1 + h), *terms, steps=steps, exercise=exercise) for h in (BUMP, -BUMP))
        delta = np.where(flat, (above - below) / (2 * BUMP * spots[:, 1]), delta)
        gamma = np.where(flat, 0.0, gamma)
    return values[:, 1], delta, gamma


def _walk(S, K, r, q, sigma, T, sign, steps, exercise, *, beside):
    """Return spots and values today, shape (m, 1 + 2 beside): the spot's own with `beside` nodes on either side."""
    steps = int(steps) | 1
    S, K, r, q, sigma, T, sign = (
        np.atleast_1d(np.asarray(a, float))[:, None] for a in np.broadcast_arrays(S, K, r, q, sigma, T, sign)
    )
    dt = T / steps
    spread = sigma * np.sqrt(T)
    d1 = (np.log(S / K) + (r - q + 0.5 * sigma**2) * T) / spread
    up, up_share = peizer_pratt(d1 - spread, steps), peizer_pratt(d1, steps)
    growth = np.exp((r - q) * dt)
    log_u, log_d = np.log(growth * up_share / up), np.log(growth * (1 - up_share) / (1 - up))
    discount = np.exp(-r * dt)
    to_up, to_down = discount * up, discount * (1 - up)
    ladder = np.arange(-beside, steps + beside + 1) * (log_u - log_d)
    log_spot = np.log(S)
    # One exponential for the whole walk where it cannot overflow, which is all but extreme volatilities.
    powers = np.exp(ladder) if ladder.max() < SAFE else None

    def spots(i):
        nodes = i + 1 + 2 * beside
        if powers is not None:
            return np.exp(log_spot + i * log_d) * powers[:, :nodes]
        return np.exp(np.clip(log_spot + i * log_d + ladder[:, :nodes], -700, 700))

    dates = exercise_steps(exercise, steps)
    values = np.maximum(sign * (spots(steps) - K), 0)
    for i in range(steps - 1, -1, -1):
        values = to_down * values[:, :-1] + to_up * values[:, 1:]
        if i in dates:
            np.maximum(values, sign * (spots(i) - K), out=values)
    return spots(0), values


def exercise_steps(exercise, steps):
    """Return the steps at which the holder may exercise, as a container that answers `in`."""
    if exercise is None:
        return frozenset()
    if exercise == 0:
        return range(steps)
    return frozenset(round(k * steps / exercise) for k in range(1, exercise))
