"""The charts of a result as the report and the chart files draw them, and the turn that both take.

Chosen: one at a time, so that several cannot take a server's processors from its pages, and few wait for it, so that
they cannot take all threads of the API.
Left out: the drawing itself, which is `charting.drawing`.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import charting
from charting.drawing import Drawing
from charting.drawing.values import text as plain_text
from contract.errors import BusyError
from contract.problems import Problem
from contract.result import Result, Series

ReadSeries = Callable[[Series], Series]  # with all its points
SERIES = "Series"
FACES = ("Regular", "Semibold", "Bold", "It", "SemiboldIt", "BoldIt")
WAITING = 6  # reports and chart files that may be made or wait at once
_one_at_a_time = threading.Lock()
_waiting = threading.BoundedSemaphore(WAITING)


@dataclass(frozen=True, slots=True)
class ResultChart:
    """A chart of a result by its title, and what makes Plotly's figure of it."""

    title: str
    figure: Callable[[], Any]


def result_charts(result: Result, read_series: ReadSeries) -> list[ResultChart]:
    """Return the charts in the order of the page: the series together, then those that the model drew."""
    found = []
    if result.series:
        found.append(
            ResultChart(SERIES, lambda: charting.series_figure(result.series, result.outputs, read_series, dark=False))
        )
    return found + [
        ResultChart(chart.title or f"Chart {i}", partial(charting.figure, chart, dark=False))
        for i, chart in enumerate(result.charts, start=1)
    ]


def chart_heading(chart: ResultChart, figure: Any) -> str:
    """Return what stands above a chart: its figure's own title where it has one."""
    return plain_text(figure.layout.title.text) or chart.title


def undrawn_kinds(figure: Any, drawing: Drawing | None) -> tuple[str, ...]:
    """Return the kinds of traces that a drawing lacks; all of the figure's where nothing of it is drawn."""
    return drawing.missing if drawing is not None else tuple(dict.fromkeys(trace.type for trace in figure.data))


@contextlib.contextmanager
def drawing_turn() -> Iterator[None]:
    """Wait for the turn.

    Raises:
        BusyError: as many as may wait are waiting.
    """
    if not _waiting.acquire(blocking=False):
        raise BusyError(
            [Problem("export", f"{WAITING} reports and chart files are being made or wait", "Ask again in a moment.")]
        )
    try:
        with _one_at_a_time:
            yield
    finally:
        _waiting.release()


@cache
def font_files() -> tuple[Path, ...]:
    """Return the font files of the typeface that reports and charts are set in."""
    import font_source_sans_pro

    folder = Path(font_source_sans_pro.__file__).parent / "files"
    return tuple(folder / f"SourceSansPro-{face}.ttf" for face in FACES)
