"""Forecast mortality from deaths and exposures: Lee-Carter and Cairns-Blake-Dowd with simulated futures.

Chosen: the fit's own criteria (deviance, AIC, BIC), and StMoMo's conventions, so that results can be set against
it.
Left out: cohort models and parameter uncertainty.
"""

import data
import fits
import forecasts
import numpy as np

LEVELS = (1, 2.5, 5, 10, 25, 50, 75, 90, 95, 97.5, 99)
BANDS = ((95, 2.5, 97.5), (80, 10, 90), (50, 25, 75))  # level in percent and its ends, the widest first


def run(inputs):
    """Return the fit, its forecast and life expectancies.

    Raises:
        ValueError: the data have gaps, or are too few for the model.
    """
    grid = data.read(inputs["data"], inputs["ages"], inputs["years"])
    model, age, horizon = inputs["model"], inputs["age"], inputs["horizon"]
    if not grid.ages[0] <= age <= grid.ages[-1]:
        raise ValueError(
            f"age: {age} is outside the ages fitted, {grid.ages[0]} to {grid.ages[-1]}. Give an age in that range."
        )
    clip = inputs["clip"] if model != "lc_svd" else 0
    weight = data.weights(grid, clip)
    if np.any(weight.sum(axis=0) < 2) or np.any(weight.sum(axis=1) < 2):
        raise ValueError(f"clip: without the outer {clip} cohorts an age or year is nearly empty. Clip fewer.")
    fit = fits.MODELS[model](grid, weight)
    walk = forecasts.random_walk(fit.periods)
    rng = np.random.default_rng(inputs["seed"])
    paths = walk.simulate(horizon, inputs["simulations"], rng, drift_uncertainty=inputs["drift_uncertainty"])
    index = age - grid.ages[0]
    spread = np.percentile(forecasts.at_age(model, fit, grid, index, paths), LEVELS, axis=0)
    longest = max(horizon, forecasts.LAST_AGE - age + 1)
    central = forecasts.rates(model, fit, grid, walk.central(longest))
    ahead = grid.years[-1] + np.arange(1, horizon + 1)
    observed = grid.deaths / (grid.exposure + (grid.deaths / 2 if model == "cbd" else 0))
    q = {
        "fit": forecasts.table_to_the_end(forecasts.probabilities(model, fit.rates), grid.ages[-1])[index:],
        "ahead": forecasts.table_to_the_end(forecasts.probabilities(model, central), grid.ages[-1])[index:],
    }
    period = {name: forecasts.period_life_expectancy(table) for name, table in q.items()}
    names = ["k1", "k2"] if model == "cbd" else ["k"]
    summary = {
        f"Period life expectancy at {age} in {grid.years[-1]}": float(period["fit"][-1]),
        f"Period life expectancy at {age} in {ahead[-1]}": float(period["ahead"][horizon - 1]),
        f"Cohort life expectancy at {age} in {ahead[0]}": forecasts.cohort_life_expectancy(q["ahead"]),
        **{f"Drift of {name} a year": float(d) for name, d in zip(names, walk.drift, strict=True)},
        **{
            f"Standard deviation of a step of {name}": float(np.sqrt(walk.covariance[i, i]))
            for i, name in enumerate(names)
        },
        **fit.measures,
    }
    walked = np.percentile(paths, LEVELS, axis=0)
    shown = central[:, :horizon]
    return {
        "summary": summary,
        "table": {"year": ahead.tolist(), "central": shown[index].tolist()}
        | {_column(level): row.tolist() for level, row in zip(LEVELS, spread, strict=True)}
        | {"life_expectancy": period["ahead"][:horizon].tolist()},
        "tables": {
            "Period indices": {"year": grid.years.tolist()}
            | {name: line.tolist() for name, line in zip(names, fit.periods, strict=True)},
            **({"Age parameters": _age_table(grid, fit)} if fit.by_age else {}),
            "Central forecast": {
                "age": np.repeat(grid.ages, horizon).tolist(),
                "year": np.tile(ahead, len(grid.ages)).tolist(),
                "rate": shown.ravel().tolist(),
                "q": forecasts.probabilities(model, shown).ravel().tolist(),
            },
        },
        "charts": _charts(inputs, grid, fit, names, observed, shown, ahead, spread, walked, period, horizon),
        "notes": _notes(model, grid, weight),
        "warnings": _doubts(model, shown),
    }


def _column(level):
    """Return the column of a quantile: p05, p97_5."""
    return f"p{level:02d}" if isinstance(level, int) else f"p{level:04.1f}".replace(".", "_")


def _age_table(grid, fit):
    return {"age": grid.ages.tolist(), **{name: line.tolist() for name, line in fit.by_age.items()}}


def _doubts(model, shown):
    if model != "cbd" and shown.max() > 2:
        return ["Some central death rates rise above 2 a year: the trend of so few data cannot be carried on."]
    return []


def _notes(model, grid, weight):
    kind = "probabilities of death q" if model == "cbd" else "central death rates m"
    return (
        f"Fitted to ages {grid.ages[0]} to {grid.ages[-1]} and years {grid.years[0]} to {grid.years[-1]}, "
        f"{int(weight.sum()):,} cells. Rates are {kind}. Beyond age {grid.ages[-1]} probabilities follow the trend "
        "of their logits up to age 120."
    )


def _charts(inputs, grid, fit, names, observed, shown, ahead, spread, walked, period, horizon):
    age = inputs["age"]
    rate = "Probability of death" if inputs["model"] == "cbd" else "Central death rate"
    index = age - grid.ages[0]
    years = [*grid.years.tolist(), *ahead.tolist()]
    charts = [
        {
            "kind": "fan",
            "title": f"{rate} at age {age}",
            "x_label": "Year",
            "y_label": f"{rate} (per year)",
            "data": _fan(grid.years, ahead, observed[index], spread, shown[index]),
        }
    ]
    for i, name in enumerate(names):
        charts.append(
            {
                "kind": "fan",
                "title": f"Period index {name}",
                "x_label": "Year",
                "y_label": f"{name}(t)",
                "data": _fan(grid.years, ahead, fit.periods[i], walked[:, i], None),
            }
        )
    return [
        *charts,
        {
            "kind": "heatmap",
            "title": "Log mortality, observed and forecast",
            "x_label": "Year",
            "y_label": "Age (years)",
            "unit": "log rate",
            "data": {
                "x": years,
                "y": grid.ages.tolist(),
                "z": _logs(np.concatenate((observed, shown), axis=1)),
            },
        },
        {
            "kind": "heatmap",
            "title": "Residuals",
            "x_label": "Year",
            "y_label": "Age (years)",
            "unit": "residual of log rate" if inputs["model"] == "lc_svd" else "deviance residual",
            "data": {"x": grid.years.tolist(), "y": grid.ages.tolist(), "z": fit.residuals.tolist()},
        },
        {
            "kind": "line",
            "title": f"Period life expectancy at {age}",
            "x_label": "Year",
            "y_label": "Remaining years",
            "data": {
                "x": years,
                "series": [
                    {"name": "Fitted", "y": [*period["fit"].tolist(), *[None] * horizon]},
                    {"name": "Forecast", "y": [None] * len(grid.years) + period["ahead"][:horizon].tolist()},
                ],
            },
        },
        {
            "kind": "line",
            "title": "Mortality by age",
            "x_label": "Age (years)",
            "y_label": f"{rate} (per year)",
            "y_scale": "log",
            "data": {
                "x": grid.ages.tolist(),
                "series": [
                    {"name": f"Observed {grid.years[0]}", "y": observed[:, 0].tolist()},
                    {"name": f"Observed {grid.years[-1]}", "y": observed[:, -1].tolist()},
                    {"name": f"Forecast {ahead[-1]}", "y": shown[:, -1].tolist()},
                ],
            },
        },
    ]


def _fan(years, ahead, past, spread, central):
    """Return a fan over past and future: in the past every band is the observed line."""
    middle = spread[LEVELS.index(50)]
    bands = [
        {
            "level": level,
            "lower": [*past.tolist(), *spread[LEVELS.index(low)].tolist()],
            "upper": [*past.tolist(), *spread[LEVELS.index(high)].tolist()],
        }
        for level, low, high in BANDS
    ]
    fan = {
        "x": [*years.tolist(), *ahead.tolist()],
        "bands": bands,
        "median": [*past.tolist(), *middle.tolist()],
    }
    return fan if central is None else fan | {"mean": [*past.tolist(), *central.tolist()]}


def _logs(values):
    """Return logarithms by row, None where a value is 0."""
    return [[float(np.log(v)) if v > 0 else None for v in row] for row in values]
