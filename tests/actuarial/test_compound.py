"""Totals of a random number of claims: published examples, closed forms, and the three methods against each other."""

import numpy as np
import pytest
from scipy import special, stats

from actuarial import compound, counts
from actuarial.severities import Capped, Discrete, discretised, discretised_mean

PRINTED = 5e-6
POISSON, NEGATIVE, BINOMIAL = counts.poisson(3.0), counts.negative_binomial(2.5, 0.4), counts.binomial(12, 0.2)
# Loss Models, 4th ed., section 9.3: the group dental example. Amounts in units of 25, numbers of claims 0 to 8.
DENTAL = np.array([0, 0.150, 0.200, 0.250, 0.125, 0.075, 0.050, 0.050, 0.050, 0.025, 0.025])
DENTAL_NUMBER = np.array([0.05, 0.10, 0.15, 0.20, 0.25, 0.15, 0.06, 0.03, 0.01])


class Exponential:
    """Claims with mean `scale`."""

    def __init__(self, scale):
        self.mean, self.variance = scale, scale**2

    def cdf(self, x):
        return -np.expm1(-np.asarray(x) / self.mean)

    def survival(self, x):
        return np.exp(-np.asarray(x) / self.mean)

    def limited(self, x):
        return -self.mean * np.expm1(-np.asarray(x) / self.mean)

    def between(self, low, high):
        return float(self.mean * (np.exp(-low / self.mean) - np.exp(-high / self.mean)))

    def quantile(self, p):
        return float(-self.mean * np.log1p(-p))


def count_of(pmf):
    n = np.arange(len(pmf))
    mean = float(n @ pmf)
    return counts.Count(
        mean, float((n - mean) ** 2 @ pmf), 0.0, lambda z: np.polynomial.polynomial.polyval(z, pmf), None, None, pmf
    )


@pytest.mark.parametrize("method", [compound.by_convolution, compound.by_fft])
def test_the_group_dental_example_of_loss_models(method):
    """Klugman, Panjer and Willmot, 4th ed., section 9.3: f_S(0 to 8)."""
    found = method(count_of(DENTAL_NUMBER), DENTAL, 32)[:9]
    printed = [0.05, 0.015, 0.02338, 0.03468, 0.03258, 0.03579, 0.03981, 0.04356, 0.04752]
    assert found == pytest.approx(printed, abs=PRINTED)


@pytest.mark.parametrize("count", [POISSON, NEGATIVE, BINOMIAL], ids=["poisson", "negative binomial", "binomial"])
def test_the_recursion_and_the_fourier_transform_agree(count):
    f = np.array([0.1, 0.4, 0.3, 0.15, 0.05])
    assert compound.by_fft(count, f, 128) == pytest.approx(compound.by_panjer(count, f, 128), abs=1e-12)


def test_a_poisson_number_of_exponential_claims_has_bessels_density():
    """f(x) = e^(-l - x) sqrt(l / x) I1(2 sqrt(l x)) for claims of mean 1; integrated over each step."""
    step, length = 0.01, 4096
    f = discretised(Exponential(1.0), step, length, "unbiased")
    total = compound.on_steps(compound.by_fft(POISSON, f, length), step, 3.0)
    x = np.linspace(1e-9, 8.0, 400_001)
    density = np.exp(2 * np.sqrt(3 * x) - 3 - x) * np.sqrt(3 / x) * special.ive(1, 2 * np.sqrt(3 * x))
    area = np.exp(-3) + float(((density[1:] + density[:-1]) / 2 * np.diff(x)).sum())
    assert total.probability_up_to(8.0)[0] == pytest.approx(area, abs=2e-4)


def test_measures_of_a_total_on_four_points():
    total = compound.Total(
        np.array([0.0, 1, 2, 10]), np.array([0.5, 0.2, 0.2, 0.1]), np.array([0.5, 0.7, 0.9, 1.0]), 1.6
    )
    assert total.quantile(0.7) == 1
    assert total.quantile(0.71) == 2
    assert total.tail_mean(0.7) == pytest.approx((2 * 0.2 + 10 * 0.1) / 0.3)
    assert total.shortfall(0.85) == pytest.approx((10 * 0.1 + 2 * 0.05) / 0.15)  # Acerbi and Tasche (2002)
    assert total.stop_loss(1.5) == pytest.approx(0.5 * 0.2 + 8.5 * 0.1)
    assert total.capped(1, 3) == pytest.approx((0.5, np.sqrt(0.2 * 1 + 0.1 * 9 - 0.25)))
    assert total.probability_up_to(2) == pytest.approx((0.9, 0.2))


def test_what_lies_beyond_a_grid_is_counted_in_the_mean_of_the_tail():
    exact = Exponential(1.0)
    f = discretised(exact, 0.01, 400, "unbiased")
    total = compound.on_steps(
        compound.by_fft(counts.poisson(0.5), f, 400), 0.01, 0.5 * discretised_mean(exact, f, 0.01)
    )
    assert total.beyond > 0
    assert total.stop_loss(0.0) == pytest.approx(0.5, rel=1e-9)


@pytest.mark.parametrize("method", ["unbiased", "rounding", "lower", "upper"])
def test_rounding_to_a_grid_keeps_or_bounds_the_mean(method):
    f = discretised(Exponential(1.0), 0.1, 500, method)
    mean = 0.1 * float(np.arange(501) @ f)
    assert f.sum() == pytest.approx(1)
    assert {"unbiased": mean == pytest.approx(1, rel=1e-9), "lower": mean < 1, "upper": mean > 1}.get(
        method, mean == pytest.approx(1, abs=0.01)
    )


def test_a_claim_in_a_layer_is_what_is_left_between_its_ends():
    claim = Capped(Exponential(2.0), 1.0, 3.0)
    assert claim.hit == pytest.approx(np.exp(-0.5))
    assert claim.mean == pytest.approx(2 * (np.exp(-0.5) - np.exp(-2)))
    assert claim.step_means(0.5, 6) @ np.full(6, 0.5) == pytest.approx(claim.mean / claim.hit)
    assert claim.cdf(np.array([0.0, 2.9, 3.0])) == pytest.approx([1 - np.exp(-0.5), 1 - np.exp(-1.95), 1])


def test_a_discrete_severity_has_its_own_moments():
    severity = Discrete(25.0, DENTAL)
    k = 25 * np.arange(11)
    assert severity.mean == pytest.approx(k @ DENTAL)
    assert severity.limited(np.array([60.0])) == pytest.approx(np.minimum(k, 60) @ DENTAL)
    assert severity.survival(75) == pytest.approx(DENTAL[4:].sum())
    assert severity.quantile(0.6) == 75
    assert severity.between(50, 100) == pytest.approx(np.clip(k - 50, 0, 50) @ DENTAL)


@pytest.mark.parametrize(
    ("count", "frozen"),
    [(POISSON, stats.poisson(3)), (NEGATIVE, stats.nbinom(2.5, 0.4)), (BINOMIAL, stats.binom(12, 0.2))],
    ids=["poisson", "negative binomial", "binomial"],
)
def test_a_number_of_claims_has_the_moments_and_the_generating_function_of_its_law(count, frozen):
    n = np.arange(400)
    p = frozen.pmf(n)
    assert count.mean == pytest.approx(frozen.mean())
    assert count.variance == pytest.approx(frozen.var())
    assert count.third == pytest.approx(float((n - frozen.mean()) ** 3 @ p))
    assert count.pgf(0.7) == pytest.approx(float(0.7**n @ p))
    a, b = count.panjer
    assert p[1:13] == pytest.approx([(a + b / k) * p[k - 1] for k in range(1, 13)], abs=1e-12)
    drawn = count.draw(40_000, np.random.default_rng(1))
    assert drawn.mean() == pytest.approx(count.mean, abs=5 * np.sqrt(count.variance / 40_000))


def test_a_recursion_without_its_class_or_start_is_refused():
    with pytest.raises(compound.CompoundError, match="needs a Poisson"):
        compound.by_panjer(count_of(DENTAL_NUMBER), DENTAL, 32)
    with pytest.raises(compound.CompoundError, match="too unlikely"):
        compound.by_panjer(counts.poisson(5000), np.array([0.0, 1.0]), 32)


def test_a_convolution_without_probabilities_or_with_too_many_is_refused():
    with pytest.raises(compound.CompoundError, match="own probabilities"):
        compound.by_convolution(POISSON, DENTAL, 32)
    with pytest.raises(compound.CompoundError, match="take too long"):
        compound.by_convolution(count_of(np.full(2000, 1 / 2000)), DENTAL, 2**16)
