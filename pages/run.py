"""Show one run, live or finished, exactly as it was: the page that links lead to."""

from uuid import UUID

import streamlit as st

from contract.problems import ContractError
from contract.run import Run
from engine.follow import Snapshot, snapshot
from ui import cached, finished, live, sitemap
from ui.words import moment

given = st.query_params.get("id", "")
try:
    run_id = UUID(given)
    first = snapshot(cached.desk(), run_id)
except ValueError:
    st.title("Run", anchor=False)
    st.error(f"The link names no run: id={given!r}. Copy it again, or look for the run in the history.")
    st.page_link(sitemap.page("history"), label="Open the history")
    st.stop()
except ContractError as error:
    st.title("Run", anchor=False)
    cached.explain(error)
    st.page_link(sitemap.page("history"), label="Open the history")
    st.stop()


def head(run: Run) -> None:
    """Say which run this is and what can be done with it."""
    st.title(run.app_name, anchor=False)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"Run {str(run.id)[-8:]} · {run.user} · {moment(run.queued_at)}")
        st.space("stretch")
        finished.copy_link(run)
        finished.edit_link(run)


def done(now: Snapshot) -> None:
    """Show how the run ended."""
    finished.show(now)


head(first.run)
live.show(run_id, first, done)
