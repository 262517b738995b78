"""A run's status as a badge.

Chosen: live and finished views share it, so it belongs to neither.
Left out: the words and colours, which are `ui.shell.formatting.STATUS`.
"""

import streamlit as st

from contract.run import Run
from ui.shell.formatting import STATUS


def status_badge(run: Run) -> None:
    """Show a run's status as a badge, in words and not by colour alone."""
    look = STATUS[run.status]
    st.badge(look.words, icon=look.icon, color=look.color)
