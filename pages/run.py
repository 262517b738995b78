"""Show one run, live or finished, exactly as it was: the page that links lead to."""

from uuid import UUID

import streamlit as st

from contract.errors import ProblemsError
from contract.run import Run
from engine.runs.follow import Snapshot, snapshot
from ui.result import run_difference, run_progress, run_view
from ui.shell import cached, sitemap
from ui.shell.formatting import timestamp
from ui.shell.time_zone import session_zone, utc_text

given = st.query_params.get("id", "")
try:
    run_id = UUID(given)
    first = snapshot(cached.context(), run_id)
except ValueError:
    st.title("Run", anchor=False)
    st.error(f"The link names no run: id={given!r}. Copy it again, or look for the run in the history.")
    st.page_link(sitemap.make_page("history"), label="Open the history")
    st.stop()
except ProblemsError as error:
    st.title("Run", anchor=False)
    cached.show_problems(error)
    st.page_link(sitemap.make_page("history"), label="Open the history")
    st.stop()


def head(run: Run) -> None:
    """Say which run this is and what can be done with it."""
    st.title(run.app_name, anchor=False)
    with st.container(horizontal=True, vertical_alignment="center"):
        queued = timestamp(run.queued_at, session_zone())
        st.caption(f"Run {str(run.id)[-8:]} · {run.user} · {queued}", help=f"Queued at {utc_text(run.queued_at)}")
        st.space("stretch")
        run_view.copy_link(run)
        run_view.edit_link(run)
    run_difference.show_differences(run)


def done(now: Snapshot) -> None:
    """Show how the run ended."""
    run_view.show_ended_run(now)


head(first.run)
run_progress.follow_run(run_id, first, done)
