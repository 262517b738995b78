"""The distribution of a portfolio's value at a horizon, simulated with correlated geometric Brownian motions.

Chosen: exact lognormal steps, antithetic paths or Sobol's points, every figure beside its standard error or its exact
value. Left out: fees, taxes, withdrawals, fat tails: see the market risk model for losses over days.
"""

import math
import time

import holdings
import measures
import numpy as np
import paths
from scipy.special import ndtri

# Seconds of one core, measured on 2 to 3 GHz: for an asset, a step and a path by sampling, for a step and a path, and
# for Sobol's points of an asset and a path, with the share that grows with the number of assets.
STEP = {"antithetic": 7e-9, "plain": 12.5e-9, "sobol": 15e-9}
PATH, POINT, MIXING = 8e-9, 45e-9, 6e-11
MOST = 20  # seconds of one core that a run may take: a third of the usual time limit, for machines that are busy
BETWEEN = 0.5  # seconds from one partial result to the next
LISTED = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975, 0.99, 0.995)
ROUNDING = 1e-5  # relative, of values in single precision, with room
FAR = 5  # standard errors between simulated and exact mean beyond which chance is no explanation


def run(inputs):
    """Yield progress and the distribution of the portfolio's value for `inputs` (keys as in manifest.json).

    Raises:
        ValueError: the holdings do not fit together, or the run would take too long.
    """
    held = holdings.read(inputs)
    years, start = inputs["years"], inputs["initial"]
    steps = max(1, round(years * inputs["steps_per_year"]))
    rebalanced = inputs["strategy"] == "rebalance"
    simulation = paths.Simulation(
        held,
        years=years,
        steps=steps,
        paths=int(inputs["paths"]),
        sampling=inputs["sampling"],
        rebalanced=rebalanced,
        seed=int(inputs["seed"]),
    )
    seconds = estimated_seconds(len(held.names), steps, simulation.paths, inputs["sampling"])
    if seconds > MOST:
        fewer = int(inputs["paths"] * MOST / seconds) // 1000 * 1000
        raise ValueError(
            f"inputs.paths: {len(held.names)} assets, {steps} steps and {simulation.paths:,} paths would take about "
            f"{seconds:,.0f} seconds of one core, and a run may take {MOST}. Take {max(fewer, 1000):,} paths or fewer, "
            "longer steps, or antithetic sampling."
        )
    reported = time.monotonic()
    for share in simulation.blocks():
        if time.monotonic() - reported > BETWEEN and share < 1:
            reported = time.monotonic()
            yield {"progress": 0.95 * share, "message": f"{share:.0%} of {simulation.paths:,} paths simulated"}
    yield result(inputs, held, simulation, start, rebalanced=rebalanced)


def estimated_seconds(assets, steps, paths, sampling):
    """Return how long a run takes, seconds of one core; the rules in manifest.json keep below `MOST`."""
    seconds = paths * steps * (assets * STEP[sampling] + PATH)
    if sampling == "sobol":
        seconds += paths * assets * (POINT + assets * MIXING)
    return seconds


def result(inputs, held, simulation, start, *, rebalanced):
    """Return summary, tables and charts of a finished simulation."""
    years, confidence, count = inputs["years"], inputs["confidence"] / 100, simulation.paths
    final = simulation.values[-1].astype(np.float64)
    error = measures.mean_error(final, inputs["sampling"], paths.REPLICATES)
    ordered = np.sort(final)
    quantiles, means = measures.fan(simulation.values)
    var, var_error, es, es_error, in_tail = measures.tail(ordered, confidence)
    exact_mean, exact_sd = holdings.moments(held, years, simulation.steps, rebalanced=rebalanced)
    mean, sd = float(final.mean()), float(final.std(ddof=1))
    summary = {
        "Mean value": start * mean,
        "Standard error of the mean": start * error,
        "Exact mean value": start * exact_mean,
        "Median value": start * float(np.median(ordered)),
        "Standard deviation": start * sd,
        "Exact standard deviation": start * exact_sd,
        "Value at risk": start * var,
        "Standard error of value at risk": start * var_error,
        "Expected shortfall": start * es,
        "Probability of a loss": float(np.searchsorted(ordered, 1 - ROUNDING / 10) / count),
        "Mean maximum drawdown": float(simulation.drawdown.mean(dtype=np.float64)),
        "Paths": count,
    }
    reach = float(ndtri((1 + confidence) / 2))
    if inputs["normal_quantile"] == "printed":
        reach = round(reach, 2)
    warnings = []
    if es_error is not None:
        summary["Standard error of expected shortfall"] = start * es_error
    risky = exact_sd > ROUNDING * exact_mean
    if in_tail < 20 and risky:
        warnings.append(
            f"Only {in_tail} of {count:,} paths lie beyond the value at risk: it and the expected shortfall are rough. "
            "Take more paths or a lower confidence."
        )
    if abs(mean - exact_mean) > max(FAR * error, ROUNDING * exact_mean):
        warnings.append(
            f"The simulated mean lies more than {FAR} of its standard errors from the exact one: the few paths that "
            "carry it were not drawn. Go by the exact mean and deviation, or lower volatility or horizon."
        )
    elif risky and sd < exact_sd / 2:
        warnings.append(
            f"The simulated standard deviation is {sd / exact_sd:.1%} of the exact one: it rests on paths so rare that "
            "hardly any was drawn. Go by the exact deviation, or lower volatility or horizon."
        )
    # Without risk, or with values that are 0 in single precision, there is no deviation of their logarithms.
    if risky and ordered[0] > 0:
        yearly = float(np.log(ordered).std(ddof=1)) / math.sqrt(years)
        summary["Sharpe ratio"] = (math.log(mean) / years - inputs["risk_free"] / 100) / yearly
    picked = np.interp([p * (count - 1) for p in LISTED], np.arange(count), ordered)
    return {
        "progress": 1.0,
        "summary": summary,
        "table": [
            {"percentile": 100 * p, "value": start * float(v), "gain": float(v) - 1}
            for p, v in zip(LISTED, picked, strict=True)
        ],
        "tables": {
            "Assets in closed form": closed_form(held, years, start, reach),
            "Fan": [
                {
                    "years": float(t),
                    "mean": start * float(m),
                    **{f"p{100 * p:g}": start * float(v) for p, v in zip(measures.QUANTILES, row, strict=True)},
                }
                for t, m, row in zip(simulation.times, means, quantiles.T, strict=True)
            ],
        },
        "charts": charts(simulation.times, start * quantiles, start * means, start * ordered, start, var, es),
        "notes": NOTES[inputs["strategy"]],
        "warnings": warnings,
    }


def closed_form(held, years, start, reach):
    """Return, for each asset, mean, deviation and two-sided interval of the initial value put into it alone.

    The interval reaches `reach` standard deviations to either side of the mean logarithm. ln S(T) is normal with mean
    ln S(0) + (μ - σ²/2) T and variance σ² T.

    Source: Hull, Options, Futures, and Other Derivatives, 10th ed., section 15.1, equations 15.3 to 15.5.
    """
    reach *= math.sqrt(years)
    found = []
    for name, weight, mu, sigma in zip(held.names, held.weights, held.mu, held.sigma, strict=True):
        middle, mean = (mu - sigma**2 / 2) * years, start * math.exp(mu * years)
        found.append(
            {
                "asset": name,
                "weight": float(weight),
                "mean": mean,
                "sd": mean * math.sqrt(math.expm1(sigma**2 * years)),
                "lower": start * math.exp(middle - sigma * reach),
                "upper": start * math.exp(middle + sigma * reach),
            }
        )
    return found


def charts(times, quantiles, means, ordered, start, var, es):
    """Return the fan over time and the histogram at the horizon, with value at risk and shortfall marked."""
    low, lower, middle, upper, high = (line.tolist() for line in quantiles)
    edges, counts = measures.histogram(ordered)
    return [
        {
            "kind": "fan",
            "title": "Value over time",
            "x_label": "Time (years)",
            "y_label": "Portfolio value (currency)",
            "data": {
                "x": times.tolist(),
                "bands": [{"level": 90, "lower": low, "upper": high}, {"level": 50, "lower": lower, "upper": upper}],
                "median": middle,
                "mean": means.tolist(),
            },
        },
        {
            "kind": "histogram",
            "title": "Value at the horizon, highest 0.5 % left out",
            "x_label": "Portfolio value (currency)",
            "y_label": "Paths (count)",
            "data": {
                "edges": edges.tolist(),
                "counts": counts.tolist(),
                "markers": [
                    {"label": "Initial value less VaR", "x": start * (1 - var)},
                    {"label": "Initial value less ES", "x": start * (1 - es)},
                    {"label": "Mean", "x": float(ordered.mean())},
                ],
            },
        },
    ]


NOTES = {
    "hold": "Bought once and held: the weights drift with the prices. Losses count from the initial value, over the "
    "whole horizon.",
    "rebalance": "The weights are restored at every step, without cost. Losses count from the initial value, over the "
    "whole horizon.",
}
