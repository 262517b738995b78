"""A run as an Excel workbook: inputs, figures, each table, series and provenance, with numbers that are numbers.

Chosen: openpyxl's write-only mode, which holds one row at a time. A sheet *Inputs* has the inputs' keys in its first
row and a run in each row below, which forms and sweeps read back equal (`contract.input_sheets`). A text is never
written as a formula. Number formats are those of the page.
Left out: charts; the PDF has them.
"""

import datetime as dt
import json
import math
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from charting import number_formats
from contract.actor import Actor
from contract.fields import Field
from contract.input_sheets import INPUTS, InputSheet, write_inputs
from contract.result import Column
from engine.export.ended_run import EndedRun, ExportedFile, NamedRows, iter_tables, read_chunks, read_ended_run
from engine.processes.context import AppContext
from engine.report.provenance import input_rows, provenance_rows

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_ROWS = 1_048_576  # of a sheet
MOST_COLUMNS = 16_384
LONGEST_TEXT = 32_767  # characters of a cell
LONGEST_NAME = 31  # characters of a sheet's name
FROM_GROUPS = 10_000  # from where on whole numbers are written with separators
GENERAL = "General"
BOLD = Font(bold=True)


def run_workbook(context: AppContext, run_id: UUID, *, actor: Actor) -> ExportedFile:
    """Return an ended run as a workbook.

    Raises:
        NotFoundError: there is no such run.
        NotReadyError: it has not ended.
    """
    ended = read_ended_run(context, run_id, actor=actor)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by what reads it
    try:
        _write(context, ended, actor).save(file)
    except BaseException:
        file.close()
        raise
    return ExportedFile(f"{ended.stem}.xlsx", MEDIA_TYPE, read_chunks(file))


def _write(context: AppContext, ended: EndedRun, actor: Actor) -> Workbook:
    book = Book()
    tables = book.add_inputs(ended.manifest.inputs, [ended.run.inputs])
    book.add_sheet("Results", _result_rows(ended), widths=(40, 20, 14))
    book.add_input_tables(tables)
    cuts = []
    for table in iter_tables(context, ended, actor=actor):
        sheet = book.add_sheet(table.name, table_rows(table))
        if table.rows >= MOST_ROWS:
            cuts.append(
                (f"Sheet {sheet}", f"the first {MOST_ROWS - 1:,} of {table.rows:,} rows; CSV and Parquet have all")
            )
    book.add_sheet("Provenance", _provenance_rows(ended, cuts), widths=(24, 60))
    return book.workbook


class Book:
    """A workbook that is written sheet by sheet, each with a name that Excel takes and that is not used yet."""

    def __init__(self) -> None:
        self.workbook = Workbook(write_only=True)
        self.names: set[str] = set()

    def add_inputs(self, fields: Mapping[str, Field], runs: Sequence[Mapping[str, Any]]) -> list[InputSheet]:
        """Write the sheet of inputs, a row for each run, and return the sheets that it refers to."""
        title = self.free_name(INPUTS)
        rows, sheets = write_inputs(fields, runs, self.free_name)
        self._write(title, rows)
        return sheets

    def add_input_tables(self, sheets: Iterable[InputSheet]) -> None:
        """Write the tables, triangles and long values of inputs."""
        for sheet in sheets:
            self._write(sheet.name, sheet.rows)

    def add_sheet(self, name: str, rows: Iterable[Sequence[Any]], widths: Sequence[int] = ()) -> str:
        """Write a sheet, its first row bold and always in sight; return its name."""
        title = self.free_name(name)
        self._write(title, rows, widths)
        return title

    def _write(self, title: str, rows: Iterable[Sequence[Any]], widths: Sequence[int] = ()) -> None:
        sheet = self.workbook.create_sheet(title)
        sheet.freeze_panes = "A2"
        for place, width in enumerate(widths, 1):
            sheet.column_dimensions[get_column_letter(place)].width = width
        for number, row in enumerate(rows):
            if number == MOST_ROWS:
                break
            cells = [_cell(sheet, value) for value in row[:MOST_COLUMNS]]
            if number == 0:
                for cell in cells:
                    cell.font = BOLD
            sheet.append(cells)

    def free_name(self, name: str) -> str:
        """Return a name that Excel takes and no sheet has, and keep it."""
        plain = ILLEGAL_CHARACTERS_RE.sub("", re.sub(r"[\[\]:*?/\\]", " ", name)).strip().strip("'") or "Table"
        plain = "Table" if plain.casefold() == "history" else plain  # Excel keeps that name for itself
        for number in range(1, len(self.names) + 2):
            ending = f" ({number})" if number > 1 else ""
            title = plain[: LONGEST_NAME - len(ending)] + ending
            if title.casefold() not in self.names:
                break
        self.names.add(title.casefold())
        return title


class _Formatted:
    """A value with the number format that it is shown in."""

    def __init__(self, value: Any, number_format: str) -> None:
        self.value, self.number_format = value, number_format


def _cell(sheet: Any, value: Any) -> WriteOnlyCell:
    number_format = None
    if isinstance(value, _Formatted):
        value, number_format = value.value, value.number_format
    cell = WriteOnlyCell(sheet)
    if isinstance(value, str):
        text = ILLEGAL_CHARACTERS_RE.sub("", value)
        text = text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"
        cell.value = text
        cell.data_type = "s"  # a text that begins with = stays a text
    elif isinstance(value, float) and not math.isfinite(value):
        cell.value = None
    elif isinstance(value, int | float) and not isinstance(value, bool):
        cell.value = value
        cell._value = repr(value)  # noqa: SLF001 - openpyxl writes 16 digits, one too few for some numbers
    elif isinstance(value, bool | dt.date) or value is None:
        cell.value = value
    else:
        cell.value = json.dumps(value, ensure_ascii=False, default=str)[:LONGEST_TEXT]
        cell.data_type = "s"
    if number_format is not None and isinstance(value, int | float) and not isinstance(value, bool):
        cell.number_format = number_format
    return cell


def _result_rows(ended: EndedRun) -> Iterator[Sequence[Any]]:
    yield ["Figure", "Value", "Unit"]
    for metric in ended.result.summary:
        yield [metric.label, _formatted(metric.value, metric.format), metric.unit]
    for text in (*ended.run.warnings, *ended.result.warnings):
        yield ["Warning", text]
    if ended.run.reason:
        yield ["Reason", ended.run.reason]
    if ended.result.notes:
        yield ["Notes", ended.result.notes]


def table_rows(table: NamedRows) -> Iterator[Sequence[Any]]:
    """Yield a table's head, then its rows with their number formats."""
    yield [column.title for column in table.columns]
    formats: list[str | None] | None = None
    for batch in table.batches:
        columns = [batch.get(column.key, ()) for column in table.columns]
        if formats is None:
            formats = [_column_format(c, values) for c, values in zip(table.columns, columns, strict=True)]
        for place in range(max(map(len, columns), default=0)):
            row = [values[place] if place < len(values) else None for values in columns]
            yield [v if f is None else _Formatted(v, f) for v, f in zip(row, formats, strict=True)]


def _provenance_rows(ended: EndedRun, cuts: Sequence[tuple[str, str]]) -> Iterator[Sequence[Any]]:
    yield ["Provenance", "Value"]
    yield from provenance_rows(ended.run, ended.manifest).items()
    yield ["Content hash", ended.run.version]
    yield from cuts
    yield []
    rows = input_rows(ended.run.inputs, ended.manifest.inputs)
    yield list(rows[0]) if rows else []
    yield from ([*row.values()] for row in rows)
    if ended.run.environment:
        yield []
        yield ["Package", "Version"]
        yield from ended.run.environment.items()


def _column_format(column: Column, values: Sequence[Any]) -> str | None:
    given = [v for v in values if v is not None]
    if not given or not all(isinstance(v, int | float) and not isinstance(v, bool) for v in given):
        return None
    return _number_format(column.format, given)


def _formatted(value: Any, fmt: str | None) -> Any:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return value
    return _Formatted(value, _number_format(fmt, [value]))


def _number_format(fmt: str | None, values: Sequence[float]) -> str:
    """Return the format of numbers that stand together; whole ones of four digits may be years."""
    whole = all(float(v).is_integer() for v in values if math.isfinite(v))
    if fmt is None and whole and max(map(abs, values), default=0) < FROM_GROUPS:
        return GENERAL
    return excel_format(fmt or number_formats.common_format(values)) or GENERAL


def excel_format(fmt: str | None) -> str | None:
    """Return a format of ours as Excel writes it: `,.2f` is `#,##0.00`; None where Excel's own choice serves."""
    spec = number_formats.parse_format(fmt)
    if spec is None or spec.kind in {"g", "r", "s", "n", ""}:
        return None
    places = 0 if spec.kind == "d" else 6 if spec.places is None else spec.places
    decimals = "." + ("#" if spec.trim else "0") * places if places else ""
    whole = "#,##0" if spec.comma else "0"
    if spec.kind in {"e", "E"}:
        return f"0{decimals}E+00"
    number = f"{whole}{decimals}{'%' if spec.kind == '%' else ''}"
    return f'"{spec.symbol}"{number}' if spec.symbol else number
