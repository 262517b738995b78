"""Columns of a table or series as lines of CSV.

Chosen: RFC 4180 in UTF-8, each cell under its own label with its unit, numbers in full precision; a text that a
spreadsheet would run as a formula gets an apostrophe before it, a number never does. The Excel form has a byte order
mark, and the decimal mark and cell separator of the format that it is written for.
Left out: reading CSV, which is `contract.table_rows`, and where the columns come from.
"""

import csv
import io
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

from contract.number_format import NumberFormat
from contract.result import Column, Series, Table

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
ROWS_A_CHUNK = 5_000
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
EXCEL_FORMAT = NumberFormat(language="de", decimal=",", group=".")


def write_csv(
    columns: Sequence[Column],
    batches: Iterable[Mapping[str, Sequence[Any]]],
    *,
    excel: bool = False,
    number_format: NumberFormat = EXCEL_FORMAT,
) -> Iterator[bytes]:
    """Yield the head line, then the rows in chunks, each of whole lines.

    Args:
        columns: what to write, in order; cells are found by key, never by position.
        batches: rows in column form; a key that a batch lacks, or a short column, gives empty cells.
        excel: for a spreadsheet set to `number_format`: byte order mark, its decimal mark and what it expects between
            cells. Otherwise RFC 4180, with decimal points.
        number_format: most European languages' where it is left out.
    """
    head = [_escape_formula(column.title) for column in columns]
    spreadsheet = number_format if excel else None
    yield (BYTE_ORDER_MARK if excel else b"") + _write_rows([head], spreadsheet)
    for batch in batches:
        height = max((len(batch[c.key]) for c in columns if c.key in batch), default=0)
        for start in range(0, height, ROWS_A_CHUNK):
            stop = min(start + ROWS_A_CHUNK, height)
            cells = [_format_cells(batch.get(c.key, ()), start, stop, spreadsheet) for c in columns]
            yield _write_rows(zip(*cells, strict=True), spreadsheet)


def pivot(series: Sequence[Series], form: Literal["wide", "long"] = "wide") -> Table:
    """Return the points of `series` as one table.

    Args:
        series: with all their points; parts stored apart have been read before.
        form: `wide` has one line an x, joined over the series (the n-th point at an x meets the other series'
            n-th point there); `long` has one line a point, with the name of its series.
    """
    return _pivot_long(series) if form == "long" else _pivot_wide(series)


def _pivot_wide(series: Sequence[Series]) -> Table:
    axis = next((s.axis for s in series if s.axis), None)
    columns, data = [Column("x", axis or "x")], dict[str, list[Any]]()
    places = [_numbered_keys(s.x) for s in series]
    keys = list(dict.fromkeys(key for place in places for key in place))
    if any(place != keys for place in places) and _is_sortable([x for x, _ in keys]):
        keys.sort()
    row = {key: i for i, key in enumerate(keys)}
    data["x"] = [x for x, _ in keys]
    for number, (one, place) in enumerate(zip(series, places, strict=True), 1):
        for part, values, ending in _series_columns(one):
            cells: list[Any] = [None] * len(keys)
            for key, value in zip(place, values, strict=True):
                cells[row[key]] = value
            name = f"{number}.{part}"
            columns.append(Column(name, one.name + ending, one.unit))
            data[name] = cells
    return Table("Series", tuple(columns), data, len(keys))


def _pivot_long(series: Sequence[Series]) -> Table:
    parts = [p for p in ("y", "lower", "upper") if any(p == q for s in series for q, _, _ in _series_columns(s))]
    axis = next((s.axis for s in series if s.axis), None)
    columns = [Column("series", "series"), Column("x", axis or "x"), *(Column(p, p) for p in parts)]
    if any(s.unit for s in series):
        columns.append(Column("unit", "unit"))
    data: dict[str, list[Any]] = {c.key: [] for c in columns}
    for one in series:
        height = len(one.x)
        given = {part: values for part, values, _ in _series_columns(one)}
        data["series"] += [one.name] * height
        data["x"] += one.x
        for part in parts:
            data[part] += given.get(part, [None] * height)
        if "unit" in data:
            data["unit"] += [one.unit] * height
    return Table("Series", tuple(columns), data, len(data["x"]))


def _series_columns(series: Series) -> list[tuple[str, Sequence[Any], str]]:
    """Return what a series holds beside x: part, values, and what its name ends with."""
    found: list[tuple[str, Sequence[Any], str]] = []
    banded = series.lower is not None and series.upper is not None
    if not banded or any(v is not None for v in series.y):
        found.append(("y", series.y, ""))
    if series.lower is not None:
        found.append(("lower", series.lower, ", lower"))
    if series.upper is not None:
        found.append(("upper", series.upper, ", upper"))
    return found


def _numbered_keys(values: Sequence[Any]) -> list[tuple[Any, int]]:
    seen: dict[Any, int] = {}
    places = []
    for value in values:
        key = value if isinstance(value, str | int | float | bool) or value is None else json.dumps(value, default=str)
        count = seen[key] = seen.get(key, -1) + 1
        places.append((key, count))
    return places


def _is_sortable(values: Sequence[Any]) -> bool:
    return all(isinstance(v, int | float) for v in values) or all(isinstance(v, str) for v in values)


def _format_cells(values: Sequence[Any], start: int, stop: int, spreadsheet: NumberFormat | None) -> list[Any]:
    """Return one column's cells as the csv writer takes them, filled up to `stop`."""
    part = values[start:stop]
    found: list[Any] = part.tolist() if hasattr(part, "tolist") else list(part)
    kinds = set(map(type, found))
    if kinds <= {int, type(None)}:
        cells = found
    elif (
        kinds <= {int, float, type(None)}
        and spreadsheet is None
        and all(math.isfinite(v) for v in found if v is not None)
    ):
        cells = found  # the writer puts repr(float), which reads back as the same number
    else:
        cells = [_format_cell(v, spreadsheet) for v in found]
    return cells + [None] * (stop - start - len(cells))


def _format_cell(value: Any, spreadsheet: NumberFormat | None) -> Any:
    if value is None or isinstance(value, str):
        return None if value is None else _escape_formula(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        written = repr(float(value))
        return written.replace(".", ",") if spreadsheet and spreadsheet.decimal == "," else written
    if isinstance(value, Mapping | list | tuple):
        return _escape_formula(json.dumps(value, ensure_ascii=False, default=str))
    return _escape_formula(str(value.isoformat() if hasattr(value, "isoformat") else value))


def restore_formula(text: str) -> str:
    """Return the text that a cell holds once the apostrophe before a formula is taken away again."""
    return text[1:] if text.startswith("'") and _runs_as_formula(text) else text


def _escape_formula(value: str) -> str:
    return f"'{value}" if _runs_as_formula(value) else value


def _runs_as_formula(value: str) -> bool:
    # A text that has the apostrophe already gets another, or it would lose its own when it is read again.
    return value.lstrip("'").startswith(FORMULA_STARTS)


def _write_rows(rows: Iterable[Sequence[Any]], spreadsheet: NumberFormat | None) -> bytes:
    buffer = io.StringIO(newline="")
    separator = spreadsheet.cell_separator if spreadsheet else ","
    csv.writer(buffer, delimiter=separator, lineterminator="\r\n").writerows(rows)
    return buffer.getvalue().encode("utf-8", "replace")


def plain_name(text: str, otherwise: str) -> str:
    """Return a text as part of a file's name: small letters, figures and hyphens; `otherwise` where none is left."""
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-").lower() or otherwise
