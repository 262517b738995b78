"""The box of a query, with what saves it and what loads a saved one.

Chosen: a saved query has an address, `/explorer?query=<id>`, so that it can be sent to a colleague.
Left out: running it (`ui.explorer.running`).
"""

import contextlib
from collections.abc import Sequence
from uuid import UUID

import streamlit as st

from contract.errors import NotFoundError, ProblemsError
from contract.explorer import MAX_NAME, MAX_SQL, SavedQuery
from engine.explorer.saved import delete_query, list_queries, save_query
from ui.shell import cached
from ui.shell.formatting import relative_time
from ui.shell.markup import escape
from ui.shell.problems import show_problems
from ui.shell.session import current_actor

SQL_KEY = "explorer-sql"
CHOSEN_KEY = "explorer-saved"
FIRST = """select a.slug as model, count(*) as runs
from runs r join apps a on a.id = r.app_id
group by 1
order by 2 desc"""


def show_query_box() -> str | None:
    """Draw the box; return the query where its button was pressed."""
    saved = list_queries(cached.context(), actor=current_actor())
    _load_from_address(saved)
    if saved:
        labels = {q.id: f"{q.name} (by {q.created_by}, {relative_time(q.created_at)})" for q in saved}
        st.selectbox(
            "Saved queries",
            list(labels),
            index=None,
            format_func=lambda query_id: labels.get(query_id, ""),
            placeholder="Choose one",
            key=CHOSEN_KEY,
            on_change=_load_chosen,
            args=({q.id: q.sql for q in saved},),
        )
    sql = st.text_area(
        "Query",
        value=st.session_state[SQL_KEY],
        key=SQL_KEY,
        height=190,
        max_chars=MAX_SQL,
        help="One statement that reads, in PostgreSQL's SQL",
    )
    with st.container(horizontal=True):
        pressed = st.button("Run query", type="primary", icon=":material/play_arrow:", key="run-query")
        with st.popover("Save", icon=":material/bookmark_add:"):
            _save_form(sql or "")
        if (chosen := st.session_state.get(CHOSEN_KEY)) is not None:
            st.button("Delete saved query", icon=":material/delete:", on_click=_delete, args=(chosen,), type="tertiary")
    return sql if pressed else None


def saved_query_shown(sql: str) -> UUID | None:
    """Return the saved query that is loaded, where the query is still the one that was saved."""
    chosen = st.session_state.get(CHOSEN_KEY)
    for found in list_queries(cached.context(), actor=current_actor()):
        if found.id == chosen and found.sql == sql:
            return found.id
    return None


def _load_from_address(saved: Sequence[SavedQuery]) -> None:
    """Begin with the saved query that the address names, or with an example."""
    if SQL_KEY in st.session_state:
        return
    st.session_state[SQL_KEY] = FIRST
    given = st.query_params.get("query")
    if given is None:
        return
    found = next((q for q in saved if str(q.id) == given), None)
    if found is None:
        st.error("The link names a query that is not saved any more. Choose another one.", icon=":material/link_off:")
        return
    st.session_state[SQL_KEY], st.session_state[CHOSEN_KEY] = found.sql, found.id


def _load_chosen(queries: dict[UUID, str]) -> None:
    chosen = st.session_state.get(CHOSEN_KEY)
    if chosen in queries:
        st.session_state[SQL_KEY] = queries[chosen]
        st.query_params["query"] = str(chosen)
    else:
        st.query_params.pop("query", None)


def _save_form(sql: str) -> None:
    name = st.text_input("Name", key="query-name", max_chars=MAX_NAME)
    if not st.button("Save query", key="save-query", disabled=not sql.strip()):
        return
    try:
        made = save_query(cached.context(), name, sql, actor=current_actor())
    except ProblemsError as error:
        show_problems(error)
        return
    st.query_params["query"] = str(made.id)
    st.success(f"Saved as {escape(made.name)}.")


def _delete(query_id: UUID) -> None:
    with contextlib.suppress(NotFoundError):  # somebody else has deleted it already
        delete_query(cached.context(), query_id, actor=current_actor())
    st.session_state[CHOSEN_KEY] = None
    st.query_params.pop("query", None)
