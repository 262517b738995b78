"""Texts and dates.

Chosen: limits are the form's to tell, not the widget's: a box that silently cuts a pasted text, or a calendar that
jumps to a date in its range, would change what the analyst gave.
Left out: times of day, which the contract does not have.
"""

import datetime as dt

import streamlit as st

from ui.form.inputs.binding import (
    InputBinding,
    escape_markdown,
    examples_note,
    is_user_change,
    show_caption,
    sync_widget,
)

LINE_PIXELS = 26
EARLIEST, LATEST = dt.date(1800, 1, 1), dt.date(2300, 12, 31)


def text_input(binding: InputBinding) -> None:
    """Draw a text box, or a text area for a field with `lines`."""
    field, key = binding.field, binding.key
    sync_widget(binding, key, binding.value if isinstance(binding.value, str) else "")

    def set_value() -> None:
        typed = st.session_state[key]
        if is_user_change(key):
            binding.set_value(typed if typed or field.has_default else None)

    if field.lines and field.lines > 1:
        st.text_area(
            binding.label,
            key=key,
            height=LINE_PIXELS * min(field.lines, 20) + 16,
            help=binding.help,
            placeholder=field.placeholder,
            on_change=set_value,
        )
    else:
        st.text_input(binding.label, key=key, help=binding.help, placeholder=field.placeholder, on_change=set_value)
    show_caption(
        f"of the form {escape_markdown(field.pattern)}" if field.pattern else None,
        examples_note(field, binding.number_format),
    )


def date_input(binding: InputBinding) -> None:
    """Draw a calendar whose limits are the field's, widened to show a value outside them."""
    field, key = binding.field, binding.key
    shown = as_date(binding.value)
    first = as_date(field.minimum) or EARLIEST
    last = as_date(field.maximum) or LATEST
    if shown is not None:
        first, last = min(first, shown), max(last, shown)
    sync_widget(binding, key, shown)

    def set_value() -> None:
        chosen = st.session_state[key]
        if is_user_change(key):
            binding.set_value(chosen.isoformat() if isinstance(chosen, dt.date) else None)

    st.date_input(
        binding.label,
        value=None,
        min_value=first,
        max_value=last,
        key=key,
        help=binding.help,
        format="YYYY-MM-DD",
        on_change=set_value,
    )
    low, high = field.minimum, field.maximum
    ends = [f"{word} {end}" for word, end in (("from", low), ("to", high)) if end]
    show_caption(" ".join(ends), examples_note(field, binding.number_format))


def as_date(value: object) -> dt.date | None:
    """Return the ISO date in `value`, or None where there is none."""
    try:
        return dt.date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
