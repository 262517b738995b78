"""The charts of a forecast: fans of rates and indices, cohort effects, heat maps and life expectancy.

Chosen: pure functions from figures to the charts of a result.
Left out: the figures themselves.
"""

import numpy as np

LEVELS = (1, 2.5, 5, 10, 25, 50, 75, 90, 95, 97.5, 99)
BANDS = ((95, 2.5, 97.5), (80, 10, 90), (50, 25, 75))  # level in percent and its ends, the widest first


def forecast_charts(age, forecast, observed, shown, ahead, spread, walked, period):
    """Return the charts of a forecast.

    Args:
        age: of interest.
        forecast: the Forecast.
        observed: rates of the data, shape (ages, years).
        shown: central rates ahead, shape (ages, horizon).
        ahead: calendar years forecast, shape (horizon,).
        spread: {title: quantiles of the rate at the age, shape (levels, horizon)}, with and without parameter risk.
        walked: quantiles of the period indices, shape (levels, k, horizon).
        period: period life expectancy by year, {"fit": (years,), "ahead": (horizon,)}.
    """
    fit, grid = forecast.fit, forecast.grid
    rate = "Probability of death" if fit.structure.link == "logit" else "Central death rate"
    index, horizon = age - grid.ages[0], len(ahead)
    years = [*grid.years.tolist(), *ahead.tolist()]
    found = [
        {
            "kind": "fan",
            "title": f"{rate} at age {age}{more}",
            "x_label": "Year",
            "y_label": f"{rate} (per year)",
            "data": _fan(grid.years, ahead, observed[index], quantiles, shown[index]),
        }
        for more, quantiles in spread.items()
    ]
    found += [
        {
            "kind": "fan",
            "title": f"Period index {name}",
            "x_label": "Year",
            "y_label": f"{name}(t)",
            "data": _fan(grid.years, ahead, fit.parameters.kt[i], walked[:, i], None),
        }
        for i, name in enumerate(fit.names)
    ]
    if fit.structure.cohort:
        known = np.isfinite(fit.parameters.gc)
        found.append(
            {
                "kind": "line",
                "title": "Cohort effect",
                "x_label": "Year of birth",
                "y_label": "c(t - x)",
                "data": {
                    "x": fit.parameters.cohorts[known].tolist(),
                    "series": [{"name": "Fitted", "y": fit.parameters.gc[known].tolist()}],
                },
            }
        )
    return [
        *found,
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
            "unit": "residual of log rate" if fit.key == "lc_svd" else "deviance residual",
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
                    {"name": "Forecast", "y": [None] * len(grid.years) + period["ahead"].tolist()},
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
