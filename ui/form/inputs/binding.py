"""One input's place on the form: its field and value, and how a widget takes and gives that value.

Chosen: a widget is told a value once, when it is drawn under a new key. A browser sends the values of all its widgets
each time, also of those that the server has just changed and whose change has not reached it yet; told in place, such a
late value could not be told from what somebody typed, and a slider that is being moved would jump back. Under a key of
its own it is the value that the widget was drawn with, which is no change.
The value is the widget's default as well: a browser may draw a widget a second time, as when a part of the page waits
for a script that is still on its way, and it then takes the default, which without one is a slider's lowest value.
Left out: the widgets.
"""

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

TURNS = 50  # keys of one widget, used in turn: no browser is so many answers behind


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
) -> str:
    """Return the key under which a widget of `binding` shows `shown`: the same one as long as it already does.

    Args:
        binding: the input's.
        key: what the widget's keys begin with.
        shown: the value to show.
        same: whether the value that the widget has is as good as the one to show.
    """
    state = st.session_state
    place, told_for = f"{key}:turn", (binding.revision, binding.number_format)
    turn, before = state.get(place, (0, told_for))
    now = _turn_key(key, turn)
    if now in state:
        old = state[now]
        # Where all values have been replaced, what the browser reports just then may be about to be lost.
        if same(old, shown) and before == told_for:
            return now
        if before == told_for and state.get(f"{now}:taken") == (old,):
            state[now] = shown  # the user's own entry, written as the form writes it
            return now
        state.pop(f"{now}:taken", None)
        turn = (turn + 1) % TURNS
        now = _turn_key(key, turn)
    state[place] = (turn, told_for)
    state[now] = shown
    return now


def is_user_change(key: str, shown: Any) -> bool:
    """Say, in the callback of the widget `key`, which was drawn with `shown`, whether the user has changed it."""
    state = st.session_state
    value = state.get(key, shown)
    if value == shown or state.get(f"{key}:taken") == (value,):
        return False
    state[f"{key}:taken"] = (value,)
    return True


def _turn_key(key: str, turn: int) -> str:
    return f"{key}~{turn}" if turn else key


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
