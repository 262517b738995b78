"""Smith-Wilson: it meets its quotes, tends to the ultimate rate, and finds the smallest alpha."""

import numpy as np
import pytest

from actuarial import smith_wilson

EXACT = 1e-12
OMEGA = np.log(1.042)
TIMES = np.array([1.0, 2.0, 3.0, 5.0])
PRICES = np.exp(-np.array([0.010, 0.020, 0.026, 0.034]) * TIMES)


def curve(alpha=0.1):
    return smith_wilson.calibrate(np.eye(4), TIMES, PRICES, OMEGA, alpha)


@pytest.mark.parametrize("alpha", [0.05, 0.1, 0.5])
def test_the_curve_goes_through_every_quote(alpha):
    assert curve(alpha).discount(TIMES) == pytest.approx(PRICES, rel=EXACT)


def test_the_price_is_wilsons_sum_over_the_quotes():
    """Wilson's function as EIOPA's documentation prints it: e^(-w(t+u)) (a min - e^(-a max) (e^(a min) - e^(-a min)) / 2)."""
    a, t = 0.1, np.array([0.5, 4.0, 30.0])

    def wilson(s, u):
        low, high = np.minimum(s, u), np.maximum(s, u)
        return np.exp(-OMEGA * (s + u)) * (a * low - np.exp(-a * high) * (np.exp(a * low) - np.exp(-a * low)) / 2)

    zeta = np.linalg.solve(wilson(TIMES[:, None], TIMES), PRICES - np.exp(-OMEGA * TIMES))
    expected = np.exp(-OMEGA * t) + wilson(t[:, None], TIMES) @ zeta
    assert curve().discount(t) == pytest.approx(expected, rel=1e-11)


def test_a_curve_of_the_ultimate_rate_stays_there():
    flat = smith_wilson.calibrate(np.eye(4), TIMES, np.exp(-OMEGA * TIMES), OMEGA, 0.1)
    t = np.linspace(0.1, 100, 50)
    assert flat.discount(t) == pytest.approx(np.exp(-OMEGA * t), rel=EXACT)
    assert flat.forward(t) == pytest.approx(np.full(50, OMEGA), rel=1e-9)


def test_forward_rates_are_the_slope_of_the_logarithm_and_tend_to_the_ultimate_one():
    c, h = curve(), 1e-6
    t = np.array([0.7, 3.7, 5.0001, 20.0])
    assert c.forward(t) == pytest.approx(-np.log(c.discount(t + h) / c.discount(t - h)) / (2 * h), rel=1e-6)
    assert c.forward(np.array([300.0]))[0] == pytest.approx(OMEGA, abs=1e-10)


@pytest.mark.parametrize("point", [20.0, 45.0, 60.0])
def test_the_gap_is_the_distance_of_the_forward_rate(point):
    c = curve()
    assert c.gap(point) == pytest.approx(abs(c.forward(np.array([point]))[0] - OMEGA), rel=1e-6)


def test_alpha_is_the_smallest_millionth_that_converges():
    found = smith_wilson.find_alpha(curve, 45.0, 1e-4)
    assert curve(found).gap(45.0) <= 1e-4
    assert found == smith_wilson.LOWEST or curve(found - 1e-6).gap(45.0) > 1e-4


def test_quotes_that_repeat_each_other_have_no_curve():
    with pytest.raises(smith_wilson.NoCurveError):
        smith_wilson.calibrate(np.ones((4, 2)), TIMES, np.array([3.0, 3.1]), OMEGA, 0.1)


def test_a_point_too_near_has_no_alpha():
    with pytest.raises(smith_wilson.NoAlphaError):
        smith_wilson.find_alpha(curve, 5.01, 1e-12)
