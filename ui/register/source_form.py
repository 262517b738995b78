"""Where a model comes from: git, a zip file, a folder or words, and what is wrong with it beside the field.

Chosen: fetching happens on a press and takes seconds; what cannot be taken is said in place, with what was typed kept.
Left out: the checks, which a worker makes (`ui.register.check_list`).
"""

from collections.abc import Callable

import streamlit as st

from contract.errors import ProblemsError
from contract.registration import Registration
from engine.gateway.explain import can_explain
from engine.models.registration import register_from_archive, register_from_git, register_from_upload
from ui.register import draft
from ui.shell import cached
from ui.shell.problems import show_problems
from ui.shell.session import current_actor

GIT, ZIP, FOLDER, DRAFT = "Git repository", "Zip file", "Folder", "Draft by words"


def show_source_form() -> Registration | None:
    """Draw the form; return the registration that a press has started."""
    kinds = [GIT, ZIP, FOLDER, *([DRAFT] if can_explain(cached.context(), actor=current_actor()) else [])]
    kind = st.segmented_control(
        "Source", kinds, default=GIT, required=True, key="source-kind", label_visibility="collapsed"
    )
    if kind == DRAFT:
        _start_draft()
        return None
    start: Callable[[], Registration] | None = {GIT: _git_form, ZIP: _zip_form, FOLDER: _folder_form}[kind or GIT]()
    if start is None:
        return None
    try:
        with st.spinner("Fetching the model"):
            return start()
    except ProblemsError as error:
        show_problems(error)
    return None


def _start_draft() -> None:
    try:
        drafted = draft.show_draft_form()
    except ProblemsError as error:
        show_problems(error)
        return
    if drafted is not None:
        st.query_params[draft.ADDRESS] = str(drafted.id)
        st.rerun()


def _git_form() -> Callable[[], Registration] | None:
    url = st.text_input("Repository", key="repo-url", placeholder="https://github.com/name/models")
    with st.container(horizontal=True):
        branch = st.text_input("Branch", key="branch", placeholder="Default branch", help="Branch, tag or full commit")
        subfolder = st.text_input("Subfolder", key="subfolder", placeholder="The repository itself")
        slug = _name_input()
    if not _asked("Fetch and check"):
        return None
    context, actor = cached.context(), current_actor()
    return lambda: register_from_git(
        context, url or "", branch=branch or None, subfolder=subfolder or None, slug=slug, actor=actor
    )


def _zip_form() -> Callable[[], Registration] | None:
    uploaded = st.file_uploader("Zip file of the model's folder", type=["zip"], key="archive")
    with st.container(horizontal=True):
        subfolder = st.text_input("Subfolder", key="archive-subfolder", placeholder="The folder in the archive")
        slug = _name_input()
    if not _asked("Check", disabled=uploaded is None) or uploaded is None:
        return None
    context, actor = cached.context(), current_actor()
    return lambda: register_from_archive(
        context, uploaded.getvalue(), uploaded.name, subfolder=subfolder or None, slug=slug, actor=actor
    )


def _folder_form() -> Callable[[], Registration] | None:
    uploaded = st.file_uploader("The model's folder", accept_multiple_files="directory", key="folder")
    slug = _name_input()
    if not _asked("Check", disabled=not uploaded) or not uploaded:
        return None
    context, actor = cached.context(), current_actor()
    files = [(file.name, file.getvalue()) for file in uploaded]
    return lambda: register_from_upload(context, files, slug=slug, actor=actor)


def _name_input() -> str | None:
    given = st.text_input(
        "Name in addresses",
        key="slug",
        placeholder="Taken from the folder",
        help="Of a new model. A model that is registered already keeps its own.",
    )
    return given or None


def _asked(label: str, *, disabled: bool = False) -> bool:
    return st.button(label, type="primary", icon=":material/fact_check:", disabled=disabled, key="fetch")
