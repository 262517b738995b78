"""Yield curves against published values, against each other and at their limits."""

import json
from pathlib import Path

import numpy as np
import pytest

from contract.problems import InputError
from tests.models.adapters import smith_wilson_eiopa as adapter
from tests.models.calling import Model

REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "smith_wilson_eiopa.json"
EXACT = 1e-12
SLOPE = 1e-6  # of a central difference
PRINTED = 5.1e-6  # Hull prints zero rates in percent to three decimals
BONDS = [(0.25, 0, 97.5), (0.5, 0, 94.9), (1, 0, 90), (1.5, 8, 96), (2, 12, 101.6)]


@pytest.fixture(scope="module")
def model():
    return Model("yield_curve")


@pytest.fixture(scope="module")
def published():
    if not REFERENCE.exists():
        pytest.skip("the reference files are not beside the project")
    return [c for c in json.loads(REFERENCE.read_text())["cases"] if "Qb" in c["inputs"]]


def bonds(rows=BONDS):
    return [{"maturity": t, "rate": c, "price": p, "frequency": 2} for t, c, p in rows]


def test_bonds_of_hull_give_the_zero_rates_of_table_4_4(model):
    terms = {"method": "bootstrap", "quotes_are": "bonds", "compounding": "continuous"}
    rows = model.run(quotes=bonds(), **terms)["tables"]["Quotes"]
    assert [r["zero"] for r in rows] == pytest.approx([0.10127, 0.10469, 0.10536, 0.10681, 0.10808], abs=PRINTED)


@pytest.mark.parametrize("interpolation", ["constant_forward", "linear_zero"])
@pytest.mark.parametrize("frequency", ["annual", "semi-annual", "quarterly"])
def test_a_bootstrapped_curve_reprices_every_par_rate(model, interpolation, frequency):
    quotes = [{"maturity": t, "rate": r} for t, r in [(0.4, 5), (1.3, 4), (2, 3.5), (5, -0.5), (11.25, 2), (30, 3)]]
    terms = {"method": "bootstrap", "quotes_are": "par", "interpolation": interpolation, "frequency": frequency}
    rows = model.run(quotes=quotes, **terms)["tables"]["Quotes"]
    assert [r["model_price"] for r in rows] == pytest.approx(np.ones(6), rel=EXACT)


def test_smith_wilson_reprices_bonds_and_par_rates(model):
    for kind, quotes in (
        ("bonds", bonds()),
        ("par", [{"maturity": t, "rate": 3 + t / 20} for t in (1, 2, 5, 10, 20)]),
    ):
        rows = model.run(quotes_are=kind, quotes=quotes, last_liquid_point=20)["tables"]["Quotes"]
        assert [r["error"] for r in rows] == pytest.approx(np.zeros(5), abs=1e-9)


def test_instantaneous_forward_rates_are_the_slope_of_the_discount_factors(model):
    h = 1e-5
    for method in ("smith_wilson", "bootstrap", "nelson_siegel", "svensson"):
        for more in ({"volatility_adjustment": 0}, {"volatility_adjustment": 25}):
            targets = [{"maturity": t + k * h} for t in (0.7, 7.3, 45.0) for k in (-1, 0, 1)]
            found = model.run(method=method, targets=targets, **more)["tables"]["Chosen maturities"]
            for low, here, high in zip(found[::3], found[1::3], found[2::3], strict=True):
                slope = -(np.log(high["discount"]) - np.log(low["discount"])) / (2 * h)
                assert here["instantaneous"] == pytest.approx(slope, abs=SLOPE), (method, more)


def test_calibrating_from_printed_zero_rates_comes_as_near_as_rounding_allows(model, published):
    for case in published:
        given = {**case["inputs"]}
        del given["Qb"]
        case_from_zero = {**case, "inputs": given}
        ((_, inputs),) = adapter.runs(case_from_zero, None)
        found = adapter.measured(case_from_zero, [model.run(**inputs)])["spot"]
        assert found == pytest.approx(case["expect"]["spot"], abs=case["atol_from_zero"]), case["id"]


def test_alpha_found_from_printed_zero_rates_is_near_the_published_one(model, published):
    for case in published:
        given = {k: v for k, v in case["inputs"].items() if k not in {"Qb", "alpha"}}
        ((_, inputs),) = adapter.runs({**case, "inputs": given}, None)
        found = model.run(**inputs)["summary"]["Alpha"]
        assert found == pytest.approx(case["inputs"]["alpha"], rel=case["alpha_recalibration_rtol"]), case["id"]


def test_published_weights_meet_the_tolerance_at_the_convergence_point(model, published):
    for case in published:
        ((_, inputs),) = adapter.runs(case, None)
        gap = model.run(**inputs)["summary"]["Distance from ultimate forward rate"]
        assert gap == pytest.approx(1, abs=1e-4), case["id"]


def test_alpha_is_the_smallest_of_six_decimals_that_converges(model):
    found = model.run()["summary"]
    assert found["Distance from ultimate forward rate"] <= 1
    step = {"alpha_choice": "given", "alpha": round(found["Alpha"] - 1e-6, 6)}
    assert model.run(**step)["summary"]["Distance from ultimate forward rate"] > 1


def test_the_fit_finds_the_parameters_a_curve_was_made_of(model):
    made = {"beta0": 3.5, "beta1": -2, "beta2": 4, "tau1": 1.7}
    targets = [{"maturity": t} for t in (0.25, 0.5, 1, 2, 3, 5, 7, 10, 15, 20, 30)]
    given = {"method": "nelson_siegel", "parameters": "given", "targets": targets, **made}
    rows = model.run(**given)["tables"]["Chosen maturities"]
    quotes = [{"maturity": r["maturity"], "rate": 100 * r["zero"]} for r in rows]
    found = model.run(method="nelson_siegel", quotes=quotes)["summary"]
    assert found["Tau 1"] == pytest.approx(1.7, rel=1e-4)
    assert found["Beta 2 (curvature)"] == pytest.approx(0.04, rel=1e-4)


def test_the_volatility_adjustment_moves_the_liquid_part_and_leaves_the_ultimate_forward_rate(model):
    targets = [{"maturity": t} for t in (1, 20, 150)]
    plain, raised = (
        [r["zero"] for r in model.run(volatility_adjustment=va, targets=targets)["tables"]["Chosen maturities"]]
        for va in (0, 20)
    )
    lift = np.subtract(raised, plain)
    assert lift[:2] == pytest.approx([0.002, 0.002], rel=1e-9)
    assert 0 < lift[2] < 0.0005


def test_the_credit_risk_adjustment_comes_off_the_quotes(model):
    row = model.run(credit_adjustment=10, method="bootstrap")["table"][0]
    assert row["zero"] == pytest.approx(0.03784, rel=1e-12)


def test_rates_are_the_same_curve_in_every_compounding(model):
    quotes = [{"maturity": t, "rate": r} for t, r in [(1, 2), (5, 3), (10, 3.2)]]
    terms = {"method": "bootstrap", "quotes_are": "par", "quotes": quotes}
    found = {c: model.run(compounding=c, **terms)["table"][4]["zero"] for c in ("annual", "semi-annual", "continuous")}
    growth = [1 + found["annual"], (1 + found["semi-annual"] / 2) ** 2, np.exp(found["continuous"])]
    assert growth[1:] == pytest.approx(growth[:2], rel=EXACT)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"quotes": []}, "no quote"),
        (
            {"quotes": [{"maturity": 1, "rate": 2}, {"maturity": 1, "rate": 3}]},
            r"quotes\[1\]\.maturity: 1 stands above already",
        ),
        ({"quotes_are": "bonds"}, "accrued interest"),
        ({"quotes_are": "qb", "method": "bootstrap"}, "belong to Smith-Wilson"),
        ({"quotes": [{"maturity": 30, "rate": 3}]}, "last liquid point"),
        ({"method": "svensson", "quotes": [{"maturity": t, "rate": 3} for t in (1, 2, 3)]}, "cannot fit 6"),
        ({"method": "svensson", "parameters": "given", "tau1": 2, "tau2": 2}, "two humps are one"),
        (
            {"method": "bootstrap", "quotes_are": "bonds", "quotes": bonds([(1, 0, 99), (2, 50, 30)])},
            "earlier coupons alone",
        ),
    ],
)
def test_quotes_that_give_no_curve_are_refused_with_a_reason(model, given, words):
    with pytest.raises((ValueError, InputError), match=words):
        model.run(**given)


def test_errors_of_rounding_are_not_drawn_and_real_ones_are(model):
    def titles(**given):
        result = model.run(**given)
        return [c["title"] for c in result["charts"]], result.get("notes", "")

    exact, words = titles()
    assert "Quotes repriced by the curve" not in exact
    assert "to rounding" in words
    assert "Quotes repriced by the curve" in titles(method="nelson_siegel")[0]
