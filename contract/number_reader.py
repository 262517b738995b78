"""The one reader of a number that a person wrote.

Chosen: the text decides first, then the session's format, and the reading says so. Nothing is guessed without a word
and nothing is evaluated as code. A lone separator that may be either, as in 1,234, is the decimal mark where the
session's decimal mark looks so, and a thousands separator otherwise.
Left out: blocks of cells, which decide together in `contract.number_block`; ranges and steps of the field.
"""

from contract.clean_text import quote
from contract.errors import UnreadableError
from contract.number_format import NumberFormat, format_number
from contract.number_text import Candidates, find_candidates
from contract.problems import Problem
from contract.reading import Reading


def read_number(
    text: str,
    number_format: NumberFormat,
    *,
    unit: str = "",
    arithmetic: bool = True,
    where: str = "the number",
) -> Reading[float] | Problem:
    """Return the number written as `text`, or what is wrong with it.

    Args:
        text: as typed, pasted or read from a file; at most `clean_text.MAX_LENGTH` characters.
        number_format: the session's; decides where the text does not.
        unit: the field's. Percent signs, basis points and currencies beside the number have to fit it.
        arithmetic: whether =1000*1.02 and 1/3 are worked out, as in a box, or refused, as in a file.
        where: the place that a problem names.

    Returns:
        A reading with an int where whole digits are written and a float otherwise, or a problem.
    """
    try:
        candidates = find_candidates(text, number_format, unit=unit, arithmetic=arithmetic)
    except UnreadableError as error:
        return Problem(where, error.found, error.remedy)
    return choose(text, candidates, session_mark(number_format), number_format)


def session_mark(number_format: NumberFormat) -> str:
    """Return the decimal mark, "." or ",", that decides for the session."""
    return "," if number_format.decimal == "," else "."


def choose(
    text: str, candidates: Candidates, mark: str, number_format: NumberFormat, *, reason: str = ""
) -> Reading[float]:
    """Return the reading of a text.

    Args:
        text: as written, for the note.
        candidates: what it may mean.
        mark: the decimal mark, "." or ",", that decides where the text is open.
        number_format: the session's, in which the note shows numbers.
        reason: why `mark` holds for an open text; empty where only the session's format says so, which leaves the
            reading ambiguous.
    """
    first, second = candidates.point, candidates.comma
    if mark == ",":
        first, second = second, first
    value = first if first is not None else second
    assert value is not None, "candidates hold at least one value"
    foreign = candidates.decided and candidates.decided != session_mark(number_format)
    if not (candidates.open or candidates.converted or foreign):
        return Reading(value)
    note = f"{_visible(text)} read as {format_number(value, number_format, grouping=False)}"
    if not candidates.open or second is None:
        return Reading(value, note)
    if reason:
        return Reading(value, f"{note}, because {reason}")
    return Reading(value, f"{note}, not {format_number(second, number_format, grouping=False)}", (second,))


def _visible(text: str) -> str:
    """Return the text for a note: spaces of any kind as spaces, invisible characters spelled out."""
    return quote(" ".join(text.split()))[1:-1]
