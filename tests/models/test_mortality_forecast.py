"""The fits recover what data were made of; forecasts follow the random walk; gaps in the data are named."""

import numpy as np
import pytest
from scipy.linalg import toeplitz
from scipy.optimize import minimize

from tests.models.calling import Model, merged

RECOVERED = 1e-8  # data without noise give their own parameters back
PEER = 1e-6  # relative: two programs at one maximum of a likelihood
AGES, YEARS = np.arange(60, 80), np.arange(1990, 2015)
SETTINGS = {"age": 65, "horizon": 10, "simulations": 2000, "drift_uncertainty": False}


@pytest.fixture(scope="module")
def model():
    return Model("mortality_forecast")


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


def noisy_rows(exposure=1e5, seed=3):
    rng = np.random.default_rng(seed)
    ax, bx, kt = lee_carter_world()
    found = rows(np.exp(ax[:, None] + np.outer(bx, kt)), exposure)
    for row in found:
        row["deaths"] = float(rng.poisson(row["deaths"]))
    return found


def noisy_grid(model, **kind):
    return model.data.read(noisy_rows(**kind), [0, 120], [1500, 2200])


def run(model, data=None, /, **inputs):
    given = SETTINGS | {"data": lee_carter_rows() if data is None else data} | inputs
    return merged(list(model.function.run(model.manifest.defaults | given)))


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
    grid = noisy_grid(model)
    fit = model.fits.fit("lc_poisson", grid, np.ones_like(grid.deaths))
    expected = fit.rates * grid.exposure
    assert expected.sum(axis=1) == pytest.approx(grid.deaths.sum(axis=1), rel=1e-6)
    weighted = fit.parameters.bx[0] @ (grid.deaths - expected)
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
    with pytest.raises(ValueError, match=r"(?s)61 in 2005 is missing.*60 in 2000 is duplicated.*60 in 1993 has no exp"):
        run(model, data)


def test_zeros_send_the_singular_values_to_the_poisson_fit(model):
    data = lee_carter_rows()
    data[7]["deaths"] = 0
    with pytest.raises(ValueError, match=r"nobody dies at age 60 in 1997\. Use the Poisson fit"):
        run(model, data, model="lc_svd")
    assert run(model, data)["summary"]["Deviance"] > 0


# --- Age-period-cohort models ---


def peer_deviance(grid, weight, terms, *, static, link):
    """Fit the same linear predictor by iterated least squares on dummies, and return its deviance."""
    x, t = np.meshgrid(grid.ages, grid.years, indexing="ij")
    used = weight.ravel() > 0
    u = (x - grid.ages.mean()).ravel()
    shapes = {"one": np.ones_like(u), "age": u, "square": u**2}
    columns = [(x.ravel() == age).astype(float) for age in grid.ages] if static else []
    columns += [(t.ravel() == year) * shapes[term] for term in terms for year in grid.years]
    columns += [((t - x).ravel() == c).astype(float) for c in np.unique((t - x).ravel()[used])]
    design = np.column_stack(columns)[used]
    deaths, exposure = grid.deaths.ravel()[used], grid.exposure.ravel()[used]
    number = exposure if link == "log" else exposure + deaths / 2
    observed = deaths / number
    fitted = (deaths + 0.5) / (number + 1)
    for _ in range(30):
        slope = fitted if link == "log" else fitted * (1 - fitted)
        eta = np.log(fitted if link == "log" else fitted / (1 - fitted))
        root = np.sqrt(number * slope)
        found = np.linalg.lstsq(design * root[:, None], root * (eta + (observed - fitted) / slope), rcond=1e-11)[0]
        fitted = np.exp(design @ found)
        fitted = fitted if link == "log" else fitted / (1 + fitted)
    parts = observed * np.log(observed / fitted)
    parts += fitted - observed if link == "log" else (1 - observed) * np.log((1 - observed) / (1 - fitted))
    return 2 * float(number @ parts)


@pytest.mark.parametrize(
    ("key", "terms", "static"),
    [
        ("apc_poisson", ("one",), True),
        ("apc_logit", ("one",), True),
        ("plat_poisson", ("one", "age"), True),
        ("plat_logit", ("one", "age"), True),
        ("m7", ("one", "age", "square"), False),
    ],
)
def test_models_that_are_linear_reach_the_maximum_of_a_generalised_linear_model(model, key, terms, static):
    grid = noisy_grid(model)
    weight = model.data.weights(grid, 3)
    fit = model.fits.fit(key, grid, weight)
    peer = peer_deviance(grid, weight, terms, static=static, link=fit.structure.link)
    assert fit.measures["Deviance"] == pytest.approx(peer, rel=PEER)
    assert fit.doubts == []


@pytest.mark.parametrize(("key", "degree"), [("rh_poisson", 0), ("apc_logit", 1), ("plat_poisson", 2), ("m7", 2)])
def test_cohort_effects_keep_to_their_constraints(model, key, degree):
    """Villegas et al. (2018), section 2.2: sums of the effects, times powers of the year of birth, are 0."""
    grid = noisy_grid(model)
    p = model.fits.fit(key, grid, model.data.weights(grid, 2)).parameters
    known = np.isfinite(p.gc)
    c = p.cohorts[known] - p.cohorts.mean()
    assert [float(p.gc[known] @ c**i) for i in range(degree + 1)] == pytest.approx([0] * (degree + 1), abs=1e-6)
    if key != "m7":
        assert p.kt.sum(axis=1) == pytest.approx(np.zeros(len(p.kt)), abs=1e-6)
    assert known.sum() == len(p.cohorts) - 4


def test_constraints_leave_every_fitted_rate_as_it_is(model):
    grid = noisy_grid(model)
    weight = np.ones_like(grid.deaths)
    for key in ("apc_poisson", "rh_logit", "plat_logit", "m7", "lc_logit"):
        fit = model.fits.fit(key, grid, weight)
        again = model.fits._constrained(fit.structure, grid, fit.parameters)
        moved = model.fits.predictor(again, grid.ages, grid.years)
        assert moved == pytest.approx(model.fits.predictor(fit.parameters, grid.ages, grid.years), abs=1e-9)


@pytest.mark.parametrize("key", ["lc_logit", "rh_logit"])
def test_at_the_binomial_maximum_fitted_deaths_meet_observed_ones_by_age_and_year(model, key):
    grid = noisy_grid(model)
    fit = model.fits.fit(key, grid, np.ones_like(grid.deaths), level=True)
    expected = fit.rates * (grid.exposure + grid.deaths / 2)
    assert expected.sum(axis=1) == pytest.approx(grid.deaths.sum(axis=1), rel=1e-5)
    assert (fit.parameters.bx[0] @ (grid.deaths - expected)) == pytest.approx(np.zeros(len(grid.years)), abs=0.5)


def test_renshaw_haberman_gives_back_rates_that_have_a_cohort_effect(model):
    ax, bx, kt = lee_carter_world()
    born = YEARS[None, :] - AGES[:, None]
    rates = np.exp(ax[:, None] + np.outer(bx, kt) + 0.1 * np.sin((born - 1910) / 5))
    grid = model.data.read(rows(rates), [0, 120], [1500, 2200])
    fit = model.fits.fit("rh_poisson", grid, np.ones_like(rates))
    assert fit.rates == pytest.approx(rates, rel=1e-6)


def test_parameters_are_counted_as_in_the_literature(model):
    """JSS 84(3), Table 2, for 35 ages, 51 years and the 79 cohorts left by 3 at each end: LC 119, CBD 102."""
    grid = model.data.Grid(np.arange(55, 90), np.arange(1961, 2012), np.ones((35, 51)), np.ones((35, 51)))
    weight = model.data.weights(grid, 3)
    count = {k: model.fits.parameters_of(s, grid, weight) for k, s in model.fits.MODELS.items()}
    assert (count["lc_logit"], count["cbd"]) == (119, 102)
    assert count["apc_logit"] == 35 + 51 + 79 - 3
    assert count["rh_logit"] == 35 + 35 + 51 + 79 - 3
    assert count["plat_logit"] == 35 + 2 * 51 + 79 - 5
    assert count["m7"] == 3 * 51 + 79 - 3
    assert model.fits.parameters_of(model.fits.structure_of("rh_logit", level=True), grid, weight) == 196


def test_a_fit_that_does_not_settle_says_so_and_settles_without_a_trend_of_cohorts(model):
    """The default data have no cohort effect: trends by year and by year of birth are then hard to tell apart."""
    free = model.run(model="rh_poisson", clip=3, simulations=100)
    held = model.run(model="rh_poisson", clip=3, simulations=100, level_cohorts=True)
    assert any("had not settled" in w and "free of a trend" in w for w in free["warnings"])
    assert held["warnings"] == []
    effects = held["tables"]["Cohort effects"]
    assert np.polyfit(effects["born"], effects["effect"], 1)[0] == pytest.approx(0, abs=1e-9)


def test_models_stand_side_by_side_with_the_fitted_ones_own_figures(model):
    wanted = list(model.fits.MODELS)
    result = run(model, noisy_rows(), compare=wanted, clip=2, level_cohorts=True)
    table = {row["model"]: row for row in result["tables"]["Models side by side"]}
    assert len(table) == len(wanted)
    own = table["Lee-Carter, Poisson"]
    for key, label in (("aic", "AIC"), ("bic", "BIC"), ("deviance", "Deviance"), ("parameters", "Parameters")):
        assert own[key] == pytest.approx(result["summary"][label])
    nested = [table[f"{name}, Poisson"]["deviance"] for name in ("Renshaw-Haberman", "Lee-Carter")]
    assert nested[0] < nested[1]


def test_a_model_that_cannot_be_fitted_is_left_out_of_the_comparison_with_its_reason(model):
    data = lee_carter_rows()
    data[7]["deaths"] = 0
    result = run(model, data, compare=["lc_svd", "cbd"])
    assert [row["model"] for row in result["tables"]["Models side by side"]] == ["Cairns-Blake-Dowd"]
    assert any("singular values is left out" in w and "60 in 1997" in w for w in result["warnings"])


# --- Years, cohorts to come and bootstrap ---


def test_years_asked_for_are_answered_inside_and_beyond_the_data(model):
    ax, bx, kt = lee_carter_world()
    table = run(model, report=[{"year": 2000}, {"year": 2040}])["tables"]["Years asked for"]
    found = dict(zip(zip(table["age"], table["year"], strict=True), table["rate"], strict=True))
    drift = (kt[-1] - kt[0]) / (len(kt) - 1)
    assert found[65, 2000] == pytest.approx(np.exp(ax[5] + bx[5] * kt[10]), rel=1e-7)
    assert found[65, 2040] == pytest.approx(np.exp(ax[5] + bx[5] * (kt[-1] + 26 * drift)), rel=1e-6)
    assert table["observed"][0] is not None
    assert table["observed"][-1] is None


def test_life_expectancy_by_age_is_that_of_each_ages_own_sum(model):
    q = np.linspace(0.01, 1, 30)[:, None] ** 1.5
    by_age = model.forecasts.life_expectancy_by_age(q)
    for start in (0, 7, 28, 29):
        assert by_age[start] == pytest.approx(model.forecasts.period_life_expectancy(q[start:]))


def test_years_before_the_data_or_too_far_beyond_are_refused_by_row(model):
    with pytest.raises(ValueError, match=r"inputs\.report\[1\]\.year: 1980 is outside 1990 to 2164"):
        run(model, report=[{"year": 2000}, {"year": 1980}])


def dense_likelihood(series, weights, mean):
    """Return log likelihood, its variance at its best, from the covariance matrix of the whole stationary series."""
    response = [1.0]
    for _ in range(600):
        response.append(sum(w * response[-i - 1] for i, w in enumerate(weights) if i < len(response)))
    response = np.array(response)
    covariance = toeplitz([response[: len(response) - lag] @ response[lag:] for lag in range(len(series))])
    off = series - mean
    variance = off @ np.linalg.solve(covariance, off) / len(series)
    return -0.5 * (len(series) * np.log(variance) + np.linalg.slogdet(covariance)[1])


@pytest.mark.parametrize("process", ["ar1_changes", "ar2_levels"])
def test_the_process_of_cohorts_to_come_is_at_the_maximum_of_the_exact_likelihood(model, process):
    rng = np.random.default_rng(5)
    effects = np.zeros(60)
    for i in range(2, 60):
        effects[i] = 0.6 * effects[i - 1] + 0.2 * effects[i - 2] + 0.02 * rng.standard_normal()
    found = model.cohorts.fitted(np.concatenate(([np.nan], effects, [np.nan])), process)
    series = np.diff(effects) if found.changes else effects
    start = np.append(found.weights, found.mean)
    peer = minimize(lambda p: -dense_likelihood(series, p[:-1], p[-1]), start, method="Nelder-Mead", tol=1e-10)
    assert peer.x == pytest.approx(start, abs=1e-4)


def test_cohorts_to_come_return_to_the_mean_of_an_autoregression(model):
    """x(h) - mean = phi (x(h - 1) - mean), summed over the changes."""
    process = model.cohorts.CohortProcess(np.array([0.0, 1.0, 3.0]), True, 0.5, np.array([0.4]), 1.0)
    first, second = 0.5 + 0.4 * 1.5, 0.5 + 0.4**2 * 1.5
    assert process.ahead(2) == pytest.approx([3 + first, 3 + first + second])


def test_simulated_cohorts_scatter_around_their_central_forecast(model):
    effects = np.cumsum(np.random.default_rng(1).standard_normal(50)) / 50
    process = model.cohorts.fitted(effects, "ar1_changes")
    paths = process.ahead(10, np.random.default_rng(2).standard_normal((40_000, 10)))
    error = paths[:, -1].std() / 200
    assert paths[:, -1].mean() == pytest.approx(process.ahead(10)[-1], abs=4 * error)


def test_a_cohort_seen_already_keeps_its_effect_in_the_forecast(model):
    """Those of 70 in 2020 were born in 1950, which the data hold: no process has a part in their effect."""
    data = noisy_rows()
    q = [
        run(model, data, model="apc_poisson", clip=1, report=[{"year": 2020}], cohort_process=process)["tables"]
        for process in ("walk", "ar2_levels")
    ]
    at = {age: [t["Years asked for"]["rate"][age - 60] for t in q] for age in (70, 60)}
    assert at[70][0] == at[70][1]
    assert at[60][0] != at[60][1]


def test_bootstrap_intervals_shrink_with_the_root_of_the_exposure(model):
    """Poisson deaths: a hundred times the lives give a tenth of the width."""
    widths = []
    for exposure in (1e4, 1e6):
        found = run(model, noisy_rows(exposure), bootstrap=100, simulations=100, horizon=2)["tables"]
        table = found["Bootstrap of parameters"]
        width = np.array(table["upper"]) - np.array(table["lower"])
        widths.append(width[[name == "ax" for name in table["parameter"]]].mean())
    assert widths[0] / widths[1] == pytest.approx(10, rel=0.2)


@pytest.mark.parametrize("around", ["observed", "fitted"])
@pytest.mark.parametrize("key", ["lc_poisson", "apc_logit"])
def test_uncertain_parameters_widen_the_fan_and_their_intervals_hold_the_estimates(model, key, around):
    result = run(model, noisy_rows(3e3), model=key, clip=2, bootstrap=60, bootstrap_around=around)
    plain, wide = result["table"], result["tables"]["Forecast with uncertain parameters"]
    assert wide["p97_5"][0] - wide["p02_5"][0] > plain["p97_5"][0] - plain["p02_5"][0]
    figures = result["tables"]["Bootstrap of figures"]
    assert all(
        low <= value <= high
        for value, low, high in zip(figures["estimate"], figures["lower"], figures["upper"], strict=True)
    )


# --- Doubts and refusals ---


def test_more_parameters_than_cells_are_refused(model):
    data = [row for row in lee_carter_rows() if row["age"] < 63 and row["year"] < 1994]
    with pytest.raises(ValueError, match=r"inputs\.model: M7 has 15 parameters for 12 cells"):
        run(model, data, model="m7", age=60)


def test_a_cohort_without_deaths_is_named(model):
    data = lee_carter_rows()
    data[19 * 25]["deaths"] = 0  # age 79 in 1990: the only cell of those born in 1911
    with pytest.raises(ValueError, match=r"inputs\.clip: nobody born in 1911 dies"):
        run(model, data, model="apc_poisson")
    assert run(model, data, model="apc_poisson", clip=1)["summary"]


def test_more_deaths_than_lives_are_warned_of(model):
    data = lee_carter_rows()
    data[3]["deaths"] = 3 * data[3]["exposure"]
    assert any("cut to 1" in w for w in run(model, data, model="lc_logit")["warnings"])


def test_every_line_of_a_refusal_names_an_input(model):
    data = lee_carter_rows()
    del data[40:43]
    with pytest.raises(ValueError, match="is missing") as refused:
        run(model, data)
    assert [line[:12] for line in str(refused.value).splitlines()] == ["inputs.data:"] * 3


def test_resamples_too_few_for_the_level_are_warned_of_and_one_alone_is_refused(model):
    found = run(model, noisy_rows(), bootstrap=10, simulations=100, bootstrap_level=95)
    assert any("10 resamples are too few for intervals of 95 %" in w for w in found["warnings"])
    assert run(model, noisy_rows(), bootstrap=10, simulations=100, bootstrap_level=80)["warnings"] == []
    with pytest.raises(ValueError, match=r"inputs\.bootstrap: 1 resample gives no interval"):
        run(model, bootstrap=1)


def test_a_bootstrap_that_would_outlast_the_time_limit_is_refused_before_it_starts(model):
    big = rows(np.full((len(AGES), len(YEARS)), 0.01))
    grid = model.data.Grid(np.arange(100), np.arange(200), np.ones((100, 200)), np.ones((100, 200)))
    assert model.function._too_much({"bootstrap": 1000, "model": "lc_poisson"}, grid) == []
    found = model.function._too_much({"bootstrap": 1000, "model": "rh_logit"}, grid)
    assert [line.startswith("inputs.bootstrap: 1000 resamples of 20,000 cells take too long") for line in found] == [
        True
    ]
    assert "at most 100" in found[0]
    assert run(model, big, model="apc_poisson", bootstrap=2, simulations=100, bootstrap_level=50)["tables"]


def test_resamples_of_no_use_are_counted_with_their_reason(model):
    """Some resamples have no death in the youngest cohort, of which one is expected."""
    data = noisy_rows()
    data[24]["deaths"] = 1.0  # age 60 in 2014
    found = run(model, data, model="apc_poisson", bootstrap=60, simulations=100, bootstrap_level=80)
    assert any("of 60 resamples are left out" in w and "born in 1954" in w for w in found["warnings"])
