"""Barrier options in closed form, knock-in and knock-out, with a rebate.

Chosen: Reiner and Rubinstein's six building blocks as Haug prints them, and the shift of Broadie, Glasserman and
Kou for a barrier watched at dates only.
Left out: double barriers, American exercise and barriers that change with time.
"""

import black_scholes
import numpy as np
from scipy.special import ndtr

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
    side = -1.0 if up else 1.0  # Haug's eta
    if watched:
        H = H * np.exp(-side * SHIFT * sigma * np.sqrt(1 / watched))
    vanilla = black_scholes.price(S, K, r, q, sigma, T, sign)
    carry, spread = r - q, sigma * np.sqrt(T)
    mu = (carry - 0.5 * sigma**2) / sigma**2
    lam = np.sqrt(max(mu**2 + 2 * r / sigma**2, 0.0))
    spot, strike = S * np.exp(-q * T), K * np.exp(-r * T)
    x1 = np.log(S / K) / spread + (1 + mu) * spread
    x2 = np.log(S / H) / spread + (1 + mu) * spread
    y1 = np.log(H * H / (S * K)) / spread + (1 + mu) * spread
    y2 = np.log(H / S) / spread + (1 + mu) * spread
    z = np.log(H / S) / spread + lam * spread
    log_ratio = np.log(H / S)

    def power(exponent, arg):
        # (H/S)^exponent * N(arg): the first factor may overflow where the second vanishes.
        return np.exp(np.clip(exponent * log_ratio, -700, 700)) * ndtr(arg)

    def direct(x):
        return sign * (spot * ndtr(sign * x) - strike * ndtr(sign * (x - spread)))

    def mirrored(y):
        return sign * (spot * power(2 * (mu + 1), side * y) - strike * power(2 * mu, side * (y - spread)))

    a, b, c, d = direct(x1), direct(x2), mirrored(y1), mirrored(y2)
    e = rebate * np.exp(-r * T) * (ndtr(side * (x2 - spread)) - power(2 * mu, side * (y2 - spread)))
    f = rebate * (power(mu + lam, side * z) + power(mu - lam, side * (z - 2 * lam * spread)))
    beyond = K > H
    if sign > 0:
        inside = {(False, True): c + e, (False, False): a - b + d + e, (True, True): a + e}
        inside[True, False] = b - c + d + e
    else:
        inside = {(False, True): b - c + d + e, (False, False): a + e, (True, True): a - b + d + e}
        inside[True, False] = c + e
    knocked_in = inside[up, beyond]
    # In and out with the same strike make the plain option; only the rebates differ.
    value = knocked_in if knock_in else vanilla - (knocked_in - e) + f
    hit = S >= H if up else S <= H
    return np.where(hit, vanilla if knock_in else rebate, np.maximum(value, 0.0))
