"""Inputs of runs as sheets of a workbook: a sheet with a row for each run, and one for each table and triangle.

Chosen: what is written is read back equal, and stays easy to edit. Numbers, dates and yes or no are cells of that kind,
choices and texts are texts. A table or a triangle has a sheet of its own, named in the run's cell as `sheet: NAME`;
lists and files are JSON. A text that a cell would change, such as one with a space at its end, stands in quotation
marks as JSON writes it, `null` is an input that is not given, and what is too long for a cell is cut over the rows of a
sheet.
Left out: reading, which is `contract.input_workbook`, and the workbook itself, which is `engine.export`.
"""

import datetime as dt
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contract.fields import Field, is_number
from contract.triangle import has_shape

INPUTS = "Inputs"  # the sheet with a row for each run
REFERENCE = "sheet: "
NULL = "null"
PIECES = "JSON in pieces"  # the first cell of a sheet with a value that is too long for a cell
ORIGIN, MEASURE = "Origin", "Measure"
CUMULATIVE, ORIGIN_GRAIN, DEVELOPMENT_GRAIN = "Cumulative", "Origin period", "Development period"
LONGEST_CELL = 32_767  # characters that a cell of Excel takes
PIECE = 30_000
MOST_SHEETS = 200  # of tables and triangles; further ones are JSON
EARLIEST = dt.date(1900, 3, 1)  # from which on Excel counts days as the calendar does
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
# What a cell, or a reader of its XML, would change: controls, line ends, escapes, halves of a surrogate pair.
_CHANGED = re.compile(r"[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|_x[0-9A-Fa-f]{4}_")


@dataclass(frozen=True, slots=True)
class InputSheet:
    """A sheet beside the inputs, with a table, a triangle or a long value."""

    name: str
    rows: list[list[Any]]


def write_inputs(
    fields: Mapping[str, Field], runs: Sequence[Mapping[str, Any]], reserve: Callable[[str], str]
) -> tuple[list[list[Any]], list[InputSheet]]:
    """Return the rows of the sheet of inputs, the first with the keys, and the sheets that it refers to.

    Args:
        fields: of the runs' version, in the form's order; inputs of others follow.
        runs: their inputs, as stored.
        reserve: returns the name of a sheet that is to be called so.
    """
    writer = _Writer(fields, reserve)
    keys = list(fields) + list(dict.fromkeys(key for inputs in runs for key in inputs if key not in fields))
    rows = [[plain_text(key) for key in keys]]
    rows += [[writer.cell(key, inputs.get(key)) for key in keys] for inputs in runs]
    return rows, writer.sheets


def plain_text(text: str) -> str:
    """Return a text as a cell holds it: as it is, or as JSON in quotation marks where the cell would change it."""
    kept = text and text == text.strip() and not _CHANGED.search(text)
    if kept and text != NULL and not text.startswith(('"', REFERENCE)):
        return text
    return json.dumps(text)


def column_heads(columns: Mapping[str, Field]) -> list[str]:
    """Return the heads of a table's columns: labels, or keys where a label would name another column."""
    labels = [column.label.casefold() for column in columns.values()]
    keys = {key.casefold() for key in columns}
    return [
        plain_text(column.label)
        if labels.count(column.label.casefold()) == 1 and column.label.casefold() not in keys - {key.casefold()}
        else plain_text(key)
        for key, column in columns.items()
    ]


class _Writer:
    """Writes values as cells, and equal tables once."""

    def __init__(self, fields: Mapping[str, Field], reserve: Callable[[str], str]) -> None:
        self.fields, self.reserve = fields, reserve
        self.sheets: list[InputSheet] = []
        self._known: dict[tuple[str, str], str] = {}

    def cell(self, key: str, value: Any) -> Any:
        """Return an input's value as the cell of its run."""
        field = self.fields.get(key)
        if value is None:
            return NULL
        if isinstance(value, bool | int | float):
            return value
        if isinstance(value, str):
            written = scalar_cell(field, value)
            long = isinstance(written, str) and len(written) > LONGEST_CELL
            return self._pieces(key, value) if long else written
        if field is not None and len(self.sheets) < MOST_SHEETS:
            if field.type == "table" and _are_rows(value, field):
                return self._refer(key, value, lambda: _table_rows(value, field))
            if field.type == "triangle" and has_shape(value):
                return self._refer(key, value, lambda: _triangle_rows(value, field))
        text = json.dumps(value, ensure_ascii=True)
        return text if len(text) <= LONGEST_CELL else self._pieces(key, value)

    def _pieces(self, key: str, value: Any) -> str:
        text = json.dumps(value)
        cuts = [text[i : i + PIECE] for i in range(0, len(text), PIECE)]
        # A piece may end in a space, which a text of a cell keeps only where it stands between others.
        return self._refer(key, value, lambda: [[PIECES], *([f"|{cut}|"] for cut in cuts)])

    def _refer(self, key: str, value: Any, rows: Callable[[], list[list[Any]]]) -> str:
        known = (key, json.dumps(value))
        if known not in self._known:
            label = self.fields[key].label if key in self.fields else key
            name = self.reserve(f"Input {label}")
            self.sheets.append(InputSheet(name, rows()))
            self._known[known] = f"{REFERENCE}{name}"
        return self._known[known]


def scalar_cell(field: Field | None, value: Any) -> Any:
    """Return a single value as a cell: a date as a day, a text as it is or in quotation marks."""
    if not isinstance(value, str):
        return value
    if field is not None and field.type == "date" and _DAY.fullmatch(value):
        day = dt.date.fromisoformat(value)
        return day if day >= EARLIEST else value
    return plain_text(value)


def _are_rows(value: Any, field: Field) -> bool:
    return isinstance(value, list) and all(
        isinstance(row, Mapping)
        and set(row) <= set(field.columns)
        and all(cell is None or isinstance(cell, bool | int | float | str) for cell in row.values())
        and all(len(cell) <= LONGEST_CELL // 6 for cell in row.values() if isinstance(cell, str))
        for row in value
    )


def _table_rows(value: Sequence[Mapping[str, Any]], field: Field) -> list[list[Any]]:
    rows: list[list[Any]] = [column_heads(field.columns)]
    for row in value:
        cells = [scalar_cell(column, row.get(key)) for key, column in field.columns.items()]
        rows.append(cells if any(cell is not None for cell in cells) else [NULL, *cells[1:]])
    return rows


def _triangle_rows(value: Mapping[str, Any], field: Field) -> list[list[Any]]:
    """Return a row for each measure and origin, then the settings, a row each after an empty one."""
    rows: list[list[Any]] = [[MEASURE, ORIGIN, *value["developments"]]]
    for key, matrix in value["measures"].items():
        declared = field.measures.get(key)
        unique = declared is not None and [m.label for m in field.measures.values()].count(declared.label) == 1
        name = declared.label if unique and declared is not None else key
        for origin, line in zip(value["origins"], matrix, strict=True):
            rows.append([plain_text(name), plain_text(origin), *(c if is_number(c) else None for c in line)])
    rows += [[], [CUMULATIVE, value["cumulative"]]]
    rows += [[ORIGIN_GRAIN, value["grain"]["origin"]], [DEVELOPMENT_GRAIN, value["grain"]["development"]]]
    return rows
