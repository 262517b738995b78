"""The total of a year's claims: its distribution by FFT, Panjer's recursion, convolution or simulation.

Chosen: one result for all methods, values with their probabilities, so that every measure is read the same way.
Left out: dependence between claims, and between their number and size.
"""

from dataclasses import dataclass

import numpy as np
from scipy.signal import fftconvolve
from severity import Discrete, discretised

# Exponential tilting: what wraps around twice the grid shrinks by exp(-12), and rounding grows by exp(6) at most.
TILT = 6.0
TAIL = 1e-9  # probability that an automatic grid may leave beyond its end
MOST_TIMES = 8.0  # how far beyond the 99.9 % quantile an automatic grid may reach for it
PANJER_POINTS = 2**13
MOST_CLAIMS = 100_000_000
BLOCK_CLAIMS = 1_000_000
TIE = 1e-12  # a distribution function this close to a level has reached it


@dataclass(frozen=True)
class Total:
    """A year's total: `x` in order, their probabilities `p`, the distribution function `cdf`, and E[S].

    `mean` is exact where the moments of count and severity are, and the sample's for a simulation.
    """

    x: np.ndarray
    p: np.ndarray
    cdf: np.ndarray
    mean: float

    def quantile(self, level):
        """Return the smallest x with P(S <= x) >= level (the value at risk)."""
        return float(self.x[min(np.searchsorted(self.cdf, level - TIE), len(self.x) - 1)])

    def tail_mean(self, level):
        """Return E[S | S > VaR], or VaR itself where nothing lies above it."""
        at = min(int(np.searchsorted(self.cdf, level - TIE)), len(self.x) - 1)
        above = 1 - self.cdf[at]
        if above <= 1e-14:
            return float(self.x[at])
        if not np.isfinite(self.mean):
            return np.inf
        return float((self.mean - self.x[: at + 1] @ self.p[: at + 1]) / above)

    def stop_loss(self, retention):
        """Return E[max(S - d, 0)] as E[S] - E[min(S, d)]: what lies beyond the grid is counted by the mean."""
        return float(max(self.mean - np.minimum(self.x, retention) @ self.p, 0.0))

    def capped(self, deductible, cap):
        """Return mean and standard deviation of min(max(S - d, 0), cap)."""
        y = np.minimum(np.maximum(self.x - deductible, 0), cap)
        mean = float(y @ self.p)
        return mean, float(np.sqrt(max((y - mean) ** 2 @ self.p, 0.0)))


def by_fft(count, pmf, length):
    """Return probabilities of the total on 0 to length - 1 steps, from a severity on steps.

    P(S = .) = IFFT(pgf(FFT(f))), with exponential tilting against what wraps around.

    Source: Grübel and Hermesmeier (1999), ASTIN Bulletin 29, sections 2 and 3.
    """
    size = 2 * length
    tilt = np.exp(-TILT / length * np.arange(size))
    padded = np.zeros(size)
    padded[: len(pmf)] = pmf
    total = np.fft.irfft(count.pgf(np.fft.rfft(padded * tilt)), size)[:length] / tilt[:length]
    return np.maximum(total, 0.0)


def by_panjer(count, pmf, length):
    """Return probabilities of the total on 0 to length - 1 steps by recursion.

    g(s) = sum over j of (a + b j / s) f(j) g(s - j) / (1 - a f(0)), g(0) = pgf(f(0)).

    Raises:
        ValueError: the count is not of the (a, b, 0) class, or g(0) is too small for a computer's numbers.

    Source: Panjer (1981), ASTIN Bulletin 12, p. 22.
    """
    if count.panjer is None:
        raise ValueError("method: Panjer's recursion needs a Poisson, negative binomial or binomial number of claims.")
    a, b = count.panjer
    g = np.zeros(length)
    g[0] = float(np.real(count.pgf(pmf[0])))
    if g[0] < 1e-280:
        raise ValueError("method: no loss at all is too unlikely for the recursion to start from. Use FFT.")
    f = pmf[1:]
    jf = np.arange(1, len(pmf)) * f
    scale = 1 / (1 - a * pmf[0])
    for s in range(1, length):
        m = min(s, len(f))
        back = g[s - m : s][::-1]
        g[s] = scale * (a * (f[:m] @ back) + b / s * (jf[:m] @ back))
    return np.maximum(g, 0.0)


def by_convolution(count, pmf, length):
    """Return probabilities of the total on 0 to length - 1 steps as the sum of p(n) times the n-fold convolution.

    Raises:
        ValueError: the number of claims was not typed as probabilities.

    Source: Klugman, Panjer and Willmot, Loss Models, section 9.3.
    """
    if count.pmf is None:
        raise ValueError("method: convolution needs own probabilities of the number of claims.")
    total, power = np.zeros(length), np.zeros(length)
    power[0] = 1.0
    convolve = np.convolve if length <= 4096 else fftconvolve
    for probability in count.pmf:
        total += probability * power
        power = convolve(power, pmf)[:length]
    return np.maximum(total, 0.0)


METHODS = {"fft": by_fft, "panjer": by_panjer, "convolution": by_convolution}


def on_grid(count, severity, inputs):
    """Return the total on a grid, its step, and the probability beyond the grid's end.

    Raises:
        ValueError: the method does not suit the inputs.
    """
    method, wanted = METHODS[inputs["method"]], 2 ** inputs["points_log2"]
    length = min(wanted, PANJER_POINTS) if inputs["method"] == "panjer" else wanted
    if isinstance(severity, Discrete):
        if count.pmf is not None:
            length = min(length, (len(count.pmf) - 1) * (len(severity.pmf) - 1) + 1)
        # Claims beyond the grid stand on its last point; totals there count as beyond it.
        pmf = severity.pmf if len(severity.pmf) <= length else _folded(severity.pmf, length)
        return _total(count, severity, method(count, pmf, length), severity.step)
    step = inputs["step"] if inputs["grid"] == "given" else _automatic_step(count, severity, length)
    pmf = discretised(severity.limited, step, length, inputs["discretisation"], severity.cdf)
    return _total(count, severity, method(count, pmf, length), step)


def simulated_years(count, severity, number, rng):
    """Simulate `number` years in blocks that fit a cache, claim by claim.

    Yields:
        (years in the block, year of each claim within it, size of each claim).

    Raises:
        ValueError: there would be more claims than the time allows.
    """
    if number * count.mean > MOST_CLAIMS:
        raise ValueError(
            f"simulations: {number:,} years of {count.mean:,.0f} claims are more than {MOST_CLAIMS:,} claims. "
            "Simulate fewer years or use FFT."
        )
    block = max(int(BLOCK_CLAIMS / max(count.mean, 1)), 1)
    for start in range(0, number, block):
        years = min(block, number - start)
        year = np.repeat(np.arange(years), count.draw(years, rng))
        yield years, year, severity.draw(len(year), rng)


def of_sample(totals):
    """Return simulated totals of a year, shape (n,), as a distribution with equal probabilities."""
    n = len(totals)
    return Total(np.sort(totals), np.full(n, 1 / n), np.arange(1, n + 1) / n, float(totals.mean()))


def _total(count, severity, p, step):
    beyond = max(1 - p.sum(), 0.0)
    x = step * np.arange(len(p))
    return Total(x, p, np.minimum(np.cumsum(p), 1.0), count.mean * severity.mean), step, beyond


def _folded(pmf, length):
    return np.append(pmf[: length - 1], pmf[length - 1 :].sum())


def _automatic_step(count, severity, length):
    """Return a step whose grid holds all but TAIL of the total, or MOST_TIMES its 99.9 % quantile."""
    rare = min(0.001 / max(count.mean, 1e-3), 0.5)
    end = 2 * (severity.quantile(1 - rare) + count.mean * severity.limited(np.array([severity.quantile(1 - rare)]))[0])
    coarse = 4096
    for _ in range(60):
        pmf = discretised(severity.limited, end / coarse, coarse, "unbiased", severity.cdf)
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
