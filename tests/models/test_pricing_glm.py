"""Pricing GLM: published fit, the three responses, and what is refused by name."""

import numpy as np
import pytest
from scipy.stats import gamma

from tests.models.calling import Model

PRINTED = 0.005  # Venables and Ripley (2002), section 7.5, print two decimals


@pytest.fixture(scope="module")
def model():
    return Model("pricing_glm")


ONE = [{"name": "A", "use": True, "kind": "levels", "base": "x"}]


def cells(**levels):
    """Rows of one factor: level -> (exposure, claims, amount)."""
    return [{"f1": k, "exposure": e, "claims": c, "amount": a} for k, (e, c, a) in levels.items()]


def test_motor_insurance_is_fitted_as_printed(model):
    found = model.run()["summary"]
    assert found["Deviance"] == pytest.approx(51.42, abs=PRINTED)
    assert found["Null deviance"] == pytest.approx(236.26, abs=PRINTED)
    assert found["AIC"] == pytest.approx(388.74, abs=PRINTED)
    assert found["Residual degrees of freedom"] == 54


@pytest.mark.parametrize(("response", "y"), [("frequency", 0.3), ("severity", 200 / 3), ("burning_cost", 20.0)])
def test_one_factor_gives_the_ratio_of_the_means(model, response, y):
    rows = cells(x=(10, 2, 100), y=(10, 3, 200)) + cells(x=(30, 4, 300))
    found = model.run(factors=ONE, experience=rows, response=response)
    base = {"frequency": 6 / 40, "severity": 400 / 6, "burning_cost": 10.0}[response]
    assert found["summary"]["Base rate"] == pytest.approx(base, rel=1e-10)
    assert found["table"][1]["relativity"] == pytest.approx(y / base, rel=1e-10)


def test_fitted_claims_balance_by_level(model):
    for row in model.run()["table"]:
        assert row["fitted"] == pytest.approx(row["observed"], rel=1e-9)


def test_splitting_a_cell_into_policies_changes_no_estimate(model):
    whole = cells(x=(100, 10, 0), y=(50, 10, 0))
    split = cells(x=(40, 1, 0), y=(50, 10, 0)) + cells(x=(60, 9, 0))
    terms = [model.run(factors=ONE, experience=rows)["tables"]["Coefficients"] for rows in (whole, split)]
    for a, b in zip(*terms, strict=True):
        assert (a["coefficient"], a["se"]) == pytest.approx((b["coefficient"], b["se"]), rel=1e-10)


def test_another_base_divides_all_relativities_by_its_own(model):
    rows = cells(x=(100, 10, 0), y=(50, 10, 0), z=(70, 5, 0))
    first = model.run(factors=ONE, experience=rows)["table"]
    second = model.run(factors=[ONE[0] | {"base": "y"}], experience=rows)["table"]
    for a, b in zip(first, second, strict=True):
        assert b["relativity"] == pytest.approx(a["relativity"] / first[1]["relativity"], rel=1e-10)


def test_a_number_as_factor_has_one_coefficient(model):
    """Claims 10, 20, 40 at 0, 1, 2 double for each unit."""
    rows = [{"f1": str(x), "exposure": 100, "claims": 10 * 2**x} for x in range(3)]
    found = model.run(factors=[{"name": "A", "use": True, "kind": "number"}], experience=rows)
    assert found["table"][0]["relativity"] == pytest.approx(2, rel=1e-10)
    assert found["summary"]["Deviance"] == pytest.approx(0, abs=1e-9)


def test_a_full_interaction_fits_every_cell(model):
    rows = model.manifest.defaults["experience"]
    joined = [r | {"claims": r["claims"] + 1} for r in rows]  # one cell of the data has no claims
    factors = [f | {"use": f["name"] != "Group"} for f in model.manifest.defaults["factors"]]
    found = model.run(factors=factors, interactions="District:Age", experience=joined)
    assert [row["factor"] for row in found["tables"]["Analysis of deviance"]] == ["District:Age"]
    assert found["summary"]["Residual degrees of freedom"] == 64 - 16


def test_quasi_poisson_widens_the_errors_by_the_root_of_the_dispersion(model):
    plain, quasi = model.run(), model.run(dispersion="pearson")
    root = np.sqrt(plain["summary"]["Pearson dispersion"])
    for a, b in zip(plain["tables"]["Coefficients"], quasi["tables"]["Coefficients"], strict=True):
        assert b["se"] == pytest.approx(a["se"] * root, rel=1e-12)
    assert "AIC" not in quasi["summary"]


def test_a_level_without_claims_is_refused_by_name(model):
    with pytest.raises(ValueError, match="A y has no claims"):
        model.run(factors=ONE, experience=cells(x=(10, 1, 0), y=(10, 0, 0)))


def test_effects_that_cannot_be_told_apart_are_refused(model):
    rows = [{"f1": a, "f2": a + a, "exposure": 10, "claims": c} for a, c in (("x", 1), ("y", 2))]
    factors = [ONE[0], {"name": "B", "use": True, "kind": "levels"}]
    with pytest.raises(ValueError, match="can tell only 2 effects apart"):
        model.run(factors=factors, experience=rows)


def test_a_base_that_is_no_level_and_an_empty_cell_are_named_together(model):
    rows = [{"f1": "x", "exposure": 1, "claims": 1}, {"f1": "y", "exposure": 1}]
    with pytest.raises(ValueError, match="'q' is no level of A: x, y") as raised:
        model.run(factors=[ONE[0] | {"base": "q"}], experience=rows)
    assert "experience[1].claims: the cell is empty" in str(raised.value)


def test_a_model_without_factors_is_the_mean(model):
    """Claims over exposure of the motor portfolio, 3,151 / 23,359; its deviance is the null deviance printed."""
    factors = [f | {"use": False} for f in model.manifest.defaults["factors"]]
    found = model.run(factors=factors)
    assert found["summary"]["Base rate"] == pytest.approx(3151 / 23359, rel=1e-10)
    assert found["summary"]["Deviance"] == pytest.approx(236.26, abs=PRINTED)
    assert found["summary"]["Residual degrees of freedom"] == 63
    assert [row["term"] for row in found["tables"]["Coefficients"]] == ["Intercept"]
    assert found["table"] == []


def test_rows_of_equal_fitted_rate_tell_no_risks_apart_in_any_order(model):
    """The Gini index of a model without factors is 0, and every tenth has the mean."""
    rows = cells(x=(10, 1, 0), y=(10, 9, 0)) + cells(x=(10, 2, 0))
    found = model.run(factors=[], experience=rows)
    assert found["summary"]["Gini"] == pytest.approx(0, abs=1e-12)
    assert [r["observed_rate"] for r in found["tables"]["Lift"]] == pytest.approx([0.4] * 10)


@pytest.mark.parametrize("response", ["frequency", "severity", "burning_cost"])
def test_a_known_factor_multiplies_the_mean_and_is_not_estimated(model, response):
    """Every row of level y has twice the response of x for the same cause: with 2 known, the relativity is 1."""
    rows = cells(x=(10, 4, 100), y=(10, 8, 200))
    if response == "severity":
        rows = cells(x=(10, 4, 100), y=(10, 4, 200))
    rows[1]["known"] = 2.0
    found = model.run(factors=ONE, experience=rows, response=response)
    assert found["table"][1]["relativity"] == pytest.approx(1, rel=1e-10)
    assert [r["fitted"] for r in found["table"]] == pytest.approx([r["observed"] for r in found["table"]])


def test_a_known_factor_of_a_frequency_is_exposure(model):
    rows = model.manifest.defaults["experience"]
    plain = model.run()["summary"]
    moved = [r | {"exposure": r["exposure"] / 4, "known": 4.0} for r in rows]
    found = model.run(experience=moved)["summary"]
    for key in ("Base rate", "Deviance", "Null deviance", "AIC"):
        assert found[key] == pytest.approx(plain[key], rel=1e-9)


def test_a_known_factor_that_is_not_above_0_is_refused(model):
    rows = cells(x=(10, 4, 100), y=(10, 8, 200))
    rows[1]["known"] = 0
    with pytest.raises(ValueError, match=r"inputs\.experience\[1\]\.known: 0 is not above 0"):
        model.run(factors=ONE, experience=rows)


TOGETHER = [
    {"f1": a, "f2": b, "exposure": 10, "claims": c}
    for a, b, c in (("x", "p", 1), ("y", "q", 2), ("z", "q", 3), ("x", "p", 4))
]
TWO = [ONE[0], {"name": "B", "use": True, "kind": "levels", "base": "p"}]


def test_what_cannot_be_told_apart_is_said_in_words(model):
    with pytest.raises(ValueError, match=r"only 3 effects apart: Bq is Ay \+ Az\."):
        model.run(factors=TWO, experience=TOGETHER)


def test_effects_that_cannot_be_told_apart_are_left_out_where_wanted(model):
    """As R does: the later effect has no coefficient, and the others are those of the model without it."""
    found = model.run(factors=TWO, experience=TOGETHER, aliasing="drop")
    alone = model.run(factors=ONE, experience=TOGETHER)
    given = {row["term"]: row["coefficient"] for row in found["tables"]["Coefficients"]}
    assert given == {row["term"]: row["coefficient"] for row in alone["tables"]["Coefficients"]} | {"Bq": None}
    assert found["summary"]["Deviance"] == pytest.approx(alone["summary"]["Deviance"])
    assert found["table"][-1]["relativity"] is None
    assert "Bq is Ay + Az" in found["warnings"][0]


def test_a_pair_without_any_row_is_said_in_words(model):
    rows = [{"f1": a, "f2": b, "exposure": 10, "claims": 2} for a, b in (("x", "p"), ("x", "q"), ("y", "p"))]
    with pytest.raises(ValueError, match="no row with any weight has Ay and Bq"):
        model.run(factors=TWO, experience=rows, interactions="A:B")


def test_a_pair_without_claims_is_refused_by_name(model):
    rows = [
        {"f1": a, "f2": b, "exposure": 10, "claims": c}
        for a, b, c in (("x", "p", 1), ("x", "q", 2), ("y", "p", 2), ("y", "q", 0))
    ]
    with pytest.raises(ValueError, match=r"inputs\.interactions: Ay and Bq together have no claims"):
        model.run(factors=TWO, experience=rows, interactions="A:B")


def test_a_large_number_as_factor_keeps_its_digits(model):
    """Claims double with each unit from a million on: the coefficient is log 2."""
    rows = [{"f1": str(10**6 + x), "exposure": 100, "claims": 10 * 2**x} for x in range(5)]
    found = model.run(factors=[{"name": "A", "use": True, "kind": "number"}], experience=rows)
    row = found["tables"]["Coefficients"][1]
    assert row["coefficient"] == pytest.approx(np.log(2), rel=1e-7)
    # The information about a slope: 1 / sqrt(sum m (x - mean x)^2).
    m, x = 10.0 * 2 ** np.arange(5), np.arange(5.0)
    assert row["se"] == pytest.approx(1 / np.sqrt(m @ np.square(x - m @ x / m.sum())), rel=1e-6)


def test_a_number_that_is_none_is_refused_and_not_left_out(model):
    rows = [{"f1": x, "exposure": 100, "claims": 10} for x in ("1", "nan", "3")]
    with pytest.raises(ValueError, match=r"inputs\.experience\[1\]\.f1: 'nan' is not a number"):
        model.run(factors=[{"name": "A", "use": True, "kind": "number"}], experience=rows)


def test_the_gamma_criterion_is_that_of_its_density(model):
    """-2 sum of w log gamma density + 2 (p + 1), dispersion the deviance over the weight, as R counts it."""
    rows = cells(x=(10, 2, 100), y=(10, 3, 200)) + cells(x=(30, 4, 300), y=(30, 1, 50))
    found = model.run(factors=ONE, experience=rows, response="severity")
    w = np.array([2.0, 3, 4, 1])
    y = np.array([50, 200 / 3, 75, 50])
    mu = np.array([400 / 6, 62.5, 400 / 6, 62.5])
    spread = found["summary"]["Deviance"] / w.sum()
    criterion = -2 * w @ gamma.logpdf(y, 1 / spread, scale=mu * spread) + 2 * 3
    assert found["summary"]["AIC"] == pytest.approx(criterion, rel=1e-10)


def test_rates_many_powers_of_ten_apart_are_fitted(model):
    found = model.run(factors=ONE, experience=cells(x=(1e15, 1, 0), y=(1e-9, 3, 0)))
    assert found["summary"]["Base rate"] == pytest.approx(1e-15, rel=1e-9)
    assert found["table"][1]["relativity"] == pytest.approx(3e24, rel=1e-9)


def test_a_severity_that_is_met_exactly_has_no_criterion(model):
    found = model.run(factors=ONE, experience=cells(x=(1, 1, 5), y=(1, 3, 15)), response="severity")
    assert "AIC" not in found["summary"]
