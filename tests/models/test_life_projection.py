"""The projection against a policy worked month by month, its stresses against the Regulation, and its refusals."""

import csv
from pathlib import Path

import numpy as np
import pytest

from tests.models.calling import Model

FOLDER = Path(__file__).parents[2] / "functions" / "life_projection"
EXACT = 1e-10  # two ways of adding the same numbers


def rows(name):
    with (FOLDER / name).open(newline="") as file:
        return [{k: float(v) if v else None for k, v in row.items()} for row in csv.DictReader(file)]


@pytest.fixture(scope="module")
def model():
    return Model("life_projection")


def run(model, **inputs):
    return model.run(**{"stresses": []} | inputs)


def policy(**changes):
    row = {"age": 40, "term": 12, "sum_assured": 100_000, "policies": 1, "months": 7, "premium": 50.0} | changes
    return {"portfolio": "own", "points": [row]}


def month_by_month(row, *, catastrophe=0.0, mass=0.0, surrender=0.0):
    """One policy in force, projected in plain Python from lifelib's formulas: present value of net cash flows."""
    table = {int(r["age"]): [r[f"duration_{k}"] for k in range(6)] for r in rows("lifelib_mortality.csv")}
    spot = [r["rate"] / 100 for r in rows("lifelib_curve.csv")]
    lapses = [0.10, 0.08, 0.06, 0.04, 0.02]
    alive, net = 1 - mass, -mass * surrender * row["premium"] * row["months"]
    for t in range(row["term"] * 12 - row["months"]):
        year = (t + row["months"]) // 12
        q = table[row["age"] + year][min(year, 5)] + (catastrophe if t < 12 else 0)
        died = alive * (1 - (1 - q) ** (1 / 12))
        lapsed = (alive - died) * (1 - (1 - lapses[min(year, 4)]) ** (1 / 12))
        flow = alive * row["premium"] * (0 if year == 0 else 1) - died * row["sum_assured"]
        flow -= alive * 60 / 12 * 1.01 ** (t / 12)
        flow -= lapsed * surrender * row["premium"] * (t + row["months"] + 1)
        net += flow * (1 + spot[t // 12]) ** (-t / 12)
        alive -= died + lapsed
    return net


def test_a_policy_in_force_agrees_with_lifelibs_formulas_worked_month_by_month(model):
    given = policy()
    net = run(model, **given)["summary"]["Present value of net cash flows"]
    assert net == pytest.approx(month_by_month(given["points"][0]), rel=EXACT)


def test_surrender_values_mass_lapse_and_catastrophe_agree_with_the_same_loop(model):
    given = policy(months=30)
    row = given["points"][0]
    result = run(model, **given, surrender=50, stresses=["lapse_mass", "catastrophe"])
    found = {s["stress"]: -s["liability"] for s in result["tables"]["Stresses"]}
    assert found["Mass lapse 40 %"] == pytest.approx(month_by_month(row, mass=0.4, surrender=0.5), rel=EXACT)
    expected = month_by_month(row, catastrophe=0.0015, surrender=0.5)
    assert found["Mortality +0.15 points for a year"] == pytest.approx(expected, rel=EXACT)


def test_present_values_are_the_discounted_cash_flows_of_the_table(model):
    """With a flat curve of 0 % the table's sums are the present values, whatever the months in force."""
    mixed = [policy(months=m, age=30 + m % 20, term=10 + m % 3)["points"][0] for m in (0, 5, 11, 60)]
    result = run(
        model, portfolio="own", points=mixed, curve=[{"year": 1, "rate": 0}], product="endowment", surrender=20
    )
    table, summary = result["table"], result["summary"]
    assert sum(table["premiums"]) == pytest.approx(summary["Present value of premiums"], rel=EXACT)
    assert sum(table["surrenders"]) == pytest.approx(summary["Present value of surrenders"], rel=EXACT)
    assert sum(table["expenses"]) == pytest.approx(summary["Present value of expenses"], rel=EXACT)
    assert sum(table["net"]) == pytest.approx(summary["Present value of net cash flows"], rel=EXACT)


def test_lapse_stresses_keep_to_their_bounds(model):
    base = model.assumptions.pricing(
        model.manifest.initial_values | {"lapses": [{"year": 1, "rate": 80}, {"year": 2, "rate": 30}]}
    )
    assert model.solvency.stressed(base, "lapse_up").lapse == pytest.approx(np.array([1.0, 0.45]))
    assert model.solvency.stressed(base, "lapse_down").lapse == pytest.approx(np.array([0.6, 0.15]))


def test_life_capital_aggregates_by_article_136(model):
    found = model.solvency.aggregate({"mortality": 50, "lapse_up": 60, "expense": 20, "catastrophe": 10})[1]
    assert found == pytest.approx(94.6044396421225, rel=EXACT)


@pytest.mark.slow
def test_a_large_portfolio_tells_its_progress(model):
    points = [{"age": 20 + i % 40, "term": 30, "sum_assured": 1e5, "months": i // 40} for i in range(14_000)]
    parts = model.parts(portfolio="own", points=points, stresses=["expense", "mortality"])
    assert [p.get("progress") for p in parts] == pytest.approx([1 / 3, 2 / 3, None])


def test_a_policy_beyond_its_term_is_refused_by_row(model):
    with pytest.raises(ValueError, match=r"inputs\.points\[0\]\.months: 144 months in force are no less than the term"):
        run(model, **policy(months=144))


def test_an_age_outside_the_mortality_table_is_refused(model):
    with pytest.raises(ValueError, match="ages at entry run from 12 to 12, but the mortality table from 18 to 107"):
        run(model, **policy(age=12))


def test_gaps_in_lapse_rates_and_curve_are_both_named(model):
    with pytest.raises(ValueError, match=r"inputs\.lapses: the years .*\ninputs\.curve: the years"):
        run(model, lapses=[{"year": 2, "rate": 1}], curve=[{"year": 1, "rate": 1}, {"year": 3, "rate": 1}])


def test_terms_beyond_the_mortality_tables_end_are_warned_of(model):
    """The table ends at 107: from 108 on everybody is counted as dead, which is a claim of the whole sum."""
    result = run(model, **policy(age=100, term=9, months=0, policies=2.5))
    assert ["2.5 of the policies run beyond age 107" in w for w in result["warnings"]] == [True]
    assert run(model, **policy(age=100, term=8, months=0))["warnings"] == []


def test_premiums_given_for_annuities_are_said_to_be_unused(model):
    found = run(model, **policy(), product="annuity")
    assert "Premiums of the rows are not used" in found["warnings"][0]
    assert found["summary"]["Present value of premiums"] == 0


def test_a_portfolio_of_no_policies_is_worth_nothing_and_not_minus_nothing(model):
    summary = run(model, **policy(policies=0))["summary"]
    assert str(summary["Present value of net cash flows"]) == "0.0"
