"""Severity of one claim: distribution function, quantiles, limited expected values, discretisation and draws.

Chosen: limited expected values in closed form, since layers, stop-loss premiums and the mean-preserving
discretisation all stand on them.
Left out: mixtures and spliced tails.
"""

from dataclasses import dataclass

import numpy as np
from scipy import special, stats


@dataclass(frozen=True)
class Continuous:
    """A severity with a frozen scipy distribution and `limited(x)` = E[min(X, x)], elementwise."""

    frozen: object
    limited: object

    @property
    def mean(self):
        """E[X]; infinite where it does not exist."""
        return float(self.frozen.mean())

    @property
    def variance(self):
        """Var[X]; infinite where it does not exist."""
        value = float(self.frozen.var())
        return value if np.isfinite(value) and value >= 0 else np.inf

    def cdf(self, x):
        """Return P(X <= x)."""
        with np.errstate(over="ignore"):  # a Weibull far out: exp(-infinity) is the 0 it should be
            return self.frozen.cdf(x)

    def quantile(self, p):
        """Return the smallest x with P(X <= x) >= p."""
        return float(self.frozen.ppf(p))

    def draw(self, number, rng):
        """Return `number` claims."""
        return self.frozen.rvs(size=number, random_state=rng)


@dataclass(frozen=True)
class Discrete:
    """A severity on 0, h, 2h, ...: `step` is h and `pmf` holds the probabilities, shape (n,)."""

    step: float
    pmf: np.ndarray

    @property
    def amounts(self):
        """The amounts that can occur, shape (n,)."""
        return self.step * np.arange(len(self.pmf))

    @property
    def mean(self):
        """E[X]."""
        return float(self.amounts @ self.pmf)

    @property
    def variance(self):
        """Var[X]."""
        return float((self.amounts - self.mean) ** 2 @ self.pmf)

    def limited(self, x):
        """Return E[min(X, x)], elementwise."""
        return np.minimum(self.amounts, np.asarray(x, dtype=float)[..., None]) @ self.pmf

    def cdf(self, x):
        """Return P(X <= x)."""
        at = np.floor(np.asarray(x) / self.step + 1e-9).astype(int)
        return np.where(at < 0, 0.0, np.cumsum(self.pmf)[np.clip(at, 0, len(self.pmf) - 1)])

    def quantile(self, p):
        """Return the smallest x with P(X <= x) >= p."""
        return self.step * int(np.searchsorted(np.cumsum(self.pmf), min(p, 1) - 1e-12))

    def draw(self, number, rng):
        """Return `number` claims."""
        return self.step * rng.choice(len(self.pmf), size=number, p=self.pmf)


def choose(inputs):
    """Return the severity that the inputs ask for.

    Raises:
        ValueError: own probabilities are not a distribution.

    Source: Klugman, Panjer and Willmot, Loss Models, Appendix A: E[min(X, x)] of each distribution.
    """
    kind = inputs["severity"]
    if kind == "lognormal":
        return lognormal(inputs["mu"], inputs["sigma"])
    if kind == "gamma":
        a, scale = inputs["shape"], inputs["scale"]
        return Continuous(stats.gamma(a, scale=scale), lambda x: _gamma_limited(np.asarray(x, dtype=float), a, scale))
    if kind == "weibull":
        a, scale = inputs["shape"], inputs["scale"]
        return Continuous(
            stats.weibull_min(a, scale=scale), lambda x: _weibull_limited(np.asarray(x, dtype=float), a, scale)
        )
    if kind == "pareto":
        return pareto(inputs["alpha"], inputs["theta"])
    return own(inputs["severity_pmf"], inputs["unit"])


def lognormal(mu, sigma):
    """Return the lognormal severity; mu and sigma are those of its logarithm."""

    def limited(x):
        x = np.asarray(x, dtype=float)
        with np.errstate(divide="ignore"):
            z = (np.log(x) - mu) / sigma
        below = np.exp(mu + sigma**2 / 2) * special.ndtr(z - sigma)
        return below + x * special.ndtr(-z)

    return Continuous(stats.lognorm(sigma, scale=np.exp(mu)), limited)


def pareto(alpha, theta):
    """Return the Pareto severity (type II, Lomax): P(X > x) = (theta / (x + theta))^alpha."""

    def limited(x):
        x = np.asarray(x, dtype=float)
        grown = np.log1p(x / theta)
        # The limit at alpha = 1 is theta log(1 + x / theta).
        return theta * (grown if abs(alpha - 1) < 1e-9 else -np.expm1((1 - alpha) * grown) / (alpha - 1))

    return Continuous(stats.lomax(alpha, scale=theta), limited)


def own(rows, unit):
    """Return the severity of typed probabilities: row k is the probability of k units.

    Raises:
        ValueError: they do not sum to 1, or every claim is 0.
    """
    pmf = np.array([row["probability"] for row in rows], dtype=float)
    if len(pmf) < 2 or pmf[1:].sum() <= 0:
        raise ValueError("severity_pmf: every claim is 0. Give probabilities of 0, 1, 2, ... units.")
    if abs(pmf.sum() - 1) > 1e-6:
        raise ValueError(f"severity_pmf: the probabilities sum to {pmf.sum():.6f}. Make them sum to 1.")
    return Discrete(unit, pmf / pmf.sum())


def discretised(limited, step, points, method, cdf):
    """Return probabilities on 0, h, ..., (n-1) h; what lies beyond is put on the last point.

    Args:
        limited: E[min(X, x)], elementwise.
        step: h.
        points: n.
        method: "unbiased" keeps the mean, "rounding" moves each claim to the nearest point, "lower" and "upper"
            round claims down and up.
        cdf: P(X <= x), elementwise.

    Source: Klugman, Panjer and Willmot, Loss Models, section 9.6.5; Gerber (1982).
    """
    if method == "unbiased":
        e = limited(step * np.arange(points + 1))
        means = np.diff(e) / step  # mean survival probability over each step
        pmf = -np.diff(means, prepend=1.0)
        pmf[-1] += means[-1]
    else:
        offset = {"rounding": 0.5, "lower": 1.0, "upper": 0.0}[method]
        upto = cdf(step * (np.arange(points) + offset))
        pmf = np.diff(upto, prepend=0.0)
        pmf[-1] += 1 - upto[-1]
    pmf = np.maximum(pmf, 0.0)
    return pmf / pmf.sum()


def _gamma_limited(x, a, scale):
    z = x / scale
    return a * scale * special.gammainc(a + 1, z) + x * special.gammaincc(a, z)


def _weibull_limited(x, a, scale):
    with np.errstate(over="ignore"):
        z = (x / scale) ** a  # infinite far out, where nothing is left of exp(-z)
    return scale * special.gamma(1 + 1 / a) * special.gammainc(1 + 1 / a, z) + x * np.exp(-z)
