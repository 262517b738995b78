import pytest

from contract.problems import Problem
from contract.refusals import DEFAULT_HINT, read_refusals

KEYS = {"age", "triangle", "a", "b"}


def test_each_line_about_an_input_becomes_a_problem_beside_it():
    text = (
        "inputs.age: 130 is outside 0 to 120 years. Give a value in that range.\n"
        "inputs.triangle[3].premium: 0 is not above 0, and this method divides by it. Give one. Or leave the method.\n"
        "Nothing could be fitted."
    )
    assert read_refusals(text, KEYS) == (
        Problem("inputs.age", "130 is outside 0 to 120 years", "Give a value in that range."),
        Problem(
            "inputs.triangle[3].premium",
            "0 is not above 0, and this method divides by it",
            "Give one. Or leave the method.",
        ),
    )


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("inputs.age", "inputs.age"),
        ("inputs.triangle[12]", "inputs.triangle[12]"),
        ("inputs.triangle.premium", "inputs.triangle.premium"),
        ("inputs.a, b", "inputs.a, b"),
        ("inputs.a, inputs.b", "inputs.a, b"),
        ("inputs.a and inputs.b", "inputs.a, b"),
        ("inputs.a, inputs.triangle[1].x", "inputs.a, triangle[1].x"),
    ],
)
def test_a_place_may_be_a_cell_a_column_or_several_inputs(where, expected):
    assert read_refusals(f"{where}: it is wrong. Change it.", KEYS) == (Problem(expected, "it is wrong", "Change it."),)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "inputs.other: it is wrong. Change it.",
        "inputs.a, other: it is wrong. Change it.",
        "inputs: it is wrong. Change it.",
        "inputs.age is wrong.",
        "age: it is wrong. Change it.",
        "inputs.age:",
        "see inputs.age: it is wrong. Change it.",
    ],
)
def test_what_is_not_about_an_input_of_the_model_is_no_problem(text):
    assert read_refusals(text, KEYS) == ()


@pytest.mark.parametrize(
    ("said", "message", "hint"),
    [
        ("5.5 % cannot be reached; 5.25 % can. Lower it.", "5.5 % cannot be reached; 5.25 % can", "Lower it."),
        ("there are 3 of 5. 5 are needed. Add 2", "there are 3 of 5. 5 are needed", "Add 2."),
        ("it is not symmetric", "it is not symmetric", DEFAULT_HINT),
        ("it is not symmetric.", "it is not symmetric", DEFAULT_HINT),
        ("is this a year? Give one!", "is this a year", "Give one!"),
    ],
)
def test_what_was_found_ends_at_the_first_sentence_and_the_rest_is_what_to_do(said, message, hint):
    assert read_refusals(f"inputs.age: {said}", KEYS) == (Problem("inputs.age", message, hint),)


def test_a_line_that_is_repeated_is_one_problem_and_a_flood_of_lines_has_an_end():
    assert len(read_refusals("inputs.age: it is wrong. Change it.\n" * 3, KEYS)) == 1
    many = "\n".join(f"inputs.triangle[{i}]: it is wrong. Change it." for i in range(5_000))
    assert len(read_refusals(many, KEYS)) == 200
