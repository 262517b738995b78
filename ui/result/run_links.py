"""What a run came from, on the page: a line in words, and a graph of the runs around it that can be walked.

Chosen: the graph is worked out when it is opened. Its boxes are links, in the order in which they are drawn: a click
stays in the session, and another tab, the keyboard and a screen reader have them as any other link.
Left out: places and texts, which are `ui.result.run_graph`.
"""

from typing import Any
from uuid import UUID

import streamlit as st

from contract.errors import ProblemsError
from contract.run import Run
from contract.run_links import LinkNode, NodeKind, RunLinks
from engine.runs.links import change_between, changes_of, read_links
from ui.result.run_graph import RELATION, change_text, graph_data, hidden_name
from ui.shell import cached, sitemap
from ui.shell.assets import LOADER, asset_url
from ui.shell.currency import manifest_in_currency
from ui.shell.formatting import relative_time
from ui.shell.markup import escape
from ui.shell.problems import show_problems
from ui.shell.session import current_actor

WALKED = "walked_runs"  # those between which the reader has gone by the graph in this session
MANY = 6  # phrases of what differs in the line

_draw = st.components.v2.component("tontine_run_links", html="<span hidden></span>", js=LOADER, isolate_styles=False)


def show_origin(run: Run) -> None:
    """Say in a line which run this one was edited from, or is a replay of, and what was changed; nothing of others."""
    if run.origin_kind is None:
        return
    try:
        found = read_links(cached.context(), run.id, before=1, after=0, actor=current_actor())
        manifest = cached.run_manifest(run)
    except ProblemsError:
        return  # what is wrong is said where the run itself is shown
    origin = next((node for link, node in found.origins(found.focus) if link.kind is run.origin_kind), None)
    if origin is None:
        return
    words = RELATION[run.origin_kind][1]
    if origin.kind is not NodeKind.RUN:
        name = hidden_name(origin, run.origin_kind)
        st.caption(f":material/account_tree: {words} {name[0].lower()}{name[1:]}")
        return
    changes = change_text(change_between(origin, found.node(found.focus), manifest), most=MANY)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.page_link(
            sitemap.make_page("run"),
            label=f"{words} run {str(origin.id)[-8:]}",
            icon=":material/account_tree:",
            query_params={"id": str(origin.id)},
        )
        by = f"by {escape(origin.user)}, {relative_time(origin.at)}" if origin.at else ""
        st.caption(f"{by}: {escape(changes)}", width="content")


def show_links(run: Run) -> None:
    """Offer the graph of what the run came from and what was made from it; must be drawn in a fragment."""
    panel = st.expander(
        "Where it comes from",
        expanded=run.id in st.session_state.get(WALKED, ()),
        icon=":material/account_tree:",
        key=f"{run.app_slug}-links",
        on_change="rerun",
    )
    if not panel.open:
        return
    with panel:
        context, actor = cached.context(), current_actor()
        try:
            found = read_links(context, run.id, actor=actor)
            changes = changes_of(context, found, actor=actor, shown_as=manifest_in_currency)
        except ProblemsError as error:
            show_problems(error)
            return
        if len(found.nodes) == 1:
            st.caption("It was not made from another run, and none was made from it.")
            return
        data = {"module": asset_url("run_links.js"), "label": "Runs around this one", **graph_data(found, changes)}
        answer: Any = _draw(key=f"{run.app_slug}-run-links", data=data, on_walk_change=_walk)
        st.caption(_extent(found))
        if answer.walk is not None:
            _open(run, next((node for node in found.nodes if node.key == str(answer.walk)), None))


def _extent(found: RunLinks) -> str:
    words = "Left: what it came from. Right: what was made from it."
    if found.shown == found.total:
        return words
    total = f"{found.total:,}{'+' if found.capped else ''}"
    return f"{words} {found.shown:,} of {total} shown; open a run for those around it."


def _open(run: Run, node: LinkNode | None) -> None:
    if node is not None and isinstance(node.id, UUID):
        # Streamlit forgets what was open on the page before: the graph stays open on the way there and back.
        st.session_state[WALKED] = {*st.session_state.get(WALKED, ()), run.id, node.id}
        page = "sweep" if node.kind is NodeKind.GROUP else "run"
        st.switch_page(sitemap.make_page(page), query_params={"id": str(node.id)})


def _walk() -> None:
    """Do nothing: which box was chosen is read when the fragment is run again."""
