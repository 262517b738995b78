"""Texts and dates.

Chosen: limits are the form's to report, not the widget's: a box that silently cuts a pasted text, or a calendar that
jumps to a date in its range, would change what the analyst gave. Dates are typed into a text box that
`contract.date_reader` reads: the calendar's own field takes 20.12.2026 for the second of February 2012, so that
`ui.shell.style` leaves only its button.
Left out: times of day, which the contract does not have.
"""

import datetime as dt

import streamlit as st

from contract.date_reader import read_date
from contract.problems import Problem
from ui.form.form_state import RefusedText
from ui.form.inputs.binding import (
    InputBinding,
    escape_markdown,
    examples_note,
    is_user_change,
    show_caption,
    sync_widget,
)

LINE_PIXELS = 26
CALENDAR_WIDTH = 48  # of its button
EARLIEST, LATEST = dt.date(1800, 1, 1), dt.date(2300, 12, 31)


def text_input(binding: InputBinding) -> None:
    """Draw a text box, or a text area for a field with `lines`."""
    field = binding.field
    shown = binding.value if isinstance(binding.value, str) else ""
    key = sync_widget(binding, binding.key, shown)

    def set_value() -> None:
        if is_user_change(key, shown):
            typed = st.session_state[key]
            binding.set_value(typed if typed or field.has_default else None)

    if field.lines and field.lines > 1:
        st.text_area(
            binding.label,
            value=shown,
            key=key,
            height=LINE_PIXELS * min(field.lines, 20) + 16,
            help=binding.help,
            placeholder=field.placeholder,
            on_change=set_value,
        )
    else:
        st.text_input(
            binding.label,
            value=shown,
            key=key,
            help=binding.help,
            placeholder=field.placeholder,
            on_change=set_value,
        )
    show_caption(
        f"of the form {escape_markdown(field.pattern)}" if field.pattern else None,
        examples_note(field, binding.number_format),
    )


def date_input(binding: InputBinding) -> None:
    """Draw a box for the date as text and, beside it, a calendar whose limits are widened to show a value outside."""
    field = binding.field
    shown, text = as_date(binding.value), _date_text(binding)
    calendar, box = sync_widget(binding, binding.key, shown), sync_widget(binding, f"{binding.key}.box", text)
    first, last = as_date(field.minimum) or EARLIEST, as_date(field.maximum) or LATEST
    if shown is not None:
        first, last = min(first, shown), max(last, shown)

    def choose() -> None:
        if is_user_change(calendar, shown):
            chosen = st.session_state[calendar]
            binding.set_value(chosen.isoformat() if isinstance(chosen, dt.date) else None)

    def typed() -> None:
        if is_user_change(box, text):
            _take_date(binding, st.session_state[box] or "")

    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key=f"date-{binding.key}"):
        st.text_input(
            binding.label,
            value=text,
            key=box,
            help=binding.help,
            placeholder=field.placeholder or "YYYY-MM-DD",
            on_change=typed,
        )
        st.date_input(
            f"{binding.label}, calendar",
            value=shown,
            min_value=first,
            max_value=last,
            key=calendar,
            format="YYYY-MM-DD",
            label_visibility="collapsed",
            width=CALENDAR_WIDTH,
            on_change=choose,
        )
    low, high = field.minimum, field.maximum
    ends = [f"{word} {end}" for word, end in (("from", low), ("to", high)) if end]
    show_caption(" ".join(ends), examples_note(field, binding.number_format))


def _date_text(binding: InputBinding) -> str:
    if "" in binding.refused:
        return binding.refused[""].text
    return "" if binding.value is None else str(binding.value)


def _take_date(binding: InputBinding, text: str) -> None:
    if not text.strip():
        binding.set_value(None)
        return
    found = read_date(text, binding.number_format, where=f"inputs.{binding.field.key}")
    if isinstance(found, Problem):
        binding.set_value(binding.value, refused={"": RefusedText(text, found)})
    else:
        binding.set_value(found.value, note=found.note)


def as_date(value: object) -> dt.date | None:
    """Return the ISO date in `value`, or None where there is none."""
    try:
        return dt.date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
