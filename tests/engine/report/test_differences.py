"""What distinguishes a run, in words, and the one figure that stands for it."""

import pytest

from contract.inputs import validate
from contract.manifest import parse
from contract.result import Metric
from engine.report.differences import differing_inputs, summarise_differences
from ui.result.headline import choose_headline, headline_text

MANIFEST = parse(
    {
        "name": "M",
        "inputs": {
            "age": {"type": "number", "label": "Age", "unit": "years", "default": 45, "min": 0, "max": 120},
            "sex": {
                "type": "select",
                "label": "Sex",
                "options": [{"value": "f", "label": "Female"}, {"value": "m", "label": "Male"}],
                "default": "f",
            },
            "smoker": {"type": "boolean", "label": "Smoker", "default": False},
            "ages": {"type": "range", "label": "Ages", "min": 0, "max": 100, "default": [20, 60], "unit": "years"},
            "memo": {"type": "text", "label": "Memo", "required": False},
            "until": {"type": "date", "label": "Until", "required": False},
            "own": {"type": "number", "label": "Own rate", "default": 1, "show_if": {"smoker": True}},
            "claims": {
                "type": "table",
                "label": "Claims",
                "columns": {"year": {"type": "integer"}, "paid": {"type": "number", "required": False}},
                "default": [{"year": 1, "paid": 10}, {"year": 2, "paid": 20}, {"year": 3}],
                "choices": [{"label": "Taylor and Ashe", "rows": [{"year": 9, "paid": 9}]}],
            },
        },
        "baseline": {"age": 50},
    }
)


def words(**changes):
    return differing_inputs(MANIFEST, validate(MANIFEST, {**MANIFEST.initial_values, **changes}))


def test_a_run_of_the_starting_values_differs_in_nothing():
    assert words() == []
    assert summarise_differences(MANIFEST, validate(MANIFEST, MANIFEST.initial_values)) == "The model's starting values"


def test_the_starting_values_are_the_baseline_over_the_defaults():
    assert words(age=45) == ["Age 45 years"]


def test_a_number_has_its_unit_an_option_its_label_and_a_switch_a_word():
    assert words(age=61, sex="m", smoker=True) == ["Age 61 years", "Sex Male", "Smoker Yes"]


def test_a_number_without_a_fraction_is_said_without_one():
    manifest = parse({"name": "M", "inputs": {"n": {"type": "number", "label": "N", "default": 1.5, "step": 0.1}}})
    assert differing_inputs(manifest, {"n": 120.0}) == ["N 120"]
    assert differing_inputs(manifest, {"n": 120.25}) == ["N 120.25"]


def test_a_range_and_a_text_are_said_whole():
    assert words(ages=[30, 50], memo="second try") == ["Ages 30 to 50 years", "Memo second try"]


def test_an_input_that_the_form_hides_is_left_out():
    assert words(own=2) == []
    assert words(own=2, smoker=True) == ["Smoker Yes", "Own rate 2"]


def test_of_a_table_the_changed_rows_are_counted():
    rows = [{"year": 1, "paid": 10.0}, {"year": 2, "paid": 21}, {"year": 3, "paid": None}]
    assert words(claims=rows) == ["Claims: 1 of 3 rows changed"]


def test_of_a_table_of_another_length_rows_added_and_removed_are_counted():
    first, second = {"year": 1, "paid": 10}, {"year": 2, "paid": 20}
    assert words(claims=[first, second]) == ["Claims: 2 rows instead of 3, 1 removed"]
    more = [{"year": 0}, first, second, {"year": 3, "paid": 1}]
    assert words(claims=more) == ["Claims: 4 rows instead of 3, 2 added and 1 removed"]


def test_a_built_in_table_is_said_by_its_name():
    assert words(claims=[{"year": 9, "paid": 9}]) == ["Claims: Taylor and Ashe"]


def test_the_starting_value_is_said_where_it_is_asked_for():
    values = validate(MANIFEST, {**MANIFEST.initial_values, "age": 61, "until": "2026-01-31"})
    assert differing_inputs(MANIFEST, values, starts=True) == [
        "Age 61 years (starting value 50 years)",
        "Until 2026-01-31 (starting value empty)",
    ]


def test_an_uploaded_file_is_said_by_its_name():
    manifest = parse({"name": "M", "inputs": {"data": {"type": "file", "label": "Data"}}})
    found = differing_inputs(manifest, {"data": {"file": "0" * 64, "name": "claims.csv", "size": 3}})
    assert found == ["Data claims.csv"]


def test_a_long_text_is_cut_and_many_differences_are_counted():
    assert words(memo="x" * 500) == [f"Memo {'x' * 59}…"]
    values = validate(MANIFEST, {**MANIFEST.initial_values, "age": 61, "sex": "m", "smoker": True})
    assert summarise_differences(MANIFEST, values, letters=12) == "Age 61 years and 2 more"


def test_true_is_not_one():
    manifest = parse({"name": "M", "inputs": {"n": {"type": "number", "label": "N", "default": 1}}})
    assert differing_inputs(manifest, {"n": True}) == ["N Yes"]


METRICS = (Metric("Basis", "Gompertz"), Metric("Mean", 12.0), Metric("Total", 3.5))


@pytest.mark.parametrize(
    ("named", "label"), [((), "Mean"), (("Total",), "Total"), (("Gone", "Total"), "Total"), (("Basis",), "Basis")]
)
def test_the_headline_is_the_first_named_figure_that_is_there_else_the_first_number(named, label):
    assert choose_headline(METRICS, named).label == label


def test_a_result_without_a_number_has_no_headline():
    assert choose_headline((Metric("Basis", "Gompertz"), Metric("Good", True))) is None
    assert headline_text(MANIFEST, None) == ""
    assert headline_text(MANIFEST, {"Basis": "Gompertz"}) == ""


def test_a_headline_is_written_as_on_its_card():
    assert headline_text(MANIFEST, {"Total": {"value": 1234.5, "unit": "EUR", "format": ",.0f"}}) == "Total 1,234 EUR"
