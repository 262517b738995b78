"""Words that the contract's messages share: values, ranges, units and lists of names, each short enough to be read.

Chosen: a few names of a long list and the count of the rest, because a message with sixty names hides its point.
Left out: what a message says, which is where it is raised.
"""

from collections.abc import Iterable
from typing import Any

from contract.fields import Field

MAX_VALUE = 60  # characters of a value in a message
MAX_NAMES = 8


def shorten(value: Any) -> str:
    """Return a value as a message shows it, cut where it is long."""
    text = repr(value)
    return text if len(text) <= MAX_VALUE else text[: MAX_VALUE - 3] + "..."


def unit_text(field: Field) -> str:
    """Return the field's unit with a space before it, or nothing."""
    return f" {field.unit}" if field.unit else ""


def range_text(field: Field) -> str:
    """Return the range of a number or date in words, empty where it has none."""
    return span_text(field.minimum, field.maximum, unit_text(field))


def span_text(low: Any, high: Any, unit: str = "") -> str:
    """Return a range in words; either end may be None.

    Args:
        low: the lower end, a number or a date as text.
        high: the upper end.
        unit: with a space before it, or empty.
    """
    first, last = (end if end is None or isinstance(end, str) else f"{end:,}" for end in (low, high))
    if first is not None and last is not None:
        return f"{first} to {last}{unit}"
    if first is not None:
        return f"{first}{unit} up"
    return f"at most {last}{unit}" if last is not None else ""


def name_some(names: Iterable[Any]) -> str:
    """Return the names with commas between them; of a long list the first ones and how many more there are."""
    listed = [str(name) for name in names]
    if len(listed) <= MAX_NAMES:
        return ", ".join(listed)
    shown = listed[: MAX_NAMES - 2]
    return f"{', '.join(shown)} and {len(listed) - len(shown):,} more"
