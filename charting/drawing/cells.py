"""Heat maps, contours and surfaces: values over two axes.

Chosen: cells few enough are vectors, many are one picture of print resolution, because a file of 40,000 rectangles
takes a viewer seconds.
Left out: axes and titles.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from charting import palette
from charting.drawing.axes import MUTED, Plot, Scale
from charting.drawing.values import color, grid, mapping, number, text, values

VECTOR_CELLS = 2_500
MESH = 40  # lines of a surface in each direction
SMALLEST, LARGEST = 4.0, 8.0  # points of the numbers within cells


def draw_cells(figure: Figure, plot: Plot, trace: Mapping[str, Any], *, width: float, height: float, bar: bool) -> None:
    """Draw a heat map's cells, with their numbers where the trace has them."""
    z = grid(trace.get("z"))
    if not z.size:
        return
    x, y = _centres(plot.x, trace.get("x"), z.shape[1]), _centres(plot.y, trace.get("y"), z.shape[0])
    colors = _colormap(trace.get("colorscale"))
    low, high = _limits(trace, z)
    mesh = plot.ax.pcolormesh(
        _edges(x),
        _edges(y),
        np.ma.masked_invalid(z),
        cmap=colors,
        vmin=low,
        vmax=high,
        rasterized=z.size > VECTOR_CELLS,
        edgecolors="white" if number(trace.get("xgap")) > 0 else "none",
        linewidth=0.7 if number(trace.get("xgap")) > 0 else 0,
        zorder=1,
    )
    plot.ax.spines[:].set_visible(False)  # type: ignore[call-overload]
    plot.ax.tick_params(length=0)
    if trace.get("texttemplate") or trace.get("text"):
        _write_cells(plot.ax, trace, x, y, width=width, height=height)
    if bar and trace.get("showscale", True):
        _color_bar(figure, plot.ax, mesh, trace)


def draw_contours(figure: Figure, plot: Plot, trace: Mapping[str, Any]) -> None:
    """Draw filled contours."""
    z = grid(trace.get("z"))
    if min(z.shape, default=0) < 2 or z.ndim != 2:
        return
    x, y = _centres(plot.x, trace.get("x"), z.shape[1]), _centres(plot.y, trace.get("y"), z.shape[0])
    mesh = plot.ax.contourf(x, y, np.ma.masked_invalid(z), levels=12, cmap=_colormap(trace.get("colorscale")))
    if trace.get("showscale", True):
        _color_bar(figure, plot.ax, mesh, trace)


def draw_surface(figure: Figure, layout: Mapping[str, Any], trace: Mapping[str, Any]) -> None:
    """Draw a surface in three dimensions as the page first shows it."""
    z = grid(trace.get("z"))
    if min(z.shape, default=0) < 2 or z.ndim != 2:
        return
    scene = mapping(layout.get("scene"))
    scales = [Scale(mapping(scene.get(f"{name}axis")), values(trace.get(name))) for name in "xy"]
    x, y = (_centres(scale, trace.get(name), n) for scale, name, n in zip(scales, "xy", z.shape[::-1], strict=True))
    ax: Any = figure.add_axes((0.14, 0.02, 0.72, 0.98), projection="3d")
    ax.plot_surface(
        *np.meshgrid(x, y),
        z,
        cmap=_colormap(trace.get("colorscale")),
        rcount=MESH,
        ccount=MESH,
        edgecolor=(1, 1, 1, 0.5),
        linewidth=0.25,
        antialiased=True,
    )
    eye = mapping(mapping(scene.get("camera")).get("eye"))
    ex, ey, ez = (number(eye.get(k, d)) for k, d in (("x", 1.25), ("y", 1.25), ("z", 1.25)))
    if all(map(math.isfinite, (ex, ey, ez))):
        ax.view_init(elev=math.degrees(math.atan2(ez, math.hypot(ex, ey))), azim=math.degrees(math.atan2(ey, ex)))
    ax.set_box_aspect((1.25, 1.1, 0.75), zoom=1.12)
    for axis, name in ((ax.xaxis, "x"), (ax.yaxis, "y"), (ax.zaxis, "z")):
        axis.set_label_text(text(mapping(scene.get(f"{name}axis")).get("title")), color=MUTED)
        axis.pane.set_visible(False)
        axis.line.set_color("#C9D1DA")
        axis._axinfo["grid"].update(color="#E6EAEF", linewidth=0.5)  # noqa: SLF001 - matplotlib has no other way
    ax.tick_params(colors=MUTED, pad=1)


def localise_surface(figure: Figure, formatter: Any) -> None:
    """Write the ticks of every axis in three dimensions by `formatter`, a function of a number."""
    from matplotlib import ticker

    for ax in figure.axes:
        for axis in (getattr(ax, "zaxis", None), *((ax.xaxis, ax.yaxis) if hasattr(ax, "zaxis") else ())):
            if axis is not None:
                axis.set_major_formatter(ticker.FuncFormatter(lambda v, _: formatter(v)))


def _centres(scale: Scale, given: Any, count: int) -> np.ndarray:
    listed = values(given)
    return scale.read(listed) if len(listed) == count else np.arange(count, dtype=float)


def _edges(centres: np.ndarray) -> np.ndarray:
    if len(centres) == 1:
        return np.array([centres[0] - 0.5, centres[0] + 0.5])
    middles = (centres[1:] + centres[:-1]) / 2
    return np.concatenate(([2 * centres[0] - middles[0]], middles, [2 * centres[-1] - middles[-1]]))


def _limits(trace: Mapping[str, Any], z: np.ndarray) -> tuple[float, float]:
    found = z[np.isfinite(z)]
    low, high = number(trace.get("zmin")), number(trace.get("zmax"))
    low = low if math.isfinite(low) else float(found.min()) if found.size else 0.0
    high = high if math.isfinite(high) else float(found.max()) if found.size else 1.0
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def _colormap(scale: Any) -> LinearSegmentedColormap:
    listed = [p for p in values(scale) if isinstance(p, list | tuple) and len(p) == 2]
    points = sorted((min(max(number(p[0]), 0.0), 1.0), color(p[1])) for p in listed if math.isfinite(number(p[0])))
    if len(points) < 2 or points[0][0] != 0 or points[-1][0] != 1:
        points = [(i / 9, color(c)) for i, c in enumerate(palette.SEQUENTIAL)]
    return LinearSegmentedColormap.from_list("figure", points)


def _write_cells(
    ax: Axes, trace: Mapping[str, Any], x: np.ndarray, y: np.ndarray, *, width: float, height: float
) -> None:
    rows = [[text(v) for v in values(row)] for row in values(trace.get("text"))]
    longest = max((len(word) for row in rows for word in row), default=0)
    if not longest:
        return
    size = min(LARGEST, width / len(x) / longest * 1.75, height / len(y) * 0.7)
    if size < SMALLEST:
        return
    font = mapping(trace.get("textfont"))
    style = "italic" if font.get("style") == "italic" else "normal"
    for i, row in enumerate(rows[: len(y)]):
        for j, word in enumerate(row[: len(x)]):
            if word:
                ax.text(
                    x[j],
                    y[i],
                    word,
                    ha="center",
                    va="center",
                    fontsize=size,
                    color=color(font.get("color"), "#000000"),
                    style=style,
                    zorder=3,
                ).set_in_layout(False)


def _color_bar(figure: Figure, ax: Axes, mesh: Any, trace: Mapping[str, Any]) -> None:
    from charting import number_formats

    bar = figure.colorbar(mesh, ax=ax, aspect=30, pad=0.02, fraction=0.05)
    bar.outline.set_visible(False)  # type: ignore[operator]
    bar.ax.tick_params(length=0, colors=MUTED)
    fmt = None
    shown = [v for v in bar.get_ticks() if math.isfinite(v)]
    fmt = number_formats.common_format(shown)
    bar.ax.yaxis.set_major_formatter(lambda v, _: number_formats.format_number(float(v), fmt))
    title = text(mapping(trace.get("colorbar")).get("title"))
    if title:
        bar.ax.set_title(title, fontsize=7.5, color=MUTED, loc="left")
