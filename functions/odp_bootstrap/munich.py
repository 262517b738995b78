"""Munich chain ladder: paid and incurred triangles developed together, so that their ratio closes.

Left out: prediction errors, which the paper leaves to resampling.
"""

import numpy as np
import triangles


def mack_sigmas(triangle, *, rule):
    """Return factors and sigmas of the links, shapes (n - 1,), the sigma of a single link extrapolated.

    σ_k² = Σ C_k (F - f_k)² / (links - 1)

    Args:
        triangle: cumulative amounts.
        rule: "mack" for the smallest of the two sigmas before and their ratio, "log-linear" for a regression of
            ln σ on k.

    Source: Mack (1993), ASTIN Bulletin 23(2), p. 217 and 218.
    """
    f = triangles.factors(triangle)
    both = triangle.known[:, 1:]
    link = triangle.values[:, 1:] / triangle.values[:, :-1]
    return f, _spread(np.where(both, triangle.values[:, :-1], 0), np.where(both, link, 0), f, both, rule)


def _spread(weight, ratio, mean, there, rule):
    """Return √(Σ w (ratio - mean)² / (count - 1)) by column, extrapolated where a column has one ratio."""
    count = there.sum(axis=0)
    total = (weight * np.square(ratio - mean) * there).sum(axis=0)
    found = np.sqrt(np.divide(total, count - 1, out=np.full(len(count), np.nan), where=count > 1))
    good = np.isfinite(found) & (found > 0)
    for k in np.flatnonzero(~np.isfinite(found)):
        if rule == "log-linear" and good.sum() > 1:
            slope, level = np.polyfit(np.flatnonzero(good), np.log(found[good]), 1)
            found[k] = np.exp(level + slope * k)
        elif k >= 2:
            one, two = found[k - 1] ** 2, found[k - 2] ** 2
            found[k] = np.sqrt(min(one, two, one * one / two if two > 0 else one))
        else:
            found[k] = found[k - 1] if k else 0.0
    return found


def develop(paid, incurred, *, rule):
    """Return both developed triangles, shapes (m, n), the two correlations and their points.

    P_{s+1} = P_s (f + λ σ/ρ (I_s/P_s - q)), and the same for incurred with P_s/I_s.

    Args:
        paid: triangle of payments.
        incurred: triangle of payments and case reserves, of the same shape.
        rule: for the last sigma, "mack" or "log-linear".

    Returns:
        developed paid, developed incurred, (λ of paid, λ of incurred), and for each a list of (x, y) residuals.

    Raises:
        ValueError: the triangles differ in shape.

    Source: Quarg and Mack (2004), Blätter der DGVFM 26(4), sections 2.2 to 3.
    """
    if paid.values.shape != incurred.values.shape or np.any(paid.latest != incurred.latest):
        raise ValueError(
            "inputs.paid_incurred.measures.incurred: it does not cover the cells of paid. Give the same cells."
        )
    parts = [_Side(paid, incurred, rule), _Side(incurred, paid, rule)]
    full = [side.own.copy() for side in parts]
    for k in range(paid.values.shape[1] - 1):
        ahead = paid.latest <= k
        now = [values[ahead, k].copy() for values in full]
        for values, side, own, other in zip(full, parts, now, now[::-1], strict=True):
            pull = side.slope * side.sigma[k] / side.rho[k] if side.rho[k] > 0 else 0.0
            values[ahead, k + 1] = own * (side.f[k] + pull * (other / own - side.q[k]))
    return *full, tuple(side.slope for side in parts), [side.points for side in parts]


class _Side:
    """One of the two triangles with what its development takes from the other.

    Attributes:
        own: its amounts, shape (m, n).
        f: factors.
        sigma: their sigmas.
        q: average ratio of the other triangle to this one by column.
        rho: its spread.
        slope: λ, the regression of link residuals on ratio residuals through the origin.
        points: the pairs of residuals.
    """

    def __init__(self, triangle, other, rule):
        self.own = triangle.values
        self.f, self.sigma = mack_sigmas(triangle, rule=rule)
        known = triangle.known
        weight = np.where(known, triangle.values, 0)
        ratio = np.where(known, other.values, 0) / np.where(known, triangle.values, 1)
        self.q = (weight * ratio).sum(axis=0) / weight.sum(axis=0)
        self.rho = _spread(weight, ratio, self.q, known, rule)
        # A link that stands alone in its column has no residual of its own.
        use = known[:, 1:] & (known[:, 1:].sum(axis=0) > 1)
        root = np.sqrt(weight[:, :-1])
        link = np.where(use, triangle.values[:, 1:] / triangle.values[:, :-1], 0)
        x = _over(root * (ratio[:, :-1] - self.q[:-1]), self.rho[:-1])[use]
        y = _over(root * (link - self.f), self.sigma)[use]
        self.slope = float(x @ y / (x @ x)) if x @ x > 0 else 0.0
        self.points = list(zip(x.tolist(), y.tolist(), strict=True))


def _over(values, scale):
    """Return values / scale, 0 where the scale is 0."""
    return np.divide(values, scale, out=np.zeros_like(values), where=scale > 0)
