"""Layers with reinstatements against closed forms and Sundt's premium."""

import numpy as np
import pytest

from actuarial import counts, layers
from tests.actuarial.test_compound import Exponential

SETTLED = 3e-4


def row(attachment=0.0, limit=None, aad=0, reinstatements=None, rate=0):
    return {"attachment": attachment, "limit": limit, "aad": aad, "reinstatements": reinstatements, "rate": rate}


def test_an_unlimited_cover_pays_the_integral_of_survival():
    found, change = layers.price(counts.poisson(0.3), Exponential(5.0), row(10.0, 5.0))
    mean = 5 * (np.exp(-2) - np.exp(-3))
    assert found["paid"] == pytest.approx(0.3 * mean, rel=1e-9)
    assert found["rate_on_line"] == pytest.approx(0.3 * mean / 5, rel=1e-9)
    assert found["any_loss"] == pytest.approx(1 - np.exp(-0.3 * np.exp(-2)), rel=1e-9)
    assert change < layers.SETTLED


def test_a_layer_that_claims_always_fill_pays_a_number_of_limits():
    """Claims far above the layer: the year's loss is N times the limit, so each figure is a Poisson sum."""
    l, k = 0.8, 2
    found, _ = layers.price(counts.poisson(l), Exponential(1e9), row(1.0, 10.0, reinstatements=k, rate=100))
    n = np.arange(60)
    p = np.exp(-l) * np.cumprod(np.concatenate(([1.0], l / n[1:])))
    paid, reinstated = 10 * float(np.minimum(n, k + 1) @ p), 10 * float(np.minimum(n, k) @ p)
    assert found["paid"] == pytest.approx(paid, rel=SETTLED)
    assert found["exhausted"] == pytest.approx(float(p[k + 1 :].sum()), rel=SETTLED)
    assert found["premium"] == pytest.approx(paid / (1 + reinstated / 10), rel=SETTLED)  # Sundt (1991), p. 73


def test_an_annual_deductible_takes_off_the_first_of_it():
    l = 0.8
    found, _ = layers.price(counts.poisson(l), Exponential(1e9), row(1.0, 10.0, aad=10, reinstatements=1))
    p = [np.exp(-l) * l**j / f for j, f in ((0, 1), (1, 1), (2, 2))]
    assert found["paid"] == pytest.approx(10 * (p[2] + 2 * (1 - sum(p))), rel=SETTLED)


def test_free_reinstatements_cost_more_than_paid_ones_and_none_cost_least():
    count, severity = counts.poisson(1.5), Exponential(20.0)
    free, paid, none = (
        layers.price(count, severity, row(10.0, 15.0, reinstatements=k, rate=rate))[0]["premium"]
        for k, rate in ((1, 0), (1, 100), (0, 0))
    )
    assert none < free
    assert paid < free


def test_a_simulation_of_the_same_layer_pays_as_much():
    rng, count, severity = np.random.default_rng(7), counts.negative_binomial(1.5, 0.5), Exponential(20.0)
    given = row(10.0, 15.0, aad=5, reinstatements=1)
    years = 200_000
    number = count.draw(years, rng)
    sample = layers.paid(given, years, np.repeat(np.arange(years), number), rng.exponential(20.0, number.sum()))
    found, _ = layers.price(count, severity, given)
    assert abs(sample.mean() - found["paid"]) < 4 * sample.std() / np.sqrt(years)
    assert sample.std() == pytest.approx(found["deviation"], rel=0.01)


def test_an_annual_limit_caps_the_payment_and_what_is_reinstated():
    l = 0.8
    given = row(1.0, 10.0, reinstatements=3) | {"annual_limit": 20}
    layer = layers.measure(counts.poisson(l), Exponential(1e9), given)
    p0, p1 = np.exp(-l), l * np.exp(-l)
    assert layer.cap == 20
    assert layers.reinstatable(given) == 10
    assert layer.paid(layer.cap) == pytest.approx(10 * p1 + 20 * (1 - p0 - p1), rel=SETTLED)
    assert layers.reinstatable(row(1.0, 10.0, reinstatements=3)) == 30
    assert layers.annual_cap(row(1.0, 10.0) | {"annual_limit": 15}) == 15
