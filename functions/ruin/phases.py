"""Phase-type distributions: a time or an amount until absorption, and ruin between two of them.

Chosen: one class for exponential, Erlang, mixtures of exponentials and own phases, so that ruin has one formula.
Left out: fitting of phases to data.
"""

from dataclasses import dataclass
from math import factorial

import numpy as np
from scipy.linalg import expm
from scipy.optimize import root

ITERATIONS = 5000
TOLERANCE = 1e-15
UNDERFLOW = 700.0  # exponents beyond which nothing is left
SLOW = 1e-13  # a change of the iteration that Newton's method takes over from


@dataclass(frozen=True)
class PhaseType:
    """Starts in phase i with probability `start[i]`, moves by the rates `moves`, ends by `exits`.

    Attributes:
        start: shape (n,), sum 1.
        moves: subintensity matrix, shape (n, n): below 0 on its diagonal, rows that sum to 0 or less.
        direct: direct(number, rng) -> values, where there is a quicker way than to walk through the phases.
    """

    start: np.ndarray
    moves: np.ndarray
    direct: object = None

    @property
    def exits(self):
        """Rate of ending from each phase, shape (n,)."""
        return -self.moves.sum(axis=1)

    def moment(self, k):
        """Return E[X^k] = k! start (-moves)^-k 1."""
        power = np.linalg.matrix_power(np.linalg.inv(-self.moves), k)
        return float(factorial(k) * self.start @ power.sum(axis=1))

    @property
    def least_rate(self):
        """The rate at which its tail falls: E[exp(r X)] is finite below it."""
        return float(-np.max(np.linalg.eigvals(self.moves).real))

    def transform(self, r):
        """Return E[exp(r X)] for r below `least_rate`."""
        n = len(self.start)
        return float(self.start @ np.linalg.solve(-r * np.eye(n) - self.moves, self.exits))

    def transform_slope(self, r):
        """Return E[X exp(r X)] for r below `least_rate`."""
        inner = np.linalg.inv(-r * np.eye(len(self.start)) - self.moves)
        return float(self.start @ inner @ inner @ self.exits)

    def scaled(self, factor):
        """Return the distribution of factor X."""
        return PhaseType(self.start, self.moves / factor)

    def draw(self, number, rng):
        """Return `number` values, by walking through the phases where there is no quicker way."""
        if self.direct is not None:
            return self.direct(number, rng)
        n = len(self.start)
        phase, total = rng.choice(n, size=number, p=self.start), np.zeros(number)
        rates = -np.diag(self.moves)
        jump = np.column_stack([self.moves, self.exits]) / rates[:, None]
        jump[np.arange(n), np.arange(n)] = 0.0
        ends = np.cumsum(jump, axis=1)
        going = np.arange(number)
        while len(going):
            here = phase[going]
            total[going] += rng.standard_exponential(len(going)) / rates[here]
            after = (rng.random(len(going))[:, None] > ends[here, :-1]).sum(axis=1)
            phase[going] = after
            going = going[after < n]
        return total


def exponential(rate):
    """Return the exponential distribution."""
    return PhaseType(np.ones(1), np.array([[-rate]]), lambda n, rng: rng.standard_exponential(n) / rate)


def erlang(shape, rate):
    """Return the sum of `shape` exponential times, each of `rate`."""
    moves = np.diag(np.full(shape, -rate)) + np.diag(np.full(shape - 1, rate), 1)
    return PhaseType(np.eye(shape)[0], moves, lambda n, rng: rng.standard_gamma(shape, n) / rate)


def mixture(weights, rates):
    """Return the mixture of exponential distributions; weights sum to 1."""
    return PhaseType(np.asarray(weights, float), -np.diag(np.asarray(rates, float)))


def ladder(claims, gaps):
    """Return the start (defective) of the ladder height, whose sum is the probability of ruin from capital 0.

    The surplus falls below its lowest level so far in phase i of a claim with probability p[i]:
    p = start E[exp(Q gap)], Q = moves + exits p, where gap is what the premium brings between two claims. With Poisson
    arrivals this is rate start (-moves)^-1.

    Args:
        claims: the size of a claim.
        gaps: the premium between two claims, of more than a claim's size on average.

    Source: Asmussen and Rolski (1991), Insurance: Mathematics and Economics 10, theorem 3.1.
    """
    if len(gaps.start) == 1:
        return -gaps.moves[0, 0] * claims.start @ np.linalg.inv(-claims.moves)
    n = len(claims.start)
    left, right = np.kron(gaps.start, np.eye(n)), np.kron(gaps.exits[:, None], np.eye(n))

    def step(p):
        inner = claims.moves + np.outer(claims.exits, p)
        both = np.kron(gaps.moves, np.eye(n)) + np.kron(np.eye(len(gaps.start)), inner)
        return claims.start @ left @ np.linalg.solve(-both, right)

    p = np.zeros(n)
    for _ in range(ITERATIONS):
        new = step(p)
        change = np.max(np.abs(new - p))
        p = new
        if change <= TOLERANCE:
            return p
    # Next to no loading makes the iteration slow, and Newton's method ends it from where it has come to.
    found = root(lambda p: step(p) - p, p, tol=SLOW)
    return found.x if found.success and 0 <= found.x.sum() < 1 else p


def ruin_probability(claims, start, capital):
    """Return the probability of ruin from each capital: start exp((moves + exits start) u) 1, shape (n,).

    Args:
        claims: the size of a claim.
        start: of the ladder height, of `ladder`.
        capital: u, shape (n,).
    """
    inner = claims.moves + np.outer(claims.exits, start)
    # Beyond it nothing is left that a number could hold, and a matrix exponential would only lose itself.
    last = UNDERFLOW / float(-np.max(np.linalg.eigvals(inner).real))
    return np.array([float(start @ expm(inner * u).sum(axis=1)) if u < last else 0.0 for u in capital])


def cramer_constant(claims, start, coefficient):
    """Return C of psi(u) ~ C exp(-R u), from the eigenvectors of the ladder height's matrix at -R."""
    inner = claims.moves + np.outer(claims.exits, start)
    values, right = np.linalg.eig(inner)
    k = int(np.argmin(np.abs(values + coefficient)))
    left_values, left = np.linalg.eig(inner.T)
    j = int(np.argmin(np.abs(left_values + coefficient)))
    v, w = right[:, k].real, left[:, j].real
    return float((start @ v) * w.sum() / (w @ v))
