"""How many runs are queued or running, in the header of every page.

Chosen: a component that asks the API, so that no script of the page is run for it and a tab out of sight asks nothing.
Left out: which runs these are, which the monitor shows.
"""

import streamlit as st

from ui.shell.assets import LOADER, asset_url

COUNTS = "/api/monitor/queue"
MONITOR = "/monitor"

_draw = st.components.v2.component("tontine_live_runs", html="<span hidden></span>", js=LOADER, isolate_styles=False)


def show_live_runs() -> None:
    """Draw the counter in the header, beside the other entries."""
    with st.container(key="live-runs", width="content"):
        _draw(key="live-runs-count", data={"module": asset_url("live_runs.js"), "counts": COUNTS, "monitor": MONITOR})
