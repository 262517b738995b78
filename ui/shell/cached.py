"""What pages read again and again, kept for a short while.

Chosen: versions never change and are kept by content hash; lists are kept for seconds, so that a catalogue of
hundreds opens at once and a new run shows soon. Cached values are shared by all users and never changed.
Left out: anything a user may see that another may not.
"""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from contract.access import Access
from contract.app import App, Version
from contract.cases import Case
from contract.errors import ProblemsError
from contract.manifest import Manifest
from engine.models.catalogue import find_app, find_version, load_cases
from engine.models.favourites import count_uses
from engine.models.permissions import resolve_access
from engine.processes import context as contexts
from engine.processes.context import AppContext
from storage import apps, search
from storage.search import median_seconds
from ui.shell.currency import manifest_in_currency

LIVE_SECONDS = 0.5  # s of a median run, up to which running at every change feels live


def context() -> AppContext:
    """Return the process's application context."""
    return contexts.current()


@st.cache_data(ttl=3, max_entries=4, show_spinner=False)
def catalogue() -> list[App]:
    """Return every model in the catalogue."""
    with context().database.read() as conn:
        return apps.list_apps(conn)


@st.cache_data(ttl=300, max_entries=2, show_spinner=False)
def use_counts() -> Mapping[int, int]:
    """Return how much each model is used, by its id, for the order of the catalogue."""
    return count_uses(context())


def load_model(slug: str, version: str | None) -> tuple[App, Version, Manifest, tuple[Case, ...]]:
    """Return a model by its slug, at a version or its current one, its manifest's units in the session's currency.

    Raises:
        ContractError: there is no such model or version.
    """
    app, stored, manifest, cases = _load_stored_model(slug, version)
    return app, stored, manifest_in_currency(manifest, stored.hash), cases


@st.cache_resource(ttl=30, max_entries=512, show_spinner=False)
def _load_stored_model(slug: str, version: str | None) -> tuple[App, Version, Manifest, tuple[Case, ...]]:
    found = find_app(context(), slug)
    stored, manifest = find_version(context(), found, version)
    return found, stored, manifest, load_cases(stored)


def access(app_id: int, manifest: Manifest) -> Access:
    """Return what the model may reach and know; never kept, because a grant counts at once."""
    return resolve_access(context().database, app_id, manifest)


def show_problems(error: ProblemsError) -> None:
    """Show what was wrong with a link or a request."""
    for problem in error.problems:
        st.error(problem.text, icon=":material/link_off:")


@st.cache_data(ttl=30, max_entries=512, show_spinner=False)
def _median_seconds(app_id: int) -> float | None:
    with context().database.read() as conn:
        return median_seconds(conn, app_id)


def offers_live(app_id: int, manifest: Manifest) -> bool:
    """Say whether a form offers to run at every change: as its manifest declares, or where the model answers fast."""
    if manifest.live is not None:
        return manifest.live
    seconds = _median_seconds(app_id)
    return seconds is not None and seconds < LIVE_SECONDS


@st.cache_data(ttl=15, show_spinner=False)
def usage_stats() -> dict[str, Any]:
    """Return what the monitor shows of all runs; among a million that takes longer than its turn."""
    with context().database.read() as conn:
        return search.usage_stats(conn)
