"""Market risk against the Regulation's factors, its limits and itself."""

import numpy as np
import pytest

from contract.errors import InputError
from tests.models.adapters import scr_market as adapter
from tests.models.calling import Model
from tests.models.reference import compare_case

EXACT = 1e-12
PRINTED_STEP = 0.0011  # Article 176(3) prints 46.6 % where the band before ends on 46.5 %, 180(3) 8.4 % after 8.5 %
EQUITIES = ("equity_type1", "equity_type2", "strategic_type1", "strategic_type2", "infrastructure_equity")
NOTHING = {
    **dict.fromkeys((*EQUITIES, "infrastructure_corporate_equity", "property"), 0),
    "bonds": [],
    "exposures": [],
    "currencies": [],
    "cash_flows": [],
    "symmetric_adjustment": 0,
}


@pytest.fixture(scope="module")
def model():
    return Model("scr_market")


def bond(duration, step, kind, value=200):
    return {"kind": kind, "step": step, "duration": duration, "value": value}


@pytest.mark.parametrize(
    ("duration", "step", "kind", "stress"),
    [
        (0.2, 0, "corporate", 0.009),
        (5, 3, "corporate", 0.125),
        (7.5, 2, "corporate", 0.0875),
        (12, 4, "corporate", 0.386),
        (18, 1, "corporate", 0.125),
        (30, 6, "corporate", 0.685),
        (100, 5, "corporate", 1),
        (8, None, "corporate", 0.201),
        (15, None, "corporate", 0.295),
        (25, None, "corporate", 0.38),
        (4, 0, "covered", 0.028),
        (9, 1, "covered", 0.065),
        (6, 2, "covered", 0.077),
        (25, 3, "sovereign", 0),
        (12, 1, "sovereign_other", 0),
        (12, 2, "sovereign_other", 0.094),
        (12, 6, "sovereign_other", 0.386),
        (12, 3, "infrastructure", 0.1469),
        (7, 0, "infrastructure", 0.0392),
    ],
)
def test_spread_stresses_are_those_of_articles_176_and_180(model, duration, step, kind, stress):
    found = model.run(**NOTHING | {"bonds": [bond(duration, step, kind)]})
    assert found["summary"]["SCR spread"] == pytest.approx(200 * stress, rel=EXACT)


def test_spread_stresses_go_on_without_a_step_from_band_to_band(model):
    edge = 1e-9
    for kind, name in enumerate(model.spread.KINDS):
        for step in range(8):
            for at in (5.0, 10.0, 15.0, 20.0):
                low, high = model.spread.stress([kind] * 2, [step] * 2, np.array([at, at + edge]))
                printed = (step, at) == (4, 20.0) or (name, step, at) == ("sovereign_other", 2, 10.0)
                assert high == pytest.approx(low, abs=PRINTED_STEP if printed else 1e-8)


def test_a_stress_of_2027_moves_a_rate_by_a_share_and_by_points(model):
    stress = model.interest.stress
    assert stress([0.03, -0.01], [10, 10], "up", "2027") == pytest.approx([0.0495, -0.0025], rel=EXACT)
    assert stress([0.03, -0.02], [1, 5], "down", "2027") == pytest.approx([0.001, -0.0125], rel=EXACT)


def test_the_stressed_curve_of_2027_goes_on_beyond_the_first_smoothing_point_and_moves_less_and_less(model):
    rates = np.array([0.03, 0.028, 0.027, 0.031])
    curve = model.interest.Curve(
        np.array([1.0, 10, 30, 60]), rates, "2027", smoothing_point=20, ultimate=0.033, speed=0.11
    )
    t = np.array([20 - 1e-6, 20, 20 + 1e-6, 60, 150])
    for direction, sign in (("up", 1), ("down", -1)):
        found = curve.zero(t, direction)
        assert found[2] == pytest.approx(found[0], abs=1e-8)
        change = sign * (found - curve.zero(t))
        assert (change > 0).all()
        assert (np.diff(change[2:]) < 0).all()


def test_an_extrapolated_forward_rate_runs_from_the_last_liquid_one_to_the_ultimate_one(model):
    found = model.interest.extrapolated(np.array([1e-9, 10, 1e6]), 0.02, 0.033, 0.11)
    weight = (1 - np.exp(-1.1)) / 1.1
    end = np.log(1.033)
    assert found == pytest.approx([0.02, weight * 0.02 + (1 - weight) * end, end], abs=1e-6)


def test_the_loss_of_one_cash_flow_is_that_of_its_stressed_rate(model):
    given = {"cash_flows": [{"year": 10, "liabilities": 100}], "curve": [{"maturity": 10, "rate": 3}]}
    found = model.run(**NOTHING | given)["summary"]
    assert found["Loss, rates down"] == pytest.approx(100 * (1.0207**-10 - 1.03**-10), rel=EXACT)
    assert found["Loss, rates up"] == pytest.approx(100 * (1.0426**-10 - 1.03**-10), rel=EXACT)
    adjusted = model.run(**NOTHING | given | {"volatility_adjustment": 20})["summary"]
    assert adjusted["Loss, rates down"] == pytest.approx(100 * (1.0227**-10 - 1.032**-10), rel=EXACT)


def test_the_larger_loss_binds_and_decides_about_the_correlations(model):
    short = model.run(**NOTHING | {"equity_type1": 100, "cash_flows": [{"year": 30, "liabilities": 100}]})["summary"]
    x, y = short["Loss, rates down"], short["SCR equity"]
    assert short["SCR market"] == pytest.approx(np.sqrt(x * x + x * y + y * y), rel=EXACT)
    long = model.run(**NOTHING | {"equity_type1": 100, "cash_flows": [{"year": 30, "assets": 100}]})["summary"]
    assert long["SCR market"] == pytest.approx(np.hypot(long["Loss, rates up"], long["SCR equity"]), rel=EXACT)


def test_falling_rates_tie_interest_to_spreads_less_from_2027(model):
    old, new = (model.function.correlation("down", regime) for regime in ("2015/35", "2027"))
    assert (old[0, 3], new[0, 3]) == (0.5, 0.25)
    assert np.array_equal(np.delete(old.ravel(), [3, 18]), np.delete(new.ravel(), [3, 18]))


def test_a_name_costs_what_it_holds_beyond_its_threshold_by_its_average_step(model):
    bonds = [bond(1, 0, "corporate", 30), bond(1, 3, "corporate", 30)]
    for row in bonds:
        row["issuer"] = "A"
    given = {"bonds": bonds, "concentration_base": 1000}
    given["exposures"] = [
        {"name": "B", "kind": "name", "step": 3, "value": 40},
        {"name": "House", "kind": "property", "value": 150},
        {"name": "C", "kind": "name", "value": 10},
    ]
    found = model.run(**NOTHING | given)
    # A: steps 0 and 3 make 1.5, which counts as 2.
    charges = [0.21 * (60 - 30), 0.27 * (40 - 15), 0.12 * (150 - 100)]
    assert found["summary"]["SCR concentration"] == pytest.approx(np.sqrt(np.square(charges).sum()), rel=EXACT)


def test_currencies_cost_capital_long_and_short(model):
    rows = [{"currency": "USD", "net": 40}, {"currency": "GBP", "net": -20}]
    rows.append({"currency": "DKK", "net": 100, "stress": 0.39})
    found = model.run(**NOTHING | {"currencies": rows})["summary"]
    assert found["SCR currency"] == pytest.approx(10 + 5 + 0.39, rel=EXACT)


def test_positions_in_one_currency_are_netted_before_the_stress(model):
    # Article 188: the requirement is for each foreign currency, not for each position in it.
    def charge(*rows):
        return model.run(**NOTHING | {"currencies": list(rows)})["summary"]["SCR currency"]

    assert charge({"currency": "USD", "net": -100}, {"currency": "USD", "net": 100}) == 0
    assert charge({"currency": "USD", "net": -100}, {"currency": " usd", "net": 60}) == pytest.approx(10, rel=EXACT)
    assert charge({"currency": "USD", "net": -100}, {"currency": "GBP", "net": 100}) == pytest.approx(50, rel=EXACT)


def test_the_reporting_currency_bears_no_charge_and_the_notes_say_so(model):
    rows = [{"currency": "EUR", "net": 500}, {"currency": "DKK", "net": 100}]
    found = model.run(**NOTHING | {"currencies": rows})
    assert found["summary"]["SCR currency"] == pytest.approx(25, rel=EXACT)
    assert "position in EUR is in the reporting currency" in found["notes"]
    danish = model.run(**NOTHING | {"currencies": rows, "reporting_currency": "dkk"})["summary"]
    assert danish["SCR currency"] == pytest.approx(125, rel=EXACT)


def test_two_stresses_for_one_currency_are_refused_by_row(model):
    rows = [{"currency": "DKK", "net": 1, "stress": 0.39}, {"currency": "DKK", "net": 2}]
    with pytest.raises(ValueError, match=r"inputs\.currencies\[1\]\.stress: 25 % for DKK, which has 0\.39 % in row 1"):
        model.run(**NOTHING | {"currencies": rows})


def test_one_issuer_in_two_spellings_is_one_name(model):
    bonds = [bond(1, 2, "corporate", 30) | {"issuer": issuer} for issuer in ("Bank A", "bank  a ", " ")]
    found = model.run(**NOTHING | {"bonds": bonds, "concentration_base": 1000})
    assert [row["exposure"] for row in found["tables"]["Names"]] == [60, 30]
    assert found["summary"]["SCR concentration"] == pytest.approx(0.21 * (60 - 30), rel=EXACT)


def test_exposures_beyond_the_assets_of_their_thresholds_are_named(model):
    given = NOTHING | {"exposures": [{"name": "B", "kind": "name", "step": 3, "value": 40}]}
    assert "exceed the 10.00 M EUR of assets" in model.run(**given | {"concentration_base": 10})["warnings"][0]
    assert "exceed the 0.00 M EUR of assets" in model.run(**given)["warnings"][0]
    assert model.run(**given | {"concentration_base": 40})["warnings"] == []
    thirds = [bond(1, 2, "corporate", 0.1) | {"issuer": issuer} for issuer in "ABC"]
    assert model.run(**NOTHING | {"bonds": thirds})["warnings"] == []


def test_an_adjustment_that_given_modules_do_not_use_is_neither_shown_nor_warned_of(model):
    found = model.run(modules="given", symmetric_adjustment=13)
    assert "Symmetric adjustment" not in found["summary"]
    assert found["warnings"] == []


@pytest.mark.parametrize("regime", ["2015/35", "2027"])
def test_cash_flows_beyond_the_curve_are_named_under_both_regimes(model, regime):
    curve = [{"maturity": 1, "rate": 3}, {"maturity": 30, "rate": 3}]
    found = model.run(**NOTHING | {"regime": regime, "curve": curve, "cash_flows": [{"year": 40, "assets": 1}]})
    assert "Cash flows run to 40 years, the curve to 30" in found["warnings"][0]


@pytest.mark.parametrize(
    ("kind", "duration", "column", "stress"),
    [
        ("corporate", 5, "step3", 0.125),
        ("corporate", 20, "step4", 0.465),
        ("corporate", 8, "unrated", 0.201),
        ("covered", 4, "step0", 0.028),
        ("sovereign_other", 12, "step2", 0.094),
        ("infrastructure", 12, "step3", 0.1469),
        ("sovereign", 50, "step6", 0),
    ],
)
def test_the_table_of_spread_stresses_holds_those_of_articles_176_and_180(model, kind, duration, column, stress):
    rows = model.run(spread_table_kind=kind)["tables"]["Spread stresses"]
    (row,) = [r for r in rows if r["duration"] == duration]
    assert row[column] == pytest.approx(stress, abs=EXACT)


def test_the_factors_of_article_176_give_the_stresses_back(model):
    found = model.run(regulation_tables=["spread", "spread_factors"])["tables"]
    factors = {(f["quality_step"], f["duration_from"]): (f["level"], f["slope"]) for f in found["Spread factors"]}
    assert factors["2", 5.0] == (0.07, 0.007)  # Article 176(3)
    level, slope = factors["2", 5.0]
    (row,) = [r for r in found["Spread stresses"] if r["duration"] == 9]
    assert row["step2"] == pytest.approx(level + slope * 4, rel=EXACT)


def test_the_other_tables_of_the_regulation_come_on_request(model):
    found = model.run(regulation_tables=["concentration", "equity", "correlations"], symmetric_adjustment=-4)["tables"]
    assert "Interest rate shocks" not in found
    step3 = found["Concentration factors"][3]
    assert (step3["threshold_share"], step3["factor"]) == (0.015, 0.27)  # Articles 185 and 186
    stresses = [row["stress"] for row in found["Equity stresses"]]
    assert stresses == pytest.approx([0.35, 0.45, 0.22, 0.30 - 0.77 * 0.04, 0.36 - 0.92 * 0.04], rel=EXACT)
    assert found["Correlations"][0]["with_equity"] in {0, 0.5}


def test_what_is_allocated_to_the_modules_adds_up_to_the_requirement(model):
    for regime in ("2015/35", "2027"):
        found = model.run(regime=regime)
        assert sum(row["allocated"] for row in found["table"]) == pytest.approx(
            found["summary"]["SCR market"], rel=EXACT
        )


def test_the_adjustment_reaches_13_percent_from_2027_only(model):
    given = NOTHING | {"equity_type1": 100, "symmetric_adjustment": 13}
    assert model.run(regime="2027", **given)["summary"]["SCR equity"] == pytest.approx(52, rel=EXACT)
    old = model.run(**given)
    assert old["summary"]["SCR equity"] == pytest.approx(49, rel=EXACT)
    assert "limit of Article 172(4)" in old["warnings"][0]


def test_a_rate_beyond_its_first_smoothing_point_has_no_stress_of_its_own_in_2027(model):
    found = model.run(regime="2027", points=[{"maturity": 30, "rate": 3, "smoothing_point": 20}])
    assert found["tables"]["Stressed rates"][0]["stressed"] is None
    assert "beyond their first smoothing point" in found["warnings"][0]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            {"curve": [{"maturity": 5, "rate": 3}, {"maturity": 5, "rate": 2}]},
            r"curve\[1\]\.maturity: 5 repeats an earlier row",
        ),
        ({"regime": "2027", "curve": [{"maturity": 5, "rate": 3}]}, "before the first smoothing point of 20 years"),
    ],
)
def test_a_curve_that_does_not_fit_is_refused(model, given, words):
    with pytest.raises((ValueError, InputError), match=words):
        model.run(**given)


class InProcess:
    """Runs the model of an adapter in this process."""

    def __init__(self, model):
        self.model = model

    def run(self, slug, values):
        assert slug == "scr_market"
        return self.model.run(**values)


@pytest.mark.parametrize(
    "case",
    [
        {
            "id": "up_2027",
            "inputs": {"points": [{"rate": 0.03, "maturity": 10, "direction": "up"}], "regime": "from 30 January 2027"},
            "expect": {"stressed": [0.0495]},
        },
        {
            "inputs": {"regime": "2015/35", "direction": "down", "maturities": [5, 10, 55], "rates": 0.03},
            "expect": {"stressed": [0.0162, 0.0207, 0.03 * (1 - 0.245)]},
        },
        {
            "inputs": {"regime": "2015/35", "maturities": [1, 55]},
            "expect": {"maturity": [1, 55], "up": [0.7, 0.23], "down": [0.75, 0.245]},
        },
        {
            "inputs": {"regime": "2015/35", "maturities": [5, 10], "rates": [0.03, 0.02]},
            "expect": {"up": [0.0465, 0.03], "down": [0.0162, 0.0138]},
        },
        {
            "inputs": {"regime": "2027"},
            "expect": {"rows": None},  # filled from the table itself below
        },
        {
            "inputs": {"points": [{"duration": 12, "cqs": 4}, {"duration": 8, "rating": "unrated", "value": 50}]},
            "expect": {"stress": [0.386, 0.201], "loss": [0.386, 10.05], "scr_spread": 10.436},
        },
        {
            "inputs": {"kind": "covered bonds", "steps": [0, 1], "durations": [4, 9, 1]},
            "expect": {"stress": [[0.028, 0.055, 0.007], [0.036, 0.065, 0.009]]},
        },
        {
            "inputs": {"durations": [4, 9, 1], "steps": [0, 3]},
            "expect": {"stress": [[0.036, 0.1], [0.065, 0.185], [0.009, 0.025]]},
        },
        {"inputs": {"positions": {"USD": 40, "GBP": -20}}, "expect": {"scr_currency": 15}},
        {"inputs": {"net": -80}, "expect": {"scr_fx": 20}},
        {"inputs": {"property": 120}, "expect": {"scr_property": 30, "scr": 30}},
        {
            "inputs": {"exposures": [{"name": "B", "step": 3, "value": 40}], "assets": 1000},
            "expect": {"scr_concentration": 0.27 * 25},
        },
        {"inputs": {"equity": 500, "current": 100, "average": 100}, "expect": {"scr_equity": 175, "sa": -0.04}},
        {"inputs": {"components": {"equity": 30, "fx": 40}, "A": 0}, "expect": {"scr": np.sqrt(2500 + 600)}},
        {
            "inputs": {
                "cash_flows": [{"year": 10, "liabilities": 100}],
                "curve": [{"maturity": 10, "rate": 0.03}],
            },
            "expect": {"loss_down": 100 * (1.0207**-10 - 1.03**-10)},
        },
    ],
    ids=lambda case: "-".join(case["expect"]),
)
def test_a_reference_case_of_another_shape_is_run_with_every_input_of_it(model, case):
    if case["expect"] == {"rows": None}:
        table = model.run(regime="2027")["tables"]["Interest rate shocks"]
        case = case | {"expect": {"rows": [[row[key] for key in table[0]] for row in table]}}
    found = compare_case({"rtol": 1e-9} | case, None, adapter, InProcess(model))
    assert [(c.path, c.expected, c.found) for c in found if not c.good] == []


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"components": {"market": 3}}, "components: market"),
        ({"points": [{"duration": 3, "cqs": 1, "collateral": 5}]}, "columns of a row: collateral"),
        ({"points": [{"duration": 3, "cqs": 1}], "kind": "securitisation"}, "kind of bond: securitisation"),
        ({"regime": "Swiss Solvency Test"}, "regime: Swiss Solvency Test"),
        ({"property": 3, "haircut": 2}, "does not know the inputs haircut"),
    ],
)
def test_a_reference_case_with_an_unknown_input_is_missed_by_its_name(model, inputs, words):
    (found,) = compare_case({"inputs": inputs, "expect": {"scr": 1}}, None, adapter, InProcess(model))
    assert not found.good
    assert words in found.found
