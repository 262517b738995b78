"""Which numbers of a text are a run's."""

import pytest

from contract.explanation import numbers_of, unknown_numbers

KNOWN = [1234.5678, 0.0523, 1_250_000, 7, -3.25, 0.0012]


@pytest.mark.parametrize(
    "text",
    [
        "The reserve is 1,234.57.",
        "The reserve is 1,235 in all.",
        "A ratio of 5.2 % and of 5.23%.",
        "A ratio of 0.052.",
        "Claims of 1.25 million, or 1,250 thousand.",
        "A change of 12 bp, 12 basis points.",
        "A loss of 3.25 and a gain of -3.3.",
        "1. First point\n2. Second point",
        "`x = 99` and\n```\n42\n```",
        "No number at all.",
        "1.2e6 is short for it, 7 of them.",
    ],
)
def test_a_number_of_the_run_is_known_as_a_text_writes_it(text):
    assert unknown_numbers(text, KNOWN) == ()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The reserve is 1,334.57.", ["1,334.57"]),
        ("A ratio of 6 %.", ["6 %"]),
        ("It grew by 44% to 1,235.", ["44%"]),
        ("Paid 2.5 million in 2025.", ["2.5 million", "2025"]),
        ("1,235.9", ["1,235.9"]),
    ],
)
def test_a_number_that_is_not_the_runs_is_found_with_its_place(text, found):
    places = unknown_numbers(text, KNOWN)
    assert [text[a:b] for a, b in places] == found


def test_numbers_of_texts_are_read_with_their_separators():
    assert numbers_of(["Value at risk 99.5 %", "1'250 rows of B2"]) == [99.5, 1250.0]


def test_a_text_of_many_numbers_is_read_in_time_that_grows_with_its_length():
    assert unknown_numbers("1," * 20_000, []) is not None
