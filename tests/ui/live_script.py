"""A page that follows a run, for AppTest: what it follows is given by the test."""

import streamlit as st

from ui import finished, live

now = st.session_state["followed"][0]
live.show(now.run.id, now, finished.show)
