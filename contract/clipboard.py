"""Rows that somebody pastes or loads from a file, checked as a run would check them, each cell named by its line.

Chosen: everything that is wrong comes at once: names of columns, types, ranges and signs, order and repeats, so that a
file is mended in one go.
Left out: reading the text, which is `contract.text_values`, and what a model alone can know of its tables.
"""

import re
from typing import Any

from contract import inputs
from contract.fields import Field
from contract.manifest import Manifest
from contract.problems import Problem
from contract.text_values import cell_label, parse_csv


def parse_rows(table: Field, text: str) -> tuple[list[dict[str, Any]], list[Problem]]:
    """Return the rows written as `text`, and a problem for each cell and column that does not fit.

    Args:
        table: a field of type table.
        text: CSV, or cells copied out of a spreadsheet.
    """
    read = parse_csv(table, text)
    if not read.rows:
        return read.rows, read.problems
    lone = Manifest(name="", description="", inputs={table.key: table})
    told = list(read.problems)
    named = {p.where for p in told}
    for problem in inputs.find_problems(lone, {table.key: read.rows}, complete=False):
        if problem.cell is None:
            told.append(Problem("the table", problem.message, problem.hint))
            continue
        row, key = problem.cell
        line = read.numbers[row]
        if key is not None and key not in read.given:
            continue  # the whole column is missing, which the head says once
        where = cell_label(line, table.columns[key]) if key else f"line {line}"
        if where not in named:
            told.append(Problem(where, problem.message, problem.hint))
    return read.rows, sorted(told, key=lambda p: _line_number(p.where))


def _line_number(where: str) -> int:
    match = re.match(r"line (\d+)", where)
    return int(match[1]) if match else 0
