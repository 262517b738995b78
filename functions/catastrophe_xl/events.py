"""An event loss table: how often each event happens a year, and how large its loss is.

Chosen: one distribution of the loss of an event, whichever it is, as a mixture by rate; each event's own is a beta
distribution on 0 to its exposure (secondary uncertainty), or a single amount. Rows of one event, such as those of two
portfolios, are put together first: means, exposures and correlated deviations add up, independent deviations by their
squares.
Left out: clustering of events beyond a negative binomial number, and post-event inflation.

Source: Homer and Li (2017), Notes on Using Property Catastrophe Model Results, CAS E-Forum, Spring, volume 2.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.optimize import brentq
from scipy.special import betainc, betaln

EVALUATIONS = 2_000_000  # of a beta distribution at once
MOST_EVALUATIONS = 600_000  # for the points between which the mixture is interpolated
FEWEST_NODES, MOST_NODES = 300, 2_400
FEW = 64  # points up to which survival is summed over the events instead of interpolated
CANCELLED = 1e-6  # a difference of limited expected values that small has lost its digits
NODES, WEIGHTS = np.polynomial.legendre.leggauss(200)
LEAST = 1e-250  # a probability below which the logarithm is left out
FULL = 1e-12  # a deviation, as a share of the largest that a mean allows, below which a loss is a single amount
NEGLIGIBLE = 1e-14  # of the largest loss: below it 1 less the share of the exposure is 1
MOST_PROBLEMS = 20


def read(rows, *, probabilities, secondary):
    """Return names, rates and losses of a typed table, rows of one event put together.

    Args:
        rows: event, rate, mean, sd_independent, sd_correlated and exposure, as typed.
        probabilities: whether the rates are yearly probabilities of the event, p = 1 - exp(-rate).
        secondary: whether losses vary around their means.

    Raises:
        ValueError: a probability of 1 or more, an event with two rates, or a loss that no beta distribution has.
    """
    problems, found = [], {}
    for i, row in enumerate(rows):
        rate, where = row["rate"], f"inputs.events[{i}]"
        if probabilities and rate >= 1:
            problems.append(
                f"{where}.rate: {rate:g} is no probability below 1. Give a yearly probability, or choose events a year."
            )
            continue
        rate = -np.log1p(-rate) if probabilities else float(rate)
        name = (row.get("event") or "").strip()
        key = name or i
        mean, exposure = row["mean"], row.get("exposure")
        independent, correlated = (row.get(k) or 0.0 for k in ("sd_independent", "sd_correlated"))
        if exposure is not None and mean > exposure:
            problems.append(
                f"{where}.mean: {mean:,.10g} exceeds the exposure {exposure:,.10g}. Correct one of the two."
            )
        if secondary and independent + correlated > 0 and exposure is None:
            problems.append(
                f"{where}.exposure: it is empty, and the loss varies. Give the largest loss possible, or choose losses "
                "without secondary uncertainty."
            )
        if key in found and not np.isclose(found[key][0], rate, rtol=1e-9):
            problems.append(f"{where}.rate: event {name} has another rate in an earlier row. Give it one rate.")
        old = found.get(key, (rate, 0.0, 0.0, 0.0, 0.0, i))
        most = np.inf if exposure is None else exposure
        found[key] = (rate, old[1] + mean, old[2] + independent**2, old[3] + correlated, old[4] + most, old[5])
    columns = np.array(list(found.values()) or np.zeros((0, 6)), dtype=float).T
    rate, mean, square, correlated, exposure, first = columns
    deviation = np.sqrt(square) + correlated if secondary else np.zeros(len(mean))
    with np.errstate(invalid="ignore"):
        largest = np.sqrt(np.maximum(mean * (np.where(np.isfinite(exposure), exposure, mean) - mean), 0.0))
    if not problems:
        for k in np.flatnonzero(deviation >= np.where(deviation > 0, largest, np.inf)):
            problems.append(
                f"inputs.events[{int(first[k])}].sd_independent: a loss from 0 to {exposure[k]:,.10g} with mean "
                f"{mean[k]:,.10g} has a standard deviation below {largest[k]:,.6g}; the two given come to "
                f"{deviation[k]:,.6g}. Lower them, or raise the exposure."
            )
    if not problems and not np.any(mean > 0):
        problems.append("inputs.events: no event has a loss. Give one a mean loss above 0.")
    if problems:
        left = len(problems) - MOST_PROBLEMS
        more = [f"inputs.events: {left:,} more rows do not fit. Correct these first."] if left > 0 else []
        raise ValueError("\n".join(problems[:MOST_PROBLEMS] + more))
    names = [key if isinstance(key, str) else f"Row {key + 1}" for key in found]
    return names, EventLosses(rate, mean, deviation, np.where(np.isfinite(exposure), exposure, mean))


@dataclass(frozen=True)
class EventLosses:
    """The loss of one event, whichever it is: events i with probability rate(i) / sum of rates; shape (n,) each.

    Attributes:
        rate: a year.
        loss: mean loss, in currency.
        deviation: standard deviation; 0 is a single amount.
        exposure: the largest loss possible, at least the mean.
    """

    rate: np.ndarray
    loss: np.ndarray
    deviation: np.ndarray
    exposure: np.ndarray

    @property
    def frequency(self):
        """Events a year."""
        return float(self.rate.sum())

    @cached_property
    def weight(self):
        """Probability of each event, given that one happens."""
        return self.rate / self.rate.sum()

    @cached_property
    def varies(self):
        """Which events have a beta distribution."""
        return self.deviation > FULL * np.maximum(self.loss, 1e-300)

    @cached_property
    def shapes(self):
        """Alpha and beta of the damage ratio of those that vary, shape (k,) each.

        With m and s mean and standard deviation over exposure, alpha = m (m (1 - m) / s^2 - 1) and
        beta = alpha (1 - m) / m.
        """
        m = self.loss[self.varies] / self.exposure[self.varies]
        s = self.deviation[self.varies] / self.exposure[self.varies]
        size = m * (1 - m) / s**2 - 1
        return m * size, (1 - m) * size

    @cached_property
    def _fixed(self):
        """Amounts of those that do not vary, ascending, their weights and the sums of both from the top."""
        order = np.argsort(self.loss[~self.varies], kind="stable")
        amount, weight = self.loss[~self.varies][order], self.weight[~self.varies][order]
        above = np.append(np.cumsum(weight[::-1])[::-1], 0.0)
        below = np.append(0.0, np.cumsum(weight * amount))
        return amount, weight, above, below

    def without_uncertainty(self):
        """Return the same events, each with its mean loss alone."""
        return EventLosses(self.rate, self.loss, np.zeros(len(self.loss)), self.exposure)

    @property
    def most(self):
        """The largest loss possible."""
        return float(np.where(self.varies, self.exposure, self.loss).max())

    @property
    def mean(self):
        """E[X]."""
        return float(self.weight @ self.loss)

    @property
    def variance(self):
        """Var[X]."""
        return float(self.weight @ (self.deviation**2 + (self.loss - self.mean) ** 2))

    def survival(self, x):
        """Return P(X > x), elementwise; interpolated where many points are asked for."""
        x = np.asarray(x, dtype=float)
        return self._smooth(x) + self._fixed[2][np.searchsorted(self._fixed[0], x, side="right")]

    def at_least(self, x):
        """Return P(X >= x), elementwise; interpolated where many points are asked for."""
        x = np.asarray(x, dtype=float)
        return self._smooth(x) + self._fixed[2][np.searchsorted(self._fixed[0], x, side="left")]

    def cdf(self, x):
        """Return P(X <= x), elementwise."""
        return 1 - self.survival(x)

    def exact_limited(self, x):
        """Return E[min(X, x)], elementwise, without interpolation."""
        x = np.asarray(x, dtype=float)
        at = np.searchsorted(self._fixed[0], x, side="right")
        return self._continuous(x)[1] + self._fixed[3][at] + x * self._fixed[2][at]

    def limited(self, x):
        """Return E[min(X, x)], elementwise: exact at the nodes, a cubic with the exact slopes between them.

        A grid has up to half a million points; the sum over all events at each would take minutes.
        """
        x = np.asarray(x, dtype=float)
        at = np.searchsorted(self._fixed[0], x, side="right")
        fixed = self._fixed[3][at] + x * self._fixed[2][at]
        if not self.varies.any():
            return fixed
        node, value, slope = self._nodes
        k = np.clip(np.searchsorted(node, x, side="right") - 1, 0, len(node) - 2)
        h = node[k + 1] - node[k]
        u = np.clip((x - node[k]) / h, 0.0, 1.0)
        smooth = (
            (1 + 2 * u) * (1 - u) ** 2 * value[k]
            + u**2 * (3 - 2 * u) * value[k + 1]
            + u * (1 - u) * h * ((1 - u) * slope[k] - u * slope[k + 1])
        )
        return fixed + smooth

    def between(self, low, high):
        """Return E[min(X, high)] - E[min(X, low)], exact far out too."""
        high = min(high, self.most)
        if high <= low:
            return 0.0
        start, whole = self.exact_limited(np.array([low, high]))
        if whole - start > CANCELLED * whole:
            return float(whole - start)
        x = (high - low) / 2 * NODES + (high + low) / 2
        return float((high - low) / 2 * (WEIGHTS * self.survival(x)).sum())

    def quantile(self, p):
        """Return the smallest x with P(X <= x) >= p."""
        return self.solve(lambda s: 1 - s, p)

    def solve(self, level, wanted):
        """Return the smallest x with level(P(X > x)) >= wanted, for a `level` that falls as its argument rises."""
        node = self.nodes
        values = level(self._survival_at_nodes)
        k = int(np.searchsorted(values, wanted))
        if k == 0:
            return 0.0
        if k == len(node):
            return self.most

        def short(x):
            return float(level(self.survival(np.array([x]))[0])) - wanted

        low, high = float(node[k - 1]), float(node[k])
        # Where a single amount is the jump that reaches the level, it is the answer to its last digit.
        jumps = self._fixed[0][(self._fixed[0] > low) & (self._fixed[0] <= high)]
        for jump in jumps:
            before = float(level(self.at_least(np.array([jump]))[0])) - wanted
            if before >= 0:
                high = float(jump)
                break
            if short(jump) >= 0:
                return float(jump)
            low = float(jump)
        if short(low) >= 0:
            return low
        if short(high) < 0:
            return high
        found = float(brentq(short, low, high, xtol=1e-30 * high, rtol=1e-13, maxiter=1000))
        return found if found > NEGLIGIBLE * self.most else 0.0

    def drawn(self, level, wanted):
        """Return about what `solve` does for many `wanted` at once, as a curve is drawn, shape of `wanted`."""
        values = level(self._survival_at_nodes)
        if self.varies.any():
            return np.interp(wanted, values, self.nodes)
        return self.nodes[np.minimum(np.searchsorted(values, wanted), len(self.nodes) - 1)]

    def draw(self, number, rng):
        """Return which event happens and its loss, shape (number,) each."""
        which = np.searchsorted(np.cumsum(self.weight), rng.random(number), side="right")
        which = np.minimum(which, len(self.weight) - 1)
        losses = self.loss[which]
        chosen = self.varies[which]
        if chosen.any():
            place = np.cumsum(self.varies) - 1
            a, b = (shape[place[which[chosen]]] for shape in self.shapes)
            losses[chosen] = self.exposure[which[chosen]] * rng.beta(a, b)
        return which, losses

    @cached_property
    def nodes(self):
        """Losses from 0 to the largest, close where the distribution bends."""
        k = int(self.varies.sum())
        number = int(np.clip(MOST_EVALUATIONS / max(k, 1), FEWEST_NODES, MOST_NODES))
        found = [np.linspace(0, self.most, number // 3), self.most * np.geomspace(1e-9, 1, number // 3)]
        if k:
            mean, deviation, exposure = (v[self.varies] for v in (self.loss, self.deviation, self.exposure))
            spread = mean[:, None] + deviation[:, None] * np.array([-3, -1.5, 0, 1.5, 3])
            around = np.clip(spread, 0, exposure[:, None])
            every = max(1, around.size // (number // 3))
            found += [np.sort(around.ravel())[::every], np.sort(exposure)[:: max(1, k // 200)]]
        if len(self._fixed[0]):
            found.append(self._fixed[0])
        return np.unique(np.concatenate(found))

    @cached_property
    def _nodes(self):
        survival, limited = self._continuous(self.nodes)
        return self.nodes, limited, survival

    @cached_property
    def _logarithm(self):
        """The logarithm of the survival of those that vary, a monotone cubic between nodes where it is above 0."""
        node, _, survival = self._nodes
        above = survival > LEAST
        return PchipInterpolator(node[above], np.log(survival[above]), extrapolate=False), node[above][-1]

    def _smooth(self, x):
        return self._continuous(x)[0] if x.size <= FEW or not self.varies.any() else self._interpolated(x)

    def _interpolated(self, x):
        cubic, last = self._logarithm
        inside = x < last
        found = np.zeros(x.shape)
        found[inside] = np.exp(cubic(np.maximum(x[inside], 0.0)))
        return found

    @cached_property
    def _survival_at_nodes(self):
        return self._nodes[2] + self._fixed[2][np.searchsorted(self._fixed[0], self.nodes, side="right")]

    def _continuous(self, x):
        """Return P(X > x; the event varies) and E[min(X, x); it varies], elementwise."""
        x = np.asarray(x, dtype=float)
        if not self.varies.any():
            return np.zeros(x.shape), np.zeros(x.shape)
        (a, b), weight = self.shapes, self.weight[self.varies]
        exposure, mean = self.exposure[self.varies], self.loss[self.varies]
        flat = x.ravel()
        survival, limited = np.empty(flat.size), np.empty(flat.size)
        block = max(1, EVALUATIONS // len(a))
        for first in range(0, flat.size, block):
            part = flat[first : first + block, None]
            u = np.clip(part / exposure, 0.0, 1.0)
            above = betainc(b, a, 1 - u)  # several times as fast as betaincc
            # I(a + 1, b) = I(a, b) - u^a (1 - u)^b / (a B(a, b))
            with np.errstate(divide="ignore", invalid="ignore"):
                edge = np.exp(a * np.log(u) + b * np.log1p(-u) - np.log(a) - betaln(a, b))
            edge = np.where((u > 0) & (u < 1), edge, 0.0)
            below = np.clip(1 - above - edge, 0.0, 1.0)
            survival[first : first + block] = above @ weight
            limited[first : first + block] = (mean * below + np.minimum(part, exposure) * above) @ weight
        return survival.reshape(x.shape), limited.reshape(x.shape)
