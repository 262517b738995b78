"""Market risk: closed forms, GARCH, backtests and the tables that are refused."""

import numpy as np
import pytest

from tests.models.calling import Model

CLOSED = 1e-12
TABLE_2 = 0.00006  # Basel prints two decimals of a percentage


@pytest.fixture(scope="module")
def model():
    return Model("market_risk")


def stated(**more):
    rows = [{"value": 10e6, "volatility": 2}, {"value": 5e6, "volatility": 1}]
    return {"source": "stated", "method": "normal", "positions": rows, "correlation": 0.3} | more


def test_basel_begins_yellow_at_five_and_red_at_ten_exceptions(model):
    zones = [model.backtest.traffic_light(k, 250, 0.01)[1] for k in range(12)]
    assert zones == ["green"] * 5 + ["yellow"] * 5 + ["red"] * 2
    assert model.backtest.traffic_light(4, 250, 0.01)[0] == pytest.approx(0.8922, abs=TABLE_2)


def test_plus_factors_by_formula_lie_within_the_rounding_of_the_printed_ones(model):
    for exceptions, printed in model.backtest.PLUS.items():
        assert model.backtest.traffic_light(exceptions, 250, 0.0100001)[2] == pytest.approx(printed, abs=0.035)


def test_kupiec_finds_nothing_wrong_with_the_expected_share(model):
    assert model.backtest.kupiec(5, 500, 0.01) == (0.0, 1.0)
    ratio, p = model.backtest.kupiec(0, 250, 0.01)
    assert ratio == pytest.approx(-2 * 250 * np.log(0.99), rel=CLOSED)
    assert 0.02 < p < 0.03


def test_exceptions_in_a_row_are_not_independent(model):
    spread, bunched = np.zeros(250, bool), np.zeros(250, bool)
    spread[10:250:50] = True
    bunched[100:105] = True
    assert model.backtest.christoffersen(spread)[1] > 0.5
    assert model.backtest.christoffersen(bunched)[1] < 0.001


def test_doubling_sums_as_the_recursion_does(model):
    x = np.random.default_rng(3).normal(size=77)
    expected = [x[0]]
    for value in x[1:]:
        expected.append(value + 0.9 * expected[-1])
    assert model.volatility.discounted_sums(x, 0.9) == pytest.approx(expected, rel=1e-10, abs=1e-12)


def test_the_gradient_of_the_likelihood_is_its_slope(model):
    z = np.random.default_rng(4).standard_normal(300)
    at, step = np.array([0.05, 0.1, 0.1, 0.8]), 1e-6
    _, gradient = model.volatility._loss(at, z)
    for i in range(4):
        move = step * np.eye(4)[i]
        slope = (model.volatility._loss(at + move, z)[0] - model.volatility._loss(at - move, z)[0]) / (2 * step)
        assert gradient[i] == pytest.approx(slope, rel=1e-5, abs=1e-8)


def test_garch_finds_the_parameters_that_made_the_returns(model):
    rng, h, returns = np.random.default_rng(5), 0.2, []
    for shock in rng.standard_normal(8000):
        returns.append(np.sqrt(h) * shock)
        h = 0.02 + 0.1 * returns[-1] ** 2 + 0.8 * h
    found = model.volatility.fit_garch(np.array(returns))
    for value, true, error in zip((found.alpha, found.beta), (0.1, 0.8), found.errors[2:], strict=True):
        assert abs(value - true) < 3 * error
    long_run = found.omega / (1 - found.alpha - found.beta)
    assert found.forecast(500)[-1] == pytest.approx(long_run, rel=1e-6)


def test_components_add_up_to_the_value_at_risk(model):
    found = model.run(**stated())
    components = [row["component"] for row in found["tables"]["Positions"]]
    assert sum(components) == pytest.approx(found["summary"]["Value at risk"], rel=CLOSED)
    assert sum(row["share"] for row in found["tables"]["Positions"]) == pytest.approx(1, rel=CLOSED)


def test_expected_shortfall_is_never_below_value_at_risk(model):
    for row in model.run()["table"]:
        assert row["es_1d"] >= row["var_1d"]
        assert row["es_h"] >= row["var_h"]


def test_the_historical_value_is_the_fifth_worst_of_500(model):
    losses = np.random.default_rng(6).permutation(500).astype(float)
    assert model.tails.sample(losses, 0.99) == (495.0, 497.0)


def test_monte_carlo_agrees_with_the_normal_method_for_small_moves(model):
    """At a volatility of 0.1 % the log-normal is the normal; 100,000 scenarios, two per cent."""
    rows = [{"value": 1e6, "volatility": 0.1}]
    table = model.run(**stated(positions=rows, scenarios=100_000))["table"]
    normal, drawn = table[0]["var_1d"], table[-1]["var_1d"]
    assert drawn == pytest.approx(normal, rel=0.02)


def test_equal_seeds_give_equal_results(model):
    assert model.run(seed=3)["table"] == model.run(seed=3)["table"]
    assert model.run(seed=3)["table"] != model.run(seed=4)["table"]


def test_a_missing_price_is_named_by_its_cell(model):
    prices = [{"a1": 10, "a2": 20}, {"a1": 11}, {"a1": -1, "a2": 21}]
    rows = [{"value": 1}, {"value": 1}]
    with pytest.raises(ValueError, match=r"prices\[1\]\.a2: the cell is empty") as raised:
        model.run(prices=prices, positions=rows)
    assert "prices[2].a1: -1 is too low" in str(raised.value)


def test_impossible_correlations_are_refused(model):
    rows = [{"value": 1, "volatility": 1}] * 3
    with pytest.raises(ValueError, match="no 3 quantities can be correlated so"):
        model.run(**stated(positions=rows, correlation=-0.9))


def test_a_method_without_its_data_says_which_one_is_shown(model):
    found = model.run(**stated(method="garch"))
    assert "the headline is the normal method's" in found["warnings"][0]
    assert found["summary"]["Value at risk"] == found["table"][0]["var_h"]


def test_one_day_of_collapse_does_not_squeeze_the_histogram_and_is_counted(model):
    losses = np.concatenate((np.linspace(-1, 1, 200), [-40.0]))
    first, last = model.function.histogram_ends(losses, 0.9)
    assert first > -10
    assert last >= 1
    chart = model.run()["charts"][0]
    assert sum(chart["data"]["counts"]) == 500
    assert "beyond the ends, in the outermost bars: 2" in chart["x_label"]


def test_the_shortfall_lies_inside_the_histogram_even_where_no_loss_does(model):
    assert model.function.histogram_ends(np.full(100, 0.1), 5.0)[1] > 5


def test_exceptions_are_marked_at_losses_beyond_the_forecast(model):
    result = model.run()
    chart = next(c for c in result["charts"] if c["title"].startswith("Backtest"))
    loss, limit, marked = chart["data"]["series"]
    beyond = [(d, v) for d, v, w in zip(chart["data"]["x"], loss["y"], limit["y"], strict=True) if v > w]
    assert beyond == list(zip(marked["x"], marked["y"], strict=True))
    assert len(beyond) == result["summary"]["Exceptions"]
