"""Options and guarantees against published values, against each other and at their limits."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.models.calling import Model

REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "option_pricer.json"
TREE = 5e-5  # relative, of a tree of 1,001 steps against the closed form
PRINTED = 0.00006  # Haug prints four decimals


@pytest.fixture(scope="module")
def model():
    return Model("options")


def test_the_tree_agrees_with_the_closed_form(model):
    strikes = np.array([60.0, 90, 100, 110, 160])
    for sign in (1, -1):
        closed = model.black_scholes.price(100, strikes, 0.05, 0.02, 0.3, 2, sign)
        walked = model.tree.price(100, strikes, 0.05, 0.02, 0.3, 2, sign)
        assert walked == pytest.approx(closed, rel=TREE)


def test_greeks_are_the_slopes_of_the_price(model):
    bs, base, h = model.black_scholes, (100.0, 95.0, 0.04, 0.01, 0.25, 1.5, -1), 1e-4
    slopes = bs.greeks(*base)
    for key, at, factor in (("delta", 0, 1), ("rho", 2, 1), ("vega", 4, 1), ("theta", 5, -1)):
        up, down = list(base), list(base)
        up[at] += h
        down[at] -= h
        assert slopes[key] == pytest.approx(factor * (bs.price(*up) - bs.price(*down)) / (2 * h), rel=1e-6)


def test_an_american_call_without_dividends_is_never_exercised_early(model):
    american = model.tree.price(100, 100, 0.05, 0.0, 0.2, 1, 1, exercise=0)
    assert american == pytest.approx(model.tree.price(100, 100, 0.05, 0.0, 0.2, 1, 1), rel=1e-12)


@pytest.mark.slow
def test_the_simulation_lies_within_three_published_standard_errors_of_the_finite_differences(model):
    if not REFERENCE.exists():
        pytest.skip("the reference files are not beside the project")
    cases = [c for c in json.loads(REFERENCE.read_text())["cases"] if "lsm_se" in c["expect"]]
    for case in cases:
        given, expect = case["inputs"], case["expect"]
        terms = (given["S"], given["K"], given["r"], given["q"], given["sigma"], given["T"], -1)
        *_, last = model.lsm.price(*terms, dates=50, paths=100_000, seed=1)
        assert last[0] == pytest.approx(expect["american_fd"], abs=3 * expect["lsm_se"]), case["id"]


def test_a_simulated_european_put_deep_in_the_money_is_worth_less_than_exercise(model):
    terms = {"exercise": "european", "engine": "monte_carlo", "spot": 20, "strike": 40, "rate": 10}
    found = model.run(**terms)["summary"]
    assert found["Price"] < 20
    assert found["Price"] == pytest.approx(found["European price"], abs=4 * found["Monte Carlo standard error"] + 1e-9)


def test_equal_seeds_give_equal_prices_and_other_seeds_do_not(model):
    label = "Monte Carlo price"
    assert model.run(seed=7)["summary"][label] == model.run(seed=7)["summary"][label]
    assert model.run(seed=8)["summary"][label] != model.run(seed=7)["summary"][label]


@pytest.mark.parametrize(
    ("option_type", "barrier_type", "barrier", "price"),
    [("call", "down_out", 95, 9.0246), ("call", "up_in", 105, 14.1112), ("put", "up_out", 105, 3.7760)],
)
def test_barrier_options_are_as_haug_prints_them(model, option_type, barrier_type, barrier, price):
    """Haug (2007), table 4-13, strike 90, volatility 25 %."""
    terms = {"spot": 100, "strike": 90, "rate": 8, "dividend_yield": 4, "volatility": 25, "maturity": 0.5}
    given = {"contract": "barrier", "option_type": option_type, "barrier_type": barrier_type, "rebate": 3}
    found = model.run(barrier=barrier, **given, **terms)["summary"]["Price"]
    assert found == pytest.approx(price, abs=PRINTED)


def test_knock_in_and_knock_out_make_the_plain_option(model):
    terms = {"contract": "barrier", "spot": 100, "strike": 95, "barrier": 90}
    parts = [model.run(barrier_type=t, **terms)["summary"] for t in ("down_in", "down_out")]
    assert sum(p["Price"] for p in parts) == pytest.approx(parts[0]["European price"], rel=1e-12)


def test_a_barrier_watched_daily_costs_more_than_one_watched_always(model):
    terms = {"contract": "barrier", "spot": 100, "strike": 95, "barrier": 90, "barrier_type": "down_out"}
    prices = [model.run(watched=w, **terms)["summary"]["Price"] for w in (0, 252, 12)]
    assert prices == sorted(prices)
    assert prices[0] < prices[1] < prices[2]


def test_a_barrier_on_the_wrong_side_is_refused(model):
    with pytest.raises(ValueError, match="knocked already at 120"):
        model.run(contract="barrier", spot=100, barrier=120, barrier_type="down_out")


def test_too_large_a_simulation_is_refused_with_its_size(model):
    with pytest.raises(ValueError, match="more than 60 million"):
        model.run(paths=200_000, exercise_dates=365, maturity=10)


def test_a_gmab_without_decrements_is_a_put_on_the_fund(model):
    found = model.run(contract="gmab", rate=3, mortality=0, lapse=0, term=10, premium=100)["summary"]
    assert found["Price"] == pytest.approx(model.black_scholes.price(100, 100, 0.03, 0.01, 0.2, 10, -1), rel=1e-12)
    assert found["In force at the end"] == 1
    assert found["Value of charges"] == pytest.approx(100 * (1 - np.exp(-0.1)), rel=1e-12)


def test_survival_is_that_of_the_standard_ultimate_model(model):
    """Dickson, Hardy and Waters (2020), table D.1: l(60) 96,634.1 and l(70) 91,082.4."""
    in_force, died = model.guarantees.survival(60, 10, 1.0, 0.0)
    assert in_force[-1] == pytest.approx(91_082.4 / 96_634.1, rel=1e-6)
    assert died.sum() == pytest.approx(1 - in_force[-1], rel=1e-12)


@pytest.mark.parametrize("contract", ["gmab", "gmdb"])
def test_the_fair_charge_pays_for_the_guarantee(model, contract):
    terms = {"contract": contract, "rate": 3, "roll_up": 1, "age": 65}
    fair = model.run(**terms)["summary"]["Fair charge"]
    found = model.run(guarantee_fee=round(100 * fair, 6), **terms)["summary"]
    assert found["Value of charges"] == pytest.approx(found["Price"], rel=1e-3)


def test_a_guarantee_no_charge_pays_for_says_so(model):
    found = model.run(contract="gmab", rate=-5, guarantee=150)
    assert "Fair charge" not in found["summary"]
    assert "No charge" in found["warnings"][0]


def test_a_large_simulation_streams_its_progress(model):
    shares = [p["progress"] for p in model.parts(paths=100_000)]
    assert len(shares) > 5
    assert shares == sorted(shares)
