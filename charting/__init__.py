"""Charts: pure functions from a result to a Plotly figure, one a kind.

Chosen: data that does not fit is a problem with its path, raised as ResultError and shown in the chart's place.
Left out: Streamlit; `ui.result.results` puts the figures on the page.
"""

from collections.abc import Callable
from typing import Any

import plotly.graph_objects as go

from charting import categorical, lines, matrix
from charting.base import HEIGHT, chart_config, is_thinned, print_note
from charting.chart_data import ChartData
from charting.custom_figure import custom_figure
from charting.matrix import has_many_cells
from charting.series import series_figure
from contract.errors import ResultError
from contract.problems import Problem
from contract.result import Chart

__all__ = [
    "FULL_WIDTH",
    "HEIGHT",
    "KINDS",
    "chart_config",
    "figure",
    "has_many_cells",
    "is_thinned",
    "print_note",
    "series_figure",
]

KINDS: dict[str, Callable[..., go.Figure]] = {
    "fan": lines.fan,
    "heatmap": matrix.heatmap,
    "histogram": categorical.histogram,
    "waterfall": categorical.waterfall,
    "tornado": categorical.tornado,
    "surface": matrix.surface,
    "triangle": matrix.triangle,
    "pie": categorical.pie,
    "box": categorical.box,
    "bar": lines.bar,
    "line": lines.line,
    "scatter": lines.scatter,
}
FULL_WIDTH = frozenset({"triangle", "figure"})


def figure(chart: Chart, *, dark: bool | None = None, shown: tuple[Any, Any] | None = None) -> go.Figure:
    """Draw a chart of a result.

    Args:
        chart: of a kind in `KINDS`, or a model's own Plotly figure.
        dark: whether the figure brings its own dark or light surfaces; None leaves them to Streamlit's theme, which
            changes them in the browser.
        shown: the range of x in sight, as its axis has it: long series are drawn in more detail there.

    Raises:
        ResultError: the data does not fit the kind, with the path of every fault.
    """
    if chart.kind == "figure" or chart.figure is not None:
        return custom_figure(chart, dark=dark)
    draw = KINDS.get(chart.kind)
    where = f"charts.{chart.title}"
    if draw is None:
        found = f"{chart.kind!r} is not a kind of chart"
        raise ResultError([Problem(where, found, f"Use one of {', '.join(KINDS)}.")])
    more = {"shown": shown} if chart.kind in lines.MIXED else {}
    return draw(chart, ChartData(chart.data, where), dark=dark, **more)
