"""What a table's cells owe to the rows around them: increasing columns, unique rows, run-off triangles.

Chosen: keywords of JSON Schema of our own (`x-increasing`, `x-unique`, `x-triangle`), which yield one error a cell, so
that forms, API and runs name it like any cell that does not fit. Empty cells are passed over: whether a cell may be
empty is its column's to say. A cell of the wrong type is passed over too, because its type's error says more.
Left out: what only a model can know, such as a matrix that must be that of correlations.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jsonschema import ValidationError

from contract.fields import Field, is_number


def describe(error: ValidationError, field: Field) -> tuple[str, str]:
    """Return what was found and what to do, columns named as an analyst reads them."""
    keys: Any = error.validator_value
    names = [field.columns[k].label if k in field.columns else k for k in keys]
    return error.message.replace("COLUMNS", " and ".join(names)), str(error.cause)


def _cell_error(row: int, key: str, found: str, hint: str, value: Any) -> ValidationError:
    """Return an error at a cell; its cause carries what to do, which JSON Schema has no place for."""
    return ValidationError(found, path=(row, key), instance=value, cause=ValueError(hint))


def _row_items(value: Any) -> list[tuple[int, Mapping[str, Any]]]:
    return [(i, r) for i, r in enumerate(value) if isinstance(r, Mapping)] if isinstance(value, list) else []


def _check_increasing(_validator: Any, keys: Sequence[str], value: Any, _schema: Any) -> Iterator[ValidationError]:
    for key in keys:
        before: Any = None
        for i, row in _row_items(value):
            cell = row.get(key)
            if not (is_number(cell) or isinstance(cell, str)):
                continue
            if before is None or isinstance(cell, str) != isinstance(before, str) or cell > before:
                before = cell
            elif cell == before:
                yield _cell_error(i, key, f"{cell!r} repeats an earlier row", "Give each value once.", cell)
            else:
                # The next row is compared with the last one in order, so that one wrong row is reported once.
                found = f"{cell!r} comes after {before!r}"
                yield _cell_error(i, key, found, "Put the rows in increasing order.", cell)


def _check_unique(_validator: Any, keys: Sequence[str], value: Any, _schema: Any) -> Iterator[ValidationError]:
    seen: dict[tuple[Any, ...], int] = {}
    for i, row in _row_items(value):
        cells = tuple(row.get(key) for key in keys)
        if not all(is_number(c) or isinstance(c, str) for c in cells):
            continue
        first = seen.setdefault(cells, i)
        if first != i:
            found = f"row {first + 1} of the table has the same COLUMNS"
            yield _cell_error(i, keys[-1], found, "Give one row for each.", cells[-1])


def _check_triangle(_validator: Any, keys: Sequence[str], value: Any, _schema: Any) -> Iterator[ValidationError]:
    above: int | None = None
    for i, row in _row_items(value):
        filled = [j for j, key in enumerate(keys) if row.get(key) is not None]
        if not filled:
            continue
        for j in range(filled[0], filled[-1]):
            if row.get(keys[j]) is None:
                yield _cell_error(i, keys[j], "the cell is empty between filled ones", "Give the amount.", None)
        if above is not None and filled[-1] > above:
            hint = "Put the oldest origin first, and shift the row."
            yield _cell_error(i, keys[filled[-1]], "the row reaches further than the one above", hint, None)
        above = filled[-1]


KEYWORDS = {"x-increasing": _check_increasing, "x-unique": _check_unique, "x-triangle": _check_triangle}
