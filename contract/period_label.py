"""Labels of origin periods: 2019, 2019/20, 2019H1, 2019Q1, 2019-01, or a day of the calendar.

Chosen: labels stay as they were written; they are parsed only to order them, to count ages from them and to tell how
long a period is. Years may have words before them (AY 2019), as triangles are usually headed.
Left out: days as people write them, which is `contract.date_reader`.
"""

import math
import re
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

GRAINS = {"year": 12, "half-year": 6, "quarter": 3, "month": 1}  # months of a period
YEARS = range(1900, 2200)

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_YEAR = r"(?P<year>\d{4})"
_PART = r"(?P<kind>[hsqm])(?P<part>\d{1,2})"
_FORMS = tuple(
    re.compile(form)
    for form in (
        rf"(?:ay|uy|py|ry|cy|fy|accident year|underwriting year|year)?[ .:-]*{_YEAR}(?:/\d\d(?:\d\d)?)?",
        rf"{_YEAR}[ -]?{_PART}",
        rf"{_PART}[ /-]?{_YEAR}",
        rf"(?P<part>\d)(?P<kind>[hsq])[ /-]?{_YEAR}",
        rf"{_YEAR}[-/](?P<part>\d{{1,2}})",
        rf"(?P<part>\d{{1,2}})/{_YEAR}",
        rf"{_YEAR}-(?P<part>\d\d)-(?P<day>\d\d)(?:[t ]00:00:00)?",
        rf"(?P<name>[a-z]{{3}})[a-z]*\.?[ -]?{_YEAR}",
        rf"{_YEAR}[ -]?(?P<name>[a-z]{{3}})[a-z]*",
    )
)
_LENGTHS = {"h": 6, "s": 6, "q": 3, "m": 1}


class Period(NamedTuple):
    """A period of the calendar: its first month, counted from January of the year 0, and its months; 0 for a day."""

    start: int
    months: int


def parse_period(label: str) -> Period | None:
    """Return the period that a label names, or None where it names none of the calendar."""
    text = " ".join(label.casefold().split())
    for form in _FORMS:
        match = form.fullmatch(text)
        if match:
            found = _period(match.groupdict())
            if found is not None:
                return found
    return None


def _period(parts: dict[str, str | None]) -> Period | None:
    year = int(parts["year"] or 0)
    if year not in YEARS:
        return None
    name, part = parts.get("name"), parts.get("part")
    if name:
        return Period(12 * year + _MONTHS.index(name), 1) if name in _MONTHS else None
    if part is None:
        return Period(12 * year, 12)
    length = _LENGTHS[parts.get("kind") or "m"]
    if not 1 <= int(part) <= 12 // length:
        return None
    return Period(12 * year + length * (int(part) - 1), 0 if parts.get("day") else length)


def period_name(start: int, months: int) -> str:
    """Return the label of the period of this length in which a month lies: 2019, 2019H1, 2019Q1 or 2019-01."""
    year, month = divmod(start, 12)
    match months:
        case 12:
            return str(year)
        case 6:
            return f"{year}H{month // 6 + 1}"
        case 3:
            return f"{year}Q{month // 3 + 1}"
        case _:
            return f"{year}-{month + 1:02}"


def common_grain(labels: Iterable[str]) -> str | None:
    """Return the length of period that all labels share; days and month ends show it by how far apart they are.

    None where a label is no period of the calendar or the lengths differ.
    """
    periods = [parse_period(label) for label in labels]
    found = [p for p in periods if p is not None]
    if not found or len(found) < len(periods):
        return None
    lengths = {p.months for p in found}
    if len(lengths) > 1:
        return None
    (months,) = lengths
    return grain_of(months) if months else spacing_grain(p.start for p in found)


def spacing_grain(months: Iterable[int]) -> str:
    """Return the longest period that divides all distances between these months."""
    listed = sorted(set(months))
    apart = math.gcd(*(b - a for a, b in pairwise(listed)), 0)
    return next(grain for grain, length in GRAINS.items() if apart % length == 0)


def grain_of(months: int) -> str:
    """Return the word for a period of 12, 6, 3 or 1 months."""
    return next(grain for grain, length in GRAINS.items() if length == months)
