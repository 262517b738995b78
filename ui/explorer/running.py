"""Run a query beside the page, so that it can be cancelled, and show what came of it.

Chosen: a thread of the server's holds the query; the page waits a moment for a quick one, and otherwise looks again
while it shows the button that cancels. A session that is closed leaves the query to its time limit.
Left out: the rows, which are `ui.explorer.rows`.
"""

from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import streamlit as st

from contract.errors import DatabaseUnavailable, ProblemsError
from contract.explorer import QueryResult
from engine.explorer.query import cancel_query, run_query
from ui.shell import cached
from ui.shell.markup import escape_lines
from ui.shell.problems import show_problems
from ui.shell.session import current_actor

KEY = "explorer-query"  # the session's query: running, or ended with its rows or its error
PATIENCE = 1.0  # s that the page waits for a query before it shows that it runs
REFRESH = 0.5  # s
_threads = ThreadPoolExecutor(8, thread_name_prefix="explorer")


@dataclass(slots=True)
class SessionQuery:
    """A query of this session's."""

    sql: str
    future: Future[QueryResult]
    id: UUID = field(default_factory=uuid4)


def start_query(sql: str) -> None:
    """Start a query in place of the session's last one, which is cancelled where it still runs."""
    _cancel()
    query_id = uuid4()
    future = _threads.submit(run_query, cached.context(), sql, actor=current_actor(), query_id=query_id)
    st.session_state[KEY] = SessionQuery(sql, future, query_id)
    wait([future], timeout=PATIENCE)


def ended_query() -> tuple[str, QueryResult] | None:
    """Draw a query that runs or has failed; return one that has succeeded, with its rows."""
    query: SessionQuery | None = st.session_state.get(KEY)
    if query is None:
        return None
    if not query.future.done():
        _show_running()
        return None
    try:
        return query.sql, query.future.result()
    except ProblemsError as error:
        for problem in error.problems:
            st.error(escape_lines(problem.text), icon=":material/error:")
    except DatabaseUnavailable as error:
        st.error(f"The database does not answer: {error}. Try again in a moment.", icon=":material/cloud_off:")
    return None


@st.fragment(run_every=REFRESH)
def _show_running() -> None:
    query: SessionQuery | None = st.session_state.get(KEY)
    if query is None or query.future.done():
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(":material/progress_activity: The query runs")
        if st.button("Cancel", icon=":material/cancel:", key="cancel-query"):
            _cancel()


def _cancel() -> None:
    query: SessionQuery | None = st.session_state.get(KEY)
    if query is None or query.future.done() or query.future.cancel():
        return
    try:
        cancel_query(cached.context(), query.id, actor=current_actor())
    except ProblemsError as error:
        show_problems(error)
