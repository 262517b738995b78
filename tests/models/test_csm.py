"""The roll-forward of the CSM against the standard's examples and against what must add up."""

import json
import re

import pytest

from tests.models.calling import Model
from tests.models.case_inputs import CaseInputs
from tests.models.reference import adapter

CENT = 0.005
CLOSED = 1e-9  # relative, of amounts that must add up
CASH = {"premiums", "acquisition", "claims", "premiums_paid", "commission", "recoveries_received"}


@pytest.fixture(scope="module")
def model():
    return Model("csm")


@pytest.fixture(scope="module")
def presets(model):
    return {c["name"]: c["inputs"] for c in json.loads((model.path / "cases.json").read_text())}


def expected(claims, **columns):
    return [{"year": i + 1, "claims": c, **{k: v[i] for k, v in columns.items()}} for i, c in enumerate(claims)]


def busy(**more):
    """Inputs in which everything changes at once."""
    return {
        "premium": 500,
        "acquisition_costs": 60,
        "risk_adjustment": 90,
        "expected": expected(
            [150, 180, 210, 90],
            premiums=[0, 120, 80, 0],
            coverage_units=[100, 90, 70, 30],
            ra_release=[1, 2, 2, 1],
            rate=[2, 3, 3.5, 4],
        ),
        "paid": [{"year": 1, "claims": 140}, {"year": 3, "claims": 260}],
        "revisions": [
            {"end_of_year": 1, "for_year": 3, "claims": 400, "ra_release": 50},
            {"end_of_year": 2, "for_year": 3, "claims": 150},
            {"end_of_year": 2, "for_year": 4, "coverage_units": 45, "premiums": 20},
        ],
        "current_rates": [{"end_of_year": 1, "rate": 4.5}, {"end_of_year": 3, "rate": 1}],
        **more,
    }


def test_the_liability_changes_by_what_the_statement_shows(model, presets):
    for inputs in (busy(), *presets.values()):
        rows = model.run(**inputs)["tables"]["Change of the liability"]
        for row in rows:
            assert sum(v for k, v in row.items() if k not in {"year", "total"}) == pytest.approx(
                row["total"], abs=1e-7
            ), row
        assert rows[-1]["total"] == pytest.approx(0, abs=1e-7)


def test_profit_over_all_years_is_the_cash_that_stays(model, presets):
    for inputs in (busy(), *presets.values()):
        found = model.run(**inputs)
        moved = found["tables"]["Change of the liability"]
        cash = sum(v for row in moved for k, v in row.items() if k in CASH)
        start = model.run(**inputs | {"year": 0})["summary"]
        first = start["Loss"] if "Loss" in start else -start["Loss recovered"]
        profit = sum(row["profit"] for row in found["tables"]["Profit or loss"]) - first
        assert profit == pytest.approx(cash, rel=CLOSED)


def test_service_result_is_revenue_less_expenses(model):
    for row in model.run(**busy())["tables"]["Profit or loss"]:
        assert row["service_result"] == pytest.approx(row["revenue"] - row["expenses"], rel=CLOSED)


def test_example_2b_becomes_onerous_and_its_loss_component_ends_with_the_group(model, presets):
    inputs = next(v for k, v in presets.items() if "Example 2B" in k)
    found = model.run(**inputs)
    assert found["summary"]["Onerous"] == "yes"
    assert found["summary"]["Loss"] == pytest.approx(250 / 1.05 + 48 - 172.982539, abs=CENT)
    assert any(re.search("onerous in year 2", w) for w in found["warnings"])
    last = found["tables"]["Roll-forward of the CSM"][-1]
    assert last["loss_component"] == 0
    assert last["csm_release"] == 0


def test_a_favourable_revision_reverses_the_loss_before_it_feeds_the_margin(model):
    contracts = {"premium": 500, "risk_adjustment": 0, "rate": 0, "expected": expected([200, 200, 200]), "paid": []}
    revisions = [{"end_of_year": 1, "for_year": 3, "claims": 90}]
    row = model.run(**contracts, revisions=revisions)["tables"]["Roll-forward of the CSM"][0]
    # 100 of 600 is loss; a third of it ran off with the first year's claims, two thirds are left to be reversed.
    assert row["reversal"] == pytest.approx(200 / 3, rel=CLOSED)
    assert row["csm_change"] == pytest.approx(110 - 200 / 3, rel=CLOSED)
    assert row["loss_component"] == pytest.approx(0, abs=1e-9)


def test_current_rates_move_the_fulfilment_cash_flows_and_not_the_margin(model):
    plain, moved = (
        model.run(year=1, current_rates=rates)
        for rates in ([], [{"end_of_year": 1, "rate": 9}, {"end_of_year": 2, "rate": -1}])
    )
    key = "Roll-forward of the CSM"
    assert [r["csm"] for r in plain["tables"][key]] == pytest.approx([r["csm"] for r in moved["tables"][key]])
    assert moved["summary"]["Present value of outflows"] == pytest.approx(200 / 1.09 + 200 / 1.09**2, rel=CLOSED)


def test_the_margin_follows_coverage_units(model):
    contracts = {"premium": 900, "rate": 0, "risk_adjustment": 0, "paid": [], "revisions": []}
    rows = expected([100, 100, 100], coverage_units=[100, 60, 40])
    found = model.run(**contracts, expected=rows)["tables"]["Roll-forward of the CSM"]
    assert [r["csm_release"] for r in found] == pytest.approx([300, 180, 120], rel=CLOSED)


def test_printed_figures_are_whole_and_the_tables_stay_exact(model):
    plain, whole = (model.run(year=1, rounding=r) for r in ("none", "units"))
    assert whole["summary"]["Finance on CSM"] == 12
    assert plain["summary"]["Finance on CSM"] == pytest.approx(11.767520, abs=1e-6)
    assert whole["tables"] == plain["tables"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"expected": expected([1, 2])[1:], "revisions": [], "paid": []}, "without a gap"),
        ({"year": 4}, "beyond the last year, 3"),
        ({"paid": [{"year": 9, "claims": 1}]}, "beyond the last year, 3"),
        ({"revisions": [{"end_of_year": 2, "for_year": 2, "claims": 1}]}, "only years 3 to 3"),
        ({"current_rates": [{"end_of_year": 5, "rate": 1}]}, "Remove the row"),
        ({"expected": expected([1, 1, 1], coverage_units=[0, 0, 0])}, "coverage_units"),
    ],
)
def test_years_that_do_not_fit_are_refused_with_a_reason(model, given, words):
    with pytest.raises(ValueError, match=words):
        model.run(**given)


def held(**given):
    """Inputs of reinsurance held without discounting, as the standard's examples have it."""
    return {"contracts": "reinsurance_held", "rate": 0, "paid": [], "revisions": [], "year": 0, **given}


@pytest.mark.parametrize(("premium", "margin"), [(260, 28), (300, -12)])
def test_reinsurance_held_defers_net_gain_and_net_cost_alike(model, premium, margin):
    """IFRS 17 Illustrative Examples, Example 11, IE128: recoveries 270, risk adjustment 18, premium 260 or 300."""
    found = model.run(**held(premium=premium, risk_adjustment=18, expected=expected([270])))["summary"]
    assert found["CSM"] == pytest.approx(margin)
    assert found["Fulfilment cash flows"] == pytest.approx(-margin)
    assert found["Reinsurance asset"] == 0


@pytest.mark.parametrize(
    ("recoveries", "loss", "margin", "asset", "income"), [(105, 0, -10, 115, 0), (138, 60, 5, 133, 18)]
)
def test_what_an_onerous_underlying_group_recovers_is_income_and_the_rest_adjusts_the_margin(
    model, recoveries, loss, margin, asset, income
):
    """IFRS 17 Illustrative Examples, Examples 12A and 12B, IE130 to IE138: 30 % of a change by 50, or by 160."""
    contracts = held(
        year=1,
        premium=115,
        risk_adjustment=0,
        expected=expected([0, 90], coverage_units=[0, 1]),
        underlying_losses=[{"end_of_year": 1, "loss": loss}],
    )
    before = model.run(**contracts)["table"][0]
    assert before["csm"] == pytest.approx(-25)
    revised = contracts | {"revisions": [{"end_of_year": 1, "for_year": 2, "claims": recoveries}]}
    found = model.run(**revised)["summary"]
    assert found["CSM"] == pytest.approx(margin)
    assert found["Reinsurance asset"] == pytest.approx(asset)
    assert found["Profit"] == pytest.approx(income)


def test_a_loss_recovered_at_initial_recognition_is_income_at_once_and_raises_the_net_cost(model):
    """Paragraph 66A: the margin is adjusted by the income."""
    plain = model.run(**held(premium=300, risk_adjustment=18, expected=expected([270])))
    onerous = model.run(
        **held(
            premium=300,
            risk_adjustment=18,
            expected=expected([270]),
            underlying_losses=[{"end_of_year": 0, "loss": 40}],
        )
    )
    assert onerous["summary"]["Loss recovered"] == pytest.approx(12)
    assert onerous["summary"]["CSM"] == pytest.approx(plain["summary"]["CSM"] - 12)
    assert onerous["summary"]["Reinsurance asset"] == pytest.approx(12)


def test_reinsurance_held_adds_up_year_by_year_and_ends_in_the_cash_that_stays(model):
    inputs = busy(
        contracts="reinsurance_held",
        underlying_losses=[
            {"end_of_year": 0, "loss": 50},
            {"end_of_year": 1, "loss": 400},
            {"end_of_year": 2, "loss": -900},
        ],
    )
    found = model.run(**inputs)
    moved, profit = found["tables"]["Change of the liability"], found["tables"]["Profit or loss"]
    for row in moved:
        assert sum(v for k, v in row.items() if k not in {"year", "total"}) == pytest.approx(row["total"], abs=1e-7)
    assert moved[-1]["total"] == pytest.approx(0, abs=1e-7)
    cash = sum(v for row in moved for k, v in row.items() if k in CASH)
    first = model.run(**inputs | {"year": 0})["summary"]["Loss recovered"]
    assert first + sum(row["profit"] for row in profit) == pytest.approx(cash, rel=CLOSED)
    for row in profit:
        assert row["service_result"] == pytest.approx(row["recovered"] - row["allocated"], rel=CLOSED)


def test_a_reversal_recovers_no_more_than_the_component_that_is_left(model):
    rows = model.run(
        **held(
            premium=100,
            risk_adjustment=0,
            expected=expected([50, 50, 50]),
            underlying_losses=[{"end_of_year": 1, "loss": 30}, {"end_of_year": 2, "loss": -3000}],
        )
    )["tables"]["Roll-forward of the CSM"]
    assert rows[0]["recovery_component"] == pytest.approx(9)
    assert rows[1]["recovery_component"] == 0


def test_a_group_becomes_onerous_and_profitable_again(model):
    contracts = {"premium": 600, "risk_adjustment": 0, "rate": 0, "expected": expected([150] * 4), "paid": []}
    revisions = [
        {"end_of_year": 1, "for_year": 4, "claims": 250},
        {"end_of_year": 2, "for_year": 4, "claims": 120},
        {"end_of_year": 3, "for_year": 4, "claims": 100},
    ]
    found = model.run(**contracts, revisions=revisions, year=1)
    rows = found["tables"]["Roll-forward of the CSM"]
    # A loss of 100 on outflows of 550; a share of 150 / 550 ends with year 2, the rest is reversed first.
    assert [row["loss"] for row in rows] == pytest.approx([100, 0, 0, 0])
    assert rows[1]["reversal"] == pytest.approx(100 * 400 / 550)
    assert rows[1]["csm_change"] == pytest.approx(130 - 100 * 400 / 550)
    assert rows[1]["csm"] == pytest.approx((130 - 100 * 400 / 550) * 2 / 3)
    assert rows[2]["reversal"] == 0
    assert rows[3]["csm"] == pytest.approx(0, abs=1e-9)
    assert found["summary"]["Onerous"] == "yes"
    assert model.run(**contracts, revisions=revisions, year=2)["summary"]["Onerous"] == "no"


def test_amounts_that_cancel_leave_no_loss_of_rounding(model):
    found = model.run(
        premium=0.3, risk_adjustment=0.1, rate=0, expected=expected([0.1, 0.1]), paid=[], revisions=[], year=0
    )
    assert found["summary"]["Loss"] == found["summary"]["CSM"] == 0
    assert found["warnings"] == []
    large = model.run(
        premium=3e8,
        risk_adjustment=0,
        rate=0,
        expected=expected([1e8 + 0.1, 1e8 + 0.1, 1e8 - 0.2]),
        paid=[],
        revisions=[],
    )
    assert large["summary"]["Onerous"] == "no"


def test_every_year_that_does_not_fit_is_named_on_a_line_of_its_own(model):
    with pytest.raises(ValueError, match="beyond the last year") as raised:
        model.run(year=9, paid=[{"year": 8, "claims": 1}])
    assert [line.split(":")[0] for line in str(raised.value).splitlines()] == ["inputs.paid[0].year", "inputs.year"]


STANDARD = {"premium": 900, "outflows": [200] * 3, "ra": 120, "ra_release": [40] * 3, "rate": 0.05}


def asked(model, inputs, *keys):
    """Return what the adapter of the reference file measures of a case with these inputs, for expected `keys`."""
    read, case = adapter("ifrs17_csm"), {"inputs": inputs, "expect": dict.fromkeys(keys, 0)}
    return read.measured(case, [model.run(**values) for _, values in read.runs(case, None)])


def test_a_reference_case_may_give_later_years_alone_or_by_number(model):
    alone = STANDARD | {"year": 2, "actual_claims": 400, "revised_future": CaseInputs({"3": 450}), "revised_ra": 88}
    named = STANDARD | {
        "year": 2,
        "actual_claims": CaseInputs({"2": 400}),
        "revised_future": CaseInputs({"2": {"3": 450}}),
        "revised_ra": CaseInputs({"3": 88}),
    }
    for inputs in (alone, named, "as ie2b, year 2"):
        found = asked(model, inputs, "csm", "loss", "ra", "experience", "onerous")
        assert found == {"csm": 0, "loss": 113, "ra": 88, "experience": 200, "onerous": True}


def test_a_reference_case_spreads_one_risk_adjustment_over_the_years_that_are_left(model):
    inputs = STANDARD | {"year": 1, "revised_ra": 100, "revised_future": [210, 220]}
    read = adapter("ifrs17_csm").runs({"inputs": inputs, "expect": {}}, None)[0][1]
    assert [(r["for_year"], r["claims"], r["ra_release"]) for r in read["revisions"]] == [(2, 210, 50), (3, 220, 50)]


def test_a_reference_case_of_no_known_example_is_refused(model):
    with pytest.raises(LookupError, match="names no example"):
        asked(model, "as ie7, year 2", "csm")
    with pytest.raises(LookupError, match="contracts 'direct'"):
        asked(model, STANDARD | {"contracts": "direct"}, "csm")
