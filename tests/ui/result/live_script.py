"""A page that follows a run, for AppTest: what it follows is given by the test."""

import streamlit as st

from ui.result import run_progress, run_view

now = st.session_state["followed"][0]
run_progress.follow_run(now.run.id, now, run_view.show_ended_run)
