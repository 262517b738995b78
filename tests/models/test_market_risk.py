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
    assert model.backtest.christoffersen(model.backtest.transitions(spread))[1] > 0.5
    assert model.backtest.christoffersen(model.backtest.transitions(bunched))[1] < 0.001


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
    with pytest.raises(ValueError, match="no 3 quantities can have these correlations"):
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


def series(values, **more):
    """Return the inputs of one position with the given returns in percent."""
    rows = [{"a1": float(v)} for v in values]
    return {"quantity": "returns", "positions": [{"value": 1e6}], "prices": rows} | more


def calm_then_crash(n=600):
    rng = np.random.default_rng(11)
    return np.concatenate([0.5 * rng.standard_normal(n), 6 * rng.standard_normal(40)])


def line_of(result, title, name):
    chart = next(c for c in result["charts"] if c["title"].startswith(title))
    return chart["data"]["x"], next(line["y"] for line in chart["data"]["series"] if line["name"] == name)


def test_no_day_of_the_ewma_volatility_looks_ahead(model):
    returns = calm_then_crash()
    days, before = line_of(model.run(**series(returns[:600])), "Volatility", "EWMA")
    later_days, after = line_of(model.run(**series(returns)), "Volatility", "EWMA")
    assert before == after[: len(before)]
    assert days == later_days[: len(days)]
    assert before[0] == pytest.approx(abs(returns[0]), rel=CLOSED)


def test_ewma_weights_without_a_start_add_up_to_one(model):
    """Equal returns of 2 % have a volatility of 2 % from the second day on, whatever the decay."""
    found = model.volatility.ewma(np.full(50, 0.02), 0.94)
    assert np.isnan(found[0])
    assert found[1:] == pytest.approx(np.full(50, 0.0004), rel=CLOSED)


def test_a_stated_first_volatility_of_ewma_is_that_of_the_first_day(model):
    _, line = line_of(model.run(**series([1.0, -2.0, 0.5], start_volatility=1.5)), "Volatility", "EWMA")
    assert line[0] == pytest.approx(1.5, rel=CLOSED)
    assert line[1] == pytest.approx(np.sqrt(0.94 * 1.5**2 + 0.06), rel=CLOSED)


def test_the_backtest_forecasts_a_day_from_the_days_before_it_alone(model):
    """Other returns after a day leave its forecasts as they were, but for the fitted GARCH."""
    returns = calm_then_crash()
    changed = returns.copy()
    changed[-1] = -30.0
    for method in ("historical", "normal", "student", "ewma"):
        lines = [
            line_of(model.run(**series(r, method=method, window=250)), "Backtest", "Value at risk")[1]
            for r in (returns, changed)
        ]
        assert lines[0] == lines[1], method


def test_the_backtest_takes_means_as_zero_where_the_measure_does(model):
    returns = 0.5 + 0.1 * np.random.default_rng(2).standard_normal(400)
    lines = [
        line_of(model.run(**series(returns, method="normal", with_mean=w)), "Backtest", "Value at risk")[1]
        for w in (False, True)
    ]
    assert np.subtract(*lines) == pytest.approx(np.full(250, 5000), rel=0.05)


def test_positions_that_cancel_out_are_measured_by_their_own_difference(model):
    prices = [{"a1": 100 * 1.001**i, "a2": 50 * (1 + 0.02 * np.sin(i))} for i in range(200)]
    found = model.run(positions=[{"value": 1e6}, {"value": -1e6}], prices=prices, method="historical")
    table = np.array([[row["a1"], row["a2"]] for row in prices])
    losses = -(table[1:] / table[:-1] - 1) @ np.array([1e6, -1e6])
    assert found["summary"]["Portfolio value"] == 0
    assert found["summary"]["Value at risk, one day"] == pytest.approx(np.sort(losses)[-1], rel=CLOSED)
    assert found["summary"]["Standard deviation, one day"] == pytest.approx(losses.std(ddof=1), rel=1e-9)


def test_a_perfect_hedge_has_no_risk_in_any_method(model):
    prices = [{"a1": p, "a2": p} for p in 100 * np.exp(np.cumsum(0.01 * np.random.default_rng(8).standard_normal(300)))]
    found = model.run(positions=[{"value": 1e6}, {"value": -1e6}], prices=prices)
    for row in found["table"]:
        assert row["var_1d"] == pytest.approx(0, abs=1e-6), row["method"]
    assert all(row["exceptions"] == 0 for row in found["tables"]["Backtest"])
    assert all(row["share"] == 0 for row in found["tables"]["Positions"])


def test_a_short_position_has_the_losses_of_rising_prices(model):
    returns = calm_then_crash()
    short = model.run(**series(returns, positions=[{"value": -1e6}]))["summary"]
    mirrored = model.run(**series(-returns))["summary"]
    assert short["Value at risk"] == pytest.approx(mirrored["Value at risk"], rel=CLOSED)


@pytest.mark.parametrize("growth", [1.0, 1.001, 1.1])
def test_garch_on_returns_that_do_not_differ_says_so(model, growth):
    prices = [{"a1": 100 * growth**i} for i in range(601)]
    found = model.run(positions=[{"value": 1}], prices=prices, method="garch")
    assert any(w.startswith("GARCH(1,1) needs returns that differ, and all are the same") for w in found["warnings"])
    assert "GARCH(1,1)" not in found["tables"]
    assert all(row["exceptions"] == 0 for row in found["tables"]["Backtest"])


def test_garch_on_too_few_returns_says_how_many_it_needs(model):
    found = model.run(**series(calm_then_crash()[:60], method="garch"))
    assert "GARCH(1,1) needs at least 100 returns, and there are 60: the headline" in found["warnings"][0]


def test_prices_declared_as_returns_are_refused(model):
    with pytest.raises(ValueError, match=r"inputs\.quantity: the returns in column a1 are all above 0"):
        model.run(quantity="returns", with_mean=True, horizon=250)


def test_returns_declared_as_prices_are_told_to_be_returns(model):
    with pytest.raises(ValueError, match="which no price is. Choose returns"):
        model.run(**series([1.0, -2.0, -0.5], quantity="prices"))


def test_daily_interest_that_is_always_above_zero_is_no_price(model):
    assert model.run(**series(np.linspace(0.01, 0.02, 60)))["summary"]["Value at risk"] < 1e6


def test_dates_are_compared_as_dates_in_whatever_form_they_are_written(model):
    problems = []
    rows = [{"date": "2023-08-31"}, {"date": "2023-W35-5"}, {"date": "20230904"}]
    assert model.portfolio._days(rows, problems) == ["2023-08-31", "2023-09-01", "2023-09-04"]
    assert problems == []
    model.portfolio._days([{"date": "2023-W36-1"}, {"date": "20230831"}], problems)
    assert problems == ["inputs.prices[1].date: 2023-08-31 comes after 2023-09-04. Put the oldest day first."]


def test_rows_without_a_date_are_numbered(model):
    assert model.portfolio._days([{"date": "2023-08-31"}, {}], []) == ["1", "2"]


def test_a_value_at_risk_above_the_value_of_the_positions_warns(model):
    rows = [{"value": 1e6, "volatility": 5}]
    assert any(
        "more than the positions are worth" in w for w in model.run(**stated(positions=rows, horizon=250))["warnings"]
    )
    assert not model.run(**stated(positions=rows))["warnings"]


@pytest.mark.parametrize("row", [{"volatility": 50}, {"volatility": 1, "mean": 80}])
def test_moves_that_no_method_is_made_for_warn(model, row):
    found = model.run(**stated(positions=[{"name": "Gas", "value": -1e6} | row], horizon=100, method="monte_carlo"))
    assert any(w.startswith("Gas moves by") for w in found["warnings"])


def test_too_few_returns_for_the_confidence_warn(model):
    assert any("the worst of them" in w for w in model.run(**series(calm_then_crash()[:60]))["warnings"])


def test_the_interpolated_quantile_is_that_of_spreadsheets(model):
    returns = np.array([-3.0, 1.0, 2.0, -1.0, 0.5])
    found = model.run(**series(returns, historical_quantile="interpolated", confidence=90))["summary"]
    assert found["Value at risk, one day"] == pytest.approx(22_000, rel=CLOSED)
    assert found["Expected shortfall, one day"] == pytest.approx(30_000, rel=CLOSED)


def test_a_garch_step_with_given_parameters_is_hulls(model):
    """Hull (2018), example 23.2: 0.000002, 0.13, 0.86; volatility 1.6 %, fall of 1 %: next variance 0.00023516."""
    given = series([-1.0], garch_parameters="given", start_volatility=1.6, method="garch", horizon=10)
    tables = model.run(**given)["tables"]
    step = next(row for row in tables["Volatility"] if row["model"] == "GARCH(1,1)")
    assert step["variance"] == pytest.approx(0.00023516, rel=1e-10)
    rows = {row["parameter"]: row["estimate"] for row in tables["GARCH(1,1)"]}
    assert rows["long-run variance"] / 1e4 == pytest.approx(0.0002, rel=1e-10)
    ahead = tables["GARCH forecast"][9]["variance_ahead"]
    assert ahead == pytest.approx(0.0002 + 0.99**9 * (0.00023516 - 0.0002), rel=1e-10)


def test_garch_parameters_that_add_up_to_more_than_one_are_refused(model):
    with pytest.raises(ValueError, match=r"inputs\.beta: alpha and beta add up to 1.1"):
        model.run(**series([1.0], garch_parameters="given", alpha=0.2, beta=0.9))


@pytest.mark.parametrize(
    ("days", "exceptions", "probability", "ratio", "p"),
    [(255, 7, 5, 3.2407179997891546, 0.0718291532904756), (1000, 20, 1, 7.827239152922488, 0.005146464982499721)],
)
def test_counts_are_tested_without_a_portfolio(model, days, exceptions, probability, ratio, p):
    """Kupiec (1995), eq. 6, computed with scipy."""
    row = {"days": days, "exceptions": exceptions, "probability": probability}
    found = model.run(source="counts", counts=[row])
    assert found["table"][0]["kupiec"] == pytest.approx(ratio, rel=1e-9)
    assert found["summary"]["Kupiec p-value"] == pytest.approx(p, rel=1e-9)


def test_given_transitions_are_tested_for_independence_and_conditional_coverage(model):
    """Likelihoods written out: Christoffersen (1998), sections 3.1 to 3.3."""
    n00, n01, n10, n11 = 230, 8, 7, 4
    row = model.run(source="counts", counts=[{"n00": n00, "n01": n01, "n10": n10, "n11": n11}])["table"][0]
    pooled, after_none, after_one = 12 / 249, n01 / (n00 + n01), n11 / (n10 + n11)
    bound = 237 * np.log(1 - pooled) + 12 * np.log(pooled)
    free = (
        n00 * np.log(1 - after_none) + n01 * np.log(after_none) + n10 * np.log(1 - after_one) + n11 * np.log(after_one)
    )
    coverage = 237 * np.log(0.99) + 12 * np.log(0.01)
    assert row["independence"] == pytest.approx(2 * (free - bound), rel=1e-9)
    assert row["conditional"] == pytest.approx(2 * (free - coverage), rel=1e-9)
    assert row["conditional_p"] == pytest.approx(np.exp(-row["conditional"] / 2), rel=1e-9)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"days": 250}, r"counts\[0\]\.exceptions: the cell is empty"),
        ({"days": 250, "exceptions": 251}, "251 exceptions in 250 days"),
        ({"n00": 3, "n01": 1}, r"counts\[0\]\.n10: the cell is empty"),
        ({"days": 250, "exceptions": 3, "n00": 100, "n01": 1, "n10": 1, "n11": 0}, "add up to 102 for 250 days"),
    ],
)
def test_counts_that_do_not_fit_together_are_named(model, row, message):
    with pytest.raises(ValueError, match=message):
        model.run(source="counts", counts=[row])


def test_a_correlation_without_its_position_is_named(model):
    rows = [{"a1": 1, "a2": 0.3, "a3": 0.1}, {"a1": 0.3, "a2": 1}]
    with pytest.raises(ValueError, match=r"correlations\[0\]\.a3: there is no position for it"):
        model.run(**stated(correlations=rows))


def test_two_positions_of_one_name_are_told_apart(model):
    rows = [{"name": "Oil", "value": 1, "volatility": 1}, {"name": "Oil", "value": 2, "volatility": 1}]
    names = [row["position"] for row in model.run(**stated(positions=rows))["tables"]["Positions"]]
    assert names == ["Oil (1)", "Oil (2)"]


def test_correlations_of_dependent_positions_rounded_to_six_digits_are_accepted(model):
    rows = [{"value": 1e6, "volatility": 1}] * 3
    rho = [[1, 0.3, 0.806226], [0.3, 1, 0.806226], [0.806226, 0.806226, 1]]
    assert np.linalg.eigvalsh(rho)[0] < -1e-8
    matrix = [{f"a{j}": v for j, v in enumerate(row, start=1)} for row in rho]
    assert model.run(**stated(positions=rows, correlations=matrix))["summary"]["Value at risk"] > 0
