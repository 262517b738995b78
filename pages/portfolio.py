"""Portfolio sessions: one that moves with the market, or the list of the reader's own with a form to open another."""

from uuid import UUID

import streamlit as st

from contract.errors import ProblemsError
from ui.portfolio.session_list import show_list_button, show_new_session, show_sessions
from ui.portfolio.session_view import show_session
from ui.shell.markup import code
from ui.shell.problems import show_problems

given = st.query_params.get("session")
opened = None
try:
    if given is None:
        st.title("Portfolio", anchor=False)
        st.markdown("Holdings that move with the market, and an analysis of each on one snapshot of all prices.")
        show_sessions()
        opened = show_new_session()
    else:
        show_session(UUID(given))
        show_list_button()
except ProblemsError as error:
    st.title("Portfolio", anchor=False)
    show_problems(error)
    show_list_button()
except ValueError:
    st.title("Portfolio", anchor=False)
    st.error(f"The link names no session: {code(given or '')}. Copy it again.")
    show_list_button()
if opened is not None:
    st.query_params.from_dict({"session": str(opened)})
    st.rerun()
