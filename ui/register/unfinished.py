"""What the catalogue does not list: registrations not published, folders that cannot be registered, hidden models.

Left out: models of the catalogue.
"""

import streamlit as st

from contract.registration import Registration, RegistrationStatus
from engine.models.lifecycle import list_unlisted
from engine.models.registration import list_registrations
from ui.shell import cached, sitemap
from ui.shell.formatting import relative_time
from ui.shell.markup import escape
from ui.shell.session import current_actor

STATUS = {
    RegistrationStatus.CHECKING: "checking",
    RegistrationStatus.READY: "ready to publish",
    RegistrationStatus.REFUSED: "refused",
}


def show_unfinished() -> None:
    """List registrations that are not published, each with a link to its checks."""
    found = list_registrations(cached.context(), actor=current_actor())
    if found:
        st.subheader("Not published yet", anchor=False)
        for registration in found:
            st.page_link(
                sitemap.make_page("register"),
                label=_label(registration),
                icon=":material/pending_actions:",
                query_params={"registration": str(registration.id)},
            )
    problems = cached.context().folder_problems
    if problems:
        st.subheader("Folders that cannot be registered", anchor=False)
        for name, listed in problems.items():
            with st.expander(escape(name)):
                st.markdown("\n".join(f"- {escape(str(problem))}" for problem in listed))


def show_unlisted() -> None:
    """List the models that are hidden or archived, each with a link to its page, where it can be restored."""
    found = list_unlisted(cached.context(), actor=current_actor())
    if not found:
        return
    st.subheader("Hidden and archived models", anchor=False)
    for app in found:
        state = "archived" if app.archived else "hidden"
        st.page_link(
            sitemap.make_page("model"),
            label=escape(f"{app.name}: {state}"),
            icon=":material/archive:" if app.archived else ":material/visibility_off:",
            query_params={"app": app.slug},
        )


def _label(registration: Registration) -> str:
    by = f"by {registration.created_by}, {relative_time(registration.created_at)}"
    return escape(f"{registration.slug}: {STATUS[registration.status]} ({by})")
