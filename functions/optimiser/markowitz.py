"""Mean-variance portfolios: minimum variance, target return, tangency, frontier, and equal risk contribution.

Chosen: without bounds the first-order conditions are solved as one linear system; with bounds SLSQP finds which bounds
hold, and the same linear system over the free assets gives the weights to machine precision.
Left out: transaction costs, cardinality, and robust or resampled estimates.
"""

import numpy as np
from scipy.optimize import linprog, minimize, minimize_scalar

AT_BOUND, FEASIBLE = 1e-7, 1e-9
ALIKE = 1e-9  # of two expected returns, a year, below which they are one but for rounding


class InfeasibleError(ValueError):
    """No weights within the bounds meet the constraints."""


def quadratic(covariance, equal, to, low, high, start=None):
    """Return the weights of least variance with equal @ w = to and low <= w <= high.

    Args:
        covariance: shape (n, n), positive definite.
        equal: shape (m, n), of full rank.
        to: shape (m,).
        low: shape (n,), minus infinity where there is no bound.
        high: shape (n,), infinity where there is no bound.
        start: weights to start from, shape (n,).

    Raises:
        InfeasibleError: no such weights.

    Source: Merton (1972), J. Financial and Quantitative Analysis 7, section II, for the linear system.
    """
    free = np.ones(len(low), bool)
    weights = _within(covariance, equal, to, free, np.zeros(len(low)))
    if np.all(weights >= low - FEASIBLE) and np.all(weights <= high + FEASIBLE):
        return np.clip(weights, low, high)
    scale = np.trace(covariance) / len(low)
    middle = np.clip(weights if start is None else start, low, high)
    found = minimize(
        lambda w: (0.5 * w @ covariance @ w / scale, covariance @ w / scale),
        middle,
        jac=True,
        method="SLSQP",
        bounds=[(a if np.isfinite(a) else None, b if np.isfinite(b) else None) for a, b in zip(low, high, strict=True)],
        constraints={"type": "eq", "fun": lambda w: equal @ w - to, "jac": lambda _w: equal},
        options={"ftol": 1e-15, "maxiter": 500},
    )
    if np.max(np.abs(equal @ found.x - to)) > 1e-6:
        raise InfeasibleError("no weights within the bounds meet the constraints")
    weights = np.clip(found.x, low, high)
    free = (weights > low + AT_BOUND) & (weights < high - AT_BOUND)
    if free.sum() >= len(to):
        polished = _within(covariance, equal, to, free, np.where(weights <= low + AT_BOUND, low, high))
        if np.all(polished >= low - FEASIBLE) and np.all(polished <= high + FEASIBLE):
            return np.clip(polished, low, high)
    return weights


def _within(covariance, equal, to, free, fixed):
    """Solve the first-order conditions over the free weights, the others held at `fixed`."""
    n, m = int(free.sum()), len(to)
    weights = np.where(free, 0.0, fixed)
    system = np.zeros((n + m, n + m))
    system[:n, :n] = covariance[np.ix_(free, free)]
    system[:n, n:], system[n:, :n] = equal[:, free].T, equal[:, free]
    right = np.concatenate([-(covariance @ weights)[free], to - equal @ weights])
    weights[free] = np.linalg.lstsq(system, right, rcond=None)[0][:n]
    return weights


def minimum_variance(covariance, low, high):
    """Return the fully invested weights of least variance."""
    return quadratic(covariance, np.ones((1, len(low))), np.ones(1), low, high)


def for_return(means, covariance, target, low, high, start=None, ends=None):
    """Return the fully invested weights of least variance with expected return `target`.

    A target that the means or the bounds miss by rounding alone counts as met. `ends` are what `reach` returns, for a
    caller who asks for several targets.

    Raises:
        InfeasibleError: the target is out of reach, or all means are equal and not it.
    """
    if np.ptp(means) < ALIKE:
        if abs(target - means.mean()) < ALIKE:
            return minimum_variance(covariance, low, high)
        raise InfeasibleError("all expected returns are equal, so no other return can be targeted")
    if np.any(np.isfinite(low)) or np.any(np.isfinite(high)):
        bottom, top = ends or reach(means, low, high)
        if bottom - ALIKE < target < top + ALIKE:
            # At the very ends the solver's own rounding would decide.
            room = 1e-12 * (top - bottom) if np.isfinite(top - bottom) else 0.0
            target = min(max(target, bottom + room), top - room)
        else:
            raise InfeasibleError("no weights within the bounds have this return")
    return quadratic(covariance, np.stack([np.ones_like(means), means]), np.array([1.0, target]), low, high, start)


def reach(means, low, high):
    """Return the lowest and the highest expected return of weights that add up to 1 within the bounds.

    Minus infinity and infinity where short positions can pay for any amount of an asset with another return.
    """
    if np.ptp(means) < ALIKE:
        return float(means.mean()), float(means.mean())
    if np.all(np.isfinite(low)):
        return tuple(float(_filled(order, low, high) @ means) for order in (np.argsort(means), np.argsort(-means)))
    if not np.any(np.isfinite(low)) and not np.any(np.isfinite(high)):
        return -np.inf, np.inf
    bounds = [(a if np.isfinite(a) else None, b if np.isfinite(b) else None) for a, b in zip(low, high, strict=True)]
    ends = []
    for sign in (1, -1):
        found = linprog(sign * means, A_eq=np.ones((1, len(means))), b_eq=[1.0], bounds=bounds, method="highs")
        ends.append(float(means @ found.x) if found.status == 0 else -sign * np.inf)
    return ends[0], ends[1]


def _filled(order, low, high):
    """Return weights from the lowest up to 1, the assets filled to their highest in `order`."""
    weights, rest = low.copy(), 1 - low.sum()
    for i in order:
        step = min(high[i] - low[i], rest)
        weights[i] += step
        rest -= step
    return weights


def tangency(means, covariance, riskless, low, high):
    """Return the weights of the highest Sharpe ratio, or None where no portfolio beats the riskless rate.

    Without bounds proportional to the inverse covariance times the excess means (Merton 1972, section
    III); with bounds searched along the efficient frontier, where the ratio has one peak.
    """
    if not np.any(np.isfinite(low)) and not np.any(np.isfinite(high)):
        raw = np.linalg.solve(covariance, means - riskless)
        return raw / raw.sum() if raw.sum() > 1e-12 else None
    start = minimum_variance(covariance, low, high)
    ends = reach(means, low, high)
    bottom, top = float(start @ means), ends[1]
    if not np.isfinite(top):
        top = bottom + 10 * max(np.ptp(means), 1e-6)
    if top <= riskless:
        return None
    if top - bottom < ALIKE:
        return start
    held = {"weights": start}

    def loss(target):
        held["weights"] = for_return(means, covariance, target, low, high, held["weights"], ends)
        return -ratio(held["weights"], means, covariance, riskless)

    best = minimize_scalar(loss, bounds=(bottom, top), method="bounded", options={"xatol": 1e-9 * (top - bottom)})
    return for_return(means, covariance, float(best.x), low, high, held["weights"], ends)


def frontier(means, covariance, low, high, points):
    """Return weights of least variance for `points` returns from the minimum variance portfolio's up."""
    start = minimum_variance(covariance, low, high)
    ends = reach(means, low, high)
    bottom, top = float(start @ means), ends[1]
    if not np.isfinite(top):
        top = max(bottom + 1.5 * (means.max() - bottom), bottom + 1e-6)
    if top - bottom < ALIKE:
        return start[None, :]
    weights = [start]
    for target in np.linspace(bottom, top, points)[1:]:
        weights.append(for_return(means, covariance, target, low, high, weights[-1], ends))
    return np.array(weights)


def equal_risk(covariance):
    """Return the long-only weights whose contributions to the volatility are all equal.

    Newton's method on x'Cx/2 - Σ ln x, which is convex; the solution is scaled to add up to 1.

    Source: Maillard, Roncalli and Teiletche (2010), J. Portfolio Management 36(4), section 2 and
    appendix; Spinu (2013) for the objective.
    """
    scale = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(scale, scale)
    x = np.full(len(scale), 1 / np.sqrt(correlation.sum()))
    for _ in range(200):
        gradient = correlation @ x - 1 / x
        step = np.linalg.solve(correlation + np.diag(1 / x**2), gradient)
        shrink = np.max(step / x)
        x = x - step / max(1.0, 1.1 * shrink)  # stay above 0
        if np.max(np.abs(gradient * x)) < 1e-14:
            break
    weights = x / scale
    return weights / weights.sum()


def ratio(weights, means, covariance, riskless):
    """Return the Sharpe ratio of `weights`."""
    return float((weights @ means - riskless * weights.sum()) / np.sqrt(weights @ covariance @ weights))
