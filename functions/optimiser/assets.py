"""Assets as read from the inputs: means, covariance, bounds, market weights and views.

Chosen: everything in percent as typed, in decimals from here on; all problems are collected and raised at once.
"""

from dataclasses import dataclass

import numpy as np

COLUMNS = tuple(f"a{i}" for i in range(1, 13))
SHOWN = 8  # problems named in one message
WITHOUT_MEANS = ("min_variance", "equal_risk", "equal_weights")  # portfolios that look at the covariance alone
ROUNDING = 1e-9  # of a weight or a correlation


@dataclass(frozen=True)
class Assets:
    """Means and weights in decimals, shape (n,); picks (k, n), view returns and stated deviations (k,).

    `means` are None where they were left empty and the portfolio looked for needs none.
    """

    names: list
    means: np.ndarray | None
    covariance: np.ndarray
    market: np.ndarray
    low: np.ndarray
    high: np.ndarray
    picks: np.ndarray
    views: np.ndarray
    view_deviations: list


def read(inputs):
    """Return the assets of `inputs`.

    Raises:
        ValueError: naming every cell that does not fit.
    """
    rows, problems = inputs["assets"], []
    n = len(rows)
    names = [row.get("name") or f"Asset {i + 1}" for i, row in enumerate(rows)]
    stated = inputs["returns_from"] == "stated"
    blank = all(row.get("mean") is None for row in rows)
    free = stated and blank and inputs["objective"] in WITHOUT_MEANS
    for key, needed, why in (
        ("mean", stated and not free, "or take returns from the market"),
        ("market", not stated, "or state the expected returns"),
        ("volatility", inputs["matrix"] == "correlation", "or give covariances"),
    ):
        if needed:
            problems += [
                f"inputs.assets[{i}].{key}: the cell is empty. Give %, {why}."
                for i, row in enumerate(rows)
                if row.get(key) is None
            ]
    covariance = _covariance(inputs, rows, n, problems)
    low = np.array([-np.inf if row.get("low") is None else row["low"] / 100 for row in rows])
    high = np.array([np.inf if row.get("high") is None else row["high"] / 100 for row in rows])
    if inputs["long_only"]:
        low = np.maximum(low, 0.0)
        high = np.minimum(high, 1.0 - (low.sum() - low))
        # What the others leave may fall short of the lowest weight by a rounding.
        high = np.where(np.abs(high - low) < ROUNDING, low, high)
    problems += [
        f"inputs.assets[{i}].high: the highest weight is below the lowest. Correct one of them."
        for i in np.flatnonzero(high < low)
    ]
    if low.sum() > 1 + ROUNDING or high.sum() < 1 - ROUNDING:
        problems.append("inputs.assets: no weights between the bounds add up to 100 %. Widen them.")
    picks, views, view_deviations = _views([] if stated else inputs["views"], n, problems)
    if problems:
        more = len(problems) - SHOWN
        raise ValueError("\n".join(problems[:SHOWN]) + (f"\nand {more} more." if more > 0 else ""))

    def column(key):
        return np.array([row.get(key) or 0.0 for row in rows], float) / 100

    return Assets(
        names, None if free else column("mean"), covariance, column("market"), low, high, picks, views, view_deviations
    )


def _covariance(inputs, rows, n, problems):
    matrix, kind = inputs["correlations"], inputs["matrix"]
    if matrix:
        spare = [(i, c) for i, row in enumerate(matrix) for c in COLUMNS[n:] if row.get(c) is not None]
        if spare:
            i, column = spare[0]
            problems.append(f"inputs.correlations[{i}].{column}: there is no asset for it. Clear the column.")
            return np.eye(n)
        given = [[row.get(c) for c in COLUMNS[:n]] for row in matrix]
        if len(given) != n or any(v is None for row in given for v in row):
            problems.append(f"inputs.correlations: {n} assets need {n} rows with columns a1 to a{n}. Fill them.")
            return np.eye(n)
        given = np.array(given, float)
    elif kind == "covariance":
        problems.append("inputs.correlations: it is empty. Give the covariances, or correlations and volatilities.")
        return np.eye(n)
    else:
        given = np.full((n, n), inputs["correlation"])
        np.fill_diagonal(given, 1.0)
    if not np.allclose(given, given.T, rtol=0, atol=1e-9 * np.max(np.abs(given))):
        i, j = np.argwhere(~np.isclose(given, given.T))[0]
        problems.append(
            f"inputs.correlations[{i}].a{j + 1}: {given[i, j]:g} is not the {given[j, i]:g} of row {j + 1}. "
            "Give one value in both cells."
        )
        return np.eye(n)
    if kind == "correlation":
        if not np.allclose(np.diag(given), 1) or np.max(np.abs(given)) > 1 + ROUNDING:
            problems.append("inputs.correlations: correlations are from -1 to 1, with 1 in the diagonal. Correct them.")
        sds = np.array([row.get("volatility") or 0.0 for row in rows], float) / 100
        problems += [
            f"inputs.assets[{i}].volatility: it is 0. Leave the riskless asset out: it has its own input."
            for i, row in enumerate(rows)
            if row.get("volatility") == 0
        ]
        given = given * np.outer(sds, sds)
    spread = np.diag(given)
    if not problems and (np.any(spread <= 0) or _least_variance(given, spread) < 1e-8):
        where = "correlations" if matrix else "correlation"
        problems.append(
            f"inputs.{where}: some mix of these {n} assets would have no risk, or less than none. "
            "Bring the correlations nearer to 0."
        )
    return given


def _least_variance(covariance, spread):
    return np.linalg.eigvalsh(covariance / np.sqrt(np.outer(spread, spread)))[0]


def _views(rows, n, problems):
    picks = np.array([[row.get(c) or 0.0 for c in COLUMNS[:n]] for row in rows], float).reshape(len(rows), n) / 100
    for i, row in enumerate(rows):
        spare = [c for c in COLUMNS[n:] if row.get(c)]
        if spare:
            problems.append(f"inputs.views[{i}].{spare[0]}: there is no such asset. Clear it.")
        elif not np.any(picks[i]):
            problems.append(f"inputs.views[{i}]: it picks no asset. Give weights, such as 100 and -100.")
        if row.get("doubt") is not None and row["doubt"] <= 0:
            problems.append(f"inputs.views[{i}].doubt: {row['doubt']:g} is not above 0. Clear it for tau × variance.")
    view_deviations = [None if row.get("doubt") is None else row["doubt"] / 100 for row in rows]
    return picks, np.array([row["return"] for row in rows], float) / 100, view_deviations
