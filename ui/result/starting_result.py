"""The result of a model's starting inputs, shown until the analyst runs the model.

Chosen: the stored run's own view beneath a line that says what it is, so that nobody takes it for the form's result.
Left out: running it, which is `engine.models.starting_runs`.
"""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from contract.app import App, Version
from contract.errors import NotFoundError
from contract.run import Status
from engine.models.starting_runs import starting_run, starting_run_going_on
from engine.runs.follow import Snapshot, brief, snapshot
from ui.result import run_progress, run_view
from ui.shell import cached
from ui.shell.session import current_actor

HINT = "Set the inputs and press Run. The address of this page carries them: copy it to share the form."


def show_starting_result(app: App, version: Version, values: Mapping[str, Any]) -> None:
    """Show the result of the version's starting inputs, when it is there, or how to get a result where there is none.

    Args:
        app: the model.
        version: the one that the form is of.
        values: what the form holds.
    """
    now = find_starting_result(app.id, version.hash)
    if now is not None and not now.final:
        st.caption(":material/play_circle: The result for the model's starting inputs is being computed.")
        run_id = now.run.id
        run_progress.show_followed(
            str(run_id), run_progress.FOLLOW.format(id=run_id), brief(now), key="starting-result"
        )
    if now is None or now.run.status is not Status.SUCCESS:
        st.info(HINT)
        return
    same = now.run.inputs == {**now.run.inputs, **values}
    what = "The form holds them." if same else "The form holds others: press Run for their result."
    st.caption(f":material/play_circle: Result for the model's starting inputs. {what}")
    run_view.show_run(now)


def find_starting_result(app_id: int, version: str) -> Snapshot | None:
    """Return the run of the version's starting inputs, with its result or on the way to it, or None."""
    context, actor = cached.context(), current_actor()
    found = starting_run(context, app_id, version, actor=actor)
    if found is None:
        found = starting_run_going_on(context, app_id, version, actor=actor)
    if found is None:
        return None
    try:
        return snapshot(context, found.id, actor=actor)
    except NotFoundError:  # removed between the two readings
        return None
