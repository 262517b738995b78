"""A checked model as it will be: its name, what it does and its form, with Publish above them.

Chosen: the very form of the model's page, which can be tried, so that an author sees what analysts will.
Left out: running it. Its defaults have run among the checks, and the published model opens with their result.
"""

import streamlit as st

from contract import manifest as contract_manifest
from contract.errors import ProblemsError
from contract.registration import Registration, RegistrationStatus
from engine.models.build_logs import build_log_template
from engine.models.catalogue import find_app
from engine.models.registration import discard, publish
from engine.runs.uploads import store_upload
from ui.form.form import show_form
from ui.shell import cached, sitemap
from ui.shell.build_logs import show_template
from ui.shell.markup import code, escape, safe_markdown
from ui.shell.problems import show_problems
from ui.shell.session import current_actor

SHORT = 12


def show_origin(registration: Registration) -> None:
    """Show where the model comes from and what publishing it would do."""
    source = registration.source
    parts = [escape(str(source.get("url") or source.get("filename") or ""))]
    if source.get("subfolder"):
        parts.append(f"folder {code(str(source['subfolder']))}")
    if source.get("branch"):
        parts.append(f"branch {code(str(source['branch']))}")
    if registration.git_commit:
        parts.append(f"commit {code(registration.git_commit[:SHORT])}")
    st.caption(" · ".join(parts))
    if registration.app_id is None:
        st.markdown(f"A new model, at {code(f'/model?app={registration.slug}')}.")
        return
    app = find_app(cached.context(), registration.app_id, actor=current_actor())
    if app.current_version == registration.version:
        st.markdown(f"Nothing of **{escape(app.name)}** has changed: this is its current version.")
    else:
        st.markdown(f"A new version of **{escape(app.name)}**, at {code(f'/model?app={app.slug}')}.")


def show_published(registration: Registration) -> None:
    """Show that the model is in the catalogue, with its link and a build log to be filled in."""
    st.success("It is published.")
    st.page_link(
        sitemap.make_page("model"),
        label="Open the model",
        icon=":material/open_in_new:",
        query_params={"app": registration.slug},
    )
    if registration.manifest is not None and registration.app_id is not None:
        app = find_app(cached.context(), registration.app_id, actor=current_actor())
        with st.expander("Build log", icon=":material/history_edu:"):
            manifest = contract_manifest.parse(registration.manifest)
            show_template(build_log_template(app, manifest, registered=registration.created_at.date()))


def show_actions(registration: Registration) -> None:
    """Show Publish where the checks allow it, and Discard."""
    with st.container(horizontal=True, vertical_alignment="center"):
        ready = registration.status is RegistrationStatus.READY
        if ready and st.button("Publish", type="primary", icon=":material/publish:", key="publish"):
            try:
                app = publish(cached.context(), registration.id, actor=current_actor())
            except ProblemsError as error:
                show_problems(error)
            else:
                cached.forget_catalogue()
                st.session_state.pop("panel", None)  # the result, whichever tab was open before
                st.switch_page(sitemap.make_page("model"), query_params={"app": app.slug})
        if registration.checked and st.button("Discard", icon=":material/delete:", key="discard"):
            discard(cached.context(), registration.id, actor=current_actor())
            st.query_params.clear()
            st.rerun()


def show_preview(registration: Registration) -> None:
    """Show the model's name, description and form as its page will."""
    if registration.manifest is None:
        return
    try:
        manifest = contract_manifest.parse(registration.manifest)
    except ProblemsError as error:
        show_problems(error)
        return
    st.subheader(escape(manifest.name), anchor=False)
    if manifest.description:
        st.markdown(safe_markdown(manifest.description))
    actor = current_actor()
    show_form(
        manifest,
        start=manifest.initial_values,
        link=None,
        store_file=lambda name, content: store_upload(cached.context(), name, content, actor=actor),
        key_prefix=f"preview@{registration.version[:SHORT]}",
    )
