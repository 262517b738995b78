"""The cells of a table that somebody pastes or loads: CSV in its many forms, and Excel workbooks.

Chosen: every encoding and line end that Excel writes is recognised by its bytes, never by the file's name. The first
line decides what is between the cells, by the column names that it then holds. Workbooks are read by openpyxl, which
keeps the percent sign of a cell beside its number; other readers hand over 0.12 for 12 %. Whatever cannot be read is
refused with words, before it can be half read.
Left out: what the cells mean, which is `contract.table_rows`; the older .xls, and formulas, whose stored values count.
"""

import contextlib
import csv
import datetime as dt
import io
import re
import zipfile
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Self

import openpyxl

from contract.clean_text import quote
from contract.errors import UnreadableError
from contract.fields import MAX_TABLE_ROWS, is_number

Cell = str | int | float | bool | dt.date | None

MAX_BYTES = 50_000_000
MAX_UNPACKED = 200_000_000  # bytes of a workbook's parts; a few kilobytes of zip can hold gigabytes
MAX_CELLS = 5_000_000
SEPARATORS = "\t;,"
AS_CSV = "Save it as .xlsx or as CSV."

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?(?:\n|$)', re.IGNORECASE)
_QUOTED = re.compile(r'"[^"]*"|\\.')


class Share(float):
    """A number that a workbook shows with a percent sign: 0.12 for 12 %."""


@dataclass(frozen=True, slots=True)
class CellTable:
    """Records of cells, each with the number of the line it begins on.

    `separator` is what is between the cells of a text, and empty for a workbook; `remark` says what was left aside.
    """

    records: list[tuple[int, list[Cell]]]
    separator: str = ""
    remark: str = ""


def read_file(content: bytes, names: Collection[str] = (), width: int = 0) -> CellTable:
    """Return the cells of a CSV file, tab-separated text or Excel workbook.

    Args:
        content: the file.
        names: small-letter column names that its first line may hold.
        width: cells of a whole line, which tells the separator where the first line holds no name.

    Raises:
        UnreadableError: it is another kind of file, damaged or too large.
    """
    if len(content) > MAX_BYTES:
        found = f"the file has {len(content) / 1e6:,.0f} MB, more than {MAX_BYTES / 1e6:,.0f} MB"
        raise UnreadableError(found, "Give a smaller file.")
    if is_workbook(content):
        return _read_workbook(content)
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise UnreadableError("the file is a workbook in the old .xls form or with a password", AS_CSV)
    return read_text(decode(content), names, width)


def decode(content: bytes) -> str:
    """Return the text of a file: UTF-8, UTF-16 or UTF-32 with a byte order mark, UTF-8 or Windows-1252 without.

    Raises:
        UnreadableError: it is none of these, or no text.
    """
    encoding, start = next(((e, len(mark)) for mark, e in _MARKS if content.startswith(mark)), ("", 0))
    if not encoding and b"\0" in content[:4_000]:
        encoding = _utf16_without_mark(content[:4_000])
    for guess in [encoding] if encoding else ["utf-8", "cp1252"]:
        try:
            text = content[start:].decode(guess)
        except UnicodeDecodeError:
            continue
        if not _CONTROL.search(text):
            return text
    tried = encoding.upper() if encoding else "UTF-8 or Windows-1252"
    raise UnreadableError(f"the file is not a text in {tried}", AS_CSV)


def read_text(text: str, names: Collection[str] = (), width: int = 0) -> CellTable:
    """Return the cells of CSV or of cells copied out of a spreadsheet; arguments as for `read_file`.

    Raises:
        UnreadableError: a quotation mark is not closed, or it is too large.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    declared, skipped = _SEPARATOR_LINE.match(text), 0
    if declared:
        text, skipped = text[declared.end() :], 1
    separator = declared[1] if declared else _find_separator(text, names, width)
    return CellTable(_split(text, separator, skipped), separator)


def _utf16_without_mark(sample: bytes) -> str:
    """Return the byte order by where the zeros of Latin letters are."""
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    return "utf-16-le" if odd > even else "utf-16-be"


def _find_separator(text: str, names: Collection[str], width: int) -> str:
    first = next((line for line in text.split("\n", 50) if line.strip()), "")[:100_000]
    outside = _QUOTED.sub("", first)

    def score(separator: str) -> tuple[int, bool, bool]:
        try:
            cells = next(csv.reader([first], delimiter=separator), [])
        except csv.Error:
            cells = []
        known = sum(cell.strip().casefold() in names for cell in cells)
        return known, len(cells) == width, separator in outside

    return max(SEPARATORS, key=score)  # the first of equals, so that 1,5;2,5 is two cells


def _split(text: str, separator: str, skipped: int) -> list[tuple[int, list[Cell]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    found: list[tuple[int, list[Cell]]] = []
    start, cells = 1 + skipped, 0
    try:
        for line in reader:
            if any(cell.strip() for cell in line):
                found.append((start, list(line)))
                cells += len(line)
                _check_size(len(found), cells)
            start = reader.line_num + 1 + skipped
    except csv.Error as error:
        raise UnreadableError(f"from line {start} on, {_in_words(error)}", "Correct it there.") from None
    return found


def _in_words(error: csv.Error) -> str:
    words = str(error)
    if "field larger" in words:
        return f"a cell has more than {csv.field_size_limit():,} characters; perhaps a quotation mark is not closed"
    if "unexpected end" in words:
        return "a quotation mark is opened and not closed"
    return "something follows a closing quotation mark" if "expected after" in words else words


def _check_size(rows: int, cells: int) -> None:
    if rows > MAX_TABLE_ROWS + 1 or cells > MAX_CELLS:
        raise UnreadableError(
            f"it has more than {MAX_TABLE_ROWS:,} rows or {MAX_CELLS:,} cells", "Give a smaller table."
        )


def is_workbook(content: bytes) -> bool:
    """Say whether a file begins as an Excel workbook does."""
    return content.startswith(b"PK\x03\x04")


class WorkbookSheets:
    """The sheets of a workbook by name, in their order, each read when it is asked for.

    Raises:
        UnreadableError: the file is no workbook, damaged or too large; also from `read`.
    """

    def __init__(self, content: bytes) -> None:
        if len(content) > MAX_BYTES:
            found = f"the file has {len(content) / 1e6:,.0f} MB, more than {MAX_BYTES / 1e6:,.0f} MB"
            raise UnreadableError(found, "Give a smaller file.")
        _check_package(content)
        with _as_unreadable():
            self._book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        self.names = [sheet.title for sheet in self._book.worksheets]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._book.close()

    def read(self, name: str) -> list[tuple[int, list[Cell]]]:
        """Return the rows of a sheet that hold anything, each with its number."""
        with _as_unreadable():
            sheet = self._book[name]
            sheet.reset_dimensions()
            return _read_rows(sheet.iter_rows())


def _read_workbook(content: bytes) -> CellTable:
    _check_package(content)
    with _as_unreadable():
        return _read_sheets(content)


def _check_package(content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            parts = packed.infolist()
        kinds = {part.filename for part in parts}
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        raise UnreadableError("the file is a damaged workbook or archive", AS_CSV) from None
    if "xl/workbook.xml" not in kinds:
        raise UnreadableError("the file is an archive or a workbook of another program", AS_CSV)
    if sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise UnreadableError(f"the workbook unpacks to more than {MAX_UNPACKED / 1e6:,.0f} MB", AS_CSV)


@contextlib.contextmanager
def _as_unreadable() -> Iterator[None]:
    try:
        yield
    except UnreadableError:
        raise
    # A parser of strangers' XML fails in many ways, and each means the same to whoever gave the file.
    except Exception as error:
        raise UnreadableError(f"the workbook cannot be read ({type(error).__name__})", AS_CSV) from error


def _read_sheets(content: bytes) -> CellTable:
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
    try:
        sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"] or book.worksheets
        active = book.active
        sheets.sort(key=lambda sheet: sheet is not active)
        for sheet in sheets:
            sheet.reset_dimensions()  # what a file claims of its size may be a million rows
            records = _read_rows(sheet.iter_rows())
            if records:
                others = len(book.worksheets) - 1
                remark = f"Sheet {quote(sheet.title)} was read, {others} more were not." if others else ""
                return CellTable(records, "", remark)
    finally:
        book.close()
    raise UnreadableError("the workbook has no cells", "Fill a sheet.")


def _read_rows(rows: Iterable[tuple[Any, ...]]) -> list[tuple[int, list[Cell]]]:
    found: list[tuple[int, list[Cell]]] = []
    count = 0
    for number, row in enumerate(rows, 1):
        cells = [_cell(cell) for cell in row]
        if any(cell is not None and (not isinstance(cell, str) or cell.strip()) for cell in cells):
            count += len(cells)
            found.append((number, cells))
            _check_size(len(found), count)
    return found


def _cell(cell: Any) -> Cell:
    value = cell.value
    if isinstance(value, bool) or value is None or isinstance(value, str | dt.date):
        return value
    if is_number(value):
        # Text in quotes and after a backslash is not a percent format.
        return Share(value) if "%" in _QUOTED.sub("", cell.number_format or "") else value
    return str(value)
