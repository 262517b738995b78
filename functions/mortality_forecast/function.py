"""Forecast mortality from deaths and exposures: age-period-cohort models with simulated futures.

Chosen: the fit's own criteria (deviance, AIC, BIC), and StMoMo's conventions, so that results can be set against
it.
Left out: models of several populations, and smoothing by age.
"""

from dataclasses import dataclass

import bootstrap
import charts
import data
import fits
import forecasts
import numpy as np
from charts import LEVELS

FARTHEST = 150  # years beyond the data that may be asked for
DOUBTFUL = 50  # years beyond the data from which on a warning stands beside them
# A refit takes some 5 microseconds a cell, with Renshaw-Haberman, whose steps are many and short, up to 70: these keep
# a bootstrap within the model's time limit on one core.
RESAMPLED_CELLS = 20_000_000
RENSHAW_HABERMAN = 10
RESAMPLES_A_REPORT = 20  # resamples between two reports of progress


@dataclass(frozen=True)
class Study:
    """What all parts of one run share: the data, what is fitted, and the age of interest by its row."""

    inputs: dict
    grid: data.Grid
    weight: np.ndarray
    ahead: np.ndarray
    longest: int

    @property
    def index(self):
        """Row of the age of interest."""
        return self.inputs["age"] - self.grid.ages[0]


def run(inputs):
    """Yield progress of a bootstrap, then the fit, its forecast and life expectancies.

    Raises:
        ValueError: the data have gaps, or are too few for the model.
    """
    study = _study(inputs)
    grid, weight, age, horizon = study.grid, study.weight, inputs["age"], inputs["horizon"]
    fit = fits.fit(inputs["model"], grid, weight, level=inputs["level_cohorts"])
    forecast = forecasts.carried_on(fit, grid, inputs["cohort_process"])
    walk, link = forecast.walk, fit.structure.link
    rng = np.random.default_rng(inputs["seed"])
    paths = walk.simulate(horizon, inputs["simulations"], rng, drift_uncertainty=inputs["drift_uncertainty"])
    spread = np.percentile(forecast.at_age(study.index, paths, rng), LEVELS, axis=0)
    central = forecast.central(study.longest)
    shown = central[:, :horizon]
    observed = grid.deaths / (grid.exposure + (grid.deaths / 2 if link == "logit" else 0))
    tables_of_q = _tables_of_q(study, fit, central)
    period = {name: forecasts.period_life_expectancy(q[study.index :]) for name, q in tables_of_q.items()}
    cohort_life = forecasts.cohort_life_expectancy(tables_of_q["ahead"][study.index :])
    summary = {
        f"Period life expectancy at {age} in {grid.years[-1]}": float(period["fit"][-1]),
        f"Period life expectancy at {age} in {study.ahead[-1]}": float(period["ahead"][horizon - 1]),
        f"Cohort life expectancy at {age} in {study.ahead[0]}": cohort_life,
        **{f"Drift of {name} a year": float(d) for name, d in zip(fit.names, walk.drift, strict=True)},
        **{
            f"Standard deviation of a step of {name}": float(np.sqrt(walk.covariance[i, i]))
            for i, name in enumerate(fit.names)
        },
        **fit.measures,
    }
    table = {"year": study.ahead.tolist(), "central": shown[study.index].tolist()}
    table |= _quantile_columns(spread) | {"life_expectancy": period["ahead"][:horizon].tolist()}
    tables = _parameter_tables(forecast)
    tables["Central forecast"] = {
        "age": np.repeat(grid.ages, horizon).tolist(),
        "year": np.tile(study.ahead, len(grid.ages)).tolist(),
        "rate": shown.ravel().tolist(),
        "q": forecasts.probabilities(link, shown).ravel().tolist(),
    }
    warnings = _doubts(study, fit, shown)
    if inputs["report"]:
        tables["Years asked for"] = _years_asked_for(study, fit, central, observed, tables_of_q)
        if max(row["year"] for row in inputs["report"]) > grid.years[-1] + DOUBTFUL:
            warnings.append(f"Years more than {DOUBTFUL} beyond the data are asked for: a trend seldom holds so long.")
    if inputs["compare"]:
        tables["Models side by side"], more = _side_by_side(study, fit)
        warnings += more
    fans = {"": spread}
    if inputs["bootstrap"] and fit.key != "lc_svd":
        refits = []
        resamples = bootstrap.refitted(grid, weight, fit, inputs["bootstrap_around"], inputs["bootstrap"], rng)
        for done, refit in enumerate(resamples, 1):
            refits.append(refit)
            if done % RESAMPLES_A_REPORT == 0:
                yield {"progress": done / (inputs["bootstrap"] + 1), "message": f"{done} resamples fitted"}
        found, fans[", with uncertain parameters"], more = _uncertain(study, fit, refits, rng, summary)
        tables |= found
        warnings += more
    walked = np.percentile(paths, LEVELS, axis=0)
    of_life = {"fit": period["fit"], "ahead": period["ahead"][:horizon]}
    yield {
        "summary": summary,
        "table": table,
        "tables": tables,
        "charts": charts.forecast_charts(age, forecast, observed, shown, study.ahead, fans, walked, of_life),
        "notes": _notes(study, fit),
        "warnings": warnings,
    }


def _study(inputs):
    """Return the data, weights and years of this run.

    Raises:
        ValueError: age, years or model do not fit the data.
    """
    grid = data.read(inputs["data"], inputs["ages"], inputs["years"])
    model, age = inputs["model"], inputs["age"]
    problems = _too_much(inputs, grid)
    if not grid.ages[0] <= age <= grid.ages[-1]:
        problems.append(
            f"inputs.age: {age} is outside the ages fitted, {grid.ages[0]} to {grid.ages[-1]}. Give an age in that "
            "range."
        )
    first, last = grid.years[0], grid.years[-1] + FARTHEST
    problems += [
        f"inputs.report[{i}].year: {row['year']} is outside {first} to {last}. Give a year of the data or up to "
        f"{FARTHEST} years after it."
        for i, row in enumerate(inputs["report"])
        if not first <= row["year"] <= last
    ]
    clip = inputs["clip"] if model != "lc_svd" else 0
    weight = data.weights(grid, clip)
    needed = max(2, len(fits.MODELS[model].terms))
    if np.any(weight.sum(axis=0) < needed) or np.any(weight.sum(axis=1) < 2):
        where = f"inputs.clip: without the outer {clip} cohorts" if clip else "inputs.data: here"
        problems.append(f"{where} an age or year is nearly empty. {'Clip fewer' if clip else 'Use more ages'}.")
    if problems:
        raise ValueError("\n".join(problems))
    beyond = max((row["year"] - grid.years[-1] for row in inputs["report"]), default=0)
    longest = max(inputs["horizon"], forecasts.LAST_AGE - age + 1, int(beyond))
    return Study(inputs, grid, weight, grid.years[-1] + np.arange(1, inputs["horizon"] + 1), longest)


def _too_much(inputs, grid):
    """Return what is wrong with the number of resamples: too few for an interval, or too many for the time limit."""
    number, model = inputs["bootstrap"], inputs["model"]
    if number == 0 or model == "lc_svd":
        return []
    if number == 1:
        return ["inputs.bootstrap: 1 resample gives no interval. Give 0 for none, or some hundred."]
    most = RESAMPLED_CELLS // grid.deaths.size // (RENSHAW_HABERMAN if model.startswith("rh_") else 1)
    if number > most:
        found = f"{number} resamples of {grid.deaths.size:,} cells take too long with {fits.MODELS[model].name}"
        return [f"inputs.bootstrap: {found}. Give at most {most}, or use fewer ages or years."]
    return []


def _tables_of_q(study, fit, central):
    """Return one-year probabilities of death up to age 120, in the years fitted and ahead."""
    link, last = fit.structure.link, study.grid.ages[-1]
    return {
        "fit": forecasts.table_to_the_end(forecasts.probabilities(link, fit.rates), last),
        "ahead": forecasts.table_to_the_end(forecasts.probabilities(link, central), last),
    }


def _quantile_columns(spread):
    return {_column(level): row.tolist() for level, row in zip(LEVELS, spread, strict=True)}


def _column(level):
    """Return the column of a quantile: p05, p97_5."""
    return f"p{level:02d}" if isinstance(level, int) else f"p{level:04.1f}".replace(".", "_")


def _parameter_tables(forecast):
    """Return the tables of the fitted parameters and of the random walk."""
    fit, grid, walk = forecast.fit, forecast.grid, forecast.walk
    p = fit.parameters
    tables = {
        "Period indices": {"year": grid.years.tolist()}
        | {name: line.tolist() for name, line in zip(fit.names, p.kt, strict=True)}
    }
    if fit.structure.static:
        tables["Age parameters"] = {"age": grid.ages.tolist(), "ax": p.ax.tolist()}
        if fit.structure.terms == ("free",):
            tables["Age parameters"]["bx"] = p.bx[0].tolist()
    if fit.structure.cohort:
        known = np.isfinite(p.gc)
        tables["Cohort effects"] = {"born": p.cohorts[known].tolist(), "effect": p.gc[known].tolist()}
    tables["Random walk"] = {
        "index": fit.names,
        "drift": walk.drift.tolist(),
        "drift_error": np.sqrt(np.diag(walk.covariance) / walk.steps).tolist(),
        "step_variance": np.diag(walk.covariance).tolist(),
        **{f"covariance_{name}": walk.covariance[:, i].tolist() for i, name in enumerate(fit.names)},
    }
    return tables


def _years_asked_for(study, fit, central, observed, tables_of_q):
    """Return rates, probabilities and life expectancies at all ages in each year asked for, as columns."""
    grid, link = study.grid, fit.structure.link
    of_life = {name: forecasts.life_expectancy_by_age(q) for name, q in tables_of_q.items()}
    columns = {"year": [], "age": [], "observed": [], "rate": [], "q": [], "life_expectancy": []}
    for year in dict.fromkeys(row["year"] for row in study.inputs["report"]):
        inside = year <= grid.years[-1]
        at = year - grid.years[0] if inside else year - grid.years[-1] - 1
        rate = (fit.rates if inside else central)[:, at]
        n = len(grid.ages)
        columns["year"] += [int(year)] * n
        columns["age"] += grid.ages.tolist()
        columns["observed"] += observed[:, at].tolist() if inside else [None] * n
        columns["rate"] += rate.tolist()
        columns["q"] += forecasts.probabilities(link, rate).tolist()
        columns["life_expectancy"] += of_life["fit" if inside else "ahead"][:n, at].tolist()
    return columns


def _side_by_side(study, fit):
    """Return one row for each model compared, and warnings on those that cannot be fitted or have not settled."""
    rows, warnings = [], []
    for key in study.inputs["compare"]:
        structure = fits.MODELS[key]
        deaths = {"log": "Poisson", "logit": "Binomial"}[structure.link] if key != "lc_svd" else "None"
        row = {"model": structure.name, "likelihood": deaths, "cohort": "yes" if structure.cohort else "no"}
        try:
            other = (
                fit if key == fit.key else fits.fit(key, study.grid, study.weight, level=study.inputs["level_cohorts"])
            )
        except ValueError as error:
            warnings.append(f"{structure.name} is left out of the comparison: {str(error).partition(': ')[2]}")
            continue
        warnings += other.doubts if other is not fit else []
        measures = other.measures
        drift = forecasts.random_walk(other.parameters.kt).drift
        rows.append(
            row
            | {
                "parameters": measures.get("Parameters"),
                "deviance": measures.get("Deviance"),
                "log_likelihood": measures.get("Log-likelihood"),
                "aic": measures.get("AIC"),
                "bic": measures.get("BIC"),
                "explained": measures.get("Variance explained"),
                "drift": float(drift[0]),
            }
        )
    return rows, warnings


def _uncertain(study, fit, refits, rng, summary):
    """Return tables of intervals, the rate's quantiles with uncertain parameters, and warnings.

    Each resample carries its own parameters, drift and paths, so that all three uncertainties are in the quantiles.
    """
    inputs, level = study.inputs, study.inputs["bootstrap_level"]
    settled = [refit for refit in refits if not isinstance(refit, str)]
    reasons = [refit for refit in refits if isinstance(refit, str)]
    if len(settled) < 2:
        raise ValueError(
            f"inputs.bootstrap: fewer than 2 of {len(refits)} resamples are of use ({reasons[0]}). Use more ages, "
            "years or exposure, or a model with fewer parameters."
        )
    warnings = []
    if reasons:
        warnings.append(
            f"{len(reasons)} of {len(refits)} resamples are left out of the intervals, which are too narrow without "
            f"them: {reasons[0]}."
        )
    if len(settled) * (100 - level) / 200 < 1:
        warnings.append(
            f"{len(settled)} resamples are too few for intervals of {level:g} %: their ends are the lowest and the "
            "highest resample. Take more resamples or a lower level."
        )
    per = -(-inputs["simulations"] // len(settled))
    rates, lives, drifts = [], [], []
    for refit in settled:
        forecast = forecasts.carried_on(refit, study.grid, inputs["cohort_process"])
        paths = forecast.walk.simulate(inputs["horizon"], per, rng, drift_uncertainty=inputs["drift_uncertainty"])
        rates.append(forecast.at_age(study.index, paths, rng))
        tables_of_q = _tables_of_q(study, refit, forecast.central(study.longest))
        period = {name: forecasts.period_life_expectancy(q[study.index :]) for name, q in tables_of_q.items()}
        cohort = forecasts.cohort_life_expectancy(tables_of_q["ahead"][study.index :])
        lives.append((period["fit"][-1], period["ahead"][inputs["horizon"] - 1], cohort))
        drifts.append(forecast.walk.drift)
    ends = [50 - level / 2, 50 + level / 2]
    labels = [*list(summary)[:3], *(f"Drift of {name} a year" for name in fit.names)]
    low, high = np.percentile(np.hstack((lives, drifts)), ends, axis=0)
    quantiles = np.percentile(np.concatenate(rates), LEVELS, axis=0)
    return (
        {
            "Bootstrap of figures": {
                "figure": labels,
                "estimate": [summary[label] for label in labels],
                "lower": low.tolist(),
                "upper": high.tolist(),
            },
            "Bootstrap of parameters": bootstrap.intervals(fit, settled, study.grid, level),
            "Forecast with uncertain parameters": {"year": study.ahead.tolist()} | _quantile_columns(quantiles),
        },
        quantiles,
        warnings,
    )


def _doubts(study, fit, shown):
    found = list(fit.doubts)
    if fit.structure.link == "log" and shown.max() > 2:
        found.append("Some central death rates rise above 2 a year: the trend of so few data cannot be carried on.")
    if fit.structure.link == "logit" and np.any(study.grid.deaths > study.grid.exposure + study.grid.deaths / 2):
        found.append("In some cells more die than were exposed at the year's start: their probability is cut to 1.")
    return found


def _notes(study, fit):
    grid = study.grid
    kind = "probabilities of death q" if fit.structure.link == "logit" else "central death rates m"
    found = (
        f"{fit.structure.name}, fitted to ages {grid.ages[0]} to {grid.ages[-1]} and years {grid.years[0]} to "
        f"{grid.years[-1]}, {int(study.weight.sum()):,} cells. Rates are {kind}. Beyond age {grid.ages[-1]} "
        "probabilities follow the trend of their logits up to age 120."
    )
    if study.inputs["compare"]:
        found += (
            " AIC and BIC are comparable between models of one likelihood and the same cells; lower is better. The "
            "singular values use all cells and have no likelihood."
        )
    return found
