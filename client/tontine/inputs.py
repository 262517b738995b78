"""Values of Python as inputs of a model: what JSON knows, dates, numpy's numbers and pandas' tables.

Left out: the check of the inputs, which is the server's, and files, which the clients upload first.
"""

import math
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any


def to_json(value: Any) -> Any:
    """Return `value` as JSON takes it: a DataFrame as its rows, an array or Series as a list, a date as ISO text.

    A path stays as it is: its file is uploaded and replaced by what the server calls it. What is missing in a table of
    pandas, NaN or NaT, is None.

    Raises:
        TypeError: it is no value that an input can have.
        ValueError: it is infinite.
    """
    if value is None or isinstance(value, bool | int | str | Path):
        return value
    if type(value).__name__ in {"NaTType", "NAType"}:
        return None
    if isinstance(value, float):
        if math.isinf(value):
            raise ValueError("an input cannot be infinite; give a number, or leave it out")
        return None if math.isnan(value) else value
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    if isinstance(value, datetime):
        # pandas has no dates without a time; at midnight it is one.
        return value.date().isoformat() if value.time() == datetime.min.time() else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return to_json(float(value))
    if hasattr(value, "columns") and hasattr(value, "to_dict"):  # a DataFrame
        return [to_json(row) for row in value.to_dict("records")]
    if hasattr(value, "tolist"):  # numpy's numbers and arrays, pandas' Series
        return to_json(value.tolist())
    raise TypeError(f"{type(value).__name__} is no value of an input; give numbers, texts, dates, tables or a Path")


def paths_in(inputs: Mapping[str, Any]) -> dict[str, Path]:
    """Return the inputs that are files of this machine, by key."""
    return {key: value for key, value in inputs.items() if isinstance(value, Path)}
