"""Choices: a toggle, one of several options, several of them.

Chosen: few options stay in sight (segmented control up to 5, pills up to 8), more go into a list. Widgets work on
the option's position, because 1, "1" and true are different options and equal to Python or to a browser.
Left out: an option that is not offered; the form shows no choice then and says which value it met.
"""

from typing import Any

import streamlit as st

from contract.fields import Field
from ui.inputs.cell import Cell, caption, examples, heard, hold, plain

IN_SIGHT_ONE = 5
IN_SIGHT_MANY = 8


def boolean(cell: Cell) -> None:
    """Draw a toggle; where the value is unreadable it shows the default and the form says so."""
    shown = cell.value if isinstance(cell.value, bool) else bool(cell.field.default)
    hold(cell, cell.key, shown)
    st.toggle(
        cell.label,
        key=cell.key,
        help=cell.help,
        on_change=lambda: cell.put(bool(st.session_state[cell.key])) if heard(cell.key) else None,
    )


def select(cell: Cell) -> None:
    """Draw one choice among the options."""
    field, key = cell.field, cell.key
    labels = option_labels(field)
    hold(cell, key, position(field, cell.value))

    def put() -> None:
        chosen = st.session_state[key]
        # A click on the chosen segment clears it in the browser; the value stays.
        if chosen is not None and heard(key):
            cell.put(field.options[chosen].value)

    if len(labels) <= IN_SIGHT_ONE:
        st.segmented_control(
            cell.label,
            range(len(labels)),
            format_func=labels.__getitem__,
            key=key,
            help=cell.help,
            on_change=put,
        )
    else:
        st.selectbox(
            cell.label,
            range(len(labels)),
            index=None,
            format_func=labels.__getitem__,
            key=key,
            help=cell.help,
            on_change=put,
        )
    caption(examples(field))


def multiselect(cell: Cell) -> None:
    """Draw several choices among the options."""
    field, key = cell.field, cell.key
    labels = option_labels(field)
    chosen = cell.value if isinstance(cell.value, list) else []
    hold(cell, key, [place for v in chosen if (place := position(field, v)) is not None])

    def put() -> None:
        if heard(key):
            cell.put([field.options[i].value for i in st.session_state[key]])

    if len(labels) <= IN_SIGHT_MANY:
        st.pills(
            cell.label,
            range(len(labels)),
            selection_mode="multi",
            format_func=labels.__getitem__,
            key=key,
            help=cell.help,
            on_change=put,
        )
    else:
        st.multiselect(
            cell.label,
            range(len(labels)),
            format_func=labels.__getitem__,
            key=key,
            help=cell.help,
            placeholder="Choose",
            on_change=put,
        )
    caption(_count(field), examples(field))


def position(field: Field, value: Any) -> int | None:
    """Return the position of the option that has this value and this kind of value, or None."""
    for i, option in enumerate(field.options):
        if option.value == value and isinstance(option.value, bool) == isinstance(value, bool):
            return i
    return None


def option_labels(field: Field) -> list[str]:
    """Return the options' words, told apart by their values where two have the same."""
    labels = [o.label for o in field.options]
    return [plain(o.label if labels.count(o.label) == 1 else f"{o.label} ({o.value!r})") for o in field.options]


def _count(field: Field) -> str | None:
    low, high = field.min_items, field.max_items
    if low and high:
        return f"choose {low}" if low == high else f"choose {low} to {high}"
    if low:
        return f"choose at least {low}"
    return f"choose at most {high}" if high else None
