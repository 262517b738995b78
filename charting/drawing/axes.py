"""The axes of a drawing: which part of the page each takes, how values become places, and what stands at the ticks.

Chosen: Plotly's layout decides (types, ranges, domains, overlays, tick formats); what it leaves open is decided as its
browser library does. Numbers at ticks follow the reader's separators (`charting.number_formats.written_in`).
Left out: three dimensions and polar axes.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import dates as mdates
from matplotlib import ticker
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure

from charting import number_formats
from charting.chart_data import axis_type
from charting.drawing.values import day_number, mapping, number, numbers, text, values

LINE = "#C9D1DA"
GRID = "#E6EAEF"
INK = "#1B2430"
MUTED = "#4A5563"
LETTER = 3.9  # points that a letter of a tick takes, about
ROW = 10  # points that a line of ticks takes
MOST_TICKS = 60
LONGEST = 28  # letters of a name at a tick
COMPACT = 10_000  # amounts from which ticks are written with k, M or B


class Scale:
    """One axis: the way from its values to numbers, and what its ticks say."""

    def __init__(self, layout: Mapping[str, Any], given: Iterable[Any], *, named: bool = False) -> None:
        found = [v for v in given if v is not None]
        kind = "category" if named else layout.get("type")
        if kind not in {"linear", "log", "date", "category"}:
            kind = axis_type(found) if found else "linear"
        self.layout = layout
        self.kind = str(kind)
        self.given = found
        listed = values(layout.get("categoryarray")) if kind == "category" else []
        self.names = list(dict.fromkeys(str(v) for v in [*listed, *found])) if kind == "category" else []
        self._places = {name: float(i) for i, name in enumerate(self.names)}

    def read(self, given: Sequence[Any]) -> np.ndarray:
        """Return values as numbers along the axis, NaN where there is no place for one."""
        if self.kind == "category":
            return np.array([math.nan if v is None else self._places.get(str(v), math.nan) for v in given], dtype=float)
        if self.kind == "date":
            return np.array([day_number(v) for v in given], dtype=float)
        found = numbers(list(given))
        return np.where(found > 0, found, math.nan) if self.kind == "log" else found

    @property
    def reversed(self) -> bool:
        """Whether the axis runs from high to low."""
        span = values(self.layout.get("range"))
        return self.layout.get("autorange") == "reversed" or (
            len(span) == 2 and self._end(span[0]) > self._end(span[1])
        )

    def span(self) -> tuple[float, float] | None:
        """Return the range that the layout asks for, in numbers of the axis."""
        ends = [self._end(v) for v in values(self.layout.get("range"))]
        return (min(ends), max(ends)) if len(ends) == 2 and all(map(math.isfinite, ends)) else None

    def _end(self, value: Any) -> float:
        if self.kind == "date":
            return day_number(value)
        found = number(value)
        return 10**found if self.kind == "log" and abs(found) < 300 else found


class Plot:
    """A pair of axes with their scales."""

    def __init__(self, ax: Axes, x: Scale, y: Scale) -> None:
        self.ax, self.x, self.y = ax, x, y


def layout_axis(layout: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the layout of an axis by the name that traces use: x, y2."""
    return mapping(layout.get(f"{name[0]}axis{name[1:]}"))


def make_plots(
    figure: Figure,
    layout: Mapping[str, Any],
    traces: Sequence[Mapping[str, Any]],
    along: Mapping[str, list[Any]],
    named: frozenset[str] = frozenset(),
) -> dict[tuple[str, str], Plot]:
    """Return a pair of axes for each that the traces name, placed as the layout says.

    Args:
        figure: to draw on.
        layout: Plotly's.
        traces: flat ones.
        along: the values along each axis, by its name.
        named: axes whose values each take the same room, whatever lies between them, so that cells hold their numbers.
    """
    pairs = list(dict.fromkeys((str(t.get("xaxis") or "x"), str(t.get("yaxis") or "y")) for t in traces))
    scales = {
        name: Scale(layout_axis(layout, name), along.get(name, ()), named=name in named)
        for pair in pairs
        for name in pair
    }
    under = {name: layout_axis(layout, name).get("overlaying") for pair in pairs for name in pair}
    bases = [p for p in pairs if not (under[p[1]] in scales and (p[0], under[p[1]]) in pairs)]
    columns = sorted({_domain(layout, x) for x, _ in bases})
    rows = sorted({_domain(layout, y) for _, y in bases}, reverse=True)
    cells = figure.add_gridspec(
        len(rows), len(columns), height_ratios=[b - a for a, b in rows], width_ratios=[b - a for a, b in columns]
    )
    plots: dict[tuple[str, str], Plot] = {}
    shared: dict[str, Axes] = {}
    for x, y in bases:
        cell = cells[rows.index(_domain(layout, y)), columns.index(_domain(layout, x))]
        ax = figure.add_subplot(cell, sharex=shared.get(x))
        shared.setdefault(x, ax)
        plots[x, y] = Plot(ax, scales[x], scales[y])
    for x, y in pairs:
        if (x, y) not in plots:
            plots[x, y] = Plot(plots[x, str(under[y])].ax.twinx(), scales[x], scales[y])
    for (x, y), plot in plots.items():
        twin = any(other[0] == x and other != (x, y) and plots[other].ax.bbox is plot.ax.bbox for other in plots)
        lowest = not any(ox == x and _domain(layout, oy) < _domain(layout, y) for ox, oy in bases)
        _style(plot, right=scales[y].layout.get("side") == "right", twin=twin, lowest=lowest)
    return plots


def finish(plot: Plot, width: float, height: float) -> None:
    """Set scales, ranges, ticks and titles, once everything is drawn.

    Args:
        plot: with its traces.
        width: of the axes in points, about.
        height: the same upwards.
    """
    for axis, scale, letters in ((plot.ax.xaxis, plot.x, width), (plot.ax.yaxis, plot.y, height)):
        flat = axis is plot.ax.xaxis
        if scale.kind == "log":
            (plot.ax.set_xscale if flat else plot.ax.set_yscale)("log")
        span = scale.span()
        if span is not None and scale.kind != "category":
            (plot.ax.set_xlim if flat else plot.ax.set_ylim)(*span)
        _ticks(axis, scale, letters, flat=flat)
        title = text(mapping(scale.layout).get("title"))
        if title:
            axis.set_label_text(title, color=MUTED)
        if scale.reversed and not axis.get_inverted():
            axis.set_inverted(True)
        if scale.layout.get("showgrid") and scale.layout.get("side") != "right":
            axis.grid(visible=True, color=GRID, linewidth=0.6)
        if scale.layout.get("visible") is False:
            axis.set_visible(False)
    _zero_line(plot)


def _style(plot: Plot, *, right: bool, twin: bool, lowest: bool) -> None:
    ax = plot.ax
    ax.set_axisbelow(True)
    for side, spine in ax.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(LINE)
    ax.tick_params(colors=MUTED, length=2.5, width=0.6, color=LINE)
    ax.tick_params(axis="y", which="both", length=0)
    ax.tick_params(axis="x", which="minor", length=1.5, width=0.4, color=LINE)
    if twin:
        ax.patch.set_visible(False)
    if right:
        ax.yaxis.tick_right()
        ax.yaxis.set_label_position("right")
    else:
        ax.yaxis.tick_left()
        ax.yaxis.set_label_position("left")
    if plot.x.layout.get("side") == "top":
        ax.xaxis.tick_top()
        ax.xaxis.set_label_position("top")
        ax.spines["bottom"].set_visible(False)
    if not lowest:
        ax.tick_params(axis="x", labelbottom=False)


def _zero_line(plot: Plot) -> None:
    low, high = sorted(plot.ax.get_ylim())
    if plot.y.kind == "linear" and low < 0 < high and plot.y.layout.get("showgrid"):
        plot.ax.axhline(0, color=LINE, linewidth=0.9, zorder=0.9)


def _domain(layout: Mapping[str, Any], name: str) -> tuple[float, float]:
    ends = [number(v) for v in values(layout_axis(layout, name).get("domain"))]
    good = len(ends) == 2 and all(math.isfinite(e) for e in ends) and ends[0] < ends[1]
    return (ends[0], ends[1]) if good else (0.0, 1.0)


def _ticks(axis: Axis, scale: Scale, room: float, *, flat: bool) -> None:
    match scale.kind:
        case "category":
            _name_ticks(axis, scale, room, flat=flat)
        case "date":
            locator = mdates.AutoDateLocator(minticks=3, maxticks=7)
            axis.set_major_locator(locator)
            axis.set_major_formatter(_DayTicks())
        case "log":
            low, high = _ends(axis)
            powers = math.log10(high / low) if high > low > 0 else 1.0
            axis.set_major_locator(ticker.LogLocator(subs=(1.0, 2.0, 5.0) if powers <= 2 else (1.0,), numticks=9))
            axis.set_minor_formatter(ticker.NullFormatter())
            axis.set_major_formatter(_NumberTicks(scale))
        case _:
            low, high = _ends(axis)
            step = number(scale.layout.get("dtick"))
            most = 7 if not flat else max(2, min(11, int(room // 42)))
            if math.isfinite(step) and 0 < (high - low) / step <= MOST_TICKS:
                while (high - low) / step > (room / ROW if not flat else room / 26):
                    step *= 2
                axis.set_major_locator(ticker.MultipleLocator(step))
            else:
                axis.set_major_locator(ticker.MaxNLocator(most, steps=[1, 2, 2.5, 5, 10], integer=_whole(scale)))
            axis.set_major_formatter(_NumberTicks(scale))


def _whole(scale: Scale) -> bool:
    """Say whether an axis holds whole numbers such as years, between which no tick belongs."""
    return scale.layout.get("hoverformat") == "d"


def _ends(axis: Axis) -> tuple[float, float]:
    low, high = sorted(axis.get_view_interval())
    return float(low), float(high)


def _name_ticks(axis: Axis, scale: Scale, room: float, *, flat: bool) -> None:
    given = dict(
        zip(
            (str(v) for v in values(scale.layout.get("tickvals"))),
            (text(v) for v in values(scale.layout.get("ticktext"))),
            strict=False,
        )
    )
    numeric = {str(v): number_formats.format_exact(v) for v in scale.given if isinstance(v, float)}
    names = [_shortened(given.get(name) or numeric.get(name) or text(name)) for name in scale.names]
    longest = max((len(line) for name in names for line in name.split("\n")), default=1)
    turned = 0.0
    least = ROW
    if flat:
        if len(names) * (longest * LETTER + 5) <= room:
            least = longest * LETTER + 5
        elif longest > 3:
            turned = 40.0 if longest <= 16 else 60.0
            names = [name.replace("\n", " ") for name in names]
            least = ROW + 2
        else:
            least = longest * LETTER + 3
    step = max(1, math.ceil(len(names) * least / max(room, 1.0)))
    places = range(0, len(names), step)
    axis.set_major_locator(ticker.FixedLocator(list(places)))
    axis.set_major_formatter(ticker.FixedFormatter([names[i] for i in places]))
    if turned:
        top = scale.layout.get("side") == "top"
        axis.set_tick_params(rotation=turned if not top else -turned)
        for label in axis.get_ticklabels():
            label.set(ha="right", va="top", rotation_mode="anchor")


def _shortened(name: str) -> str:
    lines = [line if len(line) <= LONGEST else line[: LONGEST - 1].rstrip() + "\u2026" for line in name.split("\n")[:3]]
    return "\n".join(lines)


class _Ticks(ticker.Formatter):
    """Writes each tick by all of them: how many decimals they need, or whether every one begins a year."""

    def __init__(self) -> None:
        self.places: list[float] = []

    def format_ticks(self, values: Iterable[float]) -> list[str]:
        self.places = [float(v) for v in values]
        return [self(v) for v in self.places]

    def __call__(self, x: float, pos: int | None = None) -> str:
        del pos
        return self.written(float(x), self.places or [float(x)])

    def written(self, x: float, places: Sequence[float]) -> str:
        """Return what stands at `x`, one of the ticks at `places`."""
        raise NotImplementedError


class _DayTicks(_Ticks):
    """Writes years where every tick is the first day of one, months or days where it is not."""

    def written(self, x: float, places: Sequence[float]) -> str:
        """Return a year, month, day or time."""
        at = mdates.num2date(x)
        days = [mdates.num2date(v) for v in places]
        if all((d.month, d.day, d.hour) == (1, 1, 0) for d in days):
            return f"{at:%Y}"
        if all((d.day, d.hour) == (1, 0) for d in days):
            return f"{at:%Y-%m}"
        day = number_formats.format_day(f"{at:%Y-%m-%d}")
        return day if all(d.hour == d.minute == 0 for d in days) else f"{day} {at:%H:%M}"


class _NumberTicks(_Ticks):
    """Writes numbers at ticks as the axis's layout asks, amounts from 10,000 with k, M, B or T."""

    def __init__(self, scale: Scale) -> None:
        super().__init__()
        self.layout = scale.layout
        self.log = scale.kind == "log"

    def written(self, x: float, places: Sequence[float]) -> str:
        """Return a number with what the layout puts around it."""
        return f"{text(self.layout.get('tickprefix'))}{self._number(x, places)}{text(self.layout.get('ticksuffix'))}"

    def _number(self, x: float, places: Sequence[float]) -> str:
        fmt = self.layout.get("tickformat")
        if isinstance(fmt, str) and number_formats.parse_format(fmt) is not None:
            return number_formats.format_number(x, fmt)
        if _plain(self.layout):
            whole = all(v.is_integer() for v in places)
            return number_formats.format_number(x, "d" if whole else f".{_decimals(places)}f")
        size, letter = _size(places)
        if size == 1 and not self.log and 0 < max(map(abs, places)) < 1e-3:
            return number_formats.format_number(x, ".3~g")
        if self.log:
            return number_formats.format_number(x, ".3~s" if abs(x) >= 1 else ".3~g")
        shown = x / size
        fixed = f",.{_decimals([v / size for v in places])}f"
        return number_formats.format_number(shown, fixed) + (letter if x else "")


def _plain(layout: Mapping[str, Any]) -> bool:
    """Say whether an axis holds years, ages or terms, which take no thousands separators."""
    return not layout.get("separatethousands") and layout.get("hoverformat") == "d"


def _size(places: Sequence[float]) -> tuple[float, str]:
    largest = max(map(abs, places), default=0.0)
    if largest < COMPACT:
        return 1.0, ""
    return next(((size, letter) for size, letter in number_formats.SIZES if largest >= size), (1.0, ""))


def _decimals(places: Sequence[float]) -> int:
    """Return how many decimals tell the ticks apart, 6 at most."""
    for decimals in range(7):
        if all(abs(round(v, decimals) - v) < 1e-9 * max(1.0, abs(v)) for v in places):
            return decimals
    return 6
