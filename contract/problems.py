"""A problem says where it is, what was found and what to do; checkers collect them all and raise once.

Chosen: one flat list of small values that pages print beside a widget and the API returns unchanged.
Left out: severities. What is not a problem is a warning, and warnings are plain strings.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_CELL_PATTERN = re.compile(r"inputs\.\w+\[(\d+)\](?:\.(\w+))?")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    `where` is a dotted path (`inputs.age`, `table[3].reserve`), `message` a clause without a full stop,
    `hint` one sentence that tells the reader what to do.
    """

    where: str
    message: str
    hint: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}. {self.hint}"

    @property
    def text(self) -> str:
        """What was found and what to do, where the reader sees what it is about."""
        return f"{self.message[:1].upper()}{self.message[1:]}. {self.hint}"

    @property
    def cell(self) -> tuple[int, str | None] | None:
        """The row, from 0, and the column of the table input that it is about; None where it is about no row."""
        match = _CELL_PATTERN.fullmatch(self.where)
        return (int(match[1]), match[2]) if match else None

    def as_dict(self) -> dict[str, str]:
        """Return the problem as the API and the database hold it: `where`, `found` and `remedy`."""
        return {"where": self.where, "found": self.message, "remedy": self.hint}

    @classmethod
    def from_dict(cls, stored: Mapping[str, str]) -> "Problem":
        """Return the problem that `as_dict` wrote."""
        return cls(stored["where"], stored["found"], stored["remedy"])


@dataclass(frozen=True, slots=True)
class QueryFault:
    """One thing that is wrong with a search: the column, from 1, of how many letters, what was found, what to do."""

    column: int
    length: int
    message: str
    hint: str
