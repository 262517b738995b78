"""Excess of loss layers: expected loss, annual deductible, reinstatements and their premium.

Chosen: each layer's own aggregate on a grid of its limit, mean-preserving, so that any number of reinstatements
and an annual deductible are exact up to that grid.
Left out: premiums for brokerage, capital and expenses.
"""

import numpy as np
from aggregate import Total, by_fft
from severity import discretised

STEPS_PER_LIMIT = 256
MOST_POINTS = 2**19


def price(count, severity, row):
    """Return what one layer costs.

    With Y = min(max(X - attachment, 0), limit) a claim to the layer, S the sum of a year's and k reinstatements,
    the reinsurer pays Z = min(max(S - AAD, 0), (k + 1) limit). Each reinstatement costs `rate` of the premium pro
    rata of the amount reinstated, so the premium is E[Z] / (1 + rate / limit E[min(max(S - AAD, 0), k limit)]).

    Args:
        count: the number of claims.
        severity: the size of a claim.
        row: attachment, limit, aad, reinstatements (None is unlimited) and rate (% of premium), as typed.

    Returns:
        {column: value} for the table of layers.

    Source: Sundt (1991), ASTIN Bulletin 21, p. 73; Klugman, Panjer and Willmot, Loss Models, chapter 8.
    """
    attachment, limit = row["attachment"], row["limit"]
    deductible = row.get("aad") or 0.0
    reinstatements = row.get("reinstatements")
    low, high = severity.limited(np.array([attachment, attachment + limit]))
    hit = float(1 - severity.cdf(attachment))
    ground = count.mean * float(high - low)
    total = layer_total(count, severity, attachment, limit, deductible, reinstatements)
    cap = np.inf if reinstatements is None else (reinstatements + 1) * limit
    if reinstatements is None and deductible == 0:
        payment, deviation = ground, total.capped(0.0, np.inf)[1]
    else:
        payment, deviation = total.capped(deductible, cap)
    reinstated = total.capped(deductible, (reinstatements or 0) * limit)[0]
    premium = payment / (1 + (row.get("rate") or 0.0) / 100 * reinstated / limit)
    return {
        "attachment": attachment,
        "limit": limit,
        "claims": count.mean * hit,
        "expected_loss": ground,
        "rate_on_line": ground / limit,
        "paid": payment,
        "deviation": deviation,
        "any_loss": float(max(1 - np.real(count.pgf(1 - hit)), 0.0)),
        "exhausted": 0.0 if not np.isfinite(cap) else float(total.p[total.x >= deductible + cap * (1 - 1e-9)].sum()),
        "premium": premium,
    }


def layer_total(count, severity, attachment, limit, deductible, reinstatements):
    """Return the distribution of a year's claims to a layer, what lies beyond the grid on its last point."""
    base = severity.limited(np.array([attachment]))[0]

    def limited(y):
        return severity.limited(attachment + np.minimum(y, limit)) - base

    def cdf(y):
        return np.where(y >= limit, 1.0, severity.cdf(attachment + y))

    step = limit / STEPS_PER_LIMIT
    hits = count.mean * float(1 - severity.cdf(attachment))
    spread = np.sqrt(max(count.variance, count.mean))
    likely = (hits + 8 * min(spread, np.sqrt(hits) + hits * spread / max(count.mean, 1e-12)) + 4) * limit
    needed = likely if reinstatements is None else max((reinstatements + 1) * limit + deductible, limit)
    while needed / step > MOST_POINTS / 2:
        step *= 2
    length = 2 ** int(np.ceil(np.log2(max(needed / step, 2 * limit / step) + 2)))
    claim = round(limit / step) + 1
    p = by_fft(count, discretised(limited, step, claim, "unbiased", cdf), length)
    p[-1] += max(1 - p.sum(), 0.0)
    return Total(step * np.arange(length), p, np.minimum(np.cumsum(p), 1.0), count.mean * float(limited(limit)))


def paid(row, years, year, claims):
    """Return what a layer pays in each of a block of simulated years, shape (years,).

    Args:
        row: the layer, as for `price`.
        years: number of years in the block.
        year: of each claim, from 0.
        claims: size of each claim.
    """
    to_layer = np.clip(claims - row["attachment"], 0, row["limit"])
    sums = np.bincount(year, weights=to_layer, minlength=years)
    reinstatements = row.get("reinstatements")
    cap = np.inf if reinstatements is None else (reinstatements + 1) * row["limit"]
    return np.minimum(np.maximum(sums - (row.get("aad") or 0.0), 0), cap)
