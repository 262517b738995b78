import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract import field_parser, fields, manifest
from contract.problems import ManifestError


def parse(raw, key="x"):
    problems, warnings = [], []
    return field_parser.parse_field(key, raw, f"inputs.{key}", problems, warnings), problems, warnings


def test_a_core_number_without_bounds_runs_from_0_to_100_by_1_and_starts_at_its_min():
    field, problems, _ = parse({"type": "number", "label": "Age"})
    assert (field.minimum, field.maximum, field.step, field.default) == (0, 100, 1, 0)
    assert field.whole
    assert not problems


def test_a_number_is_whole_only_where_min_max_step_and_default_are():
    assert parse({"type": "number", "default": 5})[0].whole
    assert not parse({"type": "number", "default": 5.5})[0].whole
    assert not parse({"type": "number", "step": 0.5})[0].whole


@pytest.mark.parametrize(
    ("raw", "where"),
    [
        ({"type": "slider"}, "inputs.x.type"),
        ({"type": "number", "min": 5, "max": 1}, "inputs.x.min"),
        ({"type": "number", "default": 500}, "inputs.x.default"),
        ({"type": "number", "step": 0}, "inputs.x.step"),
        ({"type": "number", "min": "low"}, "inputs.x.min"),
        ({"type": "number", "scale": "log"}, "inputs.x.scale"),
        ({"type": "integer", "default": 1.5}, "inputs.x.default"),
        ({"type": "select", "options": []}, "inputs.x.options"),
        ({"type": "select", "options": ["a", "a"]}, "inputs.x.options[1]"),
        ({"type": "select", "options": ["a"], "default": "b"}, "inputs.x.default"),
        ({"type": "multiselect", "options": ["a"], "default": ["b"]}, "inputs.x.default"),
        ({"type": "date", "default": "31.12.2026"}, "inputs.x.default"),
        ({"type": "text", "pattern": "("}, "inputs.x.pattern"),
        ({"type": "table"}, "inputs.x.columns"),
        ({"type": "table", "columns": {"a": {"type": "table"}}}, "inputs.x.columns.a.type"),
        ({"type": "file", "accept": ["csv"]}, "inputs.x.accept"),
        ("number", "inputs.x"),
    ],
)
def test_a_field_that_cannot_be_used_is_named_with_what_to_do(raw, where):
    _, problems, _ = parse(raw)
    assert where in [p.where for p in problems]
    assert all(p.hint.endswith(".") for p in problems)


def test_a_key_of_another_type_is_a_warning_and_is_ignored():
    field, problems, warnings = parse({"type": "boolean", "min": 3})
    assert field is not None
    assert not problems
    assert warnings == ["inputs.x.min is not known for a boolean and is ignored."]


def test_every_problem_of_a_manifest_is_reported_at_once():
    with pytest.raises(ManifestError) as caught:
        manifest.parse({"inputs": {"a": {"type": "nope"}, "b": {"min": 9, "max": 1}}, "limits": {"days": 1}})
    wheres = {p.where for p in caught.value.problems}
    assert {"name", "inputs.a.type", "inputs.b.min", "limits.days"} <= wheres


def test_precision_sets_the_grid_and_the_step_does_where_it_has_one():
    assert parse({"type": "number", "step": 0.1, "default": 0.3})[0].multiple_of == 0.1
    assert parse({"type": "number", "step": 10, "min": 5, "default": 5})[0].multiple_of == 1
    assert parse({"type": "number", "step": 0.5, "precision": 3})[0].multiple_of == 0.001


@given(
    st.integers(-(10**9), 10**9),
    st.sampled_from([1, 5, 10, 0.1, 0.01, 0.25, 0.001]),
)
def test_a_multiple_worked_out_in_decimals_lies_on_its_grid(n, step):
    from decimal import Decimal

    assert fields.is_multiple_of(float(Decimal(repr(step)) * n), step)


@given(
    st.dictionaries(
        st.text(max_size=8),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(max_size=8),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
            max_leaves=8,
        ),
    )
)
def test_no_declaration_whatever_makes_the_checker_itself_fail(raw):
    for type_ in fields.TYPES:
        parse({**raw, "type": type_})
    try:
        manifest.parse({"name": "m", "inputs": {"x": raw}})
    except ManifestError as error:
        assert error.problems


@pytest.mark.parametrize("labels", [["Total"], ["A", "B", "C"], []])
def test_a_manifest_names_up_to_three_headline_figures(labels):
    found = manifest.parse({"name": "X", "inputs": {}, "headline": labels})
    assert found.headline == tuple(labels)
    assert not found.warnings


@pytest.mark.parametrize("labels", ["Total", [1], ["A", "B", "C", "D"], {"a": 1}])
def test_a_headline_that_is_no_list_of_three_labels_is_refused(labels):
    with pytest.raises(ManifestError) as caught:
        manifest.parse({"name": "X", "inputs": {}, "headline": labels})
    assert [p.where for p in caught.value.problems] == ["headline"]
