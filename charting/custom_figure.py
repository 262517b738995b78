"""A Plotly figure that a model made: taken where it is one, and without anything that reaches outside.

Chosen: only data, layout and frames are read; Plotly's own validators say what is wrong. Plotly.js draws a small
markup in texts: its links are dropped, images come only as data, and maps are refused because a browser would
fetch their tiles and outlines from elsewhere.
Left out: the look, which is the model's; a missing colour is the theme's.
"""

import re
from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

from charting import base
from contract.errors import ResultError
from contract.problems import Problem
from contract.result import Chart

KEPT = ("data", "layout", "frames")
# Kinds of traces that draw on tiles or outlines, which the browser would fetch; heatmap and treemap are none of them.
OUTSIDE = frozenset(
    {
        "scattergeo",
        "choropleth",
        "scattermap",
        "choroplethmap",
        "densitymap",
        "scattermapbox",
        "choroplethmapbox",
        "densitymapbox",
    }
)
TAG = re.compile(r"<\s*(/?)\s*([a-zA-Z]+)[^>]*>?")
MARKUP = frozenset({"b", "strong", "i", "em", "br", "sub", "sup", "s", "u"})
IMAGE = re.compile(r"data:image/(png|jpe?g|gif|webp);base64,[A-Za-z0-9+/=\s]*")
MAX_DEPTH = 40


def custom_figure(chart: Chart, *, dark: bool | None = None) -> go.Figure:
    """Return the model's figure, made safe.

    Raises:
        ResultError: it is not a figure, or it needs something from outside.
    """
    where = f"charts.{chart.title or 'figure'}"
    raw = chart.figure
    if not isinstance(raw, Mapping):
        raise ResultError([Problem(where, "it is not a Plotly figure", "Give {data: [...], layout: {...}}.")])
    problems: list[Problem] = []
    for i, trace in enumerate(raw.get("data") or []):
        _check_kind(trace, f"{where}.data[{i}]", problems)
    for i, frame in enumerate(raw.get("frames") or []):
        for j, trace in enumerate((frame.get("data") if isinstance(frame, Mapping) else None) or []):
            _check_kind(trace, f"{where}.frames[{i}].data[{j}]", problems)
    if problems:
        raise ResultError(problems)
    kept = {key: _without_external(raw[key], key, 0) for key in KEPT if raw.get(key) is not None}
    layout = kept.setdefault("layout", {})
    if isinstance(layout, dict):
        for key in [k for k in layout if re.fullmatch(r"(geo|map|mapbox)\d*|updatemenus|sliders", k)]:
            if key in {"updatemenus", "sliders"} and not _becomes_map(layout[key]):
                continue
            del layout[key]
        layout.setdefault("uirevision", chart.title or "figure")
        layout.setdefault("template", base.template(dark=dark))
        layout.pop("width", None)  # the page decides, a phone has 390 pixels
    try:
        return go.Figure(kept)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        found = base.escape_html(" ".join(lines)[:300]) or type(error).__name__
        raise ResultError(
            [Problem(where, f"Plotly does not accept it: {found.rstrip('.')}", "Check it with plotly.graph_objects.")]
        ) from error


def _check_kind(trace: Any, where: str, problems: list[Problem]) -> None:
    kind = trace.get("type", "scatter") if isinstance(trace, Mapping) else None
    if not isinstance(kind, str):
        problems.append(Problem(where, "it is not a trace", 'Give {"type": "scatter", ...}.'))
    elif kind in OUTSIDE:
        problems.append(
            Problem(where, f"{kind} needs map data from outside", "Draw it without a map: nothing is fetched here.")
        )


def _without_external(value: Any, key: str, depth: int) -> Any:
    """Return `value` without links, outside images and references to other servers."""
    if depth > MAX_DEPTH:
        return None
    if isinstance(value, Mapping):
        return {
            str(k): _without_external(v, str(k), depth + 1)
            for k, v in value.items()
            if not str(k).endswith("src") and not _is_external(str(k), v)
        }
    if isinstance(value, list | tuple):
        return [_without_external(v, key, depth + 1) for v in value]
    if isinstance(value, str):
        return safe_markup(value)
    return value


def _is_external(key: str, value: Any) -> bool:
    return key.endswith("source") and isinstance(value, str) and not IMAGE.fullmatch(value)


def _becomes_map(value: Any) -> bool:
    """Say whether a menu or slider would turn a trace into a map."""
    if isinstance(value, Mapping):
        return any(_becomes_map(v) for v in value.values())
    if isinstance(value, list | tuple):
        return any(_becomes_map(v) for v in value)
    return isinstance(value, str) and value in OUTSIDE


def safe_markup(value: str) -> str:
    """Return a text with the markup that only sets type (bold, italic, lines, raised) and no other tag."""
    if "<" not in value:
        return value

    def kept(match: re.Match[str]) -> str:
        name = match[2].lower()
        return f"<{match[1]}{name}>" if name in MARKUP else ""

    before = None
    while before != value:  # a tag may be hidden within a tag
        before, value = value, TAG.sub(kept, value)
    return value
