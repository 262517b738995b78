"""What has been fetched and not published, and folders of this host that cannot be registered.

Left out: models of the catalogue.
"""

import streamlit as st

from contract.registration import Registration, RegistrationStatus
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


def _label(registration: Registration) -> str:
    by = f"by {registration.created_by}, {relative_time(registration.created_at)}"
    return escape(f"{registration.slug}: {STATUS[registration.status]} ({by})")
