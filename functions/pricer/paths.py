"""Simulated paths of the portfolio's value: exact lognormal steps in blocks of float32, on every core there is.

Chosen: a block of paths is stepped through time while it fits in the processor's cache, and only the portfolio's
value is kept, at no more dates than a chart shows. Each block draws from its own stream, so the result does not depend
on how many cores share the work. An antithetic path costs a division instead of a draw and an exponential.
Left out: stochastic volatility, jumps, costs of rebalancing.
"""

import math

import numpy as np
from scipy.special import ndtri
from threads import in_threads

CACHE = 32_768  # numbers of one block and step: 128 kB in float32, within a core's second-level cache
DATES = 60  # at which the fan is drawn
MULTIPLIED = 16  # assets up to which a product of matrices is the fastest way to correlate
REPLICATES = 16  # independent scramblings of Sobol's points


class Simulation:
    """Paths of one portfolio, per unit invested.

    Attributes:
        times: dates kept, in years, shape (dates,), the first 0 and the last the horizon.
        values: the portfolio's value, shape (dates, paths), float32; antithetic pairs stand half the paths apart.
        drawdown: largest fall from a previous high on each path, as a fraction, shape (paths,).
        steps: number of time steps.
    """

    def __init__(self, held, *, years, steps, paths, sampling, rebalanced, seed):
        """Lay out the work; `blocks` does it.

        Args:
            held: a holdings.Holdings of n assets.
            years: horizon, above 0.
            steps: time steps to it.
            paths: how many; Sobol's points take the power of two nearest to it, antithetic pairs an even number.
            sampling: "plain", "antithetic" or "sobol".
            rebalanced: whether the weights are restored at every step.
            seed: of the streams.
        """
        self.held, self.years, self.steps, self.rebalanced = held, years, steps, rebalanced
        self.sampling = sampling
        self.mirrored = sampling == "antithetic"
        if sampling == "sobol":
            paths = 2 ** round(math.log2(paths))
        elif self.mirrored:
            paths += paths % 2
        self.paths = paths
        self.drawn = paths // 2 if self.mirrored else paths
        n = len(held.names)
        share = paths // REPLICATES if sampling == "sobol" else self.drawn
        self.width = max(64, min(CACHE // n, share))
        if sampling == "sobol":
            self.width = 2 ** int(math.log2(self.width))
        self.seeds = np.random.SeedSequence(seed)
        self.keep = sorted({round(i * steps / min(DATES, steps)) for i in range(min(DATES, steps) + 1)})
        self.times = np.array(self.keep) * (years / steps)
        self.values = np.empty((len(self.keep), paths), np.float32)
        self.values[0] = 1
        self.drawdown = np.empty(paths, np.float32)
        self.root = root(held.rho)
        at = np.arange(steps + 1)[:, None] * (years / steps)
        self.scales = (held.weights * np.exp((held.mu - held.sigma**2 / 2) * at)).astype(np.float32)

    def blocks(self):
        """Simulate block by block; yield the share of paths done after each."""
        if not np.any(self.held.sigma[self.held.weights > 0]):
            self._without_risk()
            yield 1.0
            return
        starts = range(0, self.drawn, self.width)
        streams = self.seeds.spawn(len(starts))
        ends = self._sobol() if self.sampling == "sobol" else None
        done = 0
        work = [
            (self._block, start, min(start + self.width, self.drawn), stream, ends)
            for start, stream in zip(starts, streams, strict=True)
        ]
        for size in in_threads(work):
            done += size
            yield done / self.drawn

    def _without_risk(self):
        """Fill in the one path there is: in single precision its rounding would look like risk."""
        held, dt = self.held, self.years / self.steps
        if self.rebalanced:
            path = (held.weights @ np.exp(held.mu * dt)) ** np.arange(self.steps + 1)
        else:
            path = np.exp(np.outer(np.arange(self.steps + 1) * dt, held.mu)) @ held.weights
        self.values[:] = path[self.keep][:, None]
        self.drawdown[:] = 1 - (path / np.maximum.accumulate(path)).min()

    def _sobol(self):
        """Return standard normals, shape (n, paths), whose first dimensions carry the most variance."""
        # Only this way of sampling needs scipy.stats, which is slow to import.
        from scipy.stats import qmc

        each = self.paths // REPLICATES
        found = np.empty((len(self.held.names), self.paths), np.float32)
        tiny = 2.0**-33  # half the distance of two points: keeps 0 away from minus infinity
        for i, stream in enumerate(self.seeds.spawn(REPLICATES)):
            engine = qmc.Sobol(found.shape[0], scramble=True, rng=np.random.default_rng(stream))
            points = engine.random(each)
            found[:, i * each : (i + 1) * each] = ndtri(np.clip(points, tiny, 1 - tiny, out=points), out=points).T
        return found

    def _block(self, start, stop, stream, ends):
        held, size, n = self.held, stop - start, len(self.held.names)
        rng = np.random.Generator(np.random.SFC64(stream))
        dt = self.years / self.steps
        mirrored, rebalanced, bridge = self.mirrored, self.rebalanced, ends is not None
        draws, shocks = np.empty((n, size), np.float32), np.empty((n, size), np.float32)
        noise, grown = np.zeros((n, size), np.float32), np.empty((n, size), np.float32)
        mixing = mixer(held, self.root, math.sqrt(dt))
        if bridge:
            # The square root's columns are in order of variance: the first dimension carries the most.
            shares = self.root[:, ::-1] @ ends[:, start:stop]
            final = (held.sigma[:, None] * shares * math.sqrt(self.years)).astype(np.float32)
        columns = [slice(start, stop)] + ([slice(start + self.drawn, stop + self.drawn)] if mirrored else [])
        # A value multiplied step by step gathers rounding, which single precision would let grow to 1e-5.
        value = [np.ones(size, np.float64 if rebalanced else np.float32) for _ in columns]
        high = [np.ones(size, np.float32) for _ in columns]
        worst = [np.ones(size, np.float32) for _ in columns]
        fall = np.empty(size, np.float32)
        kept = {step: row for row, step in enumerate(self.keep)}
        exact = held.weights * np.exp((held.mu - held.sigma**2 / 2) * dt)
        steady = exact.astype(np.float32)
        correction = exact.sum() / steady.sum(dtype=np.float64)
        for step in range(1, self.steps + 1):
            left = self.steps - step + 1
            if bridge:
                if left == 1:
                    np.subtract(final, noise, out=shocks)
                else:  # Brownian bridge to the end drawn beforehand; Glasserman (2004), section 3.1.1
                    rng.standard_normal(dtype=np.float32, out=draws)
                    mixing(draws, shocks)
                    shocks *= np.float32(math.sqrt((left - 1) / left))
                    np.subtract(final, noise, out=grown)
                    grown /= np.float32(left)
                    shocks += grown
                noise += shocks
                np.exp(shocks if rebalanced else noise, out=grown)
            else:
                # Independent normals are added up, and only their sum is correlated.
                rng.standard_normal(dtype=np.float32, out=draws)
                if not rebalanced:
                    noise += draws
                mixing(draws if rebalanced else noise, grown)
                np.exp(grown, out=grown)
            scale = steady if rebalanced else self.scales[step]
            for i in range(len(columns)):
                if i == 1:
                    np.reciprocal(grown, out=grown)
                new = scale @ grown
                if rebalanced:
                    value[i] *= new
                    value[i] *= correction
                else:
                    value[i] = new
                np.maximum(high[i], value[i], out=high[i], casting="same_kind")
                np.divide(value[i], high[i], out=fall, casting="same_kind")
                np.minimum(worst[i], fall, out=worst[i])
                if step in kept:
                    self.values[kept[step], columns[i]] = value[i]
        for i, column in enumerate(columns):
            self.drawdown[column] = 1 - worst[i]
        return size


def root(rho):
    """Return a square root A of the correlations, A Aᵀ = ρ, also where some eigenvalues are 0.

    Its columns are the principal axes, from least to most variance.
    """
    values, vectors = np.linalg.eigh(rho)
    return vectors * np.sqrt(np.maximum(values, 0))


def mixer(held, square_root, scale):
    """Return a function(normals, out) that correlates independent normals and multiplies them by σ and `scale`.

    For many assets with one correlation ρ for all pairs a product of matrices would be slow, and is not needed: the
    symmetric root of (1 - ρ) I + ρ 11ᵀ is α I + β 11ᵀ with α = √(1 - ρ) and β = (√(1 - ρ + n ρ) - α) / n.
    """
    n = len(held.sigma)
    if held.common is not None:
        alpha = math.sqrt(1 - held.common)
        beta = (math.sqrt(1 - held.common + n * held.common) - alpha) / n
        square_root = beta + alpha * np.eye(n)
    if held.common is None or n <= MULTIPLIED or alpha == 0:
        mixed = (held.sigma[:, None] * square_root * scale).astype(np.float32)

        def general(normals, out):
            np.matmul(mixed, normals, out=out)

        return general
    sigma = (held.sigma * alpha * scale).astype(np.float32)[:, None]

    def equal(normals, out):
        shared = normals.sum(axis=0)
        shared *= np.float32(beta / alpha)
        np.add(normals, shared, out=out)
        np.multiply(out, sigma, out=out)

    return equal
