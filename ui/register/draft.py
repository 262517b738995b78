"""Draft a model by words on the register page: describe it, look at the files as differences, have them checked.

Chosen: offered only where the AI gateway is granted; the draft is in the page's address, so that a reload finds it.
What is accepted goes to the checks that every model goes through, and is published there or not at all.
Left out: the words that are sent beside the description, which are `engine.gateway.draft`.
"""

from uuid import UUID

import streamlit as st

from contract.errors import ProblemsError
from contract.registration import Registration
from contract.run import Run, Status
from engine.gateway.draft import SYSTEM, Draft, accept_draft, draft_prompt, read_draft, start_draft
from engine.runs.follow import snapshot
from ui.gateway import model_choice
from ui.result import run_progress
from ui.shell import cached
from ui.shell.markup import code, escape, escape_lines
from ui.shell.press import press_id
from ui.shell.problems import show_problems
from ui.shell.session import current_actor

ADDRESS = "draft"  # the parameter that names the run of a draft
NEW = "A new model"


def show_draft_form() -> Run | None:
    """Draw the description's form; return the run that a press has started."""
    context, actor = cached.context(), current_actor()
    words = st.text_area(
        "Description",
        key="draft-description",
        height=180,
        placeholder="What the model takes, what it computes by which method, and what it shows",
    )
    own = [a for a in cached.catalogue() if a.owner == actor.name and a.source.get("kind") == "upload"]
    chosen = NEW
    if own:
        names = {app.slug: app.name for app in own}
        chosen = (
            st.selectbox(
                "Draft", [NEW, *names], format_func=lambda s: names.get(s, NEW), key="draft-base", help=CHANGE_HELP
            )
            or NEW
        )
    base = None if chosen == NEW else chosen
    st.caption(
        f"A language model behind {escape(cached.gateway_host())} writes the files from this description. It may be "
        "charged. Nothing is published by it: you see the files, and the checks of every registration follow."
    )
    if words and words.strip():
        with st.popover("What is sent to the AI gateway", icon=":material/outbox:", key="draft-sent"):
            try:
                prompt = draft_prompt(context, words, base, actor=actor)
                st.code(f"{SYSTEM}\n\n{prompt}", language=None, wrap_lines=True, height=400)
            except ProblemsError as error:
                show_problems(error)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        model = model_choice.choose_language_model("draft-model")
        asked = st.button("Draft", type="primary", icon=":material/auto_awesome:", key="draft")
    if not asked:
        return None
    press = press_id(f"draft {base} {model} {words}")  # each call may be charged: a double click is one
    return start_draft(context, words or "", base, actor=actor, model=model, key=str(press))


CHANGE_HELP = "A model that you uploaded is changed by the description, and the draft is shown against its files"


def show_draft(given: str) -> Registration | None:
    """Show the draft that the page's address names; return the registration that a press has started."""
    try:
        draft = read_draft(cached.context(), UUID(given), actor=current_actor())
    except ValueError:
        st.error(f"The link names no draft: {code(given)}. Copy it again.")
        return None
    except ProblemsError as error:
        show_problems(error)
        return None
    if not draft.final:
        _show_writing(draft.run.id)
        return None
    if draft.run.status is not Status.SUCCESS:
        st.error(escape_lines(draft.run.reason or "The draft was not written."), icon=":material/report:")
        return None
    return _show_files(draft)


@st.fragment
def _show_writing(run_id: UUID) -> None:
    """Show how far the draft has come; the whole page is drawn anew once it has ended."""
    now = snapshot(cached.context(), run_id, actor=current_actor())
    if now.final:
        st.rerun()
    run_progress.show_progress(now, key="draft")
    text = now.shown.get("notes")
    if isinstance(text, str) and text:
        st.code(text.removeprefix("```json\n").removesuffix("\n```")[-4_000:], language="json", wrap_lines=True)


def _show_files(draft: Draft) -> Registration | None:
    what = f"A change of {code(draft.base)}" if draft.base else f"A new model, {code(draft.slug)}"
    model = escape(str(draft.run.inputs.get("model", "")))
    st.markdown(f":violet-badge[:material/smart_toy: Written by a machine] {what} :small[:gray[{model}]]")
    st.caption("Read it before you accept it: a language model's code and its sources may be wrong.")
    asked = st.button(
        "Accept and check",
        type="primary",
        icon=":material/fact_check:",
        key="accept-draft",
        disabled=not draft.differences,
        help="The files are checked as those of any model. Nothing is published before you say so.",
    )
    if not draft.differences:
        st.info("The draft changes nothing.")
    for file in draft.differences:
        st.markdown(f"**{escape(file.name)}** {file.status}")
        if file.lines:
            st.code(file.text, language="diff")
    if not asked:
        return None
    try:
        return accept_draft(cached.context(), draft.run.id, actor=current_actor())
    except ProblemsError as error:
        show_problems(error)
    return None
