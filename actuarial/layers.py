"""Excess of loss layers: expected loss, annual deductible, reinstatements and their premium.

Chosen: each layer's own aggregate on a mean-preserving grid with the limit on one of its points, refined until the
payment settles, so that any number of reinstatements and an annual deductible are exact up to a stated error.
Left out: premiums for brokerage, capital and expenses.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.fft import next_fast_len

from actuarial.compound import Total, by_fft
from actuarial.severities import Capped, Discrete

FEWEST_POINTS, MOST_POINTS = 2**12, 2**19
SETTLED = 1e-4  # relative change of what is paid when the points are doubled; the error left is about a third of it
COARSE = 4096
RESOLVED = 256  # steps that a deductible must have on the grid of its layer
SINGLE = 1e-6  # claims a year to a layer below which it has one at most
UNPAID = 1e-6  # share of the claims to a layer below which what is paid is next to nothing
NEGLIGIBLE = 1e-6  # share of the payment that may come from beyond a grid


@dataclass(frozen=True)
class Layer:
    """A year's claims to a layer, before its annual terms.

    Attributes:
        total: distribution of their sum S.
        change: how far its last refinement moved the payment, as a share of it.
        hit: probability that a claim reaches the layer.
        ground: E[S], in closed form.
        deductible, cap: the annual terms; an infinite cap is none.
        retained: what a deductible that is fine for the grid retains less than the grid shows.
        spread: whether the deviation exists.
    """

    total: Total
    change: float
    hit: float
    ground: float
    deductible: float
    cap: float
    retained: float
    spread: bool

    def paid(self, most):
        """Return E[min(max(S - deductible, 0), most)]; `most` may be infinite."""
        if np.isinf(most) and self.deductible == 0:
            return self.ground
        return max(self.total.capped(self.deductible, most)[0] + self.retained, 0.0)

    @property
    def deviation(self):
        """Standard deviation of what is paid, None where it does not exist."""
        return self.total.capped(self.deductible, self.cap)[1] if self.spread else None

    @property
    def exhausted(self):
        """Probability that the cap is paid in full."""
        if not np.isfinite(self.cap):
            return 0.0
        return float(self.total.p[self.total.x >= self.deductible + self.cap * (1 - 1e-9)].sum())


def measure(count, severity, row):
    """Return the claims of a year to one layer.

    Args:
        count: the number of claims.
        severity: the size of a claim.
        row: the layer, as for `price`.
    """
    attachment, limit, deductible, _ = terms(row)
    ground = count.mean * severity.between(attachment, attachment + limit)
    total, change = layer_total(count, severity, row)
    claim, coarse = Capped(severity, attachment, limit), RESOLVED * float(total.x[1] - total.x[0])
    # Where the grid that the limit needs is too coarse for the deductible, what that retains has a grid of its own.
    fine = 0 < deductible < coarse and total.mean > 0 and not isinstance(severity, Discrete)
    retained = total.capped(0.0, deductible)[0] - _retained(count, claim, deductible) if fine else 0.0
    cap, hit = annual_cap(row), float(severity.survival(attachment))
    spread = np.isfinite(cap) or deductible > 0 or np.isfinite(limit) or np.isfinite(severity.variance)
    return Layer(total, change, hit, ground, deductible, cap, retained, bool(spread))


def annual_cap(row):
    """Return the most that a layer pays in a year; infinite where nothing caps it."""
    _, limit, _, reinstatements = terms(row)
    most = np.inf if row.get("annual_limit") is None else row["annual_limit"]
    return most if reinstatements is None else min((reinstatements + 1) * limit, most)


def reinstatable(row):
    """Return how much of a layer can be reinstated in a year; infinite where nothing caps it."""
    _, limit, _, reinstatements = terms(row)
    most = np.inf if reinstatements is None else reinstatements * limit
    # What an annual limit leaves unpaid is never reinstated.
    return most if row.get("annual_limit") is None else min(most, max(row["annual_limit"] - limit, 0.0))


def price(count, severity, row):
    """Return what one layer costs.

    With Y = min(max(X - attachment, 0), limit) a claim to the layer, S the sum of a year's and k reinstatements,
    the reinsurer pays Z = min(max(S - AAD, 0), (k + 1) limit). Each reinstatement costs `rate` of the premium pro
    rata of the amount reinstated, so the premium is E[Z] / (1 + rate / limit E[min(max(S - AAD, 0), k limit)]).

    Args:
        count: the number of claims.
        severity: the size of a claim.
        row: attachment, limit (None is unlimited), aad, reinstatements (None is unlimited), annual_limit (absent or
            None is none) and rate (% of premium), as typed.

    Returns:
        ({column: value} for the table of layers, how far the payment is known, as a share of it).

    Source: Sundt (1991), ASTIN Bulletin 21, p. 73; Klugman, Panjer and Willmot, Loss Models, chapter 8.
    """
    attachment, limit, _, reinstatements = terms(row)
    layer = measure(count, severity, row)
    payment, change = layer.paid(layer.cap), layer.change
    reinstated = layer.paid(reinstatable(row)) if reinstatements else 0.0
    # The grid's mean exceeds the closed form only by rounding, which grows with its length against the claims.
    if payment > 0 and layer.total.mean > layer.ground * (1 + SETTLED):
        change = max(change, (layer.total.mean - layer.ground) / payment)
    found = {
        "attachment": attachment,
        "limit": row.get("limit"),
        "claims": count.mean * layer.hit,
        "expected_loss": layer.ground,
        "rate_on_line": layer.ground / limit if np.isfinite(limit) else None,
        "paid": payment,
        "deviation": layer.deviation,
        "any_loss": any_loss(count, layer.hit),
        "exhausted": layer.exhausted,
        "premium": payment / (1 + (row.get("rate") or 0.0) / 100 * reinstated / limit),
    }
    return found, change


def any_loss(count, hit):
    """Return the probability of a claim to the layer in a year."""
    hits = count.mean * hit
    return hits if hits < SINGLE else float(max(1 - np.real(count.pgf(1 - hit)), 0.0))


def terms(row):
    """Return attachment, limit, annual deductible and reinstatements of a typed layer; an empty limit is infinite."""
    limit = np.inf if row.get("limit") is None else row["limit"]
    # Nothing can use up a layer without limit.
    return row["attachment"], limit, row.get("aad") or 0.0, row.get("reinstatements") if np.isfinite(limit) else None


def layer_total(count, severity, row):
    """Return the distribution of a year's claims to a layer and how far its last refinement moved the payment.

    What lies beyond the grid, at most NEGLIGIBLE of the payment, is put on its last point.
    """
    attachment, limit, deductible, _ = terms(row)
    cap = annual_cap(row)
    claim = Capped(severity, attachment, limit)
    if not claim.hit or not claim.mean:  # no claim is so large
        return Total(np.array([0.0, limit]), np.array([1.0, 0.0]), np.ones(2), 0.0), 0.0
    end = _end(count, claim, deductible, cap)
    if isinstance(severity, Discrete):
        exact = _on_units(severity, row, end)
        if exact is not None:
            pmf, unit, length = exact
            return _total(count, claim.hit, pmf, unit, length), 0.0
    points, before = FEWEST_POINTS, None
    while True:
        # The limit on a point of the grid: many years end on multiples of it.
        step = end / points
        if limit < end:
            step = limit / np.ceil(limit / step)
        length = next_fast_len(int(np.ceil(end / step)) + 2, real=True)
        reach = length if limit >= end else round(limit / step)
        total = _spread(count, claim, step, min(length, reach), length)
        # A deductible of few steps is taken off on its own grid, by `price`.
        start = deductible if deductible >= RESOLVED * step else 0.0
        now = np.array([total.capped(start, c)[0] for c in (cap, limit)])
        if before is not None:
            # A payment next to nothing against the claims need not settle to its own digits.
            change = float(np.max(np.abs(now - before) / np.maximum(now, max(UNPAID * total.mean, 1e-300))))
            if change <= SETTLED or 2 * points > MOST_POINTS:
                return total, change
        points, before = 2 * points, now


def _spread(count, claim, step, points, length):
    """Return the layer's total on `length` steps, its claims mean-preserving on the first `points` of them."""
    means = claim.step_means(step, points)
    pmf = np.maximum(-np.diff(means, prepend=1.0, append=0.0), 0.0)
    return _total(count, claim.hit, pmf / pmf.sum(), step, length)


def _total(count, hit, pmf, step, length):
    """Return the total of claims that reach a layer with probability `hit` and then leave `pmf`, shape (n,).

    The transform is of years with such a claim alone: next to the certainty of none, rare ones would be lost in the
    rounding of the numbers.
    """
    none = float(np.real(count.pgf(1 - hit)))
    p = np.zeros(length)
    if count.mean * hit < SINGLE:  # two in a year are rarer than the rounding
        some = count.mean * hit
        p[: len(pmf)] = pmf[:length]
    elif hit:
        some = 1 - none
        given = replace(count, pgf=lambda z: (count.pgf(1 - hit + hit * z) - none) / some)
        p = by_fft(given, pmf, length)
    else:
        some = 0.0
    p[-1] += max(1 - p.sum(), 0.0)
    p *= some
    p[0] += 1 - some
    x = step * np.arange(length)
    return Total(x, p, np.minimum(np.cumsum(p), 1.0), float((x * p).sum()))


def _retained(count, claim, deductible):
    """Return E[min(S, d)] of the layer's year on a grid that ends at the deductible d."""
    points, before = FEWEST_POINTS, np.inf
    while True:
        step = deductible / points
        if claim.limit < deductible:
            step = claim.limit / np.ceil(claim.limit / step)
        length = next_fast_len(int(np.ceil(deductible / step)) + 2, real=True)
        reach = length if claim.limit >= length * step else round(claim.limit / step)
        now = _spread(count, claim, step, reach, length).capped(0.0, deductible)[0]
        if abs(now - before) <= SETTLED / 10 * now or 2 * points > MOST_POINTS:
            return now
        points, before = 2 * points, now


def _end(count, claim, deductible, cap):
    """Return where a grid may end: at deductible and cap, or where next to nothing is left to pay beyond."""
    limit = claim.limit
    hits = count.mean * claim.hit
    spread = np.sqrt(max(count.variance, count.mean))
    likely = (hits + 8 * min(spread, np.sqrt(hits) + hits * spread / max(count.mean, 1e-12)) + 4) * limit
    most = min(likely, deductible + cap) if np.isfinite(cap) else max(likely, 2 * deductible)
    most, mean = max(most, min(limit, 1e300)), count.mean * claim.mean
    size = claim.mean / claim.hit
    end = max(2 * deductible, 16 * min(size, limit), 4 * mean)
    while end < most:
        step = end / COARSE
        points = min(COARSE, int(np.ceil(min(limit / step, COARSE))))
        total = _spread(count, claim, step, points, COARSE)
        paid = total.capped(deductible, cap)[0]
        if max(mean - total.mean, 0.0) <= NEGLIGIBLE * paid + 1e-14 * mean:
            break
        end *= 2
    return min(end, most)


def _on_units(severity, row, end):
    """Return (pmf of a claim to the layer, step, length) on a discrete severity's units, None where it is off them."""
    unit, (attachment, limit, deductible, _) = severity.step, terms(row)
    parts = np.array([attachment, min(limit, severity.amounts[-1]), deductible]) / unit
    length = int(np.ceil(end / unit)) + 2
    if np.any(np.abs(parts - np.round(parts)) > 1e-9 * np.maximum(parts, 1)) or length > MOST_POINTS:
        return None
    left = np.clip(np.arange(len(severity.pmf)) - round(parts[0]), 0, round(parts[1]))
    pmf = np.bincount(left, weights=severity.pmf)
    pmf[0] = 0.0
    return pmf / max(pmf.sum(), 1e-300), unit, next_fast_len(length, real=True)


def paid(row, years, year, claims):
    """Return what a layer pays in each of a block of simulated years, shape (years,).

    Args:
        row: the layer, as for `price`.
        years: number of years in the block.
        year: of each claim, from 0.
        claims: size of each claim.
    """
    attachment, limit, deductible, _ = terms(row)
    sums = np.bincount(year, weights=np.clip(claims - attachment, 0, limit), minlength=years)
    return np.minimum(np.maximum(sums - deductible, 0), annual_cap(row))
