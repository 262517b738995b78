"""One press of Run is one run, however often the button is clicked.

Chosen: a submission key that stays the same for a moment, so that the second click of a double click is the
same run to the database; in live mode each change of the form is a press of its own and supersedes the one
before.
Left out: remembering results. The run's id is in the address as soon as the run exists.
"""

import hashlib
import time
import uuid
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson
import streamlit as st

from contract.run import Run
from engine.runs.cancel import cancel
from engine.runs.follow import snapshot
from engine.runs.submit import submit
from ui.shell import cached
from ui.shell.session import current_actor

DOUBLE_CLICK = 2.0  # s


def submit_run(
    slug: str, version: str, values: Mapping[str, Any], *, fresh: bool, live: bool, edited: str | None = None
) -> Run:
    """Submit these inputs for this session's actor and return the run.

    `edited` is the id of the run whose inputs the form began with, as the address has it.

    Raises:
        ProblemsError: the inputs do not fit, or too many runs are waiting.
    """
    found = submit(
        cached.context(),
        slug,
        dict(values),
        actor=current_actor(),
        version=version,
        key=_submission_key(slug, version, values),
        fresh=fresh,
        source=_run_id(edited),
    )
    digest = _form_digest(slug, version, values)
    # What the form held, and not what was stored: 5 and 5.0 are one input, and an empty cell may be left out.
    st.session_state["submitted"] = (str(found.id), digest)
    _supersede_live(found, digest if live else None)
    return found


def differs_from_run(run: Run, values: Mapping[str, Any]) -> bool:
    """Say whether the form has been changed since `run` was submitted from it, or differs from the run's inputs."""
    submitted = st.session_state.get("submitted")
    if submitted is not None and submitted[0] == str(run.id):
        return submitted[1] != _form_digest(run.app_slug, run.version, values)
    return run.inputs != {**run.inputs, **values}


def form_changed(slug: str, version: str, values: Mapping[str, Any]) -> bool:
    """Say whether the form differs from what was last run live; the first look at a form is no change."""
    now = _form_digest(slug, version, values)
    return st.session_state.get("live_digest") != now


def cancel_other_model(slug: str) -> None:
    """Cancel a live run of another model: its form is no longer there to take the result."""
    held = st.session_state.get("live_run")
    if held is not None and held[0] != slug:
        st.session_state["live_run"] = None
        _cancel_if_live(UUID(held[1]), None)


def _supersede_live(found: Run, digest: str | None) -> None:
    """Remember a live run by the digest of its form, and cancel the one before; None where Live is off."""
    held = st.session_state.get("live_run")
    st.session_state["live_run"] = (found.app_slug, str(found.id)) if digest is not None else None
    st.session_state["live_digest"] = digest
    if digest is not None and held is not None and held[1] != str(found.id):
        _cancel_if_live(UUID(held[1]), found.id)


def _cancel_if_live(run_id: UUID, superseded_by: UUID | None) -> None:
    actor = current_actor()
    if not snapshot(cached.context(), run_id, actor=actor).final:
        cancel(cached.context(), run_id, actor=actor, superseded_by=superseded_by)


def _run_id(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def _submission_key(slug: str, version: str, values: Mapping[str, Any]) -> str:
    digest, now = _form_digest(slug, version, values), time.monotonic()
    last = st.session_state.get("press")
    if last is not None and last[0] == digest and now - last[2] < DOUBLE_CLICK:
        return str(last[1])
    key = str(uuid.uuid4())
    st.session_state["press"] = (digest, key, now)
    return key


def _form_digest(slug: str, version: str, values: Mapping[str, Any]) -> str:
    content = orjson.dumps([slug, version, values], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(content).hexdigest()
