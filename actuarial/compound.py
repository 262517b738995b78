"""The total of a random number of independent claims: its distribution by FFT, Panjer's recursion or convolution.

Chosen: one result for all methods, values with their probabilities, so that every measure is read the same way.
Left out: dependence between claims, and between their number and size.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.signal import fftconvolve

from actuarial.severities import discretised

# Exponential tilting: what wraps around twice the grid shrinks by exp(-12), and rounding grows by exp(6) at most.
TILT = 6.0
TAIL = 1e-9  # probability that an automatic grid may leave beyond its end
MOST_TIMES = 8.0  # how far beyond the 99.9 % quantile an automatic grid may reach for it
UNSTABLE = 1e-9  # a negative probability beyond rounding
ROUNDING = 1e-12  # a probability beyond a grid that is no more than the rounding of its sums
MOST_OPERATIONS = 4e9  # of a convolution: about half a minute
TIE = 1e-12  # a distribution function this close to a level has reached it


class CompoundError(ValueError):
    """A method does not suit the number of claims or the grid. The caller knows which input asked for it."""


@dataclass(frozen=True)
class Total:
    """A year's total: `x` in order, their probabilities `p`, the distribution function `cdf`, and E[S].

    `p` may sum to less than 1: the rest lies beyond the last x. `mean` is that of this very distribution, rounding of
    claims to the grid included and what lies beyond it counted, so that nothing biased is subtracted from it. It is
    infinite where the claims have no mean, also for a simulation.
    """

    x: np.ndarray
    p: np.ndarray
    cdf: np.ndarray
    mean: float

    @property
    def beyond(self):
        """The probability beyond the last x, 0 where it is no more than rounding."""
        rest = 1 - float(self.cdf[-1])
        return rest if rest > ROUNDING else 0.0

    @cached_property
    def _beyond_mean(self):
        """E[S; S beyond the last x]."""
        if not np.isfinite(self.mean):
            return np.inf
        return max(self.mean - _weighted(self.x, self.p), self.beyond * float(self.x[-1])) if self.beyond else 0.0

    @cached_property
    def _above(self):
        """P(S > x) and E[S; S > x] at every x, summed from the top, shape (n,) each."""
        chances = np.append(np.cumsum(self.p[:0:-1])[::-1], 0.0)
        amounts = np.append(np.cumsum((self.x[1:] * self.p[1:])[::-1])[::-1], 0.0)
        return chances + self.beyond, amounts + self._beyond_mean

    def _at(self, level):
        return min(int(np.searchsorted(self.cdf, level - TIE)), len(self.x) - 1)

    def quantile(self, level):
        """Return the smallest x with P(S <= x) >= level (the value at risk)."""
        return float(self.x[self._at(level)])

    def tail_mean(self, level):
        """Return E[S | S > VaR], or VaR itself where nothing lies above it."""
        if not np.isfinite(self.mean):
            return np.inf
        at = self._at(level)
        above, amount = (float(tail[at]) for tail in self._above)
        return amount / above if above > ROUNDING else float(self.x[at])

    def shortfall(self, level):
        """Return the mean of the quantiles from `level` on: (E[S; S > VaR] + VaR (F(VaR) - level)) / (1 - level).

        Where F jumps at VaR this is less than E[S | S > VaR]; it keeps its order when claims are rounded up.

        Source: Acerbi and Tasche (2002), Journal of Banking and Finance 26, definition 2.6.
        """
        if not np.isfinite(self.mean):
            return np.inf
        at = self._at(level)
        above, amount = (float(tail[at]) for tail in self._above)
        if above >= 1 - level:  # the level lies beyond the grid
            return self.tail_mean(level)
        return (amount + float(self.x[at]) * (1 - level - above)) / (1 - level)

    def stop_loss(self, retention):
        """Return E[max(S - d, 0)]."""
        over = _weighted(np.maximum(self.x - retention, 0), self.p)
        return over + max(self._beyond_mean - self.beyond * retention, 0.0)

    def capped(self, deductible, cap):
        """Return mean and standard deviation of min(max(S - d, 0), cap), what lies beyond taken at the last x."""
        y = np.minimum(np.maximum(self.x - deductible, 0), cap)
        mean = _weighted(y, self.p) + self.beyond * float(y[-1])
        second = _weighted((y - mean) ** 2, self.p) + self.beyond * (float(y[-1]) - mean) ** 2
        return mean, float(np.sqrt(max(second, 0.0)))

    def probability_up_to(self, x):
        """Return P(S <= x) and P(S = x), the probability of the grid's or sample's points at x."""
        near = 1e-9 * max(abs(x), float(self.x[1] - self.x[0]) if len(self.x) > 1 else 0.0)
        first, last = (int(np.searchsorted(self.x, v)) for v in (x - near, x + near))
        return float(self.cdf[last - 1]) if last else 0.0, float(self.p[first:last].sum())


def _weighted(values, chances):
    # Not a dot product: on busy cores the threads of a long one wait for each other, for up to 20 ms.
    return float((values * chances).sum())


def by_fft(count, pmf, length):
    """Return probabilities of the total on 0 to length - 1 steps, from a severity on steps.

    P(S = .) = IFFT(pgf(FFT(f))), with exponential tilting against what wraps around.

    Source: Grübel and Hermesmeier (1999), ASTIN Bulletin 29, sections 2 and 3.
    """
    size = 2 * length
    tilt = np.exp(-TILT / length * np.arange(size))
    padded = np.zeros(size)
    padded[: len(pmf)] = pmf[:size]
    total = np.fft.irfft(count.pgf(np.fft.rfft(padded * tilt)), size)[:length] / tilt[:length]
    return np.maximum(total, 0.0)


def by_panjer(count, pmf, length):
    """Return probabilities of the total on 0 to length - 1 steps by recursion.

    g(s) = sum over j of (a + b j / s) f(j) g(s - j) / (1 - a f(0)), g(0) = pgf(f(0)).

    Raises:
        CompoundError: the count is not of the (a, b, 0) class, g(0) is too small for a computer's numbers, or the
            recursion loses its digits (a binomial number whose terms change their sign).

    Source: Panjer (1981), ASTIN Bulletin 12, p. 22.
    """
    if count.panjer is None:
        raise CompoundError("Panjer's recursion needs a Poisson, negative binomial or binomial number of claims.")
    a, b = count.panjer
    g = np.zeros(length)
    g[0] = float(np.real(count.pgf(pmf[0])))
    if g[0] < 1e-280:
        raise CompoundError("no loss at all is too unlikely for the recursion to start from. Use FFT.")
    f = pmf[1:]
    jf = np.arange(1, len(pmf)) * f
    scale = 1 / (1 - a * pmf[0])
    with np.errstate(over="ignore", invalid="ignore"):  # what has lost its digits is refused below
        for s in range(1, length):
            m = min(s, len(f))
            back = g[s - m : s][::-1]
            g[s] = scale * (a * (f[:m] @ back) + b / s * (jf[:m] @ back))
    if not np.all(np.isfinite(g)) or g.min() < -UNSTABLE or g.sum() > 1 + UNSTABLE:
        raise CompoundError(
            "the recursion loses its digits for a binomial number with so high a claim probability. Use FFT."
        )
    return np.maximum(g, 0.0)


def by_convolution(count, pmf, length):
    """Return probabilities of the total on 0 to length - 1 steps as the sum of p(n) times the n-fold convolution.

    Raises:
        CompoundError: the number of claims was not typed as probabilities, or the work is more than the time allows.

    Source: Klugman, Panjer and Willmot, Loss Models, section 9.3.
    """
    if count.pmf is None:
        raise CompoundError("convolution needs own probabilities of the number of claims.")
    convolve = np.convolve if length <= 4096 else fftconvolve
    work = len(count.pmf) * length * (length if length <= 4096 else 40 * np.log2(length))
    if work > MOST_OPERATIONS:
        raise CompoundError(
            f"{len(count.pmf) - 1:,} convolutions on {length:,} points take too long. Use FFT, which gives the same."
        )
    total, power = np.zeros(length), np.zeros(length)
    power[0] = 1.0
    for probability in count.pmf:
        total += probability * power
        power = convolve(power, pmf)[:length]
    return np.maximum(total, 0.0)


def of_sample(totals, mean):
    """Return simulated totals of a year as a distribution with equal probabilities.

    Args:
        totals: shape (n,).
        mean: E[S]; where it is infinite the sample's says nothing, and the distribution has none.
    """
    n = len(totals)
    found = float(totals.mean()) if np.isfinite(mean) else np.inf
    return Total(np.sort(totals), np.full(n, 1 / n), np.arange(1, n + 1) / n, found)


def on_steps(p, step, mean):
    """Return probabilities of 0, 1, 2, ... steps, shape (n,), as a distribution whose mean is `mean`."""
    return Total(step * np.arange(len(p)), p, np.minimum(np.cumsum(p), 1.0), mean)


def automatic_step(count, severity, length):
    """Return a step whose grid holds all but TAIL of the total, or MOST_TIMES its 99.9 % quantile."""
    rare = min(0.001 / max(count.mean, 1e-3), 0.5)
    end = 2 * (severity.quantile(1 - rare) + count.mean * severity.limited(np.array([severity.quantile(1 - rare)]))[0])
    coarse = 4096
    for _ in range(60):
        pmf = discretised(severity, end / coarse, coarse, "unbiased")
        cdf = np.cumsum(by_fft(count, pmf, coarse))
        if cdf[-1] < 0.9995:
            end *= 2
            continue
        usual = (np.searchsorted(cdf, 0.999) + 1) * end / coarse
        if 1 - cdf[-1] <= TAIL or end >= MOST_TIMES * usual:
            break
        end = min(2 * end, MOST_TIMES * usual)
    else:
        return end / length
    inside = np.searchsorted(cdf, min(cdf[-1], 1 - TAIL) - TIE) + 2
    return min(end, max(inside * end / coarse, 1.2 * usual)) / length
