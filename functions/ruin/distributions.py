"""Claims and waiting times that the inputs ask for.

Chosen: rates for all that have phases, as the literature on ruin and R's actuar have them.
"""

import general
import numpy as np
import phases

COLUMNS = ("r1", "r2", "r3", "r4", "r5")


def claims(inputs, problems):
    """Return the size of a claim, or None with what is wrong added to `problems`."""
    kind = inputs["claims"]
    if kind == "gamma":
        return general.gamma(inputs["claim_gamma_shape"], inputs["claim_rate"])
    if kind == "fixed":
        return general.fixed(inputs["claim_amount"])
    if kind == "lognormal":
        return general.lognormal(inputs["mu"], inputs["sigma"])
    if kind == "pareto":
        if inputs["alpha"] <= 1:
            problems.append(
                f"inputs.alpha: with {inputs['alpha']:g} the mean claim is infinite and ruin certain. Give more than 1."
            )
            return None
        return general.pareto(inputs["alpha"], inputs["theta"])
    return _with_phases("claim", kind, inputs, problems)


def gaps(inputs, problems):
    """Return the time between two claims, or None with what is wrong added to `problems`."""
    return _with_phases("arrival", inputs["arrivals"], inputs, problems)


def _with_phases(prefix, kind, inputs, problems):
    rate = inputs[f"{prefix}_rate"]
    if kind == "exponential":
        return phases.exponential(rate)
    if kind == "erlang":
        return phases.erlang(inputs[f"{prefix}_shape"], rate)
    if kind == "mixture":
        return _mixture(f"inputs.{prefix}_mixture", inputs[f"{prefix}_mixture"], problems)
    return _own(f"inputs.{prefix}_phases", inputs[f"{prefix}_phases"], problems)


def _mixture(where, rows, problems):
    weights = np.array([row["weight"] for row in rows], float)
    if not _sums_to_one(f"{where}: the weights", weights, problems):
        return None
    return phases.mixture(weights / weights.sum(), [row["rate"] for row in rows])


def _own(where, rows, problems):
    """Return the distribution of typed phases, whose rates stand in a square matrix."""
    number, before = len(rows), len(problems)
    start = np.array([row["start"] for row in rows], float)
    moves = np.array([[row.get(c) or 0.0 for c in COLUMNS] for row in rows], float)
    _sums_to_one(f"{where}: the probabilities of starting", start, problems)
    if moves[:, number:].any():
        problems.append(f"{where}: there are {number} phases, but a rate to a further one. Give a row for each phase.")
    moves = moves[:, :number]
    for i in range(number):
        if moves[i, i] >= 0:
            problems.append(
                f"{where}[{i}].{COLUMNS[i]}: {moves[i, i]:g} is not below 0. Give minus the rate of leaving the phase."
            )
        for j in np.flatnonzero(moves[i] < 0):
            if j != i:
                problems.append(f"{where}[{i}].{COLUMNS[j]}: {moves[i, j]:g} is below 0. Give a rate of 0 or more.")
        if moves[i].sum() > 1e-9 * abs(moves[i, i]):
            problems.append(f"{where}[{i}]: the rates sum to {moves[i].sum():g}, above 0. Make them sum to 0 or less.")
    if len(problems) > before:
        return None
    if np.linalg.cond(moves) > 1e12:
        problems.append(f"{where}: a phase is never left. Give it a rate of ending: rates that sum to less than 0.")
        return None
    return phases.PhaseType(start / start.sum(), moves)


def _sums_to_one(what, values, problems):
    good = abs(values.sum() - 1) <= 1e-6
    if not good:
        problems.append(f"{what} sum to {values.sum():.6f}. Make them sum to 1.")
    return good
