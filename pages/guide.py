"""The documentation, as it lies in docs/."""

import streamlit as st

from ui import docs

chapters = docs.chapters()
names = [c.name for c in chapters]
with st.sidebar:
    name = st.radio(
        "Guide",
        names,
        format_func=lambda n: next(c.title for c in chapters if c.name == n),
        key="chapter",
        bind="query-params",
    )
docs.show(next(c for c in chapters if c.name == name))
