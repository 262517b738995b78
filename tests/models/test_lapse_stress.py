"""Lapse Rate Stress Tester: Article 142 by hand, policies in force, which stress bites."""

import pytest

from tests.models.calling import Model

EXACT = 1e-12


@pytest.fixture(scope="module")
def model():
    return Model("lapse_stress")


def test_the_stressed_rates_are_those_of_article_142(model):
    f = model.function
    assert f.up([0.02, 0.45, 0.7, 1.0]).tolist() == pytest.approx([0.03, 0.675, 1, 1], rel=EXACT)
    assert f.down([0.02, 0.4, 0.45, 1.0]).tolist() == pytest.approx([0.01, 0.2, 0.25, 0.8], rel=EXACT)


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
