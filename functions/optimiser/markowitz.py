"""Mean-variance portfolios: minimum variance, target return, tangency, frontier, and equal risk contribution.

Chosen: the first-order conditions are one linear system over the free assets, in units of their volatilities; with
bounds, those that hold are exchanged one at a time until no exchange lowers the variance. Where that leads nowhere
(corners, where bounds and constraints leave no freedom) SLSQP does.
Left out: transaction costs, cardinality, and robust or resampled estimates.
"""

import numpy as np
from scipy.optimize import linprog, minimize, minimize_scalar

AT_BOUND, FEASIBLE, OPTIMAL = 1e-7, 1e-9, 1e-9
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
    weights = _active_set(covariance, equal, to, low, high, np.full(len(low), np.inf))
    if weights is not None:
        return weights
    scale = np.trace(covariance) / len(low)
    middle = np.clip(
        _within(covariance, equal, to, np.ones(len(low), bool), low)[0] if start is None else start, low, high
    )
    found = minimize(
        lambda w: (0.5 * w @ covariance @ w / scale, covariance @ w / scale),
        middle,
        jac=True,
        method="SLSQP",
        bounds=[(a if np.isfinite(a) else None, b if np.isfinite(b) else None) for a, b in zip(low, high, strict=True)],
        constraints={"type": "eq", "fun": lambda w: equal @ w - to, "jac": lambda _w: equal},
        options={"ftol": 1e-15, "maxiter": 500},
    )
    weights = _active_set(covariance, equal, to, low, high, found.x)
    if weights is not None:
        return weights
    if np.max(np.abs(equal @ found.x - to)) > 1e-6:
        raise InfeasibleError("no weights within the bounds meet the constraints")
    return np.clip(found.x, low, high)


def _active_set(covariance, equal, to, low, high, start):
    """Return the weights of least variance found by exchanging bounds, or None where that leads nowhere.

    Begins with the bounds that hold at `start` (infinity for none). A free weight beyond a bound is held there, a held
    one that would lower the variance is let go, one at a time, until the conditions of Karush, Kuhn and Tucker hold.

    Source: Markowitz (1956), Naval Research Logistics Quarterly 3, p. 111, for the critical lines; Nocedal and Wright
    (2006), Numerical Optimization, section 16.5.
    """
    sds = np.sqrt(np.diag(covariance))
    at_low = start <= low + AT_BOUND
    at_high = np.isfinite(start) & (start >= high - AT_BOUND) & ~at_low
    for _ in range(10 * len(low)):
        free = ~(at_low | at_high)
        if free.sum() < len(to):
            return None
        weights, prices = _within(covariance, equal, to, free, np.where(at_low, low, high))
        short, beyond = np.where(free, low - weights, -1.0), np.where(free, weights - high, -1.0)
        if max(short.max(), beyond.max()) > FEASIBLE:
            if short.max() > beyond.max():
                at_low[short.argmax()] = True
            else:
                at_high[beyond.argmax()] = True
            continue
        if np.max(np.abs(equal @ weights - to)) > FEASIBLE:
            return None
        # How the variance would change with each held weight, net of the constraints' prices, by its own volatility.
        gain = (covariance @ weights - equal.T @ prices) / sds
        gain = np.where(at_low, -gain, np.where(at_high, gain, -np.inf))
        worst = int(gain.argmax())
        if gain[worst] <= OPTIMAL * np.sqrt(weights @ covariance @ weights):
            return np.clip(weights, low, high)
        at_low[worst] = at_high[worst] = False
    return None


def _within(covariance, equal, to, free, fixed):
    """Solve the first-order conditions over the free weights, the others held at `fixed`.

    In units of the assets' volatilities, which may differ by orders of magnitude. Returns the weights and the prices of
    the constraints: C w = equal' prices over the free ones.
    """
    n, m = int(free.sum()), len(to)
    sds = np.sqrt(np.diag(covariance))
    weights = np.where(free, 0.0, fixed)
    rows = equal[:, free] / sds[free]
    sizes = np.linalg.norm(rows, axis=1)
    sizes[sizes == 0] = 1.0
    system = np.zeros((n + m, n + m))
    system[:n, :n] = covariance[np.ix_(free, free)] / np.outer(sds[free], sds[free])
    system[:n, n:], system[n:, :n] = (rows / sizes[:, None]).T, rows / sizes[:, None]
    right = np.concatenate([-(covariance @ weights)[free] / sds[free], (to - equal @ weights) / sizes])
    solved = np.linalg.lstsq(system, right, rcond=None)[0]
    weights[free] = solved[:n] / sds[free]
    return weights, -solved[n:] / sizes


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
    peak = for_return(means, covariance, float(best.x), low, high, held["weights"], ends)
    # The peak may lie so near the least variance that the search passes it by.
    return max((peak, start), key=lambda weights: ratio(weights, means, covariance, riskless))


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
