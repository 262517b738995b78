"""A triangle as the rows of a grid, and rows as a triangle.

Chosen: every row holds the amounts of all measures, under `paid.3` for the fourth development of `paid`, although the
grid shows one measure, so that a row that is moved, added or deleted keeps the others with it.
Left out: the widget.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from contract.fields import Field
from contract.triangle import by_origin, developing, has_shape
from ui.form.form_state import Part, RefusedText
from ui.form.inputs.grid_edits import Row

ORIGIN = "origin"
BLANK_DEVELOPMENTS = 10


def shown_triangle(field: Field, value: Any) -> dict[str, Any]:
    """Return the triangle that the widget shows: the value, with empty amounts for measures that it lacks.

    A value that is no triangle shows as an empty one; it stays until it is changed.
    """
    if not has_shape(value):
        grain = {"origin": field.grains[0], "development": field.grains[0]}
        developments = list(range(1, BLANK_DEVELOPMENTS + 1))
        value = {"origins": [], "developments": developments, "measures": {}, "grain": grain, "cumulative": True}
    height = len(value["origins"])
    measures = {
        key: value["measures"].get(key) or [[None] * _width(measure, value) for _ in range(height)]
        for key, measure in field.measures.items()
    }
    return {**value, "measures": measures}


def to_rows(triangle: Mapping[str, Any]) -> list[Row]:
    """Return a row for each origin, with its label and the amounts of all measures."""
    return [
        {ORIGIN: origin}
        | {f"{key}.{j}": cell for key, matrix in triangle["measures"].items() for j, cell in enumerate(matrix[i])}
        for i, origin in enumerate(triangle["origins"])
    ]


def from_rows(field: Field, triangle: Mapping[str, Any], rows: Sequence[Row]) -> dict[str, Any]:
    """Return `triangle` with these rows; an optional measure without amounts is left out."""
    measures = {}
    for key, measure in field.measures.items():
        width = _width(measure, triangle)
        matrix = [[row.get(f"{key}.{j}") for j in range(width)] for row in rows]
        if measure.required or any(cell is not None for line in matrix for cell in line):
            measures[key] = matrix
    origins = [str(row.get(ORIGIN) or "").strip() for row in rows]
    return {**triangle, "origins": origins, "measures": measures}


def complete_row(field: Field, triangle: Mapping[str, Any], row: Row) -> Row:
    """Return a row with a cell for each amount and its label trimmed, as `to_rows` has it."""
    keys = [f"{key}.{j}" for key, measure in field.measures.items() for j in range(_width(measure, triangle))]
    return {ORIGIN: str(row.get(ORIGIN) or "").strip()} | {key: row.get(key) for key in keys}


def grid_table(field: Field, triangle: Mapping[str, Any], measure: str) -> Field:
    """Return the columns of the grid of one measure as a field of type table."""
    columns = {ORIGIN: Field(ORIGIN, "text", "Origin", required=False)}
    for key in by_origin(field):
        columns[f"{key}.0"] = replace(field.measures[key], key=f"{key}.0", required=False)
    for j, number in enumerate(triangle["developments"]):
        columns[f"{measure}.{j}"] = replace(
            field.measures[measure], key=f"{measure}.{j}", label=str(number), unit=None, help=None, required=False
        )
    return Field(field.key, "table", field.label, columns=columns)


def refused_by_path(field: Field, refused: Mapping[Part, RefusedText]) -> dict[Part, RefusedText]:
    """Return refused texts with their problems at the paths that cells of a triangle have."""
    found: dict[Part, RefusedText] = {}
    for part, text in refused.items():
        assert isinstance(part, tuple)
        key, _, column = part[1].rpartition(".")
        inner = f"measures.{key}[{part[0]}][{column}]" if key else f"origins[{part[0]}]"
        found[part] = RefusedText(text.text, replace(text.problem, where=f"inputs.{field.key}.{inner}"))
    return found


def cell_at(value: Mapping[str, Any], part: tuple[int, str]) -> Any:
    """Return what stands in a cell, named by its row and by its column in the grid.

    Raises:
        LookupError: there is no such cell.
    """
    key, _, column = part[1].rpartition(".")
    return value["measures"][key][part[0]][int(column)] if key else value["origins"][part[0]]


def with_developments(field: Field, triangle: Mapping[str, Any], count: int) -> dict[str, Any]:
    """Return the triangle with this many developments: new ones follow at the same distance, empty."""
    developments = list(triangle["developments"])[:count]
    step = developments[-1] - developments[-2] if len(developments) > 1 else max(developments[-1:] or [1])
    while len(developments) < count:
        developments.append((developments[-1] if developments else 0) + step)
    measures = {
        key: [(line + [None] * count)[:count] for line in matrix] if key in developing(field) else matrix
        for key, matrix in triangle["measures"].items()
    }
    return {**triangle, "developments": developments, "measures": measures}


def _width(measure: Field, triangle: Mapping[str, Any]) -> int:
    return 1 if measure.per_origin else len(triangle["developments"])
