"""The total by four methods against published values, each other and closed forms."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import ndtr
from scipy.stats import gamma

from tests.models.calling import Model

EXACT = 1e-9
SIMULATION = 4.0  # standard errors


@pytest.fixture(scope="module")
def model():
    return Model("aggregate_loss")


def run(model, **inputs):
    return model.run(**inputs)


DENTAL = {"frequency": "own", "severity": "own", "unit": 25, "layers": []}


@pytest.mark.parametrize("method", ["fft", "convolution"])
def test_the_group_dental_example_is_reproduced(model, method):
    """Loss Models sums probabilities rounded (halves up) to five decimals."""
    found = run(model, **DENTAL, method=method)["tables"]["Distribution"]
    printed = np.cumsum(np.floor(1e5 * np.array(found["probability"]) + 0.5 + EXACT)) / 1e5
    assert printed[:5] == pytest.approx([0.05, 0.065, 0.08838, 0.12306, 0.15564], abs=EXACT)
    assert found["cdf"][-1] == pytest.approx(1, abs=EXACT)


@pytest.mark.parametrize(
    "count",
    [
        {"frequency": "poisson", "lam": 3.5},
        {"frequency": "negative_binomial", "r": 2, "p": 0.4},
        {"frequency": "binomial", "risks": 12, "claim_probability": 0.3},
    ],
)
def test_panjer_and_the_fourier_transform_agree(model, count):
    given = count | {"severity": "own", "unit": 1, "layers": [], "points_log2": 10}
    fft, panjer = (run(model, **given, method=m)["tables"]["Distribution"]["probability"] for m in ("fft", "panjer"))
    assert fft[:100] == pytest.approx(panjer[:100], abs=1e-13)


def test_an_exponential_claim_a_year_has_its_own_tail(model):
    """With exactly one claim the total is the claim: VaR = -theta ln(1 - p), TVaR = VaR + theta."""
    one = [{"probability": 0}, {"probability": 1}]
    result = run(
        model, frequency="own", frequency_pmf=one, severity="gamma", shape=1, scale=500, levels=[{"level": 99}]
    )
    var = 500 * np.log(100)
    assert result["table"][0]["var"] == pytest.approx(var, rel=1e-3)
    assert result["table"][0]["tvar"] == pytest.approx(var + 500, rel=1e-3)
    assert result["table"][0]["largest"] == pytest.approx(var, rel=1e-6)


@pytest.mark.parametrize("method", ["fft", "panjer"])
@pytest.mark.parametrize("lam", [0.1, 8, 60])
def test_rounding_down_and_up_enclose_every_measure_of_the_total(model, method, lam):
    """Loss Models 9.6.5: lower <= true <= upper, here also with the mean-preserving total between them."""
    low, mid, high = (
        run(model, method=method, lam=lam, discretisation=d, points_log2=10, layers=[])
        for d in ("lower", "unbiased", "upper")
    )
    for i in range(len(mid["table"])):
        for column in ("var", "tvar", "shortfall"):
            assert low["table"][i][column] <= mid["table"][i][column] <= high["table"][i][column]
    for i in range(len(mid["tables"]["Stop loss"])):
        premiums = [r["tables"]["Stop loss"][i]["premium"] for r in (low, mid, high)]
        assert premiums == sorted(premiums)
        assert premiums[0] > 0
    assert low["table"][-1]["tvar"] < high["table"][-1]["tvar"]


@pytest.mark.parametrize("discretisation", ["lower", "rounding", "unbiased", "upper"])
@pytest.mark.parametrize("points", [8, 10, 16])
def test_tvar_is_never_below_var(model, discretisation, points):
    for row in run(model, discretisation=discretisation, points_log2=points, layers=[])["table"]:
        assert row["var"] <= row["shortfall"] <= row["tvar"] + 1e-9 * row["tvar"]


def test_tvar_by_the_recursion_agrees_with_a_simulation(model):
    """Public value: a simulation of the same defaults gives 705,902 at 99.5 %."""
    found = run(model, method="panjer", discretisation="unbiased", layers=[])["table"][-1]
    assert found["tvar"] == pytest.approx(705_902, rel=0.006)


def test_a_grid_that_moves_the_mean_warns(model):
    assert any("moves the mean" in w for w in run(model, discretisation="upper", points_log2=10)["warnings"])


def test_a_step_that_is_wide_for_its_measures_warns(model):
    assert any("is wide for a VaR" in w for w in run(model, grid="given", step=50_000, layers=[])["warnings"])


@pytest.mark.parametrize("limit", [2e7, 1e8, 1e10, None])
def test_an_annual_deductible_below_a_layer_without_a_real_limit_is_a_stop_loss_cover(model, limit):
    """A layer from 0 that no claim exhausts pays max(S - 50,000, 0)."""
    layer = {"attachment": 0, "limit": limit, "aad": 50_000, "reinstatements": None, "rate": None}
    result = run(model, layers=[layer], retentions=[{"retention": 50_000}], points_log2=18)
    premium = result["tables"]["Stop loss"][0]["premium"]
    assert result["tables"]["Layers"][0]["paid"] == pytest.approx(premium, rel=2e-4)
    assert not result["warnings"]


def test_a_small_deductible_below_a_far_limit_is_counted(model):
    """Pareto claims around 1, alpha 1.2, limit 1e10: E[min(S, 3)] by a grid of its own, against the stop-loss table."""
    layer = {"attachment": 0, "limit": 1e10, "aad": 3, "reinstatements": 1, "rate": 0}
    given = {"severity": "pareto", "alpha": 1.2, "theta": 1, "lam": 1, "layers": [layer]}
    row = run(model, **given)["tables"]["Layers"][0]
    plain = run(model, **given | {"layers": [layer | {"aad": 0}]})["tables"]["Layers"][0]
    fine = run(model, **given, grid="given", step=0.001, retentions=[{"retention": 3}])
    retained = fine["summary"]["Mean"] - fine["tables"]["Stop loss"][0]["premium"]
    assert plain["paid"] - row["paid"] == pytest.approx(retained, rel=0.005)


def test_a_layer_whose_grid_is_too_long_for_the_digits_of_a_number_says_how_far_it_is_known(model):
    """Pareto, alpha 1: E[payment] is about the integral of 1/x from 2e9 to 1e12, ln 500, and a little for sums."""
    layer = {"attachment": 0, "limit": 1e12, "aad": 2e9, "reinstatements": 1, "rate": 0}
    result = run(model, severity="pareto", alpha=1, theta=1, lam=1, layers=[layer])
    assert result["tables"]["Layers"][0]["paid"] == pytest.approx(np.log(500), rel=0.02)
    assert any("Layer 1e+12 xs 0: its payment is known to about 0.9% only" in w for w in result["warnings"])


def test_layers_of_single_amounts_are_exact(model):
    """One claim of 1, 2 or 3 a year, each with probability 1/3: of 2 xs 1 it leaves 0, 1, 2; less 1 that is 1/3."""
    result = run(
        model,
        frequency="own",
        frequency_pmf=[{"probability": 0}, {"probability": 1}],
        severity="own",
        severity_pmf=[{"probability": p} for p in (0, 0.25, 0.5, 0.25)],
        unit=1,
        layers=[{"attachment": 1, "limit": 2, "aad": 1, "reinstatements": 0, "rate": 0}],
    )
    assert result["tables"]["Layers"][0]["paid"] == pytest.approx(0.25, abs=EXACT)


def test_a_far_layer_keeps_its_digits(model):
    """Pareto, alpha 3: E[layer] = lambda theta/2 ((1+a/theta)^-2 - (1+(a+l)/theta)^-2); a difference would lose them."""
    a, width, theta = 1e9, 1e9, 10_000.0
    layer = {"attachment": a, "limit": width, "aad": 0, "reinstatements": None, "rate": None}
    found = run(model, severity="pareto", alpha=3, theta=theta, layers=[layer])["tables"]["Layers"][0]
    exact = 8 * theta / 2 * ((1 + a / theta) ** -2 - (1 + (a + width) / theta) ** -2)
    assert found["expected_loss"] == pytest.approx(exact, rel=1e-8)


@pytest.mark.parametrize("attachment", [2e4, 1e6, 1e8, 1e10])
def test_the_payment_of_a_rare_layer_is_its_expected_loss(model, attachment):
    """With reinstatements enough, Pareto claims, alpha 3: rounding must not pay more than the claims themselves."""
    layer = {"attachment": attachment, "limit": 1e6, "aad": 0, "reinstatements": 99, "rate": 0}
    given = {"severity": "pareto", "alpha": 3, "theta": 10_000, "layers": [layer]}
    row = run(model, **given)["tables"]["Layers"][0]
    assert row["paid"] == pytest.approx(row["expected_loss"], rel=1e-4)
    assert row["deviation"] > 0


@pytest.mark.parametrize("severity", ["lognormal", "gamma", "transformed_gamma", "paralogistic"])
def test_no_layer_pays_more_than_its_expected_loss(model, severity):
    layers = [
        {"attachment": a, "limit": 1e6, "aad": d, "reinstatements": 2, "rate": 0}
        for a in (1e3, 5e3, 2e4, 1e5)
        for d in (0, 1e3)
    ]
    rows = run(model, severity=severity, mu=7, sigma=1.2, scale=800, alpha=2.6, theta=1000, layers=layers)
    for row in rows["tables"]["Layers"]:
        assert 0 <= row["paid"] <= row["expected_loss"] * (1 + 1e-4)


def test_an_unlimited_layer_of_claims_without_mean_is_refused(model):
    with pytest.raises(ValueError, match=r"inputs\.layers\[0\]\.limit: it is empty, and the claims have no mean"):
        run(model, severity="pareto", alpha=0.9, layers=[{"attachment": 1000}])


def test_a_simulation_shows_no_mean_that_does_not_exist(model):
    result = run(model, severity="pareto", alpha=0.9, method="monte_carlo", simulations=2000)
    assert not {"Mean", "Simulated mean", "Standard error of the mean", "TVaR 99.5 %"} & set(result["summary"])
    assert all(row["tvar"] is None and row["shortfall"] is None for row in result["table"])
    assert result["tables"]["Stop loss"] == []


def test_a_simulated_mean_has_no_standard_error_where_the_variance_is_infinite(model):
    result = run(model, severity="pareto", alpha=1.5, method="monte_carlo", simulations=2000)
    assert "Simulated mean" in result["summary"]
    assert "Standard error of the mean" not in result["summary"]
    assert any("no standard error" in w for w in result["warnings"])


def test_a_level_with_few_simulated_years_beyond_it_warns(model):
    result = run(model, method="monte_carlo", simulations=1000)
    assert any("Fewer than 20 simulated years lie beyond the level 99.5 %" in w for w in result["warnings"])


def test_a_recursion_that_loses_its_digits_is_refused(model):
    with pytest.raises(ValueError, match=r"inputs\.method: the recursion loses its digits"):
        run(model, frequency="binomial", risks=100, claim_probability=0.9, severity="own", method="panjer", layers=[])


def test_a_convolution_that_takes_too_long_is_refused(model):
    many = [{"probability": 0.001}] * 1000
    with pytest.raises(ValueError, match=r"inputs\.method: 999 convolutions on 262,144 points take too long"):
        run(model, frequency="own", frequency_pmf=many, method="convolution", points_log2=18, layers=[])


ACTUAR = {
    "lam": 10,
    "severity": "gamma",
    "shape": 2,
    "scale": 1,
    "grid": "given",
    "step": 0.5,
    "claim_range": 22,
    "layers": [],
}
ACTUAR_DIGITS = 1e-4  # actuar leaves out totals beyond a probability of about 1e-8


def test_a_given_step_and_range_give_actuars_distribution(model):
    """actuar, vignette "risk", section 4: Poisson(10), Gamma(2, 1), unbiased discretisation, step 0.5 from 0 to 22."""
    result = run(
        model,
        **ACTUAR,
        tvar="beyond",
        levels=[{"level": 90}, {"level": 99}],
        points=[{"x": 10}, {"x": 30}, {"x": 30.2}],
    )
    points = result["tables"]["Distribution at given points"]
    assert [row["cdf"] for row in points] == pytest.approx([0.0918978972, 0.8984951028, 0.8984951028], rel=1e-7)
    assert result["tables"]["Distribution"]["x"][:3] == [0, 0.5, 1]
    assert result["tables"]["Distribution"]["probability"][:2] == pytest.approx([6.29312929767e-05, 8.93435880431e-05])
    assert [row["var"] for row in result["table"]] == [30.5, 41]
    assert [row["tvar"] for row in result["table"]] == pytest.approx([35.4187, 45.0107], rel=ACTUAR_DIGITS)


def test_a_range_that_is_no_multiple_of_the_step_is_refused(model):
    with pytest.raises(ValueError, match=r"inputs\.claim_range: 21 is not a multiple of the step 0\.4"):
        run(model, **ACTUAR | {"claim_range": 21, "step": 0.4})


def test_a_range_that_cuts_claims_warns(model):
    assert any("counts as that range" in w for w in run(model, **ACTUAR | {"claim_range": 3})["warnings"])


def test_the_two_definitions_of_tvar_of_single_amounts_differ_as_they_should(model):
    """A total of 0, 1 or 2 with probabilities 0.5, 0.3, 0.2 at 60 %: VaR 1, E[S | S > 1] 2, quantiles (1 + 1 * 2)/2."""
    given = {
        "frequency": "own",
        "frequency_pmf": [{"probability": 0}, {"probability": 1}],
        "severity": "own",
        "severity_pmf": [{"probability": p} for p in (0.5, 0.3, 0.2)],
        "unit": 1,
        "layers": [],
        "levels": [{"level": 60}],
    }
    found = {wanted: run(model, **given, tvar=wanted)["table"][0] for wanted in ("automatic", "beyond", "average")}
    assert {k: row["tvar"] for k, row in found.items()} == pytest.approx({"automatic": 2, "beyond": 2, "average": 1.5})
    assert found["beyond"]["shortfall"] == pytest.approx(1.5)


def test_skewness_is_that_of_the_compound_distribution(model):
    """Poisson: E[X^3] / (sqrt(lambda) E[X^2]^1.5) = 24 / (sqrt(10) 6^1.5) for Gamma(2, 1)."""
    assert run(model, **ACTUAR)["summary"]["Skewness"] == pytest.approx(24 / (np.sqrt(10) * 6**1.5), rel=1e-12)


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("lognormal", {"mu": 1.0, "sigma": 0.8}),
        ("pareto", {"alpha": 2.5, "theta": 10.0}),
        ("pareto", {"alpha": 1.0, "theta": 10.0}),
        ("gamma", {"shape": 2.0, "scale": 3.0}),
        ("weibull", {"shape": 0.7, "scale": 3.0}),
        ("exponential", {"scale": 3.0}),
        ("pareto1", {"alpha": 1.3, "theta": 2.0}),
        ("pareto2", {"alpha": 0.8, "theta": 3.0, "minimum": 2.0}),
        ("generalised_pareto", {"alpha": 2.5, "tau": 1.7, "theta": 3.0}),
        ("generalised_pareto", {"alpha": 0.7, "tau": 1.7, "theta": 3.0}),
        ("burr", {"alpha": 1.5, "gamma": 2.0, "theta": 3.0}),
        ("loglogistic", {"gamma": 1.0, "theta": 3.0}),
        ("paralogistic", {"alpha": 1.6, "theta": 3.0}),
        ("transformed_beta", {"alpha": 0.2, "gamma": 0.9, "tau": 1.4, "theta": 3.0}),
        ("inverse_burr", {"tau": 0.6, "gamma": 1.4, "theta": 3.0}),
        ("inverse_pareto", {"tau": 2.5, "theta": 3.0}),
        ("inverse_paralogistic", {"tau": 1.5, "theta": 3.0}),
        ("transformed_gamma", {"alpha": 1.5, "tau": 0.6, "theta": 3.0}),
        ("inverse_transformed_gamma", {"alpha": 0.3, "tau": 0.7, "theta": 3.0}),
        ("inverse_gamma", {"alpha": 1.0, "theta": 3.0}),
        ("inverse_weibull", {"tau": 1.7, "theta": 3.0}),
        ("inverse_exponential", {"theta": 3.0}),
        ("inverse_gaussian", {"mean_claim": 6.0, "dispersion_shape": 4.0}),
        ("uniform", {"minimum": 2.0, "maximum": 9.0}),
    ],
)
def test_limited_expected_values_are_the_integrals_of_survival(model, kind, parameters):
    found = model.severity.choose({"severity": kind} | parameters)
    for x in (0.5, 4.0, 60.0):
        breaks = [0, *(b for b in (2.0, 3.0, 9.0) if b < x), x]
        area = sum(quad(lambda y: 1 - found.cdf(y), a, b, epsabs=1e-12)[0] for a, b in pairwise(breaks))
        assert float(found.limited(x)) == pytest.approx(area, rel=1e-8)


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("burr", {"alpha": 4.0, "gamma": 2.0, "theta": 3.0}),
        ("generalised_pareto", {"alpha": 9.0, "tau": 2.0, "theta": 3.0}),
        ("inverse_burr", {"tau": 0.6, "gamma": 8.0, "theta": 3.0}),
        ("transformed_gamma", {"alpha": 1.5, "tau": 0.8, "theta": 3.0}),
        ("inverse_gamma", {"alpha": 9.0, "theta": 3.0}),
        ("inverse_gaussian", {"mean_claim": 6.0, "dispersion_shape": 4.0}),
    ],
)
def test_drawn_claims_have_the_moments_and_the_distribution_stated(model, kind, parameters):
    found = model.severity.choose({"severity": kind} | parameters)
    drawn = found.draw(200_000, np.random.default_rng(3))
    assert abs(drawn.mean() - found.mean) < SIMULATION * np.sqrt(found.variance / len(drawn))
    for p in (0.05, 0.5, 0.99):
        share = (drawn <= found.quantile(p)).mean()
        assert abs(share - p) < SIMULATION * np.sqrt(p * (1 - p) / len(drawn))


def test_layers_with_deductible_and_reinstatements_agree_with_a_simulation(model):
    layer = {"attachment": 20000, "limit": 30000, "aad": 10000, "reinstatements": 1, "rate": 100}
    row = run(model, layers=[layer], method="monte_carlo", simulations=200_000)["tables"]["Layers"][0]
    assert abs(row["paid"] - row["paid_simulated"]) < SIMULATION * row["standard_error"]
    assert row["premium"] < row["paid"] < row["expected_loss"]


def test_a_free_unlimited_layer_costs_the_closed_form(model):
    layer = {"attachment": 20000, "limit": 30000, "aad": None, "reinstatements": None, "rate": None}
    row = run(model, layers=[layer])["tables"]["Layers"][0]
    assert row["premium"] == pytest.approx(13249.479046957618, rel=EXACT)
    assert row["paid"] == row["expected_loss"]


def test_the_simulated_mean_lies_within_its_standard_error(model):
    summary = run(model, method="monte_carlo", seed=5)["summary"]
    assert abs(summary["Simulated mean"] - summary["Mean"]) < SIMULATION * summary["Standard error of the mean"]


def test_a_long_simulation_tells_how_far_it_is(model):
    parts = model.parts(method="monte_carlo", simulations=400_000)
    assert [p["progress"] for p in parts[:-1]] == sorted(p["progress"] for p in parts[:-1])
    assert parts[-2]["progress"] == 1
    assert len(parts) > 2


def test_an_infinite_mean_is_said_and_not_printed(model):
    result = run(model, severity="pareto", alpha=0.9)
    assert "Mean" not in result["summary"]
    assert any("mean claim is infinite" in w for w in result["warnings"])


def test_probabilities_that_do_not_sum_to_one_are_refused(model):
    with pytest.raises(ValueError, match=r"severity_pmf: the probabilities sum to 0\.900000"):
        run(model, severity="own", severity_pmf=[{"probability": 0.4}, {"probability": 0.5}])


def test_a_recursion_that_cannot_start_is_refused(model):
    with pytest.raises(ValueError, match="no loss at all is too unlikely"):
        run(model, method="panjer", lam=5000, severity="gamma", layers=[])


def test_more_claims_than_memory_holds_are_refused(model):
    with pytest.raises(ValueError, match="simulations: 1,000,000 years of 1,000 claims"):
        run(model, method="monte_carlo", simulations=1_000_000, lam=1000)


def test_the_distribution_is_marked_with_var_and_tvar_of_the_highest_level(model):
    result = run(model)
    marks = {m["label"]: m["x"] for m in result["charts"][0]["data"]["markers"]}
    last = result["table"][-1]
    assert (marks["VaR 99.5 %"], marks["TVaR 99.5 %"]) == (last["var"], last["tvar"])


def test_the_translated_gamma_of_a_gamma_total_is_exact_and_the_others_are_near(model):
    """Exactly one Gamma(20, 50) claim: the gamma of its three moments is itself."""
    one = [{"probability": 0}, {"probability": 1}]
    given = {"frequency": "own", "frequency_pmf": one, "severity": "gamma", "shape": 20, "scale": 50, "layers": []}
    result = run(model, **given, levels=[{"level": 99}])
    (row,) = result["tables"]["Approximations"]
    exact = gamma.ppf(0.99, 20, scale=50)
    assert row["translated_gamma"] == pytest.approx(exact, rel=1e-9)
    assert row["normal_power"] == pytest.approx(exact, rel=0.01)
    assert row["normal"] < row["normal_power"]


def test_the_normal_power_is_undone_by_actuars_distribution_function(model):
    """actuar, aggregateDist("npower"): F(x) = Phi(-3/g + sqrt(9/g^2 + 1 + 6/g (x - m)/s))."""
    result = run(model, **ACTUAR, levels=[{"level": 95}])
    (row,), s = result["tables"]["Approximations"], result["summary"]
    g = s["Skewness"]
    inner = 9 / g**2 + 1 + 6 / g * (row["normal_power"] - s["Mean"]) / s["Standard deviation"]
    assert ndtr(-3 / g + np.sqrt(inner)) == pytest.approx(0.95, abs=1e-12)


def test_without_a_skewness_there_are_no_approximations(model):
    assert "Approximations" not in run(model, severity="pareto", alpha=2.5)["tables"]
