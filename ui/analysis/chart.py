"""Charts of analyses, drawn by the component that draws those of results."""

from collections.abc import Sequence

import charting
from contract.errors import ResultError
from contract.result import Chart
from ui.result.chart_view import DrawnChart, draw_chart, show_charts
from ui.shell.problems import show_problems


def show_chart(chart: Chart, *, key: str, wide: bool = False) -> None:
    """Draw one chart, as wide as the page where `wide` is on."""
    _show([(chart, key, wide)], key)


def show_chart_grid(charts: Sequence[Chart], *, key: str) -> None:
    """Draw charts side by side."""
    _show([(chart, f"{key}-{i}", False) for i, chart in enumerate(charts)], key)


def _show(charts: Sequence[tuple[Chart, str, bool]], key: str) -> None:
    drawn: list[DrawnChart] = []
    for chart, name, wide in charts:
        try:
            figure = charting.figure(chart)
        except ResultError as error:
            show_problems(error)
            continue
        alt = f"{chart.title}{f' by {chart.x_label}' if chart.x_label else ''}"
        drawn.append(draw_chart(figure, key=name, alt=alt, image_name=name, wide=wide))
    show_charts(drawn, key=f"{key}-chart")
