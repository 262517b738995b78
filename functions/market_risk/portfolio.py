"""A portfolio as read from the inputs: values today, past returns, means and covariance of a day.

Chosen: one table of prices or returns with columns a1 to a8, whose n-th column belongs to the n-th position; all
problems of the tables are collected and raised at once.
Left out: filling of gaps. A missing price is named, not invented.
"""

from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np

COLUMNS = tuple(f"a{i}" for i in range(1, 9))
SHOWN = 8  # problems named in one message
ROUNDED = 1e-5  # what rounding correlations to six digits takes off an eigenvalue of 0 at most, with room
NOISE = 1e-8  # share of the largest return below which its deviation is rounding
LOOKS_LIKE_PRICES = (10, 5.0)  # rows from which, and median % from which, returns that are all above 0 are prices


@dataclass(frozen=True)
class Portfolio:
    """Values in money, shape (k,); mean and covariance of a day's returns.

    `returns` are the portfolio's daily profits as shares of its gross value, which is above 0 for a hedged
    portfolio too.
    """

    names: list
    values: np.ndarray
    means: np.ndarray
    covariance: np.ndarray
    returns: np.ndarray | None
    days: list

    @property
    def total(self):
        """Value of the portfolio, money."""
        return float(self.values.sum())

    @property
    def gross(self):
        """Sum of the positions' values without their signs, money: the total of a portfolio without short positions."""
        return float(np.abs(self.values).sum())

    @property
    def losses(self):
        """Losses that the past's days would have brought to today's portfolio, money, shape (n,)."""
        return -self.gross * self.returns

    @property
    def mean(self):
        """Expected profit of a day, money."""
        return float(self.values @ self.means)

    @property
    def sd(self):
        """Standard deviation of a day's profit, money."""
        variance = float(self.values @ self.covariance @ self.values)
        alone = float(np.abs(self.values) @ np.sqrt(np.diag(self.covariance)))
        # Positions that cancel out leave rounding, of either sign.
        return float(np.sqrt(variance)) if variance > 1e-14 * alone**2 else 0.0

    def simulate(self, rng, count, days):
        """Return losses over `days` in `count` scenarios: log returns normal, positions valued anew."""
        spread, vectors = np.linalg.eigh(self.covariance * days)
        root = vectors * np.sqrt(np.maximum(spread, 0))
        drift = (self.means - 0.5 * np.diag(self.covariance)) * days
        normal = rng.standard_normal((count, len(self.values)))
        return -(np.expm1(normal @ root.T + drift) @ self.values)


def read(inputs):
    """Return the portfolio of `inputs`.

    Raises:
        ValueError: naming every cell that does not fit.
    """
    rows = inputs["positions"]
    names = _distinct([row.get("name") or f"Position {i + 1}" for i, row in enumerate(rows)])
    values = np.array([row["value"] for row in rows], float)
    problems = []
    if not np.any(values):
        problems.append("inputs.positions.value: every value is 0. Give at least one other value.")
    if inputs["source"] == "stated":
        means, covariance = _stated(inputs, rows, problems)
        returns, days = None, []
    else:
        table, days = _history(inputs, len(rows), problems)
        _raise(problems)
        window = table[-inputs["window"] :]
        means = window.mean(axis=0) if inputs["with_mean"] else np.zeros(len(rows))
        covariance = np.atleast_2d(np.cov(window, rowvar=False)) if len(window) > 1 else np.outer(window[0], window[0])
        still = window.std(axis=0) <= NOISE * np.abs(window).max(axis=0)
        if len(window) > 1:
            covariance[still, :] = covariance[:, still] = 0.0
        returns = table @ (values / np.abs(values).sum())
    _raise(problems)
    return Portfolio(names, values, means, covariance, returns, days)


def _distinct(names):
    """Return the names, a repeated one with its number: a chart would put its bars on top of each other."""
    return [f"{name} ({names[: i + 1].count(name)})" if names.count(name) > 1 else name for i, name in enumerate(names)]


def _stated(inputs, rows, problems):
    for i, row in enumerate(rows):
        if row.get("volatility") is None:
            problems.append(f"inputs.positions[{i}].volatility: the cell is empty. Give % a day, or use a history.")
    sds = np.array([row.get("volatility") or 0.0 for row in rows], float) / 100
    means = np.array([row.get("mean") or 0.0 for row in rows], float) / 100
    k, matrix = len(rows), inputs["correlations"]
    if matrix:
        given = [[row.get(c) for c in COLUMNS[:k]] for row in matrix]
        spare = [(i, c) for i, row in enumerate(matrix) for c in COLUMNS[k:] if row.get(c) is not None]
        if spare:
            i, column = spare[0]
            problems.append(
                f"inputs.correlations[{i}].{column}: there is no position for it. Add one, or clear the column."
            )
        if len(given) != k or any(v is None for row in given for v in row):
            problems.append(f"inputs.correlations: {k} positions need {k} rows with columns a1 to a{k}. Fill them.")
            return means, np.diag(sds**2)
        correlation = np.array(given, float)
        if not np.allclose(correlation, correlation.T) or not np.allclose(np.diag(correlation), 1):
            problems.append("inputs.correlations: it is not symmetric with 1 in its diagonal. Correct it.")
    else:
        correlation = np.full((k, k), inputs["correlation"])
        np.fill_diagonal(correlation, 1.0)
    if not problems and np.linalg.eigvalsh(correlation)[0] < -ROUNDED:
        where = "correlations" if matrix else "correlation"
        problems.append(f"inputs.{where}: no {k} quantities can have these correlations. Bring them nearer to 0.")
    return means, correlation * np.outer(sds, sds)


def _history(inputs, k, problems):
    rows = inputs["prices"]
    used = COLUMNS[:k]
    spare = [c for c in COLUMNS[k:] if any(row.get(c) is not None for row in rows)]
    if spare:
        problems.append(f"inputs.prices.{spare[0]}: there is no position for it. Add one, or clear the column.")
    table = np.array([[np.nan if row.get(c) is None else row[c] for c in used] for row in rows], float)
    kind = inputs["quantity"]
    bad = np.isnan(table) | ((table <= 0) if kind == "prices" else (table <= -100))
    if kind == "prices" and np.sum(table < 0) > 1:
        problems.append("inputs.quantity: the history holds values below 0, which no price is. Choose returns.")
    for i, j in np.argwhere(bad):
        found = "the cell is empty" if np.isnan(table[i, j]) else f"{table[i, j]:g} is too low"
        need = "a price above 0" if kind == "prices" else "a return above -100 %"
        problems.append(f"inputs.prices[{i}].{used[j]}: {found}. Give {need}.")
    rows_needed, median = LOOKS_LIKE_PRICES
    if kind == "returns" and len(table) >= rows_needed and not np.any(bad):
        problems += [
            f"inputs.quantity: the returns in column {used[j]} are all above 0, and half of them above "
            f"{np.median(table[:, j]):,.4g} % a day, as prices would be. Choose prices, or give returns in %."
            for j in np.flatnonzero((table > 0).all(axis=0) & (np.median(table, axis=0) >= median))
        ]
    days = _days(rows, problems)
    if kind == "returns":
        return table / 100, days
    if len(table) < 3:
        problems.append("inputs.prices: it has fewer than 3 rows. Give more prices, or give returns.")
    if problems:
        return table, days
    return table[1:] / table[:-1] - 1, days[1:]


def _days(rows, problems):
    """Return the rows' dates in ISO form, or their numbers where not every row has one.

    Dates are compared as dates, so that it does not matter in which form each was written.
    """
    given = [row.get("date") for row in rows]
    if any(not day for day in given):
        return [str(i + 1) for i in range(len(rows))]
    dates = [date.fromisoformat(str(day)) for day in given]
    for i, (before, after) in enumerate(pairwise(dates), start=1):
        if after <= before:
            problems.append(f"inputs.prices[{i}].date: {after} comes after {before}. Put the oldest day first.")
    return [day.isoformat() for day in dates]


def _raise(problems):
    if problems:
        more = len(problems) - SHOWN
        raise ValueError("\n".join(problems[:SHOWN]) + (f"\nand {more} more." if more > 0 else ""))
