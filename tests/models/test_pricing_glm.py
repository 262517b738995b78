"""Pricing GLM: published fit, the three responses, and what is refused by name."""

import numpy as np
import pytest

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
