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

    Source: Mack (1999), ASTIN Bulletin 29(2), table 1.
    """
    amount = full[:, :-1]
    weight = np.where(amount > 0, amount, np.nan) ** (developed.alpha / 2)
    return developed.sigma / weight


def run_off(triangle, developed, full):
    """Return standard errors of the claims development result of each coming year.

    With U the ultimate, v_j = σ_j² / f_j² and S_j(k) the amounts behind the factor of column j after k more years,
    observed and projected, origin year i that develops from column j in year k has the variance
    U² {v_j (1 / C_ij + 1 / S_j(k-1)) + Σ_{l>j} v_l (1 / S_l(k-1) - 1 / S_l(k))}; two origin years share all but the
    first term, from the column of the older one on. The first year is that of Merz and Wüthrich (2008), and the
    variances of all years add up to Mack's.

    Rows that begin late count from their first observed amount on, as they do in the factors.

    Returns:
        By origin and year, shape (m, n - 1), 0 once a row is developed, and of the total, shape (n - 1,); None where
        the triangle has not exactly one row for each diagonal, or a row's latest amount is 0.

    Source: Merz and Wüthrich (2008), Modelling the Claims Development Result for Solvency Purposes, CAS E-Forum, Fall
    2008, results 3.1 to 3.3; Merz and Wüthrich (2014), Claims Run-Off Uncertainty: The Full Picture, Swiss Finance
    Institute Research Paper 14-69, their products of 1 - α written as ratios of sums.
    """
    m, n = triangle.values.shape
    young = np.flatnonzero(triangle.latest < n - 1)
    if sorted(triangle.latest[young]) != list(range(n - 1)) or (triangle.diagonal[young] <= 0).any():
        return None
    spread, ultimate = np.square(developed.sigma / developed.factor), full[:, -1]
    columns = np.arange(n - 1)
    behind = [np.nansum(np.where(triangle.latest[:, None] + k > columns, full[:, :-1], 0), axis=0) for k in range(n)]
    found, total = np.zeros((m, n - 1)), np.zeros(n - 1)
    for k in range(n - 1):
        own = spread / behind[k]
        # Terms of the columns after each one: what the year's new links do to their factors.
        later = np.append(np.cumsum((own - spread / behind[k + 1])[::-1])[::-1], 0)[1:]
        for i in young[triangle.latest[young] + k < n - 1]:
            j = triangle.latest[i] + k
            shared = own[j] + later[j]
            found[i, k] = ultimate[i] ** 2 * (spread[j] / full[i, j] + shared)
            total[k] += found[i, k] + 2 * ultimate[i] * ultimate[young[young > i]].sum() * shared
    return np.sqrt(found), np.sqrt(total)
