"""The rows of a query: as a table, as a chart of chosen columns, and as a CSV file with all of them.

Left out: what the rows mean; names and values are shown as PostgreSQL gives them.
"""

import math
from collections.abc import Sequence
from urllib.parse import urlencode
from uuid import UUID

import pandas as pd
import streamlit as st

import charting
from contract.errors import ProblemsError
from contract.explorer import QueryResult
from contract.result import Chart
from ui.result.chart_view import draw_chart, show_charts
from ui.shell.problems import show_problems

CSV_ROUTE = "/api/explorer/csv"
SAVED_CSV_ROUTE = "/api/explorer/saved/{id}/csv"
LONGEST_ADDRESS = 6_000  # characters; servers and proxies take no much longer one
NUMBER_TYPES = ("smallint", "integer", "bigint", "real", "double precision", "numeric")
NOT_FINITE = {"NaN", "Infinity", "-Infinity"}
TABLE, CHART = "Table", "Chart"
KINDS = {"Line": "line", "Bar": "bar", "Scatter": "scatter"}


def show_rows(sql: str, result: QueryResult, saved: UUID | None) -> None:
    """Draw the rows, and offer all of them as a file."""
    st.caption(summary(result))
    frame = to_dataframe(result)
    with st.container(horizontal=True, vertical_alignment="center"):
        view = st.segmented_control(
            "View", [TABLE, CHART], default=TABLE, required=True, key="explorer-view", label_visibility="collapsed"
        )
        address = csv_address(sql, saved)
        st.link_button(
            "CSV",
            address or "#",
            icon=":material/download:",
            disabled=address is None,
            help="All rows, also those that are not shown"
            if address
            else "The query is too long for an address. Save it and choose it above: then its rows are here as CSV.",
        )
    if view == CHART:
        _show_chart(frame, result)
    else:
        st.dataframe(frame, hide_index=True)


def summary(result: QueryResult) -> str:
    """Return how many rows are shown of how many, and how long the query took."""
    count = len(result.rows)
    rows = f"{count:,} of {count:,}+ rows shown" if result.more else f"{count:,} row{'' if count == 1 else 's'}"
    cut = f" · {result.cut_cells:,} long texts cut, each ends in …" if result.cut_cells else ""
    return f"{rows} · {result.seconds:.2f} s{cut}"


def to_dataframe(result: QueryResult) -> pd.DataFrame:
    """Return the rows with columns of one type each; of several columns with one name, each gets one of its own."""
    names: list[str] = []
    for column in result.columns:
        same = sum(1 for c in result.columns[: len(names)] if c.name == column.name)
        names.append(f"{column.name} ({same + 1})" if same else column.name)
    values = {name: _column([row[i] for row in result.rows], result.columns[i].type) for i, name in enumerate(names)}
    return pd.DataFrame(values, columns=names)


def csv_address(sql: str, saved: UUID | None) -> str | None:
    """Return where all rows of a query are had as CSV; None where the query is too long for an address."""
    if saved is not None:
        return SAVED_CSV_ROUTE.format(id=saved)
    address = f"{CSV_ROUTE}?{urlencode({'sql': sql})}"
    return address if len(address) <= LONGEST_ADDRESS else None


def _column(values: list[object], kind: str) -> pd.Series:
    if kind in NUMBER_TYPES:
        if all(value in NOT_FINITE for value in values if isinstance(value, str)):
            return pd.to_numeric(pd.Series(values, dtype="object"), errors="coerce")
        return pd.Series([None if value is None else str(value) for value in values], dtype="object")
    return pd.Series(values, dtype="object")


def _show_chart(frame: pd.DataFrame, result: QueryResult) -> None:
    numbers = [name for name in frame.columns if pd.api.types.is_numeric_dtype(frame[name])]
    if not numbers or frame.empty:
        st.info("A chart needs at least one row and a column of numbers.")
        return
    others = [name for name in frame.columns if name not in numbers]
    with st.container(horizontal=True):
        kind = st.selectbox("Chart", list(KINDS), key="explorer-kind")
        first = list(frame.columns).index((others or numbers)[0])
        x = st.selectbox("x", list(frame.columns), index=first, key="explorer-x")
        y = st.multiselect("y", numbers, default=[n for n in numbers if n != x][:1] or numbers[:1], key="explorer-y")
    if not y:
        st.info("Choose at least one column for y.")
        return
    types = dict(zip(frame.columns, (c.type for c in result.columns), strict=True))
    try:
        figure = charting.figure(to_chart(frame, KINDS[kind or "Line"], x, y, x_type=types[x]))
    except ProblemsError as error:
        show_problems(error)
        return
    drawn = draw_chart(figure, key="chart", alt=f"{', '.join(y)} by {x}", image_name="query", wide=True)
    show_charts([drawn], key="explorer-chart")
    if result.more:
        st.caption(f"The chart has the {len(frame):,} rows that are shown.")


def to_chart(frame: pd.DataFrame, kind: str, x: str, y: Sequence[str], *, x_type: str) -> Chart:
    """Return columns as a chart; rows without an x are left out, and a y that is no finite number is a gap."""
    kept = frame[frame[x].notna()]
    if x_type.startswith(("timestamp", "date")):
        xs = [moment.isoformat() for moment in pd.to_datetime(kept[x], utc=True, format="ISO8601")]
    else:
        xs = kept[x].tolist()
    series = [
        {"name": name, "y": [float(v) if pd.notna(v) and math.isfinite(v) else None for v in kept[name].tolist()]}
        for name in y
    ]
    return Chart(kind, "", {"x": xs, "series": series}, x_label=x, y_label=", ".join(y))
