"""Scenarios of the Gaussian factors, the equity and the price index, in blocks of paths on every core.

Chosen: rates, inflation and Black-Scholes equity step by their exact joint distribution, so that months bring no
error; Heston's variance steps by Andersen's quadratic exponential scheme with his martingale correction. A block draws
from its own stream: the result does not depend on how many cores there are. Of antithetic pairs the two stand side by
side.
Left out: quasi-random numbers, whose standard errors would need repetitions.
"""

import math

import equity
import numpy as np
from factors import root
from scipy.special import ndtr
from threads import in_order

WIDTH = 400  # paths of a block, in single antithetic halves: some 20 MB of normals over 720 months
TOP = 1 - 2**-53


class Simulation:
    """Scenarios of one market.

    Attributes:
        times: of all steps, years, shape (steps + 1,).
        keep: numbers of the steps that are kept, ascending, the first 0.
        kept: what is kept at them, float32, shape (dates, scenarios) each: "rate0", perhaps "rate1" and "real" (the
            factors), "log_discount", "log_equity" (dividends reinvested), perhaps "log_index" and "variance".
    """

    def __init__(self, market, *, years, per_year, scenarios, antithetic, seed, keep, hand_over=()):
        """Lay out the work; `blocks` does it.

        Args:
            market: a Market.
            years: whole years of the horizon.
            per_year: steps a year.
            scenarios: how many; an even number where antithetic.
            antithetic: whether every second scenario mirrors the one before it.
            seed: of the streams.
            keep: numbers of the steps to keep.
            hand_over: numbers of the steps that `blocks` hands over, ascending.
        """
        self.market, self.steps, self.step = market, years * per_year, 1 / per_year
        self.antithetic = antithetic
        self.scenarios = scenarios + (scenarios % 2 if antithetic else 0)
        self.drawn = self.scenarios // 2 if antithetic else self.scenarios
        self.times = np.arange(self.steps + 1) / per_year
        self.keep = np.array(sorted({0, *keep}))
        # Only these rows of a block are worked out: years are a twelfth of the months that lead to them.
        self.rows = np.union1d(self.keep, np.asarray(hand_over, int))
        self.kept_rows, self.handed_rows = (
            np.searchsorted(self.rows, x) for x in (self.keep, np.asarray(hand_over, int))
        )
        self.seeds = np.random.SeedSequence(seed)
        self.kept = {}
        self._prepare()

    def _prepare(self):
        market, t = self.market, self.times
        self.m = len(market.factors.k)
        self.root = root(market.factors.joint(self.step))
        self.decay = np.exp(-market.factors.k * self.step)
        self.bond = -np.expm1(-market.factors.k * self.step) / market.factors.k
        curve = market.rates.curve
        self.log_discount = curve.log_discount(t) - market.rates.variance(t) / 2
        if market.real is not None:
            spread = market.factors.integral_variance(t, [market.factors.index("real")])
            cross = market.factors.mixed_covariance("inflation", "real", t)
            s = market.index_volatility
            # ln(D I): the real bank account, as the covariances of Jarrow and Yildirim's change of measure make it.
            self.log_real = market.real.log_discount(t) - spread / 2 + s * cross - s**2 * t / 2
            self.real_drift = market.real_drift(t)

    def blocks(self, use=None):
        """Simulate; yield the number of scenarios done after each block, with what `use` made of it.

        Args:
            use: called in a worker thread with the block's paths at the steps to hand over, by name, float64 of shape
                (steps handed over, scenarios), and the number of its first scenario.
        """
        starts = list(range(0, self.drawn, WIDTH))
        streams = self.seeds.spawn(len(starts))
        pieces = [
            (start, min(start + WIDTH, self.drawn), stream, use) for start, stream in zip(starts, streams, strict=True)
        ]
        yield from in_order(self._block, pieces)

    def _block(self, start, stop, stream, use):
        factor = 2 if self.antithetic else 1
        paths = self._paths(stop - start, np.random.Generator(np.random.SFC64(stream)))
        first, last = factor * start, factor * stop
        for name, values in paths.items():
            store = self.kept.get(name)
            if store is None:  # setdefault: two threads may come here at once
                store = self.kept.setdefault(name, np.empty((len(self.keep), self.scenarios), np.float32))
            store[:, first:last] = values[self.kept_rows]
        if use is None:
            return last, None
        return last, use({name: values[self.handed_rows] for name, values in paths.items()}, first)

    def _paths(self, count, rng):
        """Return paths by name, float64 of shape (rows, scenarios)."""
        market, steps, m, rows = self.market, self.steps, self.m, self.rows
        n = len(market.factors.names)
        draws = rng.standard_normal((n + m, steps * count))
        moves = (self.root @ draws).reshape(n + m, steps, count)
        found, integrals = {}, []
        for j in range(m):
            x = np.zeros((steps + 1, count))
            for i in range(steps):
                np.multiply(x[i], self.decay[j], out=x[i + 1])
                x[i + 1] += moves[j, i]
            found[market.factors.names[j]] = self._mirrored(x[rows])
            x *= self.bond[j]
            x[:-1] += moves[n + j]
            integrals.append(self._summed(x[:-1]))
        bank = sum(integrals[i] for i in market.nominal)
        found["log_discount"] = self.log_discount[rows, None] - self._mirrored(bank)
        at = market.factors.index("equity")
        if isinstance(market.equity, equity.BlackScholes):
            sigma = market.equity.sigma
            own = self._mirrored(sigma * self._summed(moves[at])) - (sigma**2 / 2 * self.times[rows])[:, None]
        else:
            shocks = rng.standard_normal((steps, count))
            own, found["variance"] = self._heston(
                self._mirrored(shocks), self._mirrored(moves[at] / math.sqrt(self.step))
            )
        found["log_equity"] = own - found["log_discount"]
        if market.real is not None:
            index, real = market.factors.index("inflation"), market.factors.index("real")
            worth = market.index_volatility * self._summed(moves[index]) - integrals[real]
            found["log_index"] = self.log_real[rows, None] + self._mirrored(worth) - found["log_discount"]
            found["real"] += self.real_drift[rows, None]
        return found

    def _summed(self, moves):
        """Return sums of the moves, shape (steps, paths), up to each of the rows, from 0."""
        found = np.zeros((len(self.rows), moves.shape[1]))
        if len(self.rows) > 1:
            np.add.reduceat(moves, self.rows[:-1], axis=0, out=found[1:])
            if self.rows[-1] < len(moves):  # the last piece runs on to the end
                found[-1] = moves[self.rows[-2] : self.rows[-1]].sum(axis=0)
        return np.cumsum(found, axis=0, out=found)

    def _mirrored(self, values):
        """Return the values with their negatives side by side where antithetic, shape (rows, scenarios)."""
        if not self.antithetic:
            return values
        found = np.empty((len(values), values.shape[1], 2))
        found[..., 0] = values
        np.negative(values, out=found[..., 1])
        return found.reshape(len(values), -1)

    def _heston(self, shocks, others):
        """Return ln of the discounted equity and the variance, shape (rows, scenarios), from standard normals.

        Source: Andersen (2008), Simple and efficient simulation of the Heston stochastic volatility model, J.
        Computational Finance 11(3), section 3.2.4, and proposition 9 for the martingale correction.
        """
        one, dt = self.market.equity, self.step
        kappa, theta, xi, rho = one.kappa, one.theta, one.xi, one.rho
        fall = math.exp(-kappa * dt)
        c1, c2 = xi**2 * fall / kappa * (1 - fall), theta * xi**2 / (2 * kappa) * (1 - fall) ** 2
        pull = dt / 2 * (kappa * rho / xi - 0.5)
        k2 = pull + rho / xi
        k3 = k4 = dt / 2 * (1 - rho**2)
        tilt = k2 + k4 / 2
        v = np.empty((len(shocks) + 1, shocks.shape[1]))
        log = np.zeros_like(v)
        v[0] = one.start
        for i in range(len(shocks)):
            now, z = v[i], shocks[i]
            mean = theta + (now - theta) * fall
            psi = (c1 * now + c2) / (mean * mean)
            following, correction = np.empty_like(now), np.empty_like(now)
            high = psi > 1.5
            low = ~high
            inverse = 2 / psi[low]
            b2 = inverse - 1 + np.sqrt(inverse * (inverse - 1))
            a = mean[low] / (1 + b2)
            following[low] = a * np.square(np.sqrt(b2) + z[low])
            room = np.maximum(1 - 2 * tilt * a, 1e-12)
            correction[low] = -tilt * b2 * a / room + 0.5 * np.log(room)
            if high.any():
                p = (psi[high] - 1) / (psi[high] + 1)
                beta = (1 - p) / mean[high]
                u = np.minimum(ndtr(z[high]), TOP)
                following[high] = np.where(u > p, np.log((1 - p) / (1 - u)) / beta, 0)
                following[high] = np.maximum(following[high], 0)
                room = np.maximum(p + beta * (1 - p) / np.maximum(beta - tilt, 1e-12), 1e-300)
                correction[high] = -np.log(room)
            v[i + 1] = following
            spread = np.sqrt(k3 * now + k4 * following)
            log[i + 1] = log[i] + correction - k3 / 2 * now + k2 * following + spread * others[i]
        return log[self.rows], v[self.rows]
