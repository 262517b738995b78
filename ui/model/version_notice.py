"""What a reader must know of the version in front of them: that it is an older one, that the model is not listed.

Left out: choosing another version, which is `ui.model.versions`.
"""

import streamlit as st

from contract.app import App, Version
from contract.errors import ProblemsError
from contract.run import Run
from engine.models.catalogue import find_app
from ui.shell import cached, sitemap
from ui.shell.formatting import timestamp
from ui.shell.markup import code, escape
from ui.shell.session import current_actor
from ui.shell.time_zone import session_zone

SHORT = 12


def version_label(version: Version, app: App) -> str:
    """Return what a version is called in a choice: its label, the start of its hash, and when it was registered."""
    current = " (current)" if version.hash == app.current_version else ""
    label = f"{version.label} · " if version.label else ""
    return f"{label}{version.hash[:SHORT]} · {timestamp(version.created_at, session_zone())}{current}"


def show_notice(app: App, version: Version) -> None:
    """Show that the form is of another version than the current one, and that the model is hidden or archived."""
    if version.hash != app.current_version:
        at = timestamp(version.created_at, session_zone())
        label = f" {escape(version.label)}" if version.label else ""
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f":material/history: Version{label} {code(version.hash[:SHORT])} of {at}, not the current one.")
            st.page_link(sitemap.make_page("model"), label="Current version", query_params={"app": app.slug})
    if app.archived:
        st.caption(":material/archive: Archived: it is not listed and takes no runs.")
    elif app.hidden:
        st.caption(":material/visibility_off: Hidden: it is not listed in the catalogue.")
    problems = cached.context().folder_problems.get(app.slug)
    if problems:
        st.warning(
            "Its folder cannot be registered as it is now:\n" + "\n".join(f"- {escape(str(p))}" for p in problems),
            icon=":material/folder_off:",
        )


def show_run_notice(run: Run) -> None:
    """Show that a run is of another version than the model's current one, with links to both."""
    try:
        app = find_app(cached.context(), run.app_id, actor=current_actor())
    except ProblemsError:
        return
    if app.current_version == run.version:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        current = code((app.current_version or "")[:SHORT])
        st.caption(f":material/history: Run with version {code(run.version[:SHORT])}; the current one is {current}.")
        st.page_link(
            sitemap.make_page("model"),
            label="Open that version",
            query_params={"app": app.slug, "version": run.version[:SHORT]},
        )
