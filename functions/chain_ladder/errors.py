"""Prediction errors of chain-ladder reserves: to ultimate after Mack, over one year after Merz and Wüthrich.

Left out: errors of the Bornhuetter-Ferguson and Cape Cod reserves.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Errors:
    """Standard errors by origin year, shape (m,), and in total.

    `path` holds those of every projected amount on the way to ultimate, shape (m, n), NaN where it is observed.
    """

    process: np.ndarray
    parameter: np.ndarray
    total_process: float
    total_parameter: float
    path: np.ndarray

    @property
    def by_origin(self):
        """Root of process plus parameter variance, shape (m,)."""
        return np.hypot(self.process, self.parameter)

    @property
    def total(self):
        """The same for the sum over all origin years, which share the factors."""
        return float(np.hypot(self.total_process, self.total_parameter))


def to_ultimate(triangle, developed, full):
    """Return Mack's standard errors of the ultimates.

    With C projected to k, from its latest year on: process² = C^(2-α) σ² + process² f², parameter² = C² s.e.(f)² +
    parameter² f². The total's parameter error takes the sum of all rows under projection for C.

    Source: Mack (1999), ASTIN Bulletin 29(2), p. 364, and the corollary for the total; with α = 1 it is the formula of
    Mack (1993), ASTIN Bulletin 23(2), theorem 3, p. 219.
    """
    m = len(triangle.origins)
    process, parameter, total = np.zeros(m), np.zeros(m), 0.0
    path = np.full(full.shape, np.nan)
    for k, (f, error, sigma) in enumerate(zip(developed.factor, developed.error, developed.sigma, strict=True)):
        ahead = triangle.latest <= k
        now = full[ahead, k]
        process[ahead] = now ** (2 - developed.alpha) * sigma**2 + process[ahead] * f**2
        parameter[ahead] = now**2 * error**2 + parameter[ahead] * f**2
        total = now.sum() ** 2 * error**2 + total * f**2
        path[ahead, k + 1] = np.sqrt(process[ahead] + parameter[ahead])
    return Errors(np.sqrt(process), np.sqrt(parameter), float(np.sqrt(process.sum())), float(np.sqrt(total)), path)


def individual(developed, full):
    """Return the standard errors of the individual factors F, σ / √(C^α), shape (m, links), a tail's last.

    C is observed or projected; NaN where it is neither, or 0.

    Source: Mack (1999), ASTIN Bulletin 29(2), p. 365 and table 1.
    """
    amount = full[:, :-1]
    weight = np.where(amount > 0, amount, np.nan) ** (developed.alpha / 2)
    return developed.sigma / weight


def one_year(triangle, developed, full):
    """Return standard errors of the claims development result of the coming year, by origin (m,) and in total.

    Rows that begin late count from their first observed amount on, as they do in the factors. None where the triangle
    has not exactly one row for each diagonal, or a row's latest amount is 0.

    Source: Merz and Wüthrich (2008), Modelling the Claims Development Result for Solvency Purposes, CAS E-Forum, Fall
    2008, results 3.1 to 3.3.
    """
    m, n = triangle.values.shape
    young = np.flatnonzero(triangle.latest < n - 1)
    if sorted(triangle.latest[young]) != list(range(n - 1)):
        return None
    by_column = {int(triangle.latest[i]): i for i in young}
    spread = np.square(developed.sigma / developed.factor)
    past = np.array([np.nansum(full[triangle.latest > j, j]) for j in range(n - 1)])
    newest = np.array([full[by_column[j], j] for j in range(n - 1)])
    if (past <= 0).any() or (newest <= 0).any():
        return None
    share = np.square(newest / (past + newest))
    parameter, process = share * spread / past, share * spread / newest
    # Sums over the development years after each one.
    later_parameter = np.append(np.cumsum(parameter[::-1])[::-1], 0)[1:]
    later_process = np.append(np.cumsum(process[::-1])[::-1], 0)[1:]
    ultimate, found = full[:, -1], np.zeros(m)
    total = 0.0
    for i in young:
        c = triangle.latest[i]
        own = spread[c] / past[c] + spread[c] / newest[c] + later_parameter[c] + later_process[c]
        found[i] = ultimate[i] ** 2 * own
        # What the year's own link does to this row, it does to younger ones through the factor's new estimate.
        grown = past[c] + newest[c]
        shared = newest[c] / grown * spread[c] / past[c] + spread[c] / grown
        joint = shared + later_parameter[c] + later_process[c]
        total += found[i] + 2 * ultimate[i] * ultimate[young[young > i]].sum() * joint
    return np.sqrt(found), float(np.sqrt(total))
