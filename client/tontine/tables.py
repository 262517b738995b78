"""The tables and series of a result: found by name, as columns, for pandas and for Arrow.

Chosen: the names that the server's exports use; the whole of a large table is read from the server in pages.
Left out: charts, which are in the result's dictionary.
"""

import importlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tontine.errors import NotFoundError, Problem

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

PART = "$part"  # stands in a result for a large table, with its name and number of rows
PAGE_ROWS = 10_000  # the most that the server sends at once
TABLE, SERIES = "Table", "Series"
Columns = dict[str, list[Any]]


def table_names(result: Mapping[str, Any]) -> list[str]:
    """Return the names of the result's tables and series, tables first."""
    return list(_found(result))


def find_table(result: Mapping[str, Any], name: str | None) -> Any:
    """Return the table or series `name`, or the first one, as the result holds it.

    Raises:
        NotFoundError: there is none, or none of that name.
    """
    found = _found(result)
    if name is None and found:
        return next(iter(found.values()))
    if name is None or name not in found:
        what = f"the result has no table or series {name!r}" if name else "the result has no table or series"
        names = f"Choose one of {', '.join(map(repr, found))}." if found else "Read the summary."
        raise NotFoundError("not found", [Problem("name", what, names)])
    return found[name]


def part_of(raw: Any) -> tuple[str, int] | None:
    """Return the name and the number of rows of what is stored apart; None of what is here as a whole."""
    if isinstance(raw, Mapping) and PART in raw:
        return str(raw[PART]), int(raw["rows"])
    return None


def to_columns(raw: Any) -> Columns:
    """Return a table or series that is here as a whole as columns of equal length, None where a row has no value."""
    if isinstance(raw, list):
        if all(isinstance(row, list) for row in raw):
            width = max(map(len, raw), default=0)
            return {f"Column {i + 1}": [row[i] if i < len(row) else None for row in raw] for i in range(width)}
        keys = list(dict.fromkeys(str(key) for row in raw for key in row))
        return {key: [row.get(key) for row in raw] for key in keys}
    return {str(key): list(column) for key, column in raw.items() if isinstance(column, list)}


def to_pandas(columns: Columns) -> "pd.DataFrame":
    """Return columns as a DataFrame.

    Raises:
        ImportError: pandas is not installed.
    """
    frame: pd.DataFrame = _needed("pandas", "pandas").DataFrame(columns)
    return frame


def points_frame(points: Sequence[Mapping[str, Any]]) -> "pd.DataFrame":
    """Return the points of a group as a DataFrame: what differs, the summaries' numbers, the status and the run.

    Points that were made of saved scenarios have their names before all, under `scenario`.
    """
    pandas = _needed("pandas", "pandas")
    rows = []
    for point in points:
        summary = point["summary"] if isinstance(point["summary"], Mapping) else {}
        plain = {k: v.get("value") if isinstance(v, Mapping) else v for k, v in summary.items()}
        numbers = {k: v for k, v in plain.items() if isinstance(v, int | float) and not isinstance(v, bool)}
        name = {"scenario": point["name"]} if point.get("name") else {}
        rows.append({**name, **point["changes"], **numbers, "status": point["status"], "run_id": point["run_id"]})
    frame: pd.DataFrame = pandas.DataFrame(rows)
    return frame


def to_arrow(columns: Columns) -> "pa.Table":
    """Return columns as an Arrow table; a column whose values are of several types becomes text.

    Raises:
        ImportError: pyarrow is not installed.
    """
    arrow = _needed("pyarrow", "arrow")
    table: pa.Table = arrow.table({key: _array(arrow, values) for key, values in columns.items()})
    return table


def _array(arrow: Any, values: list[Any]) -> Any:
    try:
        return arrow.array(values)
    except (arrow.ArrowInvalid, arrow.ArrowTypeError, OverflowError):
        if all(value is None or isinstance(value, int | float) for value in values):
            return arrow.array([None if value is None else float(value) for value in values])
        return arrow.array([None if value is None else str(value) for value in values])


def _needed(module: str, extra: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(f"{module} is not installed: pip install 'tontine-client[{extra}]'") from error


def _found(result: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if _is_table(result.get("table")):
        found[TABLE] = result["table"]
    tables = result.get("tables")
    if isinstance(tables, Mapping):
        found.update({str(name): table for name, table in tables.items() if _is_table(table)})
    series = result.get("series")
    if isinstance(series, list) and series and all(isinstance(s, Mapping) and _has_columns(s) for s in series):
        for number, one in enumerate(series, start=1):
            found.setdefault(str(one.get("name") or f"{SERIES} {number}"), one)
    elif isinstance(series, Mapping) and not _has_columns(series):
        for name, one in series.items():
            if _is_table(one):
                found.setdefault(str(name), one)
    elif series:
        found.setdefault(SERIES, series)
    return found


def _has_columns(raw: Mapping[str, Any]) -> bool:
    return PART in raw or isinstance(raw.get("x"), list)


def _is_table(raw: Any) -> bool:
    if isinstance(raw, list):
        return all(isinstance(row, Mapping) for row in raw) or all(isinstance(row, list) for row in raw)
    return isinstance(raw, Mapping) and (PART in raw or any(isinstance(column, list) for column in raw.values()))
