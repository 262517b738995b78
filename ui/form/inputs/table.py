"""Tables: an editable grid, rows pasted from a spreadsheet or a CSV file, and the grid as CSV.

Chosen: the grid's edits are applied to plain row objects by `apply`, in the callback, so that the values are right
before anything is drawn and dates and whole numbers keep their types. The rows a grid started from stay the same
while it is edited; whenever rows come from elsewhere, the grid starts again under a new key.
Left out: sorting and formulas. Cells are checked with all other inputs, by the form.
"""

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from contract import clipboard
from contract.fields import Field
from contract.problems import Problem
from ui.form.inputs.binding import (
    InputBinding,
    escape_markdown,
    format_value,
    is_year,
    show_caption,
    show_note,
    sync_widget,
)
from ui.form.inputs.texts import as_date

Row = dict[str, Any]
MAX_SHOWN = 12  # problems of a pasted text
ROW_PIXELS, MOST_PIXELS = 35, 420
FORMULA = re.compile(r"[=+\-@\t\r]")


def table_input(binding: InputBinding) -> None:
    """Draw the grid with its paste and download."""
    field = binding.field
    rows = rows_of(binding.value)
    base, key = _grid_base(binding, rows)

    def edited() -> None:
        binding.set_value(_remember(binding, apply_edits(list(field.columns), base, st.session_state[key])))

    st.markdown(f":small[{binding.label}]", help=binding.help)
    _choose_builtin(binding, rows)
    st.data_editor(
        to_dataframe(field, base),
        key=key,
        num_rows="fixed" if field.min_rows == field.max_rows == len(base) else "dynamic",
        hide_index=True,
        column_config={k: _column_config(c) for k, c in field.columns.items()},
        height=min(MOST_PIXELS, ROW_PIXELS * (len(base) + 2) + 3),
        width="stretch",
        alt=f"Editable table of {field.label}",
        on_change=edited,
    )
    # Below the grid, because the grid's own toolbar covers what stands just above it.
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        show_caption(f"{len(rows):,} row{'' if len(rows) == 1 else 's'}", _allowed_note(field))
        _draw_paste_box(binding)
        st.download_button(
            "CSV",
            data=lambda: to_csv(field, rows),
            file_name=f"{field.key}.csv",
            mime="text/csv",
            icon=":material/download:",
            key=f"{binding.key}.csv",
            type="tertiary",
            on_click="ignore",
        )


def apply_edits(columns: Sequence[str], base: Sequence[Row], edits: Mapping[str, Any]) -> list[Row]:
    """Return `base` with a grid's edits: changed cells by row number, then deleted rows, then added ones.

    The edits come from a browser: rows and columns that are not there are passed over.
    """
    rows = [dict(row) for row in base]
    for number, cells in edits.get("edited_rows", {}).items():
        if 0 <= int(number) < len(rows):
            rows[int(number)].update({k: v for k, v in cells.items() if k in columns})
    gone = set(edits.get("deleted_rows", []))
    rows = [row for i, row in enumerate(rows) if i not in gone]
    for cells in edits.get("added_rows", []):
        rows.append({k: cells.get(k) for k in columns})
    return rows


def rows_of(value: Any) -> list[Row]:
    """Return the rows in `value`, leaving out what is no row."""
    return [dict(row) for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []


def to_dataframe(field: Field, rows: Sequence[Row]) -> pd.DataFrame:
    """Return the rows as the grid shows them, one column a field; cells that do not fit are empty."""
    return pd.DataFrame({k: _to_series(c, [row.get(k) for row in rows]) for k, c in field.columns.items()})


def to_csv(field: Field, rows: Sequence[Row]) -> str:
    """Return the rows as CSV that the paste box reads again, column heads being the columns' keys.

    A text that a spreadsheet would run as a formula gets an apostrophe before it; numbers never do.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(field.columns)
    for row in rows:
        writer.writerow([_csv_cell(row.get(key)) for key in field.columns])
    return out.getvalue()


def _grid_base(binding: InputBinding, rows: list[Row]) -> tuple[list[Row], str]:
    """Return the rows the grid started from and its key, starting it again when the rows are not its own."""
    place = f"{binding.key}.grid"
    known = st.session_state.get(place)
    if known is None or known["rows"] != rows or f"{place}.{known['start']}" not in st.session_state:
        start = known["start"] + 1 if known else 0
        known = {"start": start, "base": rows, "rows": rows}
        st.session_state[place] = known
    return known["base"], f"{place}.{known['start']}"


def _remember(binding: InputBinding, rows: list[Row]) -> list[Row]:
    st.session_state[f"{binding.key}.grid"]["rows"] = rows
    return rows


def _choose_builtin(binding: InputBinding, rows: list[Row]) -> None:
    """Offer the built-in tables; the picker shows the one that the rows are, and empties when a cell is changed."""
    choices, key = binding.field.choices, f"{binding.key}.choice"
    if not choices:
        return
    full = [[{k: row.get(k) for k in binding.field.columns} for row in choice.rows] for choice in choices]
    held = [{k: row.get(k) for k in binding.field.columns} for row in rows]
    sync_widget(binding, key, next((i for i, one in enumerate(full) if one == held), None))

    def use() -> None:
        chosen = st.session_state[key]
        if chosen is not None:
            binding.set_value(full[chosen])

    st.selectbox(
        f"Built-in tables for {binding.field.label}",
        range(len(choices)),
        index=None,
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
        upload = st.file_uploader("Or a CSV file", type=["csv", "txt", "tsv"], key=file_key)
        text = st.session_state.get(text_key) or ""
        if upload is not None:
            text = upload.getvalue().decode("utf-8-sig", errors="replace")
        rows, problems = _parse_pasted(binding, text)
        if text.strip():
            _report_paste(rows, problems)

        def use() -> None:
            binding.set_value(rows)
            st.session_state[text_key] = ""

        st.button(
            "Replace the rows",
            key=f"{binding.key}.use",
            type="primary",
            disabled=bool(problems) or not rows,
            on_click=use,
        )


def _parse_pasted(binding: InputBinding, text: str) -> tuple[list[Row], list[Problem]]:
    """Return the pasted rows and their problems, read once for each text: 10,000 rows take most of a second."""
    place = f"{binding.key}.read"
    known = st.session_state.get(place)
    if known is None or known[0] != text:
        known = (text, *(clipboard.parse_rows(binding.field, text) if text.strip() else ([], [])))
        st.session_state[place] = known
    return known[1], known[2]


def _report_paste(rows: Sequence[Row], problems: Sequence[Problem]) -> None:
    for problem in problems[:MAX_SHOWN]:
        show_note("error", "red", f"{problem.where}: {problem.message}. {problem.hint}")
    if len(problems) > MAX_SHOWN:
        show_note("error", "red", f"and {len(problems) - MAX_SHOWN:,} more cells that do not fit.")
    if not problems:
        st.caption(f"{len(rows):,} rows read, every cell fits its column.")


def _to_series(column: Field, cells: list[Any]) -> "pd.Series[Any]":
    match column.type:
        case "number" | "integer":
            figures = [c if isinstance(c, int | float) and not isinstance(c, bool) else None for c in cells]
            return pd.Series(figures, dtype="float64" if not _is_whole_column(column, figures) else "Int64")
        case "boolean":
            return pd.Series([c if isinstance(c, bool) else None for c in cells], dtype="boolean")
        case "date":
            return pd.Series([as_date(c) for c in cells], dtype="object")
        case "select":
            offered = [o.value for o in column.options]
            return pd.Series([c if c in offered else None for c in cells], dtype="object")
        case _:
            return pd.Series([None if c is None else str(c) for c in cells], dtype="object")


def _is_whole_column(column: Field, figures: Sequence[Any]) -> bool:
    return column.whole and all(f is None or float(f).is_integer() for f in figures)


def _column_config(column: Field) -> Any:
    words: dict[str, Any] = {
        "label": column.title,
        "help": escape_markdown(column.help) if column.help else None,
        "required": column.required,
        "default": column.default,
    }
    kinds: dict[str, Callable[[], Any]] = {
        "number": lambda: st.column_config.NumberColumn(**words, **_limits_note(column)),
        "integer": lambda: st.column_config.NumberColumn(**words, **_limits_note(column)),
        "boolean": lambda: st.column_config.CheckboxColumn(**words),
        "select": lambda: st.column_config.SelectboxColumn(
            **words,
            options=[o.value for o in column.options],
            format_func=lambda v: next((o.label for o in column.options if o.value == v), str(v)),
        ),
        "date": lambda: st.column_config.DateColumn(
            **{**words, "default": as_date(column.default)},
            min_value=as_date(column.minimum),
            max_value=as_date(column.maximum),
            format="YYYY-MM-DD",
        ),
        "text": lambda: st.column_config.TextColumn(**words, max_chars=column.max_length, validate=column.pattern),
    }
    return kinds[column.type]()


def _limits_note(column: Field) -> dict[str, Any]:
    limits = {
        "min_value": column.minimum,
        "max_value": column.maximum,
        "format": "%d" if is_year(column) else "localized",
    }
    step = 1 if column.whole else column.multiple_of
    return limits | ({"step": step} if step else {})


def _allowed_note(field: Field) -> str | None:
    limits = [
        f"{escape_markdown(c.label)} {format_value(c.minimum, c)} to {format_value(c.maximum, c)}"
        for c in field.columns.values()
        if c.type in {"number", "integer"} and c.minimum is not None and c.maximum is not None
    ]
    return ", ".join(limits) if 0 < len(limits) <= 4 else None


def _csv_cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, str) and FORMULA.match(value):
        return f"'{value}"
    return value
