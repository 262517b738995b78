"""Colours, dashes, markers and patterns of every chart.

Chosen: eight colours derived from Okabe and Ito's (2008, "Color Universal Design"). Each holds a contrast of 3
to 1 on the light and on the dark background, so that a chart looks the same on both, and every two stay apart
for protanopes, deuteranopes and tritanopes (tests/charting/test_charts.py measures both). Each comes with a dash, a
marker and a pattern of its own: hue is never alone.
Left out: the theme's text and surfaces, which are in .streamlit/config.toml.
"""

from collections.abc import Sequence
from dataclasses import dataclass

LIGHT_BACKGROUND = "#FFFFFF"
DARK_BACKGROUND = "#10151C"

COLORS = ("#0072B2", "#D55E00", "#17A673", "#CC79A7", "#5B6770", "#3D9BE0", "#6A5ACD", "#A0522D")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot", "8px,3px,2px,3px,2px,3px", "12px,4px")
MARKERS = ("circle", "square", "diamond", "triangle-up", "x", "star", "triangle-down", "hexagon")
PATTERNS = ("", "/", ".", "x", "\\", "-", "+", "|")

RISE = COLORS[0]
FALL = COLORS[1]
TOTAL = COLORS[4]
NEUTRAL = "#7B8794"

# Light to dark in even steps of lightness, so that it reads in grey too.
SEQUENTIAL = (
    "#EDF4FA",
    "#D3E4F2",
    "#B4D2E9",
    "#8FBCDD",
    "#67A4CF",
    "#3F8BBF",
    "#1F72AB",
    "#0C5A91",
    "#064373",
    "#042D52",
)
# Falls, nothing, rises.
DIVERGING = (
    "#7A3300",
    "#B04E00",
    "#D97B33",
    "#EBB184",
    "#F6E3D3",
    "#DCE9F3",
    "#A5C8E2",
    "#5C9DCB",
    "#1F72AB",
    "#0A4473",
)
# On any colour one of the two has a contrast of 4.5 to 1 or more (WCAG 2.2, 1.4.3); a dark grey would not do.
TEXT_ON_CELLS = ("#000000", "#FFFFFF")


@dataclass(frozen=True, slots=True)
class SeriesStyle:
    """How one of several series is drawn."""

    color: str
    dash: str
    marker: str
    pattern: str


def series_style(index: int) -> SeriesStyle:
    """Return the style of the series at `index`, from 0; no two of the first 64 are the same.

    Beyond eight, colours come again with the dashes, markers and patterns moved on by one.
    """
    place, turn = index % len(COLORS), index // len(COLORS)
    moved = (place + turn) % len(DASHES)
    return SeriesStyle(COLORS[place], DASHES[moved], MARKERS[moved], PATTERNS[moved])


def with_alpha(color: str, alpha: float) -> str:
    """Return `color`, written as #RRGGBB, with an opacity from 0 to 1."""
    red, green, blue = _channels(color)
    return f"rgba({red},{green},{blue},{alpha:g})"


def color_scale(colors: tuple[str, ...]) -> list[list[float | str]]:
    """Return `colors` as a Plotly colour scale from 0 to 1."""
    return [[i / (len(colors) - 1), color] for i, color in enumerate(colors)]


def color_between(colors: Sequence[str], share: float) -> str:
    """Return the colour at `share`, from 0 to 1, of the way through `colors`, as plotly.js mixes them."""
    place = min(max(share, 0.0), 1.0) * (len(colors) - 1)
    low = min(int(place), len(colors) - 2)
    part = place - low
    mixed = (round(a + (b - a) * part) for a, b in zip(_channels(colors[low]), _channels(colors[low + 1]), strict=True))
    return "#" + "".join(f"{channel:02X}" for channel in mixed)


def contrast(first: str, second: str) -> float:
    """Return the contrast of two colours, from 1 to 21 (WCAG 2.2, relative luminance)."""
    low, high = sorted((_luminance(first), _luminance(second)))
    return (high + 0.05) / (low + 0.05)


def text_on(ground: str) -> str:
    """Return the colour of text, black or white, that is read best on `ground`."""
    return max(TEXT_ON_CELLS, key=lambda color: contrast(color, ground))


def _channels(color: str) -> list[int]:
    return [int(color[i : i + 2], 16) for i in (1, 3, 5)]


def _luminance(color: str) -> float:
    shares = [c / 255 for c in _channels(color)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
