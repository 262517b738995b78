"""Triangles as values: declared, checked by cell, turned over, and read from inputs of earlier versions."""

import copy
import json

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract import inputs
from contract.errors import InputError, ManifestError
from contract.fields import MAX_TRIANGLE_CELLS
from contract.former_inputs import fold_former_inputs
from contract.manifest import parse
from contract.period_label import common_grain, parse_period, period_name
from contract.schema import input_schema
from contract.text_values import format_value, parse_value
from contract.triangle import KEYS, ages, cannot_turn, cell_count, has_shape, path_within, place_words, turned

FIELD = {
    "type": "triangle",
    "label": "Claims",
    "measures": {
        "paid": {"label": "Paid", "unit": "currency", "min": -1e12, "max": 1e12},
        "counts": {"type": "integer", "label": "Counts", "required": False, "min": 0},
        "premium": {"label": "Premium", "per": "origin", "required": False, "min": 0},
    },
    "former_inputs": {"amounts": "cumulative", "payments": "paid"},
}


def manifest(**more):
    return parse({"name": "m", "inputs": {"claims": {**FIELD, **more}}})


def triangle(**more):
    return {
        "origins": ["2019", "2020", "2021"],
        "developments": [12, 24, 36],
        "measures": {"paid": [[100, 150.5, 160], [110, 170, None], [120, None, None]]},
        "grain": {"origin": "year", "development": "year"},
        "cumulative": True,
        **more,
    }


def problems(value, **more):
    return {p.where: p.message for p in inputs.find_problems(manifest(**more), {"claims": value})}


def test_a_triangle_reaches_the_model_as_one_object_with_every_part():
    found = inputs.validate(manifest(), {"claims": triangle()})["claims"]
    assert found == triangle()
    assert list(found) == ["origins", "developments", "measures", "grain", "cumulative"]
    assert all(isinstance(cell, float) for line in found["measures"]["paid"] for cell in line if cell is not None)


def test_short_rows_are_filled_up_labels_may_be_numbers_and_one_grain_stands_for_both():
    short = triangle(
        origins=[2019, 2020.0, 2021],
        developments=[12.0, 24, 36],
        measures={
            "paid": [[100, 150.5, 160], [110, 170], [120]],
            "counts": [[3, 4, 4], [2, 2], [1]],
            "premium": [1, 2, 3],
        },
        grain="year",
    )
    del short["cumulative"]
    found = inputs.validate(manifest(), {"claims": short})["claims"]
    assert found["origins"] == ["2019", "2020", "2021"]
    assert found["measures"]["paid"] == triangle()["measures"]["paid"]
    assert found["measures"]["counts"][0] == [3, 4, 4]
    assert isinstance(found["measures"]["counts"][0][0], int)
    assert found["measures"]["premium"] == [[1.0], [2.0], [3.0]]
    assert found["grain"] == {"origin": "year", "development": "year"}
    assert found["cumulative"] is True


def test_a_grain_that_is_left_out_is_that_of_the_labels():
    value = triangle(origins=["2019Q1", "2019Q2", "2019Q3"])
    del value["grain"]
    assert inputs.validate(manifest(), {"claims": value})["claims"]["grain"] == dict.fromkeys(
        ("origin", "development"), "quarter"
    )


def test_a_measure_per_origin_takes_equal_amounts_for_one_and_refuses_different_ones():
    same = triangle(measures={**triangle()["measures"], "premium": [[5, 5, 5], [6, 6, None], [7, None, None]]})
    assert inputs.validate(manifest(), {"claims": same})["claims"]["measures"]["premium"] == [[5.0], [6.0], [7.0]]
    same["measures"]["premium"][1] = [6, 8, None]
    assert problems(same) == {"inputs.claims.measures.premium[1]": "it has 3 amounts"}


def test_an_empty_optional_measure_is_none():
    value = triangle(measures={**triangle()["measures"], "premium": [[None], [None], [None]]})
    assert "premium" not in inputs.validate(manifest(), {"claims": value})["claims"]["measures"]


def test_everything_that_is_wrong_is_named_by_its_cell_at_once():
    value = triangle(
        origins=["2019", "2019", "2021"],
        measures={"paid": [[100, None, "x"], [True, 1e13, None], [120, None, 5]], "premium": [[-1], [None], [None]]},
    )
    assert problems(value) == {
        "inputs.claims.origins[1]": "row 1 of the triangle has the same label",
        "inputs.claims.measures.paid[0][1]": "the cell is empty between filled ones",
        "inputs.claims.measures.paid[0][2]": "'x' is not a number",
        "inputs.claims.measures.paid[1][0]": "True is not a number",
        "inputs.claims.measures.paid[1][1]": "10000000000000.0 is outside -1,000,000,000,000.0 to 1,000,000,000,000.0",
        "inputs.claims.measures.paid[2][1]": "the cell is empty between filled ones",
        "inputs.claims.measures.paid[2][2]": "the row reaches further than the one above",
        "inputs.claims.measures.premium[0][0]": "-1 is outside 0 up",
    }


def test_amounts_that_fall_and_rows_that_begin_late_are_the_models_to_judge():
    value = triangle(measures={"paid": [[None, 150, 140], [110, 100, None], [120, None, None]]})
    assert problems(value) == {}


@pytest.mark.parametrize(
    ("value", "where", "found"),
    [
        ("abc", "inputs.claims", "'abc' is not a triangle"),
        ([], "inputs.claims", "[] is not a triangle"),
        ({}, "inputs.claims.origins", "it is missing"),
        (triangle(extra=1), "inputs.claims.extra", "a triangle has no such part"),
        (triangle(origins="2019"), "inputs.claims.origins", "'2019' is not a list"),
        (triangle(origins=["a", " ", "c"]), "inputs.claims.origins[1]", "' ' is not a label"),
        (triangle(developments=[12, 12, 36]), "inputs.claims.developments[1]", "12 comes after 12"),
        (triangle(developments=[12, 24.5, 36]), "inputs.claims.developments[1]", "24.5 is not a development"),
        (triangle(developments=[12, 24]), "inputs.claims.measures.paid[0]", "it has 3 amounts"),
        (triangle(origins=["a", "b"]), "inputs.claims.measures.paid", "it has 3 rows for 2 origins"),
        (triangle(measures={}), "inputs.claims.measures.paid", "it is missing"),
        (triangle(measures={"paid": 1}), "inputs.claims.measures.paid", "it is not a list"),
        (
            triangle(measures={"paid": triangle()["measures"]["paid"], "incurred": []}),
            "inputs.claims.measures.incurred",
            "there is no such measure",
        ),
        (
            triangle(measures={"paid": [[1, 2, 3], [None, None, None], [1, None, None]]}),
            "inputs.claims.origins[1]",
            "the row holds no amount",
        ),
        (triangle(grain={"origin": "year"}), "inputs.claims.grain", "{'origin': 'year'} is not a grain"),
        (triangle(grain="week"), "inputs.claims.grain.origin", "'week' is not a length of period that the model takes"),
        (
            triangle(grain={"origin": "month", "development": "year"}),
            "inputs.claims.grain.development",
            "a development period of a year is longer than the origin period",
        ),
        (triangle(cumulative=1), "inputs.claims.cumulative", "1 is not true or false"),
    ],
)
def test_a_part_that_does_not_fit_is_named(value, where, found):
    assert problems(value)[where] == found


def test_a_model_says_which_periods_and_how_many_it_takes():
    assert problems(triangle(), grains=["quarter"], min_origins=4, min_developments=5) == {
        "inputs.claims.grain.origin": "'year' is not a length of period that the model takes",
        "inputs.claims.origins": "it has 3",
        "inputs.claims.developments": "it has 3",
    }


def test_forty_years_by_month_fit_and_a_triangle_beyond_the_limit_is_refused_as_a_whole():
    n = 480
    large = triangle(
        origins=[period_name(12 * 1985 + i, 1) for i in range(n)],
        developments=list(range(1, n + 1)),
        measures={"paid": [[1.0] * (n - i) for i in range(n)]},
        grain="month",
    )
    assert problems(large) == {}
    wide = triangle(developments=list(range(1, MAX_TRIANGLE_CELLS // 2)), measures={"paid": [[1], [1], [1]]})
    assert problems(triangle(developments=list(range(1, 12_001)), origins=[str(i) for i in range(30)])) == {
        "inputs.claims.measures": "it has 30 origins and 12,000 developments"
    }
    assert "inputs.claims.developments[12000]" in problems(wide)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"measures": {}}, "inputs.claims.measures"),
        ({"measures": {"p": {"per": "origin"}}}, "inputs.claims.measures"),
        ({"measures": {"p": {"per": "year"}}}, "inputs.claims.measures.p.per"),
        ({"measures": {"p": {"type": "text"}}}, "inputs.claims.measures.p.type"),
        ({"grains": ["week"]}, "inputs.claims.grains"),
        ({"former_inputs": {"x": "incurred"}}, "inputs.claims.former_inputs.x"),
        ({"default": [1]}, "inputs.claims.default"),
        ({"default": triangle(origins=["a", "a", "b"])}, "inputs.claims.origins[1]"),
    ],
)
def test_a_declaration_that_cannot_be_used_is_named(change, where):
    with pytest.raises(ManifestError) as raised:
        manifest(**change)
    assert where in {p.where for p in raised.value.problems}


def test_a_default_may_be_a_csv_file_of_the_folder():
    files = {"claims.csv": b"origin,premium,d1,d2\n2019,10,1,2\n2020,11,3,\n", "bad.csv": b"origin,d1\n2019,x\n"}
    found = parse({"name": "m", "inputs": {"claims": {**FIELD, "default": "claims.csv"}}}, files).defaults["claims"]
    assert found["measures"] == {"paid": [[1.0, 2.0], [3.0, None]], "premium": [[10.0], [11.0]]}
    with pytest.raises(ManifestError, match=r"default \(bad.csv\) line 2, column 'd1': 'x' is not a number"):
        parse({"name": "m", "inputs": {"claims": {**FIELD, "default": "bad.csv"}}}, files)
    with pytest.raises(ManifestError, match=r"the folder has no file 'none.csv'"):
        parse({"name": "m", "inputs": {"claims": {**FIELD, "default": "none.csv"}}}, files)


def test_the_schema_describes_the_object_and_accepts_what_the_check_accepts():
    schema = input_schema(manifest())
    json.dumps(schema)
    shown = schema["properties"]["claims"]
    assert list(shown["properties"]) == ["origins", "developments", "measures", "grain", "cumulative"]
    assert shown["properties"]["measures"]["required"] == ["paid"]
    assert "d60" not in json.dumps(schema)
    jsonschema.validate({"claims": inputs.validate(manifest(), {"claims": triangle()})["claims"]}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"claims": triangle(measures={"paid": [["x"]]})}, schema)


def test_a_link_carries_a_triangle():
    field = manifest().inputs["claims"]
    text = format_value(field, inputs.validate(manifest(), {"claims": triangle()})["claims"])
    assert parse_value(field, text) == triangle()
    assert "[100,150.5,160]" in text


# Cumulative and incremental.


def test_amounts_are_turned_over_and_back_without_residue():
    value = triangle(
        measures={"paid": [[1000.1, 1200.3, 1000.1], [0.1, 0.3, None], [5, None, None]], "premium": [[1]] * 3}
    )
    once = turned(value, ["paid"])
    assert once["measures"]["paid"] == [[1000.1, 200.2, -200.2], [0.1, 0.2, None], [5.0, None, None]]
    assert once["measures"]["premium"] == [[1]] * 3
    assert once["cumulative"] is False
    assert turned(once, ["paid"]) == value


CENTS = st.lists(st.integers(-(10**11), 10**11).map(lambda n: n / 100), min_size=1, max_size=8)


@given(CENTS)
def test_amounts_in_cents_come_back_as_they_were(line):
    value = triangle(origins=["2019"], developments=list(range(1, len(line) + 1)), measures={"paid": [line]})
    assert turned(turned(value, ["paid"]), ["paid"]) == value


def test_a_row_with_an_empty_cell_before_an_amount_cannot_be_turned_over():
    value = triangle(measures={"paid": [[None, 150, 160], [110, 170, None], [120, None, None]]})
    assert cannot_turn(value, ["paid"]).startswith("2019 has an empty cell before an amount")
    assert cannot_turn(triangle(), ["paid"]) == ""


@pytest.mark.parametrize(
    ("developments", "grain", "expected"),
    [
        ([1, 2, 3], "year", [12, 24, 36]),
        ([0, 1, 2], "year", [12, 24, 36]),
        ([12, 24, 36], "year", [12, 24, 36]),
        ([6, 18, 30], "year", [6, 18, 30]),
        ([2, 3, 4], "quarter", [6, 9, 12]),
        ([3, 6, 9], "quarter", [3, 6, 9]),
        ([1, 2, 3], "month", [1, 2, 3]),
        ([12], "year", [12]),
        ([1], "year", [12]),
    ],
)
def test_heads_are_ages_where_they_lie_whole_periods_apart_and_numbers_otherwise(developments, grain, expected):
    value = triangle(developments=developments, grain={"origin": "year", "development": grain})
    assert ages(value) == expected


def test_a_place_within_a_triangle_is_named_by_its_labels():
    field = manifest().inputs["claims"]
    path = path_within("inputs.claims.measures.paid[1][2]")
    assert path == ("measures", "paid", 1, 2)
    assert place_words(field, triangle(), path) == "2020, development 36, Paid"
    assert place_words(field, triangle(), ("measures", "premium", 0, 0)) == "2019, Premium"
    assert place_words(field, triangle(), ("origins", 2)) == "row 3"
    assert place_words(field, triangle(), path_within("inputs.claims")) == ""
    assert place_words(field, triangle(), ("measures", "paid", 9, 9)) == "10, development 10, Paid"


# Labels of periods.


@pytest.mark.parametrize(
    ("label", "start", "months"),
    [
        ("2019", 12 * 2019, 12),
        ("AY 2019", 12 * 2019, 12),
        ("2019/20", 12 * 2019, 12),
        ("2019H2", 12 * 2019 + 6, 6),
        ("H1 2019", 12 * 2019, 6),
        ("2019-Q3", 12 * 2019 + 6, 3),
        ("Q1 2019", 12 * 2019, 3),
        ("1Q2019", 12 * 2019, 3),
        ("2019-04", 12 * 2019 + 3, 1),
        ("04/2019", 12 * 2019 + 3, 1),
        ("2019M11", 12 * 2019 + 10, 1),
        ("Jan 2019", 12 * 2019, 1),
        ("December 2019", 12 * 2019 + 11, 1),
        ("2019-07-15", 12 * 2019 + 6, 0),
    ],
)
def test_labels_of_the_calendar_are_periods(label, start, months):
    assert parse_period(label) == (start, months)


@pytest.mark.parametrize("label", ["1", "A", "2019Q5", "2019-13", "3019", "Jam 2019", "2019 motor", ""])
def test_other_labels_are_no_periods(label):
    assert parse_period(label) is None


def test_the_length_of_a_period_is_told_from_labels_that_share_it():
    assert common_grain(["2019", "2020"]) == "year"
    assert common_grain(["2019-01-01", "2019-07-01", "2020-01-01"]) == "half-year"
    assert common_grain(["2019", "2019Q1"]) is None
    assert common_grain(["2019", "x"]) is None
    assert common_grain([]) is None


# Inputs of earlier versions.

OLD = [
    {"origin": "2019", "premium": 900, "d1": 100, "d2": 150, "d3": 160, "d4": None},
    {"origin": None, "premium": None, "d1": 110, "d2": 170, "d3": None, "d4": None},
    {"origin": "", "premium": None, "d1": None, "d2": None, "d3": None, "d4": None},
    {"d1": 120},
]


def test_rows_of_an_earlier_version_become_a_triangle():
    found = inputs.validate(manifest(), {"claims": OLD})["claims"]
    assert found == {
        "origins": ["2019", "2", "4"],
        "developments": [1, 2, 3],
        "measures": {
            "paid": [[100.0, 150.0, 160.0], [110.0, 170.0, None], [120.0, None, None]],
            "premium": [[900.0], [None], [None]],
        },
        "grain": {"origin": "year", "development": "year"},
        "cumulative": True,
    }


@pytest.mark.parametrize(("amounts", "cumulative"), [("cumulative", True), ("incremental", False)])
def test_an_earlier_input_that_said_what_amounts_are_goes_into_the_triangle(amounts, cumulative):
    found = inputs.validate(manifest(), {"claims": OLD, "amounts": amounts})
    assert list(found) == ["claims"]
    assert found["claims"]["cumulative"] is cumulative


def test_an_earlier_table_of_a_measure_becomes_that_measure():
    found = inputs.validate(manifest(), {"payments": OLD, "amounts": "incremental"})["claims"]
    assert found["measures"]["paid"][0] == [100.0, 150.0, 160.0]
    assert found["cumulative"] is False


def test_what_amounts_are_holds_for_the_default_where_no_rows_are_given():
    model = manifest(default=triangle())
    assert inputs.validate(model, {"amounts": "incremental"})["claims"] == triangle(cumulative=False)


def test_columns_headed_by_age_in_an_earlier_version_are_ages():
    rows = [{"d12": 100, "d24": 150, "d36": None}, {"d12": 110}]
    assert inputs.validate(manifest(), {"claims": rows})["claims"]["developments"] == [12, 24]


def test_holes_of_an_earlier_version_are_named_where_they_are_now():
    rows = [{"d1": 100, "d3": 150}, {"d1": 110}]
    assert problems(rows) == {"inputs.claims.measures.paid[0][1]": "the cell is empty between filled ones"}
    twice = [{"origin": "a", "d1": 1}, {"origin": "a", "d1": 2}]
    assert problems(twice) == {"inputs.claims.origins[1]": "row 1 of the triangle has the same label"}


def test_an_earlier_input_beside_a_triangle_of_today_is_refused_by_name():
    with pytest.raises(InputError, match=r"inputs\.amounts: the model has no such input"):
        inputs.validate(manifest(), {"claims": triangle(), "amounts": "incremental"})


def test_reading_earlier_inputs_changes_nothing_of_what_was_given():
    given_values = {"claims": OLD, "amounts": "incremental", "other": 1}
    before = copy.deepcopy(given_values)
    found = fold_former_inputs(manifest(), given_values)
    assert given_values == before
    assert found["other"] == 1


# Whatever is sent.

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 40)
    | st.floats(allow_nan=True)
    | st.sampled_from(["", "2019", "x", "year"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["d1", "paid", "origin"]), inner),
    max_leaves=8,
)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys((*KEYS, "extra"), JSON)) | JSON, JSON)
def test_whatever_is_sent_for_a_triangle_is_taken_or_refused_with_its_place(value, amounts):
    for part, other in ((value, triangle()), (triangle(), value)):
        sent = {**other, **part} if isinstance(part, dict) and isinstance(other, dict) else part
        try:
            found = inputs.validate(manifest(), {"claims": sent, "amounts": amounts})
        except InputError as error:
            assert all(p.where.startswith("inputs.") for p in error.problems)
        else:
            assert has_shape(found["claims"])
        assert isinstance(cell_count(sent), int)
