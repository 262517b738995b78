"""Aggregation, operational risk, minimum and risk margin against the rules' own arithmetic."""

import numpy as np
import pytest

from contract.problems import InputError
from tests.models.calling import Model

EXACT = 1e-12
MODULES = ("market", "default", "life", "health", "nonlife", "intangible")
ALONE = {
    **dict.fromkeys((*MODULES, "operational", "absorbed_by_provisions", "absorbed_by_taxes"), 0),
    "life_from": "given",
    "operational_from": "given",
}


@pytest.fixture(scope="module")
def model():
    return Model("bscr")


def test_two_modules_aggregate_by_their_correlation(model):
    found = model.run(**ALONE | {"default": 30, "nonlife": 40})["summary"]
    assert found["BSCR"] == pytest.approx(np.sqrt(30**2 + 40**2 + 2 * 0.5 * 30 * 40), rel=EXACT)
    assert model.run(**ALONE | {"life": 30, "nonlife": 40})["summary"]["BSCR"] == pytest.approx(50, rel=EXACT)


def test_the_correlations_are_symmetric_and_positive(model):
    for matrix in (model.capital.BASIC, model.capital.UNDERWRITING):
        assert np.array_equal(matrix, matrix.T)
        assert (np.linalg.eigvalsh(matrix) > 0).all()


def test_mortality_offsets_longevity(model):
    parts = {f"life_{name}": 0 for name in model.capital.LIFE}
    found = model.run(**parts | {"life_mortality": 40, "life_longevity": 40})["summary"]
    assert found["SCR life"] == pytest.approx(40 * np.sqrt(1.5), rel=EXACT)


def test_what_is_allocated_adds_up_to_the_diversified_requirement(model):
    found = model.run()
    assert sum(row["allocated"] for row in found["table"]) == pytest.approx(found["summary"]["BSCR"], rel=EXACT)
    life = found["tables"]["Life sub-modules"]
    assert sum(row["allocated"] for row in life) == pytest.approx(found["summary"]["SCR life"], rel=EXACT)


def test_intangibles_are_added_without_diversification(model):
    assert model.run(**ALONE | {"market": 100, "intangible": 16})["summary"]["BSCR"] == pytest.approx(116, rel=EXACT)


def test_operational_risk_takes_the_larger_of_premiums_and_provisions_and_is_capped(model):
    operational = model.capital.operational
    by_premiums = 0.04 * 100 + 0.03 * (150 + (150 - 1.2 * 100))
    assert operational(1e6, (100, 150), (100, 100), (0, 0), 0) == pytest.approx(by_premiums, rel=EXACT)
    by_provisions = 0.0045 * 2000 + 0.03 * 300
    assert operational(1e6, (100, 150), (100, 100), (2000, 300), 0) == pytest.approx(by_provisions, rel=EXACT)
    assert operational(10, (100, 150), (100, 100), (2000, 300), 8) == pytest.approx(0.3 * 10 + 0.25 * 8, rel=EXACT)


@pytest.mark.parametrize(
    ("linear", "floor", "least"),
    [(10, 1, 25), (30, 1, 30), (80, 1, 45), (30, 40, 40), (80, 60, 60)],
)
def test_the_minimum_stays_in_its_corridor_and_above_its_floor(model, linear, floor, least):
    found = model.run(**ALONE | {"market": 100, "mcr_linear": linear, "mcr_floor": floor})["summary"]
    assert found["MCR"] == pytest.approx(least, rel=EXACT)


def test_the_taper_of_2027_falls_to_one_half_and_no_further(model):
    rows = [{"year": t, "scr": 100, "rate": 0} for t in (0, 1, 16, 17, 60)]
    found = model.run(regime="2027", projection=rows)["tables"]["Risk margin"]
    assert [row["margin"] for row in found] == pytest.approx(
        [4.75, 4.75 * 0.96, 4.75 * 0.96**16, 4.75 * 0.5, 4.75 * 0.5], rel=EXACT
    )


def test_a_given_cost_of_capital_replaces_that_of_the_rules(model):
    rows = [{"year": 0, "scr": 100, "rate": 2}]
    found = model.run(cost_from="given", cost_of_capital=5, projection=rows)["summary"]
    assert found["Risk margin"] == pytest.approx(5 / 1.02, rel=EXACT)


def test_more_absorbed_than_required_leaves_no_requirement_and_says_so(model):
    found = model.run(absorbed_by_taxes=1000)
    assert found["summary"]["SCR"] == 0
    assert "Solvency ratio" not in found["summary"]
    assert "held at 0" in found["warnings"][0]


def test_a_year_projected_twice_is_refused(model):
    rows = [{"year": 3, "scr": 1, "rate": 2}] * 2
    with pytest.raises(InputError, match=r"projection\[1\]\.year: 3 stands above already"):
        model.run(projection=rows)
