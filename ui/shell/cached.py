"""What pages read again and again, kept for a short while.

Chosen: lists are kept for seconds, so that a catalogue of hundreds opens at once and a new run shows soon. The actor is
part of each key, so that nobody is shown what was read for somebody else. Cached values are never changed.
Left out: versions, which the engine caches by content hash.
"""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from contract import gateway as gateway_names
from contract.access import Access
from contract.actor import Actor
from contract.app import App, Version
from contract.cases import Case
from contract.manifest import Manifest
from contract.run import Run
from engine.models import catalogue as models
from engine.models.favourites import count_uses
from engine.processes import context as contexts
from engine.processes import status
from engine.processes.context import AppContext
from engine.runs import search, search_keys
from engine.runs.search_keys import SearchKey
from ui.shell.currency import manifest_in_currency
from ui.shell.session import current_actor

LIVE_SECONDS = 0.5  # s of a median run, up to which running at every change feels live


def context() -> AppContext:
    """Return the process's application context."""
    return contexts.current()


def catalogue() -> list[App]:
    """Return every model in the catalogue."""
    return _catalogue(current_actor())


def forget_catalogue() -> None:
    """Read the catalogue anew when it is asked for next: this session has just changed it."""
    _catalogue.clear()


@st.cache_data(ttl=3, max_entries=100, show_spinner=False)
def _catalogue(actor: Actor) -> list[App]:
    return models.list_models(context(), actor=actor)


def use_counts() -> Mapping[int, int]:
    """Return how much each model is used, by its id, for the order of the catalogue."""
    return _use_counts(current_actor())


@st.cache_data(ttl=300, max_entries=100, show_spinner=False)
def _use_counts(actor: Actor) -> Mapping[int, int]:
    return count_uses(context(), actor=actor)


def load_model(slug: str, version: str | None) -> tuple[App, Version, Manifest, tuple[Case, ...]]:
    """Return a model by its slug, at a version or its current one, its manifest's units in the session's currency.

    Raises:
        ProblemsError: there is no such model or version.
    """
    actor = current_actor()
    found = models.find_app(context(), slug, actor=actor)
    loaded = models.find_version(context(), found, version, actor=actor)
    return found, loaded.version, manifest_in_currency(loaded.manifest, loaded.hash), loaded.cases


def run_manifest(run: Run) -> Manifest:
    """Return the manifest of the version that a run is of.

    Raises:
        ProblemsError: the version is not there any more.
    """
    loaded = models.version_of_run(context(), run, actor=current_actor())
    return manifest_in_currency(loaded.manifest, loaded.hash)


def case_results(app: App, version: Version) -> dict[str, Any]:
    """Return the score of the version's reference cases; never kept, because they may be running now."""
    return models.read_case_results(context(), app.id, version.hash, actor=current_actor())


def access(app_id: int, manifest: Manifest) -> Access:
    """Return what the model may reach and know; never kept, because a grant counts at once."""
    return models.model_access(context(), app_id, manifest, actor=current_actor())


def gateway_host() -> str:
    """Return the host of the installation's AI gateway."""
    return gateway_names.gateway_host(context().limits.gateway_url)


def offers_live(app_id: int, manifest: Manifest) -> bool:
    """Say whether a form offers to run at every change: as its manifest declares, or where the model answers fast."""
    if manifest.live is not None:
        return manifest.live
    seconds = _median_seconds(app_id, current_actor())
    return seconds is not None and seconds < LIVE_SECONDS


@st.cache_data(ttl=30, max_entries=512, show_spinner=False)
def _median_seconds(app_id: int, actor: Actor) -> float | None:
    return search.median_seconds(context(), app_id, actor=actor)


def search_keys_of(app: str | None) -> list[SearchKey]:
    """Return the inputs and figures that a search can name, of one model or of all."""
    return _search_keys(app, current_actor())


@st.cache_data(ttl=30, max_entries=500, show_spinner=False)
def _search_keys(app: str | None, actor: Actor) -> list[SearchKey]:
    return search_keys.list_keys(context(), app, actor=actor)


def usage_stats() -> dict[str, Any]:
    """Return what the monitor shows of all runs; among a million that takes longer than it is shown for."""
    return _usage_stats(current_actor())


@st.cache_data(ttl=15, max_entries=100, show_spinner=False)
def _usage_stats(actor: Actor) -> dict[str, Any]:
    return status.usage_stats(context(), actor=actor)
