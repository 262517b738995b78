"""Every field type of the contract has its widget: one function a type, all called through `draw_input`.

Chosen: a widget never owns its value. The form's state does; before a widget is drawn its state is set to what
the form says, and its callback writes back. So a slider and its number box stay in step, values outlive hidden
widgets and other pages, and a value that does not fit is shown as it stands instead of being clamped.
Left out: checking, which the form does for all inputs at once, and where values are kept between reruns.
"""

from dataclasses import replace
from typing import Any

import streamlit as st

from contract.fields import Field
from contract.problems import Problem
from contract.triangle import path_within, place_words
from ui.form.inputs import choices, file, numbers, table, texts, triangle
from ui.form.inputs.binding import InputBinding, show_note

_DRAW_BY_TYPE = {
    "number": numbers.number_input,
    "integer": numbers.number_input,
    "range": numbers.range_input,
    "boolean": choices.boolean_input,
    "select": choices.select_input,
    "multiselect": choices.multiselect_input,
    "text": texts.text_input,
    "date": texts.date_input,
    "table": table.table_input,
    "triangle": triangle.triangle_input,
    "file": file.file_input,
}

MAX_PROBLEMS = 12  # problems told of one input; a table can have one in every cell

__all__ = ["InputBinding", "draw_input"]


def draw_input(binding: InputBinding) -> None:
    """Draw one input: its widget, its caption, and beneath it what is wrong or doubtful about its value."""
    with st.container(key=f"{binding.key}.cell", gap="xxsmall"):
        _DRAW_BY_TYPE[binding.field.type](binding)
        if binding.note:
            show_note("info", "blue", binding.note)
        for warning in binding.warnings:
            show_note("warning", "orange", warning)
        for problem in binding.problems[:MAX_PROBLEMS]:
            place = cell_place_text(binding.field, problem, binding.value)
            show_note("error", "red", replace(problem, message=place + problem.message).text)
        if len(binding.problems) > MAX_PROBLEMS:
            show_note("error", "red", f"And {len(binding.problems) - MAX_PROBLEMS:,} more.")
        if binding.restore is not None:
            st.button(
                binding.restore_label,
                key=f"{binding.key}.restore",
                type="tertiary",
                icon=":material/undo:",
                on_click=binding.restore,
            )


def cell_place_text(field: Field, problem: Problem, value: Any = None) -> str:
    """Return the words for the cell of a table or triangle that a problem is about; nothing for the rest.

    Rows of a table count from 1; a cell of a triangle is named by the labels that `value` has.
    """
    if field.type == "triangle":
        words = place_words(field, value, path_within(problem.where))
        return f"{words}: " if words else ""
    if field.type != "table" or problem.cell is None:
        return ""
    row, key = problem.cell
    column = field.columns.get(key or "")
    return f"row {row + 1}{f', {column.label}' if column else ''}: "
