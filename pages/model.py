"""Work with one model: set its inputs, run it, watch and read the result."""

from typing import Any
from uuid import UUID

import streamlit as st

from contract.problems import ContractError, InputError
from engine.follow import Snapshot, snapshot
from engine.uploads import keep
from ui import about, cached, finished, live, press, sitemap
from ui.form import form

params = st.query_params.to_dict()
try:
    app, version, manifest, cases = cached.chosen(params.get("app", ""), params.get("version"))
    source = snapshot(cached.desk(), UUID(params["from"])).run if "from" in params else None
except (ContractError, ValueError) as error:
    st.title("Model", anchor=False)
    if isinstance(error, ContractError):
        cached.explain(error)
    else:
        st.error(f"The link names no run to start from: from={params['from']!r}. Copy it again.")
    st.page_link(sitemap.page("catalogue"), label="Open the catalogue")
    st.stop()

about.head(app, manifest, version)
press.leave(app.slug)
start: dict[str, Any] = {**manifest.start, **(source.inputs if source else {})}
left, right = st.columns([4, 7], gap="large")
quick = cached.offers_live(app.id, manifest)
with left:
    bar = st.container(horizontal=True, vertical_alignment="center", key="runbar")
    draft = form(
        manifest,
        start=start,
        link=params,
        cases=cases,
        keep_file=lambda name, content: keep(cached.desk(), name, content),
        key_prefix=f"{app.slug}@{version.hash[:12]}",
    )
with bar:
    asked = st.button(
        "Run",
        type="primary",
        icon=":material/play_arrow:",
        disabled=bool(draft.problems),
        shortcut="Ctrl+Enter",
        key="run",
    )
    alive = (
        st.toggle("Live", key="live", help="Run at every change; a newer run replaces the older") if quick else False
    )
    fresh = False
    if manifest.deterministic:
        fresh = st.checkbox("Run anyway", key="fresh", help="Run even where an equal run's result is stored")
    if draft.problems:
        st.caption(f":material/error: {len(draft.problems)} to mend first")

shown, first = params.get("run"), None
if asked or (alive and not draft.problems and press.changed(app.slug, version.hash, draft.values)):
    try:
        accepted = press.run(app.slug, version.hash, draft.values, fresh=fresh, live=alive)
        shown = str(accepted.id)
        first = None if accepted.status.final else Snapshot(accepted)
        st.query_params.from_dict({**draft.query, "run": shown})
    except InputError as error:
        cached.explain(error)
    except ContractError as error:
        cached.explain(error)


def done(now: Snapshot) -> None:
    """Show how the run ended, with its links."""
    with st.container(horizontal=True, horizontal_alignment="right"):
        finished.copy_link(now.run)
    finished.show(now)


with right:
    result, model = st.tabs(["Result", "About this model"], key="panel", on_change="rerun")
    if model.open:  # a hidden tab is not worked out
        with model:
            about.show(app, manifest, version, cases)
    with result:
        if shown is None:
            st.info("Set the inputs and press Run. The address of this page carries them: copy it to share the form.")
        else:
            try:
                first = first or snapshot(cached.desk(), UUID(shown))
            except (ContractError, ValueError):
                st.error(f"The link names a run that is not there: {shown}. Press Run for a new one.")
                st.stop()
            if first.run.inputs != {**first.run.inputs, **draft.values}:
                st.caption(":material/edit: The form has changed since this run.")
            live.show(first.run.id, first, done)
