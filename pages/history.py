"""Find runs again: newest first, filtered, page by page, as CSV."""

import streamlit as st

from contract.run import Status
from contract.run_search import Filter
from ui.history import runs_table
from ui.shell import cached, page_address
from ui.shell.time_zone import session_zone

LIMIT = 50

st.title("History", anchor=False)
names = {app.slug: app.name for app in cached.catalogue()}
page_address.fill(
    "history",
    {
        "q": page_address.read_text,
        "app": page_address.read_option(names),
        "status": page_address.read_options([str(s) for s in Status]),
        "user": page_address.read_text,
        "days": page_address.read_days,
    },
)
with st.container(horizontal=True, vertical_alignment="bottom"):
    text = st.text_input("Search", key="q", type="search", placeholder="Model, reason, user, run id or input")
    app = st.selectbox(
        "Model",
        list(names),
        index=None,
        format_func=lambda s: names[s],
        key="app",
        placeholder="All models",
    )
    statuses = st.multiselect("Status", [str(s) for s in Status], key="status", placeholder="All statuses")
    user = st.text_input("User", key="user", placeholder="All users")
    days = st.date_input("Queued between", value=[], key="days")
page_address.follow("history", {"q": text, "app": app, "status": statuses, "user": user, "days": days})
since, until = runs_table.day_range(days if isinstance(days, tuple | list) else (days,), session_zone())
wanted = Filter(
    app=app,
    statuses=tuple(Status(s) for s in statuses),
    user=user.strip() or None if user else None,
    since=since,
    until=until,
    text=text.strip() or None if text else None,
)
runs_table.show_runs(wanted, limit=LIMIT)
