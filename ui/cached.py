"""What pages read again and again, kept for a short while.

Chosen: versions never change and are kept by content hash; lists are kept for seconds, so that a catalogue of
hundreds opens at once and a new run shows soon. Cached values are shared by all users and never changed.
Left out: anything a user may see that another may not.
"""

from typing import Any

import streamlit as st

from contract.access import Access
from contract.app import App, Version
from contract.cases import Case
from contract.manifest import Manifest
from contract.problems import ContractError
from engine import desk as desks
from engine.access import access_of
from engine.desk import Desk
from engine.manifests import cases_of
from engine.submit import find_app, find_version
from storage import apps, search
from storage.search import median_seconds

FAST = 0.5  # s of a median run, up to which running at every change feels live


def desk() -> Desk:
    """Return the process's desk."""
    return desks.current()


@st.cache_data(ttl=3, max_entries=4, show_spinner=False)
def catalogue() -> list[App]:
    """Return every model in the catalogue."""
    with desk().database.read() as conn:
        return apps.list_apps(conn)


@st.cache_resource(ttl=30, max_entries=512, show_spinner=False)
def chosen(slug: str, version: str | None) -> tuple[App, Version, Manifest, tuple[Case, ...]]:
    """Return a model by its slug, at a version or its current one.

    Raises:
        ContractError: there is no such model or version.
    """
    found = find_app(desk(), slug)
    stored, manifest = find_version(desk(), found, version)
    return found, stored, manifest, cases_of(stored)


def access(app_id: int, manifest: Manifest) -> Access:
    """Return what the model may reach and know; never kept, because a grant counts at once."""
    return access_of(desk().database, app_id, manifest)


def explain(error: ContractError) -> None:
    """Show what was wrong with a link or a request."""
    for problem in error.problems:
        st.error(problem.sentences, icon=":material/link_off:")


@st.cache_data(ttl=30, max_entries=512, show_spinner=False)
def _median(app_id: int) -> float | None:
    with desk().database.read() as conn:
        return median_seconds(conn, app_id)


def offers_live(app_id: int, manifest: Manifest) -> bool:
    """Say whether a form offers to run at every change: as its manifest declares, or where the model answers fast."""
    if manifest.live is not None:
        return manifest.live
    seconds = _median(app_id)
    return seconds is not None and seconds < FAST


@st.cache_data(ttl=15, show_spinner=False)
def totals() -> dict[str, Any]:
    """Return what the monitor shows of all runs; among a million that takes longer than its turn."""
    with desk().database.read() as conn:
        return search.totals(conn)
