"""Verify a run on the page: compute it again and say whether every value of its result is the same.

Left out: the computation and the comparison, which are `engine.runs.replay`.
"""

from uuid import UUID

import streamlit as st

from contract.errors import ProblemsError
from contract.run import Run, Status
from engine.runs.follow import wait_for_end
from engine.runs.replay import first_difference, replay
from ui.shell import cached, sitemap
from ui.shell.markup import escape, escape_lines
from ui.shell.problems import show_problems
from ui.shell.session import current_actor

TURN = 300.0  # s that the page waits at a time; the replay goes on and is waited for again at the next drawing
HELP = "Compute this run again on its own version, inputs and seed, and compare every value of the result"


def show_verify(run: Run) -> None:
    """Offer to compute a successful run again, and show what came of it; must be drawn in a fragment."""
    context, actor, key = cached.context(), current_actor(), f"verify:{run.id}"
    try:
        if st.button("Verify", icon=":material/verified:", key=f"{run.app_slug}-verify", help=HELP):
            st.session_state[key] = str(replay(context, run.id, actor=actor).id)
        if key not in st.session_state:
            return
        again = UUID(st.session_state[key])
        with st.spinner("Computing the run again", show_time=True):
            now = wait_for_end(context, again, TURN, actor=actor)
        if now.final and now.run.status is not Status.SUCCESS:
            st.error(escape_lines(f"The run could not be computed again: {now.run.reason}"), icon=":material/report:")
        elif now.final:
            _show_outcome(run, again)
        else:
            st.info("The run is still being computed. Its own page follows it.", icon=":material/hourglass:")
    except ProblemsError as error:
        show_problems(error)
        return
    st.page_link(
        sitemap.make_page("run"),
        label=f"Run {str(again)[-8:]}",
        query_params={"id": str(again)},
        icon=":material/replay:",
    )


def _show_outcome(run: Run, again: UUID) -> None:
    found = first_difference(cached.context(), run.id, again, actor=current_actor())
    if found is None:
        st.success("Identical: every value of the result was computed again.", icon=":material/verified:")
    else:
        words = f"Different: {found.where} was {found.was!r} and is {found.found!r}."
        st.error(escape(words), icon=":material/difference:")
