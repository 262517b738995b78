"""What is read off a curve: zero and forward rates by year, the quotes repriced, a bond.

Chosen: a curve is anything with discount(t) and forward(t), so every method is read in the same way.
Left out: charts, which function.py draws.
"""

import datetime as dt

import instruments
import numpy as np
from scipy.optimize import brentq


class Raised:
    """A curve whose annually compounded zero rates are raised by `spread` at every maturity."""

    def __init__(self, curve, spread):
        self.curve, self.spread = curve, spread

    def discount(self, t):
        """Return discount factors at `t` years, shape of `t`."""
        t = np.asarray(t, dtype=float)
        return (zero(self.curve, t, "annual") + self.spread + 1) ** -t

    def forward(self, t):
        """Return instantaneous forward rates: f = y + t y' of the raised continuous zero rate y."""
        t = np.asarray(t, dtype=float)
        z = zero(self.curve, t, "annual")
        before = np.log1p(z)
        return np.log1p(z + self.spread) + (1 + z) * (self.curve.forward(t) - before) / (1 + z + self.spread)


def zero(curve, t, compounding):
    """Return zero rates at `t` years as fractions; at 0 the instantaneous rate, compounded likewise."""
    t = np.asarray(t, dtype=float)
    later = np.where(t > 0, t, 1.0)
    growth = np.where(t > 0, -np.log(curve.discount(later)), curve.forward(np.zeros_like(t)))
    return instruments.to_rate(growth, later, compounding)


def yearly(curve, years, compounding, date):
    """Return one row a year: date, zero rate, forward rate over the year before, discount factor."""
    depth = -np.log(curve.discount(years))
    forward = instruments.to_rate(np.diff(depth, prepend=0), 1.0, compounding)
    start = dt.date.fromisoformat(date)
    return [
        {"year": int(t), "date": anniversary(start, int(t)), "zero": z, "forward": f, "discount": d}
        for t, z, f, d in zip(
            years,
            instruments.to_rate(depth, years, compounding).tolist(),
            forward.tolist(),
            np.exp(-depth).tolist(),
            strict=True,
        )
    ]


def forwards(curve, spans, compounding):
    """Return one row for each (start, end) in years: the forward rate between them and the discount factor over it.

    f = ln(P(start) / P(end)) / (end - start), continuous (Hull, 9th ed., section 4.6), in the compounding asked for.
    """
    start, end = np.array(spans, float).T
    depth = np.log(curve.discount(start)) - np.log(curve.discount(end))
    rates = instruments.to_rate(depth, end - start, compounding)
    columns = (start, end, rates, np.exp(-depth))
    return [
        {"start": a, "end": b, "between": f, "discount": d}
        for a, b, f, d in zip(*(x.tolist() for x in columns), strict=True)
    ]


def anniversary(start, years):
    """Return the day `years` later as ISO text; 29 February becomes the 28th."""
    day = 28 if (start.month, start.day) == (2, 29) else start.day
    return start.replace(year=start.year + years, day=day).isoformat()


def repriced(curve, quotes, compounding):
    """Return one row a quote: what it costs, what the curve makes of it, and the rates at its maturity."""
    at = np.array([q.maturity for q in quotes])
    depth = -np.log(curve.discount(at))
    spans = np.diff(at, prepend=0)
    forward = instruments.to_rate(np.diff(depth, prepend=0), spans, compounding)
    rates = instruments.to_rate(depth, at, compounding)
    rows = []
    for q, z, f, d in zip(quotes, rates.tolist(), forward.tolist(), np.exp(-depth).tolist(), strict=True):
        worth = float(q.amounts @ curve.discount(q.times))
        rows.append(
            {
                "maturity": q.maturity,
                "price": q.price,
                "model_price": worth,
                "error": 100 * (worth / q.price - 1),
                "zero": z,
                "forward": f,
                "discount": d,
            }
        )
    return rows


def bond(curve, inputs, notes):
    """Return price and yields of a bond off the curve; a note says where no yield gives its price.

    Par yield (Hull, section 4.4): c = (100 - 100 P(T)) m / A, with A the sum of discount factors at the coupons.
    """
    often = instruments.PER_YEAR[inputs["bond_frequency"]]
    times = instruments.coupon_times(inputs["bond_maturity"], often)
    flows = np.full(times.size, inputs["bond_coupon"] / often)
    flows[-1] += 100
    factors = curve.discount(times)
    price = float(flows @ factors)

    def excess(rate):
        return flows @ np.exp(-rate * times) - price

    rate = brentq(excess, -2.0, 5.0, xtol=1e-15) if excess(-2.0) > 0 > excess(5.0) else None
    found = {"Bond price": price}
    if rate is None:
        notes.append("No yield between -200 % and 500 % gives the bond's price, so none is shown.")
    else:
        found["Bond yield, continuous"] = float(rate)
        found["Bond yield"] = float(instruments.to_rate(rate, 1.0, inputs["compounding"]))
    found["Par yield"] = float(often * (1 - factors[-1]) / factors.sum())
    return found
