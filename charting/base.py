"""What every chart has in common: its frame, its axes, its hover, and text that is only text.

Chosen: Streamlit's theme paints surfaces and fonts in the browser, so one figure serves light and dark; a figure drawn
for outside of it (`dark` given) carries the same colours itself. Markup in a model's texts is shown, not obeyed:
Plotly would turn it into links.
Left out: which traces a chart has.
"""

import html
import math
import re
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

import plotly.graph_objects as go

from charting import number_formats, palette
from charting.chart_data import axis_type
from charting.downsample import POINTS, Detail

HEIGHT = 400
TINY = 1e-3  # largest value of an axis below which its ticks are powers of ten
DECADES_IN_STEPS = 2
WHOLE_STEPS = 12  # steps of an axis of whole numbers up to which its ticks are set here
WHOLE_AMOUNTS = 6  # the same for an axis of amounts, such as counts
PHONE_LETTERS = 30  # of all labels beneath an axis that fit beside each other on a phone
MANY_LINES = 6  # lines above which a legend is hard to follow
MOST_LABELS = 20  # lines above which there is no room for a name at each end
LABEL = 18  # letters of a name at the end of a line
LABEL_SPACE = 15 / 290  # of the height of a plot that a name takes
WRAP = 16  # letters of a label beneath a bar
# Buttons that change nothing an analyst could want, or that need a selection.
NO_BUTTONS = ["select2d", "lasso2d", "autoScale2d", "toggleSpikelines"]


def make_figure(
    traces: Sequence[dict[str, Any]],
    *,
    title: str = "",
    note: str = "",
    x: dict[str, Any] | None = None,
    y: dict[str, Any] | None = None,
    dark: bool | None = None,
    unified: bool = False,
    legend: bool | None = None,
    **layout: Any,
) -> go.Figure:
    """Return a figure with the common frame.

    Args:
        traces: as Plotly's JSON has them.
        title: plain text above the chart.
        note: plain text beneath the title, such as that points were left out.
        x: the x axis, from `axis`.
        y: the y axis, from `axis`.
        dark: whether the figure brings its own dark or light surfaces; None leaves them to Streamlit's theme.
        unified: one hover box for all values at an x.
        legend: whether to show one; by default where there are several traces.
        layout: anything else of Plotly's layout.
    """
    named = [t for t in traces if t.get("name") and t.get("showlegend", True)]
    shown = len(named) > 1 if legend is None else legend
    frame: dict[str, Any] = {
        "title": {
            "text": escape_html(title),
            "x": 0,
            "xref": "container",
            "xanchor": "left",
            "y": 1,
            "yref": "container",
            "yanchor": "top",
            "pad": {"t": 10, "l": 4},
            "font": {"size": 16},
            **({"subtitle": {"text": escape_html(note), "font": {"size": 12}}} if note else {}),
        },
        "height": HEIGHT,
        "margin": {"l": 8, "r": 8, "t": 62 if note else 44 if title else 24, "b": 8},
        "showlegend": shown,
        "legend": {
            "orientation": "h",
            "x": 0,
            "xanchor": "left",
            # At the foot of the whole figure: below the plot it would stand on long or turned labels of the axis.
            "y": 0,
            "yref": "container",
            "yanchor": "bottom",
            "itemsizing": "trace",
            "title": {"text": ""},
            "font": {"size": 12},
        },
        "hovermode": "x unified" if unified else "closest",
        "hoverlabel": {"namelength": 40},
        "separators": ".,",
        "uirevision": title or "chart",
        "template": template(dark=dark),
        **({"xaxis": x} if x is not None else {}),
        **({"yaxis": y} if y is not None else {}),
        **layout,
    }
    return go.Figure({"data": list(traces), "layout": frame})


def template(*, dark: bool | None) -> dict[str, Any]:
    """Return the template: nothing inside Streamlit, whose theme fills it; fonts, lines and surfaces outside."""
    if dark is None:
        return {"layout": {"colorway": list(palette.COLORS)}}
    text, line = ("#E6EAF0", "#2C3542") if dark else ("#1B2430", "#DDE3EA")
    back = palette.DARK_BACKGROUND if dark else palette.LIGHT_BACKGROUND
    lines = {"gridcolor": line, "linecolor": line, "zerolinecolor": line, "tickcolor": line}
    return {
        "layout": {
            "colorway": list(palette.COLORS),
            "font": {"color": text, "family": "system-ui, sans-serif"},
            "title": {"subtitle": {"font": {"color": text}}},
            "paper_bgcolor": back,
            "plot_bgcolor": back,
            "xaxis": lines,
            "yaxis": lines,
        }
    }


def axis(
    label: str | None,
    values: Iterable[Any] = (),
    *,
    unit: str | None = None,
    fmt: str | None = None,
    measured: bool = False,
    scale: str = "linear",
    wrap: bool = False,
    **more: Any,
) -> dict[str, Any]:
    """Return an axis with its title and unit, its type by the values along it, and its hover format.

    Args:
        label: the title.
        values: what stands along the axis.
        unit: of the values, added to the title unless it is there already.
        fmt: how numbers are written in the hover, and a percentage on the axis.
        measured: whether the axis holds amounts, which take thousands separators; years and ages take none.
        scale: linear or log, for an axis of numbers.
        wrap: whether long names along the axis stand in several lines.
        more: anything else of Plotly's axis.
    """
    given = [v for v in values if v is not None]
    kind = axis_type(given) if given else "linear"
    found: dict[str, Any] = {
        "title": {"text": escape_html(axis_title(label, unit)), "font": {"size": 12}, "standoff": 8},
        "type": kind,
        "automargin": True,
        "showgrid": measured,
        "autotypenumbers": "strict",
        "fixedrange": False,
    }
    if measured:
        found["title"]["standoff"] = 14
        spec = (
            number_formats.parse_format(fmt)
            or number_formats.parse_format(number_formats.common_format(given))
            or number_formats.NumberFormat()
        )
        found |= {"hoverformat": spec.d3, "separatethousands": True, "exponentformat": "B", "nticks": 7}
        if spec.kind == "%":
            found["tickformat"] = f".{2 if spec.places is None else spec.places}~%"
        if unit == "%":
            found["ticksuffix"] = "%"
        if given and max(abs(v) for v in given) < TINY:
            found["exponentformat"] = "power"  # the prefixes for small numbers, n and f, are not an actuary's
        found |= _whole_ticks([0, *given], most=WHOLE_AMOUNTS)
    elif kind == "linear" and all(float(v).is_integer() for v in given):
        found["hoverformat"] = "d"
        found |= _whole_ticks(given, most=WHOLE_STEPS)
    if wrap and kind == "category" and any(len(str(v)) > WRAP for v in given):
        names = list(dict.fromkeys(str(v) for v in given))
        found |= {
            "tickmode": "array",
            "tickvals": [escape_html(n) for n in names],
            "ticktext": [wrap_label(n) for n in names],
        }
    if scale == "log" and kind == "linear":
        plain_numbers = "~s" if min((v for v in given if v > 0), default=1) >= 1 else "~g"
        found |= {
            "type": "log",
            "showgrid": True,
            "dtick": _log_tick_spacing(given),
            "tickformat": plain_numbers,
            "nticks": 0,
        }
        found["minor"] = {"ticks": "outside", "ticklen": 3}
    return found | more


def _whole_ticks(values: Sequence[float], *, most: int) -> dict[str, Any]:
    """Return ticks at whole numbers for a short axis of whole numbers, on which plotly.js would repeat them.

    A label to each step where they fit a phone, to every second one otherwise.
    """
    if not all(float(v).is_integer() for v in values):
        return {}
    low, high = min(values), max(values)
    if high - low > most:
        return {}
    letters = max(len(f"{low:.0f}"), len(f"{high:.0f}"))
    return {"dtick": 1 if (high - low + 1) * letters <= PHONE_LETTERS else 2, "tickformat": "d"}


def _log_tick_spacing(values: Sequence[Any]) -> int | str | None:
    """Return the spacing of ticks on a log axis: 1, 2 and 5 over few powers of ten, one or more of them over many."""
    sizes = [v for v in values if v > 0]
    powers = math.log10(max(sizes) / min(sizes)) if sizes else 1.0
    return "D2" if powers <= DECADES_IN_STEPS else math.ceil(powers / 8)


def end_labels(traces: Sequence[dict[str, Any]], scale: str = "linear") -> list[dict[str, Any]]:
    """Return the names of many lines, each at its line's end, kept apart; none where a legend does.

    Args:
        traces: the lines, in one pair of axes.
        scale: of the y axis, linear or log.
    """
    named = [t for t in traces if t.get("showlegend", True)]
    lines = all(t["type"] == "scatter" and "lines" in t["mode"] for t in named)
    if not lines or not MANY_LINES < len(named) <= MOST_LABELS:
        return []

    def height(value: float) -> float:
        return math.log10(value) if scale == "log" else value

    ends = []
    every = []
    for trace in named:
        given = [(x, v) for x, v in zip(trace["x"], trace["y"], strict=True) if v is not None]
        if scale == "log":
            given = [(x, v) for x, v in given if v > 0]
        if not given:
            return []
        every += [height(v) for _, v in given]
        ends.append((height(given[-1][1]), given[-1][0], trace))
    ends.sort(key=lambda end: end[0])
    space = ((max(every) - min(every)) or 1.0) * LABEL_SPACE
    places: list[float] = []
    for at, _, _ in ends:
        places.append(max(at, places[-1] + space) if places else at)
    top = max(every)
    for i in range(len(places) - 1, -1, -1):  # what was pushed above the highest point comes down again
        places[i] = min(places[i], top - (len(places) - 1 - i) * space)
    return [
        {
            "x": x,
            "y": place,
            "text": f'<span style="color:{trace["line"]["color"]}">\u2501</span> {_short_name(trace["name"])}',
            "showarrow": False,
            "xanchor": "left",
            "xshift": 6,
            "align": "left",
            "font": {"size": 11},
        }
        for place, (_, x, trace) in zip(places, ends, strict=True)
    ]


def _short_name(name: str) -> str:
    plain = html.unescape(name)
    return name if len(plain) <= LABEL else escape_html(plain[: LABEL - 1].rstrip()) + "\u2026"


def dropped_note(values: Iterable[Any], scale: str) -> str:
    """Return what a chart says of values that a log axis cannot show; nothing where there are none."""
    if scale != "log":
        return ""
    count = sum(1 for v in values if isinstance(v, int | float) and v <= 0)
    return f"{count:,} value{'s' if count > 1 else ''} of 0 or less left out: the axis is logarithmic." if count else ""


def detail_mark(detail: Detail) -> dict[str, Any]:
    """Return the mark of a figure that has fewer points than the series, for `is_thinned`."""
    return {"meta": {"thinned": True, "points": detail.total}} if detail.total else {}


def is_thinned(figure: go.Figure) -> bool:
    """Say whether the server has more points than the figure, so that another range is worth drawing anew."""
    return isinstance(figure.layout.meta, dict) and bool(figure.layout.meta.get("thinned"))


def print_note(figure: go.Figure) -> str:
    """Return what a printed chart says beneath its title, where nobody can zoom in."""
    if is_thinned(figure):
        total = number_formats.format_count(int(figure.layout.meta["points"]))
        return f"Drawn with about {number_formats.format_count(POINTS)} of {total} points."
    return html.unescape(figure.layout.title.subtitle.text or "")


def unlog(shown: tuple[Any, Any] | None, scale: str) -> tuple[Any, Any] | None:
    """Return a range in the values of its axis: Plotly gives that of a log axis as powers of ten."""
    if shown is None or scale != "log" or not all(isinstance(v, int | float) for v in shown):
        return shown
    return 10.0 ** shown[0], 10.0 ** shown[1]


def axis_title(label: str | None, unit: str | None) -> str:
    """Return an axis title: the label with its unit, unless it names the unit already."""
    if not unit:
        return label or ""
    if not label:
        return unit
    named = re.search(rf"(?<!\w){re.escape(unit)}(?!\w)", label)
    return label if named else f"{label} ({unit})"


def escape_html(text: str | None) -> str:
    """Return text that Plotly draws as it stands: no tags, no links, no references."""
    return (text or "").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def wrap_label(text: str, width: int = WRAP) -> str:
    """Return plain text in lines of at most `width` letters, so that labels beneath an axis need not turn."""
    return "<br>".join(escape_html(part) for part in textwrap.wrap(text, width, break_long_words=False) or [text])


def escape_values(values: Sequence[Any]) -> list[Any]:
    """Return values along an axis with their texts made plain; true and false become words."""
    return [escape_html(v) if isinstance(v, str) else str(v) if isinstance(v, bool) else v for v in values]


def hover_template(*parts: str) -> str:
    """Return a hover template of lines; `parts` are ours, never a model's text."""
    return "<br>".join(parts) + "<extra></extra>"


def hover_unit(unit: str | None) -> dict[str, str]:
    """Return the hover of a value with its unit, where the axis's ticks do not end in it already."""
    if not unit or unit == "%":
        return {}
    return {"hovertemplate": f"%{{y}} {escape_html(unit).replace('%{', '% {')}"}


def chart_config(name: str) -> dict[str, Any]:
    """Return Plotly's configuration: a PNG named after the chart at twice its size, and no logo."""
    file = re.sub(r"[^\w]+", "-", name, flags=re.ASCII).strip("-").lower()[:60] or "chart"
    return {
        "displaylogo": False,
        "modeBarButtonsToRemove": NO_BUTTONS,
        "toImageButtonOptions": {"format": "png", "filename": file, "scale": 2},
    }
