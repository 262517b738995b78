"""Two tables, cell by cell.

Chosen: columns by key; rows by the values of the first column where these name each row of both tables, because a row
that one of them lacks would otherwise shift all that follow; else by place.
Left out: reading large tables, which `engine.analysis.compare` does up to a limit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contract.fields import is_number
from contract.result import Column

Data = Mapping[str, Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell in both tables, None where it is not there; `difference` where both are numbers."""

    before: Any
    now: Any

    @property
    def differs(self) -> bool:
        """Whether the cells are not equal: 1 and 1.0 are, nothing and 0 are not."""
        return isinstance(self.before, bool) != isinstance(self.now, bool) or self.before != self.now

    @property
    def difference(self) -> float | None:
        """How much more the second one is."""
        return self.now - self.before if is_number(self.before) and is_number(self.now) else None


@dataclass(frozen=True, slots=True)
class TableDifference:
    """A table of two runs. `keys` are the columns that name its rows, in `names`; `cells` are by row and column.

    Of `rows` rows in all `names` and `cells` hold the first ones that were compared; `changed` of these cells differ.
    `added` and `removed` count rows that only the second or only the first table has, `only_before` and `only_now`
    are columns that one of them lacks.
    """

    name: str
    key: Column | None
    columns: tuple[Column, ...]
    names: tuple[str, ...]
    cells: tuple[tuple[Cell, ...], ...]
    rows: int
    changed: int
    added: int
    removed: int
    only_before: tuple[str, ...] = ()
    only_now: tuple[str, ...] = ()


def compare_tables(
    name: str, columns: Sequence[Column], before: Data, others: Sequence[Column], now: Data, rows: int
) -> TableDifference:
    """Return the differences of two tables.

    Args:
        name: of the table.
        columns: of the first table.
        before: its data, by column.
        others: columns of the second table.
        now: its data, by column.
        rows: how many rows the longer one has, more than those in `before` and `now` where they were cut.
    """
    there = {column.key for column in others}
    shared = [column for column in columns if column.key in there]
    key = shared[0] if shared and _names_rows(before, now, shared[0].key) else None
    compared = [column for column in shared if column is not key]
    if key is not None:
        first = {_name(v): i for i, v in enumerate(before[key.key])}
        second = {_name(v): i for i, v in enumerate(now[key.key])}
        names = list(dict.fromkeys([*first, *second]))
        pairs = [(first.get(name), second.get(name)) for name in names]
    else:
        length, other = _length(before), _length(now)
        pairs = [(i if i < length else None, i if i < other else None) for i in range(max(length, other))]
        names = [f"{i + 1}" for i in range(len(pairs))]
    cells = tuple(
        tuple(Cell(_at(before, column.key, i), _at(now, column.key, j)) for column in compared) for i, j in pairs
    )
    own = {column.key for column in columns}
    return TableDifference(
        name=name,
        key=key,
        columns=tuple(compared),
        names=tuple(names),
        cells=cells,
        rows=max(rows, len(pairs)),
        changed=sum(cell.differs for row in cells for cell in row),
        added=sum(i is None for i, _ in pairs),
        removed=sum(j is None for _, j in pairs),
        only_before=tuple(column.label for column in columns if column.key not in there),
        only_now=tuple(column.label for column in others if column.key not in own),
    )


def _names_rows(before: Data, now: Data, key: str) -> bool:
    """Return whether the values of a column name the rows of both tables: each there, and each once."""
    for data in (before, now):
        names = [_name(value) for value in data[key]]
        if None in data[key] or len(set(names)) != len(names) or not names:
            return False
    shared = {_name(v) for v in before[key]} & {_name(v) for v in now[key]}
    return bool(shared)


def _name(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _at(data: Data, key: str, row: int | None) -> Any:
    return None if row is None else data[key][row]


def _length(data: Data) -> int:
    return len(next(iter(data.values()), ()))
