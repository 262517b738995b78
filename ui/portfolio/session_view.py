"""One session: its value and holdings as the market moves, the analysis of the chosen holding, the grid to change them.

Chosen: a component listens by WebSocket and paints prices by itself, so that no script is run for them; its fragment is
run again when an analysis or the holdings have changed, by whichever browser.
Left out: the grid (`ui.portfolio.holdings_grid`) and the metrics (`ui.portfolio.analysis_view`).
"""

from typing import Any
from uuid import UUID

import streamlit as st

from charting import palette
from contract.portfolio import PortfolioState
from engine.portfolio.sessions import get_session
from ui.portfolio.analysis_view import show_analysis
from ui.portfolio.holdings_grid import show_holdings_grid
from ui.shell import cached
from ui.shell.assets import LOADER, asset_url
from ui.shell.markup import escape
from ui.shell.session import current_actor
from ui.shell.session_format import current_format

FOLLOW = "/api/ws/portfolio/{id}"

_draw = st.components.v2.component("tontine_portfolio", html="<span hidden></span>", js=LOADER, isolate_styles=False)


def show_session(session_id: UUID) -> None:
    """Show a session.

    Raises:
        NotFoundError: there is none, or none any more.
        NotAllowedError: it is somebody else's.
    """
    first = get_session(cached.context(), session_id, actor=current_actor())
    st.title(escape(str(first.body["name"])), anchor=False)
    _show_live(session_id)


@st.fragment
def _show_live(session_id: UUID) -> None:
    state = get_session(cached.context(), session_id, actor=current_actor())
    _draw(key=f"portfolio-{session_id}", data=component_data(state), on_changed_change=_redraw)
    show_analysis(state)
    with st.expander("Change the holdings", icon=":material/edit:", expanded=not state.body["holdings"]):
        show_holdings_grid(state)


def component_data(state: PortfolioState) -> dict[str, Any]:
    """Return what the component gets: the state that it paints until a newer message comes."""
    history = {ticker: list(prices) for ticker, prices in state.history.items()}
    return {
        "module": asset_url("portfolio.js"),
        "session": str(state.id),
        "follow": FOLLOW.format(id=state.id),
        "number": state.number,
        "body": dict(state.body),
        "history": history,
        "language": current_format().language,
        "colors": list(palette.COLORS),
    }


def _redraw() -> None:
    """Do nothing: that the fragment is run again is what was asked for."""
