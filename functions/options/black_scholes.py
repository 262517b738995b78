"""European options in closed form: prices and Greeks under Black-Scholes-Merton.

Chosen: array arguments throughout, rates continuously compounded, times in years.
Left out: discrete dividends and any smile; `q` is a continuous yield.
"""

import numpy as np
from scipy.special import ndtr

ROOT_TWO_PI = np.sqrt(2 * np.pi)


def density(z):
    """Return the standard normal density at `z`, any shape."""
    return np.exp(-0.5 * np.square(z)) / ROOT_TWO_PI


def d1_d2(S, K, r, q, sigma, T):
    """Return d1 and d2 of Hull (2018), section 15.8, eq. 15.20 with the yield of section 17.3."""
    spread = sigma * np.sqrt(T)
    d1 = (np.log(S / K) + (r - q + 0.5 * sigma**2) * T) / spread
    return d1, d1 - spread


def price(S, K, r, q, sigma, T, sign):
    """Return the value of a European option.

    sign * (S e^(-qT) N(sign d1) - K e^(-rT) N(sign d2))

    Args:
        S: spot, above 0, broadcast with the rest.
        K: strike, above 0.
        r: risk-free rate a year, continuously compounded.
        q: dividend yield a year, continuously compounded.
        sigma: volatility a year, above 0.
        T: years to expiry, above 0.
        sign: 1 for a call, -1 for a put.

    Returns:
        Values in the money of `S`, in the broadcast shape.

    Source: Black and Scholes (1973), J. Political Economy 81, eq. 13; Merton (1973) for the yield.
    """
    d1, d2 = d1_d2(S, K, r, q, sigma, T)
    return sign * (S * np.exp(-q * T) * ndtr(sign * d1) - K * np.exp(-r * T) * ndtr(sign * d2))


def greeks(S, K, r, q, sigma, T, sign):
    """Return the derivatives of the price as a dictionary of arrays: first order, gamma, vanna and volga.

    Vega and the rhos are per 1.00 of volatility, rate and yield, theta per year, as Hull prints them; vanna is the
    derivative of delta, volga that of vega, by the volatility.

    Source: Hull (2018), table 19.6; Haug (2007), sections 2.4 and 2.6 for vanna and volga, 2.9 for the yield's rho.
    """
    d1, d2 = d1_d2(S, K, r, q, sigma, T)
    carry, discount = np.exp(-q * T), np.exp(-r * T)
    vega = S * carry * density(d1) * np.sqrt(T)
    return {
        "delta": sign * carry * ndtr(sign * d1),
        "gamma": carry * density(d1) / (S * sigma * np.sqrt(T)),
        "vega": vega,
        "theta": -S * carry * density(d1) * sigma / (2 * np.sqrt(T))
        + sign * q * S * carry * ndtr(sign * d1)
        - sign * r * K * discount * ndtr(sign * d2),
        "rho": sign * K * T * discount * ndtr(sign * d2),
        "yield_rho": -sign * S * T * carry * ndtr(sign * d1),
        "vanna": -carry * density(d1) * d2 / sigma,
        "volga": vega * d1 * d2 / sigma,
    }
