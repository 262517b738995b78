"""A reader of one JSON object of a manifest, which notes what has the wrong shape and reads on.

Chosen: reading goes on past every problem, so that all of them come at once. Pydantic was tried: a model's cross-checks
(min above max, a default out of range) do not run while any of its keys is wrong, so that problems would come in two
rounds, and each of its messages would need one of ours beside it.
Left out: which keys there are; each type of field and the manifest ask for theirs.
"""

from collections.abc import Mapping
from typing import Any

from contract.fields import is_number
from contract.problems import Problem
from contract.wording import shorten


class DeclarationReader:
    """Reads keys of one JSON object and notes what has the wrong shape; a wrong value reads as the default."""

    def __init__(self, raw: Mapping[str, Any], where: str, problems: list[Problem], warnings: list[str]) -> None:
        self.raw, self.where, self.problems, self.warnings = raw, where, problems, warnings

    def path(self, key: str) -> str:
        """Return the path that a problem at `key` names."""
        return f"{self.where}.{key}" if self.where else key

    def problem(self, key: str, found: str, hint: str) -> None:
        """Note a problem at `key`."""
        self.problems.append(Problem(self.path(key), found, hint))

    def warn(self, key: str, text: str) -> None:
        """Note what is unusual about `key` and makes nothing unusable."""
        self.warnings.append(f"{self.path(key)} {text}")

    def typed(self, key: str, kind: Any, words: str, default: Any = None) -> Any:
        """Return a value of the Python type `kind`, called `words` in the message."""
        value = self.raw.get(key)
        if value is None:
            return default
        wrong_bool = isinstance(value, bool) and kind is not bool
        if not isinstance(value, kind) or wrong_bool:
            self.problem(key, f"{shorten(value)} is not {words}", f"Give {words}.")
            return default
        return value

    def text(self, key: str) -> str | None:
        """Return a text, or None."""
        value: str | None = self.typed(key, str, "text")
        return value

    def flag(self, key: str, *, default: bool = False) -> bool:
        """Return true or false."""
        return bool(self.typed(key, bool, "true or false", default=default))

    def number(self, key: str, default: float | None = None) -> Any:
        """Return a finite number, or the default."""
        value = self.typed(key, int | float, "a number", default)
        if value is not None and not is_number(value):
            self.problem(key, f"{shorten(value)} is not finite", "Give a finite number.")
            return default
        return value

    def count(self, key: str, default: int | None = None) -> Any:
        """Return a whole number of 0 or more, or the default."""
        value = self.typed(key, int, "a whole number", default)
        if value is not None and value < 0:
            self.problem(key, f"{value} is below 0", "Give 0 or more.")
            return default
        return value
