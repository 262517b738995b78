"""What can be done with the rows that are ticked in the history: compare, explain, tag and star them.

Left out: opening a run, which a click on its row does.
"""

from collections.abc import Sequence

import streamlit as st

from contract.annotation import LONGEST_TAG
from contract.errors import ProblemsError
from contract.run import Run
from engine.analysis.compare import MOST_RUNS
from engine.authorization import Action
from engine.runs.annotate import add_tag, set_star
from ui.shell import cached, sitemap
from ui.shell.problems import show_problems
from ui.shell.session import current_actor, may


def show_actions(ticked: Sequence[Run]) -> None:
    """Show what can be done with these runs."""
    with st.container(horizontal=True, vertical_alignment="center", key="ticked"):
        st.caption(f"{len(ticked)} ticked")
        compared = [str(run.id) for run in reversed(ticked[:MOST_RUNS])]  # the oldest first: it is the baseline
        if st.button("Compare", icon=":material/compare_arrows:", disabled=len(ticked) < 2, key="compare-ticked"):
            st.switch_page(sitemap.make_page("compare"), query_params={"runs": ",".join(compared)})
        if len(ticked) == 2 and may(Action.RUN_MODELS):
            after, before = ticked
            if st.button(
                "Analysis of change",
                icon=":material/waterfall_chart:",
                disabled=before.app_id != after.app_id,
                help="From the older run to the newer, input by input; of two runs of one model",
                key="change-ticked",
            ):
                query = {"before": str(before.id), "after": str(after.id)}
                st.switch_page(sitemap.make_page("sweep"), query_params=query)
        if not may(Action.ANNOTATE_RUNS):
            return
        with st.popover("Tag", icon=":material/label:"), st.form("tag-ticked", border=False):
            tag = st.text_input("Tag", max_chars=LONGEST_TAG, key="ticked-tag")
            if st.form_submit_button("Add"):
                _each(ticked, tag)
        if st.button("Star", icon=":material/star:", key="star-ticked"):
            for run in ticked:
                set_star(cached.context(), run.id, actor=current_actor(), starred=True)
            st.rerun()


def _each(ticked: Sequence[Run], tag: str) -> None:
    try:
        for run in ticked:
            add_tag(cached.context(), run.id, tag, actor=current_actor())
    except ProblemsError as error:
        show_problems(error)
    else:
        st.rerun()
