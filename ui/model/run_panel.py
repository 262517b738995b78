"""Run and the result beside a form: what a press draws anew, and nothing else.

Chosen: one fragment that holds Run in the bar above the form and the result beside it, so that a press sends the
result alone and leaves the form's widgets as they are. The run shown is the one in the address. The result before
stays in sight until the next one is there.
Left out: the form, which is `ui.form.form`; what it holds comes in with every run of the page.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from contract.app import App, Version
from contract.cases import Case
from contract.errors import NotAllowedError, ProblemsError
from contract.manifest import Manifest
from contract.problems import Problem
from contract.run import Run, Status
from engine.authorization import LEAST_ROLE, Action
from engine.runs.follow import Snapshot, snapshot
from ui.form import links, submission
from ui.form.form import FormValues, apply_pending
from ui.model import model_info, use_from_code, versions
from ui.result import run_progress, run_view, starting_result
from ui.shell import cached, sitemap
from ui.shell.problems import show_problems
from ui.shell.session import current_actor, may

RUN_APPLIED = "run_applied_json"  # Run was pressed with an edited JSON text, which is in the form now


@st.fragment
def show_run_panel(
    app: App,
    version: Version,
    manifest: Manifest,
    cases: tuple[Case, ...],
    form_values: FormValues,
    bar: DeltaGenerator,
    panel: DeltaGenerator,
) -> None:
    """Draw Run into `bar` and the result into `panel`; submit the form when asked to."""
    with bar:
        asked, live, fresh = _show_bar(app, version, manifest, form_values)
    submitted, refused = None, None
    values = form_values.values
    # A press can arrive together with the text that makes the form unfit to run.
    if not form_values.problems and (
        asked or (live and submission.form_changed(app.slug, version.hash, manifest, values))
    ):
        try:
            shown = st.query_params.get("run")
            submitted = submission.submit_run(
                app.slug,
                version.hash,
                manifest,
                values,
                fresh=fresh,
                live=live,
                edited=st.query_params.get("from") or shown,
                shown=shown,
            )
            st.query_params.from_dict({**form_values.query, "run": str(submitted.id)})
        except ProblemsError as error:
            refused = error
    with panel:
        tabs = st.tabs(["Result", "About this model", "Versions", "Use from code"], key="panel", on_change="rerun")
        result, about, history, code = tabs
        if about.open:  # a hidden tab is not worked out
            with about:
                model_info.show_about(app, manifest, version, cases)
        if history.open:
            with history:
                versions.show_versions(app, version)
        if code.open:
            with code:
                use_from_code.show_code(app, version, manifest, form_values)
        with result:
            with st.container():
                if refused is not None:
                    show_problems(refused)
            _show_result(app, version, manifest, form_values, submitted)


def model_refusals(manifest: Manifest, values: Mapping[str, Any], run_id: str | None) -> Sequence[Problem]:
    """Return what the model said of these inputs when the run shown refused them; nothing where the form differs."""
    try:
        run = snapshot(cached.context(), UUID(run_id), actor=current_actor()).run if run_id else None
    except (ProblemsError, ValueError):
        return ()
    if run is None or run.status is not Status.FAILED or submission.differs_from_run(manifest, values, run):
        return ()
    return run.problems


def form_key(app: App, version: Version) -> str:
    """Return the key under which the form of this model's version is kept in the session."""
    return f"{app.slug}@{version.hash[:12]}"


def _show_bar(app: App, version: Version, manifest: Manifest, form_values: FormValues) -> tuple[bool, bool, bool]:
    """Draw the bar; return whether a run was asked for, whether Live is on, and whether a stored result will not do."""
    count, allowed = len(form_values.problems), may(Action.RUN_MODELS)
    asked = st.button(
        "Run",
        type="primary",
        icon=":material/play_arrow:",
        disabled=bool(count) or not allowed,
        shortcut="Ctrl+Enter",
        key="run",
    )
    if asked and apply_pending(manifest, form_key(app, version)):
        # What the form held when this fragment got its values is out of date: the run starts after the form is drawn.
        st.session_state[RUN_APPLIED] = True
        st.rerun()
    asked = st.session_state.pop(RUN_APPLIED, False) or asked
    live = fresh = False
    if allowed and cached.offers_live(app.id, manifest):
        live = st.toggle("Live", key="live", help="Run at every change; a newer run replaces the older")
    if manifest.deterministic:
        fresh = st.checkbox(
            "Ignore cached result", key="fresh", help="Run even where the result of an equal run is stored"
        )
    if not allowed:
        st.caption(f":material/lock: Running models takes the role {LEAST_ROLE[Action.RUN_MODELS]}.")
    if not count and allowed:
        _show_sweep_link(app, version, manifest, form_values)
    if count:
        st.caption(f":material/error: Fix {count} input{'' if count == 1 else 's'}")
    return asked, live, fresh


def _show_sweep_link(app: App, version: Version, manifest: Manifest, form_values: FormValues) -> None:
    """Offer the analyses of many runs, starting from what the form holds."""
    query = {"app": app.slug, "version": version.hash, **links.encode(manifest, form_values.values)}
    # What a link cannot carry comes from the run shown or edited.
    source = st.query_params.get("run") or st.query_params.get("from")
    if source and (links.omitted_tables(manifest, form_values.values) or "from" in st.query_params):
        query["from"] = source
    if "run" in st.query_params:
        query["run"] = st.query_params["run"]
    st.page_link(
        sitemap.make_page("sweep"),
        label="Sweep",
        icon=":material/stacked_line_chart:",
        query_params=query,
        help="Run the model many times: over values of an input, each input in turn, or to reach a figure",
    )


def _show_result(
    app: App, version: Version, manifest: Manifest, form_values: FormValues, submitted: Run | None
) -> None:
    wanted = str(submitted.id) if submitted is not None else st.query_params.get("run")
    if wanted is None:
        starting_result.show_starting_result(app, version, form_values.values)
        return
    try:
        if submitted is None or submitted.status.final:
            now = _newest(snapshot(cached.context(), UUID(wanted), actor=current_actor()), app)
        else:
            now = _newest(run_progress.wait_a_moment(submitted.id), app)
    except NotAllowedError as error:
        show_problems(error)
        return
    except (ProblemsError, ValueError):
        st.error("The link names a run that does not exist. Press Run for a new one.", icon=":material/link_off:")
        return
    if now.final and now.run.problems and st.session_state.get("refused_run") != str(now.run.id):
        st.session_state["refused_run"] = str(now.run.id)
        st.rerun()  # the form shows beside its inputs what the model said of them
    with st.container():
        if submission.differs_from_run(manifest, form_values.values, now.run):
            st.caption(":material/edit: The form has changed since this run.")
    run_view.show_run(now, previous=_previous(app, now), copy=True)


def _newest(now: Snapshot, app: App) -> Snapshot:
    """Return the live run that has superseded this one, which is no result to show: the address may be behind."""
    newer = submission.live_run(app.slug)
    if now.run.superseded_by is None or newer is None or newer == now.run.id:
        return now
    return snapshot(cached.context(), newer, actor=current_actor())


def _previous(app: App, now: Snapshot) -> Snapshot | None:
    """Return the run of this model that was shown last, where `now` goes on; remember `now` where it has ended."""
    place = f"{app.slug}:shown"
    if now.final:
        if now.shown:
            st.session_state[place] = str(now.run.id)
        return None
    held = st.session_state.get(place)
    if now.shown or held is None or held == str(now.run.id):
        return None
    try:
        return snapshot(cached.context(), UUID(held), actor=current_actor())
    except ProblemsError:
        return None
