"""Credibility: published parameters, limits and refusals."""

import numpy as np
import pytest

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
    with pytest.raises(ValueError, match=r"inputs\.experience\[1\]\.period: R0 has 0 twice"):
        model.run(experience=data)


def test_an_empty_weight_is_named(model):
    data = rows([1, 2], [3, 4])
    del data[2]["weight"]
    with pytest.raises(ValueError, match=r"\[2\]\.weight: the cell is empty"):
        model.run(experience=data)


def cohorts(model):
    """Hachemeister's states 1 and 3 in one group and 2, 4 and 5 in another, as actuar's manual groups them."""
    group = {"State 1": "1", "State 3": "1"}
    return [row | {"group": group.get(row["risk"], "2")} for row in model.manifest.defaults["experience"]]


def test_the_hierarchical_model_gives_what_actuar_prints(model):
    """actuar, vignette "credibility": 1746, 88981, 10952, 139120026; cohorts .9196, .9284; states 2048 to 1585."""
    found = model.run(method="hierarchical", estimator="iterative", experience=cohorts(model))
    summary = found["summary"]
    assert summary["Collective premium"] == pytest.approx(1746, abs=PRINTED)
    assert summary["Between group variance"] == pytest.approx(88981, abs=PRINTED)
    assert summary["Between variance"] == pytest.approx(10952, abs=PRINTED)
    assert summary["Within variance"] == pytest.approx(139_120_026, abs=PRINTED)
    assert [round(row["premium"]) for row in found["table"]] == [2048, 1524, 1875, 1497, 1585]
    assert [round(row["z"], 4) for row in found["table"]] == [0.8874, 0.6103, 0.5195, 0.2463, 0.7398]
    groups = found["tables"]["Groups"]
    assert [(round(g["mean"]), round(g["z"], 4), round(g["premium"])) for g in groups] == [
        (1967, 0.9196, 1949),
        (1528, 0.9284, 1543),
    ]


@pytest.mark.parametrize("estimator", ["unbiased", "ohlsson", "iterative"])
def test_the_structure_parameters_of_nested_risks_are_found(model, estimator):
    """300 groups of 10 risks over 5 periods: between groups 9, between risks 4, within 25 (standard errors 1.2, 0.2)."""
    rng = np.random.default_rng(4)
    data = [
        {"group": f"G{g}", "risk": f"R{r}", "period": str(t), "ratio": float(rng.normal(m, 5)), "weight": 1.0}
        for g, top in enumerate(rng.normal(100, 3, 300))
        for r, m in enumerate(rng.normal(top, 2, 10))
        for t in range(5)
    ]
    found = model.run(method="hierarchical", estimator=estimator, experience=data)["summary"]
    assert found["Within variance"] == pytest.approx(25, rel=0.05)
    assert found["Between variance"] == pytest.approx(4, abs=0.9)
    assert found["Between group variance"] == pytest.approx(9, abs=3)


def test_groups_that_hold_equal_risks_are_credited_as_one_large_risk_each(model):
    """No variance between the risks of a group: the premium of each is that of its group, as Bühlmann-Straub of both."""
    nested = rows([9, 11, 10], [11, 9, 10], [19, 21, 20], [21, 19, 20])
    for row, group in zip(nested, "AAAAAABBBBBB", strict=True):
        row["group"] = group
    found = model.run(method="hierarchical", experience=nested)
    assert any("within their groups is not above 0" in w for w in found["warnings"])
    first, *_, last = (row["premium"] for row in found["table"])
    assert found["table"][1]["premium"] == pytest.approx(first)
    # s2 = 1, weights 6 each: b = (50 x 2 x 3 - 1) / 6, Z = 6 / (6 + 1/b).
    z = 6 / (6 + 6 / (2 * 6 * 25 - 1))
    assert (first, last) == pytest.approx((15 - 5 * z, 15 + 5 * z), rel=1e-10)


def test_an_iteration_that_goes_to_nothing_ends_at_zero(model):
    """Two risks a group that differ by less than chance explains: the unbiased estimate is above 0, the other is not."""
    nested = rows([1, 2, 3], [2, 3], [4, 5, 6], [5, 6, 8], weights=[1.0, 2.0, 1.0, 3.0])
    for row in nested:
        row["group"] = "A" if row["risk"] in {"R0", "R1"} else "B"
    found = model.run(method="hierarchical", estimator="iterative", experience=nested)
    assert found["summary"]["Between variance"] == 0
    assert any("within their groups is not above 0" in w for w in found["warnings"])
    assert found["table"][0]["z"] == 0


def test_risks_of_one_name_in_two_groups_are_two_risks(model):
    nested = [r | {"group": g} for g in "AB" for r in rows([9, 11], [12, 14])]
    found = model.run(method="hierarchical", experience=nested)
    assert [row["risk"] for row in found["table"]] == ["A: R0", "A: R1", "B: R0", "B: R1"]


def test_a_hierarchical_model_without_groups_is_refused_by_its_cells(model):
    with pytest.raises(ValueError, match=r"inputs\.experience\[0\]\.group: the cell is empty"):
        model.run(method="hierarchical")


def test_equal_ratios_leave_no_variance_but_rounding(model):
    """Means of 0.1 by weights of 3 and 7 differ in the last digit: that is no difference between risks."""
    data = rows([0.1, 0.1, 0.1], [0.1, 0.1, 0.1], [0.1, 0.1, 0.1])
    for i, row in enumerate(data):
        row["weight"] = 3.0 + 0.7 * i
    found = model.run(experience=data)
    assert found["summary"]["Between variance"] == 0
    assert [row["z"] for row in found["table"]] == [0, 0, 0]


def test_a_name_with_a_space_at_its_end_is_the_same_risk(model):
    data = rows([1, 2, 3], [4, 5, 6])
    data[1]["risk"] = "R0 "
    assert [row["periods"] for row in model.run(experience=data)["table"]] == [3, 3]


def test_a_change_against_a_negative_collective_premium_keeps_its_sign(model):
    found = model.run(experience=rows([-10, -12, -11], [-1, -3, -2]))
    assert [np.sign(row["change"]) for row in found["table"]] == [-1, 1]


def test_limited_fluctuation_needs_no_second_period_and_takes_a_given_premium(model):
    """A hundredth of the 1,082.2 claims for full credibility weighs a tenth."""
    data = [{"risk": "A", "period": "1", "ratio": 150.0, "weight": 1082.2 / 100}]
    (row,) = model.run(method="limited", experience=data, complement="given", manual=100)["table"]
    assert row["z"] == pytest.approx(0.1, abs=1e-4)
    assert row["premium"] == pytest.approx(105, abs=0.01)
