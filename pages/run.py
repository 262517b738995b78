"""Show one run, live or finished, exactly as it was: the page that links lead to."""

from uuid import UUID

import streamlit as st

from contract.errors import ProblemsError
from contract.run import Run
from engine.runs.follow import snapshot
from ui.analysis import group_list
from ui.model import version_notice
from ui.people import run_sharing
from ui.portfolio.run_note import show_analysis_note
from ui.result import annotations, run_difference, run_view
from ui.shell import cached, sitemap
from ui.shell.formatting import timestamp
from ui.shell.markup import code, escape
from ui.shell.problems import show_problems
from ui.shell.session import current_actor
from ui.shell.time_zone import session_zone, utc_text

given = st.query_params.get("id", "")
try:
    run_id = UUID(given)
    first = snapshot(cached.context(), run_id, actor=current_actor())
except ValueError:
    st.title("Run", anchor=False)
    st.error(f"The link names no run: id={code(given)}. Copy it again, or look for the run in the history.")
    st.page_link(sitemap.make_page("history"), label="Open the history")
    st.stop()
except ProblemsError as error:
    st.title("Run", anchor=False)
    show_problems(error)
    st.page_link(sitemap.make_page("history"), label="Open the history")
    st.stop()


def show_head(run: Run) -> None:
    """Show which run this is and what can be done with it."""
    st.title(escape(run.app_name), anchor=False)
    with st.container(horizontal=True, vertical_alignment="center"):
        queued = timestamp(run.queued_at, session_zone())
        line = f"Run {str(run.id)[-8:]} · {escape(run.user)} · {queued}"
        st.caption(line, help=f"Queued at {utc_text(run.queued_at)}")
        st.space("stretch")
        group_list.show_group_link(run.id)
        run_view.copy_link(run)
        run_view.edit_link(run)
        annotations.show_comparison_links(run)
        run_sharing.show_sharing(run)
    annotations.show_annotations(run)
    version_notice.show_run_notice(run)
    run_difference.show_differences(run)
    show_analysis_note(run.id)


@st.fragment
def show_run() -> None:
    """Show the run as it stands; while it goes on, the browser asks for it again at each change."""
    try:
        now = snapshot(cached.context(), run_id, actor=current_actor())
    except ProblemsError as error:  # its owner has made it private meanwhile
        show_problems(error)
        return
    run_sharing.show_sign_off(now.run)
    run_view.show_run(now)


show_head(first.run)
show_run()
