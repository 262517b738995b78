"""Explanations of a run on its page: asked for after what is sent has been shown, and marked as written by a machine.

Chosen: folded away, because the figures are what a run is read for; the text stands apart from the result, with the
numbers marked that do not occur in the run. What is being written comes in as it is written.
Left out: the words that are sent, which are `engine.gateway.explain`.
"""

from uuid import UUID

import streamlit as st

from contract.errors import ProblemsError, TontineError
from contract.explanation import Explanation
from contract.run import Run, Status
from engine.gateway.explain import can_explain, explain, list_explanations, what_is_sent
from engine.runs.follow import snapshot
from ui.gateway import model_choice
from ui.result import run_progress
from ui.shell import cached
from ui.shell.formatting import timestamp
from ui.shell.markup import escape, escape_lines, safe_markdown
from ui.shell.press import press_id
from ui.shell.problems import show_problems
from ui.shell.session import current_actor
from ui.shell.time_zone import session_zone

SENT = "What is sent to the AI gateway"
REFUSED = "explanation_refused:"
MOST = 12  # numbers that are named below a text


def show_explanations(run: Run) -> None:
    """Offer to have an ended run explained, and show its explanations; must be drawn in a fragment.

    Nothing is drawn where no gateway is granted and the run has no explanation.
    """
    context, actor = cached.context(), current_actor()
    try:
        may_ask = can_explain(context, actor=actor)
        found = list_explanations(context, run.id, actor=actor)
    except TontineError:
        return  # what is wrong, or that the database is away, is said where the run itself is shown
    if not may_ask and not found:
        return
    panel = st.expander(
        "Explain this run", icon=":material/auto_awesome:", key=f"{run.app_slug}-explanation", on_change="rerun"
    )
    if not panel.open:
        return
    with panel:
        for one in found:
            _show_one(one)
        if may_ask and not any(one.asked_by == actor.name and not one.status.final for one in found):
            _offer(run, again=bool(found))


def marked(one: Explanation) -> str:
    """Return the text as Markdown, with a background behind each number that does not occur in the run."""
    parts, at = [], 0
    for start, end in one.unknown:
        parts += [one.text[at:start], f"\ue000{one.text[start:end]}\ue001"]
        at = end
    text = safe_markdown("".join([*parts, one.text[at:]]))
    return text.replace("\ue000", ":orange-background[").replace("\ue001", "]")


def _offer(run: Run, *, again: bool) -> None:
    context, actor = cached.context(), current_actor()
    try:
        sent = what_is_sent(context, run.id, actor=actor)
    except ProblemsError as error:
        show_problems(error)
        return
    st.caption(
        f"A language model behind {escape(cached.gateway_host())} writes a few sentences from the model's README and "
        "what this page shows: inputs, summary, warnings, notes and the first rows of tables. It may be charged."
    )
    with st.popover(SENT, icon=":material/outbox:", key=f"{run.app_slug}-explanation-sent"):
        st.code(sent, language=None, wrap_lines=True, height=400)
    words = "Explain again" if again else "Explain"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        model = model_choice.choose_language_model(f"{run.app_slug}-explanation-model")
        # Before the page is drawn, so that this drawing has the text as it begins.
        asked = (run.id, model)
        st.button(words, icon=":material/auto_awesome:", key=f"{run.app_slug}-explain", on_click=_ask, args=asked)
    if (refused := st.session_state.pop(f"{REFUSED}{run.id}", None)) is not None:
        show_problems(refused)


def _ask(run_id: UUID, model: str) -> None:
    try:
        # Each call may be charged: a double click is one.
        press = press_id(f"explain {run_id} {model}")
        explain(cached.context(), run_id, actor=current_actor(), model=model, key=str(press))
    except ProblemsError as error:
        st.session_state[f"{REFUSED}{run_id}"] = error


def _show_one(one: Explanation) -> None:
    with st.container(border=True):
        asked = f"{escape(one.model)} · {timestamp(one.asked_at, session_zone())} · asked by {escape(one.asked_by)}"
        st.markdown(f":violet-badge[:material/smart_toy: Written by a machine] :small[:gray[{asked}]]")
        if not one.status.final:
            _show_writing(one.text_run)
        if one.text:
            st.markdown(marked(one))
        if one.status.final and one.status is not Status.SUCCESS:
            st.error(escape_lines(one.reason or "The text was not written."), icon=":material/report:")
        numbers = one.unknown_numbers
        if numbers and one.status.final:
            more = f" and {len(numbers) - MOST} more" if len(numbers) > MOST else ""
            st.caption(
                f":material/help: Marked numbers do not occur in the run: {escape(', '.join(numbers[:MOST]))}{more}. "
                "They may be rounded, counted or made up."
            )


def _show_writing(text_run: UUID) -> None:
    try:
        now = snapshot(cached.context(), text_run, actor=current_actor())
    except ProblemsError:
        return
    if not now.final:
        run_progress.show_progress(now, key=f"explanation-{str(text_run)[-8:]}")
