"""One press of Run is one run, however often the button is clicked.

Chosen: a submission key that stays the same for a moment, so that the second click of a double click is the
same run to the database; in live mode each change of the form is a press of its own and supersedes the one
before.
Left out: remembering results. The run's id is in the address as soon as the run exists.
"""

import hashlib
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson
import streamlit as st

from contract.errors import InputError
from contract.inputs import validate
from contract.manifest import Manifest
from contract.run import LinkKind, Run
from engine.runs.cancel import cancel
from engine.runs.follow import snapshot
from engine.runs.submit import submit
from ui.shell import cached
from ui.shell.press import press_id
from ui.shell.session import current_actor


def submit_run(
    slug: str,
    version: str,
    manifest: Manifest,
    values: Mapping[str, Any],
    *,
    fresh: bool,
    live: bool,
    edited: str | None = None,
    shown: str | None = None,
) -> Run:
    """Submit these inputs for this session's actor and return the run.

    `edited` is the id of the run whose inputs the form began with, and `shown` that of the run beside the form, as the
    address has them: the run comes from the one that is shown.

    Raises:
        ProblemsError: the inputs do not fit, or too many runs are waiting.
    """
    origin = read_run_id(shown) or read_run_id(edited)
    found = submit(
        cached.context(),
        slug,
        dict(values),
        actor=current_actor(),
        version=version,
        key=str(press_id(_form_digest(slug, version, values))),
        fresh=fresh,
        source=read_run_id(edited),
        origin=None if origin is None else (LinkKind.EDITED, origin),
    )
    _supersede_live(found, _form_digest(slug, version, normalise(manifest, values)), live=live)
    return found


def form_changed(slug: str, version: str, manifest: Manifest, values: Mapping[str, Any]) -> bool:
    """Say whether the form differs from what was last run live, compared as a run would store its inputs."""
    now = _form_digest(slug, version, normalise(manifest, values))
    return st.session_state.get("live_digest") != now


def differs_from_run(manifest: Manifest, values: Mapping[str, Any], run: Run) -> bool:
    """Say whether a run of the form would have other inputs than `run` had."""
    return run.inputs != {**run.inputs, **values} and run.inputs != {**run.inputs, **normalise(manifest, values)}


def normalise(manifest: Manifest, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the form's values as a run stores them: 5 as 5.0 where fractions are allowed, every cell of a row.

    Values that do not fit are returned as they are. The last answer is kept, because checking a long table takes a
    good part of a second and most turns of the page leave its rows alone.
    """
    known = st.session_state.get("normalised")
    if known is not None and known[0] is manifest and _same_objects(known[1], values):
        return dict(known[2])
    try:
        found = validate(manifest, values)
    except InputError:
        found = dict(values)
    st.session_state["normalised"] = (manifest, dict(values), found)
    return found


def _same_objects(before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    return before.keys() == now.keys() and all(before[key] is value for key, value in now.items())


def live_run(slug: str) -> UUID | None:
    """Return the newest run of this model that this session's Live has started, or None."""
    held = st.session_state.get("live_run")
    return UUID(held[1]) if held is not None and held[0] == slug else None


def cancel_other_model(slug: str) -> None:
    """Cancel a live run of another model: its form is no longer there to take the result."""
    held = st.session_state.get("live_run")
    if held is not None and held[0] != slug:
        st.session_state["live_run"] = None
        _cancel_if_live(UUID(held[1]), None)


def _supersede_live(found: Run, digest: str, *, live: bool) -> None:
    held = st.session_state.get("live_run")
    st.session_state["live_run"] = (found.app_slug, str(found.id)) if live else None
    st.session_state["live_digest"] = digest if live else None
    if live and held is not None and held[1] != str(found.id):
        _cancel_if_live(UUID(held[1]), found.id)


def _cancel_if_live(run_id: UUID, superseded_by: UUID | None) -> None:
    actor = current_actor()
    if not snapshot(cached.context(), run_id, actor=actor).final:
        cancel(cached.context(), run_id, actor=actor, superseded_by=superseded_by)


def read_run_id(text: str | None) -> UUID | None:
    """Return the run that an address names, None where it names none."""
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def _form_digest(slug: str, version: str, values: Mapping[str, Any]) -> str:
    content = orjson.dumps([slug, version, values], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(content).hexdigest()
