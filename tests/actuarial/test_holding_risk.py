"""A holding's figures against their definitions and against values worked out by hand."""

import numpy as np
import pytest

from actuarial import holding_risk

EXACT = 1e-12


def test_the_drawdown_is_from_the_highest_price_so_far():
    found = holding_risk.drawdowns(np.array([10.0, 8, 12, 9, 6, 13]))
    assert found == pytest.approx([0, -0.2, 0, -0.25, -0.5, 0], rel=EXACT)


def test_twice_the_benchmark_and_one_percent_more_has_a_beta_of_two():
    benchmark = np.array([0.01, -0.02, 0.03, 0.0])
    assert holding_risk.beta(2 * benchmark + 0.01, benchmark) == pytest.approx((2, 0.01, 1), rel=1e-9)


def test_against_a_benchmark_that_does_not_move_there_is_no_beta():
    assert holding_risk.beta(np.array([0.01, 0.02]), np.array([0.01, 0.01])) == (None, None, None)


def test_a_holding_that_does_not_move_has_no_correlation():
    slope, intercept, correlation = holding_risk.beta(np.zeros(3), np.array([0.01, -0.02, 0.03]))
    assert (slope, intercept, correlation) == (0.0, 0.0, None)


def test_the_tail_is_the_interpolated_quantile_and_the_mean_up_to_it():
    returns = np.arange(-10, 11) / 100  # 21 returns: the quantile at 10 % is the third
    assert holding_risk.historical_tail(returns, 0.9) == pytest.approx((0.08, 0.09), rel=1e-9)


def test_contributions_add_up_to_the_portfolios_deviation():
    rng = np.random.default_rng(1)
    returns, weights = rng.normal(size=(50, 4)), np.array([0.5, 0.4, 0.3, -0.2])
    parts, sd = holding_risk.euler_contributions(returns, weights)
    assert parts.sum() == pytest.approx(sd, rel=EXACT)
    assert sd == pytest.approx((returns @ weights).std(ddof=1), rel=EXACT)
    covariance = np.cov(returns, rowvar=False)
    assert parts == pytest.approx(weights * (covariance @ weights) / sd, rel=1e-10)


def test_a_portfolio_that_does_not_move_has_no_risk_to_share():
    parts, sd = holding_risk.euler_contributions(np.full((5, 2), 0.01), np.array([0.5, 0.5]))
    assert (parts.tolist(), sd) == ([0, 0], 0)


def test_equal_growth_has_no_deviation_though_its_last_digits_differ():
    prices = 100 * 1.1 ** np.arange(60)
    assert holding_risk.deviation(prices[1:] / prices[:-1] - 1) == 0


def test_a_price_that_doubles_in_half_a_year_grows_by_300_percent_a_year():
    assert holding_risk.compound(2.0, 0.5) == pytest.approx(3, rel=EXACT)
