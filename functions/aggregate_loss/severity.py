"""Severity of one claim: distribution function, quantiles, limited expected values, discretisation and draws.

Chosen: limited expected values in closed form, since layers, stop-loss premiums and the mean-preserving
discretisation all stand on them. Parameters are those of Loss Models, Appendix A, as in R's actuar.
Left out: mixtures and spliced tails.
"""

import warnings
from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from actuarial.severities import Discrete

NEARLY_WHOLE = 1e-8  # how close to 0, -1, ... a parameter may come before the recurrences divide by almost nothing
CANCELLED = 1e-6  # a difference of limited expected values that small has lost its digits
NOTHING_LEFT = 1e-30  # share of a tail that an integral to infinity may leave out
BETA_TERMS = 80  # of a power series at 1/2 or less
NODES, WEIGHTS = np.polynomial.legendre.leggauss(200)


@dataclass(frozen=True)
class Continuous:
    """A severity with a frozen distribution (as scipy's) and `limited(x)` = E[min(X, x)], elementwise."""

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

    @property
    def third(self):
        """Third central moment; infinite where it does not exist."""
        if not np.isfinite(self.variance):
            return np.inf
        value = float(self.frozen.stats(moments="s")) * self.variance**1.5
        return value if np.isfinite(value) else np.inf

    def cdf(self, x):
        """Return P(X <= x)."""
        with np.errstate(over="ignore"):  # a Weibull far out: exp(-infinity) is the 0 it should be
            return self.frozen.cdf(x)

    def survival(self, x):
        """Return P(X > x), exact far out too."""
        with np.errstate(over="ignore"):
            return self.frozen.sf(x)

    def quantile(self, p):
        """Return the smallest x with P(X <= x) >= p."""
        return float(self.frozen.ppf(p))

    def draw(self, number, rng):
        """Return `number` claims."""
        return self.frozen.rvs(size=number, random_state=rng)

    def between(self, low, high):
        """Return E[min(X, high)] - E[min(X, low)], the integral of survival, exact far out too.

        An infinite `high` gives E[max(X - low, 0)].
        """
        start = float(self.limited(np.array(low, dtype=float)))
        whole = self.mean if np.isinf(high) else float(self.limited(np.array(high, dtype=float)))
        if not np.isfinite(whole) or whole - start > CANCELLED * whole:
            return whole - start
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # scipy says where it finds no such quantile
            end = float(self.frozen.isf(NOTHING_LEFT * float(self.survival(low))))
        # Nodes on the logarithm of x, up to where next to nothing of the tail is left: far out it falls by powers of x.
        high = min(high, end) if np.isfinite(end) and end > low else min(high, 2 * low)
        a, b = np.log(max(low, 1e-300)), np.log(high)
        z = (b - a) / 2 * NODES + (a + b) / 2
        return float((b - a) / 2 * (WEIGHTS * self.survival(np.exp(z)) * np.exp(z)).sum())


class _FromMoments:
    """The mean, variance and skewness of a distribution whose `_moment(k)` returns E[X^k], infinite where none is."""

    def mean(self):
        """E[X]."""
        return self._moment(1)

    def var(self):
        """Var[X]."""
        second = self._moment(2)
        return second - self.mean() ** 2 if np.isfinite(second) else np.inf

    def stats(self, moments):
        """Return the skewness, as scipy's distributions do for moments "s"."""
        assert moments == "s"
        first, second, third = (self._moment(k) for k in (1, 2, 3))
        if not np.isfinite(third):
            return np.inf
        return (third - 3 * first * second + 2 * first**3) / (second - first**2) ** 1.5


@dataclass(frozen=True)
class TransformedBeta(_FromMoments):
    """(X / theta)^gamma / (1 + (X / theta)^gamma) has a beta distribution with parameters tau and alpha.

    Burr (tau 1), loglogistic (alpha, tau 1), paralogistic (tau 1, gamma = alpha), generalised Pareto (gamma 1) and
    their inverses are its special cases.

    Source: Klugman, Panjer and Willmot, Loss Models, Appendix A.2.
    """

    alpha: float
    gamma: float
    tau: float
    theta: float

    def _moment(self, k):
        if k >= self.alpha * self.gamma:
            return np.inf
        logs = special.betaln(self.tau + k / self.gamma, self.alpha - k / self.gamma)
        return _exp(k * np.log(self.theta) + logs - special.betaln(self.tau, self.alpha))

    def _parts(self, x):
        with np.errstate(over="ignore", divide="ignore"):
            v = (np.asarray(x, dtype=float) / self.theta) ** self.gamma
            below = 1 / (1 + 1 / v)
        return below, 1 / (1 + v)

    def cdf(self, x):
        """P(X <= x)."""
        return special.betainc(self.tau, self.alpha, self._parts(x)[0])

    def sf(self, x):
        """P(X > x)."""
        return special.betainc(self.alpha, self.tau, self._parts(x)[1])

    def ppf(self, p):
        """Return the smallest x with P(X <= x) >= p."""
        p = np.asarray(p, dtype=float)
        below = special.betaincinv(self.tau, self.alpha, p)
        above = special.betaincinv(self.alpha, self.tau, 1 - p)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            # Each half from its own end, where it has its digits.
            ratio = np.where(p < 0.5, below / (1 - below), (1 - above) / above)
            return self.theta * ratio ** (1 / self.gamma)

    def isf(self, q):
        """Return the amount that a claim exceeds with probability q."""
        above = special.betaincinv(self.alpha, self.tau, q)
        with np.errstate(divide="ignore", over="ignore"):
            return self.theta * ((1 - above) / above) ** (1 / self.gamma)

    def rvs(self, size, random_state):
        """Draw claims as a power of the ratio of two gamma variables."""
        ratio = random_state.standard_gamma(self.tau, size) / random_state.standard_gamma(self.alpha, size)
        return self.theta * ratio ** (1 / self.gamma)

    def limited(self, x):
        """Return E[min(X, x)], whether or not E[X] exists."""
        below, above = self._parts(x)
        a, b = self.tau + 1 / self.gamma, self.alpha - 1 / self.gamma
        part = self.theta * _incomplete_beta(a, b, below, above) / special.beta(self.tau, self.alpha)
        return part + np.asarray(x, dtype=float) * self.sf(x)


@dataclass(frozen=True)
class TransformedGamma(_FromMoments):
    """(X / theta)^tau has a gamma distribution with shape alpha; with tau below 0, its inverse.

    Source: Klugman, Panjer and Willmot, Loss Models, Appendix A.3.
    """

    alpha: float
    tau: float
    theta: float

    def _moment(self, k):
        shape = self.alpha + k / self.tau
        return (
            _exp(k * np.log(self.theta) + special.gammaln(shape) - special.gammaln(self.alpha)) if shape > 0 else np.inf
        )

    def _power(self, x):
        with np.errstate(over="ignore", divide="ignore"):
            return (np.asarray(x, dtype=float) / self.theta) ** self.tau

    def cdf(self, x):
        """P(X <= x)."""
        u = self._power(x)
        return special.gammainc(self.alpha, u) if self.tau > 0 else special.gammaincc(self.alpha, u)

    def sf(self, x):
        """P(X > x)."""
        u = self._power(x)
        return special.gammaincc(self.alpha, u) if self.tau > 0 else special.gammainc(self.alpha, u)

    def ppf(self, p):
        """Return the smallest x with P(X <= x) >= p."""
        inverse = special.gammaincinv if self.tau > 0 else special.gammainccinv
        with np.errstate(divide="ignore", over="ignore"):
            return self.theta * inverse(self.alpha, np.asarray(p, dtype=float)) ** (1 / self.tau)

    def isf(self, q):
        """Return the amount that a claim exceeds with probability q."""
        inverse = special.gammainccinv if self.tau > 0 else special.gammaincinv
        with np.errstate(divide="ignore", over="ignore"):
            return self.theta * inverse(self.alpha, q) ** (1 / self.tau)

    def rvs(self, size, random_state):
        """Draw claims as a power of a gamma variable."""
        return self.theta * random_state.standard_gamma(self.alpha, size) ** (1 / self.tau)

    def limited(self, x):
        """Return E[min(X, x)], whether or not E[X] exists."""
        x = np.asarray(x, dtype=float)
        u, shape = self._power(x), self.alpha + 1 / self.tau
        if self.tau > 0:
            part = special.gammainc(shape, u) * np.exp(special.gammaln(shape) - special.gammaln(self.alpha))
        else:
            part = _upper_gamma(shape, u) / special.gamma(self.alpha)
        return self.theta * part + x * self.sf(x)


def choose(inputs):
    """Return the severity that the inputs ask for.

    Raises:
        ValueError: own probabilities are not a distribution, or a uniform claim has no room.

    Source: Klugman, Panjer and Willmot, Loss Models, Appendix A: E[min(X, x)] of each distribution.
    """
    kind = inputs["severity"]
    if kind == "own":
        return own(inputs["severity_pmf"], inputs["unit"])
    return KINDS[kind](inputs)


def lognormal(mu, sigma):
    """Return the lognormal severity; mu and sigma are those of its logarithm."""

    def limited(x):
        x = np.asarray(x, dtype=float)
        with np.errstate(divide="ignore"):
            z = (np.log(x) - mu) / sigma
        below = np.exp(mu + sigma**2 / 2) * special.ndtr(z - sigma)
        return below + x * special.ndtr(-z)

    return Continuous(stats.lognorm(sigma, scale=np.exp(mu)), limited)


def gamma(shape, scale):
    """Return the gamma severity; its mean is shape times scale."""

    def limited(x):
        z = np.asarray(x, dtype=float) / scale
        return shape * scale * special.gammainc(shape + 1, z) + x * special.gammaincc(shape, z)

    return Continuous(stats.gamma(shape, scale=scale), limited)


def weibull(shape, scale):
    """Return the Weibull severity: P(X > x) = exp(-(x / scale)^shape)."""

    def limited(x):
        with np.errstate(over="ignore"):
            z = (np.asarray(x, dtype=float) / scale) ** shape  # infinite far out, where nothing is left of exp(-z)
        part = scale * special.gamma(1 + 1 / shape) * special.gammainc(1 + 1 / shape, z)
        return part + x * np.exp(-z)

    return Continuous(stats.weibull_min(shape, scale=scale), limited)


def pareto(alpha, theta, minimum=0.0):
    """Return the Pareto severity (type II; Lomax with minimum 0): P(X > x) = (theta / (x - minimum + theta))^alpha."""

    def limited(x):
        x = np.asarray(x, dtype=float)
        grown = np.log1p(np.maximum(x - minimum, 0) / theta)
        # The limit at alpha = 1 is theta log(1 + x / theta).
        part = theta * (grown if abs(alpha - 1) < 1e-9 else -np.expm1((1 - alpha) * grown) / (alpha - 1))
        return np.minimum(x, minimum) + part

    return Continuous(stats.lomax(alpha, loc=minimum, scale=theta), limited)


def pareto1(alpha, theta):
    """Return the single-parameter Pareto severity: P(X > x) = (theta / x)^alpha above theta."""
    # Above its least claim it is the second type with both parameters equal.
    return pareto(alpha, theta, minimum=theta)


def inverse_gaussian(mean, shape):
    """Return the inverse Gaussian severity; its variance is mean^3 / shape."""

    def limited(x):
        x = np.asarray(x, dtype=float)
        with np.errstate(divide="ignore"):
            root = np.sqrt(shape / x)
        z, y = (x - mean) / mean, (x + mean) / mean
        with np.errstate(invalid="ignore", over="ignore"):
            upper = np.exp(2 * shape / mean + special.log_ndtr(-y * root))
            found = x - mean * z * special.ndtr(z * root) - mean * y * upper
        # At 0 nothing, and never more than x or than the mean: far out the three terms cancel.
        return np.where(x > 0, np.clip(found, 0, np.minimum(x, mean)), 0.0)

    return Continuous(stats.invgauss(mean / shape, scale=shape), limited)


def uniform(low, high):
    """Return the uniform severity between two amounts.

    Raises:
        ValueError: the lower is not below the higher.
    """
    if not low < high:
        raise ValueError(f"inputs.maximum: {high:g} is not above the least claim {low:g}. Give a larger amount.")

    def limited(x):
        x = np.minimum(np.asarray(x, dtype=float), high)
        inside = np.maximum(x - low, 0)
        return x - inside**2 / (2 * (high - low))

    return Continuous(stats.uniform(low, high - low), limited)


def transformed_beta(alpha, gamma, tau, theta):
    """Return a severity of the transformed beta family."""
    frozen = TransformedBeta(alpha, gamma, tau, theta)
    return Continuous(frozen, frozen.limited)


def transformed_gamma(alpha, tau, theta):
    """Return a severity of the transformed gamma family; tau below 0 is the inverse one."""
    frozen = TransformedGamma(alpha, tau, theta)
    return Continuous(frozen, frozen.limited)


def own(rows, unit):
    """Return the severity of typed probabilities: row k is the probability of k units.

    Raises:
        ValueError: they do not sum to 1, or every claim is 0.
    """
    pmf = np.array([row["probability"] for row in rows], dtype=float)
    if len(pmf) < 2 or pmf[1:].sum() <= 0:
        raise ValueError("inputs.severity_pmf: every claim is 0. Give probabilities of 0, 1, 2, ... units.")
    if abs(pmf.sum() - 1) > 1e-6:
        raise ValueError(f"inputs.severity_pmf: the probabilities sum to {pmf.sum():.6f}. Make them sum to 1.")
    return Discrete(unit, pmf / pmf.sum())


# Of each distribution by its key in the manifest, with the parameters of Loss Models, Appendix A.
KINDS = {
    "lognormal": lambda i: lognormal(i["mu"], i["sigma"]),
    "exponential": lambda i: gamma(1.0, i["scale"]),
    "gamma": lambda i: gamma(i["shape"], i["scale"]),
    "weibull": lambda i: weibull(i["shape"], i["scale"]),
    "pareto": lambda i: pareto(i["alpha"], i["theta"]),
    "pareto1": lambda i: pareto1(i["alpha"], i["theta"]),
    "pareto2": lambda i: pareto(i["alpha"], i["theta"], i["minimum"]),
    "burr": lambda i: transformed_beta(i["alpha"], i["gamma"], 1.0, i["theta"]),
    "loglogistic": lambda i: transformed_beta(1.0, i["gamma"], 1.0, i["theta"]),
    "paralogistic": lambda i: transformed_beta(i["alpha"], i["alpha"], 1.0, i["theta"]),
    "generalised_pareto": lambda i: transformed_beta(i["alpha"], 1.0, i["tau"], i["theta"]),
    "transformed_beta": lambda i: transformed_beta(i["alpha"], i["gamma"], i["tau"], i["theta"]),
    "inverse_burr": lambda i: transformed_beta(1.0, i["gamma"], i["tau"], i["theta"]),
    "inverse_pareto": lambda i: transformed_beta(1.0, 1.0, i["tau"], i["theta"]),
    "inverse_paralogistic": lambda i: transformed_beta(1.0, i["tau"], i["tau"], i["theta"]),
    "transformed_gamma": lambda i: transformed_gamma(i["alpha"], i["tau"], i["theta"]),
    "inverse_transformed_gamma": lambda i: transformed_gamma(i["alpha"], -i["tau"], i["theta"]),
    "inverse_gamma": lambda i: transformed_gamma(i["alpha"], -1.0, i["theta"]),
    "inverse_weibull": lambda i: transformed_gamma(1.0, -i["tau"], i["theta"]),
    "inverse_exponential": lambda i: transformed_gamma(1.0, -1.0, i["theta"]),
    "inverse_gaussian": lambda i: inverse_gaussian(i["mean_claim"], i["dispersion_shape"]),
    "uniform": lambda i: uniform(i["minimum"], i["maximum"]),
}


def _exp(logarithm):
    with np.errstate(over="ignore"):
        return float(np.exp(logarithm))


def _incomplete_beta(a, b, below, above):
    """Return the integral of t^(a-1) (1-t)^(b-1) from 0 to `below`; b may be 0 or less, `above` is 1 - below.

    Recurrence: b B(a, b) = (a + b) B(a, b + 1) - u^a (1 - u)^b.
    """
    if abs(b - round(b)) < NEARLY_WHOLE:
        b = round(b)
    if b > 0:
        return special.beta(a, b) * special.betainc(a, b, below)
    if b == 0:
        return _beta_without_second(a, below, above)
    with np.errstate(divide="ignore", over="ignore"):
        edge = below**a * above**b
    return ((a + b) * _incomplete_beta(a, b + 1, below, above) - edge) / b


def _beta_without_second(a, below, above):
    """Return the integral of t^(a-1) / (1-t) from 0 to u, `below`, with w = 1 - u, `above`.

    -ln w - psi(a) - gamma - sum (1-a)_k w^k / (k! k)
    """
    low = np.minimum(below, 0.5)
    small = low**a / a * special.hyp2f1(a, 1, a + 1, low)
    w, series, term = np.minimum(above, 0.5), 0.0, 1.0
    for k in range(1, BETA_TERMS):
        term = term * (k - a) / k * w
        series = series + term / k
    with np.errstate(divide="ignore"):
        large = -np.log(above) - special.digamma(a) - np.euler_gamma - series
    return np.where(below < 0.5, small, large)


def _upper_gamma(s, u):
    """Return the integral of t^(s-1) e^(-t) from u on; s may be 0 or less.

    Recurrence: s G(s, u) = G(s + 1, u) - u^s e^(-u).
    """
    if abs(s - round(s)) < NEARLY_WHOLE:
        s = round(s)
    if s > 0:
        return special.gamma(s) * special.gammaincc(s, u)
    if s == 0:
        return special.exp1(u)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        edge = np.where(np.isfinite(u), np.exp(s * np.log(u) - u), 0.0)
    return (_upper_gamma(s + 1, u) - edge) / s
