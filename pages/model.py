"""Work with one model: set its inputs, run it, watch and read the result."""

from typing import Any
from uuid import UUID

import streamlit as st

from contract.errors import InputError, ProblemsError
from engine.runs.follow import Snapshot, snapshot
from engine.runs.uploads import store_upload
from ui.form import submission
from ui.form.form import show_form
from ui.form.layout import form_layout
from ui.model import model_info
from ui.result import run_progress, run_view, starting_result
from ui.shell import cached, sitemap

params = st.query_params.to_dict()
try:
    app, version, manifest, cases = cached.load_model(params.get("app", ""), params.get("version"))
    source = snapshot(cached.context(), UUID(params["from"])).run if "from" in params else None
except (ProblemsError, ValueError) as error:
    st.title("Model", anchor=False)
    if isinstance(error, ProblemsError):
        cached.show_problems(error)
    else:
        st.error(f"The link names no run to start from: from={params['from']!r}. Copy it again.")
    st.page_link(sitemap.make_page("catalogue"), label="Open the catalogue")
    st.stop()

model_info.show_header(app, manifest, version)
submission.cancel_other_model(app.slug)
start: dict[str, Any] = {**manifest.initial_values, **(source.inputs if source else {})}
wide = form_layout(manifest) == "wide"  # a table needs the page's width: the result stands below the form
left, right = (st.container(), st.container()) if wide else st.columns([4, 7], gap="large")
quick = cached.offers_live(app.id, manifest)
with left:
    bar = st.container(horizontal=True, vertical_alignment="center", key="runbar")
    form_values = show_form(
        manifest,
        start=start,
        link=params,
        cases=cases,
        store_file=lambda name, content: store_upload(cached.context(), name, content),
        key_prefix=f"{app.slug}@{version.hash[:12]}",
    )
with bar:
    asked = st.button(
        "Run",
        type="primary",
        icon=":material/play_arrow:",
        disabled=bool(form_values.problems),
        shortcut="Ctrl+Enter",
        key="run",
    )
    alive = (
        st.toggle("Live", key="live", help="Run at every change; a newer run replaces the older") if quick else False
    )
    fresh = False
    if manifest.deterministic:
        fresh = st.checkbox("Run anyway", key="fresh", help="Run even where an equal run's result is stored")
    if form_values.problems:
        st.caption(f":material/error: {len(form_values.problems)} to mend first")

shown, first = params.get("run"), None
if asked or (
    alive and not form_values.problems and submission.form_changed(app.slug, version.hash, form_values.values)
):
    try:
        accepted = submission.submit_run(app.slug, version.hash, form_values.values, fresh=fresh, live=alive)
        shown = str(accepted.id)
        first = None if accepted.status.final else Snapshot(accepted)
        st.query_params.from_dict({**form_values.query, "run": shown})
    except InputError as error:
        cached.show_problems(error)
    except ProblemsError as error:
        cached.show_problems(error)


def done(now: Snapshot) -> None:
    """Show how the run ended, with its links."""
    with st.container(horizontal=True, horizontal_alignment="right"):
        run_view.copy_link(now.run)
    run_view.show_ended_run(now)


with right:
    result, model = st.tabs(["Result", "About this model"], key="panel", on_change="rerun")
    if model.open:  # a hidden tab is not worked out
        with model:
            model_info.show_about(app, manifest, version, cases)
    with result:
        if shown is None:
            starting_result.show_starting_result(app, version, form_values.values)
        else:
            try:
                first = first or snapshot(cached.context(), UUID(shown))
            except (ProblemsError, ValueError):
                st.error(f"The link names a run that is not there: {shown}. Press Run for a new one.")
                st.stop()
            if first.run.inputs != {**first.run.inputs, **form_values.values}:
                st.caption(":material/edit: The form has changed since this run.")
            run_progress.follow_run(first.run.id, first, done)
