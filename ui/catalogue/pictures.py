"""Pictures of models' main charts, made from the stored results of their starting inputs.

Chosen: kept by run, because a run's result never changes; a result that cannot be drawn is a card without a picture.
Left out: the drawing, which is `ui.catalogue.thumbnail`.
"""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import streamlit as st

from contract.errors import ProblemsError
from contract.result import Result, parse_result
from engine.models.starting_runs import starting_runs_by_model
from engine.runs.export import whole_series
from engine.runs.follow import snapshot
from ui.catalogue.thumbnail import thumbnail_svg
from ui.result import charts
from ui.shell import cached


@st.cache_data(ttl=10, max_entries=2, show_spinner=False)
def find_starting_runs() -> dict[int, UUID]:
    """Return, by model, the run that its picture is of."""
    return starting_runs_by_model(cached.context())


@st.cache_data(ttl=86_400, max_entries=2_048, show_spinner=False)
def picture_of(run_id: UUID) -> str | None:
    """Return the picture of a finished run's main chart as SVG, or None where it has no chart that can be drawn."""
    try:
        now = snapshot(cached.context(), run_id)
        _, _, manifest, _ = cached.load_model(now.run.app_slug, now.run.version)
        result = parse_result(now.shown, manifest.outputs)
    except ProblemsError:
        return None
    source = now.run.reused_from or now.run.id
    return main_picture(result, lambda series: whole_series(cached.context(), source, series))


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
        yield lambda: charts.series_figure(result.series, result.outputs, points)
    for chart in result.charts:
        yield lambda chart=chart: charts.figure(chart)  # type: ignore[misc]
