"""The foot of a set-up: how many runs it would be, about how long they take, and Start.

Left out: what is set up, which each analysis does.
"""

from collections.abc import Callable
from uuid import UUID

import streamlit as st

from contract.errors import ProblemsError
from contract.run_group import RunGroup
from engine.analysis.groups import Plan
from ui.shell.formatting import duration
from ui.shell.markup import safe_markdown
from ui.shell.press import press_id
from ui.shell.problems import show_problems


def show_start(plan: Callable[[], Plan], start: Callable[[UUID], RunGroup]) -> RunGroup | None:
    """Say how many runs it would be, and start them when asked to, under the id of the press."""
    try:
        found = plan()
    except ProblemsError as error:
        show_problems(error)
        st.button("Start", type="primary", icon=":material/play_arrow:", disabled=True, key="group-start")
        return None
    with st.container(horizontal=True, vertical_alignment="center"):
        asked = st.button("Start", type="primary", icon=":material/play_arrow:", key="group-start")
        seconds = "" if found.seconds is None else f", about {duration(found.seconds)}"
        st.caption(f"{found.total:,} {'run' if found.total == 1 else 'runs'}{seconds}")
    for note in found.notes:
        st.caption(safe_markdown(note))
    if not asked:
        return None
    try:
        return start(press_id(f"group {found}"))
    except ProblemsError as error:
        show_problems(error)
        return None
