"""Stochastic reserving: printed errors, properties of the bootstrap, refusals."""

import numpy as np
import pytest

from tests.models.calling import Model

WHOLE_PERCENT = 0.5  # as England and Verrall print their errors
SAMPLING = 0.02  # 20,000 resamples: three standard errors of a standard deviation with this tail
SEARCH = 1e-3


@pytest.fixture(scope="module")
def model():
    return Model("odp_bootstrap")


def table(values, **premium):
    return [
        {"origin": str(i), **premium, **{f"d{j + 1}": v for j, v in enumerate(line) if v is not None}}
        for i, line in enumerate(values)
    ]


def triangle(levels, pattern):
    """Return a triangle that follows one pattern without noise."""
    n = len(pattern)
    return table([[level * p for p in pattern[: n - i]] for i, level in enumerate(levels)])


def test_taylor_ashe_gives_the_printed_prediction_errors(model):
    """England and Verrall (1999), table 2: 116, 46, 37, 31, 26, 23, 20, 24 and 43 %, 16 % in total."""
    found = model.run(method="analytic")
    printed = [116, 46, 37, 31, 26, 23, 20, 24, 43]
    assert [100 * row["cv"] for row in found["table"][1:]] == pytest.approx(printed, abs=WHOLE_PERCENT)
    assert 100 * found["summary"]["Coefficient of variation"] == pytest.approx(16, abs=WHOLE_PERCENT)


def test_the_bootstraps_deviation_is_near_the_closed_form(model):
    closed = model.run(method="analytic")["summary"]["Prediction error"]
    drawn = model.run(simulations=20_000)["summary"]["Standard deviation"]
    assert drawn == pytest.approx(closed, rel=0.05)


def test_gamma_and_poisson_payments_have_the_same_mean_and_deviation(model):
    gamma = model.run(simulations=20_000)["summary"]
    poisson = model.run(simulations=20_000, process="od_poisson")["summary"]
    assert poisson["Mean reserve"] == pytest.approx(gamma["Mean reserve"], rel=SAMPLING)
    assert poisson["Standard deviation"] == pytest.approx(gamma["Standard deviation"], rel=2 * SAMPLING)


def test_parameters_alone_spread_less_than_with_the_process(model):
    alone = model.run(process="none")["summary"]["Standard deviation"]
    assert alone < model.run()["summary"]["Standard deviation"]


def test_the_process_adds_the_dispersion_times_the_mean_to_the_variance(model):
    alone = model.run(process="none", simulations=20_000)["summary"]
    both = model.run(simulations=20_000)["summary"]
    added = both["Standard deviation"] ** 2 - alone["Standard deviation"] ** 2
    assert added == pytest.approx(both["Dispersion"] * both["Mean reserve"], rel=0.15)


def test_resampling_nothing_gives_the_chain_ladder_back(model):
    t = model.triangles.read(model.triangles.bundled("taylor_ashe"))
    pseudo = np.where(t.known, t.values, 0)[..., None]
    future = model.odp.project(pseudo, t.latest).sum()
    assert future == pytest.approx(18_680_856, abs=1)


def test_a_triangle_without_noise_has_no_dispersion_and_an_exact_reserve(model):
    found = model.run(method="analytic", triangle=triangle([100, 110, 120, 130], [0.4, 0.7, 0.9, 1.0]))
    assert found["summary"]["Total reserve"] == pytest.approx(110 * 0.1 + 120 * 0.3 + 130 * 0.6)
    assert found["summary"]["Dispersion"] == pytest.approx(0, abs=1e-20)


def test_incremental_amounts_give_what_their_sums_give(model):
    cumulative = triangle([100, 120, 90, 130], [0.4, 0.75, 0.9, 1.0])
    cumulative[0]["d2"] = 80.0
    incremental = []
    for row in cumulative:
        values = [row[f"d{j + 1}"] for j in range(4) if f"d{j + 1}" in row]
        steps = np.diff(values, prepend=0.0).tolist()
        incremental.append({"origin": row["origin"], **{f"d{j + 1}": v for j, v in enumerate(steps)}})
    one = model.run(method="analytic", triangle=cumulative)["summary"]
    two = model.run(method="analytic", triangle=incremental, amounts="incremental")["summary"]
    assert two["Prediction error"] == pytest.approx(one["Prediction error"], rel=1e-9)


def test_munich_chain_ladder_brings_paid_and_incurred_together(model):
    """Quarg and Mack (2004): separate chain ladders end far apart, theirs within a few percent."""
    for row in model.run(method="munich")["table"][1:]:
        assert abs(row["ratio"] - 1) < max(0.03, abs(row["own_paid"] / row["own_incurred"] - 1))
        assert row["ratio"] == pytest.approx(0.98, abs=0.03)


@pytest.mark.parametrize("curve", ["loglogistic", "weibull"])
def test_clarks_curve_is_found_again_from_its_own_increments(model, curve):
    g = model.clark.growth(np.array([6.0, 18, 30, 42, 54, 66]), 1.4, 30.0, curve)[0]
    rows = triangle([1000.0, 1200, 900, 1100, 1300, 800], g.tolist())
    found = model.run(method="clark", curve=curve, triangle=rows, last_age=0)["summary"]
    assert found["Shape ω"] == pytest.approx(1.4, rel=SEARCH)
    assert found["Scale θ"] == pytest.approx(30.0, rel=SEARCH)


@pytest.mark.parametrize("curve", ["loglogistic", "weibull"])
def test_the_derivatives_of_the_growth_curve_are_those_of_differences(model, curve):
    grow, h = model.clark.growth, 1e-5
    _, slope, bend = grow(20.0, 1.3, 25.0, curve)
    steps = [(1.3 + h, 25.0), (1.3 - h, 25.0)], [(1.3, 25.0 * np.exp(h)), (1.3, 25.0 * np.exp(-h))]
    for i, (up, down) in enumerate(steps):
        above, below = grow(20.0, *up, curve), grow(20.0, *down, curve)
        assert slope[i] == pytest.approx((above[0] - below[0]) / (2 * h), rel=1e-6)
        assert bend[i] == pytest.approx((above[1] - below[1]) / (2 * h), rel=1e-5)


def test_large_runs_tell_their_progress_and_end_the_same(model, monkeypatch):
    monkeypatch.setattr(model.function, "BETWEEN", 0.0)
    parts = model.parts(simulations=10_000)
    assert len(parts) > 2
    assert 0 < parts[0]["progress"] < 1
    assert parts[-1]["summary"] == model.run(simulations=10_000)["summary"]


def test_holes_and_amounts_of_nothing_are_named_together(model):
    rows = triangle([100, 110, 120, 130], [0.4, 0.7, 0.9, 1.0])
    del rows[0]["d2"]
    rows[1]["premium"] = -1.0
    with pytest.raises(ValueError, match=r"triangle\[0\]\.d2: the cell is empty") as raised:
        model.triangles.read(rows)
    assert "[1].premium: -1 is not above 0" in str(raised.value)


def test_a_development_year_of_negative_increments_is_refused_by_the_closed_form_and_told_by_the_bootstrap(model):
    rows = triangle([100, 110, 120, 130], [0.4, 0.9, 0.8, 1.0])
    rows[1]["d3"] = 85.0
    with pytest.raises(ValueError, match="development year 3 add up to 0 or less"):
        model.run(method="analytic", triangle=rows)
    assert "below 0" in model.run(triangle=rows)["warnings"][0]


def test_cape_cod_without_premiums_names_the_years(model):
    rows = triangle([100, 110, 120, 130], [0.4, 0.7, 0.9, 1.0])
    with pytest.raises(ValueError, match="origin 0, 1, 2, 3 has no premium"):
        model.run(method="clark", level="cape_cod", triangle=rows)


def test_triangles_of_different_shape_are_refused(model):
    rows = triangle([100, 110, 120], [0.4, 0.7, 0.9])
    with pytest.raises(ValueError, match="does not cover the cells of the paid triangle"):
        model.run(method="munich", paid=rows)
