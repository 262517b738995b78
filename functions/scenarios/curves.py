"""Today's curve: one of EIOPA's euro curves or the analyst's zero rates, and the real curve by break-even inflation.

Chosen: every curve is a function of any time, with its forward rate, so that the models meet it at every step and not
only where it is quoted. Own rates are joined by Fritsch and Carlson's monotone cubics through t z(t), whose slope, the
forward rate, is continuous and does not oscillate; beyond the last quote the forward rate stays what it is there.
Left out: other currencies, and a volatility adjustment; both may be given as own rates.
"""

import csv
import datetime as dt
from pathlib import Path

import numpy as np
from scipy.interpolate import PchipInterpolator

PUBLISHED = Path(__file__).parent / "euro.csv"
LIQUID = np.arange(1.0, 21)  # years of EIOPA's weights for the euro


class SmithWilson:
    """EIOPA's curve by its published parameters: P(t) = e^(-wt) (1 + H(t, u) Qb).

    Source: EIOPA, Technical documentation of the methodology to derive EIOPA's risk-free interest rate term
    structures, section 7.
    """

    def __init__(self, ufr, alpha, weights):
        """Keep the ultimate forward rate (a year, annual), alpha and the weights Qb, shape (20,)."""
        self.omega, self.alpha, self.weights = np.log1p(ufr), alpha, np.asarray(weights)

    def log_discount(self, t):
        """Return ln P(0, t) for `t` years, 0 or more, in their shape."""
        t = np.asarray(t, float)
        low, high = np.minimum(t[..., None], LIQUID), np.maximum(t[..., None], LIQUID)
        a = self.alpha
        heart = a * low - (np.exp(-a * (high - low)) - np.exp(-a * (high + low))) / 2
        return np.log1p(heart @ self.weights) - self.omega * t

    def forward(self, t):
        """Return instantaneous forward rates, continuously compounded, in the shape of `t`."""
        t = np.asarray(t, float)
        low, high = np.minimum(t[..., None], LIQUID), np.maximum(t[..., None], LIQUID)
        a = self.alpha
        near, far = np.exp(-a * (high - low)), np.exp(-a * (high + low))
        slope = np.where(t[..., None] < LIQUID, a - a * (near + far) / 2, a * (near - far) / 2) @ self.weights
        return self.omega - slope / np.exp(self.log_discount(t) + self.omega * t)


class Joined:
    """A curve through quotes of -ln P(0, t) at some years."""

    def __init__(self, years, depth):
        """Join (0, 0) and the quotes: years ascending and above 0, shape (n,), and depth -ln P, shape (n,)."""
        years, depth = np.concatenate(([0.0], years)), np.concatenate(([0.0], depth))
        self.line = PchipInterpolator(years, depth)
        self.slope = self.line.derivative()
        self.last, self.end = float(years[-1]), float(depth[-1])
        self.flat = float(self.slope(self.last))

    def log_discount(self, t):
        """Return ln P(0, t) for `t` years, 0 or more, in their shape."""
        t = np.asarray(t, float)
        return -np.where(t > self.last, self.end + self.flat * (t - self.last), self.line(np.minimum(t, self.last)))

    def forward(self, t):
        """Return instantaneous forward rates, continuously compounded, in the shape of `t`."""
        t = np.asarray(t, float)
        return np.where(t > self.last, self.flat, self.slope(np.minimum(t, self.last)))


class Real:
    """Real discount factors: P_r(0, t) = P(0, t) (1 + K(t))^t, K the rate of zero-coupon inflation swaps."""

    def __init__(self, nominal, break_even):
        """Keep a nominal curve and one through -t ln(1 + K(t))."""
        self.nominal, self.break_even = nominal, break_even

    def log_discount(self, t):
        """Return ln P_r(0, t) for `t` years, 0 or more, in their shape."""
        return self.nominal.log_discount(t) - self.break_even.log_discount(t)

    def forward(self, t):
        """Return instantaneous real forward rates, in the shape of `t`."""
        return self.nominal.forward(t) - self.break_even.forward(t)


def read(inputs, notes, warnings):
    """Return the nominal curve that the inputs ask for.

    Raises:
        ValueError: there is no EIOPA curve of that day, or no own rate.
    """
    if inputs["curve"] == "own":
        rows = inputs["rates"]
        if not rows:
            raise ValueError("inputs.rates: the table is empty. Give at least one zero rate.")
        years = np.array([row["year"] for row in rows], float)
        rates = np.array([row["rate"] for row in rows], float) / 100
        if years[-1] < inputs["horizon"]:
            warnings.append(
                f"The own curve ends at {years[-1]:g} years: beyond it the forward rate stays as it is there, to the "
                f"horizon of {inputs['horizon']:g} years and beyond."
            )
        return Joined(years, years * (np.log1p(rates) if inputs["compounding"] == "annual" else rates))
    # 20230831 and 2023-W35-4 are ISO dates as well, which do not sort as text among the others.
    day = dt.date.fromisoformat(inputs["date"]).isoformat()
    with PUBLISHED.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    found = [row for row in rows if row["date"] <= day]
    if not found:
        raise ValueError(
            f"inputs.date: {day} is before the first stored curve. Give a day from {rows[0]['date']}, or own rates."
        )
    row = found[-1]
    if row["date"] != day:
        notes.append(f"For {day} EIOPA's curve of {row['date']} is taken, the last one stored up to that day.")
    weights = [float(row[f"qb{int(u)}"]) for u in LIQUID]
    return SmithWilson(float(row["ufr"]) / 100, float(row["alpha"]), weights)


def real(inputs, nominal, warnings):
    """Return the real curve by the break-even rates of the inputs.

    Raises:
        ValueError: there is no break-even rate.
    """
    rows = inputs["break_even"]
    if not rows:
        raise ValueError("inputs.break_even: the table is empty. Give at least one rate, or leave inflation out.")
    years = np.array([row["year"] for row in rows], float)
    if years[-1] < inputs["horizon"]:
        warnings.append(
            f"Break-even inflation is given up to {years[-1]:g} years: beyond, its forward rate stays as it is there."
        )
    return Real(nominal, Joined(years, years * np.log1p(np.array([row["rate"] for row in rows], float) / 100)))
