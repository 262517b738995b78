"""Aggregation by square root: the Regulation's coefficients and closed forms."""

import numpy as np
import pytest

from actuarial import standard_formula

NAMES = standard_formula.LIFE


def test_life_risks_are_correlated_as_article_136_prints():
    c = {(i, j): standard_formula.LIFE_CORRELATION[a, b] for a, i in enumerate(NAMES) for b, j in enumerate(NAMES)}
    printed = {
        ("mortality", "longevity"): -0.25,
        ("mortality", "lapse"): 0,
        ("disability", "expense"): 0.5,
        ("lapse", "expense"): 0.5,
        ("revision", "expense"): 0.5,
        ("lapse", "catastrophe"): 0.25,
        ("longevity", "catastrophe"): 0,
        ("longevity", "lapse"): 0.25,
    }
    assert {pair: c[pair] for pair in printed} == printed
    assert np.array_equal(standard_formula.LIFE_CORRELATION, standard_formula.LIFE_CORRELATION.T)
    assert np.linalg.eigvalsh(standard_formula.LIFE_CORRELATION).min() > 0


def test_two_amounts_add_up_by_their_correlation():
    total, share = standard_formula.aggregate([30, 40], np.array([[1, 0.5], [0.5, 1]]))
    assert total == pytest.approx(np.sqrt(900 + 1600 + 1200))
    assert share.sum() == pytest.approx(total)


def test_full_correlation_is_the_sum_and_nothing_has_no_share():
    assert standard_formula.aggregate([1, 2, 3], np.ones((3, 3)))[0] == pytest.approx(6)
    total, share = standard_formula.aggregate([0, 0], np.eye(2))
    assert (total, share.tolist()) == (0, [0, 0])


def test_lapse_rates_are_stressed_as_article_142_prints():
    """Up by half and at most 100 %, down by half and at most 20 points."""
    rates = np.array([0.08, 0.3, 0.5, 0.7])
    assert standard_formula.lapse_up(rates) == pytest.approx([0.12, 0.45, 0.75, 1.0])
    assert standard_formula.lapse_down(rates) == pytest.approx([0.04, 0.15, 0.3, 0.5])
    assert standard_formula.MASS_LAPSE == {"standard": 0.4, "group_pension": 0.7}
