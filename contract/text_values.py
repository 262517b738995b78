"""Values as text and back: in links, in CSV cells, in what people paste.

Chosen: numbers with a full stop, as JSON writes them; a spreadsheet's thousands separators and percent signs are
understood when pasted, never written. What does not fit becomes a problem and is never replaced by a default.
Left out: ranges and grids, which `contract.inputs` checks.
"""

import csv
import io
import json
import math
import re
from dataclasses import dataclass
from typing import Any

from contract.errors import TextError
from contract.fields import Field, is_whole
from contract.problems import Problem

TRUE = frozenset({"true", "1", "yes", "on"})
FALSE = frozenset({"false", "0", "no", "off"})
THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?")


def format_value(field: Field, value: Any) -> str:
    """Return `value` as it stands in a link; `from_text` reads it back unchanged."""
    if field.type in {"text", "date"}:
        return str(value)
    if field.type == "select" and isinstance(value, str):
        return value
    if field.type == "boolean":
        return "true" if value else "false"
    if field.type in {"number", "integer"}:
        return _format_number(value)
    if field.type == "range":
        return ",".join(_format_number(v) for v in value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def parse_value(field: Field, text: str) -> Any:
    """Return the value written as `text`, checked for its type only.

    Raises:
        TextError: the text does not hold a value of the field's type.
    """
    stripped = text.strip()
    match field.type:
        case "number" | "integer":
            return _parse_number(field, stripped)
        case "range":
            parts = stripped.strip("[]").split(",")
            if len(parts) != 2:
                raise TextError("two numbers with a comma between them")
            return [_parse_number(field, p.strip()) for p in parts]
        case "boolean":
            if stripped.lower() in TRUE | FALSE:
                return stripped.lower() in TRUE
            raise TextError("true or false")
        case "select":
            return _parse_option(field, stripped)
        case "multiselect":
            return [_parse_option(field, part) for part in _parse_list(text)]
        case "table" | "file":
            return _to_json(text)
        case _:
            return text


@dataclass(frozen=True, slots=True)
class ParsedTable:
    """Rows read from CSV: the number of each row's line, what is wrong, and the columns that were given."""

    rows: list[dict[str, Any]]
    numbers: list[int]
    problems: list[Problem]
    given: tuple[str, ...] = ()


def rows_from_csv(table: Field, text: str) -> tuple[list[dict[str, Any]], list[Problem]]:
    """Read rows of `table` from CSV, checked for their types only; `lines_from_csv` says how.

    Returns:
        The rows, with None for empty cells, and one problem for each cell that does not fit.
    """
    found = parse_csv(table, text)
    return found.rows, found.problems


def parse_csv(table: Field, text: str) -> ParsedTable:
    """Read rows of `table` from CSV, or from cells pasted out of a spreadsheet (tabs).

    The first line names the columns by key or by label, in any order; where it names none of them,
    has as many cells as the table has columns and reads as a row of them, it is taken as data.
    """
    lines = [(number, line) for number, line in _read_records(text) if any(cell.strip() for cell in line)]
    if not lines:
        return ParsedTable([], [], [])
    names = {**{c.title.lower(): k for k, c in table.columns.items()}}
    names |= {c.label.lower(): k for k, c in table.columns.items()}
    names |= {k.lower(): k for k in table.columns}
    top, first = lines[0]
    head = [names.get(cell.strip().lower()) for cell in first]
    if not any(head) and len(first) == len(table.columns) and _reads_as_row(table, first):
        head, body, problems = list(table.columns), lines, []
    elif not any(head):
        found = f"it has {len(first)} cells and names no column of the table"
        hint = f"Start with a line of column names: {', '.join(table.columns)}."
        return ParsedTable([], [], [Problem(f"line {top}", found, hint)])
    else:
        body, problems = lines[1:], _head_problems(table, top, first, head)
    rows: list[dict[str, Any]] = []
    for number, line in body:
        row: dict[str, Any] = dict.fromkeys(table.columns)
        for cell, key in zip(line, head, strict=False):
            if key is None or not cell.strip():
                continue
            try:
                row[key] = parse_value(table.columns[key], cell)
            except TextError as error:
                found = f"{cell.strip()!r} is not {error}"
                problems.append(Problem(cell_label(number, table.columns[key]), found, f"Give {error}."))
        spare = [cell.strip() for cell in line[len(head) :] if cell.strip()]
        if spare:
            found = f"{spare[0]!r} stands beyond the last column"
            problems.append(Problem(f"line {number}", found, f"Give {len(head)} cells, one for each column."))
        rows.append(row)
    return ParsedTable(rows, [number for number, _ in body], problems, tuple(k for k in head if k))


def cell_label(line: int, column: Field) -> str:
    """Return the words for a cell of a text."""
    return f"line {line}, column {column.label!r}"


def _head_problems(table: Field, number: int, cells: list[str], head: list[str | None]) -> list[Problem]:
    where, problems = f"line {number}", []
    for cell, key in zip(cells, head, strict=True):
        if key is None and cell.strip():
            found = f"the table has no column {cell.strip()!r}"
            problems.append(Problem(where, found, f"Use {', '.join(table.columns)}."))
    for key, column in table.columns.items():
        if head.count(key) > 1:
            problems.append(Problem(where, f"the column {column.label!r} stands twice", "Give it once."))
        if column.required and key not in head:
            found = f"the column {column.label!r} is missing"
            problems.append(Problem(where, found, f"Add a column headed {key}."))
    return problems


def _reads_as_row(table: Field, cells: list[str]) -> bool:
    """Say whether a first line without a known name is a row: one of its cells reads as the number it should be."""
    typed = [(c, t) for c, t in zip(cells, table.columns.values(), strict=True) if t.type not in {"text", "select"}]
    if not typed:
        return True

    def fits(cell: str, column: Field) -> bool:
        try:
            parse_value(column, cell)
        except TextError:
            return False
        return bool(cell.strip()) and (column.type != "date" or bool(re.match(r"\d", cell.strip())))

    return any(fits(*pair) for pair in typed)


def _read_records(text: str) -> list[tuple[int, list[str]]]:
    """Return each record with the number of the line it starts on."""
    sample = text[:10_000]
    first = sample.split("\n", 1)[0]
    delimiter = max("\t;,", key=first.count)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    found, start = [], 1
    for line in reader:
        found.append((start, list(line)))
        start = reader.line_num + 1
    return found


def _format_number(value: Any) -> str:
    return str(int(value)) if isinstance(value, int) else repr(float(value))


def _parse_number(field: Field, text: str) -> Any:
    plain = text.replace("\u00a0", "").replace(" ", "").replace("'", "")
    if THOUSANDS.fullmatch(plain):
        plain = plain.replace(",", "")
    if field.unit == "%":
        plain = plain.removesuffix("%")
    words = "a whole number" if field.whole else "a number"
    try:
        value = float(plain)
    except ValueError:
        raise TextError(words) from None
    if not math.isfinite(value):
        raise TextError("a finite number")
    if field.whole and is_whole(value):
        return int(plain) if re.fullmatch(r"[+-]?\d+", plain) else int(value)
    if field.type == "integer":
        raise TextError(words)
    return value


def _parse_option(field: Field, item: Any) -> Any:
    for option in field.options:
        if option.value == item or (isinstance(item, str) and to_option_text(option.value) == item):
            return option.value
    for option in field.options:
        if option.label == item:
            return option.value
    raise TextError("one of " + ", ".join(to_option_text(o.value) for o in field.options))


def to_option_text(value: Any) -> str:
    """Return an option's value as text: text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def _parse_list(text: str) -> list[Any]:
    if text.strip().startswith("["):
        value = _to_json(text)
        if not isinstance(value, list):
            raise TextError("a list")
        return value
    return [part.strip() for part in text.split(",") if part.strip()]


def _to_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise TextError("JSON") from None
