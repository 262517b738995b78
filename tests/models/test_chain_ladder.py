"""Chain ladder: published reserves and errors, identities, and refusals by cell."""

import copy

import numpy as np
import pytest

from contract.errors import InputError
from tests.models.calling import Model
from tests.models.reference import adapter

PRINTED = 0.5  # whole units
TABLE = 1  # whole units, cut off where others are rounded
THOUSANDS = 0.5  # thousands, as Mack (1993) prints reserves


@pytest.fixture(scope="module")
def model():
    return Model("chain_ladder")


def triangle_of(*lines, premium=None, cumulative=True, heads=None):
    """Return a triangle of these rows, origins and developments numbered."""
    heads = heads or list(range(1, max(map(len, lines)) + 1))
    measures = {"amount": [[*line, *[None] * (len(heads) - len(line))] for line in lines]}
    if premium is not None:
        measures["premium"] = [[premium] for _ in lines]
    origins = [str(i + 1) for i in range(len(lines))]
    grain = {"origin": "year", "development": "year"}
    return {
        "origins": origins,
        "developments": heads,
        "measures": measures,
        "grain": grain,
        "cumulative": cumulative,
    }


def changed(triangle, row, column, amount):
    """Return the triangle with another amount in a cell; rows and columns count from 0."""
    found = copy.deepcopy(triangle)
    found["measures"]["amount"][row][column] = amount
    return found


def test_mack_1993_is_reproduced_on_the_default_triangle(model):
    """Mack (1993), ASTIN Bulletin 23(2), pp. 220-222."""
    found = model.run()
    assert found["summary"]["Total IBNR"] == pytest.approx(18_680_856, abs=PRINTED)
    assert found["summary"]["Mack standard error"] == pytest.approx(2_447_095, abs=PRINTED)
    printed = [0, 95, 470, 710, 985, 1419, 2178, 3920, 4279, 4626]
    assert [r["ibnr"] / 1000 for r in found["table"]] == pytest.approx(printed, abs=THOUSANDS)
    assert found["warnings"] == []


def test_the_one_year_view_of_merz_and_wuthrich_is_reproduced(model):
    """Merz and Wüthrich (2008), table 4."""
    found = model.run(data="merz_wuthrich")["summary"]
    assert found["Total IBNR"] == pytest.approx(2_237_826, abs=PRINTED)
    assert found["One-year standard error (CDR)"] == pytest.approx(81_080, abs=TABLE)
    assert found["Mack standard error"] == pytest.approx(108_401, abs=PRINTED)


def test_incremental_amounts_give_the_same_reserves(model):
    triangle = model.triangles.choose({"data": "raa"})
    steps = [
        np.diff(line[: last + 1], prepend=0).tolist()
        for line, last in zip(triangle.values, triangle.latest, strict=True)
    ]
    found = model.run(triangle=triangle_of(*steps, cumulative=False))["summary"]
    assert found == pytest.approx(model.run(data="raa")["summary"])


@pytest.mark.parametrize("averaging", ["volume", "simple", "regression"])
def test_a_triangle_that_develops_exactly_has_no_error(model, averaging):
    lines = [[100 * c, 150 * c, 165 * c][: 3 - i] for i, c in enumerate((1, 1.1, 1.2))]
    found = model.run(triangle=triangle_of(*lines), averaging=averaging)
    assert [r["ultimate"] for r in found["table"]] == pytest.approx([165, 181.5, 198])
    assert found["summary"]["Mack standard error"] == pytest.approx(0, abs=1e-6)


def test_the_last_years_only_leave_older_links_out(model):
    lines = [[100, 300], [100, 150], [100, 160], [100]]
    factors = model.run(triangle=triangle_of(*lines), years=2)["tables"]["Development factors"]
    assert factors[0]["factor"] == pytest.approx(1.55)
    assert factors[0]["links"] == 2


def test_cape_cod_with_full_decay_gives_each_year_its_chain_ladder(model):
    found = model.run(method="cape_cod", decay=0)["table"]
    assert [r["ibnr"] for r in found] == pytest.approx([r["chain_ladder"] for r in found])


def test_bornhuetter_ferguson_reserves_are_premium_times_ratio_times_share_to_come(model):
    for row in model.run(method="bornhuetter_ferguson", a_priori=80)["table"]:
        assert row["ibnr"] == pytest.approx(row["premium"] * 0.8 * (1 - 1 / row["to_ultimate"]))


def test_a_tail_raises_every_reserve(model):
    """The total error is the R package's test of RAA with a tail of 1.05."""
    found = model.run(data="raa", tail=1.05)
    assert found["summary"]["Mack standard error"] == pytest.approx(28669.91, abs=0.005)
    assert found["table"][0]["ibnr"] == pytest.approx(0.05 * 18834)


def test_more_origin_years_than_development_years_are_fine(model):
    lines = [[100, 150], [110, 170], [90, 140], [120]]
    found = model.run(triangle=triangle_of(*lines))
    assert [r["ibnr"] for r in found["table"][:3]] == [0, 0, 0]
    assert found["summary"]["Total IBNR"] == pytest.approx(120 * (460 / 300 - 1))
    assert "One-year standard error (CDR)" in found["summary"]


def test_a_line_that_does_not_fit_the_sigmas_is_named(model):
    """Sigmas that do not fall: every column spreads about as much as the first."""
    lines = [[100, 120, 150, 200, 230], [100, 150, 160, 260], [100, 110, 180], [100, 130], [100]]
    found = model.run(triangle=triangle_of(*lines), sigma_rule="log-linear")
    assert "do not follow a straight line" in found["warnings"][0]
    changed = model.run(triangle=triangle_of(*lines), sigma_rule="log-linear-or-mack")
    assert "Mack's rule is used" in changed["warnings"][0]
    assert changed["summary"] == model.run(triangle=triangle_of(*lines))["summary"]
    assert model.run(sigma_rule="log-linear-or-mack")["summary"] == model.run(sigma_rule="log-linear")["summary"]


def test_the_line_through_the_sigmas_gives_the_other_known_figure_on_taylor_ashe(model):
    assert model.run(sigma_rule="log-linear")["summary"]["Mack standard error"] == pytest.approx(2_441_364, abs=PRINTED)


def test_every_cell_that_does_not_fit_is_named(model):
    bad = triangle_of([100, None, 120], [-5, 20], [30, 40, 50, 60])
    with pytest.raises(InputError, match=r"amount\[0\]\[1\]: the cell is empty between filled ones") as raised:
        model.run(triangle=bad)
    assert "amount[2][3]: the row reaches further than the one above" in str(raised.value)
    with pytest.raises(ValueError, match=r"amount\[1\]\[0\]: the cumulative amount -5 is below 0"):
        model.run(triangle=triangle_of([100, 120], [-5]))


def test_premium_methods_without_premiums_name_the_years(model):
    with pytest.raises(ValueError, match=r"measures\.premium: origins 1, 2, 3 have no premium"):
        model.run(triangle=triangle_of([100, 150, 160], [110, 170], [120]), method="cape_cod")
    with pytest.raises(ValueError, match="premium_each: the published triangle has no premiums for 1981, 1982"):
        model.run(data="raa", method="cape_cod")
    assert model.run(data="raa", method="cape_cod", premium_each=20_000)["summary"]["Expected loss ratio"] > 0


def test_a_column_without_amounts_is_refused(model):
    with pytest.raises(ValueError, match=r"development year 1 no amount above 0"):
        model.run(triangle=triangle_of([0, 10, 12], [0, 20], [5]))
    with pytest.raises(ValueError, match=r"development year 2 every amount that counts is 0"):
        model.run(triangle=triangle_of([5, 0, 12], [5, 0], [5]))


def test_origin_years_that_begin_late_count_in_the_one_year_error_from_their_first_amount_on(model):
    """5.8236 is Merz and Wüthrich (2008), result 3.3, with sums over observed cells: an independent calculation."""
    found = model.run(triangle=triangle_of([None, 10, 20, 22], [5, 12, 25], [6, 11], [5]))
    assert found["summary"]["One-year standard error (CDR)"] == pytest.approx(5.82, abs=0.005)
    assert found["warnings"] == []


@pytest.mark.parametrize("averaging", ["volume", "simple"])
def test_a_cell_that_is_nearly_empty_is_named_where_it_decides_the_error(model, averaging):
    triangle = changed(model.triangles.bundled("taylor_ashe"), 3, 0, 1e-6)
    found = model.run(triangle=triangle, averaging=averaging)
    assert "Origin 4 develops from 1e-06" in found["warnings"][0]
    assert any("times the reserve" in words for words in found["warnings"])


def test_a_link_from_nothing_counts_neither_in_the_factor_nor_in_its_error(model):
    triangle = changed(model.triangles.bundled("taylor_ashe"), 3, 0, 0)
    without = changed(triangle, 3, 0, None)
    zero, left_out = model.run(triangle=triangle), model.run(triangle=without)
    assert "left out of the average and of its error" in zero["warnings"][0]
    assert zero["summary"] == pytest.approx(left_out["summary"])
    assert zero["tables"]["Development factors"] == left_out["tables"]["Development factors"]


def test_the_published_triangles_give_no_warning(model):
    for data in model.triangles.BUNDLED:
        assert model.run(data=data)["warnings"] == []


def test_an_error_too_large_for_a_lognormal_gives_no_percentiles(model):
    triangle = changed(model.triangles.bundled("taylor_ashe"), 3, 0, 1e-6)
    found = model.run(triangle=triangle)
    assert "Reserve at 99.5 %" not in found["summary"]
    assert "Total reserve" not in found["tables"]


def test_increments_in_cents_that_cancel_give_nothing_and_no_residue(model):
    steps = triangle_of([1000, 200, 50, 10], [1200.30, -1000.10, -200.20], [900, 100], [800], cumulative=False)
    triangle = model.triangles.read(steps)
    assert triangle.values[1, 2] == 0
    assert model.run(triangle=steps)["table"][1]["latest"] == 0


def test_a_residue_of_rounding_in_cumulative_amounts_is_nothing_and_a_small_loss_is_refused(model):
    assert model.triangles.read(triangle_of([1000, 900, 950], [1200.3, -5.684e-14], [800])).values[1, 1] == 0
    with pytest.raises(ValueError, match=r"\[1\]\[1\]: the cumulative amount -0\.01 is below 0"):
        model.triangles.read(triangle_of([1000, 900, 950], [1200.3, -0.01], [800]))


def test_a_premium_of_nothing_is_refused_only_by_methods_that_use_premiums(model):
    triangle = triangle_of([100, 150, 160], [110, 170], [120], premium=0)
    assert (
        model.run(triangle=triangle)["summary"]
        == model.run(triangle=triangle_of([100, 150, 160], [110, 170], [120]))["summary"]
    )
    for method in ("bornhuetter_ferguson", "cape_cod"):
        with pytest.raises(ValueError, match=r"premium\[0\]\[0\]: 0 is not above 0"):
            model.run(triangle=triangle, method=method)


def test_ages_head_the_columns_of_the_result_and_change_no_figure(model):
    lines = [100, 150, 160], [110, 170], [120]
    found, plain = model.run(triangle=triangle_of(*lines, heads=[12, 24, 36])), model.run(triangle=triangle_of(*lines))
    assert found["summary"] == plain["summary"]
    assert list(found["tables"]["Completed triangle"][0]) == ["origin", "month_12", "month_24", "month_36"]
    assert [row["from"] for row in found["tables"]["Development factors"]] == ["12 to 24", "24 to 36"]
    assert found["charts"][0]["data"]["columns"] == ["12", "24", "36"]
    assert found["charts"][0]["x_label"] == "Development month"
    assert model.run(triangle=triangle_of(*lines, heads=[6, 18, 30]))["summary"] == plain["summary"]


def test_developments_that_are_not_equally_far_apart_are_refused(model):
    with pytest.raises(ValueError, match="12, 24, 48 are not equally far apart"):
        model.run(triangle=triangle_of([100, 150, 160], [110, 170], [120], heads=[12, 24, 48]))


def test_a_quarterly_triangle_has_no_one_year_error_and_names_its_quarters(model):
    triangle = triangle_of([100, 150, 160], [110, 170], [120]) | {"grain": "quarter", "origins": ["Q1", "Q2", "Q3"]}
    found = model.run(triangle=triangle)
    assert "a diagonal of this triangle is a quarter and not a year" in found["warnings"][0]
    assert "One-year standard error (CDR)" not in found["summary"]
    assert list(found["tables"]["Completed triangle"][0]) == ["origin", "quarter_1", "quarter_2", "quarter_3"]
    assert found["charts"][0]["y_label"] == "Origin quarter"


def test_a_triangle_of_ten_years_by_month_is_developed(model):
    n = 120
    share = [1 - 0.97 ** (k + 1) for k in range(n)]
    lines = [[(1000 + i) * s for s in share[: n - i]] for i in range(n)]
    months = [f"{2015 + i // 12}-{i % 12 + 1:02}" for i in range(n)]
    found = model.run(triangle=triangle_of(*lines) | {"grain": "month", "origins": months})
    assert found["summary"]["Total ultimate"] == pytest.approx(sum(1000 + i for i in range(n)) * share[-1])
    assert found["table"][-1]["origin"] == "2024-12"


def test_amounts_that_fall_are_pointed_out_and_accepted(model):
    found = model.run(triangle=triangle_of([100, 150, 145], [110, 170], [120]))
    assert "Cumulative amounts fall: 1 in development year 3. That is usual for incurred" in found["warnings"][0]


def test_increments_that_begin_late_are_refused(model):
    with pytest.raises(ValueError, match=r"amount\[1\]\[1\]: increments must start with the first development"):
        model.run(triangle=triangle_of([100, 50, 10], [None, 60], [120], cumulative=False))


def test_a_year_without_claims_and_errors_of_a_tail_that_is_not_there_are_pointed_out(model):
    assert "reserves nothing for it" in str(
        model.run(triangle=triangle_of([100, 150, 160], [110, 170], [0]))["warnings"]
    )
    assert "not used, because the tail factor is 1" in str(model.run(tail_error=0.1)["warnings"])


def test_the_drawn_distribution_has_the_percentiles_of_the_table(model):
    result = model.run()
    chart = result["charts"][-1]["data"]
    edges, chances = np.array(chart["edges"]), np.array(chart["counts"])
    assert chances.sum() == pytest.approx(1, abs=1e-3)
    for mark in chart["markers"][1:]:
        below = np.interp(mark["x"], edges, np.concatenate(([0], np.cumsum(chances))))
        assert 100 * below == pytest.approx(float(mark["label"].removesuffix(" %")), abs=0.3)


MACK_1999 = {"data": "mortgage", "tail": 1.05, "tail_error": 0.02, "tail_sigma": 71}


def test_the_errors_of_individual_factors_are_those_of_mack_1999(model):
    """ASTIN Bulletin 29(2), table 1: s.e.(F) of the third origin year, to the digits printed."""
    row = model.run(**MACK_1999)["tables"]["Standard errors of individual factors"][2]
    printed = [7.38, 1.89, 0.357, 0.116, 0.078, 0.033, 0.015, 0.007, 0.03]
    found = [row[f"link_{k + 1}"] for k in range(9)]
    assert found[:2] == pytest.approx(printed[:2], abs=0.005)
    assert found[2:] == pytest.approx(printed[2:], abs=0.0006)


def test_the_errors_by_development_year_end_in_those_of_the_reserves(model):
    found = model.run(data="raa")
    for row, line in zip(found["table"], found["tables"]["Standard errors by development year"], strict=True):
        assert (line["year_10"] or 0) == pytest.approx(row["se"])
    assert list(line) == ["origin", *(f"year_{k}" for k in range(2, 11))]
    assert found["tables"]["Individual factors"][0]["link_1"] == pytest.approx(8269 / 5012)


@pytest.mark.parametrize("data", ["merz_wuthrich", "taylor_ashe", "raa"])
def test_the_errors_of_all_coming_years_add_up_to_macks(model, data):
    """Merz and Wüthrich (2014), The Full Picture: the years' errors are Mack's whole prediction error, run off."""
    found = model.run(data=data)
    tables = found["tables"]
    by_year = tables["Claims development result by year"]
    assert by_year[0]["se"] == found["summary"]["One-year standard error (CDR)"]
    total = sum(row["se"] ** 2 for row in by_year[:-1]) ** 0.5
    assert total == pytest.approx(found["summary"]["Mack standard error"], rel=1e-12)
    assert by_year[-1]["se"] == found["summary"]["Mack standard error"]
    for row, line in zip(found["table"], tables["Claims development result by origin year"], strict=True):
        assert sum((v or 0) ** 2 for k, v in line.items() if k != "origin") ** 0.5 == pytest.approx(row["se"])


def test_a_triangle_without_two_links_in_a_column_has_no_standard_error(model):
    for given in ({"triangle": triangle_of([100, 150], [110])}, {"years": 1}):
        found = model.run(**given)
        assert "Mack standard error" not in found["summary"]
        assert found["warnings"] == [
            "Standard errors are left out: no development year has two links, which alone show a variance."
        ]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"averaging": "simple"}, "averaged by volume"),
        ({"years": 4}, "factors of all years"),
        ({"tail": 1.05}, "without a tail"),
        ({"triangle": triangle_of([100, 150, 160], [110, 170], [115, 160], [120])}, "one origin year on each diagonal"),
    ],
)
def test_why_there_is_no_one_year_error_is_said(model, given, why):
    assert why in str(model.run(**given)["warnings"])


def test_a_reference_case_with_an_option_that_is_not_known_is_refused_by_name():
    read = adapter("chain_ladder_mack")
    case = {"inputs": {"triangle": [[1, 2], [1]], "averaging": "geometric"}, "expect": {}}
    with pytest.raises(LookupError, match="'geometric' is not one of volume"):
        read.runs(case, None)
    with pytest.raises(LookupError, match="tail is True; only numbers are known"):
        read.runs({"inputs": {"triangle": [[1, 2], [1]], "tail": True}, "expect": {}}, None)


def test_a_reference_case_may_name_its_triangle_give_increments_and_count_factors_with_the_tail(model):
    read = adapter("chain_ladder_mack")
    case = {
        "inputs": {"triangle": "Mortgage", "tail": 1.05, "tail_se": 0.02, "tail_sigma": 71},
        "expect": {"sigma": [0.0] * 9, "ldf": [0.0] * 8},
    }
    ((slug, inputs),) = read.runs(case, None)
    assert slug == "chain_ladder"
    found = read.measured(case, [model.run(**inputs)])
    assert found["sigma"][-1] == 71
    assert len(found["ldf"]) == 8
    steps = {"inputs": {"triangle": [[10, 5, 1], [12, 7], [9]], "incremental": True}, "expect": {"total_latest": 0}}
    assert read.measured(steps, [model.run(**read.runs(steps, None)[0][1])])["total_latest"] == 44


def test_inputs_of_an_earlier_version_give_the_same_results(model):
    for heads in (range(1, 11), range(12, 121, 12)):
        bundled = model.triangles.bundled("taylor_ashe") | {"developments": list(heads)}
        premium = bundled["measures"]["premium"]
        rows = [
            {"origin": o, "premium": p, **{f"d{n}": v for n, v in zip(heads, line, strict=True)}, "d200": None}
            for o, (p,), line in zip(bundled["origins"], premium, bundled["measures"]["amount"], strict=True)
        ]
        former = {"data": "own", "amounts": "cumulative", "triangle": rows, "method": "cape_cod"}
        assert model.run(**former) == model.run(method="cape_cod", triangle=bundled)
