"""Rows of a table field out of cells that somebody pasted or loaded.

Chosen: all cells of numbers are read as one block and all dates as another, so that one 12,5 decides for its
neighbours. What is between the cells decides next: commas leave no room for a decimal comma, and between semicolons a
lone comma is one; the session's format decides last. Every cell that does not fit becomes a problem, none a default.
Left out: splitting a file into cells, which is `contract.table_file`, and ranges, which `contract.inputs` checks.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from contract.clean_text import quote
from contract.csv_export import restore_formula
from contract.date_reader import read_dates
from contract.errors import TextError, UnreadableError
from contract.fields import Field
from contract.number_block import read_block
from contract.number_format import NumberFormat
from contract.number_text import to_number
from contract.problems import Problem
from contract.reading import Reading
from contract.table_file import Cell, CellTable, Share, read_text
from contract.text_values import parse_value
from contract.unit_mark import unit_share

Row = dict[str, Any]
NUMBERS = frozenset({"number", "integer"})
_LONE_COMMA = re.compile(r"\s*-?\d{1,3},\d{3}\s*")
_LONE_POINT = re.compile(r"\s*-?\d{1,3}\.\d{3}\s*")


@dataclass(frozen=True, slots=True)
class ParsedTable:
    """Rows, the number of each row's line, what is wrong, the columns given, and how open texts were read."""

    rows: list[Row]
    numbers: list[int]
    problems: list[Problem]
    given: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)


def rows_from_csv(
    table: Field, text: str, number_format: NumberFormat | None = None
) -> tuple[list[Row], list[Problem]]:
    """Read rows of `table` from CSV, checked for their types only; `parse_table` says how.

    Returns:
        The rows, with None for empty cells, and one problem for each cell that does not fit.
    """
    try:
        cells = read_text(text, column_names(table), len(table.columns))
    except UnreadableError as error:
        return [], [Problem("the text", error.found, error.remedy)]
    found = parse_table(table, cells, number_format or NumberFormat())
    return found.rows, found.problems


def column_names(table: Field) -> dict[str, str]:
    """Return the columns' keys by the names that a first line may have for them, in small letters."""
    names = {c.title.casefold(): k for k, c in table.columns.items()}
    names |= {c.label.casefold(): k for k, c in table.columns.items()}
    return names | {k.casefold(): k for k in table.columns}


def parse_table(table: Field, cells: CellTable, number_format: NumberFormat) -> ParsedTable:
    """Return the rows of `table` in `cells`.

    The first line names the columns by key or by label, in any order; where it names none of them,
    has as many cells as the table has columns and reads as a row of them, it is taken as data.

    Args:
        table: a field of type table.
        cells: what the file or text holds.
        number_format: the session's.
    """
    if not cells.records:
        return ParsedTable([], [], [])
    names = column_names(table)
    top, first = cells.records[0]
    head = [names.get(restore_formula(str(cell)).strip().casefold()) for cell in first]
    if not any(head) and len(first) == len(table.columns) and _reads_as_row(table, first, number_format):
        head, body, problems = list(table.columns), cells.records, []
    elif not any(head):
        found = f"it has {len(first)} cells and names no column of the table"
        hint = f"Start with a line of column names: {', '.join(table.columns)}."
        return ParsedTable([], [], [Problem(f"line {top}", found, hint)])
    else:
        body, problems = cells.records[1:], _head_problems(table, top, first, head)
    rows: list[Row] = [dict.fromkeys(table.columns) for _ in body]
    notes: list[str] = []
    reader = _Reader(table, body, head, rows, problems, notes)
    texts = [c for line in reader.cells(reader.columns(NUMBERS)) for c in line if isinstance(c, str)]
    reader.numbers(file_format(cells.separator, texts, number_format))
    reader.dates(number_format)
    reader.others()
    for number, line in body:
        spare = [cell for cell in line[len(head) :] if not is_empty(cell)]
        if spare:
            found = f"{quote(str(spare[0]).strip())} is beyond the last column"
            problems.append(Problem(f"line {number}", found, f"Give {len(head)} cells, one for each column."))
    return ParsedTable(rows, [number for number, _ in body], problems, tuple(k for k in head if k), notes)


def cell_label(line: int, column: Field) -> str:
    """Return the words for a cell of a text."""
    return f"line {line}, column {column.label!r}"


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the columns of a kind together, into the rows, the problems and the notes."""

    table: Field
    body: Sequence[tuple[int, list[Cell]]]
    head: Sequence[str | None]
    rows: list[Row]
    problems: list[Problem]
    notes: list[str]

    def columns(self, kinds: frozenset[str]) -> list[tuple[int, Field]]:
        return [
            (i, self.table.columns[k]) for i, k in enumerate(self.head) if k and self.table.columns[k].type in kinds
        ]

    def cells(self, columns: Sequence[tuple[int, Field]]) -> list[list[Cell]]:
        return [[line[i] if i < len(line) else None for i, _ in columns] for _, line in self.body]

    def numbers(self, number_format: NumberFormat) -> None:
        columns = self.columns(NUMBERS)
        block: list[list[Any]] = []
        for row, line in enumerate(self.cells(columns)):
            block.append([self._plain(cell, row, column) for cell, (_, column) in zip(line, columns, strict=True)])
        units = [column.unit or "" for _, column in columns]
        self._store(columns, read_block(block, number_format, units=units, place=self._place(columns)))

    def dates(self, number_format: NumberFormat) -> None:
        columns = self.columns(frozenset({"date"}))
        block: list[list[str | dt.date | None]] = [
            [cell if cell is None or isinstance(cell, str | dt.date) else format(cell, ".15g") for cell in line]
            for line in self.cells(columns)
        ]
        self._store(columns, read_dates(block, number_format, place=self._place(columns)))

    def others(self) -> None:
        for i, column in self.columns(frozenset({"boolean", "select", "text"})):
            for (number, line), row in zip(self.body, self.rows, strict=True):
                cell = line[i] if i < len(line) else None
                if is_empty(cell):
                    continue
                text = str(cell).lower() if isinstance(cell, bool) else restore_formula(str(cell))
                try:
                    row[column.key] = parse_value(column, text)
                except TextError as error:
                    found = f"{quote(text.strip())} is not {error}"
                    self.problems.append(Problem(cell_label(number, column), found, f"Give {error}."))

    def _plain(self, cell: Cell, row: int, column: Field) -> str | float | None:
        """Return a cell as the block reader takes it; what cannot be one is a problem."""
        try:
            return plain_number(cell, column)
        except UnreadableError as error:
            self._refuse(row, column, error.found, error.remedy)
            return None

    def _refuse(self, row: int, column: Field, found: str, hint: str) -> None:
        self.problems.append(Problem(cell_label(self.body[row][0], column), found, hint))

    def _place(self, columns: Sequence[tuple[int, Field]]) -> Callable[[int, int], str]:
        return lambda row, column: cell_label(self.body[row][0], columns[column][1])

    def _store(
        self, columns: Sequence[tuple[int, Field]], block: Sequence[Sequence[Reading[Any] | Problem | None]]
    ) -> None:
        for row, line in zip(self.rows, block, strict=True):
            for found, (_, column) in zip(line, columns, strict=True):
                if isinstance(found, Problem):
                    self.problems.append(found)
                elif found is not None:
                    row[column.key] = whole_or_float(column, found.value)
                    if found.note:
                        self.notes.append(found.note)


def plain_number(cell: Cell, column: Field) -> str | float | None:
    """Return a cell as the block reader takes it; what a workbook says beyond a number is settled here.

    Raises:
        UnreadableError: it is a share that does not fit the unit, or a date.
    """
    if isinstance(cell, Share):
        share = unit_share(column.unit or "")
        if share is None:
            found = f"{float(cell) * 100:.10g} % does not fit the unit {column.unit}"
            raise UnreadableError(found, f"Give the number alone, in {column.unit}.")
        return to_number(Decimal(repr(float(cell))) / share, str(cell))
    if isinstance(cell, dt.date):
        day = cell.date() if isinstance(cell, dt.datetime) and cell.time() == dt.time() else cell
        raise UnreadableError(f"{day} is a date", "Give a number, in a cell with a number format.")
    return cell


def whole_or_float(column: Field, value: Any) -> Any:
    """Return a number as a form holds it: an int for a whole figure of a field of whole numbers, else a float."""
    if column.type not in NUMBERS:
        return value
    if column.whole:
        return int(value) if float(value).is_integer() else value
    return float(value)


def file_format(separator: str, texts: Iterable[str], number_format: NumberFormat) -> NumberFormat:
    """Return the format that decides about open numbers, given what is between the cells.

    Args:
        separator: between the cells; empty for a workbook.
        texts: the cells that hold numbers.
        number_format: the session's.
    """
    if separator == ",":
        return replace(number_format, decimal=".", group=",")
    if separator == ";" and number_format.decimal != ",":
        listed = list(texts)
        if any(map(_LONE_COMMA.fullmatch, listed)) and not any(map(_LONE_POINT.fullmatch, listed)):
            return replace(number_format, decimal=",", group=".")
    return number_format


def is_empty(cell: Cell) -> bool:
    """Say whether a cell holds nothing."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _head_problems(table: Field, number: int, cells: list[Cell], head: list[str | None]) -> list[Problem]:
    where, problems = f"line {number}", []
    for cell, key in zip(cells, head, strict=True):
        if key is None and not is_empty(cell):
            found = f"the table has no column {quote(str(cell).strip())}"
            problems.append(Problem(where, found, f"Use {', '.join(table.columns)}."))
    for key, column in table.columns.items():
        if head.count(key) > 1:
            problems.append(Problem(where, f"the column {column.label!r} is duplicated", "Give it once."))
        if column.required and key not in head:
            found = f"the column {column.label!r} is missing"
            problems.append(Problem(where, found, f"Add a column headed {key}."))
    return problems


def _reads_as_row(table: Field, cells: list[Cell], number_format: NumberFormat) -> bool:
    """Say whether a first line without a known name is a row: one of its cells reads as the number it should be."""
    typed = [(c, t) for c, t in zip(cells, table.columns.values(), strict=True) if t.type not in {"text", "select"}]
    return not typed or any(_fits(cell, column, number_format) for cell, column in typed)


def _fits(cell: Cell, column: Field, number_format: NumberFormat) -> bool:
    if is_empty(cell):
        return False
    if column.type in NUMBERS:
        if not isinstance(cell, str):
            return isinstance(cell, int | float) and not isinstance(cell, bool)
        return isinstance(read_block([[cell]], number_format, units=[column.unit or ""])[0][0], Reading)
    if column.type == "date":
        # A date with two readings is refused later, and is a date all the same.
        return isinstance(cell, dt.date) or bool(re.match(r"\s*\d", str(cell)))
    try:
        parse_value(column, str(cell).lower())
    except TextError:
        return False
    return True
