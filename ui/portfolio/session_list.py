"""The reader's own sessions, each a link, and the form that opens another.

Left out: the session itself (`ui.portfolio.session_view`).
"""

from uuid import UUID

import streamlit as st

from contract.errors import ProblemsError
from contract.number_format import format_number
from contract.portfolio import PortfolioSession
from engine.portfolio.sessions import EXAMPLE, create_session, list_sessions
from ui.shell import cached, sitemap
from ui.shell.markup import escape
from ui.shell.press import press_id
from ui.shell.problems import show_problems
from ui.shell.session import current_actor
from ui.shell.session_format import current_format

EXAMPLE_HOLDINGS, NO_HOLDINGS = "Example holdings", "None yet"


def show_sessions() -> None:
    """List the sessions that the reader has open, the one used last first."""
    found = list_sessions(cached.context(), actor=current_actor())
    for session in found:
        st.page_link(
            sitemap.make_page("portfolio"),
            label=_label(session),
            icon=":material/monitoring:",
            query_params={"session": str(session.id)},
        )
    if not found:
        st.caption("You have no portfolio session open.")


def show_new_session() -> UUID | None:
    """Draw the form that opens a session and return the session's id once it is open."""
    with st.form("new-portfolio", enter_to_submit=True):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            name = st.text_input("Name", "Portfolio", max_chars=100)
            currency = st.text_input("Currency", "USD", max_chars=3)
            start = st.selectbox("Holdings to begin with", [EXAMPLE_HOLDINGS, NO_HOLDINGS])
        asked = st.form_submit_button("Open a session", type="primary", icon=":material/add:")
    hours = cached.context().limits.portfolio_hours
    st.caption(f"A session is deleted {hours:g} hours after you last used it; the runs of its analyses stay.")
    if not asked:
        return None
    holdings = EXAMPLE if start == EXAMPLE_HOLDINGS else ()
    press, actor = press_id("portfolio session"), current_actor()
    try:
        return create_session(cached.context(), name, holdings, actor=actor, currency=currency, session_id=press).id
    except ProblemsError as error:
        show_problems(error)
        return None


def show_list_button() -> None:
    """Draw the way back to the list of sessions."""
    st.page_link(sitemap.make_page("portfolio"), label="All sessions", icon=":material/list:")


def _label(session: PortfolioSession) -> str:
    total = format_number(round(session.total, 2), current_format())
    return escape(f"{session.name}: {total} {session.currency}")
