"""Portfolio choice: conditions of optimality, published portfolios, views and refusals."""

import numpy as np
import pytest

from tests.models.calling import Model

PRINTED = 0.06  # percentages printed with one decimal
OPTIMAL = 1e-8


@pytest.fixture(scope="module")
def model():
    return Model("optimiser")


def problem(seed, n=6):
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(n, n + 3)) * rng.uniform(0.05, 0.3, (n, 1))
    return rng.uniform(0.0, 0.12, n), root @ root.T / n


def four(**more):
    """Merton's setting: two uncorrelated assets, stated returns, no bounds."""
    assets = [{"name": "A", "mean": 4, "volatility": 10}, {"name": "B", "mean": 8, "volatility": 20}]
    return {"returns_from": "stated", "assets": assets, "correlations": [], "correlation": 0} | more


@pytest.mark.parametrize("seed", range(12))
def test_bounded_weights_meet_the_conditions_of_optimality(model, seed):
    """Free assets share one marginal variance net of return's price; those at 0 would only add to it."""
    means, covariance = problem(seed)
    low, high = np.zeros(6), np.full(6, 0.5)
    target = 0.5 * (means.mean() + model.markowitz.reach(means, low, high)[1])
    w = model.markowitz.for_return(means, covariance, target, low, high)
    assert w.sum() == pytest.approx(1, abs=OPTIMAL)
    assert w @ means == pytest.approx(target, abs=OPTIMAL)
    assert np.all(w > -OPTIMAL)
    assert np.all(w < 0.5 + OPTIMAL)
    free = (w > 1e-6) & (w < 0.5 - 1e-6)
    if free.sum() < 3:
        return  # a corner: any prices of the two constraints fit
    slope = covariance @ w
    basis = np.stack([np.ones(6), means], axis=1)
    price = np.linalg.lstsq(basis[free], slope[free], rcond=None)[0]
    left = slope - basis @ price
    assert np.max(np.abs(left[free])) < OPTIMAL
    assert np.all(left[w <= 1e-6] > -OPTIMAL)
    assert np.all(left[w >= 0.5 - 1e-6] < OPTIMAL)


@pytest.mark.parametrize("seed", range(12))
def test_volatilities_that_differ_by_orders_of_magnitude_do_not_hide_the_least_variance(model, seed):
    """Cash at 0.01 % beside an asset at 300 %: no exchange of a little weight between two assets lowers the variance."""
    rng, n = np.random.default_rng(seed), 12
    root = rng.normal(size=(n, n + 1))
    covariance = root @ root.T
    scale = rng.choice([1e-4, 0.01, 0.2, 3.0], n) / np.sqrt(np.diag(covariance))
    covariance = covariance * np.outer(scale, scale)
    w = model.markowitz.minimum_variance(covariance, np.zeros(n), np.full(n, np.inf))
    assert w.sum() == pytest.approx(1, abs=OPTIMAL)
    slope, variance = covariance @ w, w @ covariance @ w
    for i in range(n):
        for j in np.flatnonzero(w > 0):
            if i != j:
                away = np.eye(n)[i] - np.eye(n)[j]
                step = np.clip(-(slope @ away) / (away @ covariance @ away), 0, w[j])
                moved = w + step * away
                assert moved @ covariance @ moved >= variance * (1 - 1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_no_mix_on_a_grid_has_a_higher_sharpe_ratio(model, seed):
    means, covariance = problem(seed, n=3)
    w = model.markowitz.tangency(means, covariance, 0.01, np.zeros(3), np.full(3, np.inf))
    grid = np.array([[a, b, 100 - a - b] for a in range(101) for b in range(101 - a)]) / 100
    ratios = (grid @ means - 0.01) / np.sqrt(np.einsum("ki,ij,kj->k", grid, covariance, grid))
    assert model.markowitz.ratio(w, means, covariance, 0.01) >= ratios.max() - OPTIMAL


def test_the_unbounded_tangency_of_two_assets_is_known(model):
    """Weights go with (mean - riskless)/variance: 2/100 and 6/400."""
    found = model.run(**four(long_only=False, riskless=2))["table"]
    assert [row["weight"] for row in found] == pytest.approx([100 * 4 / 7, 100 * 3 / 7], rel=1e-10)


@pytest.mark.parametrize("seed", range(6))
def test_equal_risk_contributions_are_equal(model, seed):
    _, covariance = problem(seed)
    w = model.markowitz.equal_risk(covariance)
    assert model.function.risk_shares(w, covariance) == pytest.approx(np.full(6, 1 / 6), abs=1e-12)
    assert np.all(w > 0)


def test_views_move_he_and_littermans_returns_as_printed(model):
    """He and Litterman (1999), table 4."""
    found = model.run(objective="black_litterman")
    assert [r["mean"] for r in found["table"]] == pytest.approx([4.4, 8.7, 9.5, 11.2, 4.6, 7.0, 7.5], abs=PRINTED)


def test_without_views_the_market_is_held_but_for_tau(model):
    found = model.run(objective="black_litterman", views=[], tau=0.05)["tables"]
    for row in found["Weights"]:
        assert row["Black-Litterman, unconstrained"] == pytest.approx(row["Market"] / 1.05, rel=1e-10)
    rows = {row["portfolio"]: row for row in found["Portfolios"]}
    assert rows["Black-Litterman, unconstrained"]["cash"] == pytest.approx(100 * 0.05 / 1.05, rel=1e-8)


def test_the_surer_a_view_the_nearer_the_posterior_comes_to_it(model):
    def spread(doubt):
        view = {"a2": 100, "a7": -100, "return": 3, "doubt": doubt}
        rows = model.run(objective="black_litterman", views=[view])["table"]
        return rows[1]["mean"] - rows[6]["mean"]

    found = [spread(d) for d in (50, 5, 0.5, 0.01)]
    assert found == sorted(found)
    assert found[-1] == pytest.approx(3, abs=0.001)


def test_the_frontier_rises_in_return_and_in_volatility(model):
    line = next(s for s in model.run()["series"] if s["name"] == "Efficient frontier")
    assert np.all(np.diff(line["x"]) > 0)
    assert np.all(np.diff(line["y"]) > 0)


def test_bounds_hold_in_every_bounded_portfolio(model):
    assets = [row | {"low": 5, "high": 30} for row in model.manifest.defaults["assets"]]
    for row in model.run(assets=assets, target=7)["tables"]["Weights"]:
        for name in ("Minimum variance", "Highest Sharpe ratio", "Target return"):
            assert 5 - 1e-6 <= row[name] <= 30 + 1e-6


def test_a_target_out_of_reach_is_refused_with_what_can_be_reached(model):
    with pytest.raises(ValueError, match=r"target: 9 % cannot be reached; 4\.00 to 8\.00 % can"):
        model.run(**four(objective="target", target=9))


def test_a_matrix_that_is_no_covariance_is_refused(model):
    rows = [{"a1": 1, "a2": 0.9, "a3": -0.9}, {"a1": 0.9, "a2": 1, "a3": 0.9}, {"a1": -0.9, "a2": 0.9, "a3": 1}]
    assets = [{"mean": 1, "volatility": 10}] * 3
    with pytest.raises(ValueError, match="would have no risk, or less than none"):
        model.run(**four(assets=assets, correlations=rows))
    rows[0]["a2"] = 0.5
    with pytest.raises(ValueError, match=r"correlations\[0\]\.a2: 0.5 is not the 0.9 of row 2"):
        model.run(**four(assets=assets, correlations=rows))


def test_missing_cells_and_empty_views_are_named_together(model):
    assets = [{"volatility": 10, "market": 50}, {"volatility": 10}]
    with pytest.raises(ValueError, match=r"assets\[1\]\.market: the cell is empty") as raised:
        model.run(assets=assets, correlations=[], views=[{"return": 3}])
    assert "views[0]: it picks no asset" in str(raised.value)


def test_bounds_that_cannot_add_up_are_refused(model):
    with pytest.raises(ValueError, match="add up to 100 %"):
        model.run(assets=[row | {"high": 10} for row in model.manifest.defaults["assets"]])


@pytest.mark.parametrize("long_only", [True, False])
def test_the_one_return_of_equal_means_can_be_targeted_and_is_the_only_one(model, long_only):
    assets = [{"name": "A", "mean": 5, "volatility": 10}, {"name": "B", "mean": 5, "volatility": 20}]
    given = four(assets=assets, objective="target", long_only=long_only)
    found = model.run(**given, target=5)
    assert [row["weight"] for row in found["table"]] == pytest.approx([80, 20], rel=1e-9)
    with pytest.raises(ValueError, match=r"target: 5\.001 % cannot be reached; only 5\.000 % can"):
        model.run(**given, target=5.001)


@pytest.mark.parametrize("mean", [7.3, 0.1 + 0.2, 100 / 3])
def test_the_highest_return_within_bounds_can_be_targeted_despite_rounding(model, mean):
    assets = [{"name": "A", "mean": 0, "volatility": 10}, {"name": "B", "mean": mean, "volatility": 20}]
    found = model.run(**four(assets=assets, objective="target", target=round(mean, 8)))
    assert found["summary"]["Expected return"] == pytest.approx(mean, abs=1e-7)


def test_a_target_a_little_out_of_reach_is_told_apart_by_its_digits(model):
    with pytest.raises(ValueError, match=r"8\.00001 % cannot be reached; 4\.00000 to 8\.00000 % can"):
        model.run(**four(objective="target", target=8.00001))


def test_what_short_positions_in_one_asset_can_pay_for_is_bounded_by_the_others(model):
    """Only the first may be sold short: 60 % each of the others, and -20 % of it, return 4.8 %."""
    assets = [{"mean": m, "volatility": 10} | ({"high": 60} if m > 3 else {}) for m in (3, 4, 5)]
    with pytest.raises(ValueError, match=r"20 % cannot be reached; up to 4\.80 % can"):
        model.run(**four(assets=assets, objective="target", target=20, long_only=False))


@pytest.mark.parametrize("lows", [(10, 20, 70), (33.3, 33.3, 33.4), (0.1, 0.2, 99.7)])
def test_lowest_weights_that_add_up_to_100_leave_one_portfolio_despite_rounding(model, lows):
    assets = [{"mean": m, "volatility": 10, "low": low} for m, low in zip((3, 4, 5), lows, strict=True)]
    found = model.run(**four(assets=assets, objective="min_variance"))
    assert [row["weight"] for row in found["table"]] == pytest.approx(lows, rel=1e-9)


def test_assets_that_hardly_differ_warn(model):
    """A correlation of 0.999999 gave weights of 8,000,000 % without a word."""
    assets = [{"mean": 4, "volatility": 20}, {"mean": 8, "volatility": 20}]
    warnings = model.run(**four(assets=assets, correlation=0.999999, long_only=False))["warnings"]
    assert any("hang on the last digits of the correlations" in w for w in warnings)
    assert any("Highest Sharpe ratio: a weight of" in w and "beyond what anybody holds" in w for w in warnings)
    assert model.run()["warnings"] == []


def test_least_variance_and_equal_risk_need_no_expected_returns(model):
    assets = [{"name": "A", "volatility": 10}, {"name": "B", "volatility": 20}]
    for objective, weights in (
        ("min_variance", [80, 20]),
        ("equal_risk", [200 / 3, 100 / 3]),
        ("equal_weights", [50, 50]),
    ):
        found = model.run(**four(assets=assets, objective=objective))
        assert [row["weight"] for row in found["table"]] == pytest.approx(weights, rel=1e-9)
        assert "Expected return" not in found["summary"]
    with pytest.raises(ValueError, match=r"assets\[0\]\.mean: the cell is empty"):
        model.run(**four(assets=assets, objective="max_sharpe"))


def test_equal_risk_is_proved_by_its_contributions(model):
    """Maillard, Roncalli and Teiletche (2010), section 4.1, four assets."""
    rho = [[1, 0.8, 0, 0], [0.8, 1, 0, 0], [0, 0, 1, -0.5], [0, 0, -0.5, 1]]
    rows = [{f"a{j}": v for j, v in enumerate(row, start=1)} for row in rho]
    assets = [{"volatility": v} for v in (10, 20, 30, 40)]
    found = model.run(**four(assets=assets, correlations=rows, objective="equal_risk"))
    own = [r for r in found["tables"]["Risk contributions"] if r["portfolio"] == "Equal risk contribution"]
    assert [r["weight"] for r in own] == pytest.approx([38.4, 19.2, 24.3, 18.2], abs=PRINTED)
    assert [r["risk"] for r in own] == pytest.approx([found["summary"]["Volatility"] / 4] * 4, rel=1e-10)
    assert found["summary"]["Spread of risk shares"] == pytest.approx(0, abs=1e-9)
    for name in {r["portfolio"] for r in found["tables"]["Risk contributions"]}:
        rows = [r for r in found["tables"]["Risk contributions"] if r["portfolio"] == name]
        volatility = next(r["volatility"] for r in found["tables"]["Portfolios"] if r["portfolio"] == name)
        assert sum(r["risk"] for r in rows) == pytest.approx(volatility, rel=1e-10)


def test_equal_risk_that_does_not_keep_the_bounds_says_so(model):
    assets = [{"mean": 3, "volatility": 10, "high": 50}, {"mean": 4, "volatility": 40}]
    assert any("knows no bounds" in w for w in model.run(**four(assets=assets, objective="equal_risk"))["warnings"])


def test_a_matrix_under_the_wrong_name_warns(model):
    assets = [{"mean": 4}, {"mean": 8}]
    correlations = [{"a1": 1, "a2": 0.3}, {"a1": 0.3, "a2": 1}]
    percent = [{"a1": 100, "a2": 30}, {"a1": 30, "a2": 400}]
    given = four(assets=assets, matrix="covariance", objective="min_variance")
    assert any(
        "if the matrix holds correlations" in w for w in model.run(**given | {"correlations": correlations})["warnings"]
    )
    assert any(
        "covariances are of returns as decimals" in w
        for w in model.run(**given | {"correlations": percent})["warnings"]
    )


def test_market_weights_that_do_not_add_up_warn(model):
    assets = [row | {"market": row["market"] / 2} for row in model.manifest.defaults["assets"]]
    assert any("add up to 50 %" in w for w in model.run(assets=assets)["warnings"])


def test_a_correlation_without_its_asset_is_named(model):
    rows = [{"a1": 1, "a2": 0.3}, {"a1": 0.3, "a2": 1, "a3": 0.1}]
    with pytest.raises(ValueError, match=r"correlations\[1\]\.a3: there is no asset for it"):
        model.run(**four(correlations=rows))


def test_a_diagonal_that_is_one_but_for_rounding_is_accepted(model):
    rows = [{"a1": 1.0000000000000002, "a2": 0.3}, {"a1": 0.3, "a2": 0.9999999999999999}]
    assert model.run(**four(correlations=rows))["summary"]["Volatility"] > 0
