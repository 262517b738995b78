"""On a run's page: which portfolio session, analysis and snapshot it belongs to.

Left out: the session itself (`ui.portfolio.session_view`).
"""

from uuid import UUID

import streamlit as st

from contract.portfolio import METRIC_TITLES
from engine.portfolio.analyses import analysis_of_run
from ui.shell import cached, sitemap
from ui.shell.markup import escape
from ui.shell.session import current_actor

HASH_SHOWN = 12  # letters of a snapshot's hash


def show_analysis_note(run_id: UUID) -> None:
    """Say what the run is for, with a link to its session while that is there; nothing of other runs."""
    found = analysis_of_run(cached.context(), run_id, actor=current_actor())
    if found is None:
        return
    words = f"{METRIC_TITLES[found.metric]} of {escape(found.ticker)}, snapshot `{found.snapshot_hash[:HASH_SHOWN]}`"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if found.session_exists:
            st.page_link(
                sitemap.make_page("portfolio"),
                label="Portfolio session",
                icon=":material/monitoring:",
                query_params={"session": str(found.session_id)},
            )
        else:
            words += "; its portfolio session is gone"
        st.caption(words, width="content")
