"""What a Plotly figure holds, as plain values: lists, colours, and texts without markup.

Chosen: a figure may come from a model, so whatever does not fit is taken as missing and never raised.
Left out: which trace means what.
"""

import base64
import datetime as dt
import html
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from charting import palette

TAG = re.compile(r"<\s*(/?)\s*([a-zA-Z]+)[^>]*>")
SPAN_COLOR = re.compile(r"<span style=\"color:(#[0-9A-Fa-f]{6})\">")
RGB = re.compile(r"rgba?\(\s*([\d.]+)\s*,\s*([\d.]+)\s*,\s*([\d.]+)\s*(?:,\s*([\d.]+)\s*)?\)")
HEX = re.compile(r"#[0-9A-Fa-f]{6}")
MAX_TEXT = 200  # characters of one text within a chart
Color = tuple[float, float, float, float]


def mapping(value: Any) -> Mapping[str, Any]:
    """Return an object, an empty one where there is none."""
    return value if isinstance(value, Mapping) else {}


def values(value: Any) -> list[Any]:
    """Return a list of values, an array or Plotly's base64 form of one; an empty one where there is none."""
    if isinstance(value, np.ndarray):
        return list(value.tolist())
    if isinstance(value, list | tuple):
        return list(value)
    if isinstance(value, Mapping) and {"bdata", "dtype"} <= set(value):
        try:
            array = np.frombuffer(base64.b64decode(value["bdata"]), dtype=np.dtype(str(value["dtype"])))
            shape = [int(n) for n in str(value.get("shape", "")).split(",") if n.strip()]
            return list((array.reshape(shape) if shape else array).tolist())
        except (ValueError, TypeError):
            return []
    return []


def number(value: Any) -> float:
    """Return a finite number, NaN for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    try:
        found = float(value)
    except OverflowError:
        return math.nan
    return found if math.isfinite(found) else math.nan


def numbers(value: Any) -> np.ndarray:
    """Return a list as floats with NaN for what is no number, shape (n,)."""
    return np.array([number(v) for v in values(value)], dtype=float)


def grid(value: Any) -> np.ndarray:
    """Return a list of lists as floats, shape (rows, columns); short rows are filled with NaN."""
    rows = [numbers(row) for row in values(value)]
    width = max(map(len, rows), default=0)
    return np.array([np.pad(row, (0, width - len(row)), constant_values=math.nan) for row in rows], dtype=float)


def day_number(value: Any) -> float:
    """Return a date or time as days since 1970, NaN for anything else."""
    try:
        at = dt.datetime.fromisoformat(str(value))
    except ValueError:
        return math.nan
    return (at.replace(tzinfo=None) - dt.datetime(1970, 1, 1)).total_seconds() / 86_400  # noqa: DTZ001 - differences


def color(value: Any, default: str = palette.NEUTRAL) -> Color:
    """Return a colour of Plotly's as red, green, blue and opacity from 0 to 1."""
    from matplotlib.colors import is_color_like, to_rgba

    if isinstance(value, str):
        found = RGB.fullmatch(value.strip())
        if found is not None:
            red, green, blue = (min(255.0, float(found[i])) / 255 for i in (1, 2, 3))
            return red, green, blue, min(1.0, float(found[4])) if found[4] else 1.0
        name = value.strip().lower()
        if HEX.fullmatch(name) or (name.isalpha() and is_color_like(name)):
            return to_rgba(name)
    return to_rgba(default)


def colors(value: Any, count: int, default: str, scale: Any = None) -> list[Color]:
    """Return a colour for each of `count` marks: one for all, one each, or numbers along a colour scale."""
    listed = values(value)
    if not listed:
        return [color(value, default)] * count
    if all(isinstance(v, int | float) for v in listed):
        heights = numbers(listed)
        low, high = np.nanmin(heights, initial=math.inf), np.nanmax(heights, initial=-math.inf)
        span = (high - low) or 1.0
        return [along(scale, (h - low) / span if math.isfinite(h) else 0.0) for h in heights][:count]
    return [color(v, default) for v in listed][:count]


def along(scale: Any, share: float) -> Color:
    """Return the colour at `share` of a colour scale `[[share, colour], ...]`, Plotly's or the palette's own."""
    points = [(number(p[0]), p[1]) for p in values(scale) if isinstance(p, list | tuple) and len(p) == 2]
    hexes = [c for _, c in points if isinstance(c, str) and HEX.fullmatch(c)]
    return color(palette.color_between(hexes if len(hexes) > 1 else palette.SEQUENTIAL, share))


def text(value: Any) -> str:
    """Return a text of a figure without its markup, lines kept, references resolved; long ones shortened."""
    if isinstance(value, Mapping):
        value = value.get("text")
    if value is None:
        return ""
    plain = TAG.sub(lambda m: "\n" if m[2].lower() == "br" else "", str(value))
    plain = "".join(c if c == "\n" or c.isprintable() else " " for c in html.unescape(plain))
    return plain if len(plain) <= MAX_TEXT else plain[: MAX_TEXT - 1].rstrip() + "\u2026"


def dash(value: Any) -> Any:
    """Return a line's dashes as matplotlib takes them, in widths of the line."""
    named = {
        "dash": (0, (4, 2)),
        "dot": (0, (1, 1.6)),
        "dashdot": (0, (5, 2, 1, 2)),
        "longdash": (0, (7, 2.5)),
        "longdashdot": (0, (8, 2, 1, 2)),
    }
    if not isinstance(value, str):
        return "solid"
    if value in named:
        return named[value]
    lengths = [float(n) / 2 for n in re.findall(r"(\d+(?:\.\d+)?)(?:px|%)?", value)]
    return (0, tuple(lengths)) if len(lengths) > 1 and sum(lengths) > 0 else "solid"


def marker(value: Any) -> str:
    """Return a marker's symbol as matplotlib names it."""
    name = value if isinstance(value, str) else "circle"
    shapes: Sequence[tuple[str, str]] = (
        ("circle", "o"),
        ("square", "s"),
        ("diamond", "D"),
        ("triangle-down", "v"),
        ("triangle-left", "<"),
        ("triangle-right", ">"),
        ("triangle", "^"),
        ("cross", "P"),
        ("x", "X"),
        ("star", "*"),
        ("hexagon", "h"),
        ("pentagon", "p"),
    )
    return next((shape for start, shape in shapes if name.startswith(start)), "o")


HATCHES = {"/": "////", "\\": "\\\\\\\\", ".": "...", "x": "xxx", "-": "----", "|": "||||", "+": "+++"}


def hatch(value: Any) -> str | None:
    """Return a bar's pattern as matplotlib names it."""
    return HATCHES.get(value) if isinstance(value, str) else None
