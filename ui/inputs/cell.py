"""One input's place on the form: its field and value, and how a widget takes and gives that value.

Chosen: `hold` sets a widget's state only where it differs, because setting it makes Streamlit overwrite what the
browser shows, and a slider that is being dragged would jump back.
Left out: the widgets.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from contract.fields import Field
from contract.problems import Problem

MARKS = re.compile(r"([\\`*_\[\]$~<>])")


@dataclass(frozen=True, slots=True)
class Cell:
    """What a widget function gets.

    `value` is None where the input is empty. `key` is unique on the page and starts every widget's
    key. `revision` changes when all values were replaced at once, for widgets whose state cannot be
    set. `put` takes a new value and must be called from callbacks only.
    """

    field: Field
    value: Any
    key: str
    put: Callable[[Any], None]
    keep_file: Callable[[str, bytes], dict[str, Any]]
    revision: int = 0
    problems: Sequence[Problem] = ()
    warnings: Sequence[str] = ()
    complain: Callable[[Problem], None] = lambda _problem: None
    restore: Callable[[], None] | None = None

    @property
    def label(self) -> str:
        """The label as Markdown, with its unit and what else an analyst must know before typing."""
        text = plain(self.field.title)
        if self.field.deprecated:
            text += " :gray-badge[deprecated]"
        if not self.field.required and not self.field.has_default:
            text += " :gray[optional]"
        return text

    @property
    def help(self) -> str | None:
        """The help text, without Markdown of its own."""
        return plain(self.field.help) if self.field.help else None


def plain(text: str) -> str:
    """Return `text` so that Markdown shows it as it stands."""
    return MARKS.sub(r"\\\1", text).replace("\n", " ")


def hold(key: str, shown: Any, same: Callable[[Any, Any], bool] = lambda a, b: a == b) -> None:
    """Make the widget `key` show `shown`, leaving it alone where it already does."""
    if key not in st.session_state or not same(st.session_state[key], shown):
        st.session_state[key] = shown


def caption(*parts: str | None) -> None:
    """Write the small print under a widget."""
    text = " · ".join(part for part in parts if part)
    if text:
        st.caption(text)


def examples(field: Field) -> str | None:
    """Return the field's examples as small print."""
    if not field.examples:
        return None
    return "e.g. " + ", ".join(plain(figure(e, field)) for e in field.examples)


def is_year(field: Field) -> bool:
    """Say whether the field counts years of the calendar, which take no thousands separator."""
    low, high = field.minimum, field.maximum
    return bool(field.whole and not field.unit and low and high and low >= 1000 and high < 3000)


def figure(value: Any, field: Field | None = None) -> str:
    """Return a value as an analyst reads it: numbers with thousands separators, no lost digits."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if field is not None and is_year(field):
        return f"{value:.10g}"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.10g}" if abs(value) < 1e15 else f"{value:g}"


def note(icon: str, colour: str, text: str) -> None:
    """Write a remark about a value: an icon and words, so that colour is never alone."""
    st.markdown(f":{colour}[:material/{icon}: :small[{plain(text)}]]")
