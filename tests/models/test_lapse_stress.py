"""Lapse Rate Stress Tester: Article 142 by hand, policies in force, which stress bites."""

import pytest

from tests.models.calling import Model

EXACT = 1e-12


@pytest.fixture(scope="module")
def model():
    return Model("lapse_stress")


def test_the_stressed_rates_are_those_of_article_142(model):
    f = model.function
    assert f.lapse_up([0.02, 0.45, 0.7, 1.0]).tolist() == pytest.approx([0.03, 0.675, 1, 1], rel=EXACT)
    assert f.lapse_down([0.02, 0.4, 0.45, 1.0]).tolist() == pytest.approx([0.01, 0.2, 0.25, 0.8], rel=EXACT)


def test_policies_in_force_after_two_years_by_hand(model):
    table = model.run(lapse=10, mortality=1, years=2, initial=1000)["table"]
    assert table[2]["base"] == pytest.approx(1000 * (0.99 * 0.9) ** 2)
    assert table[2]["up"] == pytest.approx(1000 * (0.99 * 0.85) ** 2)
    assert table[2]["down"] == pytest.approx(1000 * (0.99 * 0.95) ** 2)
    assert table[2]["mass"] == pytest.approx(600 * (0.99 * 0.9) ** 2)


def test_a_mass_lapse_takes_its_share_of_the_value(model):
    for business, share in (("standard", 0.4), ("group_pension", 0.7)):
        rows = {row["stress"]: row for row in model.run(business=business)["tables"]["Stresses"]}
        assert rows["Mass"]["loss"] == pytest.approx(share * rows["Base"]["value"])


def test_fewer_lapses_bite_where_policies_lose_money(model):
    assert model.run(margin=100)["summary"]["Biting stress"] == "Mass"
    losing = model.run(margin=-100)["summary"]
    assert losing["Biting stress"] == "Down"
    assert losing["Capital requirement for lapse risk"] > 0
    assert model.run(margin=0)["summary"]["Biting stress"] == "None"


def test_the_standard_multiplier_is_the_up_stress(model):
    assert all(row["own"] == row["up"] for row in model.run()["table"])


def test_an_own_stress_beyond_all_is_capped_and_named(model):
    found = model.run(lapse=50, multiplier=300)
    assert found["table"][1]["own"] == 0
    assert "capped at 100 %" in found["warnings"][0]


def test_the_testers_defaults_give_the_base_and_the_stressed_block_of_the_plan(model):
    # Base lapse 8 %, multiplier 150 %, 15 years, without deaths: 0.92^15 and 0.88^15.
    found = model.run(mortality=0, initial=1)["summary"]
    assert found["In force at the end, base"] == pytest.approx(0.92**15, rel=EXACT)
    assert found["In force at the end, own stress"] == pytest.approx(0.88**15, rel=EXACT)
    assert found["Own stress over base"] == pytest.approx((0.88 / 0.92) ** 15, rel=EXACT)
    assert found["Policies lost under own stress"] == pytest.approx(0.92**15 - 0.88**15, rel=EXACT)


def test_lapse_rates_by_policy_year_are_each_stressed_and_carried_on(model):
    rows = [{"year": 1, "lapse": 60}, {"year": 3, "lapse": 10}]
    found = model.run(pattern="by_year", lapse_by_year=rows, years=4, mortality=0, initial=1000, multiplier=200)
    by_year = found["tables"]["Lapse rates"]
    assert [row["base"] for row in by_year] == pytest.approx([0.6, 0.6, 0.1, 0.1], rel=EXACT)
    assert [row["up"] for row in by_year] == pytest.approx([0.9, 0.9, 0.15, 0.15], rel=EXACT)
    assert [row["down"] for row in by_year] == pytest.approx([0.4, 0.4, 0.05, 0.05], rel=EXACT)
    assert [row["own"] for row in by_year] == pytest.approx([1, 1, 0.2, 0.2], rel=EXACT)
    assert [row["base"] for row in found["table"]] == pytest.approx([1000, 400, 160, 144, 129.6], rel=EXACT)
    assert "120 %, is capped" in found["warnings"][0]


def test_no_rate_by_policy_year_is_refused(model):
    with pytest.raises(ValueError, match=r"inputs\.lapse_by_year: there is no lapse rate"):
        model.run(pattern="by_year", lapse_by_year=[])


def test_a_stress_of_exactly_all_policies_is_not_said_to_be_capped(model):
    assert model.run(lapse=50, multiplier=200)["warnings"] == []
