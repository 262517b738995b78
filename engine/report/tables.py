"""Tables for print: every cell as text, columns wide enough, and a wide table in parts beside each other.

Chosen: a column's numbers share one format, as on the page; a table that is too wide goes on below with its first
column repeated, because a turned page is read badly on a screen. A long narrow one stands in pieces beside each other.
Left out: how the page is set, which is the template's.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from charting import number_formats
from charting.chart_data import ISO_DATE
from contract.fields import is_number
from contract.result import Column

WIDTH = 482.0  # points of a line of text
LETTER, INSET = 4.15, 9.0  # points that a letter and a cell's margins take
LONGEST_CELL = 34  # letters of a column of texts before it wraps
LONGEST_TEXT = 400  # letters of a cell that are printed
STRETCH = 0.55  # of the line from which a table is stretched to all of it
PLACES = 4
LONG_TABLE = 20  # rows from which a narrow table stands in pieces beside each other
MOST_PIECES, GAP = 4, 14.0  # pieces; points between two

Part = dict[str, Any]


def make_parts(columns: Sequence[Column], data: Mapping[str, Sequence[Any]], rows: int) -> list[Part]:
    """Return the first `rows` rows as parts that fit the page's width.

    Returns:
        For each part its `head`, `align` ("right" or "left"), `widths` in points, `rows` of texts, and a `note` on
        which columns it has where there are several.
    """
    cells = [column_texts(column, list(data.get(column.key, ()))[:rows]) for column in columns]
    heads = [_head(column) for column in columns]
    widths = [_width(head, texts) for head, (texts, _) in zip(heads, cells, strict=True)]
    if sum(widths) > WIDTH:  # heads of more lines, before the table is taken apart
        widths = [_width(head, texts, narrow=True) for head, (texts, _) in zip(heads, cells, strict=True)]
    groups = _groups(widths)
    parts = []
    for group in groups:
        total = sum(widths[i] for i in group)
        factor = WIDTH / total if total > WIDTH or total >= STRETCH * WIDTH else 1.0
        found = list(zip(*(cells[i][0] for i in group), strict=True))
        first, last = (group[1] if len(groups) > 1 and len(group) > 1 else group[0]) + 1, group[-1] + 1
        note = f"Columns {first} to {last} of {len(columns)}" if len(groups) > 1 else ""
        part = {
            "head": [heads[i] for i in group],
            "align": ["right" if cells[i][1] else "left" for i in group],
            "widths": [round(widths[i] * factor, 2) for i in group],
            "rows": [list(row) for row in found],
            "note": note,
        }
        parts.append(_folded(part))
    return parts


def _folded(part: Part) -> Part:
    """Return a long narrow table as pieces of it beside each other, with a gap, an empty head, between two."""
    width, rows = sum(part["widths"]), part["rows"]
    pieces = min(MOST_PIECES, int((WIDTH + GAP) // (width + GAP))) if len(rows) >= LONG_TABLE else 1
    if pieces < 2:
        return part
    size = math.ceil(len(rows) / pieces)
    empty = [""] * len(part["head"])
    chunks = [rows[i : i + size] for i in range(0, len(rows), size)]
    return {
        "head": _beside([part["head"]] * len(chunks), ""),
        "align": _beside([part["align"]] * len(chunks), "left"),
        "widths": _beside([part["widths"]] * len(chunks), GAP),
        "rows": [_beside([c[i] if i < len(c) else empty for c in chunks], "") for i in range(size)],
        "note": part["note"],
    }


def _beside(lists: Sequence[Sequence[Any]], gap: Any) -> list[Any]:
    """Return the lists one after the other with `gap` between two."""
    return [item for i, one in enumerate(lists) for item in ([gap] if i else []) + list(one)]


def column_texts(column: Column, values: Sequence[Any]) -> tuple[list[str], bool]:
    """Return a column's values as texts, and whether they are numbers."""
    given = [v for v in values if v is not None]
    if given and all(is_number(v) for v in given):
        fmt = _number_format(column.format, given)
        return ["–" if v is None else number_formats.format_number(v, fmt) for v in values], True
    return ["–" if v is None else _shorten(_text(v)) for v in values], False


def _number_format(declared: str | None, given: Sequence[Any]) -> str:
    if declared and number_formats.parse_format(declared) is not None:
        return declared
    if all(isinstance(v, int) for v in given):
        return number_formats.default_format(max(given, key=abs))
    found = number_formats.common_format(given)
    if found == f".{PLACES}~f":  # the same places in the whole column, so that its decimal marks stand in line
        return f",.{max(_places(v) for v in given)}f"
    return found


def _places(value: float) -> int:
    _, _, fraction = f"{value:.{PLACES}f}".partition(".")
    return len(fraction.rstrip("0"))


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, str):
        return number_formats.format_day(value) if len(value) == 10 and ISO_DATE.fullmatch(value) else value
    if isinstance(value, Mapping | list | tuple):
        return orjson.dumps(value, default=str).decode()
    return number_formats.format_number(value)


def _shorten(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1].rstrip() + "…"


def _head(column: Column) -> str:
    """Return a column's label with its unit, a short one on one line."""
    head = " ".join(column.title.split())
    unit = f"({column.unit})" if column.unit else ""
    return head.replace(unit, unit.replace(" ", "\u00a0")) if unit and len(unit) <= 10 else head


def _width(head: str, texts: Sequence[str], *, narrow: bool = False) -> float:
    longest = min(LONGEST_CELL, max((len(line) for text in texts for line in text.split("\n")), default=1))
    word = max((len(word) for word in head.split(" ")), default=1)
    if narrow:
        return max(longest, min(word, 16)) * LETTER + INSET
    return max(longest, min(word, 16), min(len(head), 10), min(16, math.ceil(len(head) / 2))) * LETTER + INSET


def _groups(widths: Sequence[float]) -> list[list[int]]:
    """Return the places of the columns of each part: all of them where they fit."""
    if sum(widths) <= WIDTH * 1.08 or len(widths) < 3:
        return [list(range(len(widths)))] if widths else []
    groups: list[list[int]] = []
    current, used = [0], widths[0]
    for i in range(1, len(widths)):
        if used + widths[i] > WIDTH and len(current) > 1:
            groups.append(current)
            current, used = [0], widths[0]
        current.append(i)
        used += widths[i]
    return [*groups, current]
