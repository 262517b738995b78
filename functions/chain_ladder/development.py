"""Development factors of a triangle, their variances, and the triangle they complete.

Chosen: the weighted averages of Mack (1999); variances that a single link cannot show are extrapolated by Mack's rule
or along a straight line of their logarithms. Left out: curves fitted to the factors.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr

ALPHA = {"simple": 0.0, "volume": 1.0, "regression": 2.0}
DOUBTFUL = 0.05  # p-value above which the log-linear slope says nothing
FAR = 50  # times the column's median factor, or less than its 50th part: a link that decides factor and error alone


@dataclass(frozen=True)
class Development:
    """Factors from one development year to the next, shape (n - 1,) each; one more with a tail.

    Attributes:
        factor: f.
        error: standard error of f.
        sigma: square root of Mack's variance parameter.
        links: number of observed links behind each factor, 0 for the tail.
        alpha: power of the amounts in the weights: 0 simple, 1 volume, 2 regression.
        extrapolated: whether sigma could not be estimated from the column itself.
    """

    factor: np.ndarray
    error: np.ndarray
    sigma: np.ndarray
    links: np.ndarray
    alpha: float
    extrapolated: np.ndarray

    @property
    def to_ultimate(self):
        """Factor from each development year to ultimate, shape (n,), or (n + 1,) with a tail; the last is 1."""
        return np.append(np.cumprod(self.factor[::-1])[::-1], 1.0)


def fit(triangle, *, averaging="volume", years=None, sigma_rule="mack", tail=(1.0, 0.0, 0.0), warnings=None):
    """Return the development of `triangle`.

    f_k = Σ w C^α F / Σ w C^α, σ_k² = Σ w C^α (F - f)² / (links - 1), s.e.(f_k)² = σ_k² / Σ w C^α, with C the amount,
    F = C' / C its individual factor and w 1 for the last `years` links of each column, 0 for older ones. A link from
    an amount of 0 has no individual factor: it counts in none of the three.

    Args:
        triangle: a triangles.Triangle with n development years.
        averaging: "volume", "simple" or "regression".
        years: number of latest links to use, all where None.
        sigma_rule: "mack", "log-linear" or "log-linear-or-mack", for columns with a single link.
        tail: factor beyond the last column, 1 for none, its standard error and its sigma, 0 to extrapolate them.
        warnings: a list that gets a sentence for each doubt.

    Raises:
        ValueError: a column holds no amount above 0 to develop from or into.

    Source: Mack (1999), The Standard Error of Chain Ladder Reserve Estimates, ASTIN Bulletin 29(2), sections 2 and 3.
    """
    warnings = [] if warnings is None else warnings
    values, alpha = triangle.values, ALPHA[averaging]
    n = values.shape[1]
    factor, error, sigma = np.ones(n - 1), np.zeros(n - 1), np.full(n - 1, np.nan)
    weight, links, empty = np.zeros(n - 1), np.zeros(n - 1, int), []
    for k in range(n - 1):
        rows = np.flatnonzero(~np.isnan(values[:, k]) & ~np.isnan(values[:, k + 1]))
        rows = rows if years is None else rows[-years:]
        now, after = values[rows, k], values[rows, k + 1]
        used = now > 0
        if not used.any():
            empty.append(
                f"inputs.triangle: in development {triangle.named(k)} no amount above 0 has a next one to develop "
                "into. Give one, or leave the column out."
            )
            continue
        lost = [triangle.origins[i] for i in rows[~used & (after > 0)]]
        if lost:
            warnings.append(
                f"Origin {_listed(lost)} is 0 in development {triangle.named(k)} and develops from there: such a link "
                "has no factor, and is left out of the average and of its error."
            )
        now, after, rows = now[used], after[used], rows[used]
        w = now**alpha
        weight[k], links[k] = w.sum(), len(now)
        ratio = after / now
        factor[k] = after.sum() / now.sum() if alpha == 1 else w @ ratio / w.sum()
        if factor[k] <= 0:
            empty.append(
                f"inputs.triangle: in development {triangle.named(k + 1)} every amount that counts is 0, so nothing "
                "can develop from it. Give an amount, or leave the column out."
            )
        warnings += _far_links(triangle.named(k), [triangle.origins[i] for i in rows], now, ratio)
        if len(now) > 1:
            sigma[k] = math.sqrt(w @ np.square(ratio - factor[k]) / (len(now) - 1))
    if empty:
        raise ValueError("\n".join(empty))
    missing = np.isnan(sigma)
    sigma = extrapolate(sigma, sigma_rule, warnings, triangle.named)
    error = sigma / np.sqrt(weight)
    beyond, beyond_error, beyond_sigma = tail
    if beyond > 1:
        if not beyond_error or not beyond_sigma:
            found = tail_errors(factor, error, sigma, beyond, warnings)
            beyond_error, beyond_sigma = beyond_error or found[0], beyond_sigma or found[1]
        factor, error, sigma = np.append(factor, beyond), np.append(error, beyond_error), np.append(sigma, beyond_sigma)
        links, missing = np.append(links, 0), np.append(missing, True)
    return Development(factor, error, sigma, links, alpha, missing)


def extrapolate(sigma, rule, warnings, named):
    """Return `sigma` with its gaps (NaN) filled; `named` gives a column in words.

    Mack: σ_k² = min(σ_{k-1}⁴ / σ_{k-2}², σ_{k-2}², σ_{k-1}²). Log-linear: ln σ along a straight line over k;
    "log-linear-or-mack" takes Mack's rule where the line's slope has a p-value above `DOUBTFUL`.

    Source: Mack (1993), Distribution-free Calculation of the Standard Error of Chain Ladder Reserve Estimates, ASTIN
    Bulletin 23(2), p. 217; Mack (1999), section 4.
    """
    sigma, gaps = sigma.copy(), np.flatnonzero(np.isnan(sigma))
    known = np.flatnonzero(np.nan_to_num(sigma) > 0)
    if rule != "mack" and len(gaps):
        filled = _along_a_line(known, sigma, gaps, rule, warnings)
        if filled is not None:
            sigma[gaps] = filled
            return sigma
    for k in gaps:
        before = [sigma[j] for j in range(max(k - 2, 0), k) if not np.isnan(sigma[j])]
        if not before:
            sigma[k] = 0.0
            warnings.append(f"No variance can be estimated for development {named(k)}: it is taken as 0.")
        elif len(before) == 1 or before[0] == 0:
            sigma[k] = min(before)
        else:
            sigma[k] = math.sqrt(min(before[1] ** 4 / before[0] ** 2, before[0] ** 2, before[1] ** 2))
    return sigma


def _along_a_line(known, sigma, gaps, rule, warnings):
    """Return sigmas for `gaps` on the straight line through the logarithms of the known ones; None for Mack's rule."""
    if len(known) < 3:
        warnings.append("Fewer than 3 sigmas are known, too few for a straight line: Mack's rule is used.")
        return None
    slope, level, p = line(known, np.log(sigma[known]))
    doubt = f"The logarithms of sigma do not follow a straight line (p-value {p:.2f}): "
    if p > DOUBTFUL and rule == "log-linear-or-mack":
        warnings.append(doubt + "Mack's rule is used.")
        return None
    if p > DOUBTFUL:
        warnings.append(
            doubt
            + "the extrapolated last sigma is doubtful. Mack's rule is an alternative; some programs change to it "
            "here by themselves."
        )
    return np.exp(level + slope * gaps)


def tail_errors(factor, error, sigma, tail, warnings):
    """Return standard error and sigma of the tail factor.

    The development year at which the straight line of ln(f - 1) reaches the tail factor is put into the straight
    lines of ln s.e.(f) and ln σ.

    Source: Mack (1999), section 4.
    """
    years = np.arange(1, len(factor) + 1)
    above = factor > 1
    if above.sum() >= 2:
        slope, level, _ = line(years[above], np.log(factor[above] - 1))
        if slope < 0:
            at = (math.log(tail - 1) - level) / slope
            found = []
            for values in (error, sigma):
                known = values > 0
                if known.sum() >= 2:
                    incline, base, _ = line(years[known], np.log(values[known]))
                    found.append(math.exp(base + incline * at))
            if len(found) == 2:
                return found[0], found[1]
    warnings.append("The factors do not fall towards 1, so the tail's errors are those of the last factor.")
    return error[-1], sigma[-1]


def line(x, y):
    """Return slope, level and the slope's two-sided p-value of the least-squares line through (x, y)."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    middle = x - x.mean()
    spread = middle @ middle
    slope = middle @ y / spread
    level = y.mean() - slope * x.mean()
    left = y - level - slope * x
    if len(x) < 3 or left @ left <= 1e-24 * max(y @ y, 1):
        return float(slope), float(level), 0.0
    t = slope / math.sqrt(left @ left / (len(x) - 2) / spread)
    return float(slope), float(level), float(2 * stdtr(len(x) - 2, -abs(t)))


def _far_links(name, origins, now, ratio):
    """Return a warning for each link of a column, called `name`, whose factor lies far from the column's others.

    A cell that is nearly empty, or typed in other units, gives such a link. The median of the others is the measure;
    of two links, the one from the smaller amount is named.
    """
    if len(ratio) < 2:
        return []
    with np.errstate(divide="ignore"):
        logs = np.log(ratio)
    found = []
    for i in np.argsort(now):  # the smallest amounts first: of two links, theirs is the doubtful one
        others = np.median(np.delete(ratio, i))
        if others > 0 and abs(logs[i] - math.log(others)) > math.log(FAR):
            found.append(
                f"Origin {origins[i]} develops from {now[i]:,.6g} to {now[i] * ratio[i]:,.6g} in development "
                f"{name}, by a factor of {ratio[i]:,.4g} where the others have about {others:,.4g}: this one cell can "
                "decide the factor, the reserve and the standard error. Check it."
            )
            if len(ratio) == 2 or len(found) == 3:
                break
    return found


def _listed(names, shown=10):
    """Return the first names of a list with commas."""
    return ", ".join(names[:shown]) + (", ..." if len(names) > shown else "")


def complete(triangle, developed):
    """Return the triangle with every later amount projected, shape (m, n), or (m, n + 1) with a tail."""
    full = np.column_stack(
        [
            triangle.values,
            *[np.full(len(triangle.origins), np.nan)] * (len(developed.factor) + 1 - triangle.values.shape[1]),
        ]
    )
    for k, f in enumerate(developed.factor):
        ahead = triangle.latest <= k
        full[ahead, k + 1] = full[ahead, k] * f
    return full
