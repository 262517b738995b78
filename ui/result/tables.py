"""Tables of a result: sortable, searchable, numbers to the right with their units and formats.

Chosen: one table at a time, chosen above it, and one page of a large one, read when it is looked at. A large one is
searched and sorted whole by the server, from the line above it; a small one by the browser, in the grid.
Left out: changing a table's cells, which is a form's matter.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from charting import number_formats
from contract.result import Column, Table
from contract.run import Run
from contract.table_query import ALL_ROWS, MAX_SEARCH, TableQuery, read_table_query
from ui.result import downloads
from ui.shell import session_format
from ui.shell.markup import escape

FindRows = Callable[[str, TableQuery, int, int], tuple[Any, int]]  # rows as an Arrow table, and how many are found

PAGE_ROWS = 1_000
FEW_TABLES = 5
PREVIEW_TABLES = 3
ROW_HEIGHT = 35
TALLEST = 14
EXACT = 2**53


@st.fragment
def show_tables(tables: Sequence[Table], run: Run | None, find_rows: FindRows | None, key: str) -> None:
    """Show the chosen one of `tables`, its first page at first, with its downloads.

    Args:
        tables: at least one.
        run: for the names and addresses of downloads.
        find_rows: returns rows of a table stored apart by name of its part, what is asked for, offset and limit.
        key: of the widgets, unique on the page.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        place = _choose_table(tables, key)
        table = tables[place]
        st.caption(f"{table.rows:,} row{'' if table.rows == 1 else 's'}")
        st.space("stretch")
        buttons = st.container(width="content")
    query, data = ALL_ROWS, table.data
    if table.part is not None and find_rows is not None:
        query = _ask(table, f"{key}-{place}")
        data = _read_page(table, find_rows, query, f"{key}-page-{place}")
    elif table.part is not None:
        st.caption(f"The first {len(next(iter(data.values()), ())):,} of {table.rows:,} rows.")
    with buttons:
        downloads.table_buttons(table, run, f"{key}-table-{place}", query)
    show_table(table, data)


def show_previews(tables: Sequence[Table]) -> None:
    """Show the first tables of a run that goes on, without widgets."""
    for table in tables[:PREVIEW_TABLES]:
        if len(tables) > 1 or table.name != "Table":
            st.markdown(f"**{escape(table.name)}**")
        show_table(table, table.data)
    if len(tables) > PREVIEW_TABLES:
        st.caption(f"and {len(tables) - PREVIEW_TABLES} more tables")


def show_table(table: Table, data: Mapping[str, Sequence[Any]]) -> None:
    """Show rows of a table."""
    frame = to_dataframe(table.columns, data)
    if not table.columns or frame.empty:
        st.caption("The table has no rows.")
        return
    st.dataframe(
        frame,
        hide_index=True,
        height="content" if len(frame) <= TALLEST else (TALLEST + 1) * ROW_HEIGHT + 2,
        column_config=column_config(table.columns, data),
        placeholder="–",
        alt=table.name,
    )


def to_dataframe(columns: Sequence[Column], data: Mapping[str, Sequence[Any]]) -> pd.DataFrame:
    """Return the rows as the grid takes them: numbers stay numbers, a column of mixed values becomes text."""
    return pd.DataFrame({c.key: _cell_values(list(data.get(c.key, ()))) for c in columns})


def column_config(columns: Sequence[Column], data: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """Return how each column is headed and written."""
    found: dict[str, Any] = {}
    for column in columns:
        label = column.title.replace("\n", " ")
        given = [v for v in data.get(column.key, ()) if v is not None]
        if given and all(_is_number(v) for v in given):
            fmt, step = number_formats.column_format(column.format, given)
            found[column.key] = st.column_config.NumberColumn(label, format=fmt, step=step)
        elif given and all(isinstance(v, bool) for v in given):
            found[column.key] = st.column_config.CheckboxColumn(label)
        else:
            found[column.key] = st.column_config.TextColumn(label)
    return found


def _choose_table(tables: Sequence[Table], key: str) -> int:
    if len(tables) == 1:
        if tables[0].name != "Table":
            st.markdown(f"**{escape(tables[0].name)}**")
        return 0

    def name(place: int) -> str:
        return escape(tables[place].name)

    places = range(len(tables))
    if st.session_state.get(f"{key}-tables", 0) not in places:
        del st.session_state[f"{key}-tables"]  # chosen in a result that had more tables
    if len(tables) <= FEW_TABLES:
        chosen = st.segmented_control(
            "Table",
            places,
            default=0,
            required=True,
            format_func=name,
            key=f"{key}-tables",
            label_visibility="collapsed",
        )
    else:
        chosen = st.selectbox(
            "Table",
            places,
            format_func=lambda i: tables[i].name,
            key=f"{key}-tables",
            label_visibility="collapsed",
            width=280,
        )
    return chosen or 0


def _ask(table: Table, key: str) -> TableQuery:
    """Ask what to look for in a table whose rows are stored apart, and by which column to sort."""
    titles = {column.key: column.title.replace("\n", " ") for column in table.columns}
    asked, order = f"{key}-search", f"{key}-sort"
    if st.session_state.get(order) not in titles:
        st.session_state.pop(order, None)  # chosen in a result that had other columns
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        search = st.text_input(
            "Search all rows",
            key=asked,
            max_chars=MAX_SEARCH,
            icon=":material/search:",
            help="Text is found inside cells, upper and lower case alike; a number in cells that are equal to it at "
            "the decimals written.",
            width=260,
        )
        sort = st.selectbox(
            "Sort all rows by", list(titles), index=None, format_func=lambda k: titles[k], key=order, width=220
        )
        descending = st.toggle("Largest first", key=f"{key}-descending", disabled=sort is None)
    mark = "-" if descending else ""
    return read_table_query(search or "", session_format.current_format(), f"{mark}{sort}" if sort else "")


def _read_page(table: Table, find_rows: FindRows, query: TableQuery, key: str) -> Mapping[str, Sequence[Any]]:
    """Return the rows of the page chosen beneath the table's name, of those that are asked for."""
    assert table.part is not None
    page = st.session_state.get(key, 1)
    rows, count = find_rows(table.part, query, (page - 1) * PAGE_ROWS, PAGE_ROWS)
    pages = max(1, math.ceil(count / PAGE_ROWS))
    if page > pages:  # chosen in a result, or for a search, that had more rows
        page = st.session_state[key] = pages
        rows, count = find_rows(table.part, query, (page - 1) * PAGE_ROWS, PAGE_ROWS)
    first = (page - 1) * PAGE_ROWS
    last = min(first + PAGE_ROWS, count)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if pages > 1:
            st.pagination(pages, key=key)
        found = f" of the {count:,} found" if query.search else ""
        st.caption(f"Rows {first + 1:,} to {last:,}{found}." if count else "No row was found.")
    data: Mapping[str, Sequence[Any]] = rows.to_pydict()
    return data


def _cell_values(values: list[Any]) -> list[Any]:
    kinds = {type(v) for v in values if v is not None}
    if kinds <= {int, float} and all(abs(v) <= EXACT for v in values if type(v) is int):
        return values
    if len(kinds) <= 1 and kinds <= {str, bool}:
        return values
    return [_cell_text(v) for v in values]


def _cell_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def _is_number(value: Any) -> bool:
    return type(value) is float or (type(value) is int and abs(value) <= EXACT)
