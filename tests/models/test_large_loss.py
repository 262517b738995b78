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
    with pytest.raises(ValueError, match="layers: the attachment 5 lies below the threshold 10"):
        model.run(source="given", layers=[{"attachment": 5, "limit": 10}])


def test_a_threshold_beyond_the_losses_is_refused(model):
    with pytest.raises(ValueError, match="threshold: 0 losses exceed 1000"):
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
