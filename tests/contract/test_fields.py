import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract import field_parser, fields, manifest
from contract.errors import ManifestError
from contract.field_types import FIELD_TYPES
from contract.field_types.parsing import COMMON_KEYS


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


@pytest.mark.parametrize(
    ("raw", "grid", "finest"),
    [
        ({"step": 0.25, "precision": 1}, 0.01, "step has 2 decimals: 2 may be typed"),
        ({"min": 0.005, "precision": 2, "default": 0.5}, 0.001, "min has 3 decimals: 3 may be typed"),
        ({"precision": 0, "default": 2.5}, 0.1, "default has 1 decimal: 1 may be typed"),
    ],
)
def test_a_precision_coarser_than_the_step_bounds_or_default_is_widened_with_a_warning(raw, grid, finest):
    field, problems, warnings = parse({"type": "number", **raw})
    assert (field.multiple_of, problems) == (grid, [])
    assert len(warnings) == 1
    assert finest in warnings[0]


def test_an_integer_has_no_decimals_whatever_its_precision_says():
    field, problems, warnings = parse({"type": "integer", "precision": 2})
    assert (field.multiple_of, field.precision, problems) == (1, 0, [])
    assert warnings == ["inputs.x.precision is 2 and is ignored: whole numbers have no decimals."]


@pytest.mark.parametrize("precision", [300, 308, 400, 10**6])
def test_a_precision_beyond_what_a_double_holds_still_gives_a_grid(precision):
    assert parse({"type": "number", "precision": precision})[0].multiple_of > 0


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


@pytest.mark.parametrize("bounds", [{"max": 5}, {"min": 20}, {"min": 20, "max": 30}, {}])
@pytest.mark.parametrize("default", [10, "ten", [1], True])
def test_a_column_with_any_bounds_and_a_default_that_does_not_fit_is_a_problem_and_never_an_error(bounds, default):
    columns = {"a": {"type": "number", **bounds, "default": default}}
    _, problems, _ = parse({"type": "table", "columns": columns})
    expected = ["inputs.x.columns.a.default"] if bounds or default != 10 else []
    assert [p.where for p in problems] == expected


SCALAR = st.none() | st.booleans() | st.integers(-200, 200) | st.floats() | st.text(max_size=8)
VALUE = st.recursive(
    SCALAR, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)
KEYS = sorted({key for type_ in fields.TYPES for key in FIELD_TYPES[type_].keys | COMMON_KEYS})


@given(
    st.sampled_from(fields.TYPES),
    st.dictionaries(st.sampled_from(KEYS), VALUE, max_size=5),
    st.dictionaries(st.sampled_from(KEYS), VALUE, max_size=5),
)
def test_no_value_of_a_known_key_makes_the_checker_itself_fail(type_, raw, column):
    for column_type in fields.SCALARS:
        columns = {"a": {**column, "type": column_type}}
        try:
            manifest.parse({"name": "m", "inputs": {"x": {"columns": columns, **raw, "type": type_}}})
        except ManifestError as error:
            assert error.problems
