"""The explorer's tables, the result of a query over them, and queries that were saved.

Left out: which tables there are (`storage.explorer_views`) and running a query (`engine.explorer`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

MAX_SQL = 20_000  # characters of a query
MAX_NAME = 100  # characters of a saved query's name


@dataclass(frozen=True, slots=True)
class ExplorerColumn:
    """A column by its name and its type, as PostgreSQL writes it."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class ExplorerTable:
    """A table that queries may read."""

    name: str
    description: str
    columns: tuple[ExplorerColumn, ...]


@dataclass(frozen=True, slots=True)
class QueryResult:
    """The rows of a query, as many as are shown.

    Values are numbers, booleans, None, or texts as PostgreSQL writes them. `more` says that the query has further rows,
    `cut_cells` how many texts were too long and end in an ellipsis, and `seconds` how long it took.
    """

    columns: tuple[ExplorerColumn, ...]
    rows: Sequence[Sequence[Any]]
    more: bool
    cut_cells: int
    seconds: float


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """A query by its name, for everybody who may use the explorer."""

    id: UUID
    name: str
    sql: str
    created_by: str
    created_at: datetime
