"""Find runs again: newest first, filtered, page by page, as CSV."""

import streamlit as st

from contract.run import Status
from contract.run_search import Filter
from ui.history import columns, runs_table, search_box
from ui.shell import cached, page_address
from ui.shell.time_zone import session_zone, zone_name

LIMIT = 50

st.title("History", anchor=False)
names = {app.slug: app.name for app in cached.catalogue()}
page_address.fill(
    "history",
    {
        "q": lambda texts: search_box.in_session_format(page_address.read_text(texts)),
        "app": page_address.read_option(names),
        "status": page_address.read_options([str(s) for s in Status]),
        "user": page_address.read_text,
        "days": page_address.read_days,
        "columns": columns.read_columns,
    },
)
text = st.text_input("Search", key="q", type="search", placeholder=search_box.PLACEHOLDER, help=search_box.HELP)
with st.container(horizontal=True, vertical_alignment="bottom"):
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
    offered = columns.offered(app)
    offered |= {text: text for text in st.session_state["columns"] if text not in offered}
    chosen = st.multiselect(
        "Columns",
        list(offered),
        key="columns",
        format_func=lambda text: offered[text],
        placeholder="Inputs and figures",
        max_selections=columns.MOST,
    )
with st.container(horizontal=True, vertical_alignment="center"):
    search_box.show_tools(app)
address = {"q": search_box.for_links(text or ""), "app": app, "status": statuses, "user": user}
page_address.follow("history", {**address, "days": days, "columns": chosen})
read = search_box.show_reading(text or "")
if read is None:
    st.stop()
since, until = runs_table.day_range(days if isinstance(days, tuple | list) else (days,), session_zone())
wanted = Filter(
    app=app,
    statuses=tuple(Status(s) for s in statuses),
    user=user.strip() or None if user else None,
    since=since,
    until=until,
    query=read.query,
    zone=zone_name(),
)
runs_table.show_runs(wanted, limit=LIMIT, columns=chosen)
