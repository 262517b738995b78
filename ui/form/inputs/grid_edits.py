"""What was typed and pasted into a grid, read and applied to its rows.

Chosen: a grid reports all its edits since it started, each time; those that are new have arrived together and are read
as one block, the others keep what they were read as. A grid starts again where a cell has to show something else than
was typed: a text that was refused, or that the session alone would read otherwise.
Left out: the widget, and the checks of values.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from contract.date_reader import read_dates
from contract.fields import Field, is_number
from contract.number_block import read_block
from contract.number_format import NumberFormat, format_number
from contract.problems import Problem
from contract.reading import Reading
from contract.table_rows import whole_or_float
from ui.form.form_state import Part, RefusedText
from ui.form.inputs.binding import is_year

Row = dict[str, Any]
AS_TEXT = frozenset({"number", "integer", "date"})  # types whose cells are texts in the grid
_ADDED, _EDITED = "added_rows", "edited_rows"
_Place = tuple[str, int, str]  # of a cell: edited or added, its row there, its column
_Read = Reading[Any] | Problem | None


@dataclass(frozen=True, slots=True)
class GridMemory:
    """What is known of a grid's edits since it started: each cell with its text and what it was read as."""

    cells: Mapping[_Place, tuple[Any, Any]] = field(default_factory=dict)
    deleted: frozenset[int] = frozenset()
    added: int = 0


@dataclass(slots=True)
class ReadEdits:
    """The rows with all edits, the new texts that were refused by cell, and how others were read.

    `restart` says that the grid has to show something else than was typed. `moved` gives the new number of
    each row of before; rows that were deleted are not in it. `changed` holds the cells that were edited now.
    """

    rows: list[Row]
    memory: GridMemory
    refused: dict[Part, RefusedText] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    restart: bool = False
    moved: dict[int, int] = field(default_factory=dict)
    changed: set[tuple[int, str]] = field(default_factory=set)


def cell_text(column: Field, value: Any, number_format: NumberFormat) -> str | None:
    """Return what the grid shows for a value: numbers as the session writes them, dates in ISO form."""
    if value is None:
        return None
    if column.type != "date" and is_number(value):
        return format_number(value, number_format, grouping=not is_year(column))
    return str(value)


def apply_edits(
    table: Field,
    base: Sequence[Row],
    edits: Mapping[str, Any],
    number_format: NumberFormat,
    *,
    memory: GridMemory | None = None,
    old_rows: Sequence[Row] | None = None,
) -> ReadEdits:
    """Return `base` with a grid's edits: changed cells by row number, then deleted rows, then added ones.

    The edits come from a browser: rows and columns that are not there are passed over.

    Args:
        table: a field of type table.
        base: the rows that the grid started from.
        edits: all edits since it started.
        number_format: the session's.
        memory: what the grid's last change returned; None at its first.
        old_rows: the rows as they were before the new edits, whose values hold where a text is refused.
    """
    memory, old_rows = memory or GridMemory(), base if old_rows is None else old_rows
    deleted = {int(i) for i in edits.get("deleted_rows") or []}
    kept = [i for i in range(len(base)) if i not in deleted]
    added = [dict(cells) for cells in edits.get(_ADDED) or []]
    sources = [(_EDITED, i) for i in kept] + [(_ADDED, i) for i in range(len(added))]
    numbers = {source: number for number, source in enumerate(sources)}
    before = [(_EDITED, i) for i in range(len(base)) if i not in memory.deleted]
    before += [(_ADDED, i) for i in range(memory.added)]
    found = ReadEdits([], GridMemory())
    found.moved = {old: numbers[source] for old, source in enumerate(before) if source in numbers}
    old_row = {numbers[source]: old_rows[old] for old, source in enumerate(before) if source in numbers}

    cells = {place: cell for place, cell in _cells(edits) if place[2] in table.columns and place[:2] in numbers}
    new = _new_cells(cells, memory, len(added))
    read = _read_together(table, new, number_format, lambda place: f"row {numbers[place[:2]] + 1:,}")
    found.changed = {(numbers[place[:2]], place[2]) for place in new}
    values = {place: memory.cells[place][1] for place, cell in cells.items() if _is_held(place, cell, memory)}
    for place, cell in cells.items():
        if place in values:
            continue
        column, number = table.columns[place[2]], numbers[place[:2]]
        if column.type not in AS_TEXT or not isinstance(cell, str):
            values[place] = cell
            continue
        reading = read[place] if place in read else _read_alone(column, cell, number_format)
        if isinstance(reading, Problem):
            values[place] = old_row.get(number, {}).get(column.key)
            where = f"inputs.{table.key}[{number}].{column.key}"
            found.refused[number, column.key] = RefusedText(cell, Problem(where, reading.message, reading.hint))
            found.restart = True
        elif reading is None:
            values[place] = None
        else:
            values[place] = whole_or_float(column, reading.value)
            found.restart |= bool(reading.note) or not _is_shown_well(cell, column, values[place], number_format)
            found.notes += [reading.note] if reading.note else []
    for kind, i in sources:
        row = dict(base[i]) if kind == _EDITED else dict.fromkeys(table.columns)
        found.rows.append(row | {key: values[kind, i, key] for key in table.columns if (kind, i, key) in values})
    held = {place: (cell, values[place]) for place, cell in cells.items()}
    found.memory = GridMemory(held, frozenset(deleted), len(added))
    return found


def remaining_refusals(refused: Mapping[Part, RefusedText], read: ReadEdits) -> dict[Part, RefusedText]:
    """Return the refusals of before that still hold, under the numbers that their rows have now."""
    left: dict[Part, RefusedText] = {}
    for part, text in refused.items():
        if not isinstance(part, tuple) or part[0] not in read.moved:
            continue
        number = read.moved[part[0]]
        if (number, part[1]) in read.changed:
            continue
        where = text.problem.where.replace(f"[{part[0]}]", f"[{number}]", 1)
        left[number, part[1]] = RefusedText(text.text, Problem(where, text.problem.message, text.problem.hint))
    return left


def _new_cells(cells: Mapping[_Place, Any], memory: GridMemory, added: int) -> dict[_Place, Any]:
    """Return the cells that were edited since the last change."""
    if added < memory.added:
        # A row that was added has been deleted; those after it move up and are not new.
        cells = {place: cell for place, cell in cells.items() if place[0] != _ADDED}
    return {place: cell for place, cell in cells.items() if not _is_held(place, cell, memory)}


def _is_held(place: _Place, cell: Any, memory: GridMemory) -> bool:
    return place in memory.cells and memory.cells[place][0] == cell


def _cells(edits: Mapping[str, Any]) -> Iterator[tuple[_Place, Any]]:
    for number, cells in (edits.get(_EDITED) or {}).items():
        yield from (((_EDITED, int(number), key), cell) for key, cell in cells.items())
    for number, cells in enumerate(edits.get(_ADDED) or []):
        yield from (((_ADDED, number, key), cell) for key, cell in cells.items())


def _read_together(
    table: Field, new: Mapping[_Place, Any], number_format: NumberFormat, row_name: Callable[[_Place], str]
) -> dict[_Place, _Read]:
    """Return the readings of texts that arrived together; a calculation is read only where its cell came alone."""
    texts = {p: c for p, c in new.items() if isinstance(c, str) and table.columns[p[2]].type in AS_TEXT}
    found: dict[_Place, _Read] = {}
    for dates in (False, True):
        places = [place for place in texts if (table.columns[place[2]].type == "date") == dates]
        # One line of cells each with a unit of its own: what decides holds for all of them, wherever they are.
        line = [texts[place] for place in places]

        def name(_row: int, column: int, places: Sequence[_Place] = places) -> str:
            return f"{row_name(places[column])}, {table.columns[places[column][2]].label}"

        readings: Sequence[_Read]
        if dates:
            readings = read_dates([line], number_format, place=name)[0]
        else:
            units = [table.columns[place[2]].unit or "" for place in places]
            readings = read_block([line], number_format, units=units, arithmetic=len(texts) == 1, place=name)[0]
        found |= dict(zip(places, readings, strict=True))
    return found


def _is_shown_well(text: str, column: Field, value: Any, number_format: NumberFormat) -> bool:
    """Say whether a text may stay in its cell: as the session writes it, or its plain digits.

    A grid that starts again loses the place of the cursor, which whoever types a column of figures must keep.
    """
    plain = rf"-?\d+(?:{re.escape(number_format.decimal)}\d+)?"
    return text == cell_text(column, value, number_format) or (
        column.type != "date" and bool(re.fullmatch(plain, text))
    )


def _read_alone(column: Field, cell: str, number_format: NumberFormat) -> _Read:
    if column.type == "date":
        return read_dates([[cell]], number_format)[0][0]
    return read_block([[cell]], number_format, units=[column.unit or ""], arithmetic=True)[0][0]
