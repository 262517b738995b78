"""CSV files of a model's folder that a default or built-in table names, replaced by their rows or their triangle.

Chosen: this happens once, when a folder is read; what is stored holds the rows, so that a version needs no files to be
shown.
"""

from collections.abc import Mapping
from typing import Any

from contract import field_parser
from contract.number_format import NumberFormat
from contract.problems import Problem
from contract.table_rows import rows_from_csv
from contract.triangle_text import parse_triangle


def load_rows(key: str, declared: Any, files: Mapping[str, bytes], problems: list[Problem]) -> Any:
    """Return the declaration of an input with rows where it names a CSV file.

    Args:
        key: the input's key.
        declared: its declaration as read from JSON.
        files: the other files of the folder by name.
        problems: collects files that are missing and cells that cannot be read.
    """
    if not isinstance(declared, Mapping):
        return declared
    default, choices = declared.get("default"), declared.get("choices")
    if declared.get("type") == "file" and isinstance(default, str):
        if default not in files:
            problems.append(_missing_file(f"inputs.{key}.default", default))
        return declared
    if declared.get("type") == "triangle" and isinstance(default, str):
        return {**declared, "default": _triangle_of_file(key, declared, default, files, problems)}
    if declared.get("type") != "table":
        return declared
    loaded = dict(declared)
    if isinstance(choices, list):
        loaded["choices"] = [
            {**c, "rows": _rows_of_file(key, declared, c["rows"], f"choices[{i}]", files, problems)}
            if isinstance(c, Mapping) and isinstance(c.get("rows"), str)
            else c
            for i, c in enumerate(choices)
        ]
    if isinstance(default, str):
        loaded["default"] = _rows_of_file(key, declared, default, "default", files, problems)
    return loaded


def _rows_of_file(
    key: str, declared: Mapping[str, Any], name: str, part: str, files: Mapping[str, bytes], problems: list[Problem]
) -> Any:
    """Return the rows of a CSV file, or its name where they cannot be read."""
    where = f"inputs.{key}.{part}"
    if name not in files:
        problems.append(_missing_file(where, name))
        return name
    wrong: list[Problem] = []
    table = field_parser.parse_field(key, {**declared, "default": [], "choices": []}, f"inputs.{key}", wrong, [])
    if table is None or wrong:
        return name  # the declaration itself is wrong and will be reported
    rows, found = rows_from_csv(table, files[name].decode("utf-8-sig", errors="replace"))
    problems += [Problem(f"{where} ({name}) {p.where}", p.message, p.hint) for p in found]
    return rows


def _triangle_of_file(
    key: str, declared: Mapping[str, Any], name: str, files: Mapping[str, bytes], problems: list[Problem]
) -> Any:
    """Return the triangle of a CSV file, cumulative and in any form that is read; its name where it cannot be."""
    where = f"inputs.{key}.default"
    if name not in files:
        problems.append(_missing_file(where, name))
        return name
    wrong: list[Problem] = []
    triangle = field_parser.parse_field(key, {**declared, "default": None}, f"inputs.{key}", wrong, [])
    if triangle is None or wrong:
        return name  # the declaration itself is wrong and will be reported
    found = parse_triangle(triangle, files[name], NumberFormat())
    problems += [Problem(f"{where} ({name}) {p.where}", p.message, p.hint) for p in found.problems]
    return name if found.value is None else found.value


def _missing_file(where: str, name: str) -> Problem:
    return Problem(where, f"the folder has no file {name!r}", "Add the file or correct the name.")
