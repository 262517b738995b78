"""The result of a model's starting inputs, shown until the analyst runs the model.

Chosen: the stored run's own view beneath a line that says what it is, so that nobody takes it for the form's result.
Left out: running it, which is `engine.models.starting_runs`.
"""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from contract.app import App, Version
from contract.errors import NotFoundError
from engine.models.starting_runs import starting_run
from engine.runs.follow import Snapshot, snapshot
from ui.result import run_view
from ui.shell import cached
from ui.shell.session import current_actor

HINT = "Set the inputs and press Run. The address of this page carries them: copy it to share the form."


def show_starting_result(app: App, version: Version, values: Mapping[str, Any]) -> None:
    """Show the stored result of the version's starting inputs, or how to get a result where there is none.

    Args:
        app: the model.
        version: the one that the form is of.
        values: what the form holds.
    """
    now = find_starting_result(app.id, version.hash)
    if now is None:
        st.info(HINT)
        return
    same = now.run.inputs == {**now.run.inputs, **values}
    what = "The form holds them." if same else "The form holds others: press Run for their result."
    st.caption(f":material/play_circle: Result for the model's starting inputs. {what}")
    run_view.show_run(now)


def find_starting_result(app_id: int, version: str) -> Snapshot | None:
    """Return the stored run of the version's starting inputs with its result, or None."""
    found = starting_run(cached.context(), app_id, version, actor=current_actor())
    if found is None:
        return None
    try:
        return snapshot(cached.context(), found.id, actor=current_actor())
    except NotFoundError:  # removed between the two readings
        return None
