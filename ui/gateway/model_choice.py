"""Choose one of the provider's models from the AI gateway's own list.

Chosen: a box that also takes a name that is typed, because a list may be older than the gateway's; reading the list is
a run, waited for here, and nothing of it is kept in the session.
Left out: the list itself, which is `engine.gateway.model_list`.
"""

import streamlit as st

from contract.app import App
from contract.errors import ProblemsError
from contract.manifest import Manifest
from contract.run import Status
from engine.authorization import Action
from engine.gateway.generate import MODELS
from engine.gateway.model_list import ModelList, list_models, read_models_again
from engine.runs.follow import wait_for_end
from ui.form.form_state import find_state
from ui.shell import cached
from ui.shell.formatting import relative_time
from ui.shell.markup import escape_lines
from ui.shell.problems import show_problems
from ui.shell.session import current_actor, may

INPUT = "model"  # the input of the catalogue's models that names the provider's
WAIT = 60.0  # s for the list


def choose_language_model(key: str) -> str:
    """Draw a box with the language models that the gateway listed last, and return the one chosen."""
    context = cached.context()
    first = context.limits.gateway_model
    found = list_models(context, MODELS["text"], actor=current_actor())
    options = list(dict.fromkeys([first, *found.words]))
    chosen = st.selectbox("Language model", options, key=key, accept_new_options=True, width=360)
    return str(chosen or first).strip() or first


def show_model_list(app: App, manifest: Manifest, form_key: str) -> None:
    """Offer the gateway's list on the page of a model that speaks to it; choosing fills the form's input."""
    if not manifest.gateway or INPUT not in manifest.inputs or not may(Action.RUN_MODELS):
        return
    access = cached.access(app.id, manifest)
    if access.hosts_missing or access.secrets_missing:
        return
    panel = st.popover("Models of the gateway", icon=":material/list:", key=f"{app.slug}-models", on_change="rerun")
    if not panel.open:
        return
    with panel:
        _show_list(app.slug, form_key)


def _show_list(slug: str, form_key: str) -> None:
    context, actor = cached.context(), current_actor()
    if st.button("Read the list", icon=":material/refresh:", key=f"{slug}-read-models", help="Costs nothing"):
        try:
            with st.spinner("Reading the gateway's list"):
                now = wait_for_end(context, read_models_again(context, slug, actor=actor).id, WAIT, actor=actor)
        except ProblemsError as error:
            show_problems(error)
            return
        if not now.final:
            st.info("The list is still being read. Try again in a moment.", icon=":material/hourglass:")
        elif now.run.status is not Status.SUCCESS:
            st.error(escape_lines(now.run.reason or "The list was not read."), icon=":material/report:")
    found: ModelList = list_models(context, slug, actor=actor)
    if not found.words:
        st.caption("The list has not been read yet.")
        return
    key = f"{slug}-choose-model"

    def choose() -> None:
        state, chosen = find_state(form_key), st.session_state[key]
        if state is not None and chosen:
            state.replace({**state.values, INPUT: chosen})

    st.selectbox(
        "Model",
        list(found.words),
        index=None,
        format_func=lambda name: found.words[name],
        key=key,
        placeholder="Choose a model",
        on_change=choose,
    )
    st.caption(f"{len(found.words):,} models, read {relative_time(found.read_at)}.")
