"""Premium allocation approach: Example 10, identities of the statements, the general model beside it, and refusals."""

import numpy as np
import pytest

from tests.models.calling import Model

EXACT = 1e-9
EVEN = {"revisions": [], "payments": []}


@pytest.fixture(scope="module")
def model():
    return Model("paa")


@pytest.fixture(scope="module")
def general():
    return Model("csm")


def period(number, coverage=3.0, **given):
    empty = dict.fromkeys(("premium", "acquisition", "expected", "incurred", "release", "rate"))
    return {**empty, "period": number, "months": 3, "coverage": coverage, **given}


def years(n, premium, claims, acquisition=0.0):
    """Return n years of even coverage."""
    first = {"premium": premium, "acquisition": acquisition}
    return [period(k + 1, 12, months=12, expected=claims, **(first if k == 0 else {})) for k in range(n)]


def plain(n, premium, claims, **given):
    """Return inputs that the general model can have too: claims paid when incurred, no risk adjustment of claims."""
    return {
        **EVEN,
        "periods": years(n, premium, claims, given.pop("acquisition", 0.0)),
        "pattern": [{"share": 100}],
        "risk_adjustment": 0,
        "risk_adjustment_coverage": 0,
        "discounted": False,
        "period": 1,
        **given,
    }


EXAMPLE_10 = {
    **EVEN,
    "periods": [
        period(1, 6, months=6, premium=1220, acquisition=20, expected=600),
        period(2, 4, months=6, expected=400),
        period(3, 0, months=6),
    ],
    "acquisition_costs": "expensed",
    "pattern": [{"share": 0}, {"share": 0}, {"share": 100}],
    "discounted": False,
    "revisions": [{"at": 3, "for_period": 1, "claims": 670}],
    "payments": [{"at": 3, "for_period": 2, "amount": 400}],
}


def test_example_10_of_the_standard_is_reproduced(model):
    """IFRS 17 Illustrative Examples, IE119 to IE122."""
    result = model.run(**EXAMPLE_10, period=2)
    position = [
        [row[key] for key in ("cash", "coverage", "incurred_value", "incurred_margin", "equity")]
        for row in result["table"]
    ]
    assert position == [[1200, 488, 600, 36, 76], [1200, 0, 1000, 60, 140], [130, 0, 0, 0, 130]]
    profit = [[row[key] for key in ("revenue", "expenses", "profit")] for row in result["tables"]["Profit or loss"]]
    assert profit == [[732, 656, 76], [488, 424, 64], [0, 10, -10]]
    assert result["summary"]["Liability for incurred claims"] == 1060
    assert result["warnings"] == []


VARIANTS = [
    {},
    {"reinsurance": True, "non_performance": 2},
    {"finance_in": "oci", "rate": 5},
    {"acquisition_costs": "expensed", "reinsurance": True},
    {"financing": True, "financing_rate": 7, "reinsurance": True, "finance_in": "oci"},
    {"discounted": False, "onerous_test": "initial"},
    {"risk_adjustment_coverage": 60},
    {"payments": [{"at": 1, "for_period": 1, "amount": 10}, {"at": 3, "for_period": 1, "amount": 100}]},
]


def with_rates(model):
    """Return the default periods with a rate that changes."""
    rows = [dict(row) for row in model.manifest.defaults["periods"]]
    return [row | {"rate": rate} for row, rate in zip(rows, (3, 4, 2, 5, 1, 0, 3), strict=True)]


@pytest.mark.parametrize("given", VARIANTS)
@pytest.mark.parametrize("moving", [False, True])
def test_equity_is_cash_less_liabilities_plus_the_reinsurance_asset(model, given, moving):
    result = model.run(**given, **({"periods": with_rates(model)} if moving else {}))
    for row in result["table"]:
        assert row["equity"] == pytest.approx(
            row["cash"] - row["liability"] + row.get("reinsurance_asset", 0), abs=1e-7
        )
    last = result["table"][-1]
    assert last["liability"] == pytest.approx(0, abs=1e-7)
    assert last["equity"] == pytest.approx(last["cash"], abs=1e-7)


@pytest.mark.parametrize("given", VARIANTS)
def test_every_movement_adds_up_to_its_end(model, given):
    result = model.run(**given, periods=with_rates(model), period=3)
    for row in result["tables"]["Remaining coverage"]:
        steps = (
            row["opening"] + row["premiums"] + row["acquisition"] + row["interest"] + row["amortised"] + row["revenue"]
        )
        assert steps == pytest.approx(row["closing"], abs=1e-8)
    for row in result["tables"]["Incurred claims"]:
        steps = sum(row[key] for key in ("opening", "incurred", "past", "finance", "oci", "paid"))
        assert steps == pytest.approx(row["closing"], abs=1e-8)
        assert row["margin_opening"] + row["margin_current"] + row["margin_past"] == pytest.approx(
            row["margin_closing"]
        )
    end = result["tables"]["Reconciliation"][-1]
    for key in ("coverage", "loss_component", "incurred_value", "incurred_margin", "liability"):
        assert end[key] == pytest.approx(result["table"][2][key], abs=1e-8)


def test_other_comprehensive_income_comes_to_nothing_and_leaves_the_liability(model):
    rows = with_rates(model)
    split, whole = (model.run(periods=rows, finance_in=where) for where in ("oci", "profit"))
    assert sum(row["oci"] for row in split["tables"]["Profit or loss"]) == pytest.approx(0, abs=1e-9)
    assert any(abs(row["oci"]) > 0.1 for row in split["tables"]["Profit or loss"])
    assert [r["liability"] for r in split["table"]] == pytest.approx([r["liability"] for r in whole["table"]])
    assert [r["equity"] for r in split["table"]] == pytest.approx([r["equity"] for r in whole["table"]])


def test_incurred_claims_are_worth_their_payments_at_the_current_rate(model):
    rows = with_rates(model)
    result = model.run(**EVEN, periods=rows, risk_adjustment=0)
    claims, shares = [240, 260, 385, 340], [0.4, 0.3, 0.2, 0.1]
    for t, rate in enumerate((0.03, 0.04, 0.02, 0.05, 0.01, 0.0, 0.03), start=1):
        value = sum(
            amount * share * (1 + rate) ** (-(a + d - t) / 4)
            for a, amount in enumerate(claims, start=1)
            for d, share in enumerate(shares)
            if a <= t < a + d
        )
        assert result["table"][t - 1]["incurred_value"] == pytest.approx(value, abs=1e-8)


def test_revenue_follows_the_passage_of_time_or_the_release_of_risk(model):
    rows = [
        period(k + 1, c, release=r, expected=10, **({"premium": 100} if k == 0 else {}))
        for k, (c, r) in enumerate([(1, 5), (3, 1), (4, 4)])
    ]
    by_time, by_risk = (model.run(**EVEN, periods=rows, revenue_by=by) for by in ("time", "release"))
    assert [row["revenue"] for row in by_time["tables"]["Profit or loss"]] == pytest.approx([12.5, 37.5, 50])
    assert [row["revenue"] for row in by_risk["tables"]["Profit or loss"]] == pytest.approx([50, 10, 40])


def test_a_financing_component_accretes_and_leaves_nothing(model):
    given = plain(3, 900, 100, financing=True, financing_rate=5, acquisition=60)
    rows = model.run(**given)["tables"]["Remaining coverage"]
    annuity = (1 - 1.05**-3) / 0.05
    assert [-row["revenue"] for row in rows] == pytest.approx([900 / annuity] * 3)
    assert [row["amortised"] for row in rows] == pytest.approx([60 / annuity] * 3)
    assert rows[0]["interest"] == pytest.approx(840 * 0.05)
    assert rows[-1]["closing"] == 0
    assert sum(row["interest"] for row in rows) == pytest.approx(3 * 840 / annuity - 840)


def test_acquisition_costs_are_deferred_or_expensed(model):
    deferred, expensed = (
        model.run(**plain(2, 100, 30, acquisition=20, acquisition_costs=how)) for how in ("deferred", "expensed")
    )
    assert [row["acquisition"] for row in deferred["tables"]["Profit or loss"]] == [10, 10]
    assert [row["acquisition"] for row in expensed["tables"]["Profit or loss"]] == [20, 0]
    assert [row["coverage"] for row in deferred["table"]] == [40, 0]
    assert [row["coverage"] for row in expensed["table"]] == [50, 0]


@pytest.mark.parametrize("n", [1, 3, 5])
def test_undiscounted_and_even_the_general_model_has_the_same_liability_and_revenue(model, general, n):
    """With claims, risk adjustment and coverage units even and a rate of 0, CSM and fulfilment cash flows sum to the LRC."""
    claims, margin = 60.0, 12.0
    paa = model.run(**plain(n, 100.0 * n, claims, risk_adjustment_coverage=20))
    csm = general.run(
        premium=100.0 * n,
        risk_adjustment=margin * n,
        rate=0,
        year=1,
        paid=[],
        revisions=[],
        expected=[
            {"year": k + 1, "claims": claims, "ra_release": 1, "coverage_units": 1, "premiums": None, "rate": None}
            for k in range(n)
        ],
    )
    assert [row["coverage"] for row in paa["table"]] == pytest.approx([row["total"] for row in csm["table"][1:]])
    ours, theirs = paa["tables"]["Profit or loss"], csm["tables"]["Profit or loss"]
    assert [row["revenue"] for row in ours] == pytest.approx([row["revenue"] for row in theirs])
    assert [row["profit"] for row in ours] == pytest.approx([row["profit"] for row in theirs])


@pytest.mark.parametrize("rate", [0, 4])
def test_an_onerous_group_has_the_loss_of_the_general_model_at_initial_recognition(model, general, rate):
    claims, n = 120.0, 3
    worth = sum(claims * (1 + rate / 100) ** -k for k in range(1, n + 1))
    margin = 10.0
    paa = model.run(
        **plain(n, 250.0, claims, acquisition=15.0, risk_adjustment_coverage=round(100 * margin / worth, 8))
        | {"discounted": rate > 0, "rate": rate}
    )
    csm = general.run(
        premium=250,
        acquisition_costs=15,
        risk_adjustment=margin,
        rate=rate,
        year=0,
        paid=[],
        revisions=[],
        expected=[
            {"year": k + 1, "claims": claims, "ra_release": None, "coverage_units": 1, "premiums": None, "rate": None}
            for k in range(n)
        ],
    )
    loss = paa["tables"]["Loss component"][0]["loss"]
    assert loss == pytest.approx(csm["summary"]["Loss"], abs=1e-4)
    assert loss == pytest.approx(worth + margin + 15 - 250, abs=1e-4)
    whole = [sum(row["profit"] for row in r["tables"]["Profit or loss"]) for r in (paa, csm)]
    first = csm["table"][0]["loss_component"]  # the general model recognises it before its first year
    assert whole[0] == pytest.approx(250 - 15 - n * claims)
    assert whole[1] - first == pytest.approx(whole[0], abs=0.01)


def test_the_loss_component_is_what_the_cash_flows_exceed_the_liability_by_and_ends_with_the_coverage(model):
    given = plain(4, 400, 80) | {"revisions": [{"at": 2, "for_period": k, "claims": 130} for k in (3, 4)]}
    rows = model.run(**given)["tables"]["Loss component"]
    assert [row["loss_component"] for row in rows] == pytest.approx([0, 0, 60, 30, 0])
    assert [row["loss"] for row in rows] == pytest.approx([0, 0, 60, 0, 0])
    assert [row["reversal"] for row in rows] == pytest.approx([0, 0, 0, 30, 30])


def test_a_favourable_revision_reverses_the_loss_component(model):
    given = plain(4, 400, 120) | {"revisions": [{"at": 1, "for_period": k, "claims": 90} for k in (2, 3, 4)]}
    rows = model.run(**given)["tables"]["Loss component"]
    assert [row["loss_component"] for row in rows] == pytest.approx([80, 0, 0, 0, 0])
    profit = model.run(**given)["tables"]["Profit or loss"]
    assert profit[0]["losses"] == pytest.approx(0)  # 80 recognised, and reversed in the same period


def test_a_group_that_is_not_tested_has_no_loss_component_until_it_is_onerous_from_the_start(model):
    revised = {"revisions": [{"at": 2, "for_period": k, "claims": 130} for k in (3, 4)]}
    rows = model.run(**plain(4, 400, 80, onerous_test="initial") | revised)["tables"]["Loss component"]
    assert [row["loss_component"] for row in rows] == [0] * 5
    onerous = model.run(**plain(4, 400, 110, onerous_test="initial"))["tables"]["Loss component"]
    assert [row["loss_component"] for row in onerous] == pytest.approx([40, 30, 20, 10, 0])


def test_the_loss_recovery_component_is_the_share_of_the_loss_component(model):
    result = model.run(reinsurance=True, recovered_share=40)
    components = [row["loss_component"] for row in result["table"]]
    held = result["tables"]["Reinsurance held"]
    assert [row["recovery_component"] for row in held] == pytest.approx([0.4 * c for c in components])
    assert sum(row["loss_recovered"] for row in held) == pytest.approx(0, abs=1e-9)
    assert held[1]["loss_recovered"] == pytest.approx(0.4 * components[1])


def test_a_full_cession_without_commission_leaves_no_profit(model):
    given = {"reinsurance": True, "recovered_share": 100, "ceded_premium": 100, "commission": 0}
    rows = [row | {"acquisition": None} for row in with_rates(model)]
    for where in ("profit", "oci"):
        result = model.run(**given, periods=rows, finance_in=where)
        assert [row["equity"] for row in result["table"]] == pytest.approx([0] * 7, abs=1e-8)
        assert [row["profit"] for row in result["tables"]["Profit or loss"]] == pytest.approx([0] * 7, abs=1e-8)


def test_non_performance_lowers_what_is_recovered(model):
    sure, doubtful = (model.run(reinsurance=True, non_performance=x)["table"] for x in (0, 10))
    assert doubtful[-1]["cash"] == pytest.approx(sure[-1]["cash"] - 0.1 * 0.4 * 1240)


def test_a_payment_that_differs_leaves_the_rest_of_the_pattern_in_proportion(model):
    result = model.run(**EVEN | {"payments": [{"at": 1, "for_period": 1, "amount": 140}]}, discounted=False)
    paid = [-row["paid"] for row in result["tables"]["Incurred claims"]]
    plain_paid = [-row["paid"] for row in model.run(**EVEN, discounted=False)["tables"]["Incurred claims"]]
    assert [a - b for a, b in zip(paid, plain_paid, strict=True)][:4] == pytest.approx(
        [44, 50 - 72, 100 / 3 - 48, 50 / 3 - 24]
    )


def test_periods_of_different_length_discount_by_their_months(model):
    rows = [period(1, 1, months=1, premium=100, expected=60), period(2, 0, months=11), period(3, 0, months=12)]
    result = model.run(**EVEN, periods=rows, pattern=[{"share": 0}, {"share": 50}, {"share": 50}], rate=6, period=1)
    expected = 30 * 1.06 ** (-11 / 12) + 30 * 1.06 ** (-23 / 12)
    assert result["table"][0]["incurred_value"] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"periods": [period(2, premium=5, expected=1)]}, "do not run from 1 without a gap"),
        ({"periods": [period(1, 0, premium=5)]}, "it is 0 in every period"),
        (
            {"periods": [period(1, 3, premium=5), period(2, 0, expected=4)]},
            r"periods\[1\]\.coverage: it is 0, and claims",
        ),
        ({"periods": [period(1, 3, premium=5), period(2, 0, premium=4)]}, "comes after the last coverage, in period 1"),
        ({"periods": [period(1, 3)]}, "there is none. Give the premiums"),
        ({"revenue_by": "release"}, r"periods\.release: it is empty"),
        ({"pattern": [{"share": 90}]}, "the shares sum to 90 %"),
        ({"period": 8}, "8 is beyond the last period, 7"),
        ({"revisions": [{"at": 9, "for_period": 3, "claims": 1}]}, "there is no period 9"),
        ({"revisions": [{"at": 2, "for_period": 2, "claims": 1}]}, "are estimated at its end already"),
        ({"payments": [{"at": 1, "for_period": 2, "amount": 1}]}, "are not paid before"),
        ({"payments": [{"at": 1, "for_period": 1, "amount": 900}]}, "900 of the claims of period 1 is paid, more than"),
    ],
)
def test_tables_that_do_not_fit_are_refused_with_the_row(model, given, text):
    with pytest.raises(ValueError, match=text):
        model.run(**EVEN | given)


def test_all_problems_come_together(model):
    with pytest.raises(ValueError, match="beyond the last period") as raised:
        model.run(pattern=[{"share": 50}], period=100, payments=[{"at": 1, "for_period": 2, "amount": 1}])
    assert str(raised.value).count("\n") == 2


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (plain(2, 100, 30), r"53\(a\)"),
        (plain(2, 100, 30, acquisition_costs="expensed", acquisition=5), r"59\(a\)"),
        (plain(2, 100, 30), r"\(56\)"),
        (plain(1, 100, 30, pattern=[{"share": 50}, {"share": 0}, {"share": 50}]), r"59\(b\)"),
        (plain(1, 100, 130), "onerous from the start: a loss of 30.00"),
        (EVEN | {"periods": [period(1, premium=50, expected=10), period(2, premium=150)]}, "asset at times"),
        (
            EVEN | {"periods": [period(1, premium=50, expected=10)], "period": 1},
            "still to be paid after the last period",
        ),
    ],
)
def test_what_the_standard_does_not_allow_or_an_analyst_should_see_is_said(model, given, text):
    import re

    assert any(re.search(text, warning) for warning in model.run(**given)["warnings"])


def test_figures_of_the_summary_are_those_of_the_reporting_period(model):
    for at in (1, 4):
        result = model.run(period=at)
        row = result["table"][at - 1]
        assert result["summary"]["Insurance contract liability"] == row["liability"]
        assert result["summary"]["Equity"] == row["equity"]
        assert result["summary"]["Onerous"] == ("yes" if row["loss_component"] else "no")


def test_an_even_group_earns_evenly(model):
    profit = [row["profit"] for row in model.run(**plain(4, 400, 70))["tables"]["Profit or loss"]]
    assert profit == pytest.approx(np.full(4, 30.0), rel=EXACT)
