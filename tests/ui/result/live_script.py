"""A page that shows a run, for AppTest: the runs, the one before and the one to show, are given by the test."""

import streamlit as st

from ui.result import run_view


@st.fragment
def show():
    """Show the run as it stands now."""
    run_view.show_run(st.session_state["now"], previous=st.session_state.get("previous"))


show()
