"""Quotes as cash flows: zero rates, par rates and coupon bonds, each worth its price today.

Chosen: years are counted from today and coupons backwards from maturity; a short first period of a par rate pays its
share of the coupon, a bond (quoted with accrued interest) the whole coupon.
Left out: calendars, day counts and settlement lags.
"""

from dataclasses import dataclass

import numpy as np

SLACK = 1e-9  # years; two times closer than this are one
PER_YEAR = {"annual": 1, "semi-annual": 2, "quarterly": 4, "monthly": 12}


@dataclass(frozen=True)
class Instrument:
    """One quote: what it pays at which years, and what that is worth today."""

    maturity: float
    times: np.ndarray  # years, ascending, above 0
    amounts: np.ndarray
    price: float
    row: int  # in the table of quotes, from 0


def to_discount(rate, t, compounding):
    """Return the discount factor of a zero rate at `t` years; `compounding` as in the input of that name."""
    if compounding == "continuous":
        return np.exp(-rate * t)
    m = PER_YEAR[compounding]
    return (1 + rate / m) ** (-m * t)


def to_rate(log_growth, t, compounding):
    """Return the rate a year whose growth over `t` years (above 0) has the logarithm `log_growth`."""
    if compounding == "continuous":
        return log_growth / t
    m = PER_YEAR[compounding]
    return m * np.expm1(log_growth / t / m)


def coupon_times(maturity, per_year):
    """Return the years of coupons, counted back from maturity, all above 0."""
    count = max(1, int(np.ceil(maturity * per_year - SLACK)))
    return maturity - np.arange(count)[::-1] / per_year


def read(rows, kind, per_year, compounding, adjustment):
    """Return the quotes of the table as instruments, by maturity.

    Args:
        rows: dictionaries with maturity (years), rate (%), price (per 100) and frequency (a year), None where empty.
        kind: "zero", "par" or "bonds".
        per_year: coupons a year where a row gives none.
        compounding: of zero rates.
        adjustment: credit risk adjustment, taken off zero and par rates, as a fraction.

    Raises:
        ValueError: with every row that cannot be used.
    """
    faults, found, seen = [], [], {}
    for i, row in enumerate(rows):
        at, maturity, rate = f"inputs.quotes[{i}]", row["maturity"], row["rate"] / 100
        if maturity <= SLACK:
            faults.append(f"{at}.maturity: {maturity:g} years is today. Give a maturity above 0.")
            continue
        twin = seen.setdefault(round(maturity, 6), i)
        if twin != i:
            faults.append(f"{at}.maturity: row {twin + 1} has {maturity:,.12g} years already. Leave one of both out.")
            continue
        if kind == "bonds":
            if row.get("price") is None:
                faults.append(
                    f"{at}.price: it is empty. Give the price per 100 of the bond, accrued interest included."
                )
                continue
            often = row.get("frequency") or per_year
            times = coupon_times(maturity, often) if rate != 0 else np.array([maturity])
            amounts = np.full(times.size, 100 * rate / often)
            amounts[-1] += 100
            price = row["price"]
        elif kind == "par":
            times = coupon_times(maturity, row.get("frequency") or per_year)
            amounts = (rate - adjustment) * np.diff(times, prepend=0)
            amounts[-1] += 1
            price = 1.0
        else:
            times, amounts = np.array([maturity]), np.ones(1)
            price = float(to_discount(rate - adjustment, maturity, compounding))
        found.append(Instrument(maturity, times, amounts, price, i))
    if faults:
        raise ValueError("\n".join(faults))
    return sorted(found, key=lambda q: q.maturity)


def matrix(quotes):
    """Return the years of all cash flows, shape (n,), and the amounts at each of them by quote, shape (n, m)."""
    every = np.sort(np.concatenate([q.times for q in quotes]))
    times = every[np.concatenate([[True], np.diff(every) > SLACK])]
    flows = np.zeros((times.size, len(quotes)))
    for j, quote in enumerate(quotes):
        flows[np.searchsorted(times, quote.times - SLACK), j] = quote.amounts
    return times, flows
