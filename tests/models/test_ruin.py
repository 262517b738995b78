"""Ruin: closed forms, bounds that enclose, simulation against exact values, and refusals."""

from math import factorial

import numpy as np
import pytest

from tests.models.calling import Model

EXACT = 1e-10
SIMULATION = 4.0  # standard errors
PRINTED = 5e-5  # actuar's vignette prints four decimals


@pytest.fixture(scope="module")
def model():
    return Model("ruin")


def by_capital(model, *capitals, **given):
    """Return the rows of the table for these capitals, without a simulation."""
    wanted = {"capitals": [{"u": u} for u in capitals], "capital": capitals[0], "finite_time": False}
    return model.run(**{**wanted, **given})["table"]


def test_exponential_claims_are_ruined_as_the_closed_form_says(model):
    """actuar, vignette "risk", section 5: psi(u) = 0.6 exp(-2u)."""
    rows = by_capital(model, 0, 1, 5)
    assert [row["psi"] for row in rows] == pytest.approx([0.6 * np.exp(-2 * u) for u in (0, 1, 5)], rel=EXACT)


def test_a_mixture_of_exponentials_gives_gerbers_sum(model):
    """Gerber (1979): (24 exp(-u) + exp(-6u)) / 35 for an even mixture of rates 3 and 7 and 3 arrivals."""
    rows = by_capital(model, 0, 0.3, 1, 4, claims="mixture")
    exact = [(24 * np.exp(-row["u"]) + np.exp(-6 * row["u"])) / 35 for row in rows]
    assert [row["psi"] for row in rows] == pytest.approx(exact, rel=EXACT)


@pytest.mark.parametrize(
    "arrivals",
    [
        {"arrivals": "erlang", "arrival_shape": 2, "arrival_rate": 6},
        {"arrivals": "erlang", "arrival_shape": 5, "arrival_rate": 8},
        {"arrivals": "mixture"},
        {"arrivals": "phases"},
    ],
)
def test_exponential_claims_at_any_times_have_the_closed_form_of_the_coefficient(model, arrivals):
    """Asmussen and Albrecher (2010), section VI.2: psi(u) = (1 - R / beta) exp(-R u)."""
    result = model.run(**arrivals, capital=0.7, capitals=[], finite_time=False)
    r = result["summary"]["Adjustment coefficient"]
    assert result["table"][0]["psi"] == pytest.approx((1 - r / 5) * np.exp(-0.7 * r), rel=EXACT)
    assert result["summary"]["Cramér's constant"] == pytest.approx(1 - r / 5, rel=1e-8)


def test_a_coefficient_solves_lundbergs_equation(model):
    result = model.run(claims="phases", arrivals="mixture", finite_time=False)
    r = result["summary"]["Adjustment coefficient"]
    rows = model.manifest.defaults["claim_phases"]
    moves = np.array([[row["r1"], row["r2"]] for row in rows])
    start = np.array([row["start"] for row in rows])
    claims = start @ np.linalg.solve(-r * np.eye(2) - moves, -moves.sum(axis=1))
    times = 0.4 * 5 / (5 + r) + 0.6 * 1 / (1 + r)
    assert claims * times == pytest.approx(1, rel=1e-9)


def test_phases_in_another_order_change_nothing(model):
    given = {"claims": "phases", "arrivals": "mixture", "finite_time": False}
    turned = [{"start": 0.4386, "r1": -1.095, "r2": 0.101}, {"start": 0.5614, "r1": 1.997, "r2": -8.64}]
    first, second = (by_capital(model, 10, **given, **more)[0] for more in ({}, {"claim_phases": turned}))
    assert first["psi"] == pytest.approx(second["psi"], rel=EXACT)


def test_bounds_of_gamma_claims_enclose_the_exact_value_of_erlang_claims(model):
    given = {"claim_rate": 10, "premium_rate": 1}
    exact = by_capital(model, 0, 0.4, 1.7, claims="erlang", claim_shape=2, **given)
    found = by_capital(model, 0, 0.4, 1.7, claims="gamma", claim_gamma_shape=2, **given)
    for a, b in zip(exact, found, strict=True):
        assert b["low"] - 1e-12 <= a["psi"] <= b["high"] + 1e-12
        assert b["psi"] == pytest.approx(a["psi"], rel=1e-4)
        assert b["asymptote"] == pytest.approx(a["asymptote"], rel=1e-8)


def test_claims_of_one_amount_have_the_classical_sum(model):
    """1 - psi(u) = (1 - q) sum over j of (-z)^j e^z / j!, z = l (u - j), for claims 1, premium 1 (Erlang 1909)."""
    q, u = 0.7, 3.6
    terms = [np.exp(q * (u - j)) * (-q * (u - j)) ** j / factorial(j) for j in range(int(u) + 1)]
    (row,) = by_capital(model, u, claims="fixed", arrival_rate=q)
    assert row["psi"] == pytest.approx(1 - (1 - q) * sum(terms), rel=1e-4)
    assert row["low"] <= 1 - (1 - q) * sum(terms) <= row["high"]


@pytest.mark.parametrize("claims", ["lognormal", "pareto"])
def test_heavy_tails_have_no_coefficient_and_no_bound(model, claims):
    result = model.run(claims=claims, theta=0.4, finite_time=False)
    assert "Adjustment coefficient" not in result["summary"]
    assert all("bound" not in row for row in result["table"])
    assert any("no adjustment coefficient" in w for w in result["warnings"])
    assert 0 < result["summary"]["Probability of ruin"] < 1


@pytest.mark.parametrize("claims", ["erlang", "mixture", "phases", "gamma", "fixed", "lognormal", "pareto"])
def test_ruin_up_to_a_far_horizon_is_ruin_ever(model, claims):
    given = {"claims": claims, "premium_by": "loading", "loading": 60, "claim_amount": 0.4, "theta": 1.2}
    result = model.run(**given, horizon=150, simulations=4000, capital=0.5, capitals=[{"u": 0}])
    for row, ever in zip(result["tables"]["Up to the horizon"], result["table"], strict=True):
        # Heavy tails may still ruin later: the simulation stays below by a little more.
        assert abs(row["simulated"] - ever["psi"]) < SIMULATION * row["standard_error"] + 0.004


@pytest.mark.parametrize("premium", [0.5, 0.6, 1.0])
@pytest.mark.parametrize("horizon", [0.5, 10])
def test_the_simulation_agrees_with_the_exact_probability_up_to_a_horizon(model, premium, horizon):
    rows = model.run(premium_rate=premium, horizon=horizon)["tables"]["Up to the horizon"]
    for row in rows:
        spread = np.sqrt(row["exact"] * (1 - row["exact"]) / 20_000)
        assert abs(row["simulated"] - row["exact"]) < SIMULATION * spread + 1e-9


def test_ruin_grows_with_the_horizon_and_falls_with_the_capital(model):
    result = model.run(claims="lognormal", arrivals="erlang")
    curve = result["charts"][-1]["data"]["series"][0]["y"]
    assert curve == sorted(curve)
    shares = [row["simulated"] for row in result["tables"]["Up to the horizon"]]
    assert shares == sorted(shares, reverse=True)


def test_lundbergs_bound_is_never_below_the_probability(model):
    for claims in ("exponential", "mixture", "gamma", "fixed"):
        for row in by_capital(model, 0, 1, 5, claims=claims, premium_by="loading", claim_amount=0.3):
            assert row["psi"] <= row["bound"]


def test_de_vylders_approximation_is_exact_for_exponential_claims(model):
    for row in by_capital(model, 0, 1, 5):
        assert row["de_vylder"] == pytest.approx(row["psi"], rel=1e-9)


def test_proportional_reinsurance_gives_the_coefficients_that_actuar_prints(model):
    """actuar, vignette "risk", section 5: 0.1905, 0.1862, 0.1765, 0.1667 at 75, 80, 90 and 100 %."""
    given = {"claim_rate": 1, "arrival_rate": 2, "premium_rate": 2.4, "reinsurance": "proportional"}
    shares = [{"share": s} for s in (75, 80, 90, 100)]
    rows = model.run(**given, retentions=shares, finite_time=False)["tables"]["Retentions"]
    assert [row["coefficient"] for row in rows] == pytest.approx([0.1905, 0.1862, 0.1765, 0.1667], abs=PRINTED)


def test_a_share_so_small_that_the_reinsurer_takes_the_loading_has_no_coefficient(model):
    given = {"claim_rate": 1, "arrival_rate": 2, "premium_rate": 2.4, "reinsurance": "proportional"}
    (row,) = model.run(**given, retentions=[{"share": 20}], finite_time=False)["tables"]["Retentions"]
    assert row["loading"] < 0
    assert row["coefficient"] is None


def test_a_premium_below_the_claims_ruins_for_certain(model):
    result = model.run(premium_rate=0.6, finite_time=False)
    assert [row["psi"] for row in result["table"]] == [1.0] * len(result["table"])
    assert "ruin is certain" in result["warnings"][0]


def test_a_loading_of_next_to_nothing_keeps_its_digits(model):
    (row,) = by_capital(model, 2, premium_by="loading", loading=0.0001)
    q = 1 / 1.000001
    assert 1 - row["psi"] == pytest.approx(1 - q * np.exp(-5 * (1 - q) * 2), rel=1e-6)


def test_a_capital_beyond_every_number_has_no_ruin_left(model):
    (row,) = by_capital(model, 1e12, claims="mixture")
    assert row["psi"] == 0


def test_every_fault_of_typed_phases_is_named(model):
    rows = [{"start": 0.5, "r1": 1, "r2": 2}, {"start": 0.4, "r1": -1, "r2": -1, "r3": 2}]
    with pytest.raises(ValueError, match=r"probabilities of starting sum to 0\.900000") as raised:
        model.run(claims="phases", claim_phases=rows)
    text = str(raised.value)
    assert r"inputs.claim_phases[0].r1: 1 is not below 0" in text
    assert r"inputs.claim_phases[1].r1: -1 is below 0" in text
    assert "a rate to a further one" in text


def test_phases_that_are_never_left_are_refused(model):
    rows = [{"start": 1, "r1": -1, "r2": 1}, {"start": 0, "r1": 1, "r2": -1}]
    with pytest.raises(ValueError, match=r"inputs\.arrival_phases: a phase is never left"):
        model.run(arrivals="phases", arrival_phases=rows)


def test_claims_without_a_mean_are_refused(model):
    with pytest.raises(ValueError, match=r"inputs\.alpha: with 1 the mean claim is infinite"):
        model.run(claims="pareto", alpha=1)


def test_more_claims_than_the_time_allows_are_refused(model):
    with pytest.raises(ValueError, match=r"inputs\.simulations: 20,000 paths of 10000 time units"):
        model.run(horizon=10_000)


def test_few_ruined_paths_are_said_to_be_rough(model):
    assert any("are ruined from the capital 4" in w for w in model.run(capital=4, simulations=10_000)["warnings"])


def test_an_exact_value_that_would_keep_no_digits_is_left_out(model):
    rows = model.run(premium_rate=1e-9)["tables"]["Up to the horizon"]
    assert any("exact" not in row for row in rows)
    assert all(0 <= row.get("exact", 0) <= 1 for row in rows)
