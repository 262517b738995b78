"""A result's series in one chart: line, area, band, bar, scatter and step together.

Chosen: one unit has one axis; a second unit gets its axis on the right, named in the legend too; three and more stand
above each other over one x axis, because a third axis is read wrongly. Long series are thinned on the server.
Left out: charts a model describes itself, which are the other kinds.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from charting import base, downsample, palette
from charting.chart_data import axis_type
from charting.lines import band_traces, bar_trace, line_trace, scatter_trace
from contract.errors import ResultError
from contract.problems import Problem
from contract.result import Series

Points = Mapping[str, Sequence[Any]]
RIGHT = frozenset({"right", "y2", "secondary", "2"})
LEFT = frozenset({"left", "y", "y1", "primary", "1"})
GAP = 0.06
NUMBERS = frozenset({int, float, type(None)})


def series_figure(
    series: Sequence[Series],
    outputs: Mapping[str, Any] | None = None,
    points: Callable[[Series], Points | Series] | None = None,
    *,
    title: str = "",
    dark: bool | None = None,
    shown: tuple[Any, Any] | None = None,
) -> go.Figure:
    """Draw `series` over one x axis.

    Args:
        series: in the model's order; where a part is stored apart, `points` is asked for it.
        outputs: the manifest's declarations, for titles, axis labels and formats.
        points: returns all points of a series as columns x, y, lower, upper (or as a series).
        title: above the chart; by default the one declared.
        dark: as in `charting.figure`.
        shown: the range of x in sight, as its axis has it: long series are drawn in more detail there.

    Raises:
        ResultError: a value along y is no number; every such series is named.
    """
    declared = [_declared_output(outputs, s.name) for s in series]
    groups = _axis_groups(series, declared)
    problems: list[Problem] = []
    traces: list[dict[str, Any]] = []
    heights: list[list[Any]] = [[] for _ in groups]
    widths: list[Any] = []
    detail = downsample.Detail()
    partial = False
    x_scale = _declared_scale(declared, "x_scale")
    for index, one in enumerate(series):
        given = one
        if one.part is not None and points is not None:
            found = points(one)
            given = found if isinstance(found, Series) else _check_series(one, found)
        elif one.part is not None:
            partial = True
        faults = _series_problems(given)
        if faults:
            problems += faults
            continue
        place = next(i for i, group in enumerate(groups) if index in group.members)
        drawn, own = _draw_series(given, index, alone=len(series) == 1, shown=base.unlog(shown, x_scale))
        detail = max(detail, own, key=lambda d: d.total)
        second = len(groups) == 2 and place == 1
        for trace in drawn:
            trace["yaxis"] = "y" if place == 0 else f"y{place + 1}"
            if second and trace.get("showlegend", True):
                trace["name"] += " (right)"
            if trace.get("hoverinfo") != "skip":
                trace.update(base.hover_unit(one.unit))
        traces += drawn
        # What is drawn says enough of a long series: thinning keeps its lowest and its highest point.
        heights[place] += [v for trace in drawn for v in trace["y"]]
        widths += drawn[-1]["x"]
    if problems:
        raise ResultError(problems)
    words = next((d for d in declared if d), {})
    note = detail.note or base.dropped_note((v for h in heights for v in h), _declared_scale(declared, "y_scale"))
    if partial and not note:
        note = "The first points of longer series; the CSV has them all."
    labels = base.end_labels(traces, _declared_scale(declared, "y_scale")) if len(groups) == 1 else []
    return base.make_figure(
        traces,
        title=title or (str(words.get("title") or "") if len(series) == 1 or _shared_declaration(declared) else ""),
        note=note,
        x=base.axis(
            _x_label(series, declared),
            widths,
            scale=x_scale,
            wrap=True,
            anchor="y" if len(groups) < 3 else f"y{len(groups)}",
        ),
        dark=dark,
        unified=not all(s.kind == "scatter" for s in series),
        barmode="group",
        legend=False if labels else None,
        annotations=labels,
        **base.detail_mark(detail),
        **_make_axes(groups, heights, declared, beneath=_is_beneath(groups, series)),
        **({"height": 220 * len(groups) + 80} if len(groups) > 2 else {}),
    )


def _is_beneath(groups: Sequence["_AxisGroup"], series: Sequence[Series]) -> bool:
    solid = [any(series[i].kind in {"bar", "area"} for i in group.members) for group in groups]
    return len(groups) == 2 and solid[1] and not solid[0]


class _AxisGroup:
    """Series that share a y axis."""

    def __init__(self, unit: str | None) -> None:
        self.unit = unit
        self.members: list[int] = []


def _axis_groups(series: Sequence[Series], declared: Sequence[Mapping[str, Any]]) -> list[_AxisGroup]:
    """Return the y axes in order: by side where a series asks for one, by unit otherwise."""
    groups: dict[tuple[bool, str | None], _AxisGroup] = {}
    units = {s.unit for s in series if s.unit}
    lone = next(iter(units)) if len(units) == 1 else None
    for i, one in enumerate(series):
        side = str(one.axis or declared[i].get("axis") or "").lower()
        unit = one.unit or (lone if side not in RIGHT else None)
        key = (side in RIGHT, unit)
        groups.setdefault(key, _AxisGroup(unit)).members.append(i)
    return sorted(groups.values(), key=lambda g: any((series[i].axis or "").lower() in RIGHT for i in g.members))


def _make_axes(
    groups: Sequence[_AxisGroup],
    heights: Sequence[list[Any]],
    declared: Sequence[Mapping[str, Any]],
    *,
    beneath: bool,
) -> dict[str, Any]:
    """Return the y axes; `beneath` draws the right one's series under the left one's, as bars should be."""
    axes: dict[str, Any] = {}
    share = (1 - GAP * (len(groups) - 1)) / len(groups) if groups else 1
    for place, group in enumerate(groups):
        words = next((declared[i] for i in group.members if declared[i].get("y_label")), {})
        fmt = next((declared[i]["format"] for i in group.members if declared[i].get("format")), None)
        found = base.axis(
            str(words.get("y_label") or "") or None,
            heights[place],
            unit=group.unit,
            fmt=fmt,
            measured=True,
            scale=_declared_scale([declared[i] for i in group.members], "y_scale"),
        )
        if len(groups) == 2:
            found["tickmode"] = "auto"  # Plotly would put the upper axis's ticks where the lower one's are
            if place == 1:
                found |= {"side": "right", "showgrid": False}
            if place == (0 if beneath else 1):
                found["overlaying"] = "y2" if beneath else "y"
        elif len(groups) > 2:
            top = 1 - place * (share + GAP)
            found["domain"] = [max(0.0, top - share), top]
        axes["yaxis" if place == 0 else f"yaxis{place + 1}"] = found
    return axes


def _draw_series(
    one: Series, index: int, *, alone: bool, shown: tuple[Any, Any] | None
) -> tuple[list[dict[str, Any]], downsample.Detail]:
    """Return a series' traces, and how much of it they show."""
    banded = one.lower is not None and one.upper is not None
    empty = all(v is None for v in one.y)
    x, y, lower, upper = list(one.x), list(one.y), one.lower, one.upper
    if one.kind == "scatter" and len(x) > downsample.LIMIT and axis_type(x) != "category":
        order = sorted((i for i, v in enumerate(x) if v is not None), key=x.__getitem__)
        x, y = [x[i] for i in order], [y[i] for i in order]
        banded = False
    places, detail = downsample.downsample(x, list(upper or ()) if empty and upper else y, shown)
    x, y = downsample.take_values(x, places), downsample.take_values(y, places)
    group = {"legendgroup": base.escape_html(one.name)}
    traces: list[dict[str, Any]] = []
    if banded:
        color = palette.series_style(index).color
        rest: dict[str, Any] = {} if empty else {"hoverinfo": "skip", "showlegend": False}
        traces += band_traces(
            one.name,
            x,
            downsample.take_values(lower or (), places),
            downsample.take_values(upper or (), places),
            color,
            0.18,
            **rest,
        )
    if not empty or not banded:
        match one.kind:
            case "bar":
                traces.append(bar_trace(one.name, x, y, index, **group))
            case "scatter":
                traces.append(scatter_trace(one.name, x, y, index, **group))
            case "area":
                fill = {"fill": "tozeroy", "fillcolor": palette.with_alpha(palette.series_style(index).color, 0.16)}
                traces.append(line_trace(one.name, x, y, index, alone=alone, **fill, **group))
            case _:
                traces.append(line_trace(one.name, x, y, index, alone=alone, step=one.kind == "step", **group))
    return traces, detail


def _check_series(one: Series, found: Points) -> Series:
    x = list(found["x"])
    return Series(
        one.name,
        x,
        list(found.get("y", [None] * len(x))),
        list(found["lower"]) if "lower" in found else None,
        list(found["upper"]) if "upper" in found else None,
        one.kind,
        one.axis,
        one.unit,
        len(x),
    )


def _series_problems(one: Series) -> list[Problem]:
    for part, values in (("y", one.y), ("lower", one.lower), ("upper", one.upper)):
        if set(map(type, values or ())) <= NUMBERS:
            continue
        for i, v in enumerate(values or ()):
            if v is not None and (isinstance(v, bool) or not isinstance(v, int | float)):
                where = f"series.{one.name}[{i}].{part}"
                return [Problem(where, f"{str(v)[:40]!r} is not a number", "Give a number or nothing.")]
    return []


def _declared_output(outputs: Mapping[str, Any] | None, name: str) -> Mapping[str, Any]:
    charts = (outputs or {}).get("charts")
    found = charts.get(name) if isinstance(charts, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _shared_declaration(declared: Sequence[Mapping[str, Any]]) -> bool:
    return len({str(d["title"]) for d in declared if d.get("title")}) == 1


def _declared_scale(declared: Sequence[Mapping[str, Any]], key: str) -> str:
    """Return the scale that the series of an axis declare."""
    return "log" if any(words.get(key) == "log" for words in declared) else "linear"


def _x_label(series: Sequence[Series], declared: Sequence[Mapping[str, Any]]) -> str | None:
    """Return the x axis's label as declared; a series' `axis` that names no side is taken as one."""
    for words in declared:
        if words.get("x_label"):
            return str(words["x_label"])
    return next((s.axis for s in series if s.axis and s.axis.lower() not in RIGHT | LEFT), None)
