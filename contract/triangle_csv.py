"""A triangle as CSV that is read back equal: wide, with a column for each development, or long, with a row an amount.

Chosen: labels, heads and amounts as the triangle holds them, in the form in which it was entered; a wide file names the
measure in a column of its own where there are several that develop.
Left out: whether amounts are cumulative, which the file's name says.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from contract.csv_export import write_csv
from contract.fields import Field
from contract.number_format import NumberFormat
from contract.result import Column
from contract.triangle import by_origin, developing, plain_amount
from contract.triangle_text import Layout


def triangle_csv(
    field: Field, value: Mapping[str, Any], layout: Layout = "wide", spreadsheet: NumberFormat | None = None
) -> bytes:
    """Return the triangle as CSV.

    Args:
        field: of type triangle.
        value: a triangle that fits it.
        layout: with a column for each development, or a row for each amount.
        spreadsheet: the format of the spreadsheet that is to open the file; plain CSV without one.
    """
    columns, data = (_wide if layout == "wide" else _long)(field, value)
    if spreadsheet is None:
        return b"".join(write_csv(columns, [data]))
    return b"".join(write_csv(columns, [data], excel=True, number_format=spreadsheet))


def _wide(field: Field, value: Mapping[str, Any]) -> tuple[list[Column], dict[str, list[Any]]]:
    measures = [key for key in developing(field) if key in value["measures"]]
    single = [key for key in by_origin(field) if key in value["measures"]]
    rows = [(key, i) for key in measures for i in range(len(value["origins"]))]
    columns, data = [], dict[str, list[Any]]()
    if len(measures) > 1:
        columns.append(Column("measure", "measure"))
        data["measure"] = [key for key, _ in rows]
    columns.append(Column("origin", "origin"))
    data["origin"] = [value["origins"][i] for _, i in rows]
    for key in single:
        columns.append(Column(f"by.{key}", key))
        data[f"by.{key}"] = [plain_amount(value["measures"][key][i][0]) for _, i in rows]
    for j, number in enumerate(value["developments"]):
        columns.append(Column(f"d.{j}", str(number)))
        data[f"d.{j}"] = [plain_amount(value["measures"][key][i][j]) for key, i in rows]
    return columns, data


def _long(field: Field, value: Mapping[str, Any]) -> tuple[list[Column], dict[str, list[Any]]]:
    matrices = {key: value["measures"][key] for key in field.measures if key in value["measures"]}
    cells = [
        (i, j)
        for i in range(len(value["origins"]))
        for j in range(len(value["developments"]))
        if any(matrices[key][i][j] is not None for key in developing(field) if key in matrices)
    ]
    columns = [Column("origin", "origin"), Column("development", "development")]
    data: dict[str, list[Any]] = {
        "origin": [value["origins"][i] for i, _ in cells],
        "development": [value["developments"][j] for _, j in cells],
    }
    for key, matrix in matrices.items():
        columns.append(Column(f"m.{key}", key))
        data[f"m.{key}"] = [_amount(field, key, matrix[i], j) for i, j in cells]
    return columns, data


def _amount(field: Field, key: str, line: Sequence[Any], j: int) -> Any:
    return plain_amount(line[0 if field.measures[key].per_origin else j])
