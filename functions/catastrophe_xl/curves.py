"""Exceedance curves: of the largest event of a year, and of its total, before and after the layers.

Chosen: the largest event of an event loss table in closed form, P(M <= x) = E[F(x)^N]; that of given years by rank.
Left out: smoothing of what is simulated.
"""

import numpy as np

from actuarial import compound


class Sample:
    """What is kept of simulated or given years: totals and largest events, before and after the layers.

    Args:
        treaties: the layers.
        premiums: of each, for a share of 100 %.
    """

    def __init__(self, treaties, premiums):
        self.treaties, self.premiums = treaties, premiums
        self.blocks = {"gross": [], "largest": [], "net": [], "net_largest": []}
        self.number = 0
        self.sums, self.squares = np.zeros(len(treaties)), np.zeros(len(treaties))

    def add(self, block):
        """Count a block of years."""
        left = block.loss.copy()
        for k, (one, premium) in enumerate(zip(self.treaties, self.premiums, strict=True)):
            paid, cost = one.applied(block)
            left -= one.share * (paid - cost * premium)
            annual = one.share * block.by_year(paid)
            self.sums[k] += annual.sum()
            self.squares[k] += (annual**2).sum()
        self.number += block.years
        self.blocks["gross"].append(block.by_year(block.loss))
        self.blocks["largest"].append(block.largest(block.loss))
        self.blocks["net"].append(block.by_year(left))
        self.blocks["net_largest"].append(block.largest(left))

    def layers(self):
        """Return mean recovery a year of each layer and its standard error."""
        n = self.number
        mean = self.sums / n
        variance = np.maximum(self.squares / n - mean**2, 0) * n / max(n - 1, 1)
        return [(float(m), float(np.sqrt(v / n))) for m, v in zip(mean, variance, strict=True)]

    def years(self, name):
        """Return all years of `gross`, `largest`, `net` or `net_largest`, as a distribution."""
        found = np.concatenate(self.blocks[name])
        return compound.of_sample(found, float(found.mean()))


class Largest:
    """The largest event of a year, from an event loss table.

    Args:
        losses: the loss of an event.
        count: the number of events a year.
    """

    def __init__(self, losses, count):
        self.losses, self.count = losses, count

    def none_beyond(self, survival):
        """Return the probability of no event of those that happen with probability `survival`, elementwise."""
        return np.real(self.count.pgf(1 - survival))

    def quantile(self, level):
        """Return the smallest x with P(M <= x) >= level."""
        return self.losses.solve(self.none_beyond, level)

    def drawn(self, levels):
        """Return about the quantiles at `levels`, as a curve is drawn, shape of `levels`."""
        return self.losses.drawn(self.none_beyond, levels)

    def shortfall(self, level):
        """Return the mean of the quantiles from `level` on.

        x plus the integral of P(M > .) from x on, over 1 - level, with x the quantile.
        """
        x, node = self.quantile(level), self.losses.nodes
        at = np.concatenate(([x], node[node > x]))
        above = 1 - self.none_beyond(self.losses.survival(at[:-1]))
        before = 1 - self.none_beyond(self.losses.at_least(at[1:]))
        return x + float(((above + before) / 2 * np.diff(at)).sum()) / (1 - level)

    def at_least(self, x):
        """Return P(M >= x), elementwise."""
        return 1 - self.none_beyond(self.losses.at_least(np.asarray(x, dtype=float)))


class Curves:
    """All curves of a result.

    Args:
        largest: the largest event of a year, with `quantile` and `shortfall`.
        total: a year's total, likewise.
        sample: simulated or given years.
        means: the largest event of the same table without secondary uncertainty, None where that is no other.
    """

    def __init__(self, largest, total, sample, means=None):
        self.largest, self.total, self.means = largest, total, means
        self.number = sample.number
        self.years = {name: sample.years(name) for name in sample.blocks}

    def at_least(self, x):
        """Return the probabilities that the largest event and the total are at least `x`."""
        if isinstance(self.largest, Largest):
            largest = float(self.largest.at_least(np.array([x]))[0])
        else:
            largest = float((self.largest.x >= x).mean())
        upto, at = self.total.probability_up_to(x)
        return largest, min(max(1 - upto + at, largest), 1.0)
