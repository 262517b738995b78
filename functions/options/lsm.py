"""American and Bermudan options by least-squares Monte Carlo (Longstaff and Schwartz 2001).

Chosen: paths are drawn backwards from expiry by a Brownian bridge, so one date's spots are held and not a cube
of paths; antithetic pairs; the European option on the same paths as control variate; a cubic in S/K fitted on
paths in the money through its normal equations; a call is simulated as the put that is worth the same, whose payoff
is bounded, because at a high volatility the few paths that carry a call's value are never drawn.
Left out: other bases (the paper, section 2.3, finds the choice of no weight) and out-of-sample policies.
"""

from typing import NamedTuple

import black_scholes
import numpy as np

DEGREE = 3


def price(S, K, r, q, sigma, T, sign, *, dates, paths, seed):
    """Yield the number of dates left, and last a `Simulated`.

    A call on S with strike K, rate r and yield q is worth a put on K with strike S, rate q and yield r.

    Args:
        S: spot, above 0.
        K: strike, above 0.
        r: risk-free rate a year, continuously compounded.
        q: dividend yield a year, continuously compounded.
        sigma: volatility a year, above 0.
        T: years to expiry.
        sign: 1 for a call, -1 for a put.
        dates: number of equally spaced exercise dates, expiry included.
        paths: number of paths; odd numbers are made even for the antithetic pairs.
        seed: of numpy's SFC64 generator; equal seeds give equal values.

    Source: Longstaff and Schwartz (2001), Review of Financial Studies 14(1), sections 1 and 2; McDonald and
    Schroder (1998), A Parity Result for American Options, J. Computational Finance 1(3), for the put.
    """
    if sign < 0:
        yield from put(S, K, r, q, sigma, T, dates=dates, paths=paths, seed=seed)
        return
    for done in put(K, S, q, r, sigma, T, dates=dates, paths=paths, seed=seed):
        if isinstance(done, Simulated):
            yield done._replace(boundary=[(t, S * K / spot) for t, spot in done.boundary])
        else:
            yield done


class Simulated(NamedTuple):
    """What a simulation comes to.

    Attributes:
        value: price with early exercise, money.
        error: its standard error.
        european: price without early exercise from the same paths, without a control variate.
        boundary: (time in years, spot at which exercise begins to pay), from first to last date.
        in_the_money: paths that end in the money.
    """

    value: float
    error: float
    european: float
    boundary: list
    in_the_money: int


def put(S, K, r, q, sigma, T, *, dates, paths, seed):
    """Yield as `price` does, for a put."""
    rng = np.random.Generator(np.random.SFC64(seed))
    half = (paths + 1) // 2
    dt = T / dates
    drift = r - q - 0.5 * sigma**2
    motion = sigma * np.sqrt(T) * rng.standard_normal(half)  # sigma W(t); its mirror image is the other half
    spot, shock = np.empty(2 * half), np.empty(half)
    _spots(spot, motion, S * np.exp(drift * T))
    cash = np.maximum(K - spot, 0.0)  # in money of the date in hand
    in_the_money = int(np.count_nonzero(cash))
    european = np.exp(-r * T) * cash
    boundary = [(T, K)]
    discount = np.exp(-r * dt)
    for k in range(dates - 1, 0, -1):
        t = k * dt
        # W(t) given W(t + dt): mean W k/(k+1), variance dt k/(k+1).
        rng.standard_normal(out=shock)
        motion *= k / (k + 1)
        shock *= sigma * np.sqrt(dt * k / (k + 1))
        motion += shock
        _spots(spot, motion, S * np.exp(drift * t))
        cash *= discount
        live = np.flatnonzero(spot < K)
        if live.size > 10 * (DEGREE + 1):
            x = spot[live] / K
            now = K * (1 - x)
            stop = now > continuation(x, cash[live])
            cash[live[stop]] = now[stop]
            if stop.any():
                boundary.append((t, float(K * x[stop].max())))
        yield k
    # With expiry as the only date the control would be the option itself, and the error a false 0.
    known = black_scholes.price(S, K, r, q, sigma, T, -1) if dates > 1 else None
    estimate, error = controlled(discount * cash, european, known)
    yield Simulated(float(estimate), float(error), float(european.mean()), boundary[::-1], in_the_money)


def continuation(x, later):
    """Return the fitted value of going on: a cubic in `x` regressed on `later`, both shape (n,)."""
    z = (x - x.mean()) / (x.std() or 1.0)
    powers = np.empty((DEGREE + 1, z.size))
    powers[0], powers[1] = 1.0, z
    np.multiply(z, z, out=powers[2])
    np.multiply(powers[2], z, out=powers[3])
    weights = np.linalg.lstsq(powers @ powers.T, powers @ later, rcond=1e-12)[0]
    return ((weights[3] * z + weights[2]) * z + weights[1]) * z + weights[0]


def controlled(value, control, known):
    """Return the mean of `value` corrected by a control variate, and its standard error.

    `known` is the exact mean of `control`; with None there is no correction. Both arrays hold antithetic pairs: the
    first half of paths, then their mirror images. Pairs, not paths, are independent, so the error is taken over pairs.

    Source: Glasserman (2004), sections 4.1 and 4.2.
    """
    half = value.size // 2
    y, c = 0.5 * (value[:half] + value[half:]), 0.5 * (control[:half] + control[half:])
    corrected, variance = y, c.var()
    if known is not None and variance > 0:
        corrected = y - np.cov(y, c, ddof=0)[0, 1] / variance * (c - known)
    return corrected.mean(), corrected.std(ddof=1) / np.sqrt(half)


def _spots(out, motion, centre):
    """Fill `out` with centre e^motion and, as its second half, centre e^-motion: one exponential for a pair."""
    half = motion.size
    up = np.exp(motion, out=out[half:])
    np.multiply(up, centre, out=out[:half])
    np.divide(centre, up, out=out[half:])
