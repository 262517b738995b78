"""The line with which a run's page begins: what distinguishes the run.

Chosen: each input that differs from the model's starting values, with the value that it started from; all of them,
because this is where a reader looks for what was changed.
Left out: the words, which are `engine.report.differences`.
"""

import streamlit as st

from contract.errors import ProblemsError
from contract.run import Run
from engine.report.differences import NOTHING, differing_inputs
from ui.shell import cached
from ui.shell.markup import escape

MANY = 8


def show_differences(run: Run) -> None:
    """Show which inputs of the run differ from the model's starting values."""
    try:
        manifest = cached.run_manifest(run)
    except ProblemsError:
        return
    phrases = [escape(phrase) for phrase in differing_inputs(manifest, run.inputs, starts=True)]
    if not phrases:
        st.markdown(f"{NOTHING}.")
        return
    st.markdown("\n".join(f"- {phrase}" for phrase in phrases[:MANY]))
    if len(phrases) > MANY:
        with st.expander(f"{len(phrases) - MANY} more inputs differ from the starting values"):
            st.markdown("\n".join(f"- {phrase}" for phrase in phrases[MANY:]))
