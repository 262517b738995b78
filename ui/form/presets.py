"""The box of presets above a form: the model's own cases, then saved scenarios.

Chosen: one box, because both are sets of inputs under a name; which of them is whose is said in the name. A scenario is
read when it is chosen, so that a list of hundreds costs nothing, and one that was deleted meanwhile says so.
Left out: saving and changing scenarios, which `tools` draws beside the box.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import streamlit as st

from contract import inputs as checks
from contract.carry_over import CarriedInputs
from contract.cases import Case
from contract.errors import ProblemsError
from contract.manifest import Manifest
from ui.form.form_state import FormState, Opened
from ui.form.inputs.binding import escape_markdown


@dataclass(frozen=True, slots=True)
class SavedPresets:
    """Scenarios that a form offers: their words by id, how one is read, and what stands beside the box.

    `opened` is the one that a link names, with its id; `tools` is given the form's state and whether its inputs fit.
    """

    labels: Mapping[str, str] = field(default_factory=dict)
    load: Callable[[str], tuple[str, CarriedInputs]] | None = None
    opened: Opened | None = None
    tools: Callable[[FormState, bool], None] = lambda _page, _fits: None


def show_presets(manifest: Manifest, cases: Sequence[Case], saved: SavedPresets, page: FormState, prefix: str) -> None:
    """Draw the box; choosing fills the form, and the box empties when an input is changed."""
    key = f"{prefix}:preset"
    full = [{**manifest.defaults, **checks.canonical_values(manifest, case.inputs)} for case in cases]
    options: list[int | str] = [*range(len(cases)), *saved.labels]
    now = page.preset
    if now not in options or (full[now] if isinstance(now, int) else page.saved_values) != page.values:
        now = page.preset = None
    if st.session_state.get(key, -1) != now:
        st.session_state[key] = now

    def choose() -> None:
        chosen = st.session_state[key]
        if isinstance(chosen, str):
            _choose_saved(manifest, saved, page, chosen)
            return
        page.replace(manifest.initial_values if chosen is None else full[chosen])
        page.preset, page.saved = chosen, None

    with st.container(gap="xxsmall"):
        st.selectbox(
            "Preset",
            options,
            index=None if now is None else options.index(now),
            format_func=lambda one: cases[one].name if isinstance(one, int) else saved.labels[one],
            key=key,
            placeholder="Choose a preset",
            label_visibility="collapsed",
            on_change=choose,
        )
        if isinstance(now, int) and cases[now].source:
            st.caption(f"Source: {escape_markdown(str(cases[now].source))}")


def _choose_saved(manifest: Manifest, saved: SavedPresets, page: FormState, chosen: str) -> None:
    if saved.load is None:
        return
    try:
        name, carried = saved.load(chosen)
    except ProblemsError as error:
        page.notes = [problem.text for problem in error.problems]
        return
    page.take_saved(manifest, chosen, name, carried)
