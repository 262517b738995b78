"""The fits recover what data were made of; forecasts follow the random walk; gaps in the data are named."""

import sys
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parents[2] / "functions" / "mortality_forecast"
OWN = ("data", "fits", "forecasts", "function")
RECOVERED = 1e-8  # data without noise give their own parameters back
AGES, YEARS = np.arange(60, 80), np.arange(1990, 2015)
DEFAULTS = {
    "ages": [0, 120], "years": [1500, 2200], "model": "lc_poisson", "clip": 0, "age": 65, "horizon": 10,
    "simulations": 2000, "drift_uncertainty": False, "seed": 1,
}  # fmt: skip


@pytest.fixture
def model(monkeypatch):
    """The model's modules, imported as a run imports them: its folder first on the path."""
    monkeypatch.syspath_prepend(str(FOLDER))
    for name in OWN:
        monkeypatch.delitem(sys.modules, name, raising=False)
    import function

    yield function
    for name in OWN:
        sys.modules.pop(name, None)


def lee_carter_world():
    ax = -4.5 + 0.1 * (AGES - 60)
    bx = np.linspace(1.5, 0.5, len(AGES))
    bx /= bx.sum()
    kt = 8 - 0.7 * np.arange(len(YEARS)) + np.sin(np.arange(len(YEARS)))
    return ax, bx, kt - kt.mean()


def rows(rates, exposure=1e5):
    return [
        {"age": int(a), "year": int(y), "deaths": float(rates[i, j] * exposure), "exposure": exposure}
        for i, a in enumerate(AGES)
        for j, y in enumerate(YEARS)
    ]


def lee_carter_rows():
    ax, bx, kt = lee_carter_world()
    return rows(np.exp(ax[:, None] + np.outer(bx, kt)))


def run(model, data=None, /, **inputs):
    return model.run(DEFAULTS | {"data": lee_carter_rows() if data is None else data} | inputs)


@pytest.mark.parametrize("fit", ["lc_poisson", "lc_svd"])
def test_lee_carter_gives_back_the_parameters_that_made_the_data(model, fit):
    ax, bx, kt = lee_carter_world()
    tables = run(model, model=fit)["tables"]
    assert tables["Age parameters"]["ax"] == pytest.approx(ax, abs=RECOVERED)
    assert tables["Age parameters"]["bx"] == pytest.approx(bx, abs=RECOVERED)
    assert tables["Period indices"]["k"] == pytest.approx(kt, abs=1e-6)


def test_cairns_blake_dowd_gives_back_the_parameters_that_made_the_data(model):
    k1, k2 = np.linspace(-3.5, -4, len(YEARS)), np.linspace(0.09, 0.11, len(YEARS))
    q = 1 / (1 + np.exp(-(k1 + (AGES - AGES.mean())[:, None] * k2)))
    exposure = 1e5 * (1 - q / 2)  # initial exposure is central exposure and half the deaths
    data = rows(q)
    for row, e in zip(data, exposure.ravel(), strict=True):
        row["exposure"] = float(e)
    found = run(model, data, model="cbd")["tables"]["Period indices"]
    assert found["k1"] == pytest.approx(k1, abs=RECOVERED)
    assert found["k2"] == pytest.approx(k2, abs=RECOVERED)


def test_at_the_poisson_maximum_fitted_deaths_meet_observed_ones_by_age_and_year(model):
    import data
    import fits

    rng = np.random.default_rng(3)
    noisy = lee_carter_rows()
    for row in noisy:
        row["deaths"] = float(rng.poisson(row["deaths"]))
    grid = data.read(noisy, [0, 120], [1500, 2200])
    fit = fits.lee_carter_poisson(grid, np.ones_like(grid.deaths))
    expected = fit.rates * grid.exposure
    assert expected.sum(axis=1) == pytest.approx(grid.deaths.sum(axis=1), rel=1e-6)
    weighted = fit.by_age["bx"] @ (grid.deaths - expected)
    assert np.abs(weighted).max() < 1e-3


def test_the_drift_is_the_mean_step_and_the_median_follows_it(model):
    _, _, kt = lee_carter_world()
    result = run(model, simulations=20_000)
    drift = (kt[-1] - kt[0]) / (len(kt) - 1)
    assert result["summary"]["Drift of k a year"] == pytest.approx(drift, rel=1e-6)
    assert result["table"]["p50"][-1] == pytest.approx(result["table"]["central"][-1], rel=0.01)


def test_uncertainty_of_the_drift_widens_the_fan(model):
    narrow, wide = (run(model, drift_uncertainty=flag)["table"] for flag in (False, True))
    assert wide["p95"][-1] - wide["p05"][-1] > narrow["p95"][-1] - narrow["p05"][-1]


def test_an_equal_seed_gives_an_equal_fan_and_another_seed_another(model):
    first, again, other = (run(model, seed=seed)["table"]["p95"] for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_a_cohort_outlives_the_period_table_where_mortality_improves(model):
    summary = run(model)["summary"]
    assert summary["Cohort life expectancy at 65 in 2015"] > summary["Period life expectancy at 65 in 2014"]


def test_missing_doubled_and_empty_cells_are_all_named(model):
    data = lee_carter_rows()
    data[3]["exposure"] = 0
    data.append(dict(data[10]))
    del data[40]
    with pytest.raises(ValueError, match=r"61 in 2005 is missing.*60 in 2000 stands twice.*60 in 1993 has no exp"):
        run(model, data)


def test_zeros_send_the_singular_values_to_the_poisson_fit(model):
    data = lee_carter_rows()
    data[7]["deaths"] = 0
    with pytest.raises(ValueError, match=r"nobody dies at age 60 in 1997\. Use the Poisson fit"):
        run(model, data, model="lc_svd")
    assert run(model, data)["summary"]["Deviance"] > 0
