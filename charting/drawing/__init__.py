"""Draw a figure for print or as a file: Plotly's figure in, SVG or PNG out, without a browser.

Chosen: the very figure that the page shows, drawn by matplotlib, so that every kind of chart has one definition
(docs/decisions/21-pdf.md says what was measured). Texts stay text, in the report's own typeface. matplotlib's settings
belong to the process, so one drawing is made at a time.
Left out: a report's titles and notes, which are set around the drawing; maps, and kinds that only a browser draws: they
are named.
"""

import io
import itertools
import math
import textwrap
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from charting import number_formats
from charting.drawing.values import mapping, number, text, values
from contract.errors import ResultError
from contract.problems import Problem

WIDTH = 6.7  # inches, of the text of an A4 page
FULL_HEIGHT = 400  # pixels on the page that become the height below
HEIGHT, TALLEST = 2.75, 8.2  # inches
FONT = "Source Sans Pro"
FALLBACK = "DejaVu Sans"  # comes with matplotlib; has what the first one lacks
FLAT = frozenset({"scatter", "scattergl", "bar", "box", "heatmap", "contour", "candlestick", "ohlc"})
ALONE = frozenset({"pie", "surface"})
LEGEND_WIDTH = 470  # points
MOST_NAMES = 30
NAME = 46  # letters of a name in the legend

SETTINGS = {
    "font.family": [FONT, FALLBACK],
    "font.size": 8,
    "axes.labelsize": 8,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "legend.fontsize": 8,
    "svg.fonttype": "none",  # text stays text: it can be searched, and is set in the report's typeface
    "svg.hashsalt": "tontine",  # the same figure gives the same file
    "text.parse_math": False,  # a model's $ is a dollar
    "text.usetex": False,
    "axes.unicode_minus": True,
    "axes.facecolor": "none",
    "figure.facecolor": "none",
    "path.simplify": True,
}
# A file of its own is read where the report's typeface is not installed, and on any ground.
FILE_SETTINGS = {**SETTINGS, "svg.fonttype": "path", "figure.facecolor": "white"}
TITLE_SIZE = 10  # points
TITLE_LETTERS = 90  # of a line
DOTS = 220  # an inch: 1,470 pixels across
Form = Literal["svg", "png"]
_LOCK = threading.Lock()
_fonts_added: list[Path] = []


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawing, and the kinds of traces that it lacks because only a browser draws them."""

    content: bytes
    missing: tuple[str, ...] = ()


def draw_svg(figure: Any, *, fonts: Sequence[Path] = ()) -> Drawing | None:
    """Return the drawing of a figure as SVG for a report, None where nothing of it can be drawn.

    Args:
        figure: Plotly's.
        fonts: font files of the report's typeface.

    Raises:
        ResultError: it holds what cannot be drawn.
    """
    return _drawing(figure, _Style(SETTINGS, fonts))


def draw_file(figure: Any, form: Form, title: str, *, fonts: Sequence[Path] = ()) -> Drawing | None:
    """Return the drawing of a figure as a file of its own, on white, None where nothing of it can be drawn.

    Args:
        figure: Plotly's.
        form: SVG, its letters as outlines, or PNG of 1,470 pixels across.
        title: stands above the drawing.
        fonts: font files of the typeface.

    Raises:
        ResultError: it holds what cannot be drawn.
    """
    return _drawing(figure, _Style(FILE_SETTINGS, fonts, form, title))


@dataclass(frozen=True, slots=True)
class _Style:
    """How a figure is drawn."""

    settings: Mapping[str, Any]
    fonts: Sequence[Path]
    form: Form = "svg"
    title: str = ""


def _drawing(figure: Any, style: _Style) -> Drawing | None:
    raw = figure.to_plotly_json()
    layout = mapping(raw.get("layout"))
    traces = [_flattened(t) for t in raw.get("data") or [] if t.get("visible", True) is True]
    flat = [t for t in traces if _kind(t) in FLAT]
    alone = [t for t in traces if _kind(t) in ALONE]
    missing = tuple(dict.fromkeys(_kind(t) for t in traces if _kind(t) not in FLAT | ALONE))
    if not flat and not alone:
        return None
    try:
        content = _draw(layout, flat, alone, style)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        # A model's own figure may hold anything; it costs the report no more than its chart.
        found = f"it cannot be drawn for print: {type(error).__name__}: {str(error)[:200]}"
        raise ResultError([Problem("chart", found, "The run's page shows it.")]) from error
    return Drawing(content, missing)


def _draw(
    layout: Mapping[str, Any],
    flat: Sequence[Mapping[str, Any]],
    alone: Sequence[Mapping[str, Any]],
    style: _Style,
) -> bytes:
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with _LOCK:
        _add_fonts(style.fonts)
        with mpl.rc_context(dict(style.settings)):
            pixels = number(layout.get("height"))
            share = (pixels if math.isfinite(pixels) else FULL_HEIGHT) / FULL_HEIGHT
            size = (WIDTH, min(TALLEST, max(2.2, HEIGHT * share)))
            if alone:
                drawn = Figure((WIDTH, size[1] * 1.25))
                _draw_alone(drawn, layout, alone[0])
            else:
                drawn = Figure(size, layout="constrained")
                drawn.get_layout_engine().set(w_pad=0.02, h_pad=0.03)  # type: ignore[union-attr]
                _draw_flat(drawn, layout, flat)
            if style.title:
                drawn.suptitle(textwrap.fill(style.title, TITLE_LETTERS), fontsize=TITLE_SIZE, fontweight="bold")
            out = io.BytesIO()
            if style.form == "png":
                drawn.dpi = DOTS
                FigureCanvasAgg(drawn).print_png(out, metadata={"Software": None})
            else:
                FigureCanvasSVG(drawn).print_svg(out, metadata={"Date": None, "Creator": None})
    return out.getvalue()


def _draw_alone(drawn: Any, layout: Mapping[str, Any], trace: Mapping[str, Any]) -> None:
    from charting.drawing import cells, traces

    if _kind(trace) == "pie":
        traces.draw_pie(drawn.add_subplot(), trace)
        return
    cells.draw_surface(drawn, layout, trace)

    def tick(value: float) -> str:
        return number_formats.format_number(value, "d" if value == int(value) and abs(value) < 10_000 else ",.4~f")

    cells.localise_surface(drawn, tick)


def _draw_flat(drawn: Any, layout: Mapping[str, Any], found: Sequence[Mapping[str, Any]]) -> None:
    from charting.drawing import axes, cells, traces

    named = frozenset(name for t in found if _kind(t) == "heatmap" and t.get("texttemplate") for name in _pair(t))
    plots = axes.make_plots(drawn, layout, found, _along(found), named)
    width, height = drawn.get_figwidth() * 72 * 0.9, drawn.get_figheight() * 72 * 0.75 / max(1, _rows(plots))
    handles: list[Any] = [None] * len(found)
    first = True
    for pair, plot in plots.items():
        own = [(i, t) for i, t in enumerate(found) if _pair(t) == pair]
        grids = [t for _, t in own if _kind(t) == "heatmap"]
        for trace in grids:
            cells.draw_cells(drawn, plot, trace, width=width, height=height, bar=trace is grids[0])
        for _, trace in own:
            if _kind(trace) == "contour":
                cells.draw_contours(drawn, plot, trace)
        bars = [(i, t) for i, t in own if _kind(t) == "bar"]
        if bars:
            for (i, _), handle in zip(bars, traces.draw_bars(plot, [t for _, t in bars], layout), strict=True):
                handles[i] = handle
        boxes = [t for _, t in own if _kind(t) == "box"]
        if boxes:
            traces.draw_boxes(plot, boxes)
        before = None
        for i, trace in own:
            if _kind(trace) in {"candlestick", "ohlc"}:
                traces.draw_prices(plot, trace)
            elif _kind(trace) in {"scatter", "scattergl"}:
                handles[i], before = traces.draw_line(plot, trace, before)
        axes.finish(plot, width, height)
        if first:
            traces.draw_marks(plot, layout)
            first = False
    _legend(drawn, layout, found, handles)


def _legend(drawn: Any, layout: Mapping[str, Any], found: Sequence[Mapping[str, Any]], handles: Sequence[Any]) -> None:
    named = [
        (handle, _short(text(trace.get("name"))))
        for trace, handle in zip(found, handles, strict=True)
        if handle is not None and trace.get("name") and trace.get("showlegend", True)
    ]
    shown = layout.get("showlegend")
    if not named or shown is False or (shown is None and len(named) < 2):
        return
    named = named[:MOST_NAMES]
    longest = max(len(name) for _, name in named)
    drawn.legend(
        [handle for handle, _ in named],
        [name for _, name in named],
        loc="outside lower left",
        ncols=min(len(named), max(1, int(LEGEND_WIDTH // (36 + longest * 4.1)))),
        frameon=False,
        handlelength=2.2,
        columnspacing=1.4,
        borderpad=0.2,
        labelspacing=0.35,
    )


def _along(found: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Return the values along each axis, by its name."""
    along: dict[str, list[Any]] = {}
    for trace in found:
        for letter, name in zip("xy", _pair(trace), strict=True):
            given = values(trace.get(letter))
            if letter == "y" and _kind(trace) in {"box", "candlestick", "ohlc"}:
                given = [v for k in ("lowerfence", "upperfence", "low", "high", "y") for v in values(trace.get(k))]
            along.setdefault(name, []).extend(given)
    return along


def _flattened(trace: Mapping[str, Any]) -> Mapping[str, Any]:
    from charting.drawing import traces

    match trace.get("type", "scatter"):
        case "waterfall":
            return traces.as_bars(trace)
        case "histogram":
            return traces.as_histogram(trace)
        case _:
            return trace


def _kind(trace: Mapping[str, Any]) -> str:
    return str(trace.get("type") or "scatter")


def _pair(trace: Mapping[str, Any]) -> tuple[str, str]:
    return str(trace.get("xaxis") or "x"), str(trace.get("yaxis") or "y")


def _rows(plots: Mapping[Any, Any]) -> int:
    return len({round(plot.ax.get_position().y0, 3) for plot in plots.values()})


def _short(name: str) -> str:
    plain = " ".join(name.split())
    return plain if len(plain) <= NAME else plain[: NAME - 1].rstrip() + "\u2026"


def _add_fonts(fonts: Sequence[Path]) -> None:
    from matplotlib import font_manager

    for path in itertools.filterfalse(_fonts_added.__contains__, fonts):
        font_manager.fontManager.addfont(path)
        _fonts_added.append(path)
