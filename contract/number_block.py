"""Numbers pasted or loaded as a block: one decimal mark holds for all of it.

Chosen: a cell that can be read in one way only decides for the others, so that 12,5 makes 1.234 the number 1234. A
block that needs both decimal marks is refused in every cell that has one, with a cell of either kind named, since any
choice would change some of its figures.
Left out: splitting text into cells, and which columns hold numbers.
"""

import math
from collections.abc import Callable, Sequence

from contract.clean_text import quote
from contract.errors import UnreadableError
from contract.number_format import NumberFormat
from contract.number_reader import choose, session_mark
from contract.number_text import Candidates, find_candidates
from contract.problems import Problem
from contract.reading import Reading

Cell = str | float | None
NumberCell = Reading[float] | Problem | None
Cells = Sequence[Sequence[Cell]]
Place = Callable[[int, int], str]
_WORDS = {".": "point", ",": "comma"}


def read_block(
    cells: Cells,
    number_format: NumberFormat,
    *,
    units: Sequence[str] = (),
    arithmetic: bool = False,
    place: Place | None = None,
) -> list[list[NumberCell]]:
    """Return the readings of a block of cells, read as a whole.

    Args:
        cells: rows of texts, of any lengths; one column is a list of rows of one cell. Numbers, as a spreadsheet file
            holds them, are taken as they are.
        number_format: the session's; decides where no cell does.
        units: the unit of each column, from the left; no unit beyond them.
        arithmetic: whether calculations are worked out.
        place: names a cell by row and column, from 0; "row 1, column 1" for the first without it.

    Returns:
        One item a cell: a reading, a problem, or None where the cell is empty.
    """
    where = place or cell_name
    known: dict[tuple[str, str], Candidates | UnreadableError | None] = {}
    needs: dict[str, tuple[int, int]] = {}
    for row, line in enumerate(cells):
        for column, cell in enumerate(line):
            if not isinstance(cell, str):
                continue
            key = (cell, _unit(units, column))
            if key in known:
                continue
            known[key] = found = _candidates(cell, number_format, key[1], arithmetic=arithmetic)
            if isinstance(found, Candidates) and found.decided:
                needs.setdefault(found.decided, (row, column))
    named = {mark: f"{quote(str(cells[r][c]))} in {where(r, c)}" for mark, (r, c) in needs.items()}
    mark = next(iter(needs), session_mark(number_format))
    reason = f"{named[mark]} has a decimal {_WORDS[mark]}" if needs else ""
    results: dict[tuple[str, str], Reading[float] | UnreadableError | None] = {}
    for key, found in known.items():
        if not isinstance(found, Candidates):
            results[key] = found
        elif len(needs) == 2 and (found.open or found.decided):
            results[key] = _contradiction(key[0], found, named)
        else:
            results[key] = choose(key[0], found, mark, number_format, reason=reason)
    return [
        [
            _finish(results[cell, _unit(units, c)] if isinstance(cell, str) else cell, row=r, column=c, place=where)
            for c, cell in enumerate(line)
        ]
        for r, line in enumerate(cells)
    ]


def cell_name(row: int, column: int) -> str:
    """Return the words for a cell, counted from 1."""
    return f"row {row + 1:,}, column {column + 1:,}"


def _unit(units: Sequence[str], column: int) -> str:
    return units[column] if column < len(units) else ""


def _candidates(
    cell: str, number_format: NumberFormat, unit: str, *, arithmetic: bool
) -> Candidates | UnreadableError | None:
    if not cell or cell.isspace():
        return None
    try:
        return find_candidates(cell, number_format, unit=unit, arithmetic=arithmetic)
    except UnreadableError as error:
        return error


def _contradiction(cell: str, found: Candidates, named: dict[str, str]) -> UnreadableError:
    marks = {"." if found.decided == "," else ","} if found.decided else {".", ","}
    others = " and ".join(f"{named[mark]} has a decimal {_WORDS[mark]}" for mark in sorted(marks))
    own = f"has a decimal {_WORDS[found.decided]}" if found.decided else "may be two numbers"
    return UnreadableError(f"{quote(cell)} {own}, but {others}", "Give all cells the same decimal mark.")


def _finish(
    item: Reading[float] | UnreadableError | float | None, *, row: int, column: int, place: Place
) -> NumberCell:
    if isinstance(item, Reading) or item is None:
        return item
    if isinstance(item, UnreadableError):
        return Problem(place(row, column), item.found, item.remedy)
    if isinstance(item, bool) or math.isinf(item):
        return Problem(place(row, column), f"{item} is not a number", "Give a finite number, or leave the cell empty.")
    return None if math.isnan(item) else Reading(item)
