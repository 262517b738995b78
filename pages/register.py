"""Register a model: from a git repository or an upload, with its checks and its form as it will be, and publish it."""

from uuid import UUID

import streamlit as st

from contract.errors import ProblemsError
from contract.registration import RegistrationStatus
from engine.models.registration import find_registration
from ui.register import check_list, draft, preview
from ui.register.source_form import show_source_form
from ui.register.unfinished import show_unfinished, show_unlisted
from ui.shell import cached, sitemap
from ui.shell.markup import code
from ui.shell.problems import show_problems
from ui.shell.session import current_actor

st.title("Register a model", anchor=False)
given = st.query_params.get("registration")
if given is None:
    st.markdown("A folder with `manifest.json` and `function.py`. It is checked in the sandbox before it is published.")
    given_draft = st.query_params.get(draft.ADDRESS)
    started = draft.show_draft(given_draft) if given_draft else show_source_form()
    if started is not None:
        st.query_params.from_dict({"registration": str(started.id)})
        st.rerun()
    if given_draft and st.button("Start again", icon=":material/undo:", type="tertiary"):
        st.query_params.clear()
        st.rerun()
    show_unfinished()
    show_unlisted()
    st.stop()

try:
    registration = find_registration(cached.context(), UUID(given), actor=current_actor())
except (ProblemsError, ValueError) as error:
    if isinstance(error, ProblemsError):
        show_problems(error)
    else:
        st.error(f"The link names no registration: {code(given)}. Copy it again.")
    st.page_link(sitemap.make_page("register"), label="Register a model")
    st.stop()

preview.show_origin(registration)
if registration.status is RegistrationStatus.PUBLISHED:
    preview.show_published(registration)
preview.show_actions(registration)
left, right = st.columns([1, 1], gap="large")
with left:
    st.subheader("Checks", anchor=False)
    check_list.show_checks(registration)
with right:
    preview.show_preview(registration)
# A link to the page one is on leaves the browser's address as it is.
if st.button("Register another model", icon=":material/add:", type="tertiary"):
    st.query_params.clear()
    st.rerun()
