"""Distribution of outstanding claims: over-dispersed Poisson bootstrap and closed form, and two models beside them.

Chosen: four methods on the same table, each with the errors its paper gives; percentiles of the total are read off the
sorted resamples. Left out: tail factors, discounting, inflation; the chain ladder with Mack's errors is its own model.
"""

import time

import clark
import munich
import numpy as np
import odp
import results
import triangles

BETWEEN = 0.5  # seconds from one partial result to the next


def run(inputs):
    """Yield progress and the result for `inputs` (keys as in manifest.json).

    Raises:
        ValueError: naming the cells that do not fit, or why the method has no answer.
    """
    method, incremental = inputs["method"], inputs["amounts"] == "incremental"
    if method == "munich":
        paid = triangles.read(inputs["paid"], incremental=incremental, where="paid")
        yield _munich(paid, triangles.read(inputs["incurred"], incremental=incremental, where="incurred"), inputs)
        return
    if inputs["data"] == "own":
        triangle = triangles.read(inputs["triangle"], incremental=incremental)
    else:
        triangle = triangles.read(triangles.bundled(inputs["data"]))
    if method == "clark":
        yield _clark(triangle, inputs)
    elif method == "analytic":
        yield _analytic(triangle)
    else:
        yield from _bootstrap(triangle, inputs)


def _bootstrap(triangle, inputs):
    """Yield progress and the bootstrap's distribution."""
    fit, raw, freedom, phi = odp.residuals(triangle)
    drawn = odp.pool(triangle, raw, freedom, keep_zero=inputs["zero_residuals"] == "keep")
    if not len(drawn):
        raise ValueError("inputs.triangle: every residual is 0, there is nothing to draw. Keep the residuals of 0.")
    row, column = np.nonzero(~triangle.known)
    year = column - triangle.latest[row]  # calendar years from the last diagonal, from 1
    simulations = int(inputs["simulations"])
    by_origin = np.zeros((len(triangle.origins), simulations))
    by_year = np.zeros((int(year.max()), simulations))
    told, before = time.monotonic(), 0
    for done, paid in odp.bootstrap(
        triangle, fit, drawn, phi, simulations=simulations, process=inputs["process"], seed=int(inputs["seed"])
    ):
        np.add.at(by_origin[:, before:done], row, paid)
        np.add.at(by_year[:, before:done], year - 1, paid)
        before = done
        if time.monotonic() - told > BETWEEN and done < simulations:
            told, sofar = time.monotonic(), by_origin[:, :done].sum(axis=0)
            yield {
                "progress": 0.95 * done / simulations,
                "message": f"{done:,} of {simulations:,} resamples",
                "summary": {"Mean reserve": float(sofar.mean()), "Standard deviation": float(sofar.std())},
            }
    warnings = []
    if np.any(fit < 0):
        warnings.append(
            "Some fitted increments are below 0: their draws are mirrored, which the model only tolerates. "
            "Look at the triangle's late development years."
        )
    yield results.bootstrap(triangle, fit, raw, phi, by_origin, by_year, warnings)


def _analytic(triangle):
    """Return reserves with their standard errors of prediction in closed form."""
    fit, raw, freedom, phi = odp.residuals(triangle)
    errors, total = odp.prediction_errors(triangle, fit, phi)
    reserves = np.where(triangle.known, 0, fit).sum(axis=1)
    return results.analytic(triangle, reserves, errors, total, phi, freedom, raw)


def _munich(paid, incurred, inputs):
    """Return both developed triangles."""
    full_paid, full_incurred, slopes, points = munich.develop(paid, incurred, rule=inputs["sigma_rule"])
    return results.munich(paid, incurred, full_paid, full_incurred, slopes, points)


def _clark(triangle, inputs):
    """Return the fitted growth curve and its reserves."""
    premium = None
    if inputs["level"] == "cape_cod":
        fallback = inputs["premium_each"] or np.nan
        premium = np.where(np.isnan(triangle.premium), fallback, triangle.premium)
        if np.isnan(premium).any():
            named = ", ".join(o for o, p in zip(triangle.origins, premium, strict=True) if np.isnan(p))
            raise ValueError(
                f"inputs.triangle: origin {named} has no premium, which Cape Cod needs. "
                "Fill the column, give one premium for all, or let each year have its own level."
            )
    last = inputs["last_age"] or np.inf
    months = int(inputs["months"])
    found = clark.fit(triangle, curve=inputs["curve"], premium=premium, months=months, last_age=last)
    return results.clark(triangle, found, inputs["curve"], months, last)
