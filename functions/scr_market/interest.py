"""Interest rate risk: stressed rates, stressed curves and what they do to own funds.

Chosen: the stress works on the basic risk-free rate of each maturity, a volatility adjustment is added afterwards;
under the rules of 2027 the stressed curve is extrapolated beyond the first smoothing point.
Left out: several currencies at once, options in the cash flows, and any transitional measure.
"""

from pathlib import Path

import numpy as np

FLOOR_2015 = 0.01  # least rise of a rate under the upward stress, Article 166(2)
SHORT_FLOOR, LONG_FLOOR = -0.0125, -0.00893  # lowest stressed rates in 2027, Article 167(1)
FORWARD_YEARS = 5.0  # to the first smoothing point, over which the last liquid forward rate is taken
SHORT_END, LONG_START = 7.0, 20.0  # years between which that floor is interpolated
ULTIMATE_SHIFT = 0.0015  # of the ultimate forward rate in 2027, Articles 166(2a) and 167(2a)


def read_shocks(name):
    """Return the columns of a table of shocks beside this file, by name; empty cells are NaN."""
    table = np.genfromtxt(Path(__file__).parent / name, delimiter=",", names=True)
    return {key: np.asarray(table[key]) for key in table.dtype.names}


SHOCKS = {"2015/35": read_shocks("shocks_2015.csv"), "2027": read_shocks("shocks_2027.csv")}


def shocks(t, direction, regime):
    """Return relative and absolute shocks at `t` years, interpolated linearly, level outside the table.

    Source: Delegated Regulation (EU) 2015/35, Articles 166(1) and 167(1); as amended by (EU) 2026/269,
    Articles 166(2) and 167(2): the relative shock runs to 20 % at 90 years, the absolute one to 0 at 60.
    """
    table = SHOCKS[regime]

    def at(column):
        if column not in table:
            return np.zeros(np.shape(t))
        known = np.isfinite(table[column])
        return np.interp(t, table["maturity"][known], table[column][known])

    return at(f"{direction}_relative"), at(f"{direction}_additive")


def stress(rate, t, direction, regime):
    """Return stressed annual rates (fractions) of basic rates at `t` years.

    2015/35: up r + max(r s, 1 point); down r (1 - s), and a rate below 0 stays. 2027: up r (1 + s) + b; down
    r (1 - s) - b, no lower than -1.25 % to 7 years, -0.893 % from 20 years and between the two in between.

    Source: Delegated Regulation (EU) 2015/35, Articles 166 and 167; as amended by (EU) 2026/269.
    """
    rate, t = np.asarray(rate, float), np.asarray(t, float)
    relative, absolute = shocks(t, direction, regime)
    if regime == "2015/35":
        if direction == "up":
            return rate + np.maximum(rate * relative, FLOOR_2015)
        return np.where(rate < 0, rate, rate * (1 - relative))
    if direction == "up":
        return rate * (1 + relative) + absolute
    floor = np.interp(t, [SHORT_END, LONG_START], [SHORT_FLOOR, LONG_FLOOR])
    return np.maximum(rate * (1 - relative) - absolute, floor)


class Curve:
    """A basic curve given by annual zero rates, and its stressed versions.

    Args:
        maturities: years, ascending, shape (n,).
        rates: annual zero rates as fractions, shape (n,).
        regime: a key of SHOCKS.
        smoothing_point: first smoothing point in years, where extrapolation begins in 2027.
        ultimate: annual ultimate forward rate as a fraction, for the same.
        speed: speed of convergence a year, for the same.
    """

    def __init__(self, maturities, rates, regime, *, smoothing_point, ultimate, speed):
        self.maturities, self.rates, self.regime = maturities, rates, regime
        self.smoothing_point, self.ultimate, self.speed = smoothing_point, ultimate, speed

    def zero(self, t, direction=None):
        """Return annual zero rates at `t` years, stressed where a direction ("up", "down") is given.

        In 2027 the rates beyond the first smoothing point move by the difference of two extrapolations, stressed
        and not: no stress then gives the curve back, whatever extrapolated it.
        """
        t = np.asarray(t, float)
        base = np.interp(t, self.maturities, self.rates)
        if direction is None:
            return base
        near = stress(base, t, direction, self.regime)
        if self.regime == "2015/35":
            return near
        beyond = np.maximum(t, self.smoothing_point)
        far = base + self._extrapolated(beyond, direction) - self._extrapolated(beyond, None)
        return np.where(t <= self.smoothing_point, near, far)

    def _extrapolated(self, t, direction):
        """Return zero rates at `t` years from the first smoothing point on, extrapolated from the rates up to it."""
        last = self.smoothing_point
        first = max(last - FORWARD_YEARS, 0.0)
        ends = np.interp([first, last], self.maturities, self.rates)
        if direction is not None:
            ends = stress(ends, [first, last], direction, self.regime)
        begin, level = np.log1p(ends) * [first, last]
        shift = {None: 0.0, "up": ULTIMATE_SHIFT, "down": -ULTIMATE_SHIFT}[direction]
        h = t - last
        forward = extrapolated(np.maximum(h, 1e-9), (level - begin) / (last - first), self.ultimate + shift, self.speed)
        return np.expm1((level + forward * h) / t)


def extrapolated(h, liquid, ultimate, speed):
    """Return continuous forward rates from the first smoothing point over `h` years beyond it.

    ln(1 + UFR) + (LLFR - ln(1 + UFR)) (1 - e^(-a h)) / (a h)

    Args:
        h: years beyond the first smoothing point, above 0.
        liquid: last liquid forward rate LLFR, continuous.
        ultimate: annual ultimate forward rate UFR.
        speed: speed of convergence a, per year, above 0.

    Source: Delegated Regulation (EU) 2015/35 as amended by (EU) 2026/269, Article 46.
    """
    end = np.log1p(ultimate)
    return end + (liquid - end) * -np.expm1(-speed * h) / (speed * h)


def value(curve, t, flows, direction, adjustment=0.0):
    """Return the present value of `flows` paid at `t` years, `adjustment` (a fraction) added to every zero rate."""
    return float(flows @ (1 + curve.zero(t, direction) + adjustment) ** -t)
