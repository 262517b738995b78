"""The search for a target: it finds what is there and says honestly what is not."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from engine.analysis.root import Ending, NoFigureError, find_root


@settings(deadline=None)
@given(some.floats(0.01, 100), some.floats(-50, 50), some.floats(0.01, 0.99))
def test_a_rising_figure_is_reached_wherever_the_target_is_between_its_ends(slope, shift, share):
    def figure(x):
        return slope * (x + 0.1 * x**3) + shift

    target = figure(-3) + share * (figure(7) - figure(-3))
    found = find_root(figure, target, -3, 7)
    assert found.ending is Ending.REACHED
    assert found.figure == pytest.approx(target, rel=2e-6, abs=2e-6)
    assert -3 <= found.value <= 7


def test_a_target_outside_what_the_figure_takes_is_missed_with_what_it_took():
    found = find_root(lambda x: x * x + 1, 0, -1, 1)
    assert found.ending is Ending.MISSED
    assert (found.lowest, found.highest, found.value) == (pytest.approx(1.0), 2.0, 0.0)


def test_a_target_that_is_passed_twice_between_the_bounds_is_found_by_looking_inside():
    found = find_root(lambda x: x * x, 4, -5, 5)
    assert found.ending is Ending.REACHED
    assert abs(found.value) == pytest.approx(2)


def test_a_jump_past_the_target_is_no_root():
    found = find_root(lambda x: 10.0 if x < math.pi else 20.0, 15, 0, 5)
    assert found.ending is Ending.JUMP
    assert sorted((found.figure, found.other_figure)) == [10, 20]
    assert found.value == pytest.approx(math.pi)


def test_on_a_grid_only_its_values_are_tried():
    tried = []

    def figure(x):
        tried.append(x)
        return 100 * x

    found = find_root(figure, 1234, 0, 50, step=1)
    assert (found.ending, found.value, found.other_value) == (Ending.BETWEEN, 12, 13)
    assert all(float(x).is_integer() for x in tried)
    assert find_root(figure, 1300, 0, 50, step=1).ending is Ending.REACHED
    assert len(tried) == len(set(tried)) or len(tried) < 40


@settings(deadline=None)
@given(some.integers(0, 1000), some.integers(1, 1000), some.integers(0, 10**6))
def test_the_two_values_of_a_grid_between_which_the_target_lies_are_neighbours(low, span, target):
    found = find_root(lambda x: x * x, target, low, low + span, step=1)
    if low * low <= target <= (low + span) ** 2:
        if found.ending is Ending.BETWEEN:
            assert abs(found.value - found.other_value) == 1
            assert min(found.figure, found.other_figure) < target < max(found.figure, found.other_figure)
        else:
            assert found.ending is Ending.REACHED
    else:
        assert found.ending is Ending.MISSED


@pytest.mark.parametrize("target", [0.0, 9.0])
def test_a_target_at_an_end_is_reached_there(target):
    assert find_root(lambda x: x * x, target, 0, 3).ending is Ending.REACHED


def test_a_figure_that_cannot_be_worked_out_ends_the_search():
    def figure(x):
        raise NoFigureError(f"at {x}")

    with pytest.raises(NoFigureError):
        find_root(figure, 1, 0, 1)
