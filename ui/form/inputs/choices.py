"""Choices: a toggle, one of several options, several of them.

Chosen: few options stay in sight (segmented control up to 5, pills up to 8), more go into a list. Widgets work on
the option's position, because 1, "1" and true are different options and equal to Python or to a browser.
Left out: an option that is not offered; the form shows no choice then and says which value it met.
"""

from typing import Any

import streamlit as st

from contract.fields import Field
from ui.form.inputs.binding import (
    InputBinding,
    escape_markdown,
    examples_note,
    is_user_change,
    show_caption,
    sync_widget,
)

IN_SIGHT_ONE = 5
IN_SIGHT_MANY = 8


def boolean_input(binding: InputBinding) -> None:
    """Draw a toggle; where the value is unreadable it shows the default and the form says so."""
    shown = binding.value if isinstance(binding.value, bool) else bool(binding.field.default)
    key = sync_widget(binding, binding.key, shown)

    def set_value() -> None:
        if is_user_change(key, shown):
            binding.set_value(bool(st.session_state[key]))

    st.toggle(binding.label, value=shown, key=key, help=binding.help, on_change=set_value)


def select_input(binding: InputBinding) -> None:
    """Draw one choice among the options."""
    field = binding.field
    labels = option_labels(field)
    shown = option_index(field, binding.value)
    key = sync_widget(binding, binding.key, shown)

    def set_value() -> None:
        # A click on the chosen segment clears it in the browser; the value stays.
        if is_user_change(key, shown) and (chosen := st.session_state[key]) is not None:
            binding.set_value(field.options[chosen].value)

    if len(labels) <= IN_SIGHT_ONE:
        st.segmented_control(
            binding.label,
            range(len(labels)),
            default=shown,
            format_func=labels.__getitem__,
            key=key,
            help=binding.help,
            on_change=set_value,
        )
    else:
        st.selectbox(
            binding.label,
            range(len(labels)),
            index=shown,
            format_func=labels.__getitem__,
            key=key,
            help=binding.help,
            on_change=set_value,
        )
    show_caption(examples_note(field, binding.number_format))


def multiselect_input(binding: InputBinding) -> None:
    """Draw several choices among the options."""
    field = binding.field
    labels = option_labels(field)
    chosen = binding.value if isinstance(binding.value, list) else []
    shown = [place for v in chosen if (place := option_index(field, v)) is not None]
    key = sync_widget(binding, binding.key, shown)

    def set_value() -> None:
        if is_user_change(key, shown):
            binding.set_value([field.options[i].value for i in st.session_state[key]])

    if len(labels) <= IN_SIGHT_MANY:
        st.pills(
            binding.label,
            range(len(labels)),
            selection_mode="multi",
            default=shown,
            format_func=labels.__getitem__,
            key=key,
            help=binding.help,
            on_change=set_value,
        )
    else:
        st.multiselect(
            binding.label,
            range(len(labels)),
            default=shown,
            format_func=labels.__getitem__,
            key=key,
            help=binding.help,
            placeholder="Choose",
            on_change=set_value,
        )
    show_caption(_count_note(field), examples_note(field, binding.number_format))


def option_index(field: Field, value: Any) -> int | None:
    """Return the position of the option that has this value and this kind of value, or None."""
    for i, option in enumerate(field.options):
        if option.value == value and isinstance(option.value, bool) == isinstance(value, bool):
            return i
    return None


def option_labels(field: Field) -> list[str]:
    """Return the options' words, told apart by their values where two have the same."""
    labels = [o.label for o in field.options]
    return [
        escape_markdown(o.label if labels.count(o.label) == 1 else f"{o.label} ({o.value!r})") for o in field.options
    ]


def _count_note(field: Field) -> str | None:
    low, high = field.min_items, field.max_items
    if low and high:
        return f"choose {low}" if low == high else f"choose {low} to {high}"
    if low:
        return f"choose at least {low}"
    return f"choose at most {high}" if high else None
