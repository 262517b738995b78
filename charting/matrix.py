"""Charts over two axes: heat map, run-off triangle and surface.

Chosen: one scale from light to dark, which reads in grey; two ends meeting in the middle where values change sign.
Cells few enough to read carry their number; what is projected stands in italics beyond a line.
Left out: scales chosen by a model.
"""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from charting import base, number_formats, palette
from charting.chart_data import ChartData, axis_type
from contract.result import Chart

READABLE = 400
MANY = 8  # columns of cells with numbers that do not fit 390 pixels
MOST_CELLS = 40_000

Grid = list[list[float | None]]


def heatmap(chart: Chart, data: ChartData, *, dark: bool | None = None) -> go.Figure:
    """Draw `{x, y, z}`, z holding one list for each y."""
    x, y, z, note = _read_matrix(data)
    cells = _cell_traces(x, y, z, chart.unit)
    note = note or (chart.unit or "" if "text" in cells[0] else "")
    hover = base.hover_template(*_data_path(chart), f"%{{z:{_cell_format(z)}}}{_unit_suffix(chart.unit)}")
    return base.make_figure(
        [{**trace, "hovertemplate": hover} for trace in cells],
        title=chart.title,
        note=note,
        x=base.axis(chart.x_label, x, constrain="domain", wrap=True),
        # A matrix of names is read from the top, as it is printed; numbers and dates rise.
        y=base.axis(chart.y_label, y, **({"autorange": "reversed"} if axis_type(y) == "category" else {})),
        dark=dark,
        height=max(base.HEIGHT, min(720, 26 * len(y) + 120)) if len(y) <= 40 else 520,
    )


def triangle(chart: Chart, data: ChartData, *, dark: bool | None = None) -> go.Figure:
    """Draw `{rows, columns, values, projected?}`: origins downwards, development to the right."""
    root = data.object()
    rows = [str(v) for v in data.values(root, "rows")]
    columns = [str(v) for v in data.values(root, "columns")]
    values = data.grid(root, "values", len(rows), len(columns))
    flags = root.get("projected")
    projected = [[False] * len(columns) for _ in rows]
    if flags is not None:
        if not isinstance(flags, list) or len(flags) != len(rows):
            data.complain(".projected", "it does not fit the rows", f"Give {len(rows)} lists of true or false.")
        for i, line in enumerate(flags if isinstance(flags, list) else []):
            if not isinstance(line, list) or any(v not in {True, False, None} for v in line):
                data.complain(f".projected[{i}]", "it is not a list of true or false", "Give one flag for each column.")
            elif i < len(rows):
                projected[i] = [bool(v) for v in line[: len(columns)]] + [False] * (len(columns) - len(line))
    data.done()
    spoken = flags is not None and any(map(any, projected))
    traces = []
    for wanted in (False, True) if spoken else (False,):
        part: Grid = [
            [v if projected[i][j] is wanted else None for j, v in enumerate(line)] for i, line in enumerate(values)
        ]
        word = "projected" if wanted else "observed"
        hover = base.hover_template(
            *_data_path(chart),
            f"%{{z:{_cell_format(values)}}}{_unit_suffix(chart.unit)}" + (f", {word}" if spoken else ""),
        )
        for cells in _cell_traces(columns, rows, part, chart.unit, scale_of=values, showscale=not wanted):
            if wanted and "texttemplate" in cells:
                # Not by tags in the text: plotly.js counts their letters when it fits the text to its cell.
                cells["textfont"] = {**cells["textfont"], "style": "italic"}
            traces.append({**cells, "name": word, "showlegend": False, "hovertemplate": hover})
    words = [chart.unit if "text" in traces[0] else None, "in italics beyond the line: projected" if spoken else None]
    note = ", ".join(w for w in words if w)
    return base.make_figure(
        traces,
        title=chart.title,
        note=note,
        # Nothing to zoom into: a finger that drags moves the page, and a wide triangle sideways.
        x=base.axis(chart.x_label, columns, side="top") | {"type": "category", "fixedrange": True},
        y=base.axis(chart.y_label, rows, autorange="reversed") | {"type": "category", "fixedrange": True},
        dragmode=False,
        dark=dark,
        height=max(base.HEIGHT, min(900, 30 * len(rows) + 150)),
        margin={"l": 8, "r": 8, "t": 116 if note else 84, "b": 8},
        shapes=_projection_border(projected) if spoken else [],
    )


def surface(chart: Chart, data: ChartData, *, dark: bool | None = None) -> go.Figure:
    """Draw `{x, y, z}` as a surface over x and y, with lines of equal height."""
    x, y, z, note = _read_matrix(data)
    trace = {
        "type": "surface",
        "x": base.escape_values(x),
        "y": base.escape_values(y),
        "z": z,
        "colorscale": palette.color_scale(palette.SEQUENTIAL[2:]),
        "showscale": False,  # the upright axis says it in numbers
        "contours": {"z": {"show": True, "color": "#FFFFFF", "width": 1, "highlightcolor": palette.COLORS[1]}},
        "hovertemplate": base.hover_template(*_data_path(chart), f"%{{z:{_cell_format(z)}}}{_unit_suffix(chart.unit)}"),
    }
    grid = {"gridcolor": palette.NEUTRAL, "gridwidth": 1, "showbackground": False, "zeroline": False}
    scene = {
        "xaxis": {"title": {"text": base.escape_html(chart.x_label)}, **grid},
        "yaxis": {"title": {"text": base.escape_html(chart.y_label)}, **grid},
        "zaxis": {"title": {"text": base.escape_html(chart.unit)}, **grid},
        "aspectmode": "manual",
        "aspectratio": {"x": 1.1, "y": 1.0, "z": 0.7},
        "camera": {"eye": {"x": -1.5, "y": -1.7, "z": 0.9}, "center": {"z": -0.1}},
        "dragmode": "turntable",
    }
    return base.make_figure([trace], title=chart.title, note=note, dark=dark, scene=scene, height=420)


def has_many_cells(figure: go.Figure) -> bool:
    """Say whether a chart has numbers in so many columns of cells that a phone is too narrow for them."""
    return any(trace.type == "heatmap" and trace.texttemplate and len(trace.x) >= MANY for trace in figure.data)


def _read_matrix(data: ChartData) -> tuple[list[Any], list[Any], Grid, str]:
    root = data.object()
    x, y = data.values(root, "x"), data.values(root, "y")
    z = data.grid(root, "z", len(y), len(x))
    data.done()
    step = max(1, round((len(x) * len(y) / MOST_CELLS) ** 0.5 + 0.49)) if len(x) * len(y) > MOST_CELLS else 1
    if step == 1:
        return x, y, z, ""
    note = f"Drawn with every {step}{_ordinal(step)} row and column of {len(y):,} by {len(x):,}."
    return x[::step], y[::step], [row[::step] for row in z[::step]], note


def _cell_traces(
    x: Sequence[Any],
    y: Sequence[Any],
    z: Grid,
    unit: str | None,
    *,
    scale_of: Grid | None = None,
    showscale: bool = True,
) -> list[dict[str, Any]]:
    """Return the cells as one trace, or as two where they carry numbers: those to be read in black, and in white.

    plotly.js has one colour of text for a trace, or chooses between white and a dark grey that cannot be read on the
    cells in the middle of the scale.
    """
    found = [v for row in (scale_of or z) for v in row if v is not None]
    low, high = min(found, default=0.0), max(found, default=1.0)
    crosses = low < 0 < high
    end = max(-low, high)
    first, last = (-end, end) if crosses else (low, high)
    colors = palette.DIVERGING if crosses else palette.SEQUENTIAL
    trace: dict[str, Any] = {
        "type": "heatmap",
        "x": base.escape_values(x),
        "y": base.escape_values(y),
        "z": z,
        "zmin": first,
        "zmax": last,
        "colorscale": palette.color_scale(colors),
        "colorbar": {"thickness": 12, "outlinewidth": 0, "title": {"text": base.escape_html(unit)}},
        "showscale": showscale,
        "xgap": 1,
        "ygap": 1,
        "hoverongaps": False,
    }
    if len(x) * len(y) > READABLE:
        return [trace | {"xgap": 0, "ygap": 0}]
    spread = number_formats.common_format(found)
    if spread == ".4~f":
        spread = ".2~f"  # a cell is narrow; the hover has the rest
    traces = []
    for text_color in palette.TEXT_ON_CELLS:
        own: Grid = [
            [
                v if v is not None and palette.text_on(_color_at(v, first, last, colors)) == text_color else None
                for v in row
            ]
            for row in z
        ]
        if traces and not any(v is not None for row in own for v in row):
            continue
        traces.append(
            trace
            | {
                "z": own,
                "text": [["" if v is None else number_formats.format_number(v, spread) for v in row] for row in own],
                "texttemplate": "%{text}",
                "textfont": {"color": text_color},
                "showscale": False,  # the cells say it in numbers, and a phone needs the width
            }
        )
    return traces


def _color_at(value: float, first: float, last: float, colors: Sequence[str]) -> str:
    """Return the colour that plotly.js gives a cell."""
    share = (value - first) / (last - first) if last > first else 0.5
    return palette.color_between(colors, share)


def _projection_border(projected: list[list[bool]]) -> list[dict[str, Any]]:
    """Return the line between what was observed and what is projected, cell by cell."""
    pen = {"color": palette.COLORS[1], "width": 3}
    lines = []
    for i, row in enumerate(projected):
        for j, flag in enumerate(row):
            if j and flag != row[j - 1]:
                lines.append({"x0": j - 0.5, "x1": j - 0.5, "y0": i - 0.5, "y1": i + 0.5})
            if i and flag != projected[i - 1][j]:
                lines.append({"x0": j - 0.5, "x1": j + 0.5, "y0": i - 0.5, "y1": i - 0.5})
    return [{"type": "line", "line": pen, **line} for line in lines]


def _data_path(chart: Chart) -> tuple[str, str]:
    return (f"{_axis_name(chart.x_label, 'x')} %{{x}}", f"{_axis_name(chart.y_label, 'y')} %{{y}}")


def _axis_name(label: str | None, default: str) -> str:
    return base.escape_html(label).replace("%{", "% {") if label else default


def _unit_suffix(unit: str | None) -> str:
    return f" {_axis_name(unit, '')}" if unit else ""


def _cell_format(z: Grid) -> str:
    spec = number_formats.parse_format(number_formats.common_format(v for row in z for v in row if v is not None))
    return spec.d3 if spec else ""


def _ordinal(n: int) -> str:
    return "th" if 10 <= n % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
