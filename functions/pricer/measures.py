"""What simulated values say, each figure with its standard error where sampling leaves one.

Left out: the choice of a benchmark; losses count from the initial value.
"""

import math

import numpy as np
from threads import in_threads

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
CELLS = 4096  # into which values are counted to find quantiles


def fan(values):
    """Return the quantiles of each row and its mean, shapes (5, rows) and (rows,)."""
    last = values.shape[1] - 1
    at = [p * last for p in QUANTILES]
    low = [math.floor(h) for h in at]
    high = [min(k + 1, last) for k in low]
    found, means = np.empty((len(at), len(values))), np.empty(len(values))

    def one(i):
        row = values[i]
        means[i] = row.mean(dtype=np.float64)
        ranked = dict(zip(wanted, at_ranks(row, wanted), strict=True))
        found[:, i] = [
            ranked[k] + (h - k) * (float(ranked[m]) - ranked[k]) for h, k, m in zip(at, low, high, strict=True)
        ]

    wanted = sorted({*low, *high})
    list(in_threads([(one, i) for i in range(len(values))]))
    return found, means


def at_ranks(row, ranks):
    """Return the values that sorting would put at `ranks` (ascending), exactly, in a sixth of the time.

    The values are counted by cells of equal width, and only the cells that hold a rank are sorted.
    """
    low, high = float(row.min()), float(row.max())
    if not 0 < high - low < math.inf:
        return np.sort(row)[ranks]
    cell = ((row - row.dtype.type(low)) * row.dtype.type((CELLS - 1) / (high - low))).astype(np.int32)
    upto = np.cumsum(np.bincount(cell))
    found, sorted_cell = [], -1
    for k in ranks:
        here = int(np.searchsorted(upto, k, side="right"))
        if here != sorted_cell:
            sorted_cell, inside = here, np.sort(row[cell == here])
        found.append(inside[k - int(upto[here])])
    return found


def mean_error(values, sampling, replicates):
    """Return the standard error of the mean of `values`, shape (paths,), in the order simulated.

    Antithetic pairs are averaged first; Sobol's points are judged by how much independent scramblings differ.

    Source: Glasserman (2004), Monte Carlo Methods in Financial Engineering, sections 4.2 and 5.4.
    """
    if sampling == "antithetic":
        half = len(values) // 2
        independent = (values[:half] + values[half:]) / 2
    elif sampling == "sobol":
        independent = values.reshape(replicates, -1).mean(axis=1)
    else:
        independent = values
    return float(independent.std(ddof=1) / math.sqrt(len(independent)))


def tail(ordered, confidence):
    """Return value at risk and expected shortfall of the values per unit invested, with standard errors.

    The quantile's error is half the width of its binomial interval of one standard deviation; the shortfall's is
    √((var of the tail + c (ES - VaR)²) / (N (1 - c))). Both take the values as independent, which antithetic pairs
    and Sobol's points are not: with them the true errors are about as large or smaller.

    Args:
        ordered: values in ascending order, shape (paths,).
        confidence: of the value at risk, from 0 to 1.

    Returns:
        var, its error, es, its error (None with fewer than two values in the tail), and the number of tail values.

    Source: Glasserman (2004), section 9.1; Manistre and Hancock (2005), Variance of the CTE Estimator, NAAJ 9(2).
    """
    n, p = len(ordered), 1 - confidence
    position = (n - 1) * p
    var = 1 - float(np.interp(position, np.arange(n), ordered))
    spread = math.sqrt(n * p * (1 - p))
    around = np.interp([position - spread, position + spread], np.arange(n), ordered)
    count = max(1, round(n * p))
    worst = 1 - ordered[:count]
    es = float(worst.mean())
    error = None
    if count > 1:
        error = math.sqrt((worst.var(ddof=1) + confidence * (es - var) ** 2) / count)
    return var, float(around[1] - around[0]) / 2, es, error, count


def histogram(ordered, bins=60):
    """Return edges, shape (bins + 1,), and counts, shape (bins,), without the highest 0.5 % of the values."""
    top = ordered[: max(1, math.ceil(0.995 * len(ordered)))]
    low, high = float(top[0]), float(top[-1])
    if high - low <= 1e-6 * abs(high):
        low, high = 0.99 * low, 1.01 * high
    counts, edges = np.histogram(top, bins, (low, high))
    return edges, counts
