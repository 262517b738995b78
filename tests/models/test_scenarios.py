"""Economic scenarios: closed forms, today's prices given back, files that others read, and refusals."""

import math

import numpy as np
import pytest
from scipy.integrate import quad, quad_vec

from contract.errors import InputError
from tests.models.calling import Model

SIMULATION = 4.0  # standard errors
NO_OPTIONS = {"swaptions": [], "bond_options": [], "equity_options": [], "inflation_options": []}
QUICK = {"scenarios": 400, "horizon": 5, "file": "none", **NO_OPTIONS}
TWO_FACTORS = {
    "rate_model": "g2",
    "rate_reversion": 0.7735,
    "rate_volatility": 2.23,
    "second_reversion": 0.082,
    "second_volatility": 1.04,
    "factor_correlation": -70.2,
}


@pytest.fixture(scope="module")
def model():
    return Model("scenarios")


@pytest.fixture(autouse=True)
def scratch(tmp_path, monkeypatch):
    """Give every run a working directory of its own, as the sandbox does."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def flat(rate):
    return {
        "curve": "own",
        "compounding": "continuous",
        "rates": [{"year": 1, "rate": rate}, {"year": 100, "rate": rate}],
    }


def flat_curve(model, rate):
    return model.curves.Joined(np.array([1.0, 100.0]), rate * np.array([1.0, 100.0]))


@pytest.mark.parametrize("more", [{}, TWO_FACTORS, {"equity": "heston"}, {**TWO_FACTORS, "antithetic": False}])
def test_discounted_means_are_todays_prices(model, more):
    result = model.run(**{**QUICK, "scenarios": 4000, "horizon": 30}, **more)
    tests = result["tables"]["Martingale tests"]
    assert {row["asset"] for row in tests} == {"Bond", "Bond of 10 more years", "Equity", "Price index"}
    for row in tests:
        assert abs(row["simulated"] - row["price"]) < SIMULATION * row["error"] + 1e-6, row
        assert 0 < row["error"] < 0.1, row


@pytest.mark.parametrize("more", [{}, TWO_FACTORS])
def test_options_simulated_agree_with_their_closed_forms(model, more):
    result = model.run(scenarios=8000, horizon=30, file="none", **more)
    compared = [row for name in model.function.KINDS for row in result["tables"][name]]
    assert len(compared) == 25
    for row in compared:
        assert abs(row["simulated"] - row["closed"]) < SIMULATION * row["error"], row
        assert row["error"] < 0.1 * row["closed"] + 0.02, row


def test_heston_options_simulated_agree_with_the_transform_where_rates_are_random_too(model):
    options = [{"kind": k, "expiry": t, "strike": s} for t in (1, 10) for k, s in (("put", 80), ("call", 120))]
    given = {**QUICK, "scenarios": 20_000, "horizon": 10, "equity": "heston", "equity_options": options}
    for row in model.run(**given, rate_equity=0)["tables"]["Equity options"]:
        assert abs(row["simulated"] - row["closed"]) < SIMULATION * row["error"], row


def test_the_transform_for_correlated_rates_is_said_to_be_an_approximation_and_is_a_good_one(model):
    options = [{"kind": "call", "expiry": 10, "strike": 100}]
    given = {**QUICK, "scenarios": 20_000, "horizon": 10, "equity": "heston", "equity_options": options}
    correlated = model.run(**given, rate_equity=40, equity_real=40)
    (row,), (plain,) = (r["tables"]["Equity options"] for r in (correlated, model.run(**given, rate_equity=0)))
    assert "approximation" in correlated["notes"]
    assert abs(row["simulated"] - row["closed"]) < SIMULATION * row["error"]
    assert row["closed"] - plain["closed"] > 5 * row["error"]


@pytest.mark.parametrize(("a", "s"), [([0.05], [0.01]), ([0.7735, 0.082], [0.0223, 0.0104])])
def test_a_bond_is_the_mean_of_what_the_bank_account_discounts(model, a, s):
    """P(t, T) against the lognormal mean of exp(-integral) with the factors' own moments, by quadrature."""
    rates = model.rates.Rates(flat_curve(model, 0.03), a, s, -0.702 if len(a) > 1 else 0.0)
    at, b = rates.bond_terms(4.0, 11.0)

    def fall(k, u):
        return (1 - math.exp(-k * u)) / k

    def volatility(u):  # of the bond, squared, with u years to run
        terms = [s[i] * fall(a[i], u) for i in range(len(a))]
        return sum(t * t for t in terms) + (2 * rates.rho * terms[0] * terms[1] if len(terms) > 1 else 0)

    # ln P(t, T) + B x is ln P(0, T) / P(0, t) plus half of the bonds' variances up to t, by Ito's lemma.
    spent = quad(lambda u: volatility(11 - u) - volatility(4 - u), 0, 4)[0]
    assert at == pytest.approx(-0.03 * 7 - spent / 2, rel=1e-10)
    assert b == pytest.approx([fall(k, 7.0) for k in a], rel=1e-12)


def test_hull_and_whites_put_on_a_bond_has_its_published_value(model):
    """Hull and White (1994): a = 0.1, sigma = 0.01, zero rates of 6.30595 and 7.39790 % at 3 and 9 years: 1.8093."""
    curve = model.curves.Joined(np.array([3.0, 9.0]), np.array([3 * 0.0630595, 9 * 0.0739790]))
    value = model.rates.Rates(curve, [0.1], [0.01]).bond_option(3.0, 9.0, 0.63, -1)
    assert 100 * value == pytest.approx(1.8093, abs=5e-5)


def test_call_less_put_on_a_bond_is_its_forward_worth(model):
    rates = model.rates.Rates(flat_curve(model, 0.03), [0.05], [0.01])
    gap = rates.bond_option(5.0, 12.0, 0.8, 1) - rates.bond_option(5.0, 12.0, 0.8, -1)
    assert gap == pytest.approx(math.exp(-0.36) - 0.8 * math.exp(-0.15), rel=1e-12)


def swaption_by_density(rates, expiry, tenor, strike):
    """Return a swaption's value by a two-dimensional quadrature over the factors under the forward measure."""
    spread = rates.factors.covariances(expiry)[0]
    first, second = np.sqrt(np.diag(spread))
    common = spread[0, 1] / (first * second)
    times = np.arange(1, tenor + 1)
    known = np.exp(rates.curve.log_discount(expiry + np.arange(tenor + 1.0)))
    b = np.array([(1 - np.exp(-k * times)) / k for k in rates.a])
    half = np.einsum("ik,ij,jk->k", b, spread, b) / 2
    coupons = np.full(tenor, strike) + (times == tenor)
    z, w = np.polynomial.legendre.leggauss(1200)
    z, w = 8.5 * z, 8.5 * w

    def inner(u):
        x, y = first * u, second * (common * u + math.sqrt(1 - common**2) * z)
        bonds = (known[1:] / known[0])[:, None] * np.exp(-b[0][:, None] * x - b[1][:, None] * y - half[:, None])
        payoff = np.maximum(1 - coupons @ bonds, 0)
        return float(payoff @ (w * np.exp(-z * z / 2))) * math.exp(-u * u / 2) / (2 * math.pi)

    return known[0] * quad_vec(inner, -8.5, 8.5, epsabs=1e-10, epsrel=1e-8)[0]


@pytest.mark.parametrize(("expiry", "tenor", "strike"), [(1, 5, 0.03), (5, 10, 0.035), (10, 20, 0.02), (2, 3, -0.01)])
@pytest.mark.parametrize("rho", [-0.702, 0.95])
def test_g2_swaptions_equal_a_quadrature_over_both_factors(model, expiry, tenor, strike, rho):
    rates = model.rates.Rates(flat_curve(model, 0.03), [0.7735, 0.082], [0.0223, 0.0104], rho)
    # The payoff's edge limits the quadrature of the test, not that of the model.
    assert rates.swaption(expiry, tenor, strike) == pytest.approx(
        swaption_by_density(rates, expiry, tenor, strike), rel=2e-4
    )


def test_swaptions_agree_with_quantlib(model):
    """QuantLib 1.44, JamshidianSwaptionEngine and G2SwaptionEngine, flat curve of 3 %, yearly payments."""
    curve, swaps = flat_curve(model, 0.03), ((1, 5, 0.03), (5, 10, 0.035), (10, 20, 0.02))
    one = model.rates.Rates(curve, [0.05], [0.01])
    two = model.rates.Rates(curve, [0.7735, 0.082], [0.0223, 0.0104], -0.702)
    printed = [0.016820349439021307, 0.03291491403169655, 0.14458465541111956]
    assert [one.swaption(*s) for s in swaps] == pytest.approx(printed, rel=1e-8)
    printed = [0.01226295400225135, 0.02247786074566351, 0.12758570087813687]
    assert [two.swaption(*s) for s in swaps] == pytest.approx(printed, rel=1e-8)


def test_a_second_factor_without_volatility_leaves_one(model):
    curve = flat_curve(model, 0.03)
    one, still = model.rates.Rates(curve, [0.05], [0.01]), model.rates.Rates(curve, [0.05, 0.3], [0.01, 0.0], 0.3)
    nearly = model.rates.Rates(curve, [0.05, 0.3], [0.01, 1e-9], 0.3)
    for made in (still, nearly):
        assert made.swaption(5, 10, 0.035) == pytest.approx(one.swaption(5, 10, 0.035), rel=1e-7)


def test_a_payer_less_a_receiver_swaption_is_the_swap(model):
    """A strike so low that the payer is always exercised leaves the swap itself."""
    rates = model.rates.Rates(flat_curve(model, 0.03), [0.05], [0.005])
    forward, annuity = rates.forward_swap(5, 10)
    assert rates.swaption(5, 10, -0.09) == pytest.approx((forward + 0.09) * annuity, rel=1e-6)


def heston_by_two_integrals(spot, strike, rate, t, v, theta, kappa, xi, rho):
    """Return a call by Heston's own two probabilities, in the form without a jump of the logarithm."""

    def characteristic(u):
        b = kappa - rho * xi * 1j * u
        d = np.sqrt(b**2 + xi**2 * (1j * u + u * u))
        g = (b - d) / (b + d)
        fall = np.exp(-d * t)
        level = kappa * theta / xi**2 * ((b - d) * t - 2 * np.log((1 - g * fall) / (1 - g)))
        return np.exp(level + v * (b - d) / xi**2 * (1 - fall) / (1 - g * fall) + 1j * u * (np.log(spot) + rate * t))

    def probability(shift):
        scale = characteristic(-1j * shift)
        value = quad(
            lambda u: float(
                (np.exp(-1j * u * np.log(strike)) * characteristic(u - 1j * shift) / (1j * u * scale)).real
            ),
            1e-10,
            400,
            limit=2000,
            epsabs=1e-12,
        )[0]
        return 0.5 + value / np.pi

    return spot * probability(1) - strike * np.exp(-rate * t) * probability(0)


@pytest.mark.parametrize("strike", [70, 100, 140])
@pytest.mark.parametrize("case", [(1, 0.0175, 0.0398, 1.5768, 0.5751, -0.5711), (10, 0.04, 0.04, 0.5, 1.0, -0.9)])
def test_heston_options_equal_hestons_own_integrals(model, strike, case):
    t, v, theta, kappa, xi, rho = case
    heston = model.equity.Heston(v, theta, kappa, xi, rho)
    value = math.exp(-0.02 * t) * heston.option(100 * math.exp(0.02 * t), strike, 0.0, 0.0, t, 1)
    assert value == pytest.approx(heston_by_two_integrals(100, strike, 0.02, *case), abs=1e-6)


def test_a_variance_that_hardly_moves_is_black_scholes(model):
    heston = model.equity.Heston(0.04, 0.04, 1.5, 0.01, 0.0)
    plain = model.equity.BlackScholes(0.2)
    for strike in (0.8, 1.0, 1.3):
        assert heston.option(1.1, strike, 0.02, 0.0, 5.0, 1) == pytest.approx(
            plain.option(1.1, strike, 0.02, 0.0, 5.0, 1), rel=1e-4
        )


def test_the_mean_of_the_root_of_the_variance_is_that_of_its_density(model):
    """v(t) is c times a noncentral chi-square: its root's mean by quadrature."""
    from scipy.stats import ncx2

    heston = model.equity.Heston(0.03, 0.05, 1.2, 0.4, -0.5)
    for t in (0.1, 1.0, 8.0):
        fall = math.exp(-1.2 * t)
        c = 0.4**2 * (1 - fall) / (4 * 1.2)
        law = ncx2(4 * 1.2 * 0.05 / 0.4**2, 0.03 * fall / c)
        mean = quad(lambda y, law=law, c=c: math.sqrt(c * y) * law.pdf(y), 0, law.ppf(1 - 1e-13), limit=400)[0]
        assert float(heston.mean_root(np.array([t]))[0]) == pytest.approx(mean, rel=1e-6)


@pytest.mark.parametrize("t", [1 / 12, 0.5, 7.0, 60.0])
def test_covariances_of_factors_are_their_integrals(model, t):
    k, s = np.array([0.001, 1.7]), np.array([0.01, 0.02])
    factors = model.factors.Factors(["a", "b", "w"], k, s, np.array([[1, -0.4, 0.3], [-0.4, 1, 0.2], [0.3, 0.2, 1]]))
    values, mixed, integrals = factors.covariances(t)

    def integral(i, first, j, second):
        return quad(lambda u: first(i, u) * second(j, u), 0, t, epsabs=0, epsrel=1e-12, limit=200)[0]

    def value(i, u):
        return s[i] * math.exp(-k[i] * u) if i < 2 else 1.0

    def summed(i, u):
        return -s[i] * math.expm1(-k[i] * u) / k[i]

    for i in range(3):
        for j in range(3):
            rho = factors.rho[i, j]
            assert values[i, j] == pytest.approx(rho * integral(i, value, j, value), rel=1e-8)
            if j < 2:
                assert mixed[i, j] == pytest.approx(rho * integral(i, value, j, summed), rel=1e-8)
            if max(i, j) < 2:
                assert integrals[i, j] == pytest.approx(rho * integral(i, summed, j, summed), rel=1e-7)


def test_the_simulated_factors_have_the_covariances_of_their_steps(model):
    """480 monthly steps against the joint distribution over 40 years at once."""
    result = model.run(**{**QUICK, "scenarios": 20_000, "horizon": 40, "antithetic": False, "file": "parquet"})
    import pandas as pd

    rows = pd.read_parquet("scenarios.parquet")
    end = rows[rows["month"] == 480]
    rates = model.rates.Rates(model.curves.read({"curve": "eiopa", "date": "2026-02-28"}, [], []), [0.03], [0.008])
    log = np.log(end["discount"].to_numpy(float))
    expected = float(rates.variance(np.array([40.0]))[0])
    assert log.var() == pytest.approx(expected, rel=5 * math.sqrt(2 / 20_000))
    assert end["short_rate"].to_numpy(float).var() == pytest.approx(
        rates.factors.covariances(40.0)[0][0, 0], rel=5 * math.sqrt(2 / 20_000)
    )
    assert result["summary"]["Rows of the file"] == len(rows) == 20_000 * 41


@pytest.mark.parametrize("date", ["2014-12-31", "2023-06-30", "2026-02-28"])
def test_eiopas_curve_is_that_of_the_model_of_its_rates(model, date):
    found = model.run(**{**QUICK, "horizon": 60, "date": date})["table"]["zero"]
    published = Model("eiopa_rfr").run(date=date)["table"]
    assert found[1:] == pytest.approx([row["zero"] for row in published[:60]], abs=1e-12)


def test_forward_rates_are_the_slope_of_the_curve(model):
    for given in ({"curve": "eiopa", "date": "2023-06-30"}, {"curve": "own", "compounding": "annual", "horizon": 5}):
        rows = model.manifest.defaults["rates"]
        curve = model.curves.read({**given, "rates": rows}, [], [])
        at = np.array([0.4, 3.3, 12.5, 19.2, 25.0, 59.0, 80.0])
        slope = -(curve.log_discount(at + 1e-5) - curve.log_discount(at - 1e-5)) / 2e-5
        assert curve.forward(at) == pytest.approx(slope, rel=1e-6)


def test_an_own_curve_is_met_at_its_quotes(model):
    rows = [{"year": 0.5, "rate": -0.4}, {"year": 3, "rate": 1.1}, {"year": 17, "rate": 2.9}]
    curve = model.curves.read({"curve": "own", "rates": rows, "compounding": "annual", "horizon": 10}, [], [])
    years = np.array([row["year"] for row in rows])
    assert np.expm1(-curve.log_discount(years) / years) * 100 == pytest.approx([-0.4, 1.1, 2.9], abs=1e-12)


@pytest.mark.parametrize(
    ("name", "true"),
    [
        ("hull_white", [0.04, 0.009]),
        ("g2", [0.6, 0.012, 0.04, 0.009, -0.6]),
    ],
)
def test_a_fit_to_volatilities_of_the_model_itself_finds_its_prices(model, name, true):
    made = model.rates.build(name, flat_curve(model, 0.03), true)
    quotes = []
    for expiry, tenor in ((1, 2), (1, 10), (3, 5), (5, 1), (5, 10), (10, 5), (10, 20), (20, 10)):
        forward, annuity = made.forward_swap(expiry, tenor)
        price = made.swaption(expiry, tenor, forward)
        quotes.append((expiry, tenor, forward, model.rates.normal_volatility(price, forward, forward, annuity, expiry)))
    start = [0.1, 0.006] if name == "hull_white" else [0.3, 0.01, 0.08, 0.006, -0.3]
    fitted, gaps = model.rates.fit(name, made.curve, quotes, start)
    assert np.abs(gaps).max() < 1e-5  # a tenth of a basis point
    if name == "hull_white":
        assert [*fitted.a, *fitted.s] == pytest.approx(true, rel=1e-4)


def test_a_run_that_fits_uses_what_it_found(model):
    result = model.run(**{**QUICK, "swaptions": model.manifest.defaults["swaptions"], "fit": True, "horizon": 20})
    fixed = model.run(**{**QUICK, "swaptions": model.manifest.defaults["swaptions"], "horizon": 20})
    assert result["summary"]["Gap to quoted swaptions"] < fixed["summary"]["Gap to quoted swaptions"]
    assert result["summary"]["Mean reversion"] != 0.03


def test_normal_volatilities_come_back_from_their_prices(model):
    for strike in (0.01, 0.03, 0.05, -0.01):
        price = model.rates.normal_price(0.03, strike, 8.0, 0.0071, 5.0)
        assert model.rates.normal_volatility(price, 0.03, strike, 8.0, 5.0) == pytest.approx(0.0071, rel=1e-7)


def test_equity_options_with_random_rates_have_mertons_variance(model):
    """Brigo and Mercurio (2006), appendix B: the covariance of equity and bond adds to the variance."""
    given = {**QUICK, **flat(3), "rate_reversion": 0.1, "rate_volatility": 1, "rate_equity": 30, "dividend_yield": 1}
    option = [{"kind": "call", "expiry": 5, "strike": 100}]
    (row,) = model.run(**{**given, "equity_options": option})["tables"]["Equity options"]

    def bond(u):
        return 0.01 * (1 - math.exp(-0.1 * u)) / 0.1

    variance = quad(lambda u: 0.18**2 + bond(u) ** 2 + 2 * 0.3 * 0.18 * bond(u), 0, 5)[0]
    assert row["closed_volatility"] == pytest.approx(math.sqrt(variance / 5), rel=1e-8)


def test_the_forward_of_the_price_index_is_its_break_even_rate(model):
    options = [{"kind": kind, "expiry": 5, "strike": 2} for kind in ("cap", "floor")]
    result = model.run(**{**QUICK, "inflation_options": options})
    cap, floor = result["tables"]["Inflation options"]
    bond = next(r["price"] for r in result["tables"]["Martingale tests"] if r["asset"] == "Bond" and r["year"] == 5)
    assert cap["forward"] == pytest.approx(1.019**5, rel=1e-12)
    assert cap["closed"] - floor["closed"] == pytest.approx(100 * bond * (1.019**5 - 1.02**5), rel=1e-9)


def test_without_volatility_every_scenario_is_the_forward_curve(model):
    still = {"rate_volatility": 0, "equity_volatility": 0, "inflation": "none"}
    result = model.run(**{**QUICK, "file": "csv", "columns": ["discount", "rate_10", "equity"]}, **still)
    import pandas as pd

    rows = pd.read_csv("scenarios.csv")
    assert list(rows) == ["scenario", "month", "discount", "rate_10", "equity"]
    assert rows.groupby("month")["discount"].nunique().eq(1).all()
    prices = {r["year"]: r["price"] for r in result["tables"]["Martingale tests"] if r["asset"] == "Bond"}
    for year, price in prices.items():
        row = rows[rows["month"] == 12 * year].iloc[0]
        assert row["discount"] == pytest.approx(price, rel=1e-6)
        assert row["equity"] * row["discount"] == pytest.approx(1, rel=1e-6)
    assert all(row["score"] == 0 for row in result["tables"]["Martingale tests"])


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_the_file_holds_a_row_a_scenario_and_date_that_gives_back_the_tests(model, kind):
    import pandas as pd

    columns = [o.value for o in model.manifest.inputs["columns"].options]
    given = {**QUICK, "equity": "heston", "file": kind, "written": "quarters", "columns": columns, "horizon": 6}
    result = model.run(**given)
    name = f"scenarios.{kind}"
    assert result["files"] == {name: name}
    rows = pd.read_parquet(name) if kind == "parquet" else pd.read_csv(name)
    assert list(rows) == ["scenario", "month", *columns]
    assert rows["scenario"].tolist() == [i for i in range(1, 401) for _ in range(25)]
    assert rows["month"].tolist() == [3 * i for i in range(25)] * 400
    for row in result["tables"]["Martingale tests"]:
        end = rows[rows["month"] == 12 * row["year"]]
        discounted = {
            "Bond": end["discount"],
            "Bond of 10 more years": end["discount"] * (1 + end["rate_10"]) ** -10,
            "Equity": end["discount"] * end["equity"],
            "Price index": end["discount"] * end["price_index"],
        }[row["asset"]]
        assert discounted.astype(float).mean() == pytest.approx(row["simulated"], rel=1e-5)
    now = rows[rows["month"] == 0].iloc[0]
    assert now[["discount", "equity", "equity_price", "price_index"]].tolist() == [1, 1, 1, 1]
    assert now["volatility"] == pytest.approx(0.18, rel=1e-6)
    later = rows[rows["month"] == 60]
    assert (later["equity_price"] / later["equity"]).to_numpy(float) == pytest.approx(math.exp(-0.1), rel=1e-5)


def test_pairs_of_antithetic_scenarios_mirror_each_other(model):
    import pandas as pd

    model.run(**{**QUICK, "file": "parquet", "columns": ["short_rate"], "horizon": 2})
    rates = pd.read_parquet("scenarios.parquet").pivot_table(index="month", columns="scenario", values="short_rate")
    sums = rates.iloc[:, ::2].to_numpy(float) + rates.iloc[:, 1::2].to_numpy(float)
    assert np.ptp(sums, axis=1).max() < 1e-6
    assert rates.iloc[1].nunique() == 400


def test_the_number_of_cores_changes_nothing(model, monkeypatch):
    given = {**QUICK, "scenarios": 3000}
    several = model.run(**given)
    monkeypatch.setattr(model.threads.os, "sched_getaffinity", lambda _: {0})
    assert model.run(**given) == several


def test_correlations_that_nothing_can_have_are_refused(model):
    with pytest.raises(ValueError, match=r"inputs\.rate_equity, rate_inflation, .*eigenvalue -0\."):
        model.run(**QUICK, rate_equity=90, rate_inflation=90, equity_inflation=-90)


def test_a_leverage_that_leaves_no_room_for_other_correlations_is_refused(model):
    with pytest.raises(ValueError, match=r"leverage: no variables can be correlated like this"):
        model.run(**QUICK, equity="heston", leverage=-95, rate_equity=60)


def test_the_correlations_are_those_of_the_scenarios(model):
    import pandas as pd

    given = {"rate_equity": 30, "rate_inflation": -20, "equity_inflation": 40, "index_volatility": 10, "rate_real": 20}
    columns = ["short_rate", "equity", "price_index"]
    more = {"scenarios": 20_000, "horizon": 1, "antithetic": False, "file": "parquet", "columns": columns}
    for extra in ({}, TWO_FACTORS, {"equity": "heston", "leverage": -60}):
        model.run(**{**QUICK, **more, "written": "steps"}, **{**given, **extra})
        rows = pd.read_parquet("scenarios.parquet")
        first = rows[rows["month"] == 1]
        found = np.corrcoef(np.array([first["short_rate"], np.log(first["equity"]), np.log(first["price_index"])]))
        assert found[0, 1] == pytest.approx(0.3, abs=0.04), extra
        assert found[0, 2] == pytest.approx(-0.2, abs=0.04), extra
        assert found[1, 2] == pytest.approx(0.4, abs=0.04), extra


def test_a_file_larger_than_a_run_may_write_is_refused_before_the_simulation(model, scratch):
    given = {"scenarios": 10_000, "horizon": 60, "file": "csv", "written": "steps"}
    with pytest.raises(ValueError, match=r"inputs\.file: 7,210,000 rows of 5 columns take about .* Choose Parquet"):
        model.run(**given)
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize("more", [{"scenarios": 76_000}, {"scenarios": 38_000, "equity": "heston"}])
def test_too_many_steps_are_refused_before_the_run(model, more):
    with pytest.raises(InputError, match=r"more than (36|18) million steps in all"):
        model.run(**more)


def test_a_horizon_over_which_no_mean_can_be_simulated_is_refused(model):
    with pytest.raises(ValueError, match=r"inputs\.horizon: at 100 years the logarithm of the bank account"):
        model.run(**{**QUICK, "horizon": 100}, rate_volatility=5, rate_reversion=0.01)


def test_a_wide_distribution_is_said_to_rest_on_few_scenarios(model):
    result = model.run(**{**QUICK, "horizon": 40}, equity_volatility=40)
    assert any("logarithm of the equity has a standard deviation of 2." in w for w in result["warnings"])


def test_options_between_steps_or_after_the_horizon_have_their_closed_form_and_a_warning(model):
    swaptions = [{"expiry": e, "tenor": 5} for e in (0.3, 4, 30)]
    result = model.run(**{**QUICK, "swaptions": swaptions})
    simulated = ["simulated" in row for row in result["tables"]["Swaptions"]]
    assert simulated == [False, True, False]
    assert all(row["closed"] > 0 for row in result["tables"]["Swaptions"])
    assert any("0.3 x 5, 30 x 5 expire between two steps or after the horizon" in w for w in result["warnings"])


def test_every_bond_option_that_expires_too_late_is_named(model):
    rows = [{"kind": "put", "expiry": e, "maturity": 5, "strike": 90} for e in (5, 4, 6)]
    with pytest.raises(ValueError, match=r"inputs\.bond_options\[0\]\.maturity") as raised:
        model.run(**{**QUICK, "bond_options": rows})
    assert "bond_options[2]" in str(raised.value)
    assert "bond_options[1]" not in str(raised.value)


def test_a_fit_with_fewer_quotes_than_parameters_is_refused(model):
    rows = [{"expiry": 1, "tenor": 5, "volatility": 70}, {"expiry": 5, "tenor": 5}]
    with pytest.raises(ValueError, match=r"inputs\.swaptions: 1 market volatilities are not enough for 2"):
        model.run(**{**QUICK, "swaptions": rows}, fit=True)


def test_a_day_before_the_first_curve_is_refused_and_a_later_one_takes_the_last(model):
    assert "2026-02-28" in model.run(**QUICK, date="2026-11-03")["notes"]
    with pytest.raises(ValueError, match=r"inputs\.rates: the table is empty"):
        model.run(**QUICK, curve="own", rates=[])
