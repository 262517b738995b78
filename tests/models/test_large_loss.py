"""The tail against McNeil (1997), against integrals, and against losses drawn from it."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad

from tests.models.calling import Model

PRINTED = 0.0005  # McNeil prints xi with three decimals
PRINTED_BETA = 0.006  # and beta with two: 9.635 for u = 20 is printed as 9.63
INTEGRAL = 1e-7


@pytest.fixture(scope="module")
def model():
    return Model("large_loss")


@pytest.mark.parametrize(("threshold", "xi", "beta", "number"), [(10, 0.497, 6.98, 109), (20, 0.684, 9.63, 36)])
def test_the_danish_fire_losses_give_mcneils_tail(model, threshold, xi, beta, number):
    summary = model.run(threshold=threshold)["summary"]
    assert summary["Shape xi"] == pytest.approx(xi, abs=PRINTED)
    assert summary["Scale beta"] == pytest.approx(beta, abs=PRINTED_BETA)
    assert summary["Exceedances"] == number


@pytest.mark.parametrize("xi", [-0.4, -0.2, 0.0, 0.497, 1.0, 1.5])
def test_a_layer_costs_the_integral_of_the_tail_whatever_its_shape(model, xi):
    tail = model.tails.Tail(10.0, xi, 6.98)
    row = model.layers.price(tail, 3.0, {"attachment": 12, "limit": 30}, None, 1)
    area = quad(lambda x: float(tail.survival(x)), 12, 42, epsabs=1e-12, limit=200, points=[27.45])[0]
    second = quad(lambda x: 2 * (x - 12) * float(tail.survival(x)), 12, 42, epsabs=1e-12, limit=200)[0]
    assert row["expected_loss"] == pytest.approx(3 * area, rel=INTEGRAL)
    assert row["deviation"] == pytest.approx(np.sqrt(3 * second), rel=1e-4)


@pytest.mark.parametrize("xi", [-0.3, 0.0, 0.7])
def test_a_fit_finds_the_tail_that_the_losses_were_drawn_from(model, xi):
    made = model.tails.Tail(5.0, xi, 2.0)
    losses = made.exceeded((np.arange(20_000) + 0.5) / 20_000)
    found = model.tails.fit(losses, 5.0)
    assert found.xi == pytest.approx(xi, abs=0.01)
    assert found.beta == pytest.approx(2.0, rel=0.01)


def test_the_fit_has_no_slope_left_in_its_likelihood(model):
    rng = np.random.default_rng(2)
    losses = 1 + rng.pareto(1.5, 400)
    found = model.tails.fit(losses, 1.5)
    y = losses[losses > 1.5] - 1.5

    def cost(xi, beta):
        return np.log(beta) + (1 + 1 / xi) * np.log1p(xi * y / beta).mean()

    best = cost(found.xi, found.beta)
    for dx, db in ((0.01, 0), (-0.01, 0), (0, 0.01), (0, -0.01)):
        assert cost(found.xi + dx, found.beta + db) > best


def test_expected_shortfall_is_the_mean_of_the_quantiles_beyond(model):
    tail = model.tails.Tail(10.0, 0.4, 7.0)
    mean = quad(lambda s: float(tail.exceeded(s / 0.05)), 0, 0.01, epsabs=1e-10)[0] / 0.01
    assert tail.expected_shortfall(0.99, 0.05) == pytest.approx(mean, rel=1e-6)


def test_a_tail_without_mean_has_no_expected_shortfall(model):
    losses = model.tails.Tail(1.0, 1.5, 1.0).exceeded((np.arange(200) + 0.5) / 200)
    result = model.run(losses=[{"loss": float(x)} for x in losses], threshold=1)
    assert result["tables"]["Risk measures"][0]["es"] is None
    assert any("no mean" in w for w in result["warnings"])


def test_hills_estimate_of_an_exact_pareto_is_its_shape(model):
    losses = ((np.arange(50_000) + 0.5) / 50_000) ** -0.5
    _, estimate, _ = model.tails.hill(losses, 5000)
    assert estimate[-1] == pytest.approx(0.5, rel=0.01)


def test_a_layer_across_the_threshold_joins_losses_and_tail(model):
    whole, low, high = model.run(
        threshold=10,
        layers=[
            {"attachment": 5, "limit": 15},
            {"attachment": 5, "limit": 5},
            {"attachment": 10, "limit": 10},
        ],
    )["table"]
    assert whole["expected_loss"] == pytest.approx(low["expected_loss"] + high["expected_loss"])
    assert low["expected_loss"] == pytest.approx(low["burning_cost"])


def test_a_layer_below_a_given_tail_is_refused(model):
    with pytest.raises(ValueError, match=r"inputs\.layers: the attachment 5 lies below the threshold 10"):
        model.run(source="given", layers=[{"attachment": 5, "limit": 10}])


def test_a_threshold_beyond_the_losses_is_refused(model):
    with pytest.raises(ValueError, match=r"inputs\.threshold: 0 losses exceed 1000"):
        model.run(threshold=1000)


def test_the_interval_of_a_quantile_is_that_of_a_search_over_all_shapes_and_quantiles(model):
    losses = np.array([row["loss"] for row in model.manifest.defaults["losses"]])
    tail, events = model.tails.fit(losses, 10.0), (losses > 10).mean() / 0.001
    excess, shapes = losses[losses > 10] - 10, np.linspace(-0.4, 2.5, 1500)
    growth = np.expm1(shapes * np.log(events)) / shapes
    at = np.arange(55.0, 205.0, 0.5)
    best = []
    for quantile in at:
        beta = (quantile - 10) / growth
        inside = 1 + shapes[:, None] * excess / beta[:, None]
        possible = inside.min(axis=1) > 0
        logs = np.log(np.where(inside > 0, inside, 1)).sum(axis=1)
        best.append(np.where(possible, -len(excess) * np.log(beta) - (1 + 1 / shapes) * logs, -np.inf).max())
    kept = at[np.array(best) > max(best) - 1.9207]
    assert model.tails.level_interval(tail, losses, events) == pytest.approx((kept[0], kept[-1]), abs=0.5)


def test_bands_of_return_levels_reach_further_up_than_down_and_widen(model):
    rows = model.run()["tables"]["Return levels"]
    assert all(r["high"] - r["loss"] > r["loss"] - r["low"] > 0 for r in rows)
    assert all(a["high"] - a["low"] < b["high"] - b["low"] for a, b in pairwise(rows))


def test_an_end_that_the_data_cannot_rule_out_is_left_open(model):
    assert model.run(threshold=50)["tables"]["Return levels"][-1]["high"] is None


def losses(*amounts):
    return [{"loss": float(x)} for x in amounts]


def test_losses_of_zero_are_told_apart_from_a_threshold_that_is_too_high(model):
    with pytest.raises(ValueError, match=r"inputs\.losses: 0 of 20 losses are above 0"):
        model.run(losses=losses(*[0] * 20))


def test_a_lower_threshold_is_named_only_where_enough_losses_exceed_it(model):
    with pytest.raises(ValueError, match=r"inputs\.threshold: 2 losses exceed 4\.5, .* threshold to 1 or less"):
        model.run(losses=losses(*[0] * 9, 1, 2, 2, 3, 4, 5, 6), threshold=4.5)
    assert model.run(losses=losses(*[0] * 9, 1, 2, 2, 3, 4, 5, 6), threshold=1)["summary"]["Exceedances"] == 6


def test_equal_losses_beyond_the_threshold_are_called_equal(model):
    with pytest.raises(ValueError, match="30 of 30 losses are above 0, and too few or too equal"):
        model.run(losses=losses(*[5] * 30), threshold=1)
    with pytest.raises(ValueError, match=r"30 losses exceed 4, all equal.* to 2 or less"):
        model.run(losses=losses(*[5] * 30, 3, 2), threshold=4)


@pytest.mark.parametrize("xi", [2.0, 3.5, 5.0])
@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e8])
def test_a_very_heavy_tail_is_fitted_whatever_the_unit(model, xi, scale):
    """Its mean excess, which the largest loss makes, says nothing about its scale."""
    made = model.tails.Tail(scale, xi, scale)
    found = model.tails.fit(made.exceeded((np.arange(2000) + 0.5) / 2000), scale)
    assert found.xi == pytest.approx(xi, rel=0.01)
    assert found.beta == pytest.approx(scale, rel=0.02)


def test_the_interval_of_a_quantile_of_a_very_heavy_tail_holds_its_fit(model):
    made = model.tails.Tail(1.0, 4.0, 1.0).exceeded((np.arange(200) + 0.5) / 200)
    tail = model.tails.fit(made, 1.0)
    low, high = model.tails.level_interval(tail, made, 50.0)
    assert low < tail.exceeded(1 / 50) < high


def test_losses_alone_need_no_threshold(model):
    """Quartiles as R summarises danishuni of fitdistrplus: 1.321, 1.778, 2.967."""
    result = model.run(source="empirical", largest=3)
    described = {row["measure"]: row["value"] for row in result["tables"]["Description"]}
    assert described["Median"] == pytest.approx(1.778, abs=PRINTED)
    assert described["First quartile"] == pytest.approx(1.321, abs=PRINTED)
    assert described["Third quartile"] == pytest.approx(2.967, abs=PRINTED)
    assert [row["loss"] for row in result["tables"]["Largest losses"]] == pytest.approx(
        [263.250366, 152.413209, 144.657591]
    )
    assert "Return levels" not in result["tables"]
    assert "expected_loss" not in result["table"][0]
    assert result["table"][0]["losses_seen"] == 109


def test_the_mean_excess_at_a_threshold_is_that_of_the_losses_beyond_it(model):
    row = model.run(source="empirical", losses=losses(*range(10)), mean_excess_at=[{"threshold": 6}])["tables"]
    assert row["Mean excess"][0]["mean_excess"] == pytest.approx((1 + 2 + 3) / 3)
    assert row["Mean excess"][0]["beyond"] == 3


def test_hills_estimate_has_either_base(model):
    """Of 2^10, ..., 2, 1: from the three largest (10 + 9 + 8)/3 - 7 or - 8 logarithms of 2."""
    given = losses(*(2.0**k for k in range(11)))
    result = model.run(source="empirical", losses=given, hill_at=[{"k": 3}, {"k": 11}])
    (row,) = result["tables"]["Hill's estimates"]
    assert row["xi"] == pytest.approx(2 * np.log(2))
    assert row["xi_last"] == pytest.approx(np.log(2))
    assert row["base"] == 128


def test_a_given_tail_has_risk_measures_where_the_share_beyond_its_threshold_is_known(model):
    """McNeil (1997): u = 10, 109 of 2,167 losses beyond it."""
    given = {"source": "given", "levels": [{"level": 99.5}]}
    fitted = model.run(levels=[{"level": 99.5}])["tables"]["Risk measures"][0]["var"]
    found = model.run(**given, share=100 * 109 / 2167)["tables"]["Risk measures"][0]
    assert found["var"] == pytest.approx(fitted, rel=0.001)
    assert "Risk measures" not in model.run(**given)["tables"]


def test_return_periods_are_those_asked_for(model):
    rows = model.run(return_periods=[{"years": 25}, {"years": 0.05}])["tables"]["Return levels"]
    assert [row["years"] for row in rows] == [25]
