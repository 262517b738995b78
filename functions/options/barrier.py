"""Barrier options in closed form, knock-in and knock-out, with a rebate.

Chosen: Reiner and Rubinstein's six building blocks as Haug prints them, and the shift of Broadie, Glasserman and
Kou for a barrier watched at dates only.
Left out: double barriers, American exercise and barriers that change with time.
"""

import black_scholes
import numpy as np
from scipy.special import log_ndtr, ndtr, wofz

SHIFT = 0.5825971579390107  # -zeta(1/2) / sqrt(2 pi), Broadie, Glasserman and Kou (1997)


def price(S, K, H, rebate, r, q, sigma, T, sign, *, up, knock_in, watched=0):
    """Return the value of a single-barrier option, not yet knocked.

    Args:
        S: spots, above 0, any shape. A spot at or beyond the barrier is a knocked option.
        K: strike, above 0.
        H: barrier, above 0.
        rebate: paid when the barrier is hit (knock-out) or at expiry if it never was (knock-in).
        r: risk-free rate a year, continuously compounded.
        q: dividend yield a year, continuously compounded.
        sigma: volatility a year, above 0.
        T: years to expiry.
        sign: 1 for a call, -1 for a put.
        up: whether the barrier lies above the spot.
        knock_in: whether the option begins, rather than ends, at the barrier.
        watched: times a year at which the barrier is watched; 0 for always.

    Returns:
        Values, shape of `S`.

    Source: Reiner and Rubinstein (1991), Risk 4(8), p. 28; Haug (2007), section 4.17.1, p. 152;
    Broadie, Glasserman and Kou (1997), Mathematical Finance 7, p. 325, theorem 1.1.
    """
    S = np.asarray(S, float)
    H = shifted_barrier(H, sigma, up=up, watched=watched)
    value = formula(S, K, H, rebate, r, q, sigma, T, sign, up=up, knock_in=knock_in)
    hit = S >= H if up else S <= H
    knocked = black_scholes.price(S, K, r, q, sigma, T, sign) if knock_in else rebate
    return np.where(hit, knocked, np.maximum(value, 0.0))


def shifted_barrier(H, sigma, *, up, watched):
    """Return the barrier which, watched always, is worth the same as `H` watched `watched` times a year."""
    if not watched:
        return H
    return H * np.exp((SHIFT if up else -SHIFT) * sigma * np.sqrt(1 / watched))


def formula(S, K, H, rebate, r, q, sigma, T, sign, *, up, knock_in):
    """Return what the closed form gives, also for spots beyond the barrier, where it goes on smoothly.

    That makes it fit for derivatives near the barrier, which `price` is not. Arguments as there.
    """
    side = -1.0 if up else 1.0  # Haug's eta
    vanilla = black_scholes.price(S, K, r, q, sigma, T, sign)
    spread = sigma * np.sqrt(T)
    mu = (r - q - 0.5 * sigma**2) / sigma**2
    spot, strike = S * np.exp(-q * T), K * np.exp(-r * T)
    x1 = np.log(S / K) / spread + (1 + mu) * spread
    x2 = np.log(S / H) / spread + (1 + mu) * spread
    y1 = np.log(H * H / (S * K)) / spread + (1 + mu) * spread
    y2 = np.log(H / S) / spread + (1 + mu) * spread
    log_ratio = np.log(H / S)

    def power(exponent, arg):
        # (H/S)^exponent * N(arg) in logarithms: the first factor may overflow where the second vanishes.
        return _exp(exponent * log_ratio + log_ndtr(arg))

    def direct(x):
        return sign * (spot * ndtr(sign * x) - strike * ndtr(sign * (x - spread)))

    def mirrored(y):
        return sign * (spot * power(2 * (mu + 1), side * y) - strike * power(2 * mu, side * (y - spread)))

    a, b, c, d = direct(x1), direct(x2), mirrored(y1), mirrored(y2)
    e = rebate * np.exp(-r * T) * (ndtr(side * (x2 - spread)) - power(2 * mu, side * (y2 - spread)))
    beyond = K > H
    if sign > 0:
        inside = {(False, True): c + e, (False, False): a - b + d + e, (True, True): a + e}
        inside[True, False] = b - c + d + e
    else:
        inside = {(False, True): b - c + d + e, (False, False): a + e, (True, True): a - b + d + e}
        inside[True, False] = c + e
    knocked_in = inside[up, beyond]
    if knock_in:
        return knocked_in
    # In and out with the same strike make the plain option; only the rebates differ.
    return vanilla - (knocked_in - e) + rebate * hit_value(S, H, r, q, sigma, T, side)


def hit_value(S, H, r, q, sigma, T, side):
    """Return the value of 1 paid when the barrier is hit before expiry: E[e^(-r τ); τ <= T].

    (H/S)^(μ+λ) N(ηz) + (H/S)^(μ-λ) N(η(z - 2λσ√T)), λ = √(μ² + 2r/σ²), z = ln(H/S)/(σ√T) + λσ√T. Where r is so far
    below 0 that λ is imaginary, the two terms are complex conjugates and their sum is real.

    Source: Haug (2007), section 4.17.1, p. 152, term F.
    """
    spread = sigma * np.sqrt(T)
    mu = (r - q - 0.5 * sigma**2) / sigma**2
    square = mu**2 + 2 * r / sigma**2
    log_ratio = np.log(H / S)
    if square >= 0:
        lam = np.sqrt(square)
        z = log_ratio / spread + lam * spread
        first = _exp((mu + lam) * log_ratio + log_ndtr(side * z))
        return first + _exp((mu - lam) * log_ratio + log_ndtr(side * (z - 2 * lam * spread)))
    lam = 1j * np.sqrt(-square)
    z = log_ratio / spread + lam * spread
    return 2 * np.real(np.exp((mu + lam) * log_ratio + _log_normal_distribution(side * z)))


def _exp(x):
    """Return e^x, finite for spots far beyond the barrier, whose values nobody uses."""
    return np.exp(np.minimum(x, 700))


def _log_normal_distribution(z):
    """Return ln N(z) for complex z, without loss where N(z) is next to 0.

    N(z) = erfcx(-z/√2) e^(-z²/2) / 2; Faddeeva's function keeps the product from overflowing.
    """
    lower = np.real(z) < 0
    tail = np.where(lower, z, -z)  # real part at most 0
    small = np.log(0.5 * wofz(-1j * tail / np.sqrt(2))) - 0.5 * tail**2
    # N(z) = 1 - N(-z); the subtraction loses nothing where N(-z) is a half at most.
    return np.where(lower, small, np.log(1 - np.exp(small)))
