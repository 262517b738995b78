"""What a model returned, as JSON: numpy, pandas, dates and decimals converted; NaN counted; the rest refused by path.

Chosen: a DataFrame becomes its columns (in `series`, one series a column over the index), an array a list;
not-a-number and infinities become null and are counted with their first places; text is made safe for the
database. pandas is only looked at where it is loaded. Bytes are written as base64 where a picture, sound or film
is expected, and nowhere else.
Left out: meaning, which is the contract's. Loaded by the zygote; self-contained: it imports nothing of ours.
"""

import base64
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import math
import pathlib
import sys
import uuid
from collections.abc import Callable, Mapping

import numpy as np

MAX_PATHS = 20
NOT_PANDAS = object()
MAX_DEPTH = 200
MEDIA = ("images", "audio", "video")  # keys of a result whose items may hold bytes
BAD_TEXT = {0: "\ufffd", **dict.fromkeys(range(0xD800, 0xE000), "\ufffd")}


class BadValueError(ValueError):
    """A value that no JSON can hold. `path` says where it is."""

    def __init__(self, path: str, what: str) -> None:
        super().__init__(what)
        self.path = path


class TooLargeError(ValueError):
    """The result is beyond its limit; found before it is written out, which would take as much memory again."""

    def __init__(self, size: int) -> None:
        super().__init__(f"at least {size} bytes")
        self.size = size


class Converter:
    """Converts one result and counts what it had to change."""

    def __init__(self, limit: int = 1 << 62) -> None:
        self.room = limit
        self.nulls = 0
        self.places: list[str] = []
        self.mended_text = False

    def convert(self, value: object, path: str = "", depth: int = 0) -> object:
        """Return `value` as JSON types.

        Raises:
            BadValueError: with the path of the value that cannot be converted.
        """
        if value is None or isinstance(value, bool):
            return value
        kind = type(value)
        if kind is str:
            return self.text(value)
        if kind is int:
            return value if abs(value) < 2**63 else float(value) if abs(value) < 2**1023 else str(value)
        if kind is float:
            return value if math.isfinite(value) else self.null(path)
        if depth > MAX_DEPTH:
            raise BadValueError(path[:200], "it is nested too deeply, or holds itself")
        if isinstance(value, Mapping):
            return {
                self.text(str(key)): self.convert(item, f"{path}.{key}" if path else str(key), depth + 1)
                for key, item in value.items()
            }
        if isinstance(value, tuple) and hasattr(value, "_fields") and hasattr(value, "_asdict"):
            # A named tuple is read by field, as a dataclass is; as a list its names would be lost.
            return self.convert(value._asdict(), path, depth + 1)
        if isinstance(value, list | tuple | set | frozenset):
            return [self.convert(item, f"{path}[{i}]", depth + 1) for i, item in enumerate(value)]
        return self.other(value, path, depth)

    def other(self, value: object, path: str, depth: int) -> object:  # noqa: C901
        """Convert what plain JSON has no type for."""
        if (found := self.of_pandas(value, path, depth)) is not NOT_PANDAS:
            return found
        match value:
            case np.ndarray():
                return self.array(value, path, depth)
            case np.datetime64() if isinstance(value.item(), int):  # of nanoseconds, or of a far year
                return _map_nested(_as_dates(value), _date_text)
            case np.timedelta64():
                return _seconds(value, path)
            case np.void() if value.dtype.names:
                return self.convert({name: value[name] for name in value.dtype.names}, path, depth + 1)
            case np.generic():
                return self.convert(value.item(), path, depth + 1)
            case dt.datetime() | dt.date() | dt.time():
                return value.isoformat()
            case dt.timedelta():
                return value.total_seconds()
            case decimal.Decimal() | fractions.Fraction() | float():
                number = float(value)
                return number if math.isfinite(number) else self.null(path)
            case enum.Enum():
                return self.convert(value.value, path, depth + 1)
            case int():
                return self.convert(int(value), path, depth + 1)
            case str():
                return self.text(str.__str__(value))
            case uuid.UUID() | pathlib.PurePath():
                return self.text(str(value))
            case bytes() | bytearray() | memoryview():
                if path.partition("[")[0].partition(".")[0] in MEDIA and path.endswith(".base64"):
                    return base64.b64encode(value).decode()
                raise BadValueError(path, "it is bytes; write them to a file and name it under files")
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
            return self.convert(fields, path, depth + 1)
        if hasattr(value, "to_plotly_json"):
            return self.convert(value.to_plotly_json(), path, depth + 1)
        raise BadValueError(
            path, f"it is a {type(value).__module__}.{type(value).__qualname__}, which JSON cannot hold"
        )

    def of_pandas(self, value: object, path: str, depth: int) -> object:
        """Convert what pandas made; anything else is NOT_PANDAS."""
        pd = sys.modules.get("pandas")
        if pd is None:
            return NOT_PANDAS
        if value is pd.NA or value is pd.NaT:
            return None
        match value:
            case pd.DataFrame():
                if path == "series":
                    x = self.array(value.index.to_numpy(), path, depth)
                    return [
                        {"name": self.text(str(c)), "x": x, "y": self.series(value[c], f"{path}.{c}", depth)}
                        for c in value.columns
                    ]
                frame = value if isinstance(value.index, pd.RangeIndex) else value.reset_index()
                columns = [" ".join(map(str, c)) if isinstance(c, tuple) else str(c) for c in frame.columns]
                return {
                    self.text(name): self.series(frame.iloc[:, i], f"{path}.{name}", depth)
                    for i, name in enumerate(columns)
                }
            case pd.Series():
                if path.startswith("series"):
                    x = self.array(value.index.to_numpy(), path, depth)
                    return {"name": str(value.name or "Series"), "x": x, "y": self.series(value, path, depth)}
                return self.series(value, path, depth)
            case pd.Index():
                return self.array(value.to_numpy(), path, depth)
            case pd.Period() | pd.Interval():
                return self.text(str(value))
        return NOT_PANDAS

    def array(self, value: np.ndarray, path: str, depth: int) -> object:
        """Convert an array to lists; finite numbers, the usual case, without a look at each."""
        self.room -= 2 * value.size
        if self.room < 0:
            raise TooLargeError(2 * value.size)
        if value.dtype.kind in "iub" or (value.dtype.kind == "f" and bool(np.isfinite(value).all())):
            return value.tolist()
        if value.dtype.kind == "M":
            return _map_nested(_as_dates(value), _date_text)
        if value.dtype.kind == "m" or value.dtype.names:
            # Durations and records by item: .tolist() would give counts of nanoseconds and lose the fields' names.
            converted = np.empty(value.shape, dtype=object)
            for place in np.ndindex(value.shape):
                at = path + "".join(f"[{i}]" for i in place)
                converted[place] = self.convert(value[place], at, depth + 1)
            return converted.tolist()
        return self.convert(value.tolist(), path, depth + 1)

    def series(self, value: object, path: str, depth: int) -> object:
        """Convert a column; missing values of pandas become null without being counted as not finite."""
        if value.dtype.kind in "iufb" and isinstance(value.dtype, np.dtype):
            return self.array(value.to_numpy(), path, depth)
        if value.dtype.kind == "M":
            return [None if missing else v.isoformat() for v, missing in zip(value, value.isna(), strict=True)]
        items = value.astype(object).where(value.notna(), None).tolist()
        return [self.convert(item, f"{path}[{i}]", depth + 1) for i, item in enumerate(items)]

    def text(self, value: str) -> str:
        """Return text that a database can hold: no NUL, no half of a surrogate pair."""
        self.room -= len(value)
        if self.room < 0:
            raise TooLargeError(len(value))
        if value.isascii() and "\0" not in value:
            return value
        fixed = value.translate(BAD_TEXT)
        if fixed != value:
            self.mended_text = True
        return fixed

    def null(self, path: str) -> None:
        """Count a value that is not finite."""
        self.nulls += 1
        if len(self.places) < MAX_PATHS:
            self.places.append(path)


def _as_dates(value: np.ndarray | np.datetime64) -> object:
    """Return an array as nested lists of datetimes; NaT is None, a year beyond Python's a count of microseconds."""
    return value.astype("datetime64[us]").tolist()


def _date_text(day: dt.datetime | int | None) -> str | None:
    if isinstance(day, int):
        return str(np.datetime64(day, "us"))
    return None if day is None else day.isoformat()


def _map_nested(items: object, convert_item: Callable[[object], object]) -> object:
    return [_map_nested(item, convert_item) for item in items] if isinstance(items, list) else convert_item(items)


def _seconds(value: np.timedelta64, path: str) -> float | None:
    if np.isnat(value):
        return None
    try:
        return float(value / np.timedelta64(1, "s"))
    except TypeError:
        raise BadValueError(path, f"it is {value!r}, and months and years have no length in seconds") from None
