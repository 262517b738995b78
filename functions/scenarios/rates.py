"""Bonds, options on bonds and swaptions under Hull and White's model and G2++, and the fit to swaption quotes.

Chosen: prices from the covariances of the factors at expiry under the forward measure, so that one factor and two
share their formulas; swaptions by Jamshidian's sum, for two factors within a quadrature over the weaker direction.
Left out: credit and basis spreads: one curve projects and discounts, fixed payments fall yearly.
"""

import numpy as np
from factors import Factors, decay, root
from scipy.optimize import brentq, least_squares
from scipy.special import ndtr

ROOT_TWO_PI = np.sqrt(2 * np.pi)
FINE, COARSE = 40, 12  # nodes of the quadrature over the weaker direction, for a price and within a fit
REACH, EXACT = 8.5, 384  # deviations and nodes where it has to be over a factor
FAR, NEWTON = 200.0, 60  # deviations within which a swap's value passes 0, and steps to find where
BOUNDS = {
    "hull_white": ((1e-3, 1e-5), (2.0, 0.05)),
    "g2": ((1e-3, 1e-5, 1e-3, 1e-5, -0.99), (5.0, 0.1, 2.0, 0.1, 0.99)),
}


class Rates:
    """The nominal curve and the one or two factors around it.

    Attributes:
        curve: today's curve.
        a: mean reversions a year, shape (1,) or (2,).
        s: volatilities a year, shape (1,) or (2,).
        rho: correlation of the two Brownian motions, 0 for one.
    """

    def __init__(self, curve, a, s, rho=0.0):
        """Keep the curve, mean reversions, volatilities and correlation."""
        self.curve, self.a, self.s, self.rho = curve, np.asarray(a, float), np.asarray(s, float), float(rho)
        n = len(self.a)
        correlation = np.eye(n) + rho * (1 - np.eye(n))
        self.factors = Factors([f"rate{i}" for i in range(n)], self.a, self.s, correlation)

    @property
    def parameters(self):
        """What `build` takes: a and s, or a, s, b, eta and rho."""
        first = [float(self.a[0]), float(self.s[0])]
        return first if len(self.a) == 1 else [*first, float(self.a[1]), float(self.s[1]), self.rho]

    def variance(self, t):
        """Return V(t), the variance of the integral of the factors up to `t`, in its shape."""
        return self.factors.integral_variance(t, range(len(self.a)))

    def bond_terms(self, t, maturity):
        """Return A and B of P(t, T) = exp(A - B x): a number and shape (1,) or (2,).

        A = ln(P(0, T) / P(0, t)) + (V(T - t) - V(T) + V(t)) / 2.

        Source: Brigo and Mercurio (2006), sections 3.3.2 and 4.2.3, theorem 4.2.1.
        """
        known = self.curve.log_discount(np.array([t, maturity]))
        spread = self.variance(np.array([maturity - t, maturity, t]))
        return float(known[1] - known[0] + (spread[0] - spread[1] + spread[2]) / 2), decay(self.a, maturity - t)

    def forward_swap(self, expiry, tenor):
        """Return forward swap rate and annuity, both as of today, of yearly payments for `tenor` whole years."""
        bonds = np.exp(self.curve.log_discount(expiry + np.arange(tenor + 1.0)))
        annuity = float(bonds[1:].sum())
        return float(bonds[0] - bonds[-1]) / annuity, annuity

    def bond_option(self, expiry, maturity, strike, sign):
        """Return today's value of a call (sign 1) or put (-1) at `expiry` on 1 paid at `maturity`.

        Source: Brigo and Mercurio (2006), equations 3.40 and 4.18; Hull and White (1990), equation 14.
        """
        short, long = np.exp(self.curve.log_discount(np.array([expiry, maturity])))
        b, spread = decay(self.a, maturity - expiry), self.factors.covariances(expiry)[0]
        size = float(np.sqrt(max(b @ spread @ b, 0)))
        if size == 0:
            return float(max(sign * (long - strike * short), 0))
        h = np.log(long / (strike * short)) / size + size / 2
        return float(sign * (long * ndtr(sign * h) - strike * short * ndtr(sign * (h - size))))

    def swaption(self, expiry, tenor, strike, *, nodes=FINE):
        """Return today's value of the right to pay `strike` for `tenor` years from `expiry`, per unit of notional.

        The payoff (1 - sum of c_i P(T, T_i))+ is taken under the forward measure, where P(T, T_i) is lognormal with the
        mean P(0, T_i) / P(0, T): given the first factor, it ends in the money above one value of the second.

        Source: Jamshidian (1989), J. Finance 44; Brigo and Mercurio (2006), theorem 4.2.3.
        """
        times = expiry + np.arange(1.0, tenor + 1)
        known = self.curve.log_discount(np.concatenate(([expiry], times)))
        coupons = np.full(tenor, float(strike))
        coupons[-1] += 1
        forwards = coupons * np.exp(known[1:] - known[0])
        spread = self.factors.covariances(expiry)[0]
        b = decay(self.a[:, None], times - expiry)
        variance = np.einsum("ik,ij,jk->k", b, spread, b)
        discount = float(np.exp(known[0]))
        if variance.max() <= 0:
            return discount * max(1 - float(forwards.sum()), 0.0)
        if len(self.a) == 1 or spread[0, 0] == 0 or spread[1, 1] == 0:
            one = int(np.argmax(np.diag(spread)))
            return discount * float(_paying(forwards[None, :], b[one] * np.sqrt(spread[one, one]))[0])
        # Independent normals w behind the factors: the last of them moves the swap's value most, so that it passes
        # the money smoothly for any value of the other, also where one factor is next to fixed.
        half = root(spread)
        strongest = half.T @ b[:, -1]
        strongest = strongest / np.linalg.norm(strongest)
        turned = half @ np.array([[strongest[1], strongest[0]], [-strongest[0], strongest[1]]])
        along = turned.T @ b
        if along[1].min() > 0:
            z, weight = np.polynomial.hermite_e.hermegauss(nodes)
            weight = weight / ROOT_TWO_PI
        else:  # bonds that move against each other: given one factor, each falls in the other
            first, second = np.sqrt(np.diag(spread))
            common = spread[0, 1] / (first * second)
            rest = second * np.sqrt(max(1 - common**2, 1e-12))
            along = np.array([first * b[0] + common * second * b[1], rest * b[1]])
            z, weight = np.polynomial.legendre.leggauss(EXACT)
            z, weight = REACH * z, REACH * weight * np.exp(-((REACH * z) ** 2) / 2) / ROOT_TWO_PI
        moved = forwards * np.exp(-np.outer(z, along[0]) - along[0] ** 2 / 2)
        return discount * float(weight @ _paying(moved, along[1]))


def _paying(forwards, b):
    """Return E[(1 - sum of f_i exp(-b_i x - b_i^2 / 2))+] for a standard normal x, shape (rows,).

    Args:
        forwards: f, shape (rows, payments); only those of strikes below 0 are below 0.
        b: above 0, shape (payments,).
    """
    scaled, x = forwards * np.exp(-(b**2) / 2), np.zeros(len(forwards))
    low, high = np.full(len(x), -FAR), np.full(len(x), FAR)
    for _ in range(NEWTON):
        terms = scaled * np.exp(-np.outer(x, b))
        value, slope = terms.sum(axis=1), -(terms @ b)
        above = value > 1
        low, high = np.where(above, x, low), np.where(above, high, x)
        # Newton on the logarithm, whose curvature is slight; halving where that leaves the bracket.
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            following = x - np.log(value) * value / slope
        following = np.where((following > low) & (following < high), following, (low + high) / 2)
        if np.all(np.abs(following - x) < 1e-12):
            break
        x = following
    return ndtr(-x) - np.einsum("ri,ri->r", forwards, ndtr(-x[:, None] - b))


def normal_price(forward, strike, annuity, vol, expiry):
    """Return the value of a payer swaption by Bachelier's formula, for a normal volatility a year."""
    size = vol * np.sqrt(expiry)
    if size <= 0:
        return annuity * max(forward - strike, 0.0)
    d = (forward - strike) / size
    return annuity * ((forward - strike) * float(ndtr(d)) + size * float(np.exp(-(d**2) / 2)) / ROOT_TWO_PI)


def normal_volatility(price, forward, strike, annuity, expiry):
    """Return the normal volatility a year of a payer swaption's value, None where it has none."""
    value = price / annuity - max(forward - strike, 0)  # time value, equal for payer and receiver
    if not value > 1e-14:
        return None
    gap = -abs(forward - strike)

    def excess(size):
        d = gap / size
        return gap * float(ndtr(d)) + size * float(np.exp(-(d**2) / 2)) / ROOT_TWO_PI - value

    high = max(value * ROOT_TWO_PI, 1e-6)
    while excess(high) < 0:
        high *= 2
    return float(brentq(excess, 1e-9 * high, high, xtol=1e-14)) / np.sqrt(expiry)


def black_volatility(price, forward, strike, discount, expiry, sign=1):
    """Return Black's volatility a year of an option on a lognormal forward, None where it has none."""
    value = price / discount
    floor = max(sign * (forward - strike), 0)
    if not 1e-12 * forward < value - floor:
        return None

    def excess(size):
        d = np.log(forward / strike) / size + size / 2
        return sign * (forward * float(ndtr(sign * d)) - strike * float(ndtr(sign * (d - size)))) - value

    high = 0.1
    while excess(high) < 0:
        high *= 2
        if high > 100:
            return None
    return float(brentq(excess, 1e-6, high, xtol=1e-13)) / np.sqrt(expiry) if excess(1e-6) < 0 else None


def fit(model, curve, quotes, start):
    """Return the Rates whose swaptions come nearest to normal volatilities, and the gaps (model less market).

    Args:
        model: "hull_white" or "g2".
        curve: today's.
        quotes: expiry, tenor, strike and normal volatility of each, at least as many as parameters.
        start: the parameters to start from: a and s, or a, s, b, eta and rho.

    Returns:
        The Rates, and gaps in normal volatility, shape (quotes,).
    """
    swaps = [(e, n, k, *Rates.forward_swap(_bare(curve), e, n), v) for e, n, k, v in quotes]

    def gaps(values):
        made = build(model, curve, values)
        found = []
        for expiry, tenor, strike, forward, annuity, vol in swaps:
            price = made.swaption(expiry, tenor, strike, nodes=COARSE)
            found.append((normal_volatility(price, forward, strike, annuity, expiry) or 0.0) - vol)
        return np.array(found)

    low, high = (np.array(side) for side in BOUNDS[model])
    found = least_squares(
        lambda v: gaps(v) * 1e4,
        np.clip(start, low * 1.01, high * 0.99),
        bounds=(low, high),
        x_scale=(high - low) / 20,
        xtol=1e-7,
        ftol=1e-9,
        max_nfev=60,
    )
    return build(model, curve, found.x), found.fun / 1e4


def build(model, curve, values):
    """Return the Rates of parameters in the order of `fit`."""
    if model == "hull_white":
        return Rates(curve, values[:1], values[1:2])
    a, s, b, eta, rho = values
    return Rates(curve, (a, b), (s, eta), rho)


def _bare(curve):
    return Rates(curve, (0.1,), (0.0,))
