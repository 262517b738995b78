"""Mortality Simulator: the documented formula, published tables and refusals."""

import itertools
import math

import pytest

from contract.errors import InputError
from tests.models.calling import Model

PRINTED = 5e-7  # the vignette prints expectations with six decimals
VIGNETTE = [1000, 950, 850, 700, 680, 600, 550, 400, 200, 50]  # l(x) from age 0: JSS 55(10), example life table
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


def own(values, *, start=0, **inputs):
    rows = [{"age": start + i, "value": value} for i, value in enumerate(values)]
    return {"basis": "own", "own_table": rows, "age": start, "shock_rate": 0} | inputs


def test_curtate_expectations_of_an_own_table_are_those_of_the_vignette(model):
    """Spedicato (2013), JSS 55(10): curtate expectations of its example life table at ages 0 to 8."""
    printed = [4.98, 4.242105, 3.741176, 3.542857, 2.647059, 2.0, 1.181818, 0.625, 0.25]
    table = model.run(**own(VIGNETTE))["table"]
    assert [row["expectation"] for row in table[:9]] == pytest.approx(printed, abs=PRINTED)
    assert [row["complete"] - row["expectation"] for row in table[:10]] == pytest.approx([0.5] * 10)


def test_a_complete_expectation_never_passes_the_years_that_are_followed(model):
    """Of five years without deaths all five are lived: half a year is for those who die."""
    found = model.run(**own([0] * 60, own_kind="qx", max_age=5))
    assert found["summary"]["Complete expectation of life, no shock"] == 5
    table = model.run(age=45, max_age=60, shock_rate=0)["table"]
    lived = [(a["survival"] + b["survival"]) / 2 for a, b in itertools.pairwise(table)]
    assert table[0]["complete"] == pytest.approx(sum(lived))


def test_a_table_of_probabilities_gives_what_its_lives_give(model):
    probabilities = [1 - after / before for before, after in zip(VIGNETTE, [*VIGNETTE[1:], 0], strict=True)]
    lives, rates = model.run(**own(VIGNETTE)), model.run(**own(probabilities, own_kind="qx"))
    assert rates["summary"] == pytest.approx(lives["summary"])
    assert [r["survival"] for r in rates["table"]] == pytest.approx([r["survival"] for r in lives["table"]])


def test_the_last_probability_of_a_table_is_used_and_nobody_lives_two_years_beyond_it(model):
    table = model.run(**own([0.1, 0.2], own_kind="qx"))["table"]
    assert [row["survival"] for row in table] == pytest.approx([1, 0.9, 0.72, 0])


def test_an_own_table_starts_at_any_age_and_takes_any_radix_and_shock(model):
    result = model.run(**own([0.4, 0.3, 0.1], start=105, shock_rate=20))
    assert result["summary"]["Life expectancy, no shock"] == pytest.approx((0.3 + 0.1) / 0.4)
    assert result["table"][1]["survival_shocked"] == pytest.approx(1 - 0.25 * 1.2)
    assert [row["age"] for row in result["table"]] == [105, 106, 107, 108]


def test_lives_that_reach_zero_before_the_tables_end_leave_no_expectation(model):
    table = model.run(**own([10, 4, 0, 0]))["table"]
    assert [row["expectation"] for row in table] == [0.4, 0.0, None, None, None]


def test_an_own_table_is_refused_row_by_row(model):
    with pytest.raises(ValueError, match=r"inputs\.own_table\[1\]\.value: 12 lives at 1 are more than the 10"):
        model.run(**own([10, 12, 3]))
    with pytest.raises(ValueError, match=r"inputs\.own_table\[2\]\.value: 3 is no probability"):
        model.run(**own([0.1, 0.2, 3], own_kind="qx"))
    with pytest.raises(ValueError, match=r"inputs\.own_table: it is empty"):
        model.run(basis="own")
    gap = [{"age": 0, "value": 5}, {"age": 2, "value": 4}]
    with pytest.raises(ValueError, match=r"inputs\.own_table\[1\]\.age: 2 follows 0"):
        model.run(basis="own", age=0, own_table=gap)


def test_an_age_outside_an_own_table_is_refused_with_its_range(model):
    with pytest.raises(ValueError, match=r"inputs\.age: the own table covers ages 0 to 9, not 45"):
        model.run(**own(VIGNETTE, age=45))


def test_survivors_without_the_shock_are_warned_of_even_where_the_shock_leaves_none(model):
    """e without the shock is as much cut short as e with it: at the last age 1.4 % live without, 0.1 % with it."""
    found = model.run(**own([0.04] * 110, own_kind="qx", max_age=105, shock_rate=50))
    assert 0.01 < found["table"][-1]["survival"] < 0.02
    assert found["table"][-1]["survival_shocked"] < 0.01
    assert "alive at the last age, 105" in found["warnings"][0]
