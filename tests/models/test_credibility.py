"""Credibility: published parameters, limits and refusals."""

import numpy as np
import pytest

from contract.errors import InputError
from tests.models.calling import Model

SAMPLING = 0.62  # three standard errors: 3 (4 + 25/10) sqrt(2/2,000)
PRINTED = 0.5  # the manual of actuar prints whole numbers


@pytest.fixture(scope="module")
def model():
    return Model("credibility")


def rows(*risks, weights=None):
    return [
        {"risk": f"R{i}", "period": str(j), "ratio": x, "weight": (weights or [1.0] * len(risks))[i]}
        for i, line in enumerate(risks)
        for j, x in enumerate(line)
    ]


def test_hachemeister_is_reproduced_to_the_printed_digits(model):
    found = model.run()["summary"]
    assert found["Collective premium"] == pytest.approx(1684, abs=PRINTED)
    assert found["Between variance"] == pytest.approx(89639, abs=PRINTED)
    assert found["Within variance"] == pytest.approx(139_120_026, abs=PRINTED)


@pytest.mark.slow
def test_the_structure_parameters_that_made_the_data_are_found(model):
    """2,000 risks over ten periods: between variance 4, within variance 25."""
    rng = np.random.default_rng(8)
    means = rng.normal(100, 2, 2000)
    data = rows(*(rng.normal(m, 5, 10).tolist() for m in means))
    for estimator in ("unbiased", "iterative"):
        found = model.run(experience=data, estimator=estimator)["summary"]
        assert found["Between variance"] == pytest.approx(4, abs=SAMPLING)
        assert found["Within variance"] == pytest.approx(25, rel=0.03)


def test_the_iterative_estimator_is_a_fixed_point(model):
    own, total = np.array([10.0, 12, 15, 9]), np.array([50.0, 100, 20, 70])
    f = model.function
    between = f.between_iterative(own, total, 30.0, f.between_unbiased(own, total, 30.0))
    z = f.credibility(total, 30.0, between)
    assert between == pytest.approx(z @ np.square(own - z @ own / z.sum()) / 3, rel=1e-10)


def test_the_premiums_balance_to_the_experience(model):
    """With credibility weights, the premiums weighted with the weights give back the claims."""
    table = model.run()["table"]
    claims = sum(row["weight"] * row["mean"] for row in table)
    assert sum(row["weight"] * row["premium"] for row in table) == pytest.approx(claims, rel=1e-12)


def test_risks_that_do_not_differ_all_pay_the_collective_premium(model):
    found = model.run(experience=rows([9, 11, 10], [11, 9, 10], [10, 9, 11]))
    assert [row["premium"] for row in found["table"]] == pytest.approx([10, 10, 10])
    assert "no more than chance explains" in found["warnings"][0]


def test_full_credibility_by_limited_fluctuation(model):
    """(1.645/0.05)^2 = 1,082 claims; a quarter of them give one half."""
    found = model.run(method="limited", experience=rows([1], [2, 2], weights=[1082.2 / 4, 2000]))
    assert found["summary"]["Full credibility standard"] == pytest.approx(1082.2, abs=0.1)
    assert [row["z"] for row in found["table"]] == pytest.approx([0.5, 1], abs=1e-4)


def test_a_single_risk_is_refused(model):
    with pytest.raises(ValueError, match="there are 1 risks"):
        model.run(experience=rows([1, 2, 3]))


def test_a_period_given_twice_is_refused_by_its_row(model):
    data = rows([1, 2], [3, 4])
    data[1]["period"] = "0"
    with pytest.raises(InputError, match=r"\[1\]\.period: row 1 of the table has the same Risk and Period"):
        model.run(experience=data)


def test_an_empty_weight_is_named(model):
    data = rows([1, 2], [3, 4])
    del data[2]["weight"]
    with pytest.raises(ValueError, match=r"\[2\]\.weight: the cell is empty"):
        model.run(experience=data)
