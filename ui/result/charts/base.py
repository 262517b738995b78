"""What every chart has in common: its frame, its axes, its hover, and text that is only text.

Chosen: Streamlit's theme paints surfaces and fonts in the browser, so one figure serves light and dark; a figure drawn
for outside of it (`dark` given) carries the same colours itself. Markup in a model's texts is shown, not obeyed:
Plotly would turn it into links.
Left out: which traces a chart has.
"""

import math
import re
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

import plotly.graph_objects as go

from ui.result.charts import number_formats, palette
from ui.result.charts.chart_data import axis_type
from ui.result.charts.downsample import Detail

HEIGHT = 400
TINY = 1e-3  # largest value of an axis below which its ticks are powers of ten
DECADES_IN_STEPS = 2
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
            **(
                {"subtitle": {"text": escape_html(note), "font": {"size": 12, "color": palette.NEUTRAL}}}
                if note
                else {}
            ),
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
    elif kind == "linear" and all(float(v).is_integer() for v in given):
        found["hoverformat"] = "d"
        if len(set(given)) <= 12:
            found["tickformat"] = "d"
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


def _log_tick_spacing(values: Sequence[Any]) -> int | str | None:
    """Return the spacing of ticks on a log axis: 1, 2 and 5 over few powers of ten, one or more of them over many."""
    sizes = [v for v in values if v > 0]
    powers = math.log10(max(sizes) / min(sizes)) if sizes else 1.0
    return "D2" if powers <= DECADES_IN_STEPS else math.ceil(powers / 8)


def dropped_note(values: Iterable[Any], scale: str) -> str:
    """Return what a chart says of values that a log axis cannot show; nothing where there are none."""
    if scale != "log":
        return ""
    count = sum(1 for v in values if isinstance(v, int | float) and v <= 0)
    return f"{count:,} value{'s' if count > 1 else ''} of 0 or less left out: the axis is logarithmic." if count else ""


def detail_mark(detail: Detail) -> dict[str, Any]:
    """Return the mark of a figure that has fewer points than the series, for `is_thinned`."""
    return {"meta": {"thinned": True}} if detail.total else {}


def is_thinned(figure: go.Figure) -> bool:
    """Say whether the server has more points than the figure, so that another range is worth drawing anew."""
    return isinstance(figure.layout.meta, dict) and bool(figure.layout.meta.get("thinned"))


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
