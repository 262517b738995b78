"""A problem says where it is, what was found and what to do; checkers collect them all and raise once.

Chosen: one flat list of small values that pages print beside a widget and the API returns as it stands.
Left out: severities. What is not a problem is a warning, and warnings are plain strings.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

_CELL = re.compile(r"inputs\.\w+\[(\d+)\](?:\.(\w+))?")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    `where` is a dotted path (`inputs.age`, `table[3].reserve`), `found` a clause without a full stop,
    `remedy` one sentence that tells the reader what to do.
    """

    where: str
    found: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.where}: {self.found}. {self.remedy}"

    @property
    def sentences(self) -> str:
        """What was found and what to do, where the reader sees what it is about."""
        return f"{self.found[:1].upper()}{self.found[1:]}. {self.remedy}"

    @property
    def cell(self) -> tuple[int, str | None] | None:
        """The row, from 0, and the column of the table input that it is about; None where it is about no row."""
        match = _CELL.fullmatch(self.where)
        return (int(match[1]), match[2]) if match else None

    def as_dict(self) -> dict[str, str]:
        """Return the problem as the API and the database hold it."""
        return asdict(self)


class ContractError(Exception):
    """Something does not keep the model contract."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: Sequence[Problem] = tuple(problems)
        super().__init__("\n".join(str(p) for p in self.problems))


class ManifestError(ContractError):
    """A manifest does not keep the contract."""


class InputError(ContractError):
    """Inputs do not fit the manifest's fields."""


class ResultError(ContractError):
    """What a model returned cannot be shown or stored."""
