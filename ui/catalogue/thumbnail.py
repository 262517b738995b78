"""A small picture of a chart as SVG: its lines, bands, bars, cells and slices, without a single word.

Chosen: drawn from the very figure that the page shows, so that every kind of chart, a model's own too, has its picture,
in its colours, which hold on light and dark. Written here, because the libraries that turn a figure into a picture
start a browser. Nothing of a model's text comes into it: only numbers do, and colours that are hexadecimal or rgb.
Left out: axes with numbers, legends, titles, maps and three dimensions (a surface is seen from above).
"""

import datetime as dt
import itertools
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from charting import palette

WIDTH, HEIGHT = 320, 120
PAD = 6
MAX_POINTS = 160  # of a line; more are not seen
MAX_CELLS = 48  # along each side of a heat map
MAX_BARS = 80
COLOR = re.compile(r"#[0-9A-Fa-f]{6}|rgba?\([\d., ]{5,40}\)")
EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - only differences count
Trace = Mapping[str, Any]
Scale = Callable[[Any], float | None]


def thumbnail_svg(figure: Mapping[str, Any]) -> str | None:
    """Return the picture of a figure.

    Args:
        figure: Plotly's JSON, `data` and `layout`.

    Returns:
        SVG of 320 by 120, to be stretched, on no background of its own; None where nothing of it can be drawn.
    """
    traces = [t for t in figure.get("data") or [] if isinstance(t, Mapping) and t.get("visible", True) is True]
    layout = figure.get("layout") or {}
    pie = next((t for t in traces if t.get("type") == "pie"), None)
    parts = _pie(pie) if pie is not None else _plot(traces, layout)
    if not parts:
        return None
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none">'
        f"{''.join(parts)}</svg>"
    )


def _plot(traces: Sequence[Trace], layout: Mapping[str, Any]) -> list[str]:
    """Draw every trace over its axes, as Plotly does: cells, then bars, then lines."""
    traces = [_as_simple(t) for t in traces]
    cells = [t for t in traces if t.get("type") == "heatmap"]
    if cells:
        return _cells(cells, layout)
    shown = [t for t in traces if t.get("type", "scatter") in {"scatter", "scattergl", "bar", "box"}]
    axes = list(dict.fromkeys(str(t.get("yaxis") or "y") for t in shown))
    stacked = len(axes) > 2  # one above the other, as the page has them
    bars = [t for t in shown if t.get("type") == "bar"]
    sideways = any(t.get("orientation") == "h" for t in bars)
    along = "y" if sideways else "x"
    across = "x" if sideways else "y"
    place = _scale_for(
        [v for t in shown for v in _list(t.get(along))],
        _axis(layout, along, "", shown),
        band=bool(bars) or any(t.get("type") == "box" for t in shown),
        low=HEIGHT - PAD if sideways else PAD,
        high=PAD if sideways else WIDTH - PAD,
    )
    parts: list[str] = []
    for number, name in enumerate(axes):
        members = [t for t in shown if str(t.get("yaxis") or "y") == name]
        top, bottom = PAD, HEIGHT - PAD
        if stacked:
            height = (HEIGHT - 2 * PAD) / len(axes)
            top, bottom = PAD + number * height, PAD + (number + 1) * height - 3
        amounts = _amounts(members, across, stacks=layout.get("barmode") in {"stack", "relative"})
        suffix = name.removeprefix("y")
        measure = _scale_for(
            amounts,
            _axis(layout, across, "" if sideways else suffix, members),
            low=PAD if sideways else bottom,
            high=WIDTH - PAD if sideways else top,
        )
        if place is None or measure is None:
            continue
        parts += _zero_line(measure, sideways=sideways)
        parts += _bars([t for t in members if t.get("type") == "bar"], place, measure, layout, sideways=sideways)
        parts += _boxes([t for t in members if t.get("type") == "box"], place, measure)
        parts += _lines([t for t in members if t.get("type", "scatter") in {"scatter", "scattergl"}], place, measure)
    return parts


def _as_simple(trace: Trace) -> Trace:
    """Return a waterfall as its bars, and a surface or contour as its cells."""
    kind = trace.get("type")
    if kind in {"surface", "contour"}:
        return {**trace, "type": "heatmap"}
    if kind != "waterfall":
        return trace
    level, bases, steps, colors = 0.0, [], [], []
    measures = _list(trace.get("measure"))
    for i, value in enumerate(_list(trace.get("y"))):
        amount = _number(value) or 0.0
        total = i < len(measures) and measures[i] in {"absolute", "total"}
        bases.append(0.0 if total else level)
        steps.append(amount)
        colors.append(palette.TOTAL if total else palette.RISE if amount >= 0 else palette.FALL)
        level = amount if total else level + amount
    return {"type": "bar", "x": trace.get("x"), "y": steps, "base": bases, "marker": {"color": colors}}


def _amounts(traces: Iterable[Trace], key: str, *, stacks: bool) -> list[Any]:
    """Return everything that an axis of amounts has to reach, 0 where bars or areas start there."""
    found: list[Any] = []
    piled: dict[Any, list[float]] = {}
    for trace in traces:
        values = _list(trace.get(key))
        bases = _list(trace.get("base"))
        if trace.get("type") == "bar":
            found += bases or [0.0]
            found += [(_number(v) or 0.0) + (_number(b) or 0.0) for v, b in zip(values, bases, strict=False)]
            if stacks:
                for i, value in enumerate(values):
                    piled.setdefault(i, []).append(_number(value) or 0.0)
        elif trace.get("type") == "box":
            found += [v for part in ("lowerfence", "upperfence", "q1", "q3") for v in _list(trace.get(part))]
        elif trace.get("fill") == "tozeroy":
            found.append(0.0)
        found += [] if bases else values
    for values in piled.values():
        found += [sum(v for v in values if v > 0), sum(v for v in values if v < 0)]
    return found


def _scale_for(
    values: Sequence[Any], axis: Mapping[str, Any], *, low: float, high: float, band: bool = False
) -> Scale | None:
    """Return the way from a value to its place between `low` and `high`, or None where there is nothing to place.

    Args:
        values: along the axis.
        axis: of the layout; its type and direction count.
        low: where the smallest stands.
        high: where the largest stands.
        band: whether each value takes room to both sides, as a bar does.
    """
    if axis.get("autorange") == "reversed":
        low, high = high, low
    kind = axis.get("type")
    given = [v for v in values if v is not None]
    read: Callable[[Any], float | None] = _number
    if kind == "date" or (kind is None and given and all(_day(v) is not None for v in given)):
        read = _day
    elif kind == "category" or any(isinstance(v, str) for v in given):
        order = {v: float(i) for i, v in enumerate(dict.fromkeys(map(str, given)))}

        def read(value: Any) -> float | None:
            return order.get(str(value))

    elif kind == "log":

        def read(value: Any) -> float | None:
            number = _number(value)
            return math.log10(number) if number is not None and number > 0 else None

    numbers = [n for v in given if (n := read(v)) is not None]
    if not numbers:
        return None
    least, most = min(numbers), max(numbers)
    if band:
        different = sorted(set(numbers))
        gap = min((b - a for a, b in itertools.pairwise(different)), default=1.0)
        least, most = least - gap / 2, most + gap / 2
    span = most - least

    def scale(value: Any) -> float | None:
        number = read(value)
        if number is None:
            return None
        return low + (high - low) * ((number - least) / span if span else 0.5)

    return scale


def _lines(traces: Sequence[Trace], place: Scale, measure: Scale) -> list[str]:
    parts = []
    before: list[tuple[float, float]] = []
    for trace in traces:
        xs, ys = _list(trace.get("x")), _list(trace.get("y"))
        step = max(1, math.ceil(min(len(xs), len(ys)) / MAX_POINTS))
        kept = [*range(0, min(len(xs), len(ys)), step)]
        if kept and kept[-1] != min(len(xs), len(ys)) - 1:
            kept.append(min(len(xs), len(ys)) - 1)
        points = [(place(xs[i]), measure(ys[i])) for i in kept]
        held = [(x, y) for x, y in points if x is not None and y is not None]
        if not held:
            before = []
            continue
        line, marker = _mapping(trace.get("line")), _mapping(trace.get("marker"))
        color = _color(line.get("color")) or _color(marker.get("color")) or palette.COLORS[0]
        fill = trace.get("fill")
        filled = _color(trace.get("fillcolor")) or palette.with_alpha(palette.COLORS[0], 0.18)
        if fill == "tonexty" and before:
            parts.append(f'<path d="M{_path([*before, *reversed(held)])}Z" fill="{filled}"/>')
        elif fill == "tozeroy":
            zero = measure(0)
            ground = HEIGHT - PAD if zero is None else zero
            outline = [*held, (held[-1][0], ground), (held[0][0], ground)]
            parts.append(f'<path d="M{_path(outline)}Z" fill="{filled}"/>')
        before = held
        mode = str(trace.get("mode") or "lines")
        if "lines" in mode and len(held) > 1:
            width = min(2.0, _number(line.get("width")) or 2.0)
            shape = _stepped(held) if str(line.get("shape") or "").startswith("hv") else held
            for piece in _pieces(points) if shape is held else [shape]:
                parts.append(
                    f'<path d="M{_path(piece)}" fill="none" stroke="{color}" stroke-width="{_short(width)}" '
                    'stroke-linejoin="round" vector-effect="non-scaling-stroke"/>'
                )
        elif "markers" in mode:
            # A line of no length with a round end is a dot that a stretched picture leaves round.
            dots = "".join(f"M{_short(x)} {_short(y)}h0" for x, y in held)
            parts.append(
                f'<path d="{dots}" stroke="{color}" stroke-width="4" stroke-linecap="round" '
                'vector-effect="non-scaling-stroke"/>'
            )
    return parts


def _bars(
    traces: Sequence[Trace], place: Scale, measure: Scale, layout: Mapping[str, Any], *, sideways: bool
) -> list[str]:
    along, across = ("y", "x") if sideways else ("x", "y")
    stacks = layout.get("barmode") in {"stack", "relative"}
    beside = 1 if stacks or layout.get("barmode") == "overlay" else max(1, len(traces))
    centres = sorted({p for t in traces for v in _list(t.get(along)) if (p := place(v)) is not None})
    room = min((b - a for a, b in itertools.pairwise(centres)), default=min(WIDTH, HEIGHT) * 0.6)
    share = 1.0 if layout.get("bargap") == 0 else 0.8
    parts, piled = [], dict[tuple[float, bool], float]()
    for number, trace in enumerate(traces):
        names, values, bases = (_list(trace.get(k)) for k in (along, across, "base"))
        colors = _mapping(trace.get("marker")).get("color")
        step = max(1, math.ceil(len(names) / MAX_BARS)) if len(centres) > MAX_BARS else 1
        for i in range(0, min(len(names), len(values)), step):
            centre, value = place(names[i]), _number(values[i])
            if centre is None or value is None:
                continue
            base = (_number(bases[i]) or 0.0) if i < len(bases) else 0.0
            if stacks:
                base = piled.get((centre, value >= 0), 0.0)
                piled[centre, value >= 0] = base + value
            start, end = measure(base), measure(base + value)
            if end is None:
                continue
            start = (PAD if sideways else HEIGHT - PAD) if start is None else start  # of a log axis
            width = max(0.6, room * step * share / beside)
            left = centre - width * beside / 2 + width * (0 if beside == 1 else number)
            color = _color(colors[i] if isinstance(colors, list | tuple) and i < len(colors) else colors)
            low, size = min(start, end), max(0.6, abs(end - start))
            x, y, w, h = (low, left, size, width) if sideways else (left, low, width, size)
            parts.append(_rectangle(x, y, w, h, color or palette.COLORS[number % len(palette.COLORS)]))
    return parts


def _boxes(traces: Sequence[Trace], place: Scale, measure: Scale) -> list[str]:
    parts = []
    for trace in traces:
        names = _list(trace.get("x"))
        width = (WIDTH - 2 * PAD) / max(1, len(names)) * 0.5
        for i, name in enumerate(names):
            five = [_list(trace.get(k)) for k in ("lowerfence", "q1", "median", "q3", "upperfence")]
            low, q1, median, q3, high = (measure(v[i]) if i < len(v) else None for v in five)
            centre = place(name)
            if centre is None or None in {low, q1, median, q3, high}:
                continue
            color = palette.COLORS[0]
            pen = f'stroke="{color}" stroke-width="1.5" fill="none" vector-effect="non-scaling-stroke"'
            parts.append(_rectangle(centre - width / 2, min(q1, q3), width, abs(q3 - q1), color, 0.3))
            parts.append(f'<path d="M{_short(centre)} {_short(low)}V{_short(high)}" {pen}/>')
            parts.append(f'<path d="M{_short(centre - width / 2)} {_short(median)}h{_short(width)}" {pen}/>')
    return parts


def _cells(traces: Sequence[Trace], layout: Mapping[str, Any]) -> list[str]:
    """Draw the cells of a heat map or triangle; of two traces each has the cells that the other leaves empty."""
    grids = [[_list(row) for row in _list(t.get("z"))] for t in traces]
    rows, columns = max(map(len, grids)), max((len(row) for grid in grids for row in grid), default=0)
    if not rows or not columns:
        return []
    merged: list[list[float | None]] = [[None] * columns for _ in range(rows)]
    for grid in grids:
        for i, row in enumerate(grid):
            for j, value in enumerate(row):
                merged[i][j] = _number(value) if merged[i][j] is None else merged[i][j]
    found = [v for row in merged for v in row if v is not None]
    if not found:
        return []
    low, high = min(found), max(found)
    crosses = low < 0 < high
    if crosses:
        high = max(-low, high)
        low = -high
    colors = palette.DIVERGING if crosses else palette.SEQUENTIAL
    # Rows are counted from below unless the axis is turned, as a triangle's is.
    down = _mapping(layout.get("yaxis")).get("autorange") == "reversed"
    by_row, by_column = math.ceil(rows / MAX_CELLS), math.ceil(columns / MAX_CELLS)
    tall, wide = len(range(0, rows, by_row)), len(range(0, columns, by_column))
    width, height = (WIDTH - 2 * PAD) / wide, (HEIGHT - 2 * PAD) / tall
    gap = 1.0 if max(tall, wide) <= 24 else 0.0
    parts = []
    for i in range(0, rows, by_row):
        for j in range(0, columns, by_column):
            value = merged[i][j]
            if value is None:
                continue
            share = (value - low) / (high - low) if high > low else 0.5
            line = i // by_row if down else tall - 1 - i // by_row
            color = colors[min(len(colors) - 1, int(share * len(colors)))]
            x, y = PAD + j // by_column * width, PAD + line * height
            parts.append(_rectangle(x, y, width - gap, height - gap, color))
    return parts


def _pie(trace: Trace) -> list[str]:
    """Draw the slices as one bar of shares, which keeps its proportions at any width."""
    values = [max(0.0, _number(v) or 0.0) for v in _list(trace.get("values"))]
    total = sum(values)
    if not total:
        return []
    colors = _list(_mapping(trace.get("marker")).get("colors"))
    parts, x = [], float(PAD)
    for i, value in enumerate(values):
        width = (WIDTH - 2 * PAD) * value / total
        color = _color(colors[i]) if i < len(colors) else None
        shown = max(0.0, width - 1.5)
        parts.append(_rectangle(x, HEIGHT * 0.3, shown, HEIGHT * 0.4, color or palette.COLORS[i % len(palette.COLORS)]))
        x += width
    return parts


def _zero_line(measure: Scale, *, sideways: bool) -> list[str]:
    at = measure(0)
    if at is None or not PAD <= at <= (WIDTH if sideways else HEIGHT) - PAD:
        return []
    path = f"M{_short(at)} {PAD}V{HEIGHT - PAD}" if sideways else f"M{PAD} {_short(at)}H{WIDTH - PAD}"
    return [f'<path d="{path}" stroke="{palette.NEUTRAL}" stroke-opacity="0.5" vector-effect="non-scaling-stroke"/>']


def _rectangle(x: float, y: float, width: float, height: float, color: str, opacity: float = 1.0) -> str:
    look = f'fill="{color}"' + (f' fill-opacity="{opacity:g}"' if opacity < 1 else "")
    return f'<rect x="{_short(x)}" y="{_short(y)}" width="{_short(width)}" height="{_short(height)}" {look}/>'


def _pieces(points: Sequence[tuple[float | None, float | None]]) -> list[list[tuple[float, float]]]:
    """Return the unbroken parts of a line with gaps."""
    pieces: list[list[tuple[float, float]]] = [[]]
    for x, y in points:
        if x is None or y is None:
            pieces.append([])
        else:
            pieces[-1].append((x, y))
    return [piece for piece in pieces if len(piece) > 1]


def _stepped(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    found = [points[0]]
    for (_, y), (x, after) in itertools.pairwise(points):
        found += [(x, y), (x, after)]
    return found


def _path(points: Iterable[tuple[float, float]]) -> str:
    return "L".join(f"{_short(x)} {_short(y)}" for x, y in points)


def _axis(layout: Mapping[str, Any], letter: str, suffix: str, traces: Sequence[Trace]) -> Mapping[str, Any]:
    """Return the layout's axis; of an x axis that stands under another one's name, the one its traces name."""
    named = next((str(t.get(f"{letter}axis")) for t in traces if t.get(f"{letter}axis")), letter)
    number = suffix or named.removeprefix(letter)
    return _mapping(layout.get(f"{letter}axis{number}") or layout.get(f"{letter}axis"))


def _color(value: Any) -> str | None:
    return value if isinstance(value, str) and COLOR.fullmatch(value) else None


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and abs(value) < 1e300 else None


def _day(value: Any) -> float | None:
    if isinstance(value, dt.datetime | dt.date):
        value = value.isoformat()
    if not isinstance(value, str):
        return None
    try:
        moment = dt.datetime.fromisoformat(value if len(value) > 7 else f"{value}-01")
    except ValueError:
        return None
    return (moment.replace(tzinfo=None) - EPOCH).total_seconds()


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _short(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
