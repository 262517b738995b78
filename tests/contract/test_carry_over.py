"""Inputs kept with one version of a model, as another version takes them."""

import pytest

from contract.carry_over import carry_over
from contract.errors import ManifestError
from contract.former_inputs import fold_former_inputs
from contract.inputs import validate
from contract.manifest import parse

THEN = parse(
    {
        "name": "M",
        "inputs": {
            "retire_at": {"type": "integer", "label": "Retire at", "min": 50, "max": 75, "default": 65},
            "smoker": {"type": "boolean", "label": "Smoker", "default": False},
            "loading": {"type": "number", "label": "Loading", "min": 0, "max": 100, "default": 5},
            "table": {"type": "text", "label": "Table", "default": "old"},
        },
    }
)


def now(**inputs):
    return parse({"name": "M", "inputs": inputs})


AGE = {"type": "integer", "label": "Age at retirement", "min": 50, "max": 75, "default": 65}


def test_the_same_version_changes_nothing_and_warns_of_nothing():
    inputs = validate(THEN, {"retire_at": 60})
    carried = carry_over(THEN, THEN, inputs)
    assert (carried.values, carried.warnings, carried.unfit) == (inputs, (), {})


def test_a_renamed_input_is_carried_over_and_said():
    later = now(age={**AGE, "former_keys": ["retire_at"]})
    carried = carry_over(THEN, later, {"retire_at": 60})
    assert carried.values == {"age": 60}
    assert carried.renamed == {"retire_at": "age"}
    assert carried.warnings == (
        "retire_at is called Age at retirement (age) in this version. Its value is carried over.",
    )


def test_a_dropped_input_is_named_with_its_value():
    carried = carry_over(THEN, now(age=AGE), {"smoker": True})
    assert carried.dropped == {"smoker": True}
    assert carried.warnings[0] == "Smoker (smoker) is not an input of this version. Its value True is left out."


def test_a_value_that_does_not_fit_any_more_is_set_aside_with_what_is_wrong():
    later = now(retire_at={**AGE, "min": 62}, smoker={"type": "select", "options": ["yes", "no"], "default": "no"})
    carried = carry_over(THEN, later, {"retire_at": 60, "smoker": True})
    assert carried.values == {}
    assert carried.unfit == {"retire_at": 60, "smoker": True}
    assert {p.where for p in carried.problems} == {"inputs.retire_at", "inputs.smoker"}
    assert carried.warnings[0].startswith("Age at retirement was 60, which does not fit this version: 60 is outside")


def test_an_input_is_deprecated_with_a_warning_where_the_version_or_its_value_makes_it_matter():
    old = {"type": "number", "label": "Loading", "min": 0, "max": 100, "default": 5, "deprecated": True}
    later = now(loading=old)
    assert (
        "Loading (loading) is deprecated in this version. It has the saved value."
        in carry_over(THEN, later, {"loading": 5}).warnings
    )
    assert carry_over(later, later, {"loading": 5}).warnings == ()
    assert carry_over(later, later, {"loading": 7}).deprecated == ("loading",)


def test_inputs_that_are_new_are_named():
    carried = carry_over(now(age=AGE), now(age=AGE, extra={"type": "number", "label": "Extra"}), {"age": 60})
    assert carried.added == ("extra",)
    assert carried.warnings == ("New in this version, at the starting value: Extra.",)


def test_a_run_by_a_former_key_is_a_run_of_the_input_and_both_at_once_are_refused_by_name():
    later = now(age={**AGE, "former_keys": ["retire_at", "retirement"]}, n={"type": "number", "default": 1})
    assert validate(later, {"retirement": 61}) == {"age": 61, "n": 1}
    assert list(fold_former_inputs(later, {"n": 1, "retire_at": 60})) == ["n", "age"]
    assert fold_former_inputs(later, {"age": 62, "retire_at": 60}) == {"age": 62, "retire_at": 60}


@pytest.mark.parametrize(
    ("inputs", "where"),
    [
        ({"a": {"former_keys": ["b"]}, "b": {}}, "inputs.a.former_keys"),
        ({"a": {"former_keys": ["c"]}, "b": {"former_keys": ["c"]}}, "inputs.b.former_keys"),
        ({"a": {"former_keys": ["a"]}}, "inputs.a.former_keys"),
        ({"a": {"former_keys": ["no key"]}}, "inputs.a.former_keys"),
        ({"a": {"former_keys": "c"}}, "inputs.a.former_keys"),
    ],
)
def test_former_keys_that_could_mean_two_inputs_are_refused(inputs, where):
    with pytest.raises(ManifestError) as refused:
        now(**inputs)
    assert [p.where for p in refused.value.problems] == [where]
