"""Yield curves against published values, against each other and at their limits."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from contract import inputs as contract_inputs
from contract.errors import InputError
from tests.models.adapters import nelson_siegel
from tests.models.adapters import smith_wilson_eiopa as smith_wilson
from tests.models.adapters import yield_curve_bootstrap as bootstrap
from tests.models.calling import Model
from tests.models.case_inputs import CaseInputs
from tests.models.reference import compare_case

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
        given = CaseInputs({k: v for k, v in case["inputs"].items() if k != "Qb"})
        case_from_zero = {**case, "inputs": given}
        ((_, inputs),) = smith_wilson.runs(case_from_zero, None)
        found = smith_wilson.measured(case_from_zero, [model.run(**inputs)])["spot"]
        assert found == pytest.approx(case["expect"]["spot"], abs=case["atol_from_zero"]), case["id"]


def test_alpha_found_from_printed_zero_rates_is_near_the_published_one(model, published):
    for case in published:
        given = {k: v for k, v in case["inputs"].items() if k not in {"Qb", "alpha"}}
        ((_, inputs),) = smith_wilson.runs({**case, "inputs": CaseInputs(given)}, None)
        found = model.run(**inputs)["summary"]["Alpha"]
        assert found == pytest.approx(case["inputs"]["alpha"], rel=case["alpha_recalibration_rtol"]), case["id"]


def test_published_weights_meet_the_tolerance_at_the_convergence_point(model, published):
    for case in published:
        ((_, inputs),) = smith_wilson.runs({**case, "inputs": CaseInputs(case["inputs"])}, None)
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
            r"quotes\[1\]\.maturity: 1 repeats an earlier row",
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


GAPS = [{"maturity": t, "rate": r} for t, r in [(1, 3), (2, 2.95), (3, 2.9), (5, 2.87), (7, 2.88), (10, 2.93)]]
RISING = [{"maturity": t, "rate": 8 + 0.1 * t} for t in range(1, 31)]
LOW = {"beta0": -5, "beta1": -30}
CLOSE = (1, 1.00001, 1.00002, 2)
STEEP = [{"maturity": 1, "rate": 1}, {"maturity": 10, "rate": 15}, {"maturity": 30, "rate": 10}]


@pytest.mark.parametrize(
    "given",
    [
        {"method": "svensson", "quotes_are": "par", "quotes": RISING},
        {"method": "smith_wilson", "quotes_are": "par", "quotes": STEEP},
        {"method": "nelson_siegel", "parameters": "given", **LOW, "beta2": -50, "tau1": 30},
        {
            "method": "svensson",
            "parameters": "given",
            **LOW,
            "beta2": -50,
            "beta3": -50,
            "tau1": 5,
            "tau2": 20,
            "horizon": 150,
        },
        {"method": "svensson", "parameters": "given", "decay_given_as": "peak", "peak1": 5, "peak2": 5},
        {"method": "svensson", "parameters": "given", "tau1": 5, "tau2": 5},
        {"quotes_are": "qb", "published_weights": [{"maturity": 1, "qb": -1000}]},
        {"quotes_are": "qb"},
        {"quotes_are": "qb", "method": "bootstrap"},
        {"quotes": [{"maturity": t, "rate": 2} for t in CLOSE], "alpha_choice": "given", "alpha": 0.01},
        {"quotes": [{"maturity": 1, "rate": 50}, {"maturity": 2, "rate": 50}], "convergence_period": 5},
        {"volatility_adjustment": 5, "quotes": [{"maturity": 0.5, "rate": 2}]},
    ],
)
def test_a_refusal_names_only_inputs_that_the_form_shows(model, given):
    with pytest.raises(ValueError, match=r"^inputs\.") as refused:
        model.run(**given)
    shown = contract_inputs.visible_keys(model.manifest, given)
    named = re.findall(r"^inputs\.(\w+)", str(refused.value), re.MULTILINE)
    assert named
    assert set(named) <= shown


@pytest.mark.parametrize("kind", ["par", "zero"])
def test_six_quotes_fit_svensson_within_reason_and_with_a_warning(model, kind):
    # Six quotes and six parameters: without a bound on the condition number beta 1 was -10,084,419 %.
    found = model.run(method="svensson", quotes_are=kind, quotes=GAPS)
    assert found["summary"]["Largest error"] < 0.5
    assert abs(found["summary"]["Beta 1 (slope)"]) < 1
    assert "tell the parameters apart badly" in found["warnings"][0]


def test_a_time_of_decay_at_the_end_of_its_search_is_named(model):
    line = [{"maturity": t, "rate": 1 + 0.1 * t} for t in range(1, 21)]
    assert any("tau 1 at the end" in w for w in model.run(method="nelson_siegel", quotes=line)["warnings"])
    assert model.run(method="nelson_siegel")["warnings"] == []


def test_forward_rates_between_hulls_zero_rates_are_those_of_his_table(model):
    # Hull, 9th ed., Table 4.5: zero rates 3.0, 4.0, 4.6, 5.0, 5.3 %, continuous; forward rates 5.0, 5.8, 6.2, 6.5 %.
    quotes = [{"maturity": t, "rate": r} for t, r in zip(range(1, 6), [3, 4, 4.6, 5, 5.3], strict=True)]
    spans = [{"start": t, "end": t + 1} for t in range(1, 5)] + [{"start": 1, "end": 3}]
    found = model.run(method="bootstrap", compounding="continuous", quotes=quotes, forwards=spans)
    rates = [row["between"] for row in found["tables"]["Forward rates"]]
    assert rates == pytest.approx([0.05, 0.058, 0.062, 0.065, (3 * 0.046 - 0.03) / 2], rel=EXACT)


@pytest.mark.parametrize("method", ["bootstrap", "smith_wilson", "nelson_siegel", "svensson"])
def test_a_forward_rate_leads_from_one_discount_factor_to_the_next_in_every_compounding(model, method):
    for compounding, m in (("annual", 1), ("semi-annual", 2), ("quarterly", 4), ("monthly", 12)):
        given = {"method": method, "compounding": compounding, "targets": [{"maturity": 2.5}, {"maturity": 7}]}
        found = model.run(**given, forwards=[{"start": 2.5, "end": 7}, {"start": 0, "end": 1}])["tables"]
        first, last = (row["discount"] for row in found["Chosen maturities"])
        row = found["Forward rates"][0]
        assert (1 + row["between"] / m) ** (-m * 4.5) == pytest.approx(last / first, rel=EXACT)
        assert row["discount"] == pytest.approx(last / first, rel=EXACT)


def test_forward_periods_that_do_not_end_after_their_start_are_refused_together(model):
    with pytest.raises(ValueError, match=r"inputs\.forwards\[0\]\.end: 2 years is not after") as refused:
        model.run(forwards=[{"start": 3, "end": 2}, {"start": 1, "end": 2}, {"start": 1, "end": 1}])
    assert "inputs.forwards[2].end" in str(refused.value)


def test_the_curvature_peaks_where_its_loading_has_no_slope(model):
    peak = model.nelson_siegel.PEAK
    assert np.exp(-peak) * (1 + peak + peak**2) == pytest.approx(1, rel=EXACT)
    t = np.linspace(0.1, 10, 100_000)
    loading = model.nelson_siegel.loadings(t, [1.3])[:, 2]
    assert t[np.argmax(loading)] == pytest.approx(1.3 * peak, abs=1e-4)


def test_the_decay_of_diebold_and_li_comes_from_a_peak_near_thirty_months(model):
    # Diebold and Li (2006), section 2: lambda 0.0609 a month, for a curvature that peaks at about 30 months.
    given = {"method": "nelson_siegel", "parameters": "given", "decay_given_as": "peak", "peak1": 2.5}
    found = model.run(**given)["summary"]
    assert found["Decay, 1 over tau 1"] / 12 == pytest.approx(0.0609, abs=0.0015)
    assert found["Curvature peaks at"] == pytest.approx(2.5, rel=EXACT)
    tau = model.run(method="nelson_siegel", parameters="given", tau1=round(1 / 0.0609 / 12, 14))["summary"]
    assert 12 * tau["Curvature peaks at"] == pytest.approx(29.446, abs=5e-4)


def test_monthly_coupons_are_repriced(model):
    quotes = [{"maturity": t, "rate": 3 + t / 10, "price": 100, "frequency": 12} for t in (1, 2, 3)]
    rows = model.run(method="bootstrap", quotes_are="bonds", quotes=quotes)["tables"]["Quotes"]
    assert [row["error"] for row in rows] == pytest.approx([0, 0, 0], abs=1e-10)


class InProcess:
    """Runs the model of an adapter in this process."""

    def __init__(self, model):
        self.model = model

    def run(self, slug, values):
        assert slug == "yield_curve"
        return self.model.run(**values)


DISCOUNT = {"1": 1 / 1.03, "2": (1 - 0.04 / 1.03) / 1.04}
G = (1 - np.exp(-1.827)) / 1.827  # loading of the slope at 30 months, lambda 0.0609 a month
LI = {"beta0": 0.05, "beta1": -0.02, "beta2": 0.01}


@pytest.mark.parametrize(
    ("by", "case"),
    [
        (bootstrap, {"inputs": {"par_swap": {"1": 0.03, "2": 0.04}}, "expect": {"discount": DISCOUNT}}),
        (
            bootstrap,
            {
                "inputs": {"times": [1, 2, 3, 4, 5], "zero_pct_cont": [3, 4, 4.6, 5, 5.3]},
                "expect": {"forward_pct": [5, 5.8, 6.2, 6.5], "zero_pct": [3, 4, 4.6, 5, 5.3]},
            },
        ),
        (
            bootstrap,
            {
                "inputs": {"maturities": [1, 3], "zero_rates": [0.02, 0.03], "periods": [[1, 3]], "cra_bp": 10},
                "expect": {"forward": [np.sqrt(1.029**3 / 1.019) - 1]},
            },
        ),
        (
            bootstrap,
            {
                "inputs": {"zero_rates": {"1": 0.02, "3": 0.03}, "compounding": "semiannual"},
                "expect": {"forward": {"1-3": 2 * (1.015**1.5 / 1.01**0.5 - 1)}},
            },
        ),
        (
            bootstrap,
            {
                "inputs": {"times": [1, 3], "zero_pct": [2, 4], "interpolation": "linear zero", "targets": [2]},
                "expect": {"discount": [np.exp(-np.log(1.02) - np.log(1.04))]},
            },
        ),
        (
            nelson_siegel,
            {"inputs": {"lambda": 0.0609}, "expect": {"peak_maturity_months": 29.44634044, "tau": 1.3683634373}},
        ),
        (nelson_siegel, {"inputs": {"maturity_months": 30}, "expect": {"lambda": 1.79328213 / 30}}),
        (nelson_siegel, {"inputs": {"tau": 2}, "expect": {"peak": 3.58656427, "lambda_annual": 0.5}}),
        (
            nelson_siegel,
            {
                "inputs": {**LI, "lambda": 0.0609, "t_months": [30], "compounding": "continuous"},
                "expect": {"zero": [0.05 - 0.02 * G + 0.01 * (G - np.exp(-1.827))]},
            },
        ),
        (
            nelson_siegel,
            {
                "inputs": {**LI, "beta3": 0.005, "tau1": 1, "tau2": 5, "t": [0]},
                "expect": {"zero": {"0": 0.03}},
            },
        ),
        (
            smith_wilson,
            {
                "inputs": {"ufr": 0.03, "maturities": [1, 2], "zero_rates": [0.02, 0.025], "alpha": 0.1, "cra_bp": 0},
                "expect": {"spot": {"1": 0.02, "2": 0.025}, "discount": {"1": 1 / 1.02}},
            },
        ),
        (
            smith_wilson,
            {
                "inputs": {
                    "ufr": 0.03,
                    "maturities": [1, 2, 10],
                    "par_swap": [0.02, 0.02, 0.02],
                    "alpha": 0.1,
                    "va_bp": 10,
                },
                "expect": {"spot": {"1": 0.021}, "alpha": 0.1, "llp": 10},
            },
        ),
    ],
    ids=lambda x: "-".join([*x["inputs"], *x["expect"]]) if isinstance(x, dict) else "",
)
def test_a_reference_case_of_another_shape_is_run_with_every_input_of_it(model, by, case):
    found = compare_case({"rtol": 1e-8, **case}, None, by, InProcess(model))
    assert [(c.path, c.expected, c.found) for c in found if not c.good] == []


@pytest.mark.parametrize(
    ("by", "inputs", "words"),
    [
        (bootstrap, {"par_swap": {"1": 0.03}, "interpolation": "monotone convex"}, "interpolation: monotone convex"),
        (bootstrap, {"par_swap": {"1": 0.03}, "compounding": "weekly"}, "compounding: weekly"),
        (bootstrap, {"par_swap": {"1": 0.03}, "settlement_days": 2}, "does not know the inputs settlement_days"),
        (bootstrap, {"instruments": [{"maturity": 1, "price": 99, "day_count": "30/360"}]}, "day_count"),
        (nelson_siegel, {**LI, "tau": 2, "t": [1], "gamma": 3}, "does not know the inputs gamma"),
        (smith_wilson, {"ufr": 0.03, "maturities": [1], "zero_rates": [0.02], "bid_ask": 1}, "the inputs bid_ask"),
    ],
)
def test_a_reference_case_with_an_unknown_input_is_missed_by_its_name(model, by, inputs, words):
    (found,) = compare_case({"inputs": inputs, "expect": {"discount": [1]}}, None, by, InProcess(model))
    assert not found.good
    assert words in found.found


def test_a_last_quote_just_before_the_last_liquid_point_is_named_to_its_decimals(model):
    quotes = [{"maturity": t, "rate": 3} for t in (1, 5, 19.9999999)]
    (warning,) = model.run(quotes=quotes)["warnings"]
    assert "at 19.9999999 years, before the last liquid point of 20 years" in warning
