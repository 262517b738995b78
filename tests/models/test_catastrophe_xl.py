"""Catastrophe excess of loss: published tables, closed forms, the three methods against each other, and refusals."""

import csv

import numpy as np
import pytest
from scipy import integrate, stats

from tests.models.calling import Model

EXACT = 1e-9
GRID = 2e-3  # of a total on 2^14 steps
LAYER = 3e-4  # a layer's grid is refined until its payment moves by 1e-4
SIMULATION = 4.0  # standard errors
CERTAIN = 1e12  # a mean loss far above every layer


@pytest.fixture(scope="module")
def model():
    return Model("catastrophe_xl")


@pytest.fixture(autouse=True)
def scratch(monkeypatch, tmp_path):
    """Where a run writes its file."""
    monkeypatch.chdir(tmp_path)


def event(rate, mean, sdi=None, sdc=None, exposure=None, name=None):
    return {
        "event": name,
        "rate": rate,
        "mean": mean,
        "sd_independent": sdi,
        "sd_correlated": sdc,
        "exposure": exposure,
    }


def layer(limit, attachment, **given):
    empty = dict.fromkeys(("layer", "share", "reinstatements", "rate", "pro_rata", "aad", "annual_limit", "premium"))
    return {**empty, "limit": limit, "attachment": attachment, **given}


def full(model, frequency_a_year, **given):
    """Return a priced layer of 10 that every event fills, and its run's settings beside it."""
    price = {"loading": 0, "loading_sd": 0, "expenses": 0, "brokerage": 0, "secondary": "none", "simulations": 20_000}
    rates = given.pop("reinstatement_rates", [])
    more = {
        k: given.pop(k) for k in ("season", "frequency", "dispersion", "least_rate_on_line", "loading") if k in given
    }
    result = model.run(
        events=[event(frequency_a_year, CERTAIN)],
        layers=[layer(10, 5, **given)],
        reinstatement_rates=rates,
        **{**price, **more},
    )
    return result["tables"]["Layers"][0]


def poisson(rate, most=80):
    return stats.poisson(rate).pmf(np.arange(most))


GROSSI = [0.002, 0.005, 0.010, 0.020, 0.030, 0.040, 0.050, 0.050, 0.050, 0.070, 0.090, 0.100, 0.100, 0.100]


def test_probabilities_of_events_give_the_exceedance_of_grossi_and_kunreuther(model):
    """Grossi and Kunreuther (2005), Table 2.1: EP(L) = 1 - product of (1 - p) over the events of at least L."""
    losses = [25e6, 15e6, 10e6, 5e6, 3e6, 2e6, 1e6, 8e5, 7e5, 5e5, 4e5, 3e5, 2e5, 1e5]
    result = model.run(
        events=[event(p, x) for p, x in zip(GROSSI, losses, strict=True)],
        rates_are="probabilities",
        secondary="none",
        layers=[],
        points=[{"loss": x} for x in losses],
    )
    found = [row["oep_probability"] for row in result["tables"]["Exceedance at given losses"]]
    assert found == pytest.approx(1 - np.cumprod(1 - np.array(GROSSI)), rel=EXACT)
    assert found[:5] == pytest.approx([0.0020, 0.0070, 0.0169, 0.0366, 0.0655], abs=5e-5)


def test_the_largest_event_is_the_loss_that_the_closed_form_names(model):
    """Poisson events of single amounts: P(M > x) = 1 - exp(-sum of the rates above x)."""
    rows = [event(0.01, 100.0), event(0.02, 50.0), event(0.4, 10.0)]
    result = model.run(
        events=rows, secondary="none", layers=[], return_periods=[{"period": p} for p in (2, 30, 90, 110)]
    )
    exceeded = {x: 1 - np.exp(-sum(r["rate"] for r in rows if r["mean"] > x)) for x in (0, 10, 50, 100)}
    expected = [min(x for x, p in exceeded.items() if p <= 1 / t) for t in (2, 30, 90, 110)]
    assert [row["oep"] for row in result["table"]] == expected == [0, 10, 50, 100]


def test_a_beta_event_has_the_quantiles_of_its_distribution(model):
    """One event: P(M > x) = 1 - exp(-rate P(X > x)), X beta with alpha 22.4 and beta 201.6 of its exposure."""
    result = model.run(events=[event(0.05, 10e6, 1e6, 1e6, 100e6)], layers=[], return_periods=[{"period": 50}])
    wanted = 1 + np.log(1 - 1 / 50) / 0.05
    assert result["table"][0]["oep"] == pytest.approx(100e6 * stats.beta(22.4, 201.6).ppf(wanted), rel=1e-8)


def test_moments_of_the_damage_ratio_are_those_given(model):
    _, losses = model.events.read(
        [event(0.1, 30.0, 5.0, 7.0, 100.0), event(0.2, 2.0, 1.0, 0.0, 9.0)], probabilities=False, secondary=True
    )
    a, b = losses.shapes
    found = stats.beta(a, b, scale=[100, 9])
    assert found.mean() == pytest.approx([30, 2])
    assert found.std() == pytest.approx([12, 1])
    assert losses.mean == pytest.approx((30 + 4) / 3)


def test_the_mixture_is_the_weighted_sum_of_its_events(model):
    rng = np.random.default_rng(3)
    exposure = rng.lognormal(10, 1, 400)
    mean = exposure * rng.beta(1, 6, 400)
    sd = np.minimum(mean, 0.7 * np.sqrt(mean * (exposure - mean)))
    losses = model.events.EventLosses(rng.uniform(0.001, 0.1, 400), mean, sd, exposure)
    a, b = losses.shapes
    x = np.linspace(0, losses.most, 300)  # more than are summed exactly
    exact = np.array([losses.weight @ stats.beta(a, b, scale=exposure).sf(v) for v in x])
    assert losses.survival(x) == pytest.approx(exact, abs=5e-5)
    assert losses.limited(x) == pytest.approx(losses.exact_limited(x), abs=3e-6 * losses.mean)
    fine = np.linspace(0, x[40], 4001)
    survival = stats.beta(a[:, None], b[:, None], scale=exposure[:, None]).sf(fine)
    area = integrate.simpson(losses.weight @ survival, x=fine)
    assert losses.exact_limited(x[40]) == pytest.approx(area, rel=1e-4)
    assert losses.exact_limited(np.array([losses.most])) == pytest.approx(losses.mean, rel=1e-9)


@pytest.mark.parametrize("secondary", ["beta", "none"])
def test_fft_panjer_and_simulation_give_one_curve_of_the_total(model, secondary):
    given = {"secondary": secondary, "layers": [], "simulations": 200_000}
    fft, panjer, simulated = (model.run(**given, method=m)["table"] for m in ("fft", "panjer", "simulation"))
    for a, b, c in zip(fft, panjer, simulated, strict=True):
        assert b["aep"] == pytest.approx(a["aep"], rel=2 * GRID, abs=6e6)  # two steps of the recursion's grid
        assert c["aep_low"] * 0.99 <= a["aep"] <= c["aep_high"] * 1.01
        assert a["aep_shortfall"] >= a["aep"]


def test_the_total_is_never_below_the_largest_event(model):
    for frequency in ("poisson", "negative_binomial"):
        for row in model.run(frequency=frequency, dispersion=3)["table"]:
            assert row["aep"] >= row["oep"] * (1 - GRID)
            assert row["aep_shortfall"] >= row["oep_shortfall"] * (1 - GRID)


def test_the_mean_beyond_is_that_of_the_simulated_years(model):
    period = 20
    result = model.run(simulations=400_000, return_periods=[{"period": period}], layers=[])
    names, losses = model.events.read(model.manifest.defaults["events"], probabilities=False, secondary=True)
    rng = np.random.default_rng(9)
    block_of = model.years.simulated(losses, model.function.counts.poisson(losses.frequency), 400_000, [0, 12], rng)
    largest = np.sort(np.concatenate([b.largest(b.loss) for b in block_of]))
    beyond = largest[int(len(largest) * (1 - 1 / period)) :]
    error = beyond.std() / np.sqrt(len(beyond))
    assert abs(result["table"][0]["oep_shortfall"] - beyond.mean()) < SIMULATION * 1.5 * error
    assert len(names) == 66


def test_a_layer_that_every_event_fills_is_a_poisson_sum(model):
    row = full(model, 0.7, reinstatements=1, rate=100)
    p, n = poisson(0.7), np.arange(80)
    paid, reinstated = 10 * np.minimum(n, 2) @ p, np.minimum(n, 1) @ p
    assert row["expected"] == pytest.approx(paid, rel=LAYER)
    assert row["premium"] == pytest.approx(paid / (1 + reinstated), rel=LAYER)  # Sundt (1991)
    assert row["reinstatement_premium"] == pytest.approx(row["premium"] * reinstated, rel=LAYER)
    assert row["any_loss"] == row["full_event"] == pytest.approx(1 - p[0], rel=EXACT)
    assert row["exhausted"] == pytest.approx(p[2:].sum(), rel=LAYER)
    assert row["rate_on_line"] == pytest.approx(row["premium"] / 10)
    assert row["payback"] == pytest.approx(10 / row["premium"])


@pytest.mark.parametrize(
    ("season", "start", "end"), [([0, 12], 0, 1), ([6, 9], 0.5, 0.75), ([6, 6], 0.5, 0.5), ([12, 12], 1, 1)]
)
def test_pro_rata_as_to_time_costs_what_is_left_of_the_year(model, season, start, end):
    """One reinstatement of a layer that the first event fills, at t: E[1 - t; an event] over a season of length w."""
    rate, w = 0.7, end - start
    share = 1 - np.exp(-rate)
    expected = (1 - end) * share + (w * (1 - (1 - np.exp(-rate)) / rate) if w else 0)
    row = full(model, rate, reinstatements=1, rate=100, pro_rata="amount_time", season=season)
    assert row["reinstatement_premium"] / row["premium"] == pytest.approx(expected, rel=LAYER, abs=1e-9)


def test_single_reinstatements_have_their_own_rates(model):
    rates = [{"layer": 1, "reinstatement": 1, "rate": 0}, {"layer": 1, "reinstatement": 3, "rate": 200}]
    row = full(model, 1.2, reinstatements=3, rate=50, reinstatement_rates=rates)
    n, p = np.arange(80), poisson(1.2)
    cost = 0.5 * (np.clip(n - 1, 0, 1) @ p) + 2.0 * (np.clip(n - 2, 0, 1) @ p)
    assert row["reinstatement_premium"] / row["premium"] == pytest.approx(cost, rel=LAYER)


def test_annual_deductible_and_limit_act_on_the_sum_of_a_year(model):
    row = full(model, 1.2, aad=10, annual_limit=25)
    n, p = np.arange(80), poisson(1.2)
    assert row["expected"] == pytest.approx(np.clip(10 * n - 10, 0, 25) @ p, rel=LAYER)
    assert row["exhausted"] == pytest.approx(p[4:].sum(), rel=LAYER)


def test_a_negative_binomial_number_clusters(model):
    r, q = 0.7 / 1.0, 0.5  # mean 0.7, variance over mean 2
    p = stats.nbinom(r, q).pmf(np.arange(200))
    row = full(model, 0.7, reinstatements=1, rate=100, frequency="negative_binomial", dispersion=2)
    assert row["expected"] == pytest.approx(10 * np.minimum(np.arange(200), 2) @ p, rel=LAYER)
    timed = full(
        model, 0.7, reinstatements=1, rate=100, frequency="negative_binomial", dispersion=2, pro_rata="amount_time"
    )
    # At u the number so far is negative binomial with ratio 1 + u, so none has come with (1 + u)^-r.
    expected = integrate.quad(lambda u: 1 - (1 + u) ** -0.7, 0, 1)[0]
    assert timed["reinstatement_premium"] / timed["premium"] == pytest.approx(expected, rel=LAYER)


def test_unlimited_free_reinstatements_cost_the_integral_of_survival(model):
    rows = [event(0.2, 30.0, 5.0, 10.0, 100.0)]
    row = model.run(events=rows, layers=[layer(20, 25)])["tables"]["Layers"][0]
    alpha, beta = 0.3 * (0.3 * 0.7 / 0.15**2 - 1), 0.7 * (0.3 * 0.7 / 0.15**2 - 1)
    area, _ = integrate.quad(lambda x: 0.2 * stats.beta(alpha, beta, scale=100).sf(x), 25, 45)
    assert row["expected"] == pytest.approx(area, rel=1e-8)
    assert row["exhausted"] == 0


def test_each_layer_agrees_with_its_simulation(model):
    layers = [
        layer(250e6, 250e6, reinstatements=1, rate=100, share=40),
        layer(500e6, 500e6, reinstatements=0, aad=100e6),
        layer(500e6, 100e6, aad=200e6, annual_limit=700e6),
        layer(2e9, 3e9, reinstatements=1, rate=100),
    ]
    for more in ({}, {"frequency": "negative_binomial", "dispersion": 3}, {"secondary": "none"}):
        for row in model.run(layers=layers, simulations=300_000, **more)["tables"]["Layers"]:
            assert abs(row["simulated"] - row["expected"]) < SIMULATION * row["standard_error"]
            if row["deviation"]:
                assert row["standard_error"] * np.sqrt(300_000) == pytest.approx(row["deviation"], rel=0.05)


def test_the_expected_cost_of_reinstatements_agrees_with_the_events_of_the_simulation(model):
    row = layer(250e6, 250e6, reinstatements=2, rate=100, pro_rata="amount_time")
    one = model.treaty.Treaty(row, {2: 50.0})
    _, losses = model.events.read(model.manifest.defaults["events"], probabilities=False, secondary=True)
    poisson_of = lambda share: model.function.counts.poisson(losses.frequency * share)
    found, _ = one.measured(poisson_of, losses, [3, 10])
    rng = np.random.default_rng(11)
    costs = [
        b.by_year(one.applied(b)[1]) for b in model.years.simulated(losses, poisson_of(1.0), 300_000, [3, 10], rng)
    ]
    sample = np.concatenate(costs)
    assert abs(sample.mean() - found["cost"]) < SIMULATION * sample.std() / np.sqrt(len(sample))


def test_the_premium_covers_losses_loadings_brokerage_and_expenses(model):
    given = {"loading": 20, "loading_sd": 30, "expenses": 4, "brokerage": 12}
    row = model.run(layers=[layer(250e6, 250e6, reinstatements=1, rate=100)], **given)["tables"]["Layers"][0]
    kept = row["income"] * 0.96 - row["premium"] * 0.12
    assert kept == pytest.approx(1.2 * row["expected"] + 0.3 * row["deviation"], rel=1e-12)
    assert row["result"] == pytest.approx(kept - row["expected"])
    assert row["income"] == pytest.approx(row["premium"] + row["reinstatement_premium"])


def test_the_least_rate_on_line_holds_the_premium_up(model):
    row = full(model, 0.001, least_rate_on_line=2)
    assert row["premium"] == pytest.approx(0.2)


def test_a_share_scales_amounts_and_leaves_ratios(model):
    whole, part = (
        model.run(layers=[layer(250e6, 250e6, reinstatements=1, rate=100, share=s)])["tables"]["Layers"][0]
        for s in (100, 25)
    )
    for key in ("expected", "deviation", "premium", "reinstatement_premium", "simulated", "result"):
        assert part[key] == pytest.approx(whole[key] / 4, rel=1e-12)
    for key in ("rate_on_line", "loss_on_line", "payback", "exhausted", "loss_ratio"):
        assert part[key] == pytest.approx(whole[key], rel=1e-12)


def test_rows_of_one_event_are_put_together_as_portfolios_are(model):
    two = [event(0.1, 30.0, 3.0, 6.0, 200.0, "A"), event(0.1, 20.0, 4.0, 2.0, 100.0, "A")]
    one = [event(0.1, 50.0, 5.0, 8.0, 300.0, "A")]
    first, second = (model.run(events=rows, layers=[layer(20, 40)]) for rows in (two, one))
    assert first["summary"] == pytest.approx(second["summary"])
    assert first["table"] == second["table"]


def test_years_written_and_read_back_give_the_same_layers(model, tmp_path):
    given = {"simulations": 2_000, "layers": [layer(250e6, 250e6, reinstatements=1, rate=100, premium=1e6)]}
    result = model.run(write_years=True, **given)
    path = tmp_path / result["files"]["year_loss_table.csv"]
    rows = [
        {"year": int(r["year"]), "day": int(r["day"]), "event": r["event"], "loss": float(r["loss"])}
        for r in csv.DictReader(path.read_text().splitlines())
    ]
    again = model.run(source="ylt", years=rows, number_of_years=2_000, layers=given["layers"])
    assert again["tables"]["Layers"][0]["expected"] == pytest.approx(
        result["tables"]["Layers"][0]["simulated"], rel=1e-9
    )
    assert again["summary"]["Events a year"] == len(rows) / 2_000


def test_losses_beyond_the_reinstatements_are_paid_as_the_cii_prints(model):
    """CII M97 (2018), example 5.15: 2m xs 2m with one reinstatement."""
    years = [
        {"year": 1, "day": d, "event": None, "loss": x} for d, x in ((10, 2.35e6), (60, 3e6), (200, 4e6), (300, 3e6))
    ]
    result = model.run(
        source="ylt",
        years=years[::-1],
        number_of_years=1,
        layers=[layer(2e6, 2e6, reinstatements=1, rate=100, premium=1e5)],
    )
    rows = result["tables"]["Recoveries"]
    assert [row["recovered"] for row in rows] == [350_000, 1_000_000, 2_000_000, 650_000]
    assert [row["reinstatement_premium"] for row in rows] == pytest.approx([17_500, 50_000, 32_500, 0])


def test_a_reinstatement_pro_rata_as_to_time_counts_the_days_left(model):
    years = [{"year": 1, "day": 73, "event": None, "loss": 150_000.0}]
    given = layer(100_000, 100_000, reinstatements=1, rate=100, pro_rata="amount_time", premium=10_000)
    (row,) = model.run(source="ylt", years=years, number_of_years=1, layers=[given])["tables"]["Recoveries"]
    assert row["reinstatement_premium"] == pytest.approx(5_000 * 292 / 365)


def test_given_years_have_their_own_quantiles(model):
    years = [{"year": y, "day": None, "event": None, "loss": float(y)} for y in range(1, 101) for _ in range(2)]
    result = model.run(source="ylt", years=years, number_of_years=100, layers=[], return_periods=[{"period": 10}])
    (row,) = result["table"]
    assert (row["oep"], row["aep"]) == (90, 180)
    assert row["oep_shortfall"] == pytest.approx(95.5)
    assert row["oep_low"] <= 90 <= row["oep_high"]


def test_an_interval_holds_the_quantile_as_often_as_it_says(model):
    rng, hits = np.random.default_rng(4), 0
    for _ in range(400):
        low, high = model.years.interval(np.sort(rng.random(500)), 0.9, 0.9)
        hits += low <= 0.9 <= high
    assert stats.binom(400, 0.9).ppf(1e-4) <= hits <= 400


def test_an_interval_of_few_years_has_no_upper_end(model):
    assert model.years.interval(np.sort(np.random.default_rng(1).random(50)), 0.99, 0.9)[1] is None


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([event(1.2, 5.0)], r"events\[0\]\.rate: 1\.2 is no probability"),
        ([event(0.1, 5.0, exposure=4.0)], r"events\[0\]\.mean: 5 exceeds the exposure 4"),
        ([event(0.1, 5.0, 1.0)], r"events\[0\]\.exposure: it is empty"),
        ([event(0.1, 5.0, 2.0, 3.0, 10.0)], r"events\[0\]\.sd_independent: a loss from 0 to 10 with mean 5"),
        ([event(0.1, 5.0, name="A"), event(0.2, 5.0, name="A")], r"events\[1\]\.rate: event A has another rate"),
        ([event(0.1, 0.0)], "no event has a loss"),
    ],
)
def test_an_event_that_does_not_fit_is_named_by_its_row(model, rows, text):
    with pytest.raises(ValueError, match=text):
        model.run(events=rows, rates_are="probabilities")


def test_all_faulty_rows_are_named_up_to_a_number(model):
    with pytest.raises(ValueError, match="10 more rows do not fit") as raised:
        model.run(events=[event(0.1, 5.0, exposure=4.0)] * 30)
    assert str(raised.value).count("exceeds the exposure") == 20


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"reinstatement_rates": [{"layer": 9, "reinstatement": 1, "rate": 5}]}, "there is no layer 9"),
        ({"reinstatement_rates": [{"layer": 2, "reinstatement": 2, "rate": 5}]}, "layer 2 has 1"),
        ({"events": [event(900.0, 5.0)] * 20}, "18,000 events a year are more than 10,000"),
        ({"events": [event(900.0, 5.0)], "simulations": 100_000}, "are more than 30,000,000 events"),
        ({"simulations": 1_000_000, "write_years": True}, "events that a file may have"),
        ({"source": "ylt", "number_of_years": 3}, r"years\[\d+\]\.year: \d+ is beyond the number of years"),
        ({"source": "ylt", "years": []}, "inputs.years: it has no row"),
        ({"events": [event(800.0, 5.0)], "simulations": 1_000, "method": "panjer"}, "no loss at all is too unlikely"),
    ],
)
def test_what_cannot_be_answered_is_refused_with_a_reason(model, given, text):
    with pytest.raises(ValueError, match=text):
        model.run(**given)


def test_an_event_without_a_day_cannot_be_reinstated_pro_rata_as_to_time(model):
    years = [{"year": 1, "day": None, "event": None, "loss": 5.0}]
    with pytest.raises(ValueError, match="an event has no day"):
        model.run(source="ylt", years=years, layers=[layer(1, 1, pro_rata="amount_time")])


def test_a_layer_beyond_every_loss_and_a_premium_too_low_are_said(model):
    layers = [layer(1e9, 1e14, layer="Far"), layer(250e6, 250e6, layer="Cheap", premium=1e6)]
    result = model.run(layers=layers)
    assert any(w.startswith("Far: no event reaches it") for w in result["warnings"])
    assert any(w.startswith("Cheap: the premium given does not cover") for w in result["warnings"])
    assert result["tables"]["Layers"][0]["expected"] == 0


def test_few_years_beyond_a_return_period_are_said_to_be_rough(model):
    assert any("return period 500" in w for w in model.run(simulations=4_000)["warnings"])
    assert not model.run()["warnings"]


def test_a_loss_far_below_the_exposure_keeps_its_digits_and_its_order(model):
    """A beta event near both ends: most losses are next to nothing, and quantiles of them still rise."""
    row = event(0.3, 1e6, 2.4e7, 4e6, 1.2e9)
    table = model.run(events=[row], layers=[], simulations=1_000)["table"]
    found = np.array([r["oep"] for r in table])
    assert np.all(np.diff(found) >= -EXACT * found[1:])
    _, losses = model.events.read([row], probabilities=False, secondary=True)
    a, b = (shape[0] for shape in losses.shapes)
    exceeded = 1 - np.exp(-0.3 * stats.beta(a, b, scale=1.2e9).sf(found[-2:]))
    assert exceeded == pytest.approx([1 / 500, 1 / 1000], rel=1e-6)
    assert found[0] == 0


@pytest.mark.parametrize("secondary", ["beta", "none"])
def test_the_curve_that_is_drawn_is_that_of_the_table(model, secondary):
    result = model.run(secondary=secondary, layers=[], simulations=1_000)
    data = result["charts"][0]["data"]
    drawn = next(s["y"] for s in data["series"] if s["name"] == "Largest event (OEP)")
    table = model.run(
        secondary=secondary,
        layers=[],
        simulations=1_000,
        return_periods=[{"period": round(x, 6)} for x in data["x"][::8]],
    )["table"]
    # A step of single amounts may fall on either side of a period that was rounded.
    near = [abs(a - row["oep"]) <= 2e-3 * row["oep"] + 1e4 for a, row in zip(drawn[::8], table, strict=True)]
    assert sum(near) >= len(near) - (1 if secondary == "none" else 0)
