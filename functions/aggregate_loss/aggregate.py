"""The total of a year's claims on the grid that the inputs ask for, or simulated claim by claim.

Chosen: the methods are those of the shared library; here they are told what was typed.
Left out: dependence between claims, and between their number and size.
"""

import numpy as np

from actuarial import compound
from actuarial.severities import Capped, Discrete, discretised, discretised_mean

PANJER_POINTS = 2**13
MOST_CLAIMS = 100_000_000
BLOCK_CLAIMS = 1_000_000

METHODS = {"fft": compound.by_fft, "panjer": compound.by_panjer, "convolution": compound.by_convolution}


def on_grid(count, severity, inputs):
    """Return the total on a grid and its step.

    Raises:
        ValueError: the method does not suit the inputs, or the range is no multiple of the step.
    """
    try:
        return _on_grid(count, severity, inputs)
    except compound.CompoundError as error:
        raise ValueError(f"inputs.method: {error}") from None


def _on_grid(count, severity, inputs):
    method, wanted = METHODS[inputs["method"]], 2 ** inputs["points_log2"]
    length = min(wanted, PANJER_POINTS) if inputs["method"] == "panjer" else wanted
    if isinstance(severity, Discrete):
        if count.pmf is not None:
            length = min(length, (len(count.pmf) - 1) * (len(severity.pmf) - 1) + 1)
        # Claims beyond the grid stand on the point after its last one: totals with one of them lie beyond too.
        pmf = severity.pmf if len(severity.pmf) <= length else _folded(severity.pmf, length + 1)
        return compound.on_steps(method(count, pmf, length), severity.step, count.mean * severity.mean), severity.step
    if inputs["grid"] == "given":
        step = inputs["step"]
        points, severity = _given_range(inputs, severity, step, length)
    else:
        step, points = compound.automatic_step(count, severity, length), length
    pmf = discretised(severity, step, points, inputs["discretisation"])
    mean = count.mean * discretised_mean(severity, pmf, step)
    return compound.on_steps(method(count, pmf, length), step, mean), step


def _given_range(inputs, severity, step, length):
    """Return how many steps a claim's grid has, and the severity, capped where an end was given for it."""
    end = inputs["claim_range"]
    if not end:
        return length, severity
    points = round(end / step)
    if points < 1 or abs(points * step - end) > 1e-9 * end:
        raise ValueError(
            f"inputs.claim_range: {end:g} is not a multiple of the step {step:g}. Give a multiple, or 0 for no end."
        )
    return points, Capped(severity, 0.0, end)


def simulated_years(count, severity, number, rng):
    """Simulate `number` years in blocks that fit a cache, claim by claim.

    Yields:
        (years in the block, year of each claim within it, size of each claim).

    Raises:
        ValueError: there would be more claims than the time allows.
    """
    if number * count.mean > MOST_CLAIMS:
        raise ValueError(
            f"inputs.simulations: {number:,} years of {count.mean:,.0f} claims are more than {MOST_CLAIMS:,} claims. "
            "Simulate fewer years or use FFT."
        )
    block = max(int(BLOCK_CLAIMS / max(count.mean, 1)), 1)
    for start in range(0, number, block):
        years = min(block, number - start)
        year = np.repeat(np.arange(years), count.draw(years, rng))
        yield years, year, severity.draw(len(year), rng)


def _folded(pmf, length):
    return np.append(pmf[: length - 1], pmf[length - 1 :].sum())
