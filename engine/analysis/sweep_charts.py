"""A sweep's figure as charts: a line along one input, lines, a heat map or a surface over two.

Chosen: the charts that models' results have, so that pages, prints and images draw one kind of chart.
Left out: drawing, which is `charting`.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from contract.fields import Field
from contract.manifest import Manifest
from contract.result import Chart, Metric
from contract.run_group import GroupPoint, RunGroup
from engine.analysis.figures import figure_of
from engine.report.differences import input_text

MAX_LINES = 12  # of one chart


class SweepChart(StrEnum):
    """How a sweep is drawn."""

    LINE = "Line"
    HEATMAP = "Heat map"
    SURFACE = "Surface"


def offered_charts(group: RunGroup) -> list[SweepChart]:
    """Return how a sweep can be drawn: over two inputs as a map, or as lines where there are few of them."""
    axes = group.definition["axes"]
    if len(axes) == 2:
        few = min(len(axis["values"]) for axis in axes) <= MAX_LINES
        return [SweepChart.HEATMAP, SweepChart.SURFACE, *([SweepChart.LINE] if few else [])]
    return [SweepChart.LINE]


def sweep_chart(
    group: RunGroup, points: Sequence[GroupPoint], manifest: Manifest, metric: Metric, label: str, kind: SweepChart
) -> Chart:
    """Return the chart of one figure of a sweep's points; points without it are gaps.

    Args:
        group: the sweep.
        points: in their order.
        manifest: of the sweep's version.
        metric: the figure's unit and format.
        label: the figure's label in the summaries.
        kind: one of `offered_charts`.
    """
    axes = group.definition["axes"]
    figures = [figure_of(p.summary, label) for p in points]
    title, unit = metric.label or label, metric.unit
    if len(axes) < 2:
        if axes:
            declared = manifest.inputs[axes[0]["input"]]
            x, name = [_shown(declared, p.changes.get(declared.key)) for p in points], declared.title
        else:
            x, name = [p.name or p.number + 1 for p in points], "Scenario"
        data: dict[str, Any] = {"x": x, "series": [{"name": title, "y": figures}]}
        kind_of = "line" if all(isinstance(v, int | float) for v in x) and axes else "bar"
        return Chart(kind_of, title, data, x_label=name, y_label=title, unit=unit)
    first, second = (manifest.inputs[axis["input"]] for axis in axes)
    rows = [_shown(first, v) for v in axes[0]["values"]]
    columns = [_shown(second, v) for v in axes[1]["values"]]
    grid = [figures[i * len(columns) : (i + 1) * len(columns)] for i in range(len(rows))]
    if kind is SweepChart.LINE:
        return _lines(grid, (first, rows), (second, columns), title, unit)
    # Along x the input named first, as with one input.
    z = [list(line) for line in zip(*grid, strict=True)]
    name = "heatmap" if kind is SweepChart.HEATMAP else "surface"
    data = {"x": rows, "y": columns, "z": z}
    return Chart(name, title, data, x_label=first.title, y_label=second.title, unit=unit)


def _lines(
    grid: Sequence[Sequence[float | None]],
    first: tuple[Field, Sequence[Any]],
    second: tuple[Field, Sequence[Any]],
    title: str,
    unit: str | None,
) -> Chart:
    """Return a line for each value of the input with fewer of them."""
    (along, x), (across, names) = first, second
    if len(names) > len(x):
        (along, x), (across, names) = second, first
        columns = [list(line) for line in grid]
    else:
        columns = [list(line) for line in zip(*grid, strict=True)]
    series = [
        {"name": f"{across.label} {_text(name)}{' ' + across.unit if across.unit else ''}", "y": y}
        for name, y in zip(names, columns, strict=True)
    ]
    kind = "line" if all(isinstance(v, int | float) for v in x) else "bar"
    return Chart(kind, title, {"x": list(x), "series": series}, x_label=along.title, y_label=title, unit=unit)


def _shown(declared: Field, value: Any) -> Any:
    if declared.type == "select":
        return next((option.label for option in declared.options if option.value == value), str(value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return input_text(declared, value) if isinstance(value, list | Mapping) else value


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def columns_of(points: Sequence[GroupPoint], manifest: Manifest, labels: Sequence[str]) -> dict[str, list[Any]]:
    """Return the points as columns for a table: number or scenario, the inputs that differ, and the figures."""
    keys = dict.fromkeys(key for point in points for key in point.changes)
    words: Mapping[str, Field] = manifest.inputs
    columns: dict[str, list[Any]] = {"Point": [p.number + 1 for p in points]}
    if any(p.name for p in points):
        columns = {"Scenario": [p.name or "" for p in points]}
    for key in keys:
        declared = words.get(key)
        name = declared.title if declared else key
        columns[name] = [_shown(declared, p.changes.get(key)) if declared else p.changes.get(key) for p in points]
    for label in labels:
        columns[label] = [figure_of(p.summary, label) for p in points]
    return columns
