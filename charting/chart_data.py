"""Reading of a chart's data: what does not fit is named by its path, all of it at once.

Chosen: readers that return something usable and note a problem, so that one look finds every fault; a chart is
drawn only when there is none.
Left out: what the numbers mean, which each kind of chart knows.
"""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from contract.errors import ResultError
from contract.problems import Problem

ISO_DATE = re.compile(r"\d{4}-\d{2}(-\d{2}([T ]\d{2}:\d{2}.*)?)?")


class ChartData:
    """The data of one chart, read by paths from its root."""

    def __init__(self, root: Any, where: str) -> None:
        self.root = root
        self.where = where
        self.problems: list[Problem] = []

    def complain(self, path: str, found: str, hint: str) -> None:
        """Note what does not fit at `path`, relative to the chart's data."""
        self.problems.append(Problem(f"{self.where}.data{path}", found, hint))

    def done(self) -> None:
        """Raise when anything did not fit.

        Raises:
            ResultError: with every problem noted.
        """
        if self.problems:
            raise ResultError(self.problems)

    def object(self) -> Mapping[str, Any]:
        """Return the root as an object."""
        if isinstance(self.root, Mapping):
            return self.root
        self.complain("", f"it is {_kind(self.root)}, not an object", "Give an object such as {x: [...], ...}.")
        raise ResultError(self.problems)

    def rows(self) -> list[Mapping[str, Any]]:
        """Return the root as a list of objects, at least one."""
        if not isinstance(self.root, list) or not self.root:
            self.complain("", f"it is {_kind(self.root)}, not a list of objects", "Give [{label, ...}, ...].")
            raise ResultError(self.problems)
        good = []
        for i, item in enumerate(self.root):
            if isinstance(item, Mapping):
                good.append(item)
            else:
                self.complain(f"[{i}]", f"{_shorten(item)} is not an object", "Give {label, ...}.")
        return good

    def values(self, item: Mapping[str, Any], key: str, path: str = "") -> list[Any]:
        """Return the list at `key`; its values are of any kind."""
        found = item.get(key)
        if isinstance(found, Sequence) and not isinstance(found, str) and found:
            return list(found)
        what = "is missing" if found is None else "is empty" if found == [] else "is not a list"
        self.complain(f"{path}.{key}", f"it {what}", f"Give a list of values as {key}.")
        return []

    def numbers(
        self, item: Mapping[str, Any], key: str, path: str = "", *, of: int | None = None, gaps: bool = True
    ) -> list[float | None]:
        """Return the numbers at `key`.

        Args:
            item: the object that holds them.
            key: where in it.
            path: of the object, relative to the data.
            of: how many there must be.
            gaps: whether null may stand for a missing one.
        """
        found = self.values(item, key, path)
        if found and of is not None and len(found) != of:
            self.complain(f"{path}.{key}", f"it holds {len(found)} values", f"Give {of}, one for each place.")
        return [self.number(v, f"{path}.{key}[{i}]", gaps=gaps) for i, v in enumerate(found)]

    def number(self, value: Any, path: str, *, gaps: bool = False) -> float | None:
        """Return a number; None for what is missing, which is a problem unless `gaps`."""
        if value is None and gaps:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            # One fault repeated in a thousand cells is one fault to its reader.
            if len(self.problems) < 20:
                self.complain(path, f"{_shorten(value)} is not a number", "Give a number.")
            return None
        return float(value) if math.isfinite(value) else None

    def grid(self, item: Mapping[str, Any], key: str, rows: int, columns: int) -> list[list[float | None]]:
        """Return the numbers at `key`, `rows` lists of `columns`; rows may be shorter and are filled with None."""
        found = self.values(item, key)
        if found and len(found) != rows:
            self.complain(f".{key}", f"it has {len(found)} rows", f"Give {rows}, one for each value of y.")
        out: list[list[float | None]] = []
        for i, row in enumerate(found):
            if not isinstance(row, list):
                self.complain(f".{key}[{i}]", f"{_shorten(row)} is not a list", "Give a list of numbers for each row.")
                continue
            if len(row) > columns:
                self.complain(f".{key}[{i}]", f"it has {len(row)} cells", f"Give {columns}, one for each column.")
            cells = [self.number(v, f".{key}[{i}][{j}]", gaps=True) for j, v in enumerate(row)]
            out.append(cells + [None] * (columns - len(cells)))
        return out


def axis_type(values: Sequence[Any]) -> str:
    """Return how Plotly should read `values` along an axis: linear, date or category."""
    given = [v for v in values if v is not None]
    if given and all(isinstance(v, int | float) and not isinstance(v, bool) for v in given):
        return "linear"
    if given and all(isinstance(v, str) and ISO_DATE.fullmatch(v) for v in given):
        return "date"
    return "category"


def _kind(value: Any) -> str:
    if value is None:
        return "missing"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    return "an object" if isinstance(value, Mapping) else _shorten(value)


def _shorten(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
