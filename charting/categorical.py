"""Charts of parts and spreads: waterfall, tornado, pie, box and histogram.

Chosen: what rises or falls has its sign in its label and what is low or high its pattern; hue only helps.
Left out: three dimensions, and pies of negative parts.
"""

import itertools
import textwrap
from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

from charting import base, number_formats, palette
from charting.chart_data import ChartData
from contract.result import Chart

WRAP = 24


def waterfall(chart: Chart, data: ChartData, *, dark: bool | None = None) -> go.Figure:
    """Draw `[{label, value, kind: relative|total}]` from left to right."""
    labels, values, measures = [], [], []
    for i, row in enumerate(data.rows()):
        kind = row.get("kind", "relative")
        if kind not in {"relative", "total"}:
            data.complain(f"[{i}].kind", f"{kind!r} is not a kind of step", "Give relative or total.")
        labels.append(_row_label(row, i))
        values.append(data.number(row.get("value"), f"[{i}].value") or 0.0)
        measures.append("absolute" if kind == "total" else "relative")
    data.done()
    fmt = number_formats.common_format(values)
    words = [
        number_formats.format_number(v, fmt if m == "absolute" else "+" + fmt)
        for v, m in zip(values, measures, strict=True)
    ]
    reach, levels = 0.0, []
    for value, measure in zip(values, measures, strict=True):
        reach = value if measure == "absolute" else reach + value
        levels.append(reach)
    trace = {
        "type": "waterfall",
        "x": labels,
        "y": values,
        "measure": measures,
        "text": words,
        "textposition": "outside",
        "cliponaxis": False,
        "connector": {"line": {"color": palette.NEUTRAL, "width": 1, "dash": "dot"}},
        "increasing": {"marker": {"color": palette.RISE}},
        "decreasing": {"marker": {"color": palette.FALL}},
        "totals": {"marker": {"color": palette.TOTAL}},
        "customdata": words,
        "hovertemplate": base.hover_template("%{x}", "%{customdata}"),
    }
    return base.make_figure(
        [trace],
        title=chart.title,
        x=base.axis(chart.x_label, labels) | {"type": "category"},
        y=base.axis(chart.y_label, [*values, *levels], unit=chart.unit, measured=True),
        dark=dark,
        legend=False,
    )


def tornado(chart: Chart, data: ChartData, *, dark: bool | None = None) -> go.Figure:
    """Draw `[{label, low, high, base?}]`, the widest on top."""
    bars = []
    for i, row in enumerate(data.rows()):
        low = data.number(row.get("low"), f"[{i}].low") or 0.0
        high = data.number(row.get("high"), f"[{i}].high") or 0.0
        given = data.number(row.get("base"), f"[{i}].base", gaps=True)
        straddles = min(low, high) <= 0 <= max(low, high)
        middle = given if given is not None else 0.0 if straddles else (low + high) / 2
        bars.append((abs(high - low), _row_label(row, i), low, high, middle))
    data.done()
    bars.sort(key=lambda b: b[0])
    names, middles = [b[1] for b in bars], [b[4] for b in bars]
    amounts = [v for b in bars for v in b[2:]]
    spec = number_formats.parse_format(number_formats.common_format(amounts)) or number_formats.NumberFormat()
    traces = []
    for index, (name, column) in enumerate((("Low", 2), ("High", 3))):
        ends = [float(b[column]) for b in bars]
        look = palette.series_style(index)
        traces.append(
            {
                "type": "bar",
                "orientation": "h",
                "name": name,
                "y": names,
                "x": [end - middle for end, middle in zip(ends, middles, strict=True)],
                "base": middles,
                "customdata": ends,
                "marker": {
                    "color": look.color,
                    "pattern": {"shape": look.pattern, "size": 7, "solidity": 0.25, "fillmode": "overlay"},
                },
                "hovertemplate": f"%{{y}}<br>{name} %{{customdata:{spec.d3}}}<extra></extra>",
            }
        )
    shapes = []
    if len(set(middles)) == 1:
        pen = {"color": palette.NEUTRAL, "width": 2}
        shapes = [{"type": "line", "x0": middles[0], "x1": middles[0], "y0": 0, "y1": 1, "yref": "paper", "line": pen}]
    return base.make_figure(
        traces,
        title=chart.title,
        x=base.axis(chart.x_label, amounts, unit=chart.unit, measured=True),
        y=base.axis(chart.y_label, names) | {"type": "category"},
        dark=dark,
        barmode="overlay",
        shapes=shapes,
        height=max(base.HEIGHT, min(900, 34 * len(bars) + 140)),
    )


def pie(chart: Chart, data: ChartData, *, dark: bool | None = None) -> go.Figure:
    """Draw `[{label, value}]`, values of 0 or more, as shares of their sum."""
    labels, values = [], []
    for i, row in enumerate(data.rows()):
        value = data.number(row.get("value"), f"[{i}].value") or 0.0
        if value < 0:
            data.complain(f"[{i}].value", f"{value:g} is below 0", "A pie shows parts of a whole: use bars instead.")
        labels.append(_row_label(row, i))
        values.append(value)
    if not data.problems and not sum(values):
        data.complain("", "every value is 0", "Give at least one value above 0.")
    data.done()
    looks = [palette.series_style(i) for i in range(len(labels))]
    trace = {
        "type": "pie",
        "labels": labels,
        "values": values,
        "sort": False,
        "direction": "clockwise",
        "hole": 0.45,
        "textinfo": "label+percent",
        "textposition": "outside" if len(labels) <= 12 else "auto",
        "automargin": True,
        "marker": {
            "colors": [look.color for look in looks],
            "pattern": {"shape": [look.pattern for look in looks], "size": 8, "solidity": 0.25, "fillmode": "overlay"},
        },
        "customdata": [
            number_formats.format_number(v, number_formats.common_format(values), chart.unit) for v in values
        ],
        "hovertemplate": base.hover_template("%{label}", "%{customdata} (%{percent})"),
    }
    return base.make_figure([trace], title=chart.title, dark=dark, legend=False)


def box(chart: Chart, data: ChartData, *, dark: bool | None = None) -> go.Figure:
    """Draw `[{name, q1, median, q3, low, high, mean?}]`, with whiskers from low to high."""
    keys = ("low", "q1", "median", "q3", "high")
    names: list[str] = []
    found: dict[str, list[float | None]] = {key: [] for key in (*keys, "mean")}
    for i, row in enumerate(data.rows()):
        names.append(_row_label(row, i, "name"))
        five = [data.number(row.get(key), f"[{i}].{key}") for key in keys]
        given = [v for v in five if v is not None]
        if len(given) == len(keys) and given != sorted(given):
            data.complain(f"[{i}]", "its five numbers do not ascend", "Give low <= q1 <= median <= q3 <= high.")
        for key, value in zip(keys, five, strict=True):
            found[key].append(value)
        found["mean"].append(data.number(row.get("mean"), f"[{i}].mean", gaps=True))
    data.done()
    trace: dict[str, Any] = {
        "type": "box",
        "x": names,
        "q1": found["q1"],
        "median": found["median"],
        "q3": found["q3"],
        "lowerfence": found["low"],
        "upperfence": found["high"],
        "line": {"color": palette.COLORS[0], "width": 1.5},
        "fillcolor": palette.with_alpha(palette.COLORS[0], 0.25),
    }
    if any(v is not None for v in found["mean"]):
        trace |= {"mean": found["mean"], "boxmean": True}
    return base.make_figure(
        [trace],
        title=chart.title,
        x=base.axis(chart.x_label, names) | {"type": "category"},
        y=base.axis(chart.y_label, [v for values in found.values() for v in values], unit=chart.unit, measured=True),
        dark=dark,
        legend=False,
    )


def histogram(chart: Chart, data: ChartData, *, dark: bool | None = None) -> go.Figure:
    """Draw `{edges, counts, markers?: [{label, x}]}`, one more edge than counts; markers are upright lines."""
    root = data.object()
    counts = data.numbers(root, "counts", gaps=False)
    edges = data.numbers(root, "edges", of=len(counts) + 1, gaps=False)
    if not data.problems and any(b <= a for a, b in itertools.pairwise(edges)):
        data.complain(".edges", "they do not ascend", "Give the edges from the lowest to the highest.")
    marks = []
    raw = root.get("markers")
    if raw is not None and not isinstance(raw, list):
        data.complain(".markers", "it is not a list", "Give [{label, x}, ...].")
    for i, item in enumerate(raw if isinstance(raw, list) else []):
        if not isinstance(item, Mapping):
            data.complain(f".markers[{i}]", "it is not an object", "Give {label, x}.")
            continue
        marks.append((str(item.get("label", f"Marker {i + 1}")), data.number(item.get("x"), f".markers[{i}].x")))
    data.done()
    bounds = [float(e) for e in edges if e is not None]
    heights = [float(c) for c in counts if c is not None]
    fmt = number_formats.common_format([*bounds, *(x for _, x in marks)])
    spans = [
        f"{number_formats.format_number(a, fmt)} to {number_formats.format_number(b, fmt)}"
        for a, b in itertools.pairwise(bounds)
    ]
    traces: list[dict[str, Any]] = [
        {
            "type": "bar",
            "name": base.escape_html(chart.y_label or "Count"),
            "showlegend": False,
            "x": [(a + b) / 2 for a, b in itertools.pairwise(bounds)],
            "width": [b - a for a, b in itertools.pairwise(bounds)],
            "y": heights,
            "customdata": spans,
            "marker": {
                "color": palette.with_alpha(palette.COLORS[0], 0.55),
                "line": {"width": 0.5 if len(heights) <= 100 else 0, "color": palette.COLORS[0]},
            },
            "hovertemplate": base.hover_template("%{customdata}", f"%{{y:{_value_format(heights)}}}"),
        }
    ]
    top = max(heights, default=1.0)
    for index, (label, x) in enumerate(marks, 1):
        look = palette.series_style(index)
        words = f"{label}: {number_formats.format_number(x, fmt, chart.unit)}"
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": base.escape_html(words),
                "x": [x, x],
                "y": [0, top * 1.04],
                "line": {"color": look.color, "width": 2, "dash": look.dash},
                "marker": {"symbol": look.marker, "size": [0, 9], "color": look.color},
                "hovertemplate": "%{fullData.name}<extra></extra>",
            }
        )
    return base.make_figure(
        traces,
        title=chart.title,
        x=base.axis(chart.x_label, bounds, unit=chart.unit, measured=True, showgrid=False),
        y=base.axis(chart.y_label or "Count", heights, measured=True),
        dark=dark,
        legend=bool(marks),
        bargap=0,
    )


def _row_label(row: Mapping[str, Any], index: int, key: str = "label") -> str:
    text = str(row.get(key, f"{index + 1}"))
    return "<br>".join(base.escape_html(part) for part in textwrap.wrap(text, WRAP) or [text])


def _value_format(values: list[float]) -> str:
    spec = number_formats.parse_format(
        ",d" if all(v.is_integer() for v in values) else number_formats.common_format(values)
    )
    return spec.d3 if spec else ""
