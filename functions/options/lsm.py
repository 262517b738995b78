"""American and Bermudan options by least-squares Monte Carlo (Longstaff and Schwartz 2001).

Chosen: paths are drawn backwards from expiry by a Brownian bridge, so one date's spots are held and not a cube
of paths; antithetic pairs; the European option on the same paths as control variate; a cubic in S/K fitted on
paths in the money through its normal equations.
Left out: other bases (the paper, section 2.3, finds the choice of no weight) and out-of-sample policies.
"""

import black_scholes
import numpy as np

DEGREE = 3


def price(S, K, r, q, sigma, T, sign, *, dates, paths, seed):
    """Yield the share of dates done, and last the tuple (value, standard error, European value, boundary).

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

    The boundary is a list of (time in years, spot at which exercise begins to pay), from first to last date.

    Source: Longstaff and Schwartz (2001), Review of Financial Studies 14(1), sections 1 and 2.
    """
    rng = np.random.Generator(np.random.SFC64(seed))
    half = (paths + 1) // 2
    dt = T / dates
    drift = r - q - 0.5 * sigma**2
    motion = np.sqrt(T) * _pairs(rng, half)
    spot = S * np.exp(drift * T + sigma * motion)
    cash = np.maximum(sign * (spot - K), 0.0)  # in money of the date in hand
    european = np.exp(-r * T) * cash
    boundary = [(T, K)]
    discount = np.exp(-r * dt)
    for k in range(dates - 1, 0, -1):
        t = k * dt
        # W(t) given W(t + dt): mean W k/(k+1), variance dt k/(k+1).
        motion = motion * (k / (k + 1)) + np.sqrt(dt * k / (k + 1)) * _pairs(rng, half)
        spot = S * np.exp(drift * t + sigma * motion)
        cash *= discount
        gain = sign * (spot - K)
        live = np.flatnonzero(gain > 0)
        if live.size > 10 * (DEGREE + 1):
            x, now = spot[live] / K, gain[live]
            stop = now > continuation(x, cash[live])
            cash[live[stop]] = now[stop]
            if stop.any():
                exercised = spot[live[stop]]
                boundary.append((t, float(exercised.max() if sign < 0 else exercised.min())))
        yield k
    value = discount * cash if dates > 0 else european
    estimate, error = controlled(value, european, black_scholes.price(S, K, r, q, sigma, T, sign))
    estimate = max(estimate, sign * (S - K), 0.0)
    yield float(estimate), float(error), float(european.mean()), boundary[::-1]


def continuation(x, later):
    """Return the fitted value of going on: a cubic in `x` regressed on `later`, both shape (n,)."""
    centre, scale = x.mean(), x.std() or 1.0
    z = (x - centre) / scale
    powers = np.stack([np.ones_like(z), z, z * z, z * z * z])
    gram = powers @ powers.T
    weights = np.linalg.lstsq(gram, powers @ later, rcond=1e-12)[0]
    return weights @ powers


def controlled(value, control, known):
    """Return the mean of `value` corrected by a control variate, and its standard error.

    Both arrays hold antithetic pairs: the first half of paths, then their mirror images. Pairs, not
    paths, are independent, so the error is taken over pairs.

    Source: Glasserman (2004), sections 4.1 and 4.2.
    """
    half = value.size // 2
    y, c = 0.5 * (value[:half] + value[half:]), 0.5 * (control[:half] + control[half:])
    variance = c.var()
    beta = np.cov(y, c, ddof=0)[0, 1] / variance if variance > 0 else 0.0
    corrected = y - beta * (c - known)
    return corrected.mean(), corrected.std(ddof=1) / np.sqrt(half)


def _pairs(rng, half):
    normal = rng.standard_normal(half)
    return np.concatenate([normal, -normal])
