"""Every field type of the contract has its widget: one function a type, all called through `draw`.

Chosen: a widget never owns its value. The form's sheet does; before a widget is drawn its state is set to what
the sheet says, and its callback writes back. So a slider and its number box stay in step, values outlive hidden
widgets and other pages, and a value that does not fit is shown as it stands instead of being clamped.
Left out: checking, which the form does for all inputs at once, and where values are kept between reruns.
"""

from dataclasses import replace

import streamlit as st

from contract.fields import Field
from contract.problems import Problem
from ui.inputs import choices, file, numbers, table, texts
from ui.inputs.cell import Cell, note

_DRAW = {
    "number": numbers.number,
    "integer": numbers.number,
    "range": numbers.span,
    "boolean": choices.boolean,
    "select": choices.select,
    "multiselect": choices.multiselect,
    "text": texts.text,
    "date": texts.date,
    "table": table.table,
    "file": file.file,
}

MOST = 12  # problems told of one input; a table can have one in every cell

__all__ = ["Cell", "draw"]


def draw(cell: Cell) -> None:
    """Draw one input: its widget, its caption, and beneath it what is wrong or doubtful about its value."""
    with st.container(key=f"{cell.key}.cell", gap="xxsmall"):
        _DRAW[cell.field.type](cell)
        for warning in cell.warnings:
            note("warning", "orange", warning)
        for problem in cell.problems[:MOST]:
            note("error", "red", replace(problem, found=place(cell.field, problem) + problem.found).sentences)
        if len(cell.problems) > MOST:
            note("error", "red", f"And {len(cell.problems) - MOST:,} more.")
        if cell.restore is not None:
            st.button(
                "Use the default",
                key=f"{cell.key}.restore",
                type="tertiary",
                icon=":material/undo:",
                on_click=cell.restore,
            )


def place(field: Field, problem: Problem) -> str:
    """Return the words for the cell of a table that a problem is about, rows counted from 1; nothing for the rest."""
    if field.type != "table" or problem.cell is None:
        return ""
    row, key = problem.cell
    column = field.columns.get(key or "")
    return f"row {row + 1}{f', {column.label}' if column else ''}: "
