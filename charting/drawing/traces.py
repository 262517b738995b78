"""Traces along an axis: lines, areas, points, bars, waterfalls, boxes, pies.

Chosen: what distinguishes a series on the page distinguishes it in print: colour with dash, marker or pattern.
Left out: axes, legends and titles.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from charting import downsample, number_formats, palette
from charting.drawing.axes import INK, LINE, MUTED, Plot
from charting.drawing.values import color, colors, dash, hatch, mapping, marker, number, numbers, text, values

Trace = Mapping[str, Any]
MARKS = 14  # symbols along a line, at most
WORDS = 60  # texts at points or bars, at most
RASTER_POINTS = 3_000  # points from which a cloud becomes a picture of print resolution
SLICES = 24
LONG = 5_000  # points from which a line is thinned
MANY_BARS = 2_000  # bars that are drawn as strokes
ERROR_WIDTH = 2.5


def draw_line(plot: Plot, trace: Trace, before: tuple[np.ndarray, np.ndarray] | None) -> tuple[Any, Any]:
    """Draw a line, its filling, points and error bars.

    Args:
        plot: the axes.
        trace: a scatter trace.
        before: places of the line drawn before it in these axes, for a filling between the two.

    Returns:
        What stands for it in the legend, and its places.
    """
    ys = values(trace.get("y"))
    xs = values(trace.get("x")) or list(range(len(ys)))
    count = min(len(xs), len(ys))
    x, y = plot.x.read(xs[:count]), plot.y.read(ys[:count])
    if count > LONG and "lines" in str(trace.get("mode") or "lines") and trace.get("fill") is None:
        places = downsample.downsample(x.tolist(), [None if math.isnan(v) else v for v in y.tolist()])[0] or []
        x, y = (np.array(downsample.take_values(v.tolist(), places, math.nan)) for v in (x, y))
        count = len(x)
    line, symbol = mapping(trace.get("line")), mapping(trace.get("marker"))
    mode = str(trace.get("mode") or ("lines" if count > 20 else "lines+markers"))
    pen = color(line.get("color") if line.get("color") is not None else symbol.get("color"), palette.COLORS[0])
    stepped = {"hv": "post", "vh": "pre", "hvh": "mid", "vhv": "mid"}.get(str(line.get("shape")))
    handle: Any = None
    fill = trace.get("fill")
    if fill in {"tozeroy", "tonexty", "toself", "tozerox", "tonextx"} and count:
        filled = color(trace.get("fillcolor"), palette.COLORS[0]) if trace.get("fillcolor") else (*pen[:3], 0.2)
        _fill(plot.ax, x, y, before, str(fill), filled, stepped)
        handle = Patch(facecolor=filled, edgecolor=pen, linewidth=0.6)
    if "lines" in mode:
        marks = "markers" in mode
        width = number(line.get("width"))
        (drawn,) = plot.ax.plot(
            x,
            y,
            color=pen,
            linewidth=min(2.0, width) * 0.72 if math.isfinite(width) else 1.4,
            linestyle=dash(line.get("dash")),
            drawstyle=f"steps-{stepped}" if stepped else "default",
            marker=marker(symbol.get("symbol")) if marks else None,
            markersize=_sizes(symbol, 1)[0] if marks else None,
            markevery=max(1, count // MARKS) if marks else None,
            markeredgewidth=0,
            solid_capstyle="round",
            zorder=2.5,
        )
        handle = handle if handle is not None and math.isfinite(width) and width <= 1 else drawn
        if marks and len(set(sizes := _sizes(symbol, count))) > 1:
            drawn.set_marker("None")
            plot.ax.scatter(
                x, y, s=[s * s for s in sizes], color=pen, marker=marker(symbol.get("symbol")), zorder=2.6, linewidths=0
            )
    elif "markers" in mode:
        handle = _points(plot.ax, x, y, symbol, pen)
    if "text" in mode:
        _write_points(plot.ax, x, y, values(trace.get("text")))
    _errors(plot.ax, x, y, mapping(trace.get("error_y")), upright=True)
    _errors(plot.ax, x, y, mapping(trace.get("error_x")), upright=False)
    return handle, (x, y)


def draw_bars(plot: Plot, traces: Sequence[Trace], layout: Mapping[str, Any]) -> list[Any]:
    """Draw every bar trace of a pair of axes; returns what stands for each in the legend."""
    mode = layout.get("barmode") or "group"
    stacks = mode in {"stack", "relative"}
    groups = 1 if stacks or mode == "overlay" else len(traces)
    gap = number(layout.get("bargap"))
    share = 1 - min(max(gap if math.isfinite(gap) else 0.2, 0.0), 0.95)
    sideways = any(t.get("orientation") == "h" for t in traces)
    along, across = (plot.y, plot.x) if sideways else (plot.x, plot.y)
    first, second = ("y", "x") if sideways else ("x", "y")
    centres = [along.read(values(t.get(first)) or list(range(len(values(t.get(second)))))) for t in traces]
    every = np.unique(np.concatenate([c[np.isfinite(c)] for c in centres])) if centres else np.array([])
    room = float(np.diff(every).min()) if len(every) > 1 else 1.0
    piles: dict[tuple[float, bool], float] = {}
    handles = []
    for place, (trace, found) in enumerate(zip(traces, centres, strict=True)):
        sizes = across.read(values(trace.get(second)))
        count = min(len(found), len(sizes))
        middle, sizes = found[:count], np.nan_to_num(sizes[:count])
        own = numbers(trace.get("width"))
        width = own[:count] if len(own) >= count and count else np.full(count, room * share / groups)
        if isinstance(trace.get("width"), int | float):
            width = np.full(count, number(trace.get("width")))
        at = middle if groups == 1 else middle + room * share * ((place + 0.5) / groups - 0.5)
        start = numbers(trace.get("base"))[:count] if values(trace.get("base")) else np.zeros(count)
        if isinstance(trace.get("base"), int | float):
            start = np.full(count, number(trace.get("base")))
        if stacks:
            for i in range(count):
                pile = (float(middle[i]), bool(sizes[i] >= 0))
                start[i] = piles.get(pile, 0.0)
                piles[pile] = start[i] + sizes[i]
        handles.append(_bars(plot.ax, trace, at, sizes, width, start, place, sideways=sideways))
        _errors(plot.ax, at, start + sizes, mapping(trace.get("error_y")), upright=True)
    if along.kind == "category" and along.names:
        (plot.ax.set_ylim if sideways else plot.ax.set_xlim)(-0.6, len(along.names) - 0.4)
    return handles


def as_bars(trace: Trace) -> Trace:
    """Return a waterfall as bars that begin where the one before ended."""
    level, bases, steps, looks = 0.0, [], [], []
    measures = values(trace.get("measure"))
    parts = {
        k: mapping(mapping(trace.get(k)).get("marker")).get("color") for k in ("increasing", "decreasing", "totals")
    }
    for i, value in enumerate(values(trace.get("y"))):
        amount = number(value)
        amount = 0.0 if math.isnan(amount) else amount
        kind = measures[i] if i < len(measures) else "relative"
        if kind == "total":
            amount = level
        total = kind in {"absolute", "total"}
        bases.append(0.0 if total else level)
        steps.append(amount)
        part, default = (
            ("totals", palette.TOTAL)
            if total
            else ("increasing", palette.RISE)
            if amount >= 0
            else ("decreasing", palette.FALL)
        )
        looks.append(parts[part] or default)
        level = amount if total else level + amount
    kept = {k: trace.get(k) for k in ("name", "xaxis", "yaxis", "text", "x") if trace.get(k) is not None}
    return {
        **kept,
        "type": "bar",
        "y": steps,
        "base": bases,
        "marker": {"color": looks},
        "showlegend": False,
        "connected": True,
    }


def as_histogram(trace: Trace) -> Trace:
    """Return a model's own histogram of raw values as bars over its bins."""
    sideways = not values(trace.get("x")) and bool(values(trace.get("y")))
    found = numbers(trace.get("y" if sideways else "x"))
    found = found[np.isfinite(found)]
    wanted = number(trace.get("nbinsx"))
    bins = int(min(max(wanted, 1), 500)) if math.isfinite(wanted) else min(60, max(5, round(len(found) ** 0.5)))
    counts, edges = np.histogram(found, bins=bins)
    heights = counts.astype(float)
    if "probability" in str(trace.get("histnorm") or ""):
        heights = heights / max(1.0, float(heights.sum()))
    elif "percent" in str(trace.get("histnorm") or ""):
        heights = 100 * heights / max(1.0, float(heights.sum()))
    middles, widths = ((edges[1:] + edges[:-1]) / 2).tolist(), np.diff(edges).tolist()
    along, across = ("y", "x") if sideways else ("x", "y")
    kept = {k: trace.get(k) for k in ("name", "xaxis", "yaxis", "marker", "opacity", "showlegend") if k in trace}
    return {**kept, "type": "bar", along: middles, across: heights.tolist(), "width": widths} | (
        {"orientation": "h"} if sideways else {}
    )


def draw_boxes(plot: Plot, traces: Sequence[Trace]) -> None:
    """Draw boxes: of given quartiles, or of raw values."""
    for place, trace in enumerate(traces):
        pen = color(mapping(trace.get("line")).get("color"), palette.COLORS[place % len(palette.COLORS)])
        face = color(trace.get("fillcolor")) if trace.get("fillcolor") else (*pen[:3], 0.25)
        given = {k: numbers(trace.get(k)) for k in ("lowerfence", "q1", "median", "q3", "upperfence", "mean")}
        names = values(trace.get("x"))
        stats = []
        if len(given["q1"]):
            places = plot.x.read(names)
            for i in range(min(len(v) for k, v in given.items() if k != "mean")):
                low, q1, median, q3, high = (given[k][i] for k in ("lowerfence", "q1", "median", "q3", "upperfence"))
                mean = given["mean"][i] if i < len(given["mean"]) else math.nan
                stats.append(
                    {"whislo": low, "q1": q1, "med": median, "q3": q3, "whishi": high, "mean": mean, "fliers": []}
                )
        else:
            from matplotlib.cbook import boxplot_stats

            raw = numbers(trace.get("y"))
            labels = plot.x.read(names) if len(names) == len(raw) else np.full(len(raw), float(place))
            places = np.unique(labels[np.isfinite(labels)])
            stats = [boxplot_stats(raw[(labels == p) & np.isfinite(raw)])[0] for p in places]
        if not stats:
            continue
        line = {"color": pen, "linewidth": 1.0}
        plot.ax.bxp(
            stats,
            positions=places[: len(stats)],
            widths=0.5,
            showmeans=bool(len(given["mean"])),
            showfliers=True,
            manage_ticks=False,
            patch_artist=True,
            boxprops={"facecolor": face, "edgecolor": pen, "linewidth": 1.0},
            whiskerprops=line,
            capprops=line,
            medianprops={"color": pen, "linewidth": 1.6},
            meanprops={"marker": "D", "markersize": 3, "markerfacecolor": pen, "markeredgecolor": pen},
            flierprops={"marker": "o", "markersize": 2, "markerfacecolor": pen, "markeredgewidth": 0},
        )
    if plot.x.kind == "category" and plot.x.names:
        plot.ax.set_xlim(-0.6, len(plot.x.names) - 0.4)


def draw_prices(plot: Plot, trace: Trace) -> None:
    """Draw opening, highest, lowest and closing prices as candles."""
    opened, high, low, close = (plot.y.read(values(trace.get(k))) for k in ("open", "high", "low", "close"))
    at = plot.x.read(values(trace.get("x")) or list(range(len(close))))
    count = min(map(len, (opened, high, low, close, at)))
    rises = close[:count] >= opened[:count]
    looks = [palette.RISE if rise else palette.FALL for rise in rises]
    plot.ax.vlines(at[:count], low[:count], high[:count], colors=looks, linewidth=0.6)
    room = float(np.diff(np.unique(at[:count])).min()) if count > 1 else 1.0
    plot.ax.bar(
        at[:count], close[:count] - opened[:count], bottom=opened[:count], width=room * 0.6, color=looks, linewidth=0
    )


def draw_pie(ax: Axes, trace: Trace) -> None:
    """Draw a pie or ring, its labels outside with their shares."""
    sizes, labels = numbers(trace.get("values")), [text(v) for v in values(trace.get("labels"))]
    kept = [(s, n) for s, n in zip(sizes, labels, strict=False) if math.isfinite(s) and s > 0][:SLICES]
    if not kept:
        ax.set_axis_off()
        return
    amounts = [s for s, _ in kept]
    whole = sum(amounts)
    look = mapping(trace.get("marker"))
    shapes = values(mapping(look.get("pattern")).get("shape"))
    hues = colors(look.get("colors"), len(kept), palette.COLORS[0])
    if not values(look.get("colors")):
        hues = [color(palette.series_style(i).color) for i in range(len(kept))]
    hole = number(trace.get("hole"))
    wedges, *_ = ax.pie(
        amounts,
        labels=[f"{name}\n{number_formats.format_number(size / whole, '.1%')}" for size, name in kept],
        colors=hues,
        startangle=90,
        counterclock=trace.get("direction") != "clockwise",
        labeldistance=1.12,
        textprops={"fontsize": 8, "color": INK},
        wedgeprops={"width": 1 - hole, "edgecolor": "white", "linewidth": 0.8}
        if 0 < hole < 1
        else {"edgecolor": "white", "linewidth": 0.8},
    )
    for wedge, shape in zip(wedges, shapes, strict=False):
        _pattern(wedge, shape)


def _bars(
    ax: Axes,
    trace: Trace,
    at: np.ndarray,
    sizes: np.ndarray,
    width: np.ndarray,
    start: np.ndarray,
    place: int,
    *,
    sideways: bool,
) -> Any:
    look = mapping(trace.get("marker"))
    hue = palette.COLORS[place % len(palette.COLORS)]
    hues = colors(look.get("color"), len(at), hue, look.get("colorscale"))
    opacity = number(trace.get("opacity"))
    if math.isfinite(opacity):
        hues = [(*h[:3], h[3] * min(max(opacity, 0.0), 1.0)) for h in hues]
    edge = mapping(look.get("line"))
    rim = number(edge.get("width"))
    if len(at) > MANY_BARS:
        strokes = ax.hlines if sideways else ax.vlines
        return strokes(at, start, start + sizes, colors=hues, linewidth=0.5, rasterized=True)
    options: dict[str, Any] = {
        "color": hues,
        "linewidth": min(rim, 2.0) * 0.7 if math.isfinite(rim) else 0.0,
        "edgecolor": color(edge.get("color")) if edge.get("color") else "none",
        "zorder": 2,
    }
    if sideways:
        drawn = ax.barh(at, sizes, height=width, left=start, **options)
    else:
        drawn = ax.bar(at, sizes, width=width, bottom=start, **options)
    pattern = mapping(look.get("pattern")).get("shape")
    for i, bar in enumerate(drawn):
        _pattern(bar, pattern[i] if isinstance(pattern, list | tuple) and i < len(pattern) else pattern)
    words = [text(v) for v in values(trace.get("text"))]
    if trace.get("connected") and len(at) > 1:
        ends = start + sizes
        ax.hlines(ends[:-1], at[:-1], at[1:], colors=palette.NEUTRAL, linewidth=0.7, linestyles="dotted", zorder=1.5)
    if words and len(at) <= WORDS and not sideways:
        for x, base, size, word in zip(at, start, sizes, words, strict=False):
            ax.annotate(
                word,
                (x, base + size),
                xytext=(0, 2 if size >= 0 else -2),
                textcoords="offset points",
                ha="center",
                va="bottom" if size >= 0 else "top",
                fontsize=min(7.5, 400 / len(at) / max(4, len(word)) * 1.9),
                color=INK,
                zorder=4,
            )
        ax.margins(y=0.12)
    return drawn[0] if len(drawn) else Patch(facecolor=hue)


def _pattern(patch: Any, shape: Any) -> None:
    drawn = hatch(shape)
    if drawn:
        patch.set_hatch(drawn)
        patch.set_hatchcolor((1, 1, 1, 0.75))
        patch.set_hatch_linewidth(0.7)


def _points(ax: Axes, x: np.ndarray, y: np.ndarray, look: Mapping[str, Any], pen: Any) -> Any:
    opacity = number(look.get("opacity"))
    hues: Any = colors(look.get("color"), len(x), palette.COLORS[0], look.get("colorscale"))
    hues = hues if values(look.get("color")) else [pen] * len(x)
    return ax.scatter(
        x,
        y,
        s=[s * s for s in _sizes(look, len(x))],
        c=hues or None,
        marker=marker(look.get("symbol")),
        alpha=min(max(opacity, 0.05), 1.0) if math.isfinite(opacity) else None,
        linewidths=0,
        rasterized=len(x) > RASTER_POINTS,
        zorder=2.6,
    )


def _sizes(look: Mapping[str, Any], count: int) -> list[float]:
    """Return the size of each point in points; Plotly's are pixels."""
    listed = numbers(look.get("size"))
    if len(listed):
        return [float(s) * 0.62 if math.isfinite(s) else 0.0 for s in np.resize(listed, count)]
    size = number(look.get("size"))
    return [(min(max(size, 0.5), 40.0) if math.isfinite(size) else 6.0) * 0.62] * count


def _fill(
    ax: Axes,
    x: np.ndarray,
    y: np.ndarray,
    before: tuple[np.ndarray, np.ndarray] | None,
    fill: str,
    face: Any,
    stepped: Any,
) -> None:
    if fill == "toself":
        ax.fill(x, y, color=face, linewidth=0)
    elif fill in {"tozerox", "tonextx"}:
        ax.fill_betweenx(y, x, 0, color=face, linewidth=0)
    elif fill == "tonexty" and before is not None:
        if len(before[0]) == len(x) and np.array_equal(before[0], x, equal_nan=True):
            ax.fill_between(x, before[1], y, color=face, linewidth=0, step=stepped)
        else:
            ax.fill(np.concatenate((before[0], x[::-1])), np.concatenate((before[1], y[::-1])), color=face, linewidth=0)
    else:
        ax.fill_between(x, 0, y, color=face, linewidth=0, step=stepped)


def _errors(ax: Axes, x: np.ndarray, y: np.ndarray, error: Mapping[str, Any], *, upright: bool) -> None:
    above = numbers(error.get("array"))
    if not len(above) or error.get("visible") is False:
        return
    below = numbers(error.get("arrayminus")) if values(error.get("arrayminus")) else above
    count = min(len(x), len(above), len(below))
    spread = np.abs(np.nan_to_num(np.vstack((below[:count], above[:count]))))
    ax.errorbar(
        x[:count],
        y[:count],
        **{"yerr" if upright else "xerr": spread},
        fmt="none",
        ecolor=color(error.get("color"), palette.NEUTRAL),
        elinewidth=0.9,
        capsize=ERROR_WIDTH,
        zorder=3,
    )


def _write_points(ax: Axes, x: np.ndarray, y: np.ndarray, words: Sequence[Any]) -> None:
    if len(x) > WORDS:
        return
    for at, height, word in zip(x, y, words, strict=False):
        if math.isfinite(at) and math.isfinite(height):
            ax.annotate(
                text(word), (at, height), xytext=(0, 3), textcoords="offset points", ha="center", fontsize=7, color=INK
            )


def draw_marks(plot: Plot, layout: Mapping[str, Any]) -> None:
    """Draw the lines, rectangles and notes that stand in the chart beside its data."""
    for shape in values(layout.get("shapes")):
        item = mapping(shape)
        x0, x1 = (_place(plot, item.get(k), item.get("xref"), "x") for k in ("x0", "x1"))
        y0, y1 = (_place(plot, item.get(k), item.get("yref"), "y") for k in ("y0", "y1"))
        if not all(math.isfinite(v) for v in (x0, x1, y0, y1)):
            continue
        pen = mapping(item.get("line"))
        width = number(pen.get("width"))
        style = {
            "color": color(pen.get("color"), INK),
            "linewidth": (width if math.isfinite(width) else 1.5) * 0.7,
            "linestyle": dash(pen.get("dash")),
        }
        transform = _transform(plot.ax, item)
        if item.get("type") == "line":
            (line,) = plot.ax.plot(
                [x0, x1], [y0, y1], transform=transform, zorder=3.5, scalex=False, scaley=False, **style
            )
            line.set_clip_on(False)
        elif item.get("type") == "rect":
            face = color(item.get("fillcolor")) if item.get("fillcolor") else (0, 0, 0, 0)
            plot.ax.fill(
                [x0, x1, x1, x0], [y0, y0, y1, y1], transform=transform, facecolor=face, edgecolor="none", zorder=0.5
            )
    for note in values(layout.get("annotations"))[:WORDS]:
        _annotate(plot, mapping(note))


def _annotate(plot: Plot, note: Mapping[str, Any]) -> None:
    from charting.drawing.values import SPAN_COLOR

    x, y = (_place(plot, note.get(k), note.get(f"{k}ref"), k) for k in "xy")
    words = text(note.get("text"))
    if not (math.isfinite(x) and math.isfinite(y) and words):
        return
    found = SPAN_COLOR.match(str(note.get("text")))
    shifts = [number(note.get(k)) for k in ("xshift", "yshift")]
    offset = [0.0 if math.isnan(s) else s * 0.75 for s in shifts]
    anchor = {"left": "left", "right": "right"}.get(str(note.get("xanchor")), "center")
    arrow = {"arrowstyle": "-", "color": LINE, "linewidth": 0.8}
    if note.get("showarrow") is not False:
        ax_, ay_ = number(note.get("ax")), number(note.get("ay"))
        offset = [0.0 if math.isnan(ax_) else ax_ * 0.75, 18.0 if math.isnan(ay_) else -ay_ * 0.75]
    plot.ax.annotate(
        words,
        (x, y),
        xycoords=_transform(plot.ax, note),
        xytext=(offset[0], offset[1]),
        textcoords="offset points",
        ha=anchor,
        va="center",
        fontsize=7.5,
        color=color(found[1]) if found else MUTED,
        arrowprops=arrow if note.get("showarrow") is not False else None,
        annotation_clip=False,
        zorder=5,
    )


def _place(plot: Plot, value: Any, ref: Any, letter: str) -> float:
    if _is_relative(ref):
        return number(value)
    scale = plot.x if letter == "x" else plot.y
    if scale.kind == "category" and isinstance(value, int | float):
        return number(value)
    if scale.kind == "log":
        found = number(value)  # Plotly gives places on a log axis as powers of ten
        return 10**found if abs(found) < 300 else math.nan
    return float(scale.read([value])[0])


def _is_relative(ref: Any) -> bool:
    return isinstance(ref, str) and (ref == "paper" or ref.endswith("domain"))


def _transform(ax: Axes, item: Mapping[str, Any]) -> Any:
    from matplotlib.transforms import blended_transform_factory

    across, up = (_is_relative(item.get(f"{k}ref")) for k in "xy")
    return blended_transform_factory(ax.transAxes if across else ax.transData, ax.transAxes if up else ax.transData)
