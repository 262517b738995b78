"""Who may read a run, and who signed it off, on its page.

Left out: what either means, which is `engine.runs.visibility` and `engine.runs.sign_off`.
"""

import streamlit as st

from contract.errors import ProblemsError
from contract.run import Run, Status, Visibility
from engine.authorization import Action, owns
from engine.runs import sign_off as sign_offs
from engine.runs.visibility import set_visibility
from ui.shell import cached
from ui.shell.formatting import timestamp
from ui.shell.markup import escape
from ui.shell.problems import show_problems
from ui.shell.session import current_actor, may
from ui.shell.time_zone import session_zone

ICONS = {
    Visibility.PRIVATE: ":material/lock:",
    Visibility.TEAM: ":material/group:",
    Visibility.PUBLIC: ":material/public:",
}
WORDS = {
    Visibility.PRIVATE: "Private: its owner and administrators",
    Visibility.TEAM: "Team: everybody in its owner's team",
    Visibility.PUBLIC: "Public: everybody here",
}


def show_sharing(run: Run) -> None:
    """Show who may read the run, which its owner may change; nothing where nobody signs in and it is as usual."""
    context, actor = cached.context(), current_actor()
    if not context.people.sign_in and run.visibility is context.people.run_visibility:
        return
    label = str(run.visibility).capitalize()
    if not (owns(actor, run.user) and may(Action.SHARE_RUNS)):
        st.caption(f"{ICONS[run.visibility]} {label}", help=WORDS[run.visibility])
        return
    with st.popover(label, icon=ICONS[run.visibility], help="Who may read this run"):
        chosen = st.radio(
            "Who may read this run",
            list(Visibility),
            index=list(Visibility).index(run.visibility),
            format_func=lambda v: WORDS[v],
            key=f"visibility-{run.id}",
        )
        if st.button("Save", key="save-visibility", disabled=chosen is run.visibility):
            try:
                set_visibility(context, run.id, Visibility(chosen), actor=actor)
            except ProblemsError as error:
                show_problems(error)
                return
            st.rerun()


def show_sign_off(run: Run) -> None:
    """Show who signed the run off, and offer it to whom it is not their own."""
    context, actor = cached.context(), current_actor()
    if run.status is not Status.SUCCESS:
        return
    made = sign_offs.find_sign_off(context, run.id, actor=actor)
    if made is not None:
        said = f": {escape(made.comment)}" if made.comment else ""
        st.caption(f":material/verified: Signed off by {escape(made.by)}, {timestamp(made.at, session_zone())}{said}")
        return
    if not context.people.sign_in or run.user == actor.name or not may(Action.SIGN_OFF_RUNS):
        return
    with st.popover("Sign off", icon=":material/verified:", help="A second person stands by this run"):
        comment = st.text_area("Comment", key=f"sign-off-{run.id}", max_chars=sign_offs.MAX_COMMENT)
        st.caption("It cannot be taken back. It freezes the run's notes and is printed on its PDF.")
        if st.button("Sign off", type="primary", key="sign-off"):
            try:
                sign_offs.sign_off(context, run.id, comment, actor=actor)
            except ProblemsError as error:
                show_problems(error)
                return
            st.rerun()
