"""Options and guarantees against published values, against each other and at their limits."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad

from contract.errors import InputError
from tests.models.calling import Model

REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "option_pricer.json"
TREE = 5e-5  # relative, of a tree of 1,001 steps against the closed form
PRINTED = 0.00006  # Haug prints four decimals
QUADRATURE = 1e-8  # relative, of adaptive quadrature against the closed form
NODES = 0.002  # relative, of Greeks from the nodes of a tree of 1,001 steps


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
        assert last.value == pytest.approx(expect["american_fd"], abs=3 * expect["lsm_se"]), case["id"]


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


def test_too_large_a_simulation_is_refused_before_it_begins(model):
    with pytest.raises(InputError, match="more than 60 million"):
        model.run(paths=200_000, exercise_dates=365, maturity=10)


def test_too_large_a_simulation_is_refused_with_its_size_by_the_model_too(model):
    given = {**model.manifest.defaults, "paths": 200_000, "exercise_dates": 365, "maturity": 10}
    with pytest.raises(ValueError, match=r"200,000 paths over 3,650 exercise dates are more than 60 million"):
        list(model.function.run(given))


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


def first_passage(spot, barrier, r, q, sigma, years):
    """Return E[e^(-r t)] over the first passage time t of the barrier before expiry, by quadrature of its density.

    Source: Borodin and Salminen (2002), Handbook of Brownian Motion, part II, section 2, formula 2.0.2.
    """
    distance, drift = np.log(barrier / spot), r - q - 0.5 * sigma**2

    def density(log_t):
        t = np.exp(log_t)
        exponent = -((distance - drift * t) ** 2) / (2 * sigma**2 * t) - r * t
        return abs(distance) / (sigma * np.sqrt(2 * np.pi * t)) * np.exp(exponent)

    return quad(density, -12, np.log(years), epsabs=1e-13, epsrel=1e-11, limit=2000)[0]


@pytest.mark.parametrize("barrier", [80, 90, 99, 101, 130])
@pytest.mark.parametrize(("r", "q", "sigma"), [(-1, -1, 10), (-5, -5, 5), (-3, -2.9, 20), (-2, 3, 15), (4, 1, 25)])
def test_a_rebate_is_worth_its_discounted_first_passage_at_any_rate(model, barrier, r, q, sigma):
    terms = {"contract": "barrier", "option_type": "call", "spot": 100, "strike": 100, "maturity": 10}
    terms |= {"barrier": barrier, "barrier_type": "down_out" if barrier < 100 else "up_out"}
    terms |= {"rate": r, "dividend_yield": q, "volatility": sigma}
    worth = model.run(rebate=10, **terms)["summary"]["Price"] - model.run(rebate=0, **terms)["summary"]["Price"]
    assert worth == pytest.approx(10 * first_passage(100, barrier, r / 100, q / 100, sigma / 100, 10), rel=QUADRATURE)


def test_the_rebate_at_negative_rates_and_yields_is_the_known_one(model):
    """S = K = 100, r = q = -1 %, volatility 10 %, barrier 90, ten years, rebate 10: 7.949 by quadrature."""
    assert 10 * model.barrier.hit_value(100, 90, -0.01, -0.01, 0.1, 10, 1.0) == pytest.approx(7.94921, abs=5e-6)


@pytest.mark.parametrize(("volatility", "maturity"), [(5, 0.01), (0.1, 0.001), (20, 1), (60, 5)])
def test_the_gamma_of_an_american_put_without_rates_is_the_closed_form(model, volatility, maturity):
    """Without rates and yields early exercise is worth nothing; a bump of 1 % of the spot gave 0.610 for 0.798."""
    terms = {"spot": 100, "strike": 100, "rate": 0, "dividend_yield": 0, "option_type": "put"}
    terms |= {"volatility": volatility, "maturity": maturity, "exercise_dates": 1, "paths": 1000}
    found = model.run(exercise="american", **terms)["summary"]
    exact = model.run(exercise="european", **terms)["summary"]
    for name in ("Delta", "Gamma", "Vega", "Theta"):
        assert found[name] == pytest.approx(exact[name], rel=NODES), name


@pytest.mark.parametrize("exercise", ["european", "bermudan", "american"])
def test_a_simulated_call_at_high_volatility_is_near_the_closed_form(model, exercise):
    """Volatility 150 % over 30 years: hardly any path of the spot itself ends in the money."""
    terms = {"spot": 100, "strike": 100, "rate": 0, "dividend_yield": 0, "volatility": 150, "maturity": 30}
    found = model.run(option_type="call", exercise=exercise, engine="monte_carlo", exercise_dates=1, **terms)["summary"]
    assert found["European price"] == pytest.approx(99.996, abs=0.001)
    assert found["Monte Carlo price"] == pytest.approx(99.996, abs=0.05)


def test_a_simulated_call_agrees_with_the_tree_and_its_boundary_lies_above_the_strike(model):
    terms = {"spot": 100, "strike": 95, "rate": 5, "dividend_yield": 8, "option_type": "call", "exercise_dates": 50}
    result = model.run(exercise="bermudan", paths=50_000, **terms)
    found = result["summary"]
    assert found["Monte Carlo price"] == pytest.approx(
        found["Bermudan price"], abs=4 * found["Monte Carlo standard error"] + 0.003 * found["Bermudan price"]
    )
    line = next(c for c in result["charts"] if "boundary" in c["title"])["data"]["series"][0]["y"]
    assert min(line) >= 95


def test_a_simulated_european_option_is_no_copy_of_the_closed_form(model):
    found = model.run(exercise="european", engine="monte_carlo", paths=20_000)["summary"]
    assert found["Monte Carlo standard error"] > 0.001
    assert found["Price"] == pytest.approx(found["European price by the same paths"], rel=1e-12)
    assert found["Price"] == pytest.approx(found["European price"], abs=4 * found["Monte Carlo standard error"])


def test_a_simulation_that_ends_in_the_money_hardly_ever_warns(model):
    terms = {"spot": 100, "strike": 60, "volatility": 5, "maturity": 0.1}
    for exercise, sure in (("european", "closed form"), ("american", "tree")):
        warnings = model.run(exercise=exercise, engine="monte_carlo", **terms)["warnings"]
        assert any("Only 0 of 20,000 simulated paths" in w and sure in w for w in warnings)
    assert not model.run()["warnings"]


def test_a_tree_too_coarse_for_the_volatility_warns(model):
    terms = {"option_type": "call", "volatility": 150, "maturity": 30, "tree_steps": 51, "exercise_dates": 1}
    found = model.run(exercise="european", **terms)
    off = abs(found["summary"]["Tree price"] / found["summary"]["European price"] - 1)
    assert any("Take more tree steps" in w for w in found["warnings"]) == (off > model.function.ALIKE)
    assert model.function.coarse_tree_warning(1.0, 1.01, 1.0)
    assert not model.function.coarse_tree_warning(1.0, 1.001, 1.0)


def test_a_european_option_that_is_not_simulated_is_not_refused_for_the_size_of_a_simulation(model):
    terms = {"paths": 200_000, "exercise_dates": 365, "maturity": 10}
    assert model.run(exercise="european", **terms)["summary"]["Price"] > 0
    assert model.run(exercise="european", engine="monte_carlo", **terms)["summary"]["Price"] > 0


def test_greeks_near_a_barrier_are_those_a_little_farther_off(model):
    terms = {"contract": "barrier", "spot": 100, "strike": 95, "barrier_type": "down_out", "option_type": "call"}
    near, farther = (model.run(barrier=b, **terms)["summary"] for b in (99.9999, 99.99))
    assert near["Price"] < farther["Price"] / 50
    for name in ("Delta", "Gamma"):
        assert near[name] == pytest.approx(farther[name], rel=0.01), name


@pytest.mark.parametrize(("barrier", "kind"), [(90, "down_in"), (99, "down_out"), (101, "up_out"), (120, "up_in")])
def test_next_to_no_volatility_overflows_nowhere(model, barrier, kind):
    terms = {"contract": "barrier", "spot": 100, "strike": 50, "option_type": "call", "maturity": 0.001, "rate": 0}
    found = model.run(barrier=barrier, barrier_type=kind, volatility=0.1, dividend_yield=25, rebate=5, **terms)[
        "summary"
    ]
    worth = found["European price"] if kind.endswith("out") else 5
    assert found["Price"] == pytest.approx(worth, rel=1e-9)


def test_a_barrier_watched_on_a_few_dates_warns(model):
    terms = {"contract": "barrier", "spot": 100, "strike": 95, "barrier": 90, "watched": 12}
    assert any("2 dates only" in w for w in model.run(maturity=0.2, **terms)["warnings"])
    assert not model.run(maturity=2, **terms)["warnings"]


def test_greeks_are_shown_in_the_units_that_hull_prints(model):
    """Hull (2018), examples 19.1 to 19.6: 20 weeks, S = 49, K = 50, r = 5 %, volatility 20 %."""
    terms = {"spot": 49, "strike": 50, "rate": 5, "volatility": 20, "maturity": 0.3846, "option_type": "call"}
    rows = {row["greek"]: row for row in model.run(exercise="european", **terms)["tables"]["Greeks"]}
    printed = {"Delta": 0.522, "Gamma": 0.066, "Vega": 12.1, "Theta": -4.31, "Rho": 8.91}
    for name, value in printed.items():
        assert rows[name]["value"] == pytest.approx(value, rel=0.008), name
    assert rows["Theta"]["scaled"] == pytest.approx(-0.0118, abs=0.00005)
    assert rows["Theta, trading days"]["scaled"] == pytest.approx(-0.0171, abs=0.00005)
    assert rows["Vega"]["scaled"] == pytest.approx(0.121, abs=0.0005)


def test_greeks_of_higher_order_are_the_slopes_of_those_of_lower_order(model):
    bs, base, h = model.black_scholes, [100.0, 95.0, 0.04, 0.01, 0.25, 1.5, 1], 1e-5
    slopes = bs.greeks(*base)
    for key, of, at in (("yield_rho", None, 3), ("vanna", "delta", 4), ("volga", "vega", 4)):
        up, down = list(base), list(base)
        up[at] += h
        down[at] -= h
        above, below = ((bs.greeks(*x)[of] if of else bs.price(*x)) for x in (up, down))
        assert slopes[key] == pytest.approx((above - below) / (2 * h), rel=1e-6), key
