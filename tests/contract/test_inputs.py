import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from contract import inputs, manifest, schema
from contract.errors import InputError, ManifestError

AGE = {"type": "number", "label": "Age", "min": 18, "max": 120, "unit": "years", "default": 45}


def build(**fields):
    extra = fields.pop("extra", {})
    return manifest.parse({"name": "m", "inputs": fields, **extra})


def problems(m, values):
    with pytest.raises(InputError) as caught:
        inputs.validate(m, values)
    return [str(p) for p in caught.value.problems]


def test_a_value_out_of_range_says_where_what_and_what_to_do():
    assert problems(build(age=AGE), {"age": 130}) == [
        "inputs.age: 130 is outside 18 to 120 years. Give a whole number from 18 to 120 years."
    ]


def test_all_problems_come_together_and_unknown_inputs_are_refused_by_name():
    found = problems(build(age=AGE, rate={"type": "number", "default": 5}), {"age": "old", "rate": -1, "agee": 1})
    assert [f.split(":")[0] for f in sorted(found)] == ["inputs.age", "inputs.agee", "inputs.rate"]


def test_an_unknown_name_is_answered_with_the_likely_one_and_not_with_all_of_sixty():
    many = {f"factor_{chr(97 + i // 26)}{chr(97 + i % 26)}": {"type": "number"} for i in range(60)}
    m = build(premium={"type": "number"}, **many, t={"type": "table", "columns": {"paid": {}, **many}, "default": []})
    (found,) = problems(m, {"premum": 1})
    assert found == (
        "inputs.premum: the model has no such input. Did you mean premium? Its inputs are: premium, factor_aa, "
        "factor_ab, factor_ac, factor_ad, factor_ae and 56 more."
    )
    assert problems(m, {"t": [{"payd": 1}]})[-1].endswith(
        "Did you mean paid? Its columns: paid, factor_aa, factor_ab, factor_ac, factor_ad, factor_ae and 55 more."
    )
    assert "56 more" not in problems(build(age=AGE), {"x" * 5_000: 1})[0]


def test_a_choice_that_is_not_offered_is_answered_with_some_of_many():
    m = build(s={"type": "select", "options": list(range(100))})
    assert problems(m, {"s": 200}) == ["inputs.s: 200 is not offered. Give one of 0, 1, 2, 3, 4, 5 and 94 more."]


def test_what_is_left_out_takes_its_default():
    assert inputs.validate(build(age=AGE), {}) == {"age": 45}


def test_a_required_input_without_default_must_be_given():
    m = build(day={"type": "date", "label": "Day"})
    assert problems(m, {}) == ["inputs.day: it is missing. Give a date such as 2026-12-31."]


def test_three_tenths_is_a_multiple_of_a_tenth():
    m = build(p={"type": "number", "min": 0, "max": 1, "step": 0.1, "default": 0.2})
    assert inputs.validate(m, {"p": 0.3})["p"] == 0.3
    assert "0.35 is not a multiple of 0.1" in problems(m, {"p": 0.35})[0]


def test_true_is_not_a_number_and_not_a_number_is_none():
    for value in (True, float("nan"), float("inf"), "45", [45]):
        assert problems(build(age=AGE), {"age": value})


def test_whole_numbers_come_as_int_and_others_as_float():
    m = build(age=AGE, p={"type": "number", "step": 0.1, "default": 1})
    assert inputs.validate(m, {"age": 45.0, "p": 2}) == {"age": 45, "p": 2.0}
    assert type(inputs.validate(m, {"age": 45.0, "p": 2})["p"]) is float


def test_a_declared_precision_may_be_typed_where_bounds_step_and_default_are_whole():
    m = build(
        a_priori={"type": "number", "min": 20, "max": 150, "step": 1, "precision": 1, "default": 70, "unit": "%"},
        corridor={"type": "range", "max": 50, "step": 5, "precision": 1, "default": [10, 40]},
    )
    taken = inputs.validate(m, {"a_priori": 62.5, "corridor": [2.5, 7]})
    assert taken == {"a_priori": 62.5, "corridor": [2.5, 7.0]}
    assert type(inputs.validate(m, {"a_priori": 62})["a_priori"]) is float
    assert problems(m, {"a_priori": 62.55}) == [
        "inputs.a_priori: 62.55 is not a multiple of 0.1. Give a number from 20 to 150 % with at most 1 decimal."
    ]


def test_inputs_stored_as_whole_numbers_before_a_precision_counted_are_still_valid():
    m = build(market={"type": "number", "max": 1_000_000, "precision": 8, "default": 100})
    for stored in (0, 100, 1_000_000):
        assert inputs.validate(m, {"market": stored}) == {"market": float(stored)}


def test_a_whole_number_written_with_a_point_is_a_whole_number():
    m = build(
        n={"type": "integer", "default": 5, "max": 10}, t={"type": "table", "columns": {"n": {"type": "integer"}}}
    )
    taken = inputs.validate(m, {"n": 5.0, "t": [{"n": 7.0}]})
    assert (repr(taken["n"]), repr(taken["t"][0]["n"])) == ("5", "7")
    assert "5.5 is not a whole number" in problems(m, {"n": 5.5})[0]


def test_a_precision_of_0_keeps_whole_numbers_whole():
    m = build(n={"type": "number", "step": 5, "precision": 0, "default": 10})
    assert repr(inputs.validate(m, {"n": 7.0})["n"]) == "7"
    assert problems(m, {"n": 7.5})


def test_a_range_runs_from_low_to_high():
    m = build(r={"type": "range", "min": 0, "max": 10})
    assert inputs.validate(m, {"r": [2, 5]}) == {"r": [2, 5]}
    assert "runs from high to low" in problems(m, {"r": [5, 2]})[0]
    assert problems(m, {"r": [5]})


def test_a_date_that_is_none_or_outside_is_refused():
    m = build(day={"type": "date", "min": "2020-01-01", "max": "2030-12-31", "default": "2026-01-01"})
    assert "is not a date" in problems(m, {"day": "2026-02-30"})[0]
    assert "outside" in problems(m, {"day": "2031-01-01"})[0]


ONE_DAY = ["2023-08-31", "20230831", "2023-W35-4", "2023W354", "2023-08-31T00:00:00", " 2023-08-31 "]


@pytest.mark.parametrize("text", ONE_DAY)
def test_a_day_in_any_form_of_iso_8601_is_the_same_input(text):
    m = build(
        day={"type": "date", "min": "2023-08-31", "max": "20230831"},
        t={"type": "table", "columns": {"on": {"type": "date", "min": "2023-W35-4", "max": "2023-08-31"}}},
    )
    taken = inputs.validate(m, {"day": text, "t": [{"on": text}]})
    assert taken == {"day": "2023-08-31", "t": [{"on": "2023-08-31"}]}


@pytest.mark.parametrize(
    "text", ["2023-W35", "2023-243", "2023-08", "2023-08-31T12:00:00", "31.08.2023", "20231301", "x"]
)
def test_what_is_no_one_day_in_iso_8601_is_refused(text):
    m = build(day={"type": "date"}, t={"type": "table", "columns": {"on": {"type": "date"}}})
    assert problems(m, {"day": text, "t": [{"on": text}]}) == [
        f"inputs.day: {text!r} is not a date. Give a date such as 2026-12-31.",
        f"inputs.t[0].on: {text!r} is not a date. Give a date such as 2026-12-31.",
    ]


def test_dates_are_compared_as_days_whatever_their_form():
    columns = {"on": {"type": "date", "increasing": True}}
    m = build(t={"type": "table", "columns": columns, "unique": ["on"]})
    assert inputs.validate(m, {"t": [{"on": "20200103"}, {"on": "2020-01-04"}, {"on": "2023-W35-4"}]})
    assert problems(m, {"t": [{"on": "2020-02-01"}, {"on": "20200103"}]}) == [
        "inputs.t[1].on: '2020-01-03' comes after '2020-02-01'. Put the rows in increasing order."
    ]
    assert "row 1 of the table has the same On" in str(
        problems(
            build(t={"type": "table", "columns": {"on": {"type": "date"}}, "unique": ["on"]}),
            {"t": [{"on": "2023-08-31"}, {"on": "2023-W35-4"}]},
        )
    )


def test_a_rule_compares_dates_as_days():
    m = build(
        start={"type": "date"},
        end={"type": "date"},
        extra={"rules": [{"check": "end > start", "message": "Give a later end."}]},
    )
    assert inputs.validate(m, {"start": "2020-12-31", "end": "20210101"}) == {
        "start": "2020-12-31",
        "end": "2021-01-01",
    }
    assert problems(m, {"start": "20210101", "end": "2020-12-31"})


def test_a_default_date_in_another_form_is_stored_as_year_month_day():
    m = build(
        day={"type": "date", "default": "20200103"},
        t={"type": "table", "columns": {"on": {"type": "date"}}, "default": [{"on": "2023-W35-4"}]},
    )
    assert inputs.validate(m, {}) == {"day": "2020-01-03", "t": [{"on": "2023-08-31"}]}


TABLE = {
    "type": "table",
    "columns": {
        "year": {"type": "integer", "min": 1900, "max": 2100},
        "paid": {"type": "number", "required": False},
    },
    "default": [{"year": 2001, "paid": 5.5}],
    "max_rows": 3,
}


def test_a_table_names_the_cell_that_does_not_fit():
    m = build(t=TABLE)
    assert inputs.validate(m, {"t": [{"year": 2000}, {"year": 2001, "paid": None}]})["t"][0] == {
        "year": 2000,
        "paid": None,
    }
    found = problems(m, {"t": [{"year": 2000}, {"year": 1800, "paid": "x"}, {"paid": 1}]})
    assert {f.split(":")[0] for f in found} == {"inputs.t[1].year", "inputs.t[1].paid", "inputs.t[2].year"}
    assert "4 rows" in problems(m, {"t": [{"year": 2000}] * 4})[0]


def test_a_rule_over_two_inputs_is_reported_in_its_own_words():
    m = build(
        age=AGE,
        end={"type": "number", "default": 65, "max": 120},
        extra={"rules": [{"check": "end > age", "message": "Retire after today's age."}]},
    )
    assert inputs.validate(m, {"age": 40, "end": 60})
    assert problems(m, {"age": 70, "end": 60}) == [
        "inputs.age, end: end > age does not hold. Retire after today's age."
    ]


@pytest.mark.parametrize(
    "check", ["__import__('os')", "age.real > 1", "age[0]", "lambda: 1", "f(age)", "age >", "age if age else 1"]
)
def test_a_rule_is_a_comparison_and_not_a_program(check):
    with pytest.raises(ManifestError, match="rules"):
        build(age=AGE, extra={"rules": [{"check": check, "message": "no"}]})


def test_a_hidden_input_is_neither_shown_nor_missed():
    m = build(
        kind={"type": "select", "options": ["a", "b"]},
        day={"type": "date", "show_if": {"kind": "b"}},
    )
    assert inputs.visible_keys(m, {"kind": "a"}) == {"kind"}
    assert inputs.validate(m, {"kind": "a"}) == {"kind": "a"}
    assert problems(m, {"kind": "b"}) == ["inputs.day: it is missing. Give a date such as 2026-12-31."]


def test_outside_the_calibrated_range_a_run_goes_ahead_and_is_stamped():
    m = build(vol={"type": "number", "max": 200, "default": 20, "unit": "%", "valid": [5, 60]})
    assert inputs.validate(m, {"vol": 90})
    assert "outside 5 to 60 %" in inputs.calibration_warnings(m, {"vol": 90})[0]
    assert not inputs.calibration_warnings(m, {"vol": 30})


def test_the_schema_is_a_valid_draft_2020_12_schema_with_our_words_under_x():
    m = build(age={**AGE, "valid": [20, 100]}, r={"type": "range"}, t=TABLE, f={"type": "file", "required": False})
    compiled = schema.input_schema(m)
    Draft202012Validator.check_schema(compiled)
    assert compiled["properties"]["age"]["x-unit"] == "years"
    assert compiled["properties"]["age"]["x-valid-range"] == [20, 100]
    assert compiled["additionalProperties"] is False
    json.dumps(compiled)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda i: st.lists(i, max_size=3) | st.dictionaries(st.text(max_size=3), i, max_size=3),
        max_leaves=10,
    )
)
def test_whatever_is_sent_is_taken_or_refused_with_problems(value):
    m = build(
        age=AGE,
        r={"type": "range"},
        t=TABLE,
        s={"type": "multiselect", "options": ["a", 1, 2.5]},
        d={"type": "date", "default": "2026-01-01"},
        x={"type": "text"},
        b={"type": "boolean"},
    )
    for key in m.inputs:
        try:
            taken = inputs.validate(m, {key: value})
        except InputError as error:
            assert all(p.where.startswith("inputs.") for p in error.problems)
        else:
            assert inputs.validate(m, taken) == taken


@given(st.integers(18, 120))
def test_every_whole_age_in_range_is_taken_as_it_is(age):
    assert inputs.validate(build(age=AGE), {"age": age}) == {"age": age}


@pytest.mark.parametrize("value", ["a\0b", "\ud800"])
def test_text_that_no_database_holds_is_refused(value):
    assert problems(build(x={"type": "text"}), {"x": value})


def test_a_whole_number_beyond_64_bits_is_refused():
    m = build(t={"type": "table", "columns": {"n": {"type": "integer"}}})
    assert problems(m, {"t": [{"n": 2**70}]})
