"""The size of a claim on a grid, in a layer, and rounded to a grid.

Chosen: a severity is any object with `mean`, `variance`, `cdf`, `survival`, `limited` (E[min(X, x)]) and `between`
(a difference of two limited expected values), elementwise in amounts; everything here asks for no more.
Left out: the distributions themselves.
"""

from dataclasses import dataclass

import numpy as np

RARE = 1e-3  # probability of a claim to a layer below which survival is integrated
FEW_NODES, FEW_WEIGHTS = np.polynomial.legendre.leggauss(4)


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

    @property
    def third(self):
        """Third central moment."""
        return float((self.amounts - self.mean) ** 3 @ self.pmf)

    def limited(self, x):
        """Return E[min(X, x)], elementwise."""
        # Sums up to each amount, so that a long table of probabilities costs no matrix.
        x = np.asarray(x, dtype=float)
        at = np.searchsorted(self.amounts, x, side="right")
        below = np.concatenate(([0.0], np.cumsum(self.amounts * self.pmf)))[at]
        return below + x * np.concatenate((np.cumsum(self.pmf[::-1])[::-1], [0.0]))[at]

    def cdf(self, x):
        """Return P(X <= x)."""
        at = np.floor(np.asarray(x) / self.step + 1e-9).astype(int)
        return np.where(at < 0, 0.0, np.cumsum(self.pmf)[np.clip(at, 0, len(self.pmf) - 1)])

    def survival(self, x):
        """Return P(X > x)."""
        above = np.concatenate((np.cumsum(self.pmf[::-1])[::-1], [0.0]))
        at = np.floor(np.asarray(x) / self.step + 1e-9).astype(int) + 1
        return above[np.clip(at, 0, len(self.pmf))]

    def quantile(self, p):
        """Return the smallest x with P(X <= x) >= p."""
        return self.step * int(np.searchsorted(np.cumsum(self.pmf), min(p, 1) - 1e-12))

    def draw(self, number, rng):
        """Return `number` claims."""
        return self.step * rng.choice(len(self.pmf), size=number, p=self.pmf)

    def between(self, low, high):
        """Return E[min(X, high)] - E[min(X, low)]."""
        return float(np.clip(self.amounts - low, 0, high - low) @ self.pmf)


@dataclass(frozen=True)
class Capped:
    """What a claim leaves between `attachment` and `attachment + limit`: min(max(X - attachment, 0), limit)."""

    severity: object
    attachment: float
    limit: float

    @property
    def mean(self):
        """E of what is left."""
        return self.severity.between(self.attachment, self.attachment + self.limit)

    @property
    def hit(self):
        """The probability that a claim leaves anything."""
        return float(self.severity.survival(self.attachment))

    def step_means(self, step, points):
        """Return the mean over each of `points` steps of P(more is left | anything is), shape (points,)."""
        if self.hit > RARE or isinstance(self.severity, Discrete):
            e = self.limited(step * np.arange(points + 1))
            return np.diff(e) / step / self.hit
        # Far out the differences of limited expected values have lost their digits.
        y = step * (np.arange(points)[:, None] + (FEW_NODES + 1) / 2)
        return np.where(y < self.limit, self.severity.survival(self.attachment + y), 0.0) @ FEW_WEIGHTS / 2 / self.hit

    def limited(self, y):
        """Return E[min(., y)], elementwise."""
        lev = self.severity.limited
        return lev(self.attachment + np.minimum(y, self.limit)) - lev(np.array(self.attachment, dtype=float))

    def cdf(self, y):
        """Return P(. <= y), 1 from the limit on."""
        return np.where(y >= self.limit, 1.0, self.severity.cdf(self.attachment + y))


def discretised(severity, step, points, method):
    """Return probabilities on 0, h, ..., n h; all that lies beyond is put on the last point, n h.

    Args:
        severity: with `limited` and `cdf`, elementwise.
        step: h.
        points: n.
        method: "unbiased" keeps the mean, "rounding" moves each claim to the nearest point, "lower" and "upper"
            round claims down and up.

    Returns:
        Probabilities, shape (n + 1,).

    Source: Klugman, Panjer and Willmot, Loss Models, section 9.6.5; Gerber (1982).
    """
    if method == "unbiased":
        e = severity.limited(step * np.arange(points + 1))
        means = np.diff(e) / step  # mean survival probability over each step
        pmf = -np.diff(means, prepend=1.0, append=0.0)
    else:
        offset = {"rounding": 0.5, "lower": 1.0, "upper": 0.0}[method]
        upto = severity.cdf(step * (np.arange(points) + offset))
        pmf = np.diff(upto, prepend=0.0, append=1.0)
    pmf = np.maximum(pmf, 0.0)
    return pmf / pmf.sum()


def discretised_mean(severity, pmf, step):
    """Return the mean of a discretised claim, the part of claims beyond the grid counted exactly.

    A claim beyond the grid's end keeps its own size, so that rounding down and up still enclose it.
    """
    end = step * (len(pmf) - 1)
    if not np.isfinite(severity.mean):
        return np.inf
    return float(
        step * (np.arange(len(pmf)) * pmf).sum() + max(severity.mean - float(severity.limited(np.array(end))), 0.0)
    )
