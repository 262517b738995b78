"""The documentation, as it lies in docs/."""

import streamlit as st

from ui.shell import guide

chapters = guide.chapters()
names = [c.name for c in chapters]
with st.sidebar:
    name = st.radio(
        "Guide",
        names,
        format_func=lambda n: next(c.title for c in chapters if c.name == n),
        key="chapter",
        bind="query-params",
    )
guide.show_chapter(next(c for c in chapters if c.name == name))
