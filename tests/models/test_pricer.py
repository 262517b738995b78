"""Portfolio Pricer: moments, tails and errors against theory, seeds, and refusals."""

import itertools
import math

import numpy as np
import pytest

from contract.errors import InputError
from contract.rules import evaluate
from tests.models.calling import Model

HULL = 1e-6  # relative: the interval with 1.96 and no other rounding
FOUR_ERRORS = 4  # a correct simulation misses by more about once in 16,000


@pytest.fixture(scope="module")
def model():
    return Model("pricer")


def test_hulls_interval_of_a_lognormal_price(model):
    """Example 15.1: S = 40, drift 16 %, volatility 20 %, six months."""
    given = {"n_assets": 1, "initial": 40, "drift": 16, "years": 0.5, "confidence": 95, "paths": 1000}
    row = model.run(**given, normal_quantile="printed")["tables"]["Assets in closed form"][0]
    assert (row["lower"], row["upper"]) == pytest.approx((32.5147423, 56.6031882), rel=HULL)


@pytest.mark.parametrize("strategy", ["hold", "rebalance"])
@pytest.mark.parametrize("sampling", ["plain", "antithetic", "sobol"])
def test_the_simulated_moments_are_the_exact_ones(model, sampling, strategy):
    found = model.run(portfolio="own", years=5, strategy=strategy, sampling=sampling, steps_per_year=4)["summary"]
    error = found["Standard error of the mean"]
    assert found["Mean value"] == pytest.approx(found["Exact mean value"], abs=FOUR_ERRORS * error)
    assert found["Standard deviation"] == pytest.approx(found["Exact standard deviation"], rel=0.03)


def test_the_exact_moments_of_one_asset_are_the_lognormal_ones(model):
    for strategy in ("hold", "rebalance"):
        found = model.run(n_assets=1, strategy=strategy, years=10, paths=1000)["summary"]
        assert found["Exact mean value"] == pytest.approx(100 * math.exp(0.7))
        assert found["Exact standard deviation"] == pytest.approx(100 * math.exp(0.7) * math.sqrt(math.expm1(0.4)))


def test_value_at_risk_and_shortfall_of_a_lognormal_price(model):
    found = model.run(n_assets=1, volatility=10, years=1, steps_per_year=1, paths=200_000)["summary"]
    for name, label, exact in (
        ("Value at risk", "value at risk", 17.517408773844835),
        ("Expected shortfall", "expected shortfall", 20.050305688548804),
    ):
        assert found[name] == pytest.approx(exact, abs=FOUR_ERRORS * found[f"Standard error of {label}"])


def test_the_standard_errors_are_as_large_as_runs_differ(model):
    seeds = range(40)
    runs = [model.run(n_assets=1, years=1, steps_per_year=1, paths=2000, sampling="plain", seed=s) for s in seeds]
    for name, error in (
        ("Mean value", "Standard error of the mean"),
        ("Value at risk", "Standard error of value at risk"),
        ("Expected shortfall", "Standard error of expected shortfall"),
    ):
        values = [r["summary"][name] for r in runs]
        middle = sum(values) / len(values)
        spread = math.sqrt(sum((v - middle) ** 2 for v in values) / (len(values) - 1))
        stated = sum(r["summary"][error] for r in runs) / len(runs)
        assert stated == pytest.approx(spread, rel=0.4)  # 40 runs tell a deviation to about 11 %


def test_sobols_points_miss_the_mean_by_far_less_than_plain_ones(model):
    given = {"n_assets": 5, "years": 5, "steps_per_year": 1, "paths": 16_000}
    errors = {s: model.run(**given, sampling=s)["summary"]["Standard error of the mean"] for s in ("plain", "sobol")}
    assert errors["sobol"] < errors["plain"] / 10


def test_equal_seeds_give_equal_results_however_many_cores_share_the_work(model, monkeypatch):
    def one_by_one(work):
        for function, *arguments in work:
            yield function(*arguments)

    given = {"n_assets": 10, "paths": 20_000, "years": 2, "seed": 7}
    shared = model.run(**given)
    monkeypatch.setattr(model.modules["paths"], "in_threads", one_by_one)
    alone = model.run(**given)
    assert alone == shared
    assert model.run(**{**given, "seed": 8})["summary"] != shared["summary"]


def test_perfectly_opposed_assets_cancel_out(model):
    assets = [{"asset": name, "weight": 1, "drift": 5, "volatility": 20} for name in "AB"]
    matrix = [{"asset": "A", "c1": 1}, {"asset": "B", "c1": -1, "c2": 1}]
    found = model.run(portfolio="own", assets=assets, correlations=matrix, years=0.1, strategy="rebalance")["summary"]
    assert found["Standard deviation"] < 0.3


def test_an_asset_without_risk_grows_by_its_drift(model):
    found = model.run(n_assets=1, volatility=0, drift=5, years=10)
    assert found["summary"]["Mean value"] == pytest.approx(100 * math.exp(0.5), rel=1e-6)
    assert found["summary"]["Mean maximum drawdown"] == pytest.approx(0, abs=1e-6)
    assert "Sharpe ratio" not in found["summary"]


def test_too_few_paths_for_the_confidence_are_named(model):
    assert "Only 1 of 1,000 paths" in model.run(paths=1000, confidence=99.9, n_assets=2)["warnings"][0]


def test_correlations_that_cannot_be_are_refused(model):
    assets = [{"asset": name, "weight": 1, "drift": 5, "volatility": 20} for name in "ABC"]
    matrix = [{"c1": 1}, {"c1": 0.9}, {"c1": 0.9, "c2": -0.9}]
    with pytest.raises(ValueError, match="no assets can be correlated like this"):
        model.run(portfolio="own", assets=assets, correlations=matrix)
    with pytest.raises(ValueError, match=r"\[2\]\.c2: the cell is empty"):
        model.run(portfolio="own", assets=assets, correlations=[{"c1": 1}, {"c1": 0.9}, {"c1": 0.9}])
    with pytest.raises(ValueError, match="2 rows for 3 assets"):
        model.run(portfolio="own", assets=assets, correlations=matrix[:2])


@pytest.mark.parametrize("sampling", ["antithetic", "plain", "sobol"])
def test_a_run_that_would_take_too_long_is_refused_before_it_begins(model, sampling):
    """The form and the API check the manifest's rules, so nothing is queued."""
    with pytest.raises(InputError, match="A run may take 20 seconds of one core"):
        model.run(n_assets=200, years=20, steps_per_year=4, paths=200_000, sampling=sampling)


def test_whatever_the_rules_allow_the_model_takes(model):
    """Assets of a table cannot be counted by a rule: there the model refuses by itself."""
    function, sizes = (
        model.function,
        ((1, 2, 10, 30, 100, 200), (0.02, 1, 13.6, 40), (1, 4, 12), (1000, 92_682, 200_000)),
    )
    for (n, years, steps, paths), sampling in itertools.product(itertools.product(*sizes), function.STEP):
        values = {"n_assets": n, "years": years, "steps_per_year": steps, "paths": paths, "sampling": sampling}
        drawn = 2 ** round(math.log2(paths)) if sampling == "sobol" else paths
        seconds = function.estimated_seconds(n, max(1, round(years * steps)), drawn, sampling)
        if all(evaluate(rule, values) for rule in model.manifest.rules):
            assert seconds <= function.MOST, values
        else:
            assert seconds > function.MOST / 2, values


def test_a_table_of_assets_that_would_take_too_long_is_refused_with_how_many_paths_it_may_have(model):
    assets = [{"asset": f"A{i}", "weight": 1, "drift": 5, "volatility": 20} for i in range(20)]
    given = {"portfolio": "own", "assets": assets, "correlations": [], "years": 40, "steps_per_year": 12}
    with pytest.raises(
        ValueError, match=r"inputs\.paths: 20 assets, 480 steps and 200,000 paths would take about 25 sec"
    ):
        model.run(**given, sampling="plain", paths=200_000)


def test_the_principal_axes_are_found_once_and_not_for_every_block(model, monkeypatch):
    """They cost n^3: with 200 assets and Sobol's points they took nine tenths of a run."""
    paths, calls = model.modules["paths"], []
    whole = paths.np.linalg.eigh
    monkeypatch.setattr(paths.np.linalg, "eigh", lambda rho: calls.append(1) or whole(rho))
    model.run(n_assets=200, sampling="sobol", paths=4000, years=1)
    assert len(calls) == 1


@pytest.mark.parametrize("strategy", ["hold", "rebalance"])
@pytest.mark.parametrize("drift", [0, 5, -3])
def test_a_portfolio_without_risk_has_no_errors_no_warnings_and_no_losses_by_rounding(model, strategy, drift):
    found = model.run(volatility=0, drift=drift, years=40, steps_per_year=12, strategy=strategy, paths=1000)
    summary = found["summary"]
    assert found["warnings"] == []
    assert summary["Mean value"] == pytest.approx(100 * math.exp(0.4 * drift), rel=1e-6)
    assert summary["Probability of a loss"] == (1 if drift < 0 else 0)
    assert summary["Standard error of the mean"] == 0
    assert summary["Mean maximum drawdown"] == pytest.approx(max(0, 1 - math.exp(0.4 * drift)), abs=1e-6)


def test_a_rebalanced_value_gathers_no_rounding_over_480_steps(model):
    """Volatility 0.001 %: all the deviation there is lies below single precision's drift of 1e-5."""
    found = model.run(volatility=0.001, drift=5, years=40, steps_per_year=12, strategy="rebalance", paths=1000)
    summary = found["summary"]
    assert summary["Mean value"] == pytest.approx(summary["Exact mean value"], rel=6e-6)
    assert not any("from the exact one" in w for w in found["warnings"])


def test_a_deviation_that_so_few_paths_cannot_reach_is_told(model):
    words = "standard deviation is"
    found = model.run(n_assets=1, volatility=100, years=10, steps_per_year=1)
    assert found["summary"]["Standard deviation"] < found["summary"]["Exact standard deviation"] / 2
    assert any(words in w for w in found["warnings"])
    assert not any(words in w for w in model.run()["warnings"])


def test_a_correlation_without_its_asset_is_named(model):
    assets = [{"asset": name, "weight": 1, "drift": 5, "volatility": 20} for name in "AB"]
    with pytest.raises(ValueError, match=r"correlations\[1\]\.c3: there is no asset for it"):
        model.run(portfolio="own", assets=assets, correlations=[{"c1": 1}, {"c1": 0.5, "c3": 0.2}])


@pytest.mark.slow
def test_a_mean_that_so_few_paths_cannot_reach_is_told(model):
    words = "more than 5 of its standard errors from the exact one"
    assert any(words in w for w in model.run(volatility=100, years=40)["warnings"])
    assert not any(words in w for w in model.run()["warnings"])


def test_correlations_of_dependent_assets_rounded_to_six_digits_are_accepted(model):
    """The third asset is a mix of the others; rounding takes its eigenvalue of 0 to -4e-7."""
    assets = [{"asset": name, "weight": 1, "drift": 5, "volatility": 20} for name in "ABC"]
    matrix = [{"c1": 1}, {"c1": 0.3}, {"c1": 0.806226, "c2": 0.806226}]
    found = model.run(portfolio="own", assets=assets, correlations=matrix, paths=1000, years=1)
    assert found["summary"]["Standard deviation"] > 0


@pytest.mark.parametrize("shape", ["lognormal", "steps", "equal", "one far out"])
def test_quantiles_found_by_counting_are_those_of_sorting(model, shape):
    rng = np.random.default_rng(3)
    values = {
        "lognormal": np.exp(rng.standard_normal(20_001)),
        "steps": np.floor(5 * rng.random(3_000)),
        "equal": np.full(1_000, 1.25),
        "one far out": np.append(rng.random(5_000), 1e30),
    }[shape].astype(np.float32)
    ranks = sorted({0, 1, len(values) // 20, len(values) // 2, len(values) - 2, len(values) - 1})
    found = model.measures.at_ranks(values, ranks)
    assert list(found) == list(np.sort(values)[ranks])


@pytest.mark.parametrize("assets", [3, 16, 17, 40])
def test_equal_correlations_are_the_same_matrix_whichever_way_they_are_applied(model, assets):
    held = model.holdings.read(
        {"portfolio": "equal", "n_assets": assets, "drift": 5, "volatility": 20, "correlation": 30}
    )
    square_root = model.paths.root(held.rho)
    mixing = model.paths.mixer(held, square_root, 0.5)
    columns = np.empty((assets, assets), np.float32)
    mixing(np.eye(assets, dtype=np.float32), columns)
    assert columns @ columns.T == pytest.approx(0.01 * held.rho, abs=1e-7)
