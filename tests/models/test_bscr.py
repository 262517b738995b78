"""Aggregation, operational risk, minimum and risk margin against the rules' own arithmetic."""

import numpy as np
import pytest

from actuarial import standard_formula
from contract.errors import InputError
from tests.models.adapters import scr_life_lapse_bscr as adapter
from tests.models.calling import Model
from tests.models.reference import compare_case

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
    for matrix in (model.capital.BASIC, standard_formula.LIFE_CORRELATION):
        assert np.array_equal(matrix, matrix.T)
        assert (np.linalg.eigvalsh(matrix) > 0).all()


def test_mortality_offsets_longevity(model):
    parts = {f"life_{name}": 0 for name in standard_formula.LIFE}
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


def test_operational_risk_counts_life_volumes_without_unit_linked(model):
    # Article 204, by hand: min(30 % of 100, max(0.04 * 80 + 0.03 * 200, 0.0045 * 800 + 0.03 * 1000)) + 25 % of 40.
    given = ALONE | {
        "market": 100,
        "operational_from": "calculated",
        "life_premiums": 100,
        "life_premiums_unit_linked": 20,
        "life_premiums_before": 100,
        "life_premiums_before_unit_linked": 20,
        "nonlife_premiums": 200,
        "nonlife_premiums_before": 200,
        "life_provisions": 1000,
        "life_provisions_unit_linked": 200,
        "nonlife_provisions": 1000,
        "unit_expenses": 40,
    }
    found = model.run(**given)
    assert found["summary"]["SCR operational"] == pytest.approx(40, rel=EXACT)
    assert "capped at 30 %" in found["notes"]
    charges = {row["item"]: row["charge"] for row in found["tables"]["Operational risk"]}
    assert charges["By premiums"] == pytest.approx(9.2, rel=EXACT)
    assert charges["By provisions"] == pytest.approx(33.6, rel=EXACT)
    assert charges["Operational risk"] == pytest.approx(40, rel=EXACT)


def test_unit_linked_volumes_beyond_their_totals_are_refused_all_at_once(model):
    given = {"life_premiums_unit_linked": 151, "life_provisions_unit_linked": 1401}
    with pytest.raises(ValueError, match="exceeds the total of 150") as refused:
        model.run(**given)
    assert [line.split(":")[0] for line in str(refused.value).splitlines()] == [f"inputs.{key}" for key in given]


def test_a_refusal_of_two_nearly_equal_amounts_shows_where_they_differ(model):
    given = {"life_premiums": 1_000_000, "life_premiums_unit_linked": 1_000_000.0001}
    with pytest.raises(ValueError, match=r"1,000,000\.0001 exceeds the total of 1,000,000\."):
        model.function.run(model.manifest.defaults | given)


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


def test_both_sets_of_rules_stand_beside_the_margin_asked_for(model):
    rows = [{"year": t, "scr": 100, "rate": 2} for t in range(3)]
    found = model.run(regime="2027", projection=rows)["summary"]
    old = sum(6 / 1.02 ** (t + 1) for t in range(3))
    new = sum(4.75 * 0.96**t / 1.02 ** (t + 1) for t in range(3))
    assert found["Risk margin, rules of 2015/35"] == pytest.approx(old, rel=EXACT)
    assert found["Risk margin, rules of 2027"] == pytest.approx(new, rel=EXACT)
    assert found["Risk margin"] == found["Risk margin, rules of 2027"]
    assert model.run(projection=rows)["summary"]["Risk margin"] == pytest.approx(old, rel=EXACT)


def test_a_given_taper_and_its_floor_replace_those_of_the_rules(model):
    # United Kingdom, S.I. 2023/1347, regulation 7B: 4 %, 0.9 a year for long-term business, at least 0.25.
    rows = [{"year": t, "scr": 100, "rate": 0} for t in range(20)]
    given = {"cost_from": "given", "cost_of_capital": 4, "taper_from": "given", "taper": 0.9, "taper_floor": 0.25}
    found = model.run(projection=rows, **given)["tables"]["Risk margin"]
    assert found[5]["margin"] == pytest.approx(4 * 0.9**5, rel=EXACT)
    assert found[19]["margin"] == pytest.approx(1, rel=EXACT)


def test_a_run_off_projects_todays_requirement_in_proportion_to_the_best_estimate(model):
    rows = [{"year": t, "best_estimate": b, "rate": 2} for t, b in enumerate([500, 300, 100])]
    found = model.run(projection_from="run_off", reference_scr=50, run_off=rows)
    assert [row["scr"] for row in found["tables"]["Risk margin"]] == pytest.approx([50, 30, 10], rel=EXACT)
    margin = 0.06 * (50 / 1.02 + 30 / 1.02**2 + 10 / 1.02**3)
    assert found["summary"]["Risk margin"] == pytest.approx(margin, rel=EXACT)


@pytest.mark.parametrize("rows", [[], [{"year": 1, "best_estimate": 5, "rate": 2}]])
def test_a_run_off_that_does_not_begin_today_is_refused(model, rows):
    with pytest.raises(ValueError, match=r"inputs\.run_off: there is no best estimate above 0 at year 0"):
        model.run(projection_from="run_off", run_off=rows)


def test_a_year_that_the_projection_leaves_out_is_named(model):
    rows = [{"year": t, "scr": 10, "rate": 2} for t in (0, 1, 4)]
    assert "has no year 2, 3" in model.run(projection=rows)["warnings"][0]
    assert model.run()["warnings"] == []


def test_no_projection_is_said_beside_a_risk_margin_of_nothing(model):
    found = model.run(projection=[])
    assert found["summary"]["Risk margin"] == 0
    assert "there is no risk margin" in found["notes"]
    assert "there is no risk margin" not in model.run()["notes"]


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
    with pytest.raises(InputError, match=r"projection\[1\]\.year: 3 repeats an earlier row"):
        model.run(projection=rows)


class InProcess:
    """Runs the models of an adapter in this process."""

    def run(self, slug, values):
        return Model(slug).run(**values)


@pytest.mark.parametrize(
    "case",
    [
        {"inputs": {"components": {"counterparty": 30, "non_life": 40}}, "expect": {"bscr": np.sqrt(3700)}},
        {
            "inputs": {"components": {"market": 100}, "life_components": {"mortality": 40, "longevity": 40}},
            "expect": {"scr_life": 40 * np.sqrt(1.5), "bscr": np.sqrt(10_000 + 2400 + 50 * 40 * np.sqrt(1.5))},
        },
        {
            "inputs": {"components": {"market": 100}, "operational": 10, "adj_dt": 30, "own_funds": 120},
            "expect": {"scr": 80, "solvency_ratio": 1.5, "diversification": 0},
        },
        {
            "inputs": {"bscr": 1000, "earned_life": 200, "previous_life": 100, "expenses_ul": 8},
            "expect": {"scr_op": 0.04 * (200 + 80) + 2},
        },
        {"inputs": {"bscr": [1000, 10], "earned_nonlife": [100, 100]}, "expect": {"scr_op": [3 + 3, 3]}},
        {"inputs": {"linear": 10, "scr": 100, "absolute_floor": 1}, "expect": {"mcr": 25}},
        {
            "id": "risk_margin_2027",
            "inputs": {"scr": [100, 80], "rates": [0.02, 0.03]},
            "expect": {"rm": 4.75 / 1.02 + 4.75 * 0.96 * 0.8 / 1.03**2, "terms": [4.75 / 1.02, 3.648 / 1.03**2]},
        },
        {
            "inputs": {"scr": [100, 80], "rates": 0.02, "coc": 0.04, "lambda": 0.9},
            "expect": {"rm": 4 / 1.02 + 4 * 0.9 * 0.8 / 1.02**2},
        },
        {
            "inputs": {"scr": 50, "best_estimate": [500, 300], "rates": [0.02, 0.02], "regime": "2015/35"},
            "expect": {"rm": 3 / 1.02 + 1.8 / 1.02**2, "projection": [50, 30]},
        },
        {
            "inputs": {"lapse": 0.08, "multiplier": 1.5, "duration": 15},
            "expect": {"base": 0.92**15, "stressed": 0.88**15, "ratio": (0.88 / 0.92) ** 15},
        },
        {"inputs": {"lapse": 0.08, "multiplier": 150, "years": 2}, "expect": {"base": [1, 0.92, 0.92**2]}},
        {"inputs": {"lapse": [0.1, 0.2], "years": 2, "initial": 100}, "expect": {"base": 72, "up": 100 * 0.85 * 0.7}},
        {"inputs": {"lapse": 0.7}, "expect": {"up": 1, "down": 0.5}},
        {"inputs": {"lapse": 0.7, "years": 1, "mass": 0.7}, "expect": {"base": 0.3, "mass": 0.09}},
    ],
    ids=lambda case: "-".join([*case["inputs"], *case["expect"]]),
)
def test_a_reference_case_of_another_shape_is_run_with_every_input_of_it(case):
    found = compare_case({"rtol": 1e-9} | case, None, adapter, InProcess())
    assert [(c.path, c.expected, c.found) for c in found if not c.good] == []


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"components": {"market": 3, "pension": 1}}, "pension"),
        ({"cases": [{"bscr": 100, "earned_health": 5}]}, "earned_health"),
        ({"scr": [1], "rates": [0.02], "diversified": True}, "does not know the inputs diversified"),
        ({"lapse": 0.1, "regime": "SST"}, "regime: SST"),
    ],
)
def test_a_reference_case_with_an_unknown_input_is_missed_by_its_name(inputs, words):
    (found,) = compare_case({"inputs": inputs, "expect": {"scr": 1}}, None, adapter, InProcess())
    assert not found.good
    assert words in found.found


def test_an_expected_value_that_the_adapter_does_not_know_is_a_miss_of_that_value_alone():
    case = {"inputs": {"scr": [100], "rates": [0.02]}, "expect": {"rm": 6 / 1.02, "rm_after_tax": 4}, "rtol": 1e-9}
    good, bad = compare_case(case, None, adapter, InProcess())
    assert good.good
    assert (bad.path, bad.found) == ("rm_after_tax", "LookupError: expected value rm_after_tax")
