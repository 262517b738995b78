"""Look through the database: its tables, and a query with its rows as table, chart and file."""

import streamlit as st

from contract.errors import ExplorerUnavailable, NotAllowedError
from engine.explorer.query import list_tables
from ui.explorer.query_box import saved_query_shown, show_query_box
from ui.explorer.rows import show_rows
from ui.explorer.running import ended_query, start_query
from ui.explorer.table_browser import show_tables
from ui.shell import cached
from ui.shell.problems import show_problems
from ui.shell.session import current_actor

st.title("Explorer", anchor=False)
try:
    tables = list_tables(cached.context(), actor=current_actor())
except (NotAllowedError, ExplorerUnavailable) as error:
    show_problems(error)
    st.stop()

st.markdown("Read the database in SQL. Queries can change nothing, and see no values of secrets.")
left, right = st.columns([3, 1], gap="large")
with left:
    asked = show_query_box()
    if asked is not None:
        start_query(asked)
    ended = ended_query()
    if ended is not None:
        sql, result = ended
        show_rows(sql, result, saved_query_shown(sql))
with right:
    show_tables(tables)
