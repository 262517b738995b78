"""A grid's state between reruns: the rows it started from, and what was typed into it since.

Chosen: the rows that a grid started from stay the same while it is edited; it starts again, under a new key, when rows
come from elsewhere or a cell is to show something else than was typed into it. Tables and triangles share it.
Left out: reading what was typed, which is `ui.form.inputs.grid_edits`, and the widget around it.
"""

from collections.abc import Callable, Sequence

import streamlit as st

from contract.fields import Field
from ui.form.inputs import grid_edits
from ui.form.inputs.binding import InputBinding
from ui.form.inputs.grid_edits import ReadEdits, Row

MAX_NOTES = 3  # texts that might mean something else


def grid_base(binding: InputBinding, name: str, rows: list[Row]) -> tuple[list[Row], str]:
    """Return the rows the grid started from and its key, starting it again when the rows are not its own.

    Args:
        binding: of the input.
        name: of the grid within the input; an input may have several.
        rows: that the input holds now.
    """
    place = _place(binding, name)
    known = st.session_state.get(place)
    own = (
        known is not None
        and known["rows"] == rows
        and known["format"] == binding.number_format
        and not known["restart"]
        and f"{place}.{known['start']}" in st.session_state
    )
    if not own:
        known = {
            "start": known["start"] + 1 if known else 0,
            "base": rows,
            "rows": rows,
            "format": binding.number_format,
            "memory": None,
            "restart": False,
        }
        st.session_state[place] = known
    return known["base"], f"{place}.{known['start']}"


def read_edits(
    binding: InputBinding,
    name: str,
    table: Field,
    base: Sequence[Row],
    key: str,
    complete: Callable[[Row], Row] = lambda row: row,
) -> ReadEdits:
    """Return the rows with what was typed and pasted into the grid; for its callback.

    Args:
        binding: of the input.
        name: of the grid within the input.
        table: a field of type table with the grid's columns.
        base: the rows that the grid started from.
        key: the grid's.
        complete: gives a row all cells that rows have, those that the grid does not show too.
    """
    known = st.session_state[_place(binding, name)]
    read = grid_edits.apply_edits(
        table, base, st.session_state[key], binding.number_format, memory=known["memory"], old_rows=known["rows"]
    )
    read.rows = [complete(row) for row in read.rows]
    # A change that was on its way while the grid was to start again does not undo that.
    known |= {"rows": read.rows, "memory": read.memory, "restart": known["restart"] or read.restart}
    return read


def notes_text(notes: Sequence[str]) -> str:
    """Return how texts were read as one line, the first ones and how many more there are."""
    unique = list(dict.fromkeys(notes))
    more = f" And {len(unique) - MAX_NOTES:,} more." if len(unique) > MAX_NOTES else ""
    return ". ".join(unique[:MAX_NOTES]) + ("." if len(unique) > 1 else "") + more


def _place(binding: InputBinding, name: str) -> str:
    return f"{binding.key}.{name}"
