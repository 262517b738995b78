"""One input's place on the form: its field and value, and how a widget takes and gives that value.

Chosen: `sync_widget` sets a widget's state only where it differs, because setting it makes Streamlit overwrite what
the browser shows, and a slider that is being dragged would jump back. A browser sends all its widgets' values each
time, also those that the server has just set to something else and that have not reached it yet: `is_user_change`
tells such an echo from what the user did, or a box beside a slider would undo every second of a quick series of steps.
Left out: the widgets.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any, Protocol

import streamlit as st

from contract.fields import Field, is_number
from contract.number_format import NumberFormat, format_number
from contract.problems import Problem
from ui.form.form_state import Part, RefusedText
from ui.shell.markup import escape as escape_markdown

ECHO = 2.0  # s within which a widget still reports what the server has overruled
ECHOES = 40  # of a widget's last values that are remembered


class SetValue(Protocol):
    """Takes an input's new value, how its text was read, and the texts of it that were refused."""

    def __call__(self, value: Any, *, note: str = "", refused: Mapping[Part, RefusedText] | None = None) -> None:
        """Take the value."""


@dataclass(frozen=True, slots=True)
class InputBinding:
    """What a widget function gets.

    `value` is None where the input is empty. `key` is unique on the page and starts every widget's
    key. `revision` changes when all values were replaced at once, for widgets whose state cannot be
    set. `set_value` takes a new value and must be called from callbacks only. `refused` holds the texts
    that could not be read, `note` how the last one was read.
    """

    field: Field
    value: Any
    key: str
    set_value: SetValue
    store_file: Callable[[str, bytes], dict[str, Any]]
    number_format: NumberFormat = NumberFormat()
    refused: Mapping[Part, RefusedText] = dataclass_field(default_factory=dict)
    note: str = ""
    revision: int = 0
    problems: Sequence[Problem] = ()
    warnings: Sequence[str] = ()
    set_error: Callable[[Problem], None] = lambda _problem: None
    restore: Callable[[], None] | None = None
    restore_label: str = "Use the default"

    @property
    def label(self) -> str:
        """The label as Markdown, with its unit and what else an analyst must know before typing."""
        text = escape_markdown(self.field.title)
        if self.field.deprecated:
            text += " :gray-badge[deprecated]"
        if not self.field.required and not self.field.has_default:
            text += " :gray[optional]"
        return text

    @property
    def help(self) -> str | None:
        """The help text, without Markdown of its own."""
        return escape_markdown(self.field.help) if self.field.help else None


def sync_widget(
    binding: InputBinding, key: str, shown: Any, same: Callable[[Any, Any], bool] = lambda a, b: a == b
) -> None:
    """Make the widget `key` of `binding` show `shown`, leaving it alone where it already does.

    Where all values have been replaced it is told in any case: what the browser reports just then it
    may be about to lose, to something it was told before.
    """
    anew = st.session_state.get(f"{key}:revision") != binding.revision
    st.session_state[f"{key}:revision"] = binding.revision
    if key in st.session_state:
        old = st.session_state[key]
        if same(old, shown) and not anew:
            return
        values, _ = st.session_state.get(f"{key}:overruled", ([], 0.0))
        st.session_state[f"{key}:overruled"] = ([*values, old, shown][-ECHOES:], time.monotonic())
    st.session_state[key] = shown


def is_user_change(key: str, *, beside: bool = False) -> bool:
    """Say, in a callback of the widget `key`, whether its value is the user's doing and no echo of an older one.

    `beside` says that a widget of the same input has changed with it: a hand moves one at a time, so
    the one that reports an overruled value is the echo however late it comes.
    """
    place = f"{key}:overruled"
    values, since = st.session_state.get(place, ([], 0.0))  # what the browser has shown or been told since
    if st.session_state[key] in values and (beside or time.monotonic() - since < ECHO):
        return False
    st.session_state.pop(place, None)
    return True


def show_caption(*parts: str | None) -> None:
    """Write the small print under a widget."""
    text = " · ".join(part for part in parts if part)
    if text:
        st.caption(text)


def examples_note(field: Field, number_format: NumberFormat) -> str | None:
    """Return the field's examples as small print."""
    if not field.examples:
        return None
    return "e.g. " + ", ".join(escape_markdown(format_value(e, number_format, field)) for e in field.examples)


def is_year(field: Field) -> bool:
    """Say whether the field counts years of the calendar, which take no thousands separator."""
    low, high = field.minimum, field.maximum
    return bool(field.whole and not field.unit and low and high and low >= 1000 and high < 3000)


def format_value(value: Any, number_format: NumberFormat, field: Field | None = None) -> str:
    """Return a value as the session's analyst reads it: numbers with thousands separators, no lost digits."""
    if not is_number(value):
        return str(value)
    return format_number(value, number_format, grouping=not (field is not None and is_year(field)))


def show_note(icon: str, colour: str, text: str) -> None:
    """Write a remark about a value: an icon and words, so that colour is never alone."""
    st.markdown(f":{colour}[:material/{icon}: :small[{escape_markdown(text)}]]")
