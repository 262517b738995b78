"""What the portfolio holds: weights, drifts, volatilities and correlations, from equal assets or from tables.

Left out: estimating any of them from prices.
"""

from dataclasses import dataclass

import numpy as np

SHOWN = 8  # problems named in one message
TOLERANCE = 1e-8
ROUNDED = 1e-5  # what rounding correlations to six digits takes off an eigenvalue of 0 at most, with room
MOST = 20  # columns of the table of correlations


@dataclass(frozen=True)
class Holdings:
    """Assets of a portfolio.

    Attributes:
        names: one per asset.
        weights: share of the initial value, shape (n,), adding up to 1.
        mu: drift per year, continuously compounded, shape (n,).
        sigma: volatility per year, shape (n,).
        rho: correlations of the Brownian motions, shape (n, n).
        common: the one correlation where all pairs share it, else None.
    """

    names: list
    weights: np.ndarray
    mu: np.ndarray
    sigma: np.ndarray
    rho: np.ndarray
    common: float | None


def read(inputs):
    """Return the holdings that the inputs describe.

    Raises:
        ValueError: naming every cell that does not fit.
    """
    common = inputs["correlation"] / 100
    if inputs["portfolio"] == "equal":
        n = int(inputs["n_assets"])
        one = np.ones(n)
        mu, sigma = inputs["drift"] / 100 * one, inputs["volatility"] / 100 * one
        return Holdings([f"Asset {i + 1}" for i in range(n)], one / n, mu, sigma, _equal(n, common), common)
    rows, problems = inputs["assets"], []
    total = sum(row["weight"] for row in rows)
    if not rows:
        problems.append("inputs.assets: the table is empty. Give at least one asset.")
    elif total <= 0:
        problems.append("inputs.assets.weight: the weights add up to 0. Give one above 0.")
    rho, matrix = _equal(len(rows), common), inputs["correlations"]
    if matrix:
        rho, common = _matrix(matrix, len(rows), problems), None
    if problems:
        raise ValueError("\n".join(problems[:SHOWN]))
    names = [row["asset"] or f"Asset {i + 1}" for i, row in enumerate(rows)]
    weights = np.array([row["weight"] for row in rows], float) / total
    mu = np.array([row["drift"] for row in rows], float) / 100
    sigma = np.array([row["volatility"] for row in rows], float) / 100
    return Holdings(names, weights, mu, sigma, rho, common)


def _equal(n, common):
    return np.full((n, n), common) + (1 - common) * np.eye(n)


def _matrix(rows, n, problems):
    """Return the matrix typed as rows, of which the lower half is enough."""
    rho = np.eye(n)
    if len(rows) != n:
        problems.append(f"inputs.correlations: there are {len(rows)} rows for {n} assets. Give one row per asset.")
        return rho
    for i, row in enumerate(rows):
        spare = [key for key in (f"c{j + 1}" for j in range(n, MOST)) if row.get(key) is not None]
        if spare:
            problems.append(f"inputs.correlations[{i}].{spare[0]}: there is no asset for it. Clear the column.")
        for j in range(n):
            value, mirror = row.get(f"c{j + 1}"), rows[j].get(f"c{i + 1}")
            where = f"inputs.correlations[{i}].c{j + 1}"
            if i == j:
                if value is not None and abs(value - 1) > TOLERANCE:
                    problems.append(f"{where}: {value:g} on the diagonal is not 1. Give 1 or leave it empty.")
            elif value is None and mirror is None and j < i:
                problems.append(f"{where}: the cell is empty. Give the correlation of assets {i + 1} and {j + 1}.")
            elif value is not None and mirror is not None and abs(value - mirror) > TOLERANCE and j < i:
                problems.append(f"{where}: {value:g} here and {mirror:g} in the mirrored cell. Give one value.")
            elif value is not None:
                rho[i, j] = rho[j, i] = value
    lowest = float(np.linalg.eigvalsh(rho)[0])
    if not problems and lowest < -ROUNDED:
        problems.append(
            f"inputs.correlations: no assets can be correlated like this: the matrix has the eigenvalue {lowest:.3g}. "
            "Bring the correlations closer to 0."
        )
    return rho


def moments(held, years, steps, *, rebalanced):
    """Return mean and standard deviation of the portfolio's value per unit invested, exactly.

    Held: E = Σ w_i exp(μ_i T), E² = ΣΣ w_i w_j exp((μ_i + μ_j + σ_i σ_j ρ_ij) T). Rebalanced at every step, the
    steps' growth is independent, and the same sums over one step are raised to the number of steps.

    Source: moments of the lognormal distribution; Hull, Options, Futures, and Other Derivatives, section 15.1.
    """
    span = years / steps if rebalanced else years
    mean = held.weights @ np.exp(held.mu * span)
    joint = np.exp((np.add.outer(held.mu, held.mu) + np.outer(held.sigma, held.sigma) * held.rho) * span)
    second = held.weights @ joint @ held.weights
    times = steps if rebalanced else 1
    # In logarithms: the difference of two large powers would lose digits, and overflow before their ratio does.
    growth = times * np.log(mean)
    spread = np.expm1(max(times * (np.log(second) - 2 * np.log(mean)), 0.0))
    if not np.any(held.sigma[held.weights > 0]):
        spread = 0.0  # and not what rounding leaves of it
    return float(np.exp(growth)), float(np.exp(growth) * np.sqrt(spread))
