"""Texts and dates.

Chosen: limits are the form's to tell, not the widget's: a box that silently cuts a pasted text, or a calendar that
jumps to a date in its range, would change what the analyst gave.
Left out: times of day, which the contract does not have.
"""

import datetime as dt

import streamlit as st

from ui.inputs.cell import Cell, caption, examples, heard, hold, plain

LINE_PIXELS = 26
EARLIEST, LATEST = dt.date(1800, 1, 1), dt.date(2300, 12, 31)


def text(cell: Cell) -> None:
    """Draw a text box, or a text area for a field with `lines`."""
    field, key = cell.field, cell.key
    hold(cell, key, cell.value if isinstance(cell.value, str) else "")

    def put() -> None:
        typed = st.session_state[key]
        if heard(key):
            cell.put(typed if typed or field.has_default else None)

    if field.lines and field.lines > 1:
        st.text_area(
            cell.label,
            key=key,
            height=LINE_PIXELS * min(field.lines, 20) + 16,
            help=cell.help,
            placeholder=field.placeholder,
            on_change=put,
        )
    else:
        st.text_input(cell.label, key=key, help=cell.help, placeholder=field.placeholder, on_change=put)
    caption(f"of the form {plain(field.pattern)}" if field.pattern else None, examples(field))


def date(cell: Cell) -> None:
    """Draw a calendar whose limits are the field's, widened to show a value outside them."""
    field, key = cell.field, cell.key
    shown = as_date(cell.value)
    first = as_date(field.minimum) or EARLIEST
    last = as_date(field.maximum) or LATEST
    if shown is not None:
        first, last = min(first, shown), max(last, shown)
    hold(cell, key, shown)

    def put() -> None:
        chosen = st.session_state[key]
        if heard(key):
            cell.put(chosen.isoformat() if isinstance(chosen, dt.date) else None)

    st.date_input(
        cell.label,
        value=None,
        min_value=first,
        max_value=last,
        key=key,
        help=cell.help,
        format="YYYY-MM-DD",
        on_change=put,
    )
    low, high = field.minimum, field.maximum
    ends = [f"{word} {end}" for word, end in (("from", low), ("to", high)) if end]
    caption(" ".join(ends), examples(field))


def as_date(value: object) -> dt.date | None:
    """Return the ISO date in `value`, or None where there is none."""
    try:
        return dt.date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
