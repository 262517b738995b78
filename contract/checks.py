"""What was checked of a model before it is registered, and how each check ended.

Chosen: a list in the order of the checks, so that it can be shown as it grows; one failure refuses the model, a warning
does not.
Left out: the checks, which are `registry.checks` and `engine.models.check`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from contract.problems import Problem


class Level(StrEnum):
    """How a check ended."""

    PASS = "pass"  # noqa: S105 - no password
    WARNING = "warning"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check: its name, how it ended, where, what was found and what to do. `detail` is a log or a traceback."""

    check: str
    level: Level
    found: str
    where: str = ""
    hint: str = ""
    detail: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return the result as the API and the database hold it."""
        return {**asdict(self), "level": str(self.level)}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "CheckResult":
        """Return the result that `as_dict` wrote."""
        return cls(**{**stored, "level": Level(stored["level"])})

    @classmethod
    def failed(cls, check: str, problem: Problem) -> "CheckResult":
        """Return the failure that a problem is."""
        return cls(check, Level.FAIL, problem.message, problem.where, problem.hint)


def is_refused(results: Iterable[CheckResult]) -> bool:
    """Return whether a model with these results may not be registered."""
    return any(r.level is Level.FAIL for r in results)


def problems_of(results: Iterable[CheckResult]) -> list[Problem]:
    """Return the failures as problems."""
    return [Problem(r.where or r.check, r.found, r.hint or "Correct it.") for r in results if r.level is Level.FAIL]
