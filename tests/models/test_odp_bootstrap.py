"""Stochastic reserving: printed errors, properties of the bootstrap, refusals."""

import copy

import numpy as np
import pytest

from tests.models.calling import Model
from tests.models.reference import adapter

WHOLE_PERCENT = 0.5  # as England and Verrall print their errors
SAMPLING = 0.02  # 20,000 resamples: three standard errors of a standard deviation with this tail
SEARCH = 1e-3


@pytest.fixture(scope="module")
def model():
    return Model("odp_bootstrap")


def table(values, *, measure="amount", cumulative=True, heads=None):
    """Return a triangle of these rows, origins numbered from 0 and developments from 1."""
    heads = heads or list(range(1, max(map(len, values)) + 1))
    return {
        "origins": [str(i) for i in range(len(values))],
        "developments": heads,
        "measures": {measure: [[*line, *[None] * (len(heads) - len(line))] for line in values]},
        "grain": {"origin": "year", "development": "year"},
        "cumulative": cumulative,
    }


def triangle(levels, pattern):
    """Return a triangle that follows one pattern without noise."""
    n = len(pattern)
    return table([[level * p for p in pattern[: n - i]] for i, level in enumerate(levels)])


def changed(given, row, column, amount):
    """Return the triangle with another amount in a cell; rows and columns count from 0."""
    found = copy.deepcopy(given)
    found["measures"]["amount"][row][column] = amount
    return found


def both(paid, incurred):
    """Return a triangle of both measures."""
    found = table(paid, measure="paid")
    return found | {"measures": found["measures"] | table(incurred, measure="incurred")["measures"]}


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
    cumulative = changed(triangle([100, 120, 90, 130], [0.4, 0.75, 0.9, 1.0]), 0, 1, 80.0)
    known = [[v for v in line if v is not None] for line in cumulative["measures"]["amount"]]
    incremental = table([np.diff(line, prepend=0.0).tolist() for line in known], cumulative=False)
    one = model.run(method="analytic", triangle=cumulative)["summary"]
    two = model.run(method="analytic", triangle=incremental)["summary"]
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


def test_holes_and_origins_that_begin_late_are_named_together(model):
    rows = changed(triangle([100, 110, 120, 130], [0.4, 0.7, 0.9, 1.0]), 0, 1, None)
    rows["measures"]["amount"][1][0] = None
    with pytest.raises(ValueError, match=r"amount\[0\]\[1\]: the cell is empty") as raised:
        model.triangles.read(rows)
    assert "amount[1][0]: the cell is empty before a filled one" in str(raised.value)


def test_a_premium_of_nothing_is_refused_only_where_premiums_are_used(model):
    rows = triangle([100, 110, 120, 130], [0.4, 0.7, 0.9, 1.0])
    rows = changed(rows, 0, 1, 80.0)
    rows["measures"]["premium"] = [[None], [0.0], [None], [None]]
    assert model.run(method="analytic", triangle=rows)["summary"]["Total reserve"] > 0
    assert model.run(method="clark", triangle=rows)["summary"]["Total reserve"] > 0
    for given in ({"method": "clark", "level": "cape_cod"}, {"method": "analytic", "basis": "bornhuetter_ferguson"}):
        with pytest.raises(ValueError, match=r"premium\[1\]\[0\]: 0 is not above 0"):
            model.run(triangle=rows, **given)


def test_a_development_year_of_negative_increments_is_refused_by_the_closed_form_and_told_by_the_bootstrap(model):
    rows = changed(triangle([100, 110, 120, 130], [0.4, 0.9, 0.8, 1.0]), 1, 2, 85.0)
    with pytest.raises(ValueError, match="development year 3 add up to less than 0"):
        model.run(method="analytic", triangle=rows)
    assert "below 0" in model.run(triangle=rows)["warnings"][0]


def test_cape_cod_without_premiums_names_the_years(model):
    rows = triangle([100, 110, 120, 130], [0.4, 0.7, 0.9, 1.0])
    with pytest.raises(ValueError, match="origin 0, 1, 2, 3 has no premium"):
        model.run(method="clark", level="cape_cod", triangle=rows)
    with pytest.raises(ValueError, match="premium_each: the published triangle has no premiums for 1981"):
        model.run(method="clark", level="cape_cod", data="raa")
    with pytest.raises(ValueError, match="ultimate_each: the published triangle has no premiums for 1981"):
        model.run(basis="bornhuetter_ferguson", data="raa")


def test_paid_and_incurred_of_different_cells_are_refused(model):
    rows = [[100, 150, 160], [110, 170], [120]]
    with pytest.raises(ValueError, match="it does not cover the cells of paid"):
        model.run(method="munich", paid_incurred=both(rows, [[120, 155, 160], [120, 175], [130, 140]]))


EXPLODING = [[1, 50, 60], [30, 40], [2]]
BOOK = [  # Wüthrich and Merz (2008), Stochastic Claims Reserving Methods in Insurance, table 2.2
    [5946975, 9668212, 10563929, 10771690, 10978394, 11040518, 11106331, 11121181, 11132310, 11148124],
    [6346756, 9593162, 10316383, 10468180, 10536004, 10572608, 10625360, 10636546, 10648192],
    [6269090, 9245313, 10092366, 10355134, 10507837, 10573282, 10626827, 10635751],
    [5863015, 8546239, 9268771, 9459424, 9592399, 9680740, 9724068],
    [5778885, 8524114, 9178009, 9451404, 9681692, 9786916],
    [6184793, 9013132, 9585897, 9830796, 9935753],
    [5600184, 8493391, 9056505, 9282022],
    [5288066, 7728169, 8256211],
    [5290793, 7648729],
    [5675568],
]
PRIOR = [11653101, 11367306, 10962965, 10616762, 11044881, 11480700, 11413572, 11126527, 10986548, 11618437]
CUT = 1e-5  # relative: the book prints its triangle in whole units


def test_resamples_that_leave_nothing_to_develop_from_are_drawn_again_and_counted(model):
    found = model.run(data="mortgage")
    closed = model.run(data="mortgage", method="analytic")["summary"]["Prediction error"]
    assert closed == pytest.approx(5.607e6, rel=1e-3)
    assert found["summary"]["Standard deviation"] < 2 * closed
    assert "were drawn again" in found["warnings"][0]
    seeds = [model.run(data="mortgage", seed=s)["summary"]["Standard deviation"] for s in (2, 3)]
    assert seeds == pytest.approx([found["summary"]["Standard deviation"]] * 2, rel=0.1)


def test_a_triangle_whose_resamples_mostly_explode_is_refused(model):
    with pytest.raises(ValueError, match="no distribution to show"):
        model.run(triangle=table(EXPLODING))
    assert model.run(triangle=table(EXPLODING), method="analytic")["summary"]["Prediction error"] > 0


@pytest.mark.parametrize("data", ["taylor_ashe", "raa", "abc", "uk_motor"])
def test_calm_triangles_are_drawn_once_and_without_a_warning(model, data):
    assert model.run(data=data)["warnings"] == []


@pytest.mark.parametrize("curve", ["loglogistic", "weibull"])
def test_a_curve_that_runs_flat_over_amounts_has_no_errors_and_says_so(model, curve):
    found = model.run(method="clark", curve=curve, triangle=table([[100, 150, 145], [110, 160], [120]]))
    assert "Standard error" not in found["summary"]
    assert "error" not in found["table"][0]
    assert "Standard errors are left out" in found["warnings"][0]


def test_one_cell_that_decides_the_dispersion_is_named(model):
    rows = triangle([1000.0] * 8, [0.4, 0.64, 0.784, 0.87, 0.922, 0.953, 0.972, 1.0])
    for j in range(2, 7):
        rows["measures"]["amount"][1][j] += 100  # all of it paid in the third year
    found = model.run(method="analytic", triangle=rows)["warnings"]
    assert found[0].startswith("Origin 1, development year 3 makes up")


def test_years_without_first_payments_are_fine_and_years_without_any_are_named(model):
    late = table([[0, 50, 60, 60], [10, 40, 60, 60], [5, 30, 70], [7, 30]])
    assert model.run(method="analytic", triangle=late)["summary"]["Total reserve"] == pytest.approx(17.5)
    with pytest.raises(ValueError, match=r"amount\[2\]\[0\]: the cumulative amount 0 is not above 0"):
        model.run(method="analytic", triangle=table([[10, 50, 60], [10, 40], [0]]))
    lines = late["measures"]["amount"]
    with pytest.raises(ValueError, match=r"measures\.paid\[0\]\[0\]: the cumulative amount 0 is not above 0"):
        model.run(method="munich", paid_incurred=both(lines, lines))


def test_a_development_year_in_which_nothing_was_paid_adds_no_error(model):
    longer = table([[10, 40, 60, 60], [12, 45, 60, 60], [9, 30, 50, 50], [7, 30, 41]])
    shorter = table([[10, 40, 60], [12, 45, 60], [9, 30, 50], [7, 30, 41]])
    assert model.run(method="analytic", triangle=longer)["summary"]["Total reserve"] == pytest.approx(0)
    assert model.run(method="clark", triangle=shorter)["summary"]["Total reserve"] > 0


def test_increments_that_cancel_in_a_development_year_are_refused_with_its_number(model):
    with pytest.raises(ValueError, match="development year 4 cancel to 0"):
        model.run(method="analytic", triangle=table([[10, 50, 60, 55], [10, 40, 55, 60], [5, 30, 70, 70], [7, 30]]))


def test_the_curve_takes_the_length_of_a_period_from_the_triangle(model):
    plain = model.triangles.bundled("taylor_ashe")
    by_quarter = plain | {"grain": "quarter"}
    ages = by_quarter | {"developments": [3 * n for n in plain["developments"]]}
    given = model.run(method="clark", triangle=plain, months=3)["summary"]
    assert model.run(method="clark", triangle=by_quarter)["summary"] == given
    assert model.run(method="clark", triangle=ages)["summary"] == given
    with pytest.raises(ValueError, match="months: a period has 12 months, and the triangle's origins are by quarter"):
        model.run(method="clark", triangle=by_quarter, months=12)
    yearly = plain | {"developments": [12 * n for n in plain["developments"]]}
    with pytest.raises(ValueError, match="a period has 3 months, and the columns are headed 12, 24"):
        model.run(method="clark", triangle=yearly, months=3)
    mixed = plain | {"grain": {"origin": "year", "development": "quarter"}}
    with pytest.raises(ValueError, match="origins are by year and developments by quarter"):
        model.run(method="clark", triangle=mixed)
    late = plain | {"developments": [12 * n - 6 for n in plain["developments"]]}
    with pytest.raises(ValueError, match="begin with the first period, and 6, 18"):
        model.run(method="clark", triangle=late)


def test_payments_are_by_the_periods_of_the_triangle(model):
    found = model.run(triangle=model.triangles.bundled("taylor_ashe") | {"grain": "quarter"})
    assert len(found["tables"]["Payments by calendar quarter"]) == 9
    assert found["charts"][1]["x_label"] == "Quarters from the valuation date"


def test_increments_in_cents_that_cancel_leave_no_residue(model):
    steps = table([[1000, 200, 50, 10], [1200.30, -1000.10, 200.20], [900, 100], [800]], cumulative=False)
    assert model.triangles.read(steps).values[1].tolist()[:3] == [1200.30, 200.20, 400.40]


def test_both_estimates_of_the_dispersion_are_shown_and_either_is_used(model):
    """Deviance by hand: 2 Σ (X ln(X / m) - (X - m)) / 36."""
    pearson, deviance = (model.run(method="analytic", dispersion_by=d)["summary"] for d in ("pearson", "deviance"))
    t = model.triangles.read(model.triangles.bundled("taylor_ashe"))
    x, m = t.increments[t.known], model.triangles.fitted(t)[t.known]
    by_hand = 2 * np.sum(x * np.log(x / m) - (x - m)) / 36
    assert pearson["Dispersion"] == pearson["Dispersion by Pearson"] == pytest.approx(52601.3615, rel=1e-8)
    assert deviance["Dispersion"] == pearson["Dispersion by deviance"] == pytest.approx(by_hand, rel=1e-9)
    ratio = deviance["Prediction error"] / pearson["Prediction error"]
    assert ratio == pytest.approx(np.sqrt(deviance["Dispersion"] / pearson["Dispersion"]))


def test_the_deviance_needs_increments_that_are_not_negative(model):
    rows = triangle([100, 110, 120, 130], [0.4, 0.7, 0.9, 1.0])
    rows = changed(rows, 1, 2, rows["measures"]["amount"][1][1] - 1)
    assert "Dispersion by deviance" not in model.run(method="analytic", triangle=rows)["summary"]
    with pytest.raises(ValueError, match="dispersion_by: some increments are below 0"):
        model.run(method="analytic", triangle=rows, dispersion_by="deviance")


def test_residuals_are_those_of_the_pearson_fit(model):
    """168.926149 is chainladder's first unscaled residual of Taylor-Ashe, 1,893,649.01 their sum of squares."""
    found = model.run(method="analytic")
    cells = found["tables"]["Cells of the fit"]
    assert cells[0]["residual"] == pytest.approx(168.926149, rel=1e-8)
    assert sum(c["residual"] ** 2 for c in cells) == pytest.approx(1_893_649.01, rel=1e-8)


def test_the_bornhuetter_ferguson_errors_are_those_of_alai_merz_and_wuthrich(model):
    """Annals of Actuarial Science 4(1), 2009: reserve 7,356,580; process 329,007; total 471,971; chain ladder 429,891."""
    rows = table(BOOK)
    rows["measures"]["premium"] = [[prior] for prior in PRIOR]
    found = model.run(method="analytic", basis="bornhuetter_ferguson", triangle=rows, a_priori=100)["summary"]
    assert found["Total reserve"] == pytest.approx(7_356_580, rel=CUT)
    assert found["Process error"] == pytest.approx(329_007, rel=CUT)
    assert found["Prediction error"] == pytest.approx(471_971, rel=CUT)
    assert model.run(method="analytic", triangle=rows)["summary"]["Prediction error"] == pytest.approx(429_891, rel=CUT)
    drawn = model.run(basis="bornhuetter_ferguson", triangle=rows, a_priori=100, simulations=20_000)["summary"]
    assert drawn["Standard deviation"] == pytest.approx(found["Prediction error"], rel=SAMPLING)
    assert drawn["Mean reserve"] == pytest.approx(found["Total reserve"], rel=SAMPLING / 4)


def test_an_exact_prior_leaves_process_and_pattern_alone(model):
    found = model.run(method="analytic", basis="bornhuetter_ferguson", ultimate_each=5e6, a_priori_error=0)
    assert found["summary"]["Prior error"] == 0
    assert {row["a_priori"] for row in found["table"]} == {5e6}


@pytest.mark.parametrize(
    ("percent", "given"),
    [
        (16.8, {"last_age": 240}),
        (19.0, {"last_age": 0}),
        (15.6, {"last_age": 240, "loss_date": 0}),
        (19.7, {"last_age": 240, "loss_date": 75}),
        (15.8, {"last_age": 240, "loss_date": 25}),
        (18.3, {"last_age": 0, "curve": "weibull"}),
        (18.2, {"last_age": 240, "curve": "weibull"}),
        (11.5, {"last_age": 240, "level": "cape_cod"}),
    ],
)
def test_clarks_coefficients_of_variation_are_those_of_the_r_package(model, percent, given):
    """R's ChainLadder, unit tests of ClarkLDF and ClarkCapeCod on GenIns, printed to a tenth of a percent."""
    found = model.run(method="clark", data="taylor_ashe", **given)
    assert 100 * found["summary"]["Coefficient of variation"] == pytest.approx(percent, abs=0.1)


def test_ages_in_years_are_those_in_months_over_twelve(model):
    months, years = (model.run(method="clark", age_unit=unit) for unit in ("months", "years"))
    assert years["summary"]["Scale θ"] == {"value": months["summary"]["Scale θ"] / 12, "unit": "years"}
    for one, other in zip(months["tables"]["Growth curve"], years["tables"]["Growth curve"], strict=True):
        assert other["average_age"] == pytest.approx(one["average_age"] / 12)
        assert other["developed"] == one["developed"]
    assert years["tables"]["Growth curve"][-1]["to_last_age"] == pytest.approx(1)


def asked(model, inputs, *keys):
    """Return what the adapter of the reference file measures of a case with these inputs, for expected `keys`."""
    read, case = adapter("stochastic_reserving"), {"inputs": inputs, "expect": dict.fromkeys(keys, 0.5)}
    ((slug, values),) = read.runs(case, None)
    assert slug == "odp_bootstrap"
    return read.measured(case, [model.run(**values)])


def test_a_reference_case_in_years_or_months_is_the_same_curve(model):
    years = asked(model, {"triangle": "GenIns", "growth": "weibull", "maxage": 20}, "total_cv", "theta")
    months = asked(
        model, {"triangle": "GenIns", "growth": "weibull", "maxage_months": 240, "months": 12}, "total_cv", "theta"
    )
    assert years["total_cv"] == months["total_cv"]
    assert years["theta"] == pytest.approx(months["theta"] / 12)


def test_a_reference_case_from_the_start_of_the_year_counts_from_there(model):
    plain = {"triangle": "GenIns", "growth": "loglogistic", "maxage": 20}
    start = asked(model, plain | {"adol": False}, "total_cv_pct")
    assert start == asked(model, plain | {"adol_age": 0}, "total_cv_pct") == {"total_cv_pct": 15.6}


def test_a_reference_case_with_an_option_that_is_not_known_is_refused(model):
    with pytest.raises(LookupError, match="'gompertz' is not one of loglogistic"):
        asked(model, {"triangle": "GenIns", "growth": "gompertz"}, "total_reserve")
    with pytest.raises(LookupError, match="'paid' is not one of"):
        asked(model, {"triangle": "GenIns", "method": "paid"}, "total_reserve")


def test_the_gamma_model_gives_the_printed_reserves_and_errors(model):
    """England and Verrall (2002), gamma model: reserves in thousands, errors of 48, 36, ..., 37 %, and 15 % in total."""
    found = model.run(method="analytic", variance="gamma")
    printed = [93, 447, 611, 992, 1453, 2186, 3665, 4122, 4516]
    assert [row["reserve"] / 1000 for row in found["table"][1:]] == pytest.approx(printed, abs=0.5)
    errors = [48, 36, 29, 26, 24, 24, 26, 29, 37]
    assert [100 * row["cv"] for row in found["table"][1:]] == pytest.approx(errors, abs=WHOLE_PERCENT)
    assert 100 * found["summary"]["Coefficient of variation"] == pytest.approx(15, abs=WHOLE_PERCENT)


def test_the_gamma_fit_satisfies_its_likelihood_equations(model):
    """With weights 1, the residuals X / m - 1 add up to 0 in every origin and development year."""
    cells = model.run(method="analytic", variance="gamma", data="uk_motor")["tables"]["Cells of the fit"]
    for key in ("origin", "development"):
        for value in {c[key] for c in cells}:
            assert sum(c["residual"] for c in cells if c[key] == value) == pytest.approx(0, abs=1e-9)


def test_the_gamma_model_refuses_increments_that_are_not_above_nothing(model):
    rows = triangle([100, 110, 120, 130], [0.4, 0.7, 0.9, 1.0])
    rows = changed(rows, 1, 2, rows["measures"]["amount"][1][1])
    with pytest.raises(ValueError, match="increment of 1 in development year 3 is not above 0"):
        model.run(method="analytic", variance="gamma", triangle=rows)


def former_rows(given, measure="amount"):
    """Return a triangle as the table of an earlier version held it."""
    return [
        {"origin": origin, **{f"d{n}": v for n, v in zip(given["developments"], line, strict=True)}}
        for origin, line in zip(given["origins"], given["measures"][measure], strict=True)
    ]


def test_inputs_of_an_earlier_version_give_the_same_results(model):
    both_measures = model.manifest.defaults["paid_incurred"]
    former = {measure: former_rows(both_measures, measure) for measure in ("paid", "incurred")}
    stored = {**former, "amounts": "cumulative", "triangle": former_rows(model.triangles.bundled("taylor_ashe"))}
    assert model.run(method="munich", **stored) == model.run(method="munich")
    analytic, today = model.run(method="analytic", **stored), model.run(method="analytic")
    assert analytic == today
    steps = table([[100, 50, 10], [110, 60], [120]], cumulative=False)
    found = model.run(method="analytic", triangle=former_rows(steps), amounts="incremental")
    assert found == model.run(method="analytic", triangle=steps)
    assert model.run(method="clark", months=3, **stored) == model.run(method="clark", months=3)
