"""Inputs as earlier versions had them, read into those of today: renamed ones, and triangles that were tables.

An input that was renamed names its `former_keys`: a value under one of them is the input's. Tables that a triangle took
the place of have rows of objects with `origin`, a measure per origin such as `premium`, and the amounts under `d1`,
`d2`, ...; beside them an input that said whether amounts are cumulative, or one table for each measure. Links, stored
runs, presets and requests to the API that were written so are read as before.

Chosen: a manifest declares them, `former_inputs: {"amounts": "cumulative", "paid": "paid"}`; the names on the right are
`cumulative` or a measure.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from contract.declared_inputs import DeclaredInputs
from contract.fields import Field
from contract.triangle import by_origin, developing

CUMULATIVE = "cumulative"
INCREMENTAL = "incremental"
_DEVELOPMENT = re.compile(r"d(\d{1,4})")


def fold_former_inputs(declared: DeclaredInputs, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return `values` with inputs of earlier versions read into those that took their place.

    An input that a triangle was read from is left out, unless the model has one of that name; where a triangle is
    given in the form of today beside it, nothing is read and the input stays, to be refused by name. So it is with an
    input that was renamed.
    """
    values = _rename(declared, values)
    found, used = dict(values), set[str]()
    for key, field in declared.inputs.items():
        if field.type != "triangle":
            continue
        named = {name: part for name, part in field.former_inputs.items() if name in values}
        if not named and not is_rows(values.get(key)):
            continue
        if values.get(key) is None or is_rows(values[key]):
            folded = _fold(field, values.get(key), {part: values[name] for name, part in named.items()})
            if folded is not None:
                found[key] = folded
                used |= set(named)
    return {key: value for key, value in found.items() if key not in used or key in declared.inputs}


def renamed_key(declared: DeclaredInputs, former: str) -> str | None:
    """Return the input that was called so in an earlier version, or None."""
    if former in declared.inputs:
        return None
    return next((key for key, field in declared.inputs.items() if former in field.former_keys), None)


def _rename(declared: DeclaredInputs, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return `values` under the keys of today, in their order."""
    names: dict[str, str] = {}
    for key, field in declared.inputs.items():
        if field.former_keys and values.get(key) is None:
            former = next((f for f in field.former_keys if values.get(f) is not None), None)
            if former is not None and former not in declared.inputs:
                names[former] = key
    if not names:
        return values
    taken = set(names.values())
    return {names.get(key, key): value for key, value in values.items() if key not in taken}


def former_keys(declared: DeclaredInputs) -> set[str]:
    """Return the keys of earlier versions that triangles are still read from."""
    return {name for field in declared.inputs.values() for name in field.former_inputs}


def is_rows(value: Any) -> bool:
    """Say whether a value is rows of an earlier version's table."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(row, Mapping) for row in value)
        and any(_DEVELOPMENT.fullmatch(str(key)) for row in value for key in row)
    )


def triangle_of_rows(
    field: Field, tables: Mapping[str, Sequence[Mapping[str, Any]]], *, cumulative: bool = True
) -> dict[str, Any]:
    """Return the triangle in rows of each measure; rows that hold nothing at all are left out.

    An origin without a label is named by the number of its row. Origins and developments of several tables are
    joined, in the order in which they come.
    """
    labelled = {key: _labelled(rows) for key, rows in tables.items()}
    origins = list(dict.fromkeys(label for rows in labelled.values() for label, _ in rows))
    # Two rows with one label stay two, so that the check can name the second.
    for rows in labelled.values():
        labels = [label for label, _ in rows]
        if len(set(labels)) < len(labels):
            origins = labels
    used = {n for rows in labelled.values() for _, row in rows for n, cell in _cells(row) if cell is not None}
    developments = sorted(used)
    # Columns between filled ones are kept, unless the heads are ages: their absence is what names them so.
    if developments and not _are_ages(developments):
        developments = list(range(1, developments[-1] + 1))
    measures: dict[str, list[list[Any]]] = {}
    for key, rows in labelled.items():
        places = _places(origins, [label for label, _ in rows])
        matrix: list[list[Any]] = [[None] * len(developments) for _ in origins]
        for place, (_, row) in zip(places, rows, strict=True):
            cells = dict(_cells(row))
            matrix[place] = [cells.get(number) for number in developments]
            for name in by_origin(field):
                if row.get(name) is not None:
                    measures.setdefault(name, [[None] for _ in origins])[place] = [row[name]]
        measures[key] = matrix
    return {
        "origins": origins,
        "developments": developments,
        "measures": measures,
        "grain": {"origin": field.grains[0], "development": field.grains[0]},
        "cumulative": cumulative,
    }


def _fold(field: Field, value: Any, parts: Mapping[str, Any]) -> Any:
    """Return the triangle, or None where the parts do not make one."""
    cumulative = parts.get(CUMULATIVE) != INCREMENTAL
    tables = {part: rows for part, rows in parts.items() if part != CUMULATIVE and is_rows(rows)}
    if is_rows(value):
        tables[developing(field)[0]] = value
    if tables and (missing := [key for key in developing(field) if key not in tables]) and field.has_default:
        tables |= {key: _rows(field.default, key) for key in missing if field.measures[key].required}
    if tables:
        return triangle_of_rows(field, tables, cumulative=cumulative)
    if field.has_default and CUMULATIVE in parts:
        return {**field.default, "cumulative": cumulative}
    return None


def _labelled(rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, Mapping[str, Any]]]:
    kept = [(i, row) for i, row in enumerate(rows) if any(cell is not None and cell != "" for cell in row.values())]
    return [(str(row.get("origin") or i + 1), row) for i, row in kept]


def _places(origins: Sequence[str], labels: Sequence[str]) -> Sequence[int]:
    return range(len(labels)) if list(origins) == list(labels) else [origins.index(label) for label in labels]


def _cells(row: Mapping[str, Any]) -> list[tuple[int, Any]]:
    return [(int(m[1]), cell) for key, cell in row.items() if (m := _DEVELOPMENT.fullmatch(str(key)))]


def _are_ages(numbers: Sequence[int]) -> bool:
    """Say whether a table's filled columns are headed by age: every twelfth, say, and not the first."""
    step = numbers[0]
    return step > 1 and list(numbers) == [step * (k + 1) for k in range(len(numbers))]


def _rows(value: Mapping[str, Any], measure: str) -> list[dict[str, Any]]:
    """Return a measure of today's value as rows of an earlier version's table."""
    matrix = value["measures"].get(measure, [])
    return [
        {"origin": origin, **{f"d{n}": cell for n, cell in zip(value["developments"], line, strict=True)}}
        for origin, line in zip(value["origins"], matrix, strict=True)
    ]
