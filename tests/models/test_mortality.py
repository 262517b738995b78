"""Mortality Simulator: the documented formula, published tables and refusals."""

import math

import pytest

from contract.errors import InputError
from tests.models.calling import Model

FORTY_DIGITS = 1e-9  # the reference values were computed with 40 digits


@pytest.fixture(scope="module")
def model():
    return Model("mortality")


def test_life_expectancy_at_45_is_that_of_the_documented_formula(model):
    found = model.run(age=45, shock_rate=15)["summary"]
    assert found["Life expectancy, no shock"] == pytest.approx(26.547031615571264, rel=FORTY_DIGITS)
    assert found["Life expectancy, shocked"] == pytest.approx(25.236262025954716, rel=FORTY_DIGITS)


def test_the_table_shows_how_much_mclaviers_sum_is_too_long(model):
    sums = model.run(age=45, shock_rate=10, max_age=100)["tables"]["Sums of survival"]
    assert sums[1]["shocked"] == pytest.approx(26.650938507503632, rel=FORTY_DIGITS)
    assert sums[1]["shocked"] - sums[0]["shocked"] == pytest.approx(1)


def test_am92_and_2012_iam_are_read_as_printed(model):
    for basis, printed in (("am92", 0.014243), ("iam2012_male", 0.009007), ("iam2012_female", 0.006829)):
        row = model.run(age=65, basis=basis)["table"][0]
        assert row["q"] == pytest.approx(printed)
        assert row["q_shocked"] == pytest.approx(1.1 * printed)


def test_a_constant_probability_gives_the_geometric_expectation(model):
    f = model.function
    lives = f.survival(model.life_tables.np.full(4000, 0.02))
    assert f.curtate_expectation(lives) == pytest.approx(0.98 / 0.02)
    assert f.median_age(30, lives) == pytest.approx(30 + math.log(0.5) / math.log(0.98), abs=0.01)


def test_nobody_outlives_a_table(model):
    table = model.run(age=80, basis="gam83_male", max_age=130)["table"]
    assert table[-1]["survival"] == 0
    assert all(row["survival"] == 0 for row in table if row["age"] > 110)


def test_deaths_add_up_to_all_who_start(model):
    table = model.run(age=18, basis="am92", max_age=130)["table"]
    assert sum(row["deaths"] for row in table[:-1]) == pytest.approx(1)


def test_survivors_at_the_last_age_are_named(model):
    found = model.run(age=100, max_age=101, gompertz_a=0.000001)
    assert "alive at the last age, 101" in found["warnings"][0]
    assert "Median age at death, shocked" not in found["summary"]


def test_a_last_age_that_is_not_above_the_age_is_refused(model):
    with pytest.raises(InputError, match="must be above the age"):
        model.run(age=100, max_age=100)


def test_a_table_that_does_not_exist_or_does_not_fit_is_refused(model):
    with pytest.raises(ValueError, match="no table 9999"):
        model.run(basis="archive", archive_number=9999)
    with pytest.raises(ValueError, match="covers ages"):
        model.run(basis="archive", archive_number=3133)


def test_probabilities_of_death_are_drawn_as_they_are_on_a_log_axis(model):
    result = model.run()
    chart = next(c for c in result["charts"] if c["title"] == "Probability of death by age")
    assert chart["y_scale"] == "log"
    assert chart["data"]["series"][0]["y"] == [r["q"] for r in result["table"] if r["q"] is not None]
