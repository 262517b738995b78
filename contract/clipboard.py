"""Rows that somebody pastes or loads from a file, checked as a run would check them, each cell named by its line.

Chosen: everything that is wrong comes at once: names of columns, types, ranges and signs, order and repeats, so that a
file is corrected in one go. What cannot be read at all is a problem like any other.
Left out: splitting and reading the cells, which is `contract.table_file` and `contract.table_rows`, and what a model
alone can know of its tables.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from contract import inputs
from contract.errors import UnreadableError
from contract.fields import Field
from contract.manifest import Manifest
from contract.number_format import NumberFormat
from contract.problems import Problem
from contract.table_file import read_file, read_text
from contract.table_rows import ParsedTable, cell_label, column_names, parse_table
from contract.triangle import path_within, place_words
from contract.triangle_text import ParsedTriangle, parse_triangle


def parse_rows(table: Field, source: str | bytes, number_format: NumberFormat) -> ParsedTable:
    """Return the rows in `source`, and a problem for each cell and column that does not fit.

    Args:
        table: a field of type table.
        source: CSV, cells copied out of a spreadsheet, or the content of a file.
        number_format: the session's.
    """
    names, width = column_names(table), len(table.columns)
    try:
        cells = read_text(source, names, width) if isinstance(source, str) else read_file(source, names, width)
    except UnreadableError as error:
        where = "the text" if isinstance(source, str) else "the file"
        return ParsedTable([], [], [Problem(where, error.found, error.remedy)])
    read = parse_table(table, cells, number_format)
    if cells.remark:
        read.notes.insert(0, cells.remark)
    if not read.rows:
        return read
    lone = Manifest(name="", description="", inputs={table.key: table})
    problems = list(read.problems)
    named = {p.where for p in problems}
    for problem in inputs.find_problems(lone, {table.key: read.rows}, complete=False):
        if problem.cell is None:
            problems.append(Problem("the table", problem.message, problem.hint))
            continue
        row, key = problem.cell
        line = read.numbers[row]
        if key is not None and key not in read.given:
            continue  # the whole column is missing, which is reported once, for the first line
        where = cell_label(line, table.columns[key]) if key else f"line {line}"
        if where not in named:
            problems.append(Problem(where, problem.message, problem.hint))
    return replace(read, problems=sorted(problems, key=lambda p: _line_number(p.where)))


def read_triangle(
    triangle: Field,
    source: str | bytes,
    number_format: NumberFormat,
    *,
    cumulative: bool = True,
    measure: str | None = None,
    grain: Mapping[str, str] | None = None,
) -> ParsedTriangle:
    """Return the triangle in `source`, checked as before a run; arguments as for `triangle_text.parse_triangle`."""
    read = parse_triangle(triangle, source, number_format, cumulative=cumulative, measure=measure, grain=grain)
    if read.value is None:
        return replace(read, problems=sorted(read.problems, key=lambda p: _line_number(p.where)))
    problems = list(read.problems)
    named = {p.where for p in problems}
    lone = Manifest(name="", description="", inputs={triangle.key: triangle})
    for problem in inputs.find_problems(lone, {triangle.key: read.value}, complete=False):
        where = _triangle_place(triangle, read, path_within(problem.where))
        if where not in named:
            problems.append(Problem(where, problem.message, problem.hint))
    return replace(read, problems=sorted(problems, key=lambda p: _line_number(p.where)))


def _triangle_place(triangle: Field, read: ParsedTriangle, path: tuple[Any, ...]) -> str:
    """Return the words for a part of a triangle: its line where it stands on one, its origin and development else."""
    return read.places.get(path) or place_words(triangle, read.value, path) or "the triangle"


def _line_number(where: str) -> int:
    match = re.match(r"line (\d+)", where)
    return int(match[1]) if match else 0
