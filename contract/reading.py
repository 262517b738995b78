"""What a text that somebody wrote was read as, or why it could not be read.

Chosen: a reading says how the text was understood, so that a form can show it beside the field and no figure changes
without a word.
Left out: whether the value fits the field's range, which the field's own checks say.
"""

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reading(Generic[T]):
    """The value of a text.

    `note` is a short sentence for the field where the text could be taken otherwise or was converted ("1,234 read as
    1234, not 1.234"), and empty where it says just what it was read as. `others` holds the values that the text may
    have meant as well.
    """

    value: T
    note: str = ""
    others: tuple[T, ...] = ()

    @property
    def ambiguous(self) -> bool:
        """Whether the text alone does not decide its value."""
        return bool(self.others)
