"""The values of an axis: read, laid on the grid, checked."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from contract.fields import is_multiple_of
from contract.manifest import parse
from contract.number_format import NumberFormat
from engine.analysis.grid import MAX_POINTS, read_axis

MANIFEST = parse(
    {
        "name": "Probe",
        "inputs": {
            "n": {"type": "integer", "min": 0, "max": 100, "default": 5},
            "x": {"type": "number", "min": 0, "max": 1, "step": 0.05, "default": 0.5},
            "free": {"type": "number", "min": 0.5, "max": 9.7, "step": 1, "default": 0.7},
            "kind": {"type": "select", "options": ["a", "b", "c"], "default": "a"},
            "on": {"type": "boolean", "default": False},
            "day": {"type": "date", "default": "2026-01-01"},
            "rows": {"type": "table", "columns": {"v": {"type": "number"}}, "default": []},
        },
    }
)


def read(given, number_format=None):
    problems = []
    axis = read_axis(MANIFEST, given, number_format or NumberFormat(), problems, "axes[0]")
    return axis, [str(p) for p in problems]


@settings(deadline=None)
@given(some.integers(0, 100), some.integers(0, 100), some.integers(2, 200))
def test_a_range_in_points_keeps_its_ends_and_the_fields_grid(low, high, count):
    axis, problems = read({"input": "n", "from": low, "to": high, "count": count})
    assert problems == []
    assert (axis.values[0], axis.values[-1]) == (low, high)
    assert all(isinstance(v, int) for v in axis.values)
    assert len(set(axis.values)) == len(axis.values) <= count


@settings(deadline=None)
@given(some.integers(0, 20), some.integers(1, 20))
def test_decimal_steps_are_exact(start, count):
    low, high = round(start * 0.05, 2), round(min(20, start + count) * 0.05, 2)
    axis, problems = read({"input": "x", "from": low, "to": high, "step": "0.05"})
    assert problems == []
    assert all(is_multiple_of(v, 0.05) for v in axis.values)


def test_without_bounds_the_fields_own_are_taken_and_options_are_all_taken():
    assert read({"input": "n", "count": 3})[0].values == (0, 50, 100)
    assert read({"input": "kind"})[0].values == ("a", "b", "c")
    assert read({"input": "on"})[0].values == (False, True)


@pytest.mark.parametrize(
    ("text", "language", "values"),
    [
        ("1; 2; 3", "en", (1, 2, 3)),
        ("1,2,3", "en", (1, 2, 3)),
        ("1\n2\t3", "en", (1, 2, 3)),
        ("3, 2, 1", "de", (3, 2, 1)),
        ("1; 1; 2", "en", (1, 2)),
    ],
)
def test_lists_are_read_however_their_values_are_kept_apart(text, language, values):
    assert read({"input": "n", "values": text}, NumberFormat.from_languages(language))[0].values == values


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"input": "q"}, "'q' is not an input that can be swept"),
        ({"input": "rows"}, "'rows' is not an input"),
        ({}, "no input is chosen"),
        ({"input": "n", "from": "x"}, "axes[0].from"),
        ({"input": "n", "step": -1}, "is not above 0"),
        ({"input": "n", "count": 1}, "is not a number of points"),
        ({"input": "n", "count": MAX_POINTS + 1}, "are more than"),
        ({"input": "n", "to": 101}, "101 is outside"),
        ({"input": "n", "values": "1; 2.5"}, "2.5"),
        ({"input": "kind", "values": "a; d"}, "'d' is not one of"),
        ({"input": "day"}, "there are none"),
        ({"input": "n", "values": 7}, "is not a list"),
    ],
)
def test_what_does_not_fit_is_said(given, found):
    axis, problems = read(given)
    assert axis is None
    assert found in " ".join(problems)
