"""A run that goes on: what it is doing, how far it is, and Cancel.

Chosen: a component that hears of changes by the application's WebSocket and asks for its fragment to be run again when
there is something new to draw. No script waits on the server meanwhile: other widgets answer at once, a closed tab
leaves nothing behind, and Streamlit's Stop has nothing to stop. A run that ends within a moment is waited for, so that
the live view of a model that answers at once is never built.
Left out: what a run has shown so far, which is drawn as any result (`ui.result.run_view`).
"""

import time
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import streamlit as st

from engine.runs.cancel import cancel
from engine.runs.follow import Snapshot, brief, wait_for_end
from ui.shell import cached
from ui.shell.assets import LOADER, asset_url
from ui.shell.session import current_actor

# A run that ends within these seconds needs no live view: building one would take longer than it is seen.
MOMENT = 0.25
SLICE = 0.05  # s between two looks at whether a newer change of the form wants this script
FOLLOW = "/api/ws/runs/{id}?brief=1"

# Not isolated: the module's style rules are the document's, and it dims what lies elsewhere on the page.
_draw = st.components.v2.component("tontine_run_progress", html="<span hidden></span>", js=LOADER, isolate_styles=False)


def wait_a_moment(run_id: UUID) -> Snapshot:
    """Return the run once it has ended, or as it stands after a moment."""
    until = time.monotonic() + MOMENT
    while True:
        left = min(SLICE, max(0.0, until - time.monotonic()))
        now = wait_for_end(cached.context(), run_id, left, actor=current_actor())
        if now.final or time.monotonic() >= until:
            return now
        _ = st.session_state.get("turn")  # a yield point: a newer change of the form ends the script here


def show_progress(now: Snapshot, *, key: str, stale: str = "") -> None:
    """Show what the run is doing, with Cancel; must be drawn in a fragment, which is run again at each change.

    Args:
        now: the run as it is drawn beside this.
        key: of the place on the page.
        stale: key of the container whose content belongs to the run before, to be dimmed.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _draw(
            key=f"{key}-progress",
            data=progress_data(str(now.run.id), FOLLOW.format(id=now.run.id), brief(now), stale=stale),
            on_changed_change=_redraw,
        )
        st.button("Cancel", key=f"{key}-cancel", icon=":material/stop_circle:", on_click=_cancel, args=(now.run.id,))


def show_followed(name: str, address: str, news: Mapping[str, Any], *, key: str) -> None:
    """Show how far something else than a run is, in a fragment; `news` is what its WebSocket at `address` sends."""
    _draw(key=f"{key}-progress", data=progress_data(name, address, news), on_changed_change=_redraw)


def progress_data(name: str, address: str, news: Mapping[str, Any], *, stale: str = "") -> dict[str, Any]:
    """Return what the component gets."""
    return {
        "module": asset_url("run_progress.js"),
        "run": name,
        "follow": address,
        "news": dict(news),
        "stale": stale,
    }


def _redraw() -> None:
    """Do nothing: that the fragment is run again is what was asked for."""


def _cancel(run_id: UUID) -> None:
    cancel(cached.context(), run_id, actor=current_actor())
