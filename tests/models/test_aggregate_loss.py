"""The total by four methods against published values, each other and closed forms."""

import numpy as np
import pytest
from scipy.integrate import quad

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


def test_rounding_down_and_up_enclose_the_mean_preserving_total(model):
    low, mid, high = (
        run(model, discretisation=d, points_log2=10)["table"][3]["var"] for d in ("lower", "unbiased", "upper")
    )
    assert low <= mid <= high
    assert low < high


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("lognormal", {"mu": 1.0, "sigma": 0.8}),
        ("pareto", {"alpha": 2.5, "theta": 10.0}),
        ("pareto", {"alpha": 1.0, "theta": 10.0}),
        ("gamma", {"shape": 2.0, "scale": 3.0}),
        ("weibull", {"shape": 0.7, "scale": 3.0}),
    ],
)
def test_limited_expected_values_are_the_integrals_of_survival(model, kind, parameters):
    found = model.severity.choose({"severity": kind} | parameters)
    for x in (0.5, 4.0, 60.0):
        area = quad(lambda y: 1 - found.cdf(y), 0, x, epsabs=1e-12)[0]
        assert float(found.limited(x)) == pytest.approx(area, rel=1e-8)


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
