"""The roll-forward of the CSM against the standard's examples and against what must add up."""

import json
import re

import pytest

from tests.models.calling import Model

CENT = 0.005
CLOSED = 1e-9  # relative, of amounts that must add up
LABELS = {"opening": 1, "premiums": 1, "acquisition": 1, "claims": 1, "finance": 1, "service": 1}


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
            assert sum(row[key] for key in LABELS) == pytest.approx(row["total"], abs=1e-7), row
        assert rows[-1]["total"] == pytest.approx(0, abs=1e-7)


def test_profit_over_all_years_is_the_cash_that_stays(model, presets):
    for inputs in (busy(), *presets.values()):
        found = model.run(**inputs)
        moved = found["tables"]["Change of the liability"]
        cash = sum(row["premiums"] + row["acquisition"] + row["claims"] for row in moved)
        first = model.run(**inputs | {"year": 0})["summary"]["Loss"]
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
        ({"current_rates": [{"end_of_year": 5, "rate": 1}]}, "Take the row out"),
        ({"expected": expected([1, 1, 1], coverage_units=[0, 0, 0])}, "coverage_units"),
    ],
)
def test_years_that_do_not_fit_are_refused_with_a_reason(model, given, words):
    with pytest.raises(ValueError, match=words):
        model.run(**given)
