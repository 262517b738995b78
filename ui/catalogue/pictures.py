"""Pictures of models' main charts, made from the stored results of their starting inputs.

Chosen: kept by run, because a run's result never changes; a result that cannot be drawn is a card without a picture.
Left out: the drawing, which is `ui.catalogue.thumbnail`.
"""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import streamlit as st

import charting
from contract.actor import Actor
from contract.errors import ProblemsError
from contract.result import Result, parse_result
from engine.models.starting_runs import starting_runs_by_model
from engine.runs.export import whole_series
from engine.runs.follow import snapshot
from ui.catalogue.thumbnail import thumbnail_svg
from ui.shell import cached
from ui.shell.session import current_actor


def find_starting_runs() -> dict[int, UUID]:
    """Return, by model, the run that its picture is of."""
    return _find_starting_runs(current_actor())


@st.cache_data(ttl=10, max_entries=100, show_spinner=False)
def _find_starting_runs(actor: Actor) -> dict[int, UUID]:
    return starting_runs_by_model(cached.context(), actor=actor)


def picture_of(run_id: UUID) -> str | None:
    """Return the picture of a finished run's main chart as SVG, or None where it has no chart that can be drawn."""
    return _picture_of(run_id, current_actor())


@st.cache_data(ttl=86_400, max_entries=2_048, show_spinner=False)
def _picture_of(run_id: UUID, actor: Actor) -> str | None:
    try:
        now = snapshot(cached.context(), run_id, actor=actor)
        result = parse_result(now.shown, cached.run_manifest(now.run).outputs)
    except ProblemsError:
        return None
    return main_picture(result, lambda series: whole_series(cached.context(), run_id, series, actor=actor))


def main_picture(result: Result, points: Callable[[Any], Any] | None = None) -> str | None:
    """Return the picture of the first of a result's charts that can be drawn, in the page's order, or None."""
    for draw in _figures(result, points):
        try:
            found = thumbnail_svg(draw().to_plotly_json())
        except ProblemsError:
            continue
        if found is not None:
            return found
    return None


def _figures(result: Result, points: Callable[[Any], Any] | None) -> Iterator[Callable[[], Any]]:
    if result.series:
        yield lambda: charting.series_figure(result.series, result.outputs, points)
    for chart in result.charts:
        yield lambda chart=chart: charting.figure(chart)  # type: ignore[misc]
