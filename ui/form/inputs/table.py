"""Tables: an editable grid, rows pasted from a spreadsheet or a file, and the grid as CSV.

Chosen: columns of numbers and dates are columns of text, because the browser's own number cells drop decimal commas
before anybody sees them. The cells that arrive together are read as one block, in the callback, so that the values are
right before anything is drawn.
Left out: sorting and formulas. Cells are checked with all other inputs, by the form.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from contract import clipboard
from contract.csv_export import write_csv
from contract.fields import Field, is_number
from contract.number_format import NumberFormat
from contract.result import Column
from contract.table_file import MAX_BYTES
from contract.table_rows import ParsedTable
from ui.form.inputs import grid, grid_edits
from ui.form.inputs.binding import (
    InputBinding,
    escape_markdown,
    format_value,
    is_user_change,
    show_caption,
    show_note,
    sync_widget,
)
from ui.form.inputs.grid_edits import AS_TEXT, Row, cell_text

MAX_SHOWN = 12  # problems of a pasted text
GRID = "grid"
ROW_PIXELS, MOST_PIXELS = 35, 420


def table_input(binding: InputBinding) -> None:
    """Draw the grid with its paste and download."""
    field = binding.field
    rows = rows_of(binding.value)
    base, key = grid.grid_base(binding, GRID, rows)

    st.markdown(f":small[{binding.label}]", help=binding.help)
    _choose_builtin(binding, rows)
    st.data_editor(
        to_dataframe(field, base, binding.number_format),
        key=key,
        num_rows="fixed" if field.min_rows == field.max_rows == len(base) else "dynamic",
        hide_index=True,
        column_config={k: column_config(c, binding.number_format) for k, c in field.columns.items()},
        height=min(MOST_PIXELS, ROW_PIXELS * (len(base) + 2) + 3),
        width="stretch",
        placeholder=" ",  # an empty cell shows nothing, and not the word None
        alt=f"Editable table of {field.label}",
        on_change=partial(_take_edits, binding, base, key),
    )
    # Below the grid, because the grid's own toolbar covers what is just above it.
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        show_caption(f"{len(rows):,} row{'' if len(rows) == 1 else 's'}", _allowed_note(field, binding.number_format))
        _draw_paste_box(binding)
        for excel, label in ((False, "CSV"), (True, "CSV for Excel")):
            st.download_button(
                label,
                data=partial(to_csv, field, rows, binding.number_format if excel else None),
                file_name=f"{field.key}{'-excel' if excel else ''}.csv",
                mime="text/csv",
                icon=":material/download:",
                key=f"{binding.key}.{'excel' if excel else 'csv'}",
                type="tertiary",
                on_click="ignore",
            )


def rows_of(value: Any) -> list[Row]:
    """Return the rows in `value`, leaving out what is no row."""
    return [dict(row) for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []


def to_dataframe(field: Field, rows: Sequence[Row], number_format: NumberFormat) -> pd.DataFrame:
    """Return the rows as the grid shows them, one column a field; a misfit is shown as it is where texts are shown."""
    return pd.DataFrame(
        {k: _to_series(c, [row.get(k) for row in rows], number_format) for k, c in field.columns.items()}
    )


def to_csv(field: Field, rows: Sequence[Row], spreadsheet: NumberFormat | None = None) -> bytes:
    """Return the rows as CSV that the paste box reads again, column heads being the columns' keys.

    Args:
        field: of type table.
        rows: its rows.
        spreadsheet: the format of the spreadsheet that is to open the file; plain CSV without one.
    """
    columns = [Column(key, key) for key in field.columns]
    cells = {key: [row.get(key) for row in rows] for key in field.columns}
    if spreadsheet is None:
        return b"".join(write_csv(columns, [cells]))
    return b"".join(write_csv(columns, [cells], excel=True, number_format=spreadsheet))


def _take_edits(binding: InputBinding, base: Sequence[Row], key: str) -> None:
    """Take what was typed and pasted into the grid since its last change."""
    read = grid.read_edits(binding, GRID, binding.field, base, key)
    refused = grid_edits.remaining_refusals(binding.refused, read) | read.refused
    binding.set_value(read.rows, note=grid.notes_text(read.notes), refused=refused)


def _choose_builtin(binding: InputBinding, rows: list[Row]) -> None:
    """Offer the built-in tables; the picker shows the one that the rows are, and empties when a cell is changed."""
    choices = binding.field.choices
    if not choices:
        return
    full = [[{k: row.get(k) for k in binding.field.columns} for row in choice.rows] for choice in choices]
    held = [{k: row.get(k) for k in binding.field.columns} for row in rows]
    shown = next((i for i, one in enumerate(full) if one == held), None)
    key = sync_widget(binding, f"{binding.key}.choice", shown)

    def use() -> None:
        if is_user_change(key, shown) and (chosen := st.session_state[key]) is not None:
            binding.set_value(full[chosen])

    st.selectbox(
        f"Built-in tables for {binding.field.label}",
        range(len(choices)),
        index=shown,
        format_func=lambda i: choices[i].label,
        key=key,
        placeholder="Own figures. Choose a built-in table, or type, paste or load below",
        label_visibility="collapsed",
        on_change=use,
    )
    chosen = st.session_state[key]
    show_caption(escape_markdown(choices[chosen].source) if chosen is not None and choices[chosen].source else None)


def _draw_paste_box(binding: InputBinding) -> None:
    field = binding.field
    text_key, file_key = f"{binding.key}.paste", f"{binding.key}.pasted"
    with st.popover("Paste or upload", icon=":material/content_paste:", type="tertiary"):
        st.text_area(
            "Cells copied from a spreadsheet, or CSV",
            key=text_key,
            height=140,
            placeholder="\t".join(field.columns),
        )
        upload = st.file_uploader(
            "Or a CSV or Excel file",
            type=["csv", "txt", "tsv", "xlsx", "xlsm"],
            key=file_key,
            max_upload_size=MAX_BYTES // 1_000_000,
        )
        source = upload.getvalue() if upload is not None else st.session_state.get(text_key) or ""
        parsed = _parse_pasted(binding, source)
        if source.strip():
            _report_paste(parsed)

        def use() -> None:
            binding.set_value(parsed.rows)
            st.session_state[text_key] = ""

        st.button(
            "Replace the rows",
            key=f"{binding.key}.use",
            type="primary",
            disabled=bool(parsed.problems) or not parsed.rows,
            on_click=use,
        )


def _parse_pasted(binding: InputBinding, source: str | bytes) -> ParsedTable:
    """Return the pasted rows and their problems, read once for each text: 10,000 rows take most of a second."""
    place = f"{binding.key}.read"
    known = st.session_state.get(place)
    given = (source, binding.number_format)
    if known is None or known[0] != given:
        empty = ParsedTable([], [], [])
        known = given, clipboard.parse_rows(binding.field, *given) if source.strip() else empty
        st.session_state[place] = known
    parsed: ParsedTable = known[1]
    return parsed


def _report_paste(parsed: ParsedTable) -> None:
    for problem in parsed.problems[:MAX_SHOWN]:
        show_note("error", "red", f"{problem.where}: {problem.message}. {problem.hint}")
    if len(parsed.problems) > MAX_SHOWN:
        show_note("error", "red", f"and {len(parsed.problems) - MAX_SHOWN:,} more cells that do not fit.")
    if not parsed.problems and not parsed.rows:
        show_note("error", "red", "It has no rows below its first line.")
    elif not parsed.problems:
        st.caption(f"{len(parsed.rows):,} rows read, every cell fits its column.")
    if parsed.notes:
        show_note("info", "blue", grid.notes_text(parsed.notes))


def _to_series(column: Field, cells: list[Any], number_format: NumberFormat) -> "pd.Series[Any]":
    if column.type in AS_TEXT:
        return pd.Series([cell_text(column, c, number_format) for c in cells], dtype="object")
    match column.type:
        case "boolean":
            return pd.Series([c if isinstance(c, bool) else None for c in cells], dtype="boolean")
        case "select":
            offered = [o.value for o in column.options]
            return pd.Series([c if c in offered else None for c in cells], dtype="object")
        case _:
            return pd.Series([None if c is None else str(c) for c in cells], dtype="object")


def column_config(column: Field, number_format: NumberFormat) -> Any:
    """Return how the grid shows a column: numbers and dates as texts, options by their labels."""
    words: dict[str, Any] = {
        "label": column.title,
        "help": escape_markdown(column.help) if column.help else None,
        "required": column.required,
        "default": column.default,
    }
    if column.type in AS_TEXT:
        default = cell_text(column, column.default, number_format)
        side = "left" if column.type == "date" else "right"
        return st.column_config.TextColumn(**{**words, "default": default}, alignment=side)
    kinds: dict[str, Callable[[], Any]] = {
        "boolean": lambda: st.column_config.CheckboxColumn(**words),
        "select": lambda: st.column_config.SelectboxColumn(
            **words,
            options=[o.value for o in column.options],
            format_func=lambda v: next((o.label for o in column.options if o.value == v), str(v)),
        ),
        "text": lambda: st.column_config.TextColumn(**words, max_chars=column.max_length, validate=column.pattern),
    }
    return kinds[column.type]()


def _allowed_note(field: Field, number_format: NumberFormat) -> str | None:
    limits = [
        f"{escape_markdown(c.label)} {format_value(c.minimum, number_format, c)} to "
        f"{format_value(c.maximum, number_format, c)}"
        for c in field.columns.values()
        if is_number(c.minimum) and is_number(c.maximum)
    ]
    return ", ".join(limits) if 0 < len(limits) <= 4 else None
