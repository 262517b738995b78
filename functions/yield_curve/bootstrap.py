"""The bootstrap: one discount factor after the other, each from the next longer quote.

Chosen: between two quotes the forward rate is constant (the discount factor is log-linear) or the continuously
compounded zero rate is linear, as Hull has it; beyond the last quote the last forward rate goes on.
Left out: splines, which let a quote at one end move the other end.

Source: Hull, Options, Futures, and Other Derivatives, 9th ed., section 4.5.
"""

from dataclasses import dataclass

import numpy as np

STEPS = 100
CLOSE = 1e-14


@dataclass(frozen=True)
class Curve:
    """A curve through knots: years, ascending and above 0, and -ln P there."""

    knots: np.ndarray
    depths: np.ndarray
    linear_zero: bool

    def depth(self, t):
        """Return -ln P(t) at `t` years."""
        t = np.asarray(t, dtype=float)
        if not self.linear_zero:
            x, y = np.concatenate([[0.0], self.knots]), np.concatenate([[0.0], self.depths])
            inside = np.interp(t, x, y)
        else:
            inside = t * np.interp(t, self.knots, self.depths / self.knots)
        beyond = self.depths[-1] + self.last_forward() * (t - self.knots[-1])
        return np.where(t > self.knots[-1], beyond, inside)

    def discount(self, t):
        """Return discount factors at `t` years, shape of `t`."""
        return np.exp(-self.depth(t))

    def forward(self, t):
        """Return instantaneous forward rates just after `t` years, continuously compounded."""
        t = np.asarray(t, dtype=float)
        x, y = np.concatenate([[0.0], self.knots]), np.concatenate([[0.0], self.depths])
        at = np.clip(np.searchsorted(x, t, side="right"), 1, x.size - 1)
        if not self.linear_zero:
            inside = (y[at] - y[at - 1]) / (x[at] - x[at - 1])
        else:
            z = np.concatenate([[self.depths[0] / self.knots[0]], self.depths / self.knots])
            rise = (z[at] - z[at - 1]) / (x[at] - x[at - 1])
            inside = z[at - 1] + rise * (t - x[at - 1]) + rise * t
        return np.where(t >= self.knots[-1], self.last_forward(), inside)

    def last_forward(self):
        """Return the forward rate that holds beyond the last knot."""
        if self.knots.size == 1:
            return self.depths[0] / self.knots[0]
        if not self.linear_zero:
            return (self.depths[-1] - self.depths[-2]) / (self.knots[-1] - self.knots[-2])
        z = self.depths / self.knots
        return z[-1] + self.knots[-1] * (z[-1] - z[-2]) / (self.knots[-1] - self.knots[-2])


def build(quotes, linear_zero):
    """Return the curve that prices every quote.

    Args:
        quotes: instruments by ascending maturity.
        linear_zero: True where zero rates are linear between quotes, False where forward rates are constant.

    Raises:
        ValueError: a quote is worth no more than its coupons before the previous quote's maturity.
    """
    knots, depths = np.empty(0), np.empty(0)
    for quote in quotes:
        known = quote.times <= (knots[-1] if knots.size else 0.0)
        left = quote.price
        if known.any():
            left -= quote.amounts[known] @ Curve(knots, depths, linear_zero).discount(quote.times[known])
        t, c = quote.times[~known], quote.amounts[~known]
        base, share = _unknown_part(knots, depths, quote.maturity, t, linear_zero)
        if left <= 0:
            raise ValueError(
                f"inputs.quotes[{quote.row}]: at {quote.maturity:g} years the earlier coupons alone are worth more "
                "than the price. Check this quote and the one before it."
            )
        knots, depths = np.append(knots, quote.maturity), np.append(depths, _solve(c, base, share, left, quote))
    return Curve(knots, depths, linear_zero)


def _unknown_part(knots, depths, maturity, t, linear_zero):
    """Return a and b of -ln P(t) = a + b x, where x is -ln P at the new knot."""
    if not knots.size:
        return np.zeros(t.size), t / maturity  # a constant rate up to the first quote
    last, depth = knots[-1], depths[-1]
    way = (t - last) / (maturity - last)
    if linear_zero:
        return t * (1 - way) * depth / last, t * way / maturity
    return (1 - way) * depth, way


def _solve(c, base, share, left, quote):
    """Return x with sum of c e^(-base - share x) = left, by Newton's method; the sum falls with x, from above."""
    x = 0.0
    for _ in range(STEPS):
        worth = c * np.exp(-base - share * x)
        fall = share @ worth
        if not np.isfinite(worth).all() or fall <= 0:
            break
        step = (worth.sum() - left) / fall
        x += float(np.clip(step, -1, 1))
        if abs(step) < CLOSE * max(1.0, abs(x)):
            return x
    raise ValueError(
        f"inputs.quotes[{quote.row}]: no discount factor at {quote.maturity:g} years gives this quote. "
        "Check it and the one before it."
    )
