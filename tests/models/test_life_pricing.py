"""Premiums, policy values and actuarial functions against published values and against each other."""

import numpy as np
import pytest

from tests.models.calling import Model

PRINTED_A = 0.5e-5  # insurances are printed with five decimals
PRINTED_ANNUITY = 0.5e-4  # annuities with four
PRINTED_RESERVE = 0.5e-3  # the vignette's policy values with three
EXACT = 1e-11  # two ways of adding the same numbers


@pytest.fixture(scope="module")
def model():
    return Model("life_pricing")


def run(model, **inputs):
    """Run without the contract, which would refuse some values before the model sees them."""
    return model.function.run(model.manifest.defaults | inputs)


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
    with pytest.raises(ValueError, match=r"inputs\.age: 5 is outside .* 13 to 129"):
        run(model, age=5, table="SOA_ILT")


def test_an_own_table_with_a_gap_and_a_rate_above_one_names_both(model):
    rows = [{"age": 40, "qx": 0.1}, {"age": 42, "qx": 1.5}]
    with pytest.raises(ValueError, match=r"(?s)age 42 follows 40.*1\.5 at age 42"):
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
    values = run(model, product=product, renewal_percent=5)["table"]["gross_value"]
    assert values[-1] == pytest.approx(100_000)
    assert values[-2] < values[-1]


@pytest.mark.parametrize("product", ["term", "temporary_annuity"])
def test_a_contract_that_pays_nothing_at_its_end_is_worth_nothing_there(model, product):
    assert run(model, product=product)["table"]["net_value"][-1] == pytest.approx(0)


def test_an_endowment_that_the_table_cuts_short_matures_for_nobody(model):
    values = run(model, age=125, term=20, premium_term=20, duration=0)["table"]["net_value"]
    assert values[-1] == pytest.approx(0)


# --- Expenses, refunds and policy values ---


def test_expenses_at_each_years_end_reproduce_the_soas_answer(model):
    """SOA FAM-L sample question 6.37: 820 (D); computed with all digits 819.7190."""
    found = run(model, product="whole_life", age=35, premium_term=10, amount=50_000, year_end_fixed=100)
    assert found["summary"]["Gross premium a year"] == pytest.approx(819.7190338249148, rel=1e-9)


def test_claim_expenses_load_the_net_premium_by_their_share(model):
    """With no other expenses G a = (1 + c) B, on death, at maturity and on income alike."""
    for product in ("term", "endowment", "annuity", "deferred_annuity"):
        summary = run(model, product=product, claim_percent=10)["summary"]
        assert summary["Gross premium a year"] == pytest.approx(1.1 * summary["Net premium a year"], rel=EXACT)


def test_an_expense_per_claim_is_a_larger_sum_assured(model):
    dearer = run(model, product="endowment", amount=100_050)["summary"]["Net premium a year"]
    claims = run(model, product="endowment", amount=100_000, claim_fixed=50)["summary"]["Gross premium a year"]
    assert claims == pytest.approx(dearer, rel=EXACT)


@pytest.mark.parametrize("fraction", ["udd", "constant_force"])
def test_a_refund_at_the_rate_of_the_basis_makes_the_deferral_certain(model, fraction):
    """P = v^n n_p_x a + P (1 - n_p_x), so P = v^n a: those who die take their money with interest."""
    inputs = {"product": "deferred_annuity", "premium_term": 1, "refund": True, "refund_interest": 5, "amount": 1}
    price = run(model, **inputs, fraction=fraction)["summary"]["Net premium a year"]
    annuity = run(model, age=60)["tables"]["Whole life"]["annuity_due"][0]
    assert price == pytest.approx(1.05**-20 * annuity, rel=EXACT)


def test_refunded_level_premiums_earn_interest_from_the_year_they_were_paid(model):
    found = model.contracts.refund_of_premiums(np.arange(4), 2, 0.1)
    assert found == pytest.approx([1.1, 1.1 + 1.21, 1.21 + 1.331, 1.331 + 1.4641])


def test_policy_values_of_a_term_insurance_are_those_of_the_vignette(model):
    """Spedicato (2013), JSS 55(10): 100,000 for 40 years on a life of 25, Illustrative Life Table, 6 %."""
    table = run(model, product="term", age=25, term=40, premium_term=40, table="SOA_ILT", interest=6)["table"]
    printed = [0, 1109.887, 2401.368, 3825.877, 5256.254, 6421.799, 6789.186, 5328.03, 0]
    assert table["net_value"][::5] == pytest.approx(printed, abs=PRINTED_RESERVE)


def test_a_policy_value_that_is_nothing_is_shown_as_nothing(model):
    """At issue the equivalence principle makes it 0: what the sums leave over is rounding."""
    for product in ("term", "whole_life", "endowment", "deferred_annuity"):
        table = run(model, product=product, first_fixed=100.1, renewal_percent=3.3, interest=3.7)["table"]
        assert (table["net_value"][0], table["gross_value"][0]) == (0.0, 0.0)


def test_full_preliminary_term_is_the_net_value_of_the_policy_begun_a_year_later(model):
    """For a whole life V(t) = 1 - a(x+t) / a(x+1) (Bowers et al., chapter 16)."""
    table = run(model, product="whole_life", premium_term=121, amount=1)["table"]
    due = [run(model, age=age)["tables"]["Whole life"]["annuity_due"][0] for age in (41, 60)]
    assert table["fpt_value"][:2] == [0.0, 0.0]
    assert table["fpt_value"][20] == pytest.approx(1 - due[1] / due[0], rel=EXACT)


def test_the_variance_of_the_loss_of_a_whole_life_is_that_of_the_closed_form(model):
    """Var L = (S + P / d)^2 (2A - A^2) (AMLCR 3rd ed., section 6.4)."""
    result = run(model, product="whole_life", premium_term=121, premium_basis="given", premium=900)
    row = {name: values[0] for name, values in result["tables"]["Whole life"].items()}
    d = 0.05 / 1.05
    net, gross = result["tables"]["Loss at issue"]
    spread = row["second_moment"] - row["term_insurance"] ** 2
    assert gross["variance"] == pytest.approx((100_000 + 900 / d) ** 2 * spread, rel=1e-9)
    assert gross["mean"] == pytest.approx(100_000 * row["term_insurance"] - 900 * row["annuity_due"], rel=1e-9)
    assert net["mean"] == 0


def test_outcomes_by_year_of_death_are_certain_together_and_average_to_the_mean_loss(model):
    for product, last in (("term", None), ("whole_life", 91)):
        tables = run(model, product=product, first_fixed=50)["tables"]
        outcomes = tables["Loss by year of death"]
        assert sum(outcomes["chance"]) == pytest.approx(1)
        assert outcomes["ends_in"][-1] == last
        mean = sum(p * loss for p, loss in zip(outcomes["chance"], outcomes["gross_loss"], strict=True))
        assert mean == pytest.approx(tables["Loss at issue"][1]["mean"], abs=1e-7)


def test_losses_are_left_out_where_the_time_of_death_matters(model):
    assert "Loss at issue" not in run(model, frequency=12)["tables"]
    assert "Loss at issue" not in run(model, benefit_timing="at_once")["tables"]


def test_a_small_probability_of_death_keeps_its_digits_when_paid_at_once(model):
    """Under UDD the value is i / delta times that at the year's end (AMLCR 3rd ed., section 4.5)."""
    rows = [{"age": 40 + t, "qx": 1e-9} for t in range(3)]
    end, once = (
        run(model, table="own", own_table=rows, benefit_timing=timing)["tables"]["Actuarial functions"]
        for timing in ("year_end", "at_once")
    )
    assert once["term_insurance"][1] == pytest.approx(0.05 / np.log(1.05) * end["term_insurance"][1], rel=1e-12)


# --- Two lives ---


def test_joint_and_last_survivor_values_are_finans(model):
    """Finan, p. 617, on the Illustrative Life Table at 6 %."""
    basis = {"table": "SOA_ILT", "interest": 6, "product": "annuity", "amount": 1}
    two = run(model, **basis, lives="joint", age=60, second_age=70)["tables"]["Two lives"]
    assert two["annuity_due"][2] == pytest.approx(7.5563, abs=PRINTED_ANNUITY)
    assert two["term_insurance"][3] == pytest.approx(0.3118, abs=PRINTED_ANNUITY)
    price = run(model, **basis, lives="last", age=50, second_age=60)["summary"]["Net premium a year"]
    assert price == pytest.approx(14.2178, abs=PRINTED_ANNUITY)


@pytest.mark.parametrize("fraction", ["udd", "constant_force"])
@pytest.mark.parametrize("timing", ["year_end", "part_end", "at_once"])
def test_joint_and_last_survivor_add_up_to_the_two_lives(model, timing, fraction):
    """A(xy) + A(last) = A(x) + A(y), and so with annuities (AMLCR 3rd ed., section 10.3)."""
    basis = {"benefit_timing": timing, "fraction": fraction, "frequency": 12}
    joint, last = (
        run(model, age=35, second_age=95, lives=kind, **basis)["tables"]["Whole life"] for kind in ("joint", "last")
    )
    x, y = (run(model, age=age, **basis)["tables"]["Whole life"] for age in (35, 95))
    for name in ("annuity_due", "annuity_due_m", "term_insurance", "second_moment"):
        assert joint[name][0] + last[name][0] == pytest.approx(x[name][0] + y[name][0], rel=EXACT)


def test_under_constant_forces_two_lives_die_at_the_sum_of_their_forces(model):
    """A(xy) at once = (mu + nu) / (mu + nu + delta) over an endless contract (AMLCR 3rd ed., section 10.4)."""
    q = 1 - np.exp(-0.2)
    rows = [{"age": age, "qx": q} for age in range(150)]
    found = run(
        model, table="own", own_table=rows, age=0, second_age=10, lives="joint", fraction="constant_force",
        benefit_timing="at_once",
    )["tables"]["Whole life"]["term_insurance"][0]  # fmt: skip
    assert found == pytest.approx(0.4 / (0.4 + np.log(1.05)), rel=1e-9)


def test_an_endowment_on_two_lives_pays_on_the_first_death_or_at_the_end(model):
    result = run(model, product="endowment", lives="joint", age=40, second_age=50, amount=1, premium_term=1)
    status = model.statuses.joint(*(model.life_tables.choose(model.manifest.defaults).q[age:] for age in (40, 50)))
    expected = sum(1.05 ** -(t + 1) * status.survival[t] * status.q[t] for t in range(20))
    expected += 1.05**-20 * status.survival[20]
    assert result["summary"]["Net premium a year"] == pytest.approx(expected, rel=EXACT)


def test_the_last_survivors_policy_value_is_the_average_over_who_is_alive(model):
    table = run(model, product="endowment", lives="last", age=60, second_age=75, first_fixed=100)["table"]
    q = model.life_tables.choose(model.manifest.defaults).q
    for t in (0, 5, 19, 20):
        x, y = (np.prod(1 - q[age : age + t]) for age in (60, 75))
        chances = {"both": x * y, "first": x * (1 - y), "second": (1 - x) * y}
        mean = sum(p * table[f"value_{state}"][t] for state, p in chances.items()) / sum(chances.values())
        assert table["gross_value"][t] == pytest.approx(mean, rel=1e-9, abs=1e-6)


def test_the_second_life_may_have_a_table_of_its_own(model):
    result = run(model, lives="last", second_age=65, second_table="archive", second_archive_number=2582)
    female = run(model, age=65, table="archive", archive_number=2582)
    two = result["tables"]["Two lives"]
    assert two["annuity_due"][1] == pytest.approx(female["tables"]["Whole life"]["annuity_due"][0], rel=EXACT)
    with pytest.raises(ValueError, match=r"inputs\.second_archive_number: the SOA archive has no table 99999"):
        run(model, lives="joint", second_table="archive", second_archive_number=99999)


def test_the_second_age_is_looked_at_only_with_two_lives(model):
    assert run(model, second_age=5, table="SOA_ILT")["summary"]
    with pytest.raises(ValueError, match=r"inputs\.second_age: 5 is outside"):
        run(model, second_age=5, table="SOA_ILT", lives="joint")


def test_a_group_is_not_looked_at_with_two_lives(model):
    """The form hides the group then, so a refusal would name what nobody sees."""
    assert run(model, lives="joint", group=[{"age": 5, "policies": 1}], table="SOA_ILT")["summary"]


# --- Profit ---

COSTS = {"first_percent": 30, "renewal_percent": 4, "first_fixed": 150, "renewal_fixed": 20, "claim_fixed": 75}


@pytest.mark.parametrize("lives", ["single", "joint", "last"])
@pytest.mark.parametrize("product", ["term", "endowment", "deferred_annuity"])
def test_on_the_basis_of_the_policy_values_no_year_makes_a_profit(model, product, lives):
    for initial in ("at_issue", "first_year"):
        result = run(
            model, product=product, lives=lives, second_age=45, profit_test=True, frequency=12, **COSTS,
            initial_expenses=initial,
        )  # fmt: skip
        assert set(result["tables"]["Profit by year"]["profit"]) == {0.0}
    assert "Internal rate of return" not in result["summary"]


def test_with_a_given_premium_the_whole_profit_of_the_basis_falls_at_issue(model):
    inputs = {"premium_basis": "given", "premium": 4000, "profit_test": True}
    result = run(model, **inputs, **COSTS)
    signature = result["tables"]["Profit by year"]["signature"]
    assert signature[0] == pytest.approx(result["summary"]["Expected profit at issue"], rel=1e-9)
    assert set(signature[1:]) == {0.0}


def test_the_profit_test_agrees_with_the_textbooks_year_by_year_formula(model):
    """Pr(t) = (V + P - E)(1 + i) - (S + c) q - p V' (AMLCR 3rd ed., chapter 13), in plain Python."""
    inputs = {"product": "term", "term": 10, "premium_term": 10, "premium_basis": "given", "premium": 260}
    result = run(
        model, **inputs, **COSTS, profit_test=True, reserves="net", earned_interest=6.5, experience_mortality=80,
        experience_expenses=110, risk_discount=12,
    )  # fmt: skip
    q = 0.8 * model.life_tables.choose(model.manifest.defaults).q[40:50]
    reserve = result["table"]["net_value"]
    signature, alive = [-(0.26 * 260 + 1.1 * 130)], 1.0
    expenses = 0.04 * 260 + 1.1 * 20
    for t in range(10):
        profit = (reserve[t] + 260 - expenses) * 1.065
        profit -= (100_000 + 1.1 * 75) * q[t] + (1 - q[t]) * reserve[t + 1]
        signature.append(alive * profit)
        alive *= 1 - q[t]
    test = result["tables"]["Profit by year"]
    assert test["signature"] == pytest.approx(signature, rel=1e-9)
    npv = sum(s * 1.12**-t for t, s in enumerate(signature))
    assert result["summary"]["Net present value of profit"] == pytest.approx(npv, rel=1e-9)
    back = result["summary"]["Internal rate of return"]
    assert sum(s * (1 + back) ** -t for t, s in enumerate(signature)) == pytest.approx(0, abs=1e-8)
    payback = int(result["summary"]["Discounted payback period"])
    assert test["partial"][payback - 1] < 0 <= test["partial"][payback]


def test_without_reserves_the_profit_vector_is_worked_by_hand(model):
    """Ten years on a life of 60, q = 0.01 + 0.001 t, 5.5 %: 1,500 a year, 3.5 % of premiums, 400 and 20 % at time 0.

    Pr(1) = 1,500 x 0.965 x 1.055 - 100,000 x 0.01 = 527.11, and 100 less in each later year (AMLCR 3rd ed., ch. 13).
    """
    rows = [{"age": 60 + t, "qx": 0.01 + 0.001 * t} for t in range(20)]
    result = run(
        model, product="term", age=60, term=10, premium_term=10, table="own", own_table=rows, premium_basis="given",
        premium=1500, first_percent=23.5, renewal_percent=3.5, first_fixed=400, profit_test=True, reserves="none",
        earned_interest=5.5,
    )  # fmt: skip
    expected = [-700, *(527.1125 - 100 * t for t in range(10))]
    assert result["tables"]["Profit by year"]["profit"] == pytest.approx(expected)


def test_initial_expenses_may_fall_in_the_first_year(model):
    """(945 - 40) x 1.06 less claims and the reserve kept, 10 of expenses in later years, 50 a claim."""
    rows = [{"age": 62 + t, "qx": 0.02 + 0.002 * t} for t in range(10)]
    result = run(
        model, age=62, term=3, premium_term=3, amount=3000, table="own", own_table=rows, interest=3,
        premium_basis="given", premium=945, first_fixed=40, renewal_fixed=10, claim_fixed=50, profit_test=True,
        reserves="net", initial_expenses="first_year", earned_interest=6,
    )  # fmt: skip
    reserve = result["table"]["net_value"]
    profit = result["tables"]["Profit by year"]["profit"]
    assert profit[0] == 0
    assert profit[1] == pytest.approx(905 * 1.06 - 3050 * 0.02 - 0.98 * reserve[1])
    assert profit[2] == pytest.approx((reserve[1] + 935) * 1.06 - 3050 * 0.022 - 0.978 * reserve[2])
    assert profit[3] == pytest.approx((reserve[2] + 935) * 1.06 - 3050)


def test_a_signature_that_changes_sign_twice_has_no_internal_rate(model):
    assert model.profits.internal_rate(np.array([-1.0, 5.0, -6.0])) is None
    assert model.profits.internal_rate(np.array([-1.0, 1.1])) == pytest.approx(0.1)
    assert model.profits.internal_rate(np.array([-1.0, 0.8])) == pytest.approx(-0.2)
    assert model.profits.internal_rate(np.zeros(3)) is None


# --- Refusals ---


def test_refunds_that_outgrow_the_premium_are_refused_by_the_input_that_makes_them(model):
    with pytest.raises(ValueError, match=r"inputs\.refund: refunds take the whole premium"):
        run(
            model, product="deferred_annuity", refund=True, refund_interest=20, interest=0, age=70, deferral=40,
            premium_term=1,
        )  # fmt: skip


def test_every_line_of_a_refusal_names_an_input(model):
    rows = [{"age": 40, "qx": 0.1}, {"age": 42, "qx": 1.5}, {"age": 42, "qx": 0.5}]
    with pytest.raises(ValueError, match="own_table") as refused:
        run(model, table="own", own_table=rows)
    assert all(line.startswith("inputs.own_table") for line in str(refused.value).splitlines())


def test_without_interest_a_whole_life_insurance_has_no_variance(model):
    """It pays 1 whenever it pays: what the difference of moments leaves over is rounding."""
    table = run(model, interest=0)["tables"]["Whole life"]
    assert table["variance"][0] == 0.0
    assert run(model, interest=0.1)["tables"]["Whole life"]["variance"][0] > 0


def test_a_policy_value_of_nobody_is_left_out_with_a_warning(model):
    rows = [{"age": 40, "qx": 0.2}, {"age": 41, "qx": 1}, {"age": 42, "qx": 0.2}]
    found = run(model, table="own", own_table=rows, product="endowment", duration=2)
    assert "Policy value after 2 years" not in found["summary"]
    assert any(w.startswith("Nobody is insured any more after 2 years") for w in found["warnings"])
