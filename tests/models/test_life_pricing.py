"""Premiums, policy values and actuarial functions against published values and against each other."""

import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "functions" / "life_pricing"
OWN = ("contracts", "life_tables", "life_values", "function")
PRINTED_A = 0.5e-5  # insurances are printed with five decimals
PRINTED_ANNUITY = 0.5e-4  # annuities with four
DEFAULTS = {
    "product": "endowment", "age": 40, "term": 20, "deferral": 20, "premium_term": 20, "amount": 100_000,
    "benefit_steps": [], "benefit_timing": "year_end", "frequency": 1, "refund": False, "table": "SULT",
    "makeham_a": 0.00022, "makeham_b": 2.7e-6, "makeham_c": 1.124, "archive_number": 2581, "own_table": [],
    "multiplier": 100, "interest": 5, "fraction": "udd", "first_percent": 0, "renewal_percent": 0,
    "first_fixed": 0, "renewal_fixed": 0, "first_per_mille": 0, "renewal_per_mille": 0,
    "expenses_while": "contract", "premium_basis": "equivalence", "premium": 1000, "duration": 10, "group": [],
}  # fmt: skip


@pytest.fixture
def model(monkeypatch):
    """The model's modules, imported as a run imports them: its folder first on the path."""
    monkeypatch.syspath_prepend(str(FOLDER))
    for name in OWN:
        monkeypatch.delitem(sys.modules, name, raising=False)
    import function

    yield function
    for name in OWN:
        sys.modules.pop(name, None)


def run(model, **inputs):
    return model.run(DEFAULTS | inputs)


@pytest.mark.parametrize(
    ("age", "annuity", "insurance"),
    [(20, 19.9664, 0.04922), (50, 17.0245, 0.18931), (70, 12.0083, 0.42818)],
)
def test_the_standard_ultimate_table_is_reproduced_to_its_printed_digits(model, age, annuity, insurance):
    row = run(model, age=age)["tables"]["Whole life"]
    assert row["annuity_due"][0] == pytest.approx(annuity, abs=PRINTED_ANNUITY)
    assert row["term_insurance"][0] == pytest.approx(insurance, abs=PRINTED_A)


def test_the_illustrative_life_table_is_reproduced_to_its_printed_digits(model):
    row = run(model, table="SOA_ILT", interest=6, age=65)["tables"]["Whole life"]
    assert row["annuity_due"][0] == pytest.approx(9.8969, abs=PRINTED_ANNUITY)
    assert row["second_moment"][0] == pytest.approx(0.23603, abs=PRINTED_A)


def test_insurance_and_annuity_share_the_discount(model):
    """A = 1 - d a (AMLCR equation 5.15)."""
    row = run(model, interest=4)["tables"]["Whole life"]
    assert row["term_insurance"][0] == pytest.approx(1 - 0.04 / 1.04 * row["annuity_due"][0], rel=1e-12)


def test_monthly_annuities_follow_the_alpha_and_beta_of_uniform_deaths(model):
    """a(m) = alpha(m) a - beta(m) over a whole life (AMLCR section 5.11)."""
    row = run(model, frequency=12)["tables"]["Whole life"]
    i = 0.05
    d = i / (1 + i)
    im = 12 * ((1 + i) ** (1 / 12) - 1)
    dm = 12 * (1 - (1 + i) ** (-1 / 12))
    expected = i * d / (im * dm) * row["annuity_due"][0] - (i - im) / (im * dm)
    assert row["annuity_due_m"][0] == pytest.approx(expected, rel=1e-7)


def test_a_policy_value_starts_at_nothing_and_ends_at_the_endowment(model):
    table = run(model, product="endowment", first_fixed=100, renewal_percent=5)["table"]
    assert table["gross_value"][0] == pytest.approx(0, abs=1e-6)
    before_last = table["net_value"][-2]
    net = run(model, product="endowment")["summary"]["Net premium a year"]
    assert (before_last + net) * 1.05 == pytest.approx(100_000, rel=1e-9)


def test_benefits_at_once_cost_more_than_at_the_end_of_the_year(model):
    end, part, once = (
        run(model, product="term", benefit_timing=timing, frequency=12)["summary"]["Value of benefits"]
        for timing in ("year_end", "part_end", "at_once")
    )
    assert end < part < once


def test_an_age_outside_the_table_is_refused_with_its_range(model):
    with pytest.raises(ValueError, match=r"age: 5 is outside .* 13 to 129"):
        run(model, age=5, table="SOA_ILT")


def test_an_own_table_with_a_gap_and_a_rate_above_one_names_both(model):
    rows = [{"age": 40, "qx": 0.1}, {"age": 42, "qx": 1.5}]
    with pytest.raises(ValueError, match=r"age 42 follows 40.*1\.5 at age 42"):
        run(model, table="own", own_table=rows)


def test_a_number_that_the_archive_does_not_hold_is_refused(model):
    with pytest.raises(ValueError, match="no table 99999"):
        run(model, table="archive", archive_number=99999)


def test_expenses_that_eat_the_premium_are_refused(model):
    with pytest.raises(ValueError, match="take the whole premium"):
        run(model, product="whole_life", premium_term=1, first_percent=100)


@pytest.mark.parametrize("product", ["endowment", "pure_endowment"])
def test_just_before_maturity_the_policy_value_is_the_sum_assured(model, product):
    """AMLCR 3rd ed., section 7.3: the recursion ends in the sum paid to those alive."""
    values = model.run({**DEFAULTS, "product": product, "renewal_percent": 5})["table"]["gross_value"]
    assert values[-1] == pytest.approx(100_000)
    assert values[-2] < values[-1]


@pytest.mark.parametrize("product", ["term", "temporary_annuity"])
def test_a_contract_that_pays_nothing_at_its_end_is_worth_nothing_there(model, product):
    assert model.run({**DEFAULTS, "product": product})["table"]["net_value"][-1] == pytest.approx(0)


def test_an_endowment_that_the_table_cuts_short_matures_for_nobody(model):
    values = model.run({**DEFAULTS, "age": 125, "term": 20, "premium_term": 20, "duration": 0})["table"]["net_value"]
    assert values[-1] == pytest.approx(0)
