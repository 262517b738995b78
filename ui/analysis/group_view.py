"""A group of runs on its page: how far it is, with Cancel or Resume, and its figures as charts and a table.

Chosen: one head for all kinds; what a kind makes of its points has a file of its own. While a group goes on the browser
hears of it by WebSocket, and the page draws what there is now and then.
Left out: starting one.
"""

from collections.abc import Callable, Sequence
from uuid import UUID

import streamlit as st

from contract.app import AppRef
from contract.manifest import Manifest
from contract.run_group import GroupKind, GroupPoint, RunGroup
from engine.analysis.follow_group import brief
from engine.analysis.groups import cancel_group, find_group, list_points, resume_group
from engine.models.catalogue import find_version
from ui.analysis import change_view, seek_view, sensitivity_view, sweep_view, upgrade_view
from ui.analysis.figure_choice import KEY as FIGURE
from ui.analysis.group_list import KIND_WORDS
from ui.result.downloads import analysis_links
from ui.result.run_progress import show_followed
from ui.shell import cached, sitemap
from ui.shell.currency import manifest_in_currency
from ui.shell.formatting import duration, timestamp
from ui.shell.markup import escape, safe_markdown
from ui.shell.session import current_actor
from ui.shell.time_zone import session_zone

FOLLOW = "/api/ws/groups/{id}"
Show = Callable[[RunGroup, Sequence[GroupPoint], Manifest], None]
VIEWS: dict[GroupKind, Show] = {
    GroupKind.SWEEP: sweep_view.show_sweep,
    GroupKind.SENSITIVITY: sensitivity_view.show_sensitivity,
    GroupKind.SEEK: seek_view.show_seek,
    GroupKind.CHANGE: change_view.show_change,
    GroupKind.UPGRADE: upgrade_view.show_upgrade,
}


def show_group(group_id: UUID) -> None:
    """Show a group, live or ended.

    Raises:
        NotFoundError: there is none.
    """
    first = find_group(cached.context(), group_id, actor=current_actor())
    st.title(escape(f"{KIND_WORDS[first.kind]}: {first.app_name}"), anchor=False)
    started = timestamp(first.created_at, session_zone())
    st.caption(f"Group {str(first.id)[-8:]} · {escape(first.user)} · {started}")
    _show_live(group_id)


@st.fragment
def _show_live(group_id: UUID) -> None:
    context, actor = cached.context(), current_actor()
    now = find_group(context, group_id, actor=actor)
    points = list_points(context, group_id, actor=actor)
    app = AppRef(now.app_id, now.app_slug, now.version)
    loaded = find_version(context, app, now.version, actor=actor)
    manifest = manifest_in_currency(loaded.manifest, loaded.hash)
    _show_state(now)
    for note in now.definition.get("notes", ()):
        st.caption(safe_markdown(note))
    VIEWS[now.kind](now, points, manifest)
    st.page_link(
        sitemap.make_page("model"), label="Open the model", icon=":material/tune:", query_params={"app": now.app_slug}
    )


def _show_state(now: RunGroup) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="group-state"):
        if not now.final:
            show_followed(str(now.id), FOLLOW.format(id=now.id), brief(now), key="group")
            st.button("Cancel", key="group-cancel", icon=":material/stop_circle:", on_click=_cancel, args=(now.id,))
            return
        words = f"{now.done:,} of {now.total:,} runs" if now.done != now.total else f"{now.total:,} runs"
        if now.finished_at is not None:
            words += f" in {duration((now.finished_at - now.created_at).total_seconds())}"
        if now.reused:
            words += f", {now.reused:,} from stored results"
        if now.failed:
            words += f", {now.failed:,} without a result"
        st.caption(words)
        if now.resumable:
            st.button("Resume", key="group-resume", icon=":material/resume:", on_click=_resume, args=(now.id,))
        st.link_button("CSV", f"/api/groups/{now.id}/csv", icon=":material/download:", help="Every point as a line")
        menu = st.popover("Export", icon=":material/download:", key="group-export", on_change="rerun")
        if menu.open:
            with menu:
                analysis_links(f"/api/groups/{now.id}/export", st.query_params.get(FIGURE, ""))
    if now.resumable and now.reason:
        st.warning(escape(now.reason), icon=":material/stop_circle:")


def _cancel(group_id: UUID) -> None:
    cancel_group(cached.context(), group_id, actor=current_actor())


def _resume(group_id: UUID) -> None:
    resume_group(cached.context(), group_id, actor=current_actor())
