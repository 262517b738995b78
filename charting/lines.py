"""Charts along an x axis: line, scatter, bar and fan.

Chosen: one trace a series with a colour, dash, marker and pattern of its own; bands beneath their line.
Left out: a result's `series`, which come from elsewhere and are drawn with the same traces in
`charting.series`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from charting import base, downsample, palette
from charting.chart_data import ChartData
from contract.result import Chart

MIXED = ("line", "scatter", "bar")  # what a chart along x may hold, each series its own


def line_trace(
    name: str, x: Sequence[Any], y: Sequence[Any], index: int, *, alone: bool, step: bool = False, **more: Any
) -> dict[str, Any]:
    """Return a line: dashed and marked by its index, plain where it stands alone."""
    look = palette.series_style(index)
    trace: dict[str, Any] = {
        "type": "scatter",
        "mode": "lines" if alone and len(x) > 1 else "lines+markers",
        "name": base.escape_html(name),
        "x": base.escape_values(x),
        "y": list(y),
        "line": {"color": look.color, "width": 2, "dash": look.dash, **({"shape": "hv"} if step else {})},
        "marker": {"color": look.color, "symbol": look.marker, "size": 7, "maxdisplayed": 14},
    }
    return trace | more


def scatter_trace(name: str, x: Sequence[Any], y: Sequence[Any], index: int, **more: Any) -> dict[str, Any]:
    """Return points without a line."""
    look = palette.series_style(index)
    return {
        "type": "scatter",
        "mode": "markers",
        "name": base.escape_html(name),
        "x": base.escape_values(x),
        "y": list(y),
        "marker": {
            "color": look.color,
            "symbol": look.marker,
            "size": 8 if len(x) <= 500 else 5,
            "opacity": 0.85 if len(x) <= 500 else 0.6,
        },
        **more,
    }


def bar_trace(name: str, x: Sequence[Any], y: Sequence[Any], index: int, **more: Any) -> dict[str, Any]:
    """Return bars, hatched by their index."""
    look = palette.series_style(index)
    return {
        "type": "bar",
        "name": base.escape_html(name),
        "x": base.escape_values(x),
        "y": list(y),
        "marker": {
            "color": look.color,
            "line": {"width": 0},
            "pattern": {"shape": look.pattern, "fillmode": "overlay", "size": 8, "solidity": 0.25},
        },
        **more,
    }


def band_traces(
    name: str, x: Sequence[Any], lower: Sequence[Any], upper: Sequence[Any], color: str, alpha: float, **more: Any
) -> list[dict[str, Any]]:
    """Return a filled band with thin edges, which tell it from the background without its hue."""
    edge = {"color": palette.with_alpha(color, min(1.0, alpha + 0.35)), "width": 1}
    common = {
        "type": "scatter",
        "mode": "lines",
        "x": base.escape_values(x),
        "line": edge,
        "legendgroup": base.escape_html(name),
    }
    return [
        {**common, "name": base.escape_html(f"{name}, lower"), "y": list(lower), "showlegend": False, **more},
        {
            **common,
            "name": base.escape_html(name),
            "y": list(upper),
            "fill": "tonexty",
            "fillcolor": palette.with_alpha(color, alpha),
            **more,
        },
    ]


def line(chart: Chart, data: ChartData, *, dark: bool | None = None, shown: tuple[Any, Any] | None = None) -> go.Figure:
    """Draw `{x, series: [{name, y, lower?, upper?}]}` as lines, with bands where they are given."""
    return _draw_along_axis(chart, data, dark=dark, shown=shown)


def scatter(
    chart: Chart, data: ChartData, *, dark: bool | None = None, shown: tuple[Any, Any] | None = None
) -> go.Figure:
    """Draw `{x, series: [{name, y}]}` as points; with `lower` and `upper` as bars of error."""
    return _draw_along_axis(chart, data, dark=dark, shown=shown)


def bar(chart: Chart, data: ChartData, *, dark: bool | None = None, shown: tuple[Any, Any] | None = None) -> go.Figure:
    """Draw `{x, series: [{name, y, lower?, upper?}], stacked?}` as bars side by side or upon each other."""
    stacked = data.object().get("stacked") is True
    return _draw_along_axis(chart, data, dark=dark, shown=shown, barmode="relative" if stacked else "group")


def _draw_along_axis(
    chart: Chart, data: ChartData, *, dark: bool | None, shown: tuple[Any, Any] | None, **layout: Any
) -> go.Figure:
    root = data.object()
    x = data.values(root, "x") if "x" in root else []
    traces: list[dict[str, Any]] = []
    heights: list[Any] = []
    widths: list[Any] = list(x)
    detail = downsample.Detail()
    listed = _series_list(root, data)
    for index, (path, item) in enumerate(listed):
        own = data.values(item, "x", path) if "x" in item and path else x
        if not own:
            data.complain(".x", "it is missing", "Give the values along the x axis as x.")
            continue
        y = data.numbers(item, "y", path, of=len(own))
        lower = data.numbers(item, "lower", path, of=len(own)) if item.get("lower") is not None else None
        upper = data.numbers(item, "upper", path, of=len(own)) if item.get("upper") is not None else None
        if data.problems:
            continue
        name = str(item.get("name") or chart.y_label or f"Series {index + 1}")
        if chart.kind == "scatter" and len(own) > downsample.LIMIT:
            order = sorted(range(len(own)), key=lambda i, own=own: (isinstance(own[i], str), own[i]))
            own, y = [own[i] for i in order], [y[i] for i in order]
            lower = upper = None
        places, found = downsample.downsample(own, y, base.unlog(shown, chart.x_scale))
        detail = max(detail, found, key=lambda d: d.total)
        heights += [v for part in (y, lower, upper) if part for v in part]
        widths += own if path and "x" in item else []
        own, y = downsample.take_values(own, places), downsample.take_values(y, places)
        if lower and upper:
            lower, upper = downsample.take_values(lower, places), downsample.take_values(upper, places)
        kind = item.get("kind", chart.kind)
        if kind not in MIXED:
            data.complain(f"{path}.kind", f"{kind!r} cannot stand in this chart", f"Use {', '.join(MIXED)}.")
            continue
        drawn = _traces_for(kind, name, own, y, lower, upper, index, alone=len(listed) == 1)
        for trace in drawn if chart.kind != "scatter" else ():
            if trace.get("hoverinfo") != "skip":
                trace.update(base.hover_unit(chart.unit))
        traces += drawn
    data.done()
    labels = base.end_labels(traces, chart.y_scale)
    return base.make_figure(
        traces,
        title=chart.title,
        note=detail.note or base.dropped_note(heights, chart.y_scale) or base.dropped_note(widths, chart.x_scale),
        x=base.axis(chart.x_label, widths, scale=chart.x_scale, wrap=True),
        y=base.axis(chart.y_label, heights, unit=chart.unit, measured=True, scale=chart.y_scale),
        dark=dark,
        unified=chart.kind != "scatter",
        legend=len(listed) > 1 and not labels,
        annotations=labels,
        **base.detail_mark(detail),
        **layout,
    )


def _series_list(root: Mapping[str, Any], data: ChartData) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the series with their paths; a lone `{x, y}` is one too."""
    series = root.get("series")
    if series is None and "y" in root:
        return [("", root)]
    if isinstance(series, Mapping):
        series = [{"name": k, **(v if isinstance(v, Mapping) else {"y": v})} for k, v in series.items()]
    if not isinstance(series, list) or not series:
        data.complain(".series", "it is not a list of series", "Give [{name, y: [...]}, ...].")
        data.done()
    found = []
    for i, item in enumerate(series or []):
        if isinstance(item, Mapping):
            found.append((f".series[{i}]", item))
        else:
            data.complain(f".series[{i}]", "it is not an object", "Give {name, y: [...]}.")
    return found


def _traces_for(
    kind: str, name: str, x: list[Any], y: list[Any], lower: Any, upper: Any, index: int, *, alone: bool
) -> list[dict[str, Any]]:
    if kind == "line":
        bands = []
        if lower and upper:
            bands = band_traces(
                name, x, lower, upper, palette.series_style(index).color, 0.16, hoverinfo="skip", showlegend=False
            )
        return [*bands, line_trace(name, x, y, index, alone=alone, legendgroup=base.escape_html(name))]
    errors: dict[str, Any] = {}
    if lower and upper:
        gaps = [
            (h - v, v - w) if None not in {v, w, h} else (None, None) for v, w, h in zip(y, lower, upper, strict=True)
        ]
        errors["error_y"] = {
            "type": "data",
            "symmetric": False,
            "array": [g[0] for g in gaps],
            "arrayminus": [g[1] for g in gaps],
            "thickness": 1.5,
            "width": 4,
            "color": palette.NEUTRAL,
        }
    return [(scatter_trace if kind == "scatter" else bar_trace)(name, x, y, index, **errors)]


def fan(chart: Chart, data: ChartData, *, dark: bool | None = None) -> go.Figure:
    """Draw `{x, bands: [{level, lower, upper}], median, mean?}`: the widest band palest, the median a line."""
    root = data.object()
    x = data.values(root, "x")
    bands = []
    raw = root.get("bands")
    for i, item in enumerate(raw if isinstance(raw, list) else []):
        path = f".bands[{i}]"
        if not isinstance(item, Mapping):
            data.complain(path, "it is not an object", "Give {level, lower, upper}.")
            continue
        level = data.number(item.get("level"), f"{path}.level")
        lower = data.numbers(item, "lower", path, of=len(x))
        upper = data.numbers(item, "upper", path, of=len(x))
        bands.append(((level or 0.0) * (100 if (level or 0.0) <= 1 else 1), lower, upper))  # 0.9 means 90 too
    if not bands:
        data.complain(".bands", "there are no bands", "Give [{level, lower, upper}, ...].")
    lines_ = {
        key: data.numbers(root, key, of=len(x))
        for key in ("median", "mean")
        if root.get(key) is not None or key == "median"
    }
    data.done()
    color = palette.COLORS[0]
    traces: list[dict[str, Any]] = []
    for i, (level, lower, upper) in enumerate(sorted(bands, key=lambda b: -b[0])):
        traces += band_traces(f"{level:g}% band", x, lower, upper, color, 0.12 + 0.14 * i)
    median = line_trace("Median", x, lines_["median"], 1, alone=True)
    median["line"] |= {"dash": "solid", "width": 2.5}
    traces.append(median)  # in another colour than the bands, which it would sink into on a dark background
    if "mean" in lines_:
        traces.append(line_trace("Mean", x, lines_["mean"], 2, alone=False))
    for trace in traces:
        trace.update(base.hover_unit(chart.unit))
    heights = [v for _, low, high in bands for v in (*low, *high)]
    return base.make_figure(
        traces,
        title=chart.title,
        note=base.dropped_note(heights, chart.y_scale) or base.dropped_note(x, chart.x_scale),
        x=base.axis(chart.x_label, x, scale=chart.x_scale),
        y=base.axis(chart.y_label, heights, unit=chart.unit, measured=True, scale=chart.y_scale),
        dark=dark,
        unified=True,
    )
