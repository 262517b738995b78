"""Inputs of runs read out of a workbook whose sheet *Inputs* has a row for each run (`contract.input_sheets`).

Chosen: what an export wrote is read back equal; what a person changed is read as a pasted table is, by the session's
number format, by labels of choices, with percent signs and units. Whatever does not fit is a problem with its sheet and
cell, all of them at once.
Left out: workbooks without such a sheet, which are tables (`contract.table_file`), and rules over several inputs.
"""

import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from openpyxl.utils import get_column_letter

from contract import inputs
from contract.clean_text import quote
from contract.errors import TextError, UnreadableError
from contract.fields import SCALARS, Field, is_number, is_whole
from contract.input_sheets import (
    CUMULATIVE,
    DEVELOPMENT_GRAIN,
    INPUTS,
    NULL,
    ORIGIN_GRAIN,
    PIECES,
    REFERENCE,
)
from contract.manifest import Manifest
from contract.number_format import NumberFormat
from contract.problems import Problem
from contract.table_file import Cell, CellTable, WorkbookSheets, is_workbook
from contract.table_rows import cell_label, column_names, is_empty, parse_table
from contract.text_values import parse_value

Records = list[tuple[int, list[Cell]]]
_KEY = re.compile(r"inputs\.(\w+)")
_MISSING = object()


@dataclass(frozen=True, slots=True)
class InputRows:
    """Inputs run by run, what is wrong, and how open texts were read.

    An input that is None is not given, one that is not there was an empty cell. `lines` are the rows of the sheet.
    """

    rows: list[dict[str, Any]]
    lines: list[int]
    problems: list[Problem]
    notes: list[str] = field(default_factory=list)


def has_inputs_sheet(content: bytes) -> bool:
    """Say whether a file is a workbook with a sheet *Inputs*; a damaged one has none."""
    if not is_workbook(content):
        return False
    try:
        with WorkbookSheets(content) as book:
            return _find_name(book, INPUTS) is not None
    except UnreadableError:
        return False


def read_input_workbook(manifest: Manifest, content: bytes, number_format: NumberFormat) -> InputRows:
    """Return the inputs of each run in the sheet *Inputs*, checked input by input.

    Args:
        manifest: of the version that the inputs are for; keys, labels and former keys may head a column.
        content: the workbook.
        number_format: the session's.
    """
    try:
        with WorkbookSheets(content) as book:
            name = _find_name(book, INPUTS)
            if name is not None:
                return _Reader(manifest, book, number_format, name).read()
            missing = Problem("the file", f"the workbook has no sheet {INPUTS!r}", "Give one that was exported.")
    except UnreadableError as error:
        missing = Problem("the file", error.found, error.remedy)
    return InputRows([], [], [missing])


class _Reader:
    """Reads the sheet of inputs and the sheets that its cells name."""

    def __init__(self, manifest: Manifest, book: WorkbookSheets, number_format: NumberFormat, sheet: str) -> None:
        self.manifest, self.book, self.number_format, self.sheet = manifest, book, number_format, sheet
        self.problems: list[Problem] = []
        self.notes: list[str] = []
        self._values: dict[tuple[str, str], Any] = {}
        # Where the rows of a table are: sheet, lines, and the letters of its columns.
        self._tables: dict[tuple[str, str], tuple[str, list[int], dict[str, str]]] = {}
        self._sheets_of: dict[tuple[str, int], str] = {}  # by input and line

    def read(self) -> InputRows:
        """Return the rows with everything that is wrong."""
        records = self.book.read(self.sheet)
        if not records:
            raise UnreadableError("the sheet of inputs is empty", "Give a row of input names and a row for each run.")
        line, first = records[0]
        heads = self._heads(line, first)
        body = records[1:]
        if not body and not self.problems:
            self._refuse(_place(self.sheet, line, 0), "there is no run below the names", "Give a row for each run.")
        if not any(heads):
            return InputRows([], [], self.problems)
        scalars = {key: f for key, f in self.manifest.inputs.items() if f.type in SCALARS}
        body = [(number, self._resolved(heads, number, cells)) for number, cells in body]
        rows = self._scalars(scalars, heads, body, self.sheet)
        for row, (number, cells) in zip(rows, body, strict=True):
            for place, key in enumerate(heads):
                if key is not None and key not in scalars and place < len(cells):
                    value = self._composite(self.manifest.inputs[key], cells[place], self.sheet, number, place)
                    if value is not _MISSING:
                        row[key] = value
            for place, cell in enumerate(cells):
                if not is_empty(cell) and (place >= len(first) or is_empty(first[place])):
                    self._refuse(_place(self.sheet, number, place), "no input is named above it", "Name its input.")
        self._check(rows, heads, body)
        # The order in which a person corrects them, each place once.
        problems = list({p.where: p for p in reversed(self.problems)}.values())
        return InputRows(rows, [number for number, _ in body], problems[::-1], self.notes)

    def _heads(self, line: int, first: Sequence[Cell]) -> list[str | None]:
        names = column_names(Field("", "table", "", columns=self.manifest.inputs))
        for own, declared in self.manifest.inputs.items():
            for former in declared.former_keys:
                names.setdefault(former.casefold(), own)
        heads: list[str | None] = []
        for place, cell in enumerate(first):
            text = _plain(cell)
            key: str | None = None if text is None else names.get(str(text).strip().casefold())
            where = _place(self.sheet, line, place)
            if key is not None and key in heads:
                self._refuse(where, f"{quote(str(text))} is named twice", "Give each input one column.")
                key = None
            elif key is None and not is_empty(cell):
                hint = f"Remove the column, or use {', '.join(list(self.manifest.inputs)[:12])}."
                self._refuse(where, f"the model has no input {quote(str(text).strip())}", hint)
            heads.append(key)
        return heads

    def _resolved(self, heads: Sequence[str | None], line: int, cells: Sequence[Cell]) -> list[Cell]:
        """Return the cells with long texts in place of what refers to their sheet."""
        found = list(cells)
        for place, key in enumerate(heads[: len(cells)]):
            cell = cells[place]
            if key is not None and self.manifest.inputs[key].type == "text" and _reference(cell) is not None:
                value = self._sheet_value(self.manifest.inputs[key], str(cell), self.sheet, line, place)
                found[place] = json.dumps(value) if isinstance(value, str) else None
        return found

    def _scalars(
        self, columns: Mapping[str, Field], heads: Sequence[str | None], body: Records, sheet: str
    ) -> list[dict[str, Any]]:
        """Return the single values of each row; an empty cell is left out."""
        rows: list[dict[str, Any]] = [{} for _ in body]
        rest: Records = []
        for row, (line, cells) in zip(rows, body, strict=True):
            left: list[Cell] = [None] * len(heads)
            for place, key in enumerate(heads[: len(cells)]):
                if key is None or key not in columns or cells[place] is None:
                    continue
                value = _exact(columns[key], cells[place])
                if value is _MISSING:
                    left[place] = cells[place]
                else:
                    row[key] = value
            rest.append((line, left))
        kept = {key: replace(c, required=False) for key, c in columns.items() if key in heads}
        if not kept:
            return rows
        names: list[Cell] = [key if key in kept else None for key in heads]
        table = Field("inputs", "table", "Inputs", columns=kept)
        read = parse_table(table, CellTable([(0, names), *rest]), self.number_format)
        letters = {key: place for place, key in enumerate(heads) if key is not None}
        places = {
            cell_label(line, column): _place(sheet, line, letters[key])
            for line, _ in body
            for key, column in kept.items()
        }
        self.problems += [replace(p, where=places.get(p.where, f"sheet {sheet!r}, {p.where}")) for p in read.problems]
        self.notes += read.notes
        for row, parsed in zip(rows, read.rows, strict=True):
            row |= {key: value for key, value in parsed.items() if value is not None}
        return rows

    def _composite(self, declared: Field, cell: Cell, sheet: str, line: int, place: int) -> Any:
        """Return a list, a table, a triangle or a file; `_MISSING` for an empty cell and one that does not fit."""
        if is_empty(cell):
            return _MISSING
        if cell == NULL:
            return None
        if _reference(cell) is not None:
            return self._sheet_value(declared, str(cell), sheet, line, place)
        text = format(cell, ".15g") if is_number(cell) else str(cell).strip()
        try:
            if text.startswith(("[", "{")) and declared.type != "range":
                return json.loads(text)
            return parse_value(declared, text)
        except TextError as error:
            self._refuse(_place(sheet, line, place), f"{quote(text)} is not {error}", f"Give {error}.")
        except ValueError:
            found = f"{quote(text)} is not JSON"
            self._refuse(_place(sheet, line, place), found, "Write it as the export does.")
        return _MISSING

    def _sheet_value(self, declared: Field, cell: str, sheet: str, line: int, place: int) -> Any:
        reference = cell.removeprefix(REFERENCE)
        name = _find_name(self.book, reference)
        if name is None:
            found = f"there is no sheet {quote(reference)}"
            self._refuse(_place(sheet, line, place), found, "Name one of the workbook's sheets.")
            return _MISSING
        known = (declared.key, name)
        if known not in self._values:
            self._values[known] = self._read_value(declared, name)
        self._sheets_of[declared.key, line] = name
        return self._values[known]

    def _read_value(self, declared: Field, name: str) -> Any:
        records = self.book.read(name)
        if records and records[0][1][:1] == [PIECES]:
            pieces = [str(cells[0]) for _, cells in records[1:] if cells and cells[0] is not None]
            try:
                return json.loads("".join(p.removeprefix("|").removesuffix("|") for p in pieces))
            except ValueError:
                self._refuse(f"sheet {name!r}", "its pieces together are not JSON", "Export the run again.")
                return _MISSING
        if declared.type == "table":
            return self._read_table(declared, name, records)
        if declared.type == "triangle":
            return self._read_triangle(declared, name, records)
        self._refuse(f"sheet {name!r}", f"{declared.label} is no table", "Write its value in the cell.")
        return _MISSING

    def _read_table(self, declared: Field, name: str, records: Records) -> Any:
        if not records:
            self._refuse(f"sheet {name!r}", "it is empty", "Give a row of column names.")
            return _MISSING
        names = column_names(declared)
        line, first = records[0]
        heads: list[str | None] = []
        for place, cell in enumerate(first):
            text = _plain(cell)
            key = names.get(str(text).strip().casefold()) if text is not None else None
            if not is_empty(cell) and (key is None or key in heads):
                what = "is named twice" if key else "is no column of the table"
                hint = f"Use {', '.join(declared.columns)}."
                self._refuse(_place(name, line, place), f"{quote(str(text))} {what}", hint)
                key = None
            heads.append(key)
        for key, column in declared.columns.items():
            if column.required and key not in heads:
                found = f"the column {column.label!r} is missing"
                self._refuse(f"sheet {name!r}, row {line}", found, f"Add a column headed {key}.")
        for number, cells in records[1:]:
            for place, cell in enumerate(cells):
                if not is_empty(cell) and (place >= len(heads) or first[place] is None):
                    self._refuse(_place(name, number, place), "it is in no column", "Name its column above.")
        rows = self._scalars(declared.columns, heads, records[1:], name)
        letters = {key: get_column_letter(place + 1) for place, key in enumerate(heads) if key is not None}
        self._tables[declared.key, name] = (name, [number for number, _ in records[1:]], letters)
        return [{key: row.get(key) for key in declared.columns} for row in rows]

    def _read_triangle(self, declared: Field, name: str, records: Records) -> Any:
        problems = len(self.problems)
        if len(records) < 2 or len(records[0][1]) < 3:
            found = "it has no row of measure, origin and developments with amounts below"
            self._refuse(f"sheet {name!r}", found, "Export a run to see the layout.")
            return _MISSING
        top, head = records[0]
        ends = max((i for i, cell in enumerate(head) if not is_empty(cell)), default=0) + 1
        developments = []
        for place, cell in enumerate(head[2:ends], 2):
            number = int(cell) if isinstance(cell, str) and cell.strip().isdigit() else cell
            if not is_whole(number):
                self._refuse(_place(name, top, place), f"{_shown(cell)} is no development", "Give a whole number.")
            developments.append(int(number) if is_whole(number) else 0)  # type: ignore[arg-type]
        settings: dict[str, Cell] = {}
        amounts: dict[str, list[tuple[str, list[Any]]]] = {}
        measures = {m.label.casefold(): k for k, m in declared.measures.items()}
        measures |= {k.casefold(): k for k in declared.measures}
        for line, cells in records[1:]:
            label = str(_plain(cells[0]) if cells[0] is not None else "").strip()
            if label in {CUMULATIVE, ORIGIN_GRAIN, DEVELOPMENT_GRAIN}:
                settings[label] = cells[1] if len(cells) > 1 else None
                continue
            key = measures.get(label.casefold())
            if key is None:
                hint = f"Use {', '.join(declared.measures)}."
                self._refuse(_place(name, line, 0), f"{_shown(cells[0])} is no measure", hint)
                continue
            origin = _plain(cells[1] if len(cells) > 1 else None)
            if origin is None:
                self._refuse(_place(name, line, 1), "the origin is missing", "Name the origin period.")
            amounts.setdefault(key, []).append(
                (str(origin), self._amounts(declared.measures[key], name, line, cells[2:], len(developments)))
            )
        lists = [[origin for origin, _ in lines] for lines in amounts.values()]
        if any(origins != lists[0] for origins in lists):
            self._refuse(f"sheet {name!r}", "its measures have different origins", "Give each measure the same rows.")
        if not amounts:
            self._refuse(f"sheet {name!r}", "it has no amounts", "Give a row for each measure and origin.")
        cumulative = settings.get(CUMULATIVE, True)
        if not isinstance(cumulative, bool):
            self._refuse(f"sheet {name!r}", f"{CUMULATIVE} is {_shown(cumulative)}", "Give TRUE or FALSE.")
        if len(self.problems) > problems:
            return _MISSING
        value: dict[str, Any] = {
            "origins": lists[0],
            "developments": developments,
            "measures": {key: [line for _, line in lines] for key, lines in amounts.items()},
            "cumulative": cumulative,
        }
        grains = {"origin": settings.get(ORIGIN_GRAIN), "development": settings.get(DEVELOPMENT_GRAIN)}
        if all(grains.values()):
            value["grain"] = {key: str(grain) for key, grain in grains.items()}
        return value

    def _amounts(self, measure: Field, name: str, line: int, cells: Sequence[Cell], width: int) -> list[Any]:
        width = 1 if measure.per_origin else width
        for place, cell in enumerate(cells):
            if not is_empty(cell) and (place >= width or not is_number(cell)):
                what = "is beyond the last amount" if place >= width else "is no number"
                self._refuse(
                    _place(name, line, place + 2), f"{_shown(cell)} {what}", "Give an amount or leave it empty."
                )
        found = [float(c) if is_number(c) else None for c in cells[:width]]  # type: ignore[arg-type]
        found = [int(v) if v is not None and is_whole(cells[i]) else v for i, v in enumerate(found)]
        return found + [None] * (width - len(found))

    def _check(self, rows: Sequence[Mapping[str, Any]], heads: Sequence[str | None], body: Records) -> None:
        """Add what is wrong with values that could be read, each at its cell."""
        for row, (line, _) in zip(rows, body, strict=True):
            given = {key: value for key, value in row.items() if value is not None}
            for problem in inputs.find_problems(self.manifest, given, complete=False):
                match = _KEY.match(problem.where)
                if match is None or match[1] not in heads:
                    self._refuse(f"sheet {self.sheet!r}, row {line}: {problem.where}", problem.message, problem.hint)
                    continue
                where = _place(self.sheet, line, heads.index(match[1]))
                table = self._tables.get((match[1], self._sheets_of.get((match[1], line), "")))
                if table is not None and problem.cell is not None:
                    name, lines, letters = table
                    number, key = problem.cell
                    where = f"sheet {name!r}, cell {letters.get(key or '', '')}{lines[number]}"
                    where = where.replace("cell", "row") if key not in letters else where
                elif problem.where != f"inputs.{match[1]}":
                    where = f"{where} ({problem.where.removeprefix('inputs.')})"
                self._refuse(where, problem.message, problem.hint)

    def _refuse(self, where: str, found: str, hint: str) -> None:
        self.problems.append(Problem(where, found, hint))


def _exact(declared: Field, cell: Cell) -> Any:
    """Return a single value that a cell has just as it is, None for `null`; `_MISSING` where it is to be read."""
    if cell == NULL:
        return None
    if declared.type == "boolean":
        return cell if isinstance(cell, bool) else _MISSING
    if declared.type == "text":
        if isinstance(cell, dt.date | bool) or not isinstance(cell, str):
            return _as_text(cell)
        return _plain(cell) if cell else _MISSING
    if declared.type == "select":
        value = _plain(cell)
        same = (o.value for o in declared.options if isinstance(o.value, bool) == isinstance(value, bool))
        return next((own for own in same if own == value), _MISSING)
    return _MISSING


def _as_text(cell: Cell) -> str:
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        return str(cell.date())
    return format(cell, ".15g") if is_number(cell) else str(cell)


def _plain(cell: Cell) -> Any:
    """Return a cell's value, a text in quotation marks without them."""
    if isinstance(cell, str) and len(cell) > 1 and cell.startswith('"') and cell.endswith('"'):
        try:
            return json.loads(cell)
        except ValueError:
            return cell
    return cell


def _reference(cell: Cell) -> str | None:
    return cell.removeprefix(REFERENCE) if isinstance(cell, str) and cell.startswith(REFERENCE) else None


def _find_name(book: WorkbookSheets, wanted: str) -> str | None:
    """Return the name of a sheet as the workbook has it; Excel does not tell capitals apart."""
    return next((name for name in book.names if name.strip().casefold() == wanted.strip().casefold()), None)


def _place(sheet: str, line: int, place: int) -> str:
    return f"sheet {sheet!r}, cell {get_column_letter(place + 1)}{line}"


def _shown(cell: Cell) -> str:
    return "nothing" if is_empty(cell) else quote(str(cell))
