"""Fill a form from a workbook that was exported: of several runs in it one is chosen.

Left out: reading it, which is `contract.input_workbook`, and running all of its rows, which is a sweep.
"""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from contract.input_workbook import InputRows, read_input_workbook
from contract.manifest import Manifest
from ui.form.form_state import FormState
from ui.form.inputs.binding import escape_markdown, show_note
from ui.shell.session_format import current_format

MOST_SHOWN = 8


def show_workbook_upload(manifest: Manifest, page: FormState, prefix: str) -> None:
    """Draw the button that opens the place for a workbook, and fill the form when asked to."""
    with st.popover("Excel", icon=":material/table_view:", type="tertiary", key=f"{prefix}:excel"):
        st.caption("Fill the form from a workbook that *Export* made, of a run, a sweep or a comparison.")
        file = st.file_uploader("Workbook", ["xlsx"], key=f"{prefix}:workbook", label_visibility="collapsed")
        if file is None:
            return
        found = read_input_workbook(manifest, file.getvalue(), current_format())
        for problem in found.problems[:MOST_SHOWN]:
            show_note("error", "red", str(problem))
        if len(found.problems) > MOST_SHOWN:
            st.caption(f"and {len(found.problems) - MOST_SHOWN} more problems")
        if found.problems:
            return
        row = _choose(found, prefix)
        st.button(
            "Fill the form",
            key=f"{prefix}:fill",
            type="primary",
            on_click=_fill,
            args=(manifest, page, row),
        )
        for note in found.notes[:MOST_SHOWN]:
            st.caption(escape_markdown(note))


def _choose(found: InputRows, prefix: str) -> Mapping[str, Any]:
    if len(found.rows) == 1:
        return found.rows[0]
    place = st.selectbox(
        "Run",
        range(len(found.rows)),
        format_func=lambda i: f"Row {found.lines[i]:,} of the sheet Inputs",
        key=f"{prefix}:workbook-row",
    )
    return found.rows[place]


def _fill(manifest: Manifest, page: FormState, row: Mapping[str, Any]) -> None:
    """Take a run's inputs; those that its row leaves out stay as they are."""
    page.replace({**page.values, **{key: value for key, value in row.items() if key in manifest.inputs}})
    page.saved = None
