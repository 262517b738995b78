"""The tables that queries may read, one at a time with its columns.

Left out: their rows, which are a query.
"""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from contract.explorer import ExplorerTable
from ui.explorer.query_box import SQL_KEY

ROWS = 100  # of a table's first look


def show_tables(tables: Sequence[ExplorerTable]) -> None:
    """Draw the choice of tables and the columns of the one chosen."""
    found = {table.name: table for table in tables}
    name = st.selectbox("Table", list(found), key="explorer-table")
    if name is None:
        return
    st.caption(found[name].description)
    st.dataframe(
        pd.DataFrame({"Column": [c.name for c in found[name].columns], "Type": [c.type for c in found[name].columns]}),
        hide_index=True,
        height="content" if len(found[name].columns) < 12 else 420,
    )
    st.button("Query this table", icon=":material/table_rows:", on_click=_write_query, args=(name,), key="query-table")


def _write_query(name: str) -> None:
    st.session_state[SQL_KEY] = f"select *\nfrom {name}\nlimit {ROWS}"
